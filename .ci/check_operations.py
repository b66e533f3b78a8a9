#!/usr/bin/env python3
"""What an operator's tools see of a server: health, reflection, metrics, the status page, idle CPU time, the start.

    .ci/check_operations.py [CHECK ...]

Needs tritonclient. grpcurl, grpc-health-probe and Prometheus are fetched into CI_WORK if they are not installed; a check
whose tool can't be had says so. Traffic stays on 127.0.0.1, bounded in count.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import harness
from harness import ROOT, Checks, NotRun, Server, build, expect, free_port, run, serving, tool, until
from inference import BENCH, QUICK, golden, inputs, raw_call  # before grpc: silences its log

import grpc
import tritonclient.grpc as triton

WORK = harness.WORK / "operations"


def health(server: Server) -> str:
    channel = grpc.insecure_channel(server.target)
    method = "/grpc.health.v1.Health/Check"
    for service in ("", "deepfm"):
        answer = raw_call(channel, method, b"\x0a" + bytes([len(service)]) + service.encode() if service else b"")
        expect(answer == b"\x08\x01", f"{service}: {answer!r} (expected: SERVING)")
    try:
        raw_call(channel, method, b"\x0a\x01x")
        raise AssertionError("an unknown service has a status")
    except grpc.RpcError as e:
        expect(e.code() == grpc.StatusCode.NOT_FOUND, str(e.code()))
    watch = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"\x0a\x06deepfm", timeout=20)
    expect(next(watch) == b"\x08\x01", "Watch: not SERVING")
    watch.cancel()
    return "server SERVING, model SERVING, unknown NOT_FOUND, Watch SERVING"


def health_probe(server: Server) -> str:
    """The probe that orchestrators run, with its exit status."""
    program = tool("grpc-health-probe")

    def status(*options: str) -> int:
        return subprocess.run([program, f"-addr={server.target}", *options], capture_output=True, timeout=30).returncode

    got = {"server": status(), "model": status("-service=deepfm"), "unknown model": status("-service=nobody"),
           "no server": subprocess.run([program, f"-addr=127.0.0.1:{free_port()}"], capture_output=True, timeout=30).returncode}
    expect(got["server"] == got["model"] == 0 and got["unknown model"] != 0 and got["no server"] != 0, f"{got}")
    return ", ".join(f"{what} exit status {one}" for what, one in got.items())


def reflection(server: Server) -> str:
    channel = grpc.insecure_channel(server.target)
    for version in ("v1", "v1alpha"):
        call = channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
        answer = next(call(iter([b"\x3a\x00"]), timeout=20))
        expect(b"inference.GRPCInferenceService" in answer and b"podium.ranking.v1" in answer, f"{version}: {answer!r}")
    return "v1 and v1alpha list the services"


def grpcurl(server: Server) -> str:
    program = tool("grpcurl")

    def call(*arguments: str) -> str:
        return run(program, "-plaintext", *arguments, seconds=60)

    listed = call(server.target, "list").split()
    described = call(server.target, "describe", "podium.ranking.v1.RankRequest")
    ready = json.loads(call("-d", '{"name": "din"}', server.target, "inference.GRPCInferenceService/ModelReady"))
    expect(ready == {"ready": True} and "CandidateBatch" in described, f"{ready} {described}")
    return f"{len(listed)} services listed, RankRequest described, ModelReady {ready}"


def scrape(server: Server) -> str:
    text = server.http("/metrics")
    samples = [line for line in text.splitlines() if line and not line.startswith("#")]
    for line in samples:
        expect(re.fullmatch(r'[a-zA-Z_:][\w:]*(\{[^}]*\})? \S+( \S+)?', line) is not None, f"no sample: {line}")
    series = [line.rpartition(" ")[0] for line in samples]
    expect(len(series) == len(set(series)), "a series comes twice")
    memory = {}
    for line in samples:
        name, _, value = line.rpartition(" ")
        if "_bytes" in name and name.startswith(("podium_model", "podium_resident", "podium_network", "process_resident")):
            memory[name] = f"{float(value) / 1e6:.1f} MB"
    expect(len(memory) >= 7, f"memory: {memory}")
    return f"{len(samples)} samples of {len({one.partition('{')[0] for one in series})} names parsed; memory {memory}"


def prometheus(server: Server) -> str:
    program = tool("prometheus")
    folder = Path(tempfile.mkdtemp(dir=WORK))
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        f"rule_files: [{ROOT}/deploy/prometheus/podium-alerts.yaml]\n"
        f"scrape_configs: [{{job_name: podium, static_configs: [{{targets: ['{server.admin}']}}]}}]\n")
    port = free_port()
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                    f"--web.listen-address=127.0.0.1:{port}"],
                                   stdout=log, stderr=log)
    try:
        def get(path: str, **parameters: str) -> Any:
            url = f"http://127.0.0.1:{port}/api/v1/{path}?" + urllib.parse.urlencode(parameters)
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)["data"]

        def scraped() -> bool:
            try:
                return bool(get("query", query="count_over_time(podium_workers[1m]) >= 4")["result"])
            except (urllib.error.URLError, ConnectionError):
                return False

        client = triton.InferenceServerClient(server.target)
        made = inputs(client.get_model_metadata("deepfm"), golden()[0])
        until(lambda: (client.infer("deepfm", made) is not None) and scraped(), 90, "no scrape")
        panels = json.loads((ROOT / "deploy/grafana/podium.json").read_text())["panels"]
        queries = [(p["title"], t["expr"]) for p in panels for t in p["targets"]]
        empty = []
        for title, one in queries:
            one = one.replace("$__rate_interval", "1m").replace('"$instance"', '".*"').replace('"$model"', '".*"')
            if not get("query", query=one)["result"]:
                empty.append(title)
        until(lambda: all(r["health"] == "ok" for r in get("rules")["groups"][0]["rules"]), 30, "a rule is in error")
        rules = get("rules")["groups"][0]["rules"]
        firing = [rule["name"] for rule in rules if rule["state"] == "firing"]
        expect(not empty, f"dashboard queries without data: {empty}")
        return f"{len(queries)} dashboard queries have data, {len(rules)} rules evaluated, firing: {firing or 'none'}"
    finally:
        process.terminate()
        process.wait(30)


def idle(server: Server) -> str:
    seconds = 10
    time.sleep(2)  # lets what ran before come to rest
    before = server.cpu_seconds()
    time.sleep(seconds)  # the measurement's length
    share = (server.cpu_seconds() - before) / seconds
    expect(share < 0.02, f"{share:.1%} of a core")
    return f"{share:.2%} of a core over {seconds} s"


def start_up() -> str:
    """From the command to the ready line: the two bench models with and without timing their passes, the demo's, none."""
    empty = Path(tempfile.mkdtemp(dir=WORK))
    times = {}
    for name, models, options in (
        ("no model", empty, ()), ("bench", BENCH, ()), ("bench without compiler.tune", BENCH, QUICK),
        ("the demo's models", "models/repository", ()),
    ):
        with serving(models, *options, log="operations/start") as server:
            times[name] = server.start_seconds
    expect(times["no model"] < 30, f"{times}")
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in times.items())


CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr",
            "--virtual-time-budget=6000", "--window-size=1300,900"]


def page(server: Server) -> str:
    program = shutil.which("chromium")
    if not program:
        raise NotRun("chromium is not installed")

    def browse(url: str, *options: str) -> tuple[str, list[str]]:
        """What the browser prints, and what the page's console says."""
        with tempfile.TemporaryDirectory() as profile:
            done = subprocess.run([program, *CHROMIUM, f"--user-data-dir={profile}", *options, url], capture_output=True,
                                  text=True, timeout=120)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    picture = WORK / "status.png"
    picture.unlink(missing_ok=True)
    url = f"http://{server.admin}/"
    _, said = browse(url, f"--screenshot={picture}")
    dom, said_again = browse(url, "--dump-dom")
    expect("deepfm" in dom and ">ready<" in dom and "available" in dom, "the page doesn't show the models")
    shown = re.search(r'id="about"[^>]*>([^<]*),', dom)
    expect(shown is not None and shown[1] == version(), f"version {shown and shown[1]} (expected: {version()})")
    expect("context once a request" in dom, "the page doesn't show what the compiler did")
    expect(not said + said_again, f"the console says {said + said_again}")
    _, control = browse("data:text/html,<script>console.error('heard')</script>")
    expect(any("heard" in line for line in control), "an error in the console isn't noticed")
    return (f"shows both models and version {shown[1]} in Chromium, nothing in its console; picture of "
            f"{picture.stat().st_size} bytes in {picture.relative_to(ROOT)}")


def version() -> str:
    return build().removeprefix("podium ")


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    build()
    checks = Checks()
    with serving(BENCH, *QUICK, log="operations/server") as server:
        for name, one in (
            ("idle", idle), ("health", health), ("health probe", health_probe), ("reflection", reflection),
            ("grpcurl", grpcurl), ("scrape", scrape), ("prometheus", prometheus), ("status page", page),
        ):
            checks.run(name, lambda one=one: one(server))
    checks.run("start-up", start_up)
    return checks.status()


if __name__ == "__main__":
    sys.exit(main())
