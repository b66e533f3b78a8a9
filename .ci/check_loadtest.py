#!/usr/bin/env python3
"""`podium loadtest` and `podium bench` as their users see them: reports, pages in a browser, two protocols, bad input.

Needs grpcio, and a Chromium for the pages; ./podium must be built or buildable. Traffic stays on 127.0.0.1. Looks at no
time: whether figures are void depends on what else the machine does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent import futures

import grpc
import harness
from harness import ROOT, Checks, NotRun, Server, build, free_port, serving

WORK = harness.WORK / "loadtest"
MODELS = "models/repository"
MODEL = "movies-din"
# Features that are text can't be sent as full tensors, so both protocols meet at models without any.
BENCH_MODELS = "models/bench"
BENCH_MODEL = "din"


class Bare:
    """A server whose model has no signature: GetModel answers with an empty message."""

    def __enter__(self) -> str:
        self.server = grpc.server(futures.ThreadPoolExecutor(1))
        handler = grpc.unary_unary_rpc_method_handler(lambda request, context: b"")
        self.server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("podium.ranking.v1.ModelService", {"GetModel": handler})]
        )
        port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        return f"127.0.0.1:{port}"

    def __exit__(self, *unused: object) -> None:
        self.server.stop(None).wait()


def podium(*arguments: str, expected: int | tuple[int, ...] = 0) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(
        [str(ROOT / "podium"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150, check=False
    )
    if run.returncode not in (expected if isinstance(expected, tuple) else (expected,)):
        raise AssertionError(
            f"{' '.join(arguments)}: exit status {run.returncode} (expected: {expected})\n{run.stdout}{run.stderr}"
        )
    return run


def load(server: Server, model: str, name: str, *more: str) -> str:
    """One load test; returns what its report says of the first step."""
    files = {kind: WORK / f"{name}.{kind}" for kind in ("json", "csv", "html")}
    outputs = [word for kind, file in files.items() for word in (f"--{kind}", str(file))]
    # A lag bound that no busy machine breaks: whether the generator keeps up is not looked at here.
    run = podium("loadtest", "--target", server.target, "--model", model, "--candidates", "500", "--max-lag", "60s",
                 *more, *outputs)
    if not re.search(r"answered +\d.*queue", run.stderr):
        raise AssertionError(f"no live line on stderr: {run.stderr!r}")
    report = json.loads(files["json"].read_text(encoding="utf-8"))
    step = report["steps"][0]
    if report["partial"] is not None or step["ok"] == 0 or step["ok"] + step["failed"] != step["started"]:
        raise AssertionError(f"partial {report['partial']}, step {step} (expected: whole, every request accounted for)")
    if len(files["csv"].read_text(encoding="utf-8").splitlines()) < 2:
        raise AssertionError("no line in the CSV")
    generator = report["generator"]["cpu_ms_per_request"]
    return f"{step['ok']} of {step['started']} answered, p50 {step['latency_ms']['p50']:.2f} ms, " \
           f"p99 {step['latency_ms']['p99']:.2f} ms, generator {generator:.3f} ms of CPU a request"


def check_pages(*names: str) -> str:
    """The pages render in a browser, with charts and nothing on the console, and leave pictures."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        raise NotRun("no chromium on the PATH (expected: apt-get install chromium)")
    pages = [str(WORK / f"{name}.html") for name in names]
    run = subprocess.run([str(ROOT / "loadtest/report-page.sh"), *pages], env={**os.environ, "PICTURES": str(WORK)},
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    pictures = [WORK / f"{name}-{scheme}.png" for name in names for scheme in ("dark", "light")]
    if run.returncode != 0 or not all(picture.exists() and picture.stat().st_size > 20_000 for picture in pictures):
        raise AssertionError(f"exit status {run.returncode}\n{run.stdout}{run.stderr}")
    return f"{', '.join(names)}: charts, nothing logged, {len(pictures)} pictures in build/ci/loadtest"


def check_verify(server: Server) -> str:
    run = podium("loadtest", "--target", server.target, "--model", BENCH_MODEL, "--candidates", "500", "--deadline", "30s",
                 "--verify", "20")
    lines = run.stdout.splitlines()
    if not re.match(r"verified: 20 requests, \d{5,} scores, .*largest difference \S+", lines[0]) or len(lines) != 3:
        raise AssertionError(run.stdout)
    return " | ".join(line.strip() for line in lines)


def check_compare() -> str:
    a, b = str(WORK / "ranking.json"), str(WORK / "oip.json")
    run = podium("loadtest", "--compare", a, b, "--html", str(WORK / "compared.html"))
    p99 = next(line for line in run.stdout.splitlines() if line.startswith("p99 ms"))
    return " ".join(p99.split())


def check_peer(server: Server) -> str:
    """The bench with this server as a peer over the Open Inference Protocol."""
    file = WORK / "bench.json"
    podium("bench", "--models", str(ROOT / BENCH_MODELS), "--model", BENCH_MODEL, "--sizes", "20x2", "--rounds", "1", "--turn", "500ms",
           "--warmup", "500ms", "--peer", f"self={server.target},{server.process.pid}", "--json", str(file))
    report = json.loads(file.read_text(encoding="utf-8"))
    rows = {row["system"]: row for row in report["rows"]}
    wanted = {"system", "model", "candidates", "callers", "candidates_per_s", "p50_ms", "p99_ms", "cpu_ms_per_request",
              "bare_cpu_ms_per_request", "ratio"}
    if set(rows) != {"podium", "self", "bare"} or not all(wanted <= set(row) for row in rows.values()):
        raise AssertionError(f"rows {rows} (expected: podium, self, bare, each with {wanted})")
    if rows["self"]["failed"] or not rows["self"]["ratio"] > 0 or not report["machine"] or not report["versions"]:
        raise AssertionError(f"{report} (expected: a ratio for the peer, machine, versions)")
    return f"ratio of podium {rows['podium']['ratio']:.2f}, of itself as a peer {rows['self']['ratio']:.2f}"


def check_refused(status: int, message: str, *arguments: str) -> str:
    """One clear line on stderr, nothing on stdout."""
    run = podium("loadtest", *arguments, expected=status)
    lines = run.stderr.splitlines()
    if run.stdout or len(lines) != 1 or not re.search(message, lines[0]):
        raise AssertionError(f"stdout {run.stdout!r}, stderr {run.stderr!r} (expected: one line with {message!r})")
    return f"exit status {status}: {lines[0]}"


def check_late(server: Server) -> str:
    """A generator that can't keep its own plan voids the figure, and says so."""
    file = WORK / "late.json"
    run = podium("loadtest", "--target", server.target, "--model", MODEL, "--candidates", "5", "--rate", "1000000",
                 "--duration", "1s", "--warmup", "0s", "--requests", "200000", "--quiet", "--json", str(file), expected=1)
    void = next((line for line in run.stdout.splitlines() if line.startswith("VOID: ")), None)
    if void is None or "generator late" not in void or "generator late" not in json.loads(file.read_text())["voided"]:
        raise AssertionError(run.stdout)
    return void


def check_dying(server: Server) -> str:
    """The server is killed in the middle: what was measured is kept, and marked partial."""
    file = WORK / "partial.json"
    run = subprocess.Popen(
        [str(ROOT / "podium"), "loadtest", "--target", server.target, "--model", MODEL, "--rate", "50", "--duration", "100s",
         "--candidates", "50", "--json", str(file), "--html", str(WORK / "partial.html")],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    watchdog = threading.Timer(120, run.kill)
    watchdog.start()
    lines = 0
    while lines < 4 and "answered" in run.stderr.readline():  # one a second; the first two are of the warm-up
        lines += 1
    server.process.kill()
    out, _ = run.communicate()
    watchdog.cancel()
    report = json.loads(file.read_text(encoding="utf-8"))
    line = next((line for line in out.splitlines() if line.startswith("partial result: ")), None)
    step = report["steps"][0]
    if run.returncode != 1 or line is None or "the server was gone" not in report["partial"] or step["ok"] == 0:
        raise AssertionError(f"exit status {run.returncode}, {out!r}, step {step}")
    return f"exit status 1, {step['ok']} answered requests kept: {line}"


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    for old in WORK.iterdir():
        old.unlink()
    build()
    checks = Checks()
    check = checks.run
    nobody = f"127.0.0.1:{free_port()}"
    some = ("--model", MODEL, "--rate", "50", "--quiet")
    check("no server", lambda: check_refused(1, f"no server at {nobody}", "--target", nobody, *some))
    check("bad SLO", lambda: check_refused(2, "objective: 'p99<30'", "--target", nobody, *some, "--find-max", "--slo", "p99<30"))
    with Bare() as bare:
        check("no signature", lambda: check_refused(1, "no signature", "--target", bare, *some))
    with serving(MODELS, log="loadtest/films") as server:
        check("unknown model", lambda: check_refused(
            1, "NOT_FOUND", "--target", server.target, "--model", "movies-dim", "--rate", "50", "--quiet"))
        check("page", lambda: load(server, MODEL, "page", "--rate", "200", "--duration", "10s", "--deadline", "10s"))
        check("late generator", lambda: check_late(server))
        check("server dies", lambda: check_dying(server))
    with serving(BENCH_MODELS, log="loadtest/bench") as server:
        check("scores by both protocols", lambda: check_verify(server))
        rate = ("--rate", "20", "--duration", "5s", "--deadline", "5s")
        check("ranking", lambda: load(server, BENCH_MODEL, "ranking", *rate))
        check("oip", lambda: load(server, BENCH_MODEL, "oip", *rate, "--protocol", "oip"))
        check("compare", check_compare)
        check("bench with a peer", lambda: check_peer(server))
    check("pages", lambda: check_pages("page", "compared", "partial"))
    return checks.status()


if __name__ == "__main__":
    sys.exit(main())
