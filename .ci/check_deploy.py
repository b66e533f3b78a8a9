#!/usr/bin/env python3
"""deploy/: what a fleet runs from is right as far as tools can tell, and the distribution runs where it is unpacked.

    .ci/check_deploy.py [CHECK ...]

Alert rules by promtool, manifests by kustomize and the schemas of Kubernetes and KServe, the unit by systemd-analyze, the
distribution as another user. What a tool is missing for is said in the check's line.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml
from harness import ROOT, WORK, Checks, NotRun, build, expect, run, serving, tool

DEPLOY = ROOT / "deploy"
OLDEST = "1.30"  # with sidecars and the preStop sleep
KSERVE = "github.com/kserve/kserve@v0.15.2"
FOLDERS = ("kubernetes/base", "kubernetes/sidecar")


# ---- Prometheus and Grafana ----


def rules() -> str:
    promtool = tool("promtool")
    checked = run(promtool, "check", "rules", "podium-alerts.yaml", cwd=DEPLOY / "prometheus")
    run(promtool, "test", "rules", "podium-alerts-test.yaml", cwd=DEPLOY / "prometheus")
    return re.search(r"SUCCESS: (.*)", checked)[1] + ", and the tests of podium-alerts-test.yaml pass"


def expressions() -> Iterator[tuple[str, str]]:
    """Where each PromQL expression stands, and its text."""
    for group in yaml.safe_load((DEPLOY / "prometheus/podium-alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]
    dashboard = json.loads((DEPLOY / "grafana/podium.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield f"panel '{panel['title']}'", target["expr"]
    for variable in dashboard.get("templating", {}).get("list", []):
        query = variable.get("query", "")
        text = query if isinstance(query, str) else query.get("query", "")
        if "(" in text:
            yield f"variable {variable['name']}", text


def metrics() -> str:
    """Every metric that a rule, a panel or the autoscaler names is one that a server has, under just this name."""
    keys = WORK / "deploy"
    keys.mkdir(parents=True, exist_ok=True)
    # With TLS: a certificate's metrics are there only then.
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9",
        "-subj", "/CN=localhost", "-keyout", str(keys / "server.key"), "-out", str(keys / "server.crt"))
    with serving("models/bench", "--set", "compiler.tune=false", "--set", f"tls.certificate={keys}/server.crt",
                 "--set", f"tls.key={keys}/server.key", log="deploy/server") as server:
        has = {re.split(r"[{ ]", line)[0] for line in server.http("/metrics").splitlines() if not line.startswith("#")}
    used: dict[str, str] = {}
    for where, text in expressions():
        for name in re.findall(r"\b(?:podium|jvm|process)_[a-z0-9_]+", text):
            used.setdefault(name, where)
    hpa = yaml.safe_load((DEPLOY / "kubernetes/base/hpa.yaml").read_text())
    for metric in hpa["spec"]["metrics"]:
        if metric["type"] == "Pods":
            used.setdefault(metric["pods"]["metric"]["name"], "hpa.yaml")
    missing = {name: where for name, where in used.items() if name not in has}
    expect(not missing, f"no such metric: {missing}")
    return f"{len(used)} metrics that {len(list(expressions()))} expressions and the autoscaler name are on /metrics"


# ---- Kubernetes ----


def built(folder: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(run(tool("kustomize"), "build", DEPLOY / folder)))


def kubernetes(folder: str) -> str:
    resources, newest = built(folder), kubernetes_validate.latest_version()
    for version in (OLDEST, newest):
        for resource in resources:
            name = f"{resource['kind']} {resource['metadata']['name']}"
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                raise AssertionError(f"{name}, Kubernetes {version}: {error}") from error
    try:
        kubernetes_validate.validate({**resources[0], "colour": "red"}, newest, strict=True)
    except kubernetes_validate.ValidationError:
        pass
    else:
        raise AssertionError("an unknown field passes: the schemas check nothing")
    kinds = ", ".join(resource["kind"] for resource in resources)
    return f"kustomize built {kinds}; valid by the schemas of Kubernetes {OLDEST} and {newest}, unknown fields refused"


def wiring() -> str:
    """What schemas can't see: selectors find the pods, ports and settings have the names that others use."""
    resources = {resource["kind"]: resource for resource in built("kubernetes/base")}
    pod = resources["Deployment"]["spec"]["template"]
    labels = pod["metadata"]["labels"]
    for selector in (
        resources["Deployment"]["spec"]["selector"]["matchLabels"], resources["Service"]["spec"]["selector"],
        resources["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        *(spread["labelSelector"]["matchLabels"] for spread in pod["spec"]["topologySpreadConstraints"]),
    ):
        expect(bool(selector) and selector.items() <= labels.items(), f"selector {selector} (expected: of {labels})")
    container = pod["spec"]["containers"][0]
    ports = {port["name"] for port in container["ports"]}
    wanted = {port["targetPort"] for port in resources["Service"]["spec"]["ports"]}
    wanted |= {container[probe]["httpGet"]["port"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    expect(wanted <= ports, f"ports {wanted} (expected: of {ports})")
    generated = resources["ConfigMap"]["metadata"]["name"]
    mounted = next(v["configMap"]["name"] for v in pod["spec"]["volumes"] if "configMap" in v)
    expect(mounted == generated, f"settings from {mounted} (expected: {generated})")
    target = resources["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"]
    expect(target == resources["Deployment"]["metadata"]["name"], f"the autoscaler scales {target}")
    settings = yaml.safe_load(resources["ConfigMap"]["data"]["podium.yaml"])
    grace = pod["spec"]["terminationGracePeriodSeconds"]
    needed = container["lifecycle"]["preStop"]["sleep"]["seconds"] + int(settings["drain_timeout"].removesuffix("s"))
    expect(needed < grace, f"preStop and drain take {needed} s (expected: below the {grace} s that the pod has)")
    image = container["image"]
    expect(image.rpartition(":")[2] == released(), f"image {image} (expected: tag {released()})")
    return f"selectors, ports, settings and image {image} fit together; {needed} s of {grace} s to stop in"


def released() -> str:
    """The project's version, without what marks it as unreleased."""
    return re.search(r"<version>([^<]+)</version>", (ROOT / "pom.xml").read_text())[1].removesuffix("-SNAPSHOT")


def closed(schema: Any) -> Any:
    """A CRD's schema under which fields that it doesn't name are errors, as the API server's strict mode has it."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items() if key != "x-kubernetes-int-or-string"}
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("anyOf", None)
        made["type"] = ["integer", "string"]
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made.setdefault("additionalProperties", False)
    return made


def kserve() -> str:
    if not shutil.which("go"):
        raise NotRun("the schema comes with KServe's Go module, and Go is not installed")
    try:
        module = json.loads(run("go", "mod", "download", "-json", KSERVE, seconds=300, cwd=tempfile.gettempdir()))
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        raise NotRun(f"{KSERVE} can't be downloaded: {str(error)[:200]}") from error
    definition = yaml.safe_load(
        (Path(module["Dir"]) / "config/crd/full/serving.kserve.io_servingruntimes.yaml").read_text())
    runtime = yaml.safe_load((DEPLOY / "kserve/serving-runtime.yaml").read_text())
    version = next(
        v for v in definition["spec"]["versions"] if f"serving.kserve.io/{v['name']}" == runtime["apiVersion"])
    schema = closed(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    validator = jsonschema.Draft202012Validator(schema)
    faults = [f"{'.'.join(map(str, fault.path))}: {fault.message[:200]}" for fault in validator.iter_errors(runtime)]
    expect(not faults, f"{faults}")
    broken = copy.deepcopy(runtime)
    broken["spec"]["multiModell"] = False
    expect(not validator.is_valid(broken), "an unknown field passes: the schema checks nothing")
    return f"ServingRuntime is valid by the CRD of {KSERVE.rpartition('/')[2]}, unknown fields refused"


def documents() -> str:
    """Every other file is at least YAML."""
    count = 0
    for file in sorted(DEPLOY.rglob("*.yaml")):
        count += sum(1 for _ in yaml.safe_load_all(file.read_text()))
    return f"{count} documents of YAML read"


# ---- A machine ----


def unit() -> str:
    if not shutil.which("systemd-analyze"):
        raise NotRun("systemd-analyze is not installed")
    text = (DEPLOY / "systemd/podium.service").read_text()
    copied = WORK / "podium.service"
    copied.write_text(text.replace("/opt/podium/bin/podium", "/bin/true"))
    run("systemd-analyze", "verify", copied)
    return "podium.service verified"


def distribution() -> str:
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    mark = f"+{revision.stdout.strip()}" if revision.returncode == 0 else ""
    build_it = ["mvn", "-q", "-B", "-Pdist", "-DskipTests", "-Dspotless.check.skip", f"-Dpodium.revision={mark}",
                "-pl", "cli", "-am", "package"]
    if subprocess.run([*build_it, "-o"], cwd=ROOT, capture_output=True, timeout=600).returncode != 0:
        run(*build_it, cwd=ROOT, seconds=600)
    archives = list((ROOT / "cli/target").glob("podium-*.tar.gz"))
    expect(len(archives) == 1, f"{archives} (expected: one archive)")
    folder = Path(tempfile.mkdtemp())
    try:
        run("tar", "-xzf", archives[0], "-C", folder)
        folder.chmod(0o755)
        podium = next(folder.glob("podium-*/bin/podium"))
        user = os.getuid()
        command: list[Any] = [podium]
        if user == 0:
            user = 65534
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "env", "HOME=/nonexistent", podium]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PODIUM_")}
        version = run(*command, "--version", cwd="/", env=environment).strip()
        demo = run(*command, "demo", cwd="/", env=environment, seconds=300)
    finally:
        shutil.rmtree(folder)
    viewers = len(re.findall(r"^liked ", demo, re.MULTILINE))
    films = len(re.findall(r"^ +[0-9]+  .* 0\.[0-9]{4}$", demo, re.MULTILINE))
    expect(viewers > 0 and films >= 10 * viewers, f"{viewers} viewers, {films} films")
    expect(version == f"podium {project()}{mark}", f"{version} (expected: podium {project()}{mark})")
    size = archives[0].stat().st_size / 1e6
    return f"{size:.0f} MB unpacked in an empty folder; as user {user}, {version} ranked {films} films for {viewers} viewers"


def project() -> str:
    return re.search(r"<version>([^<]+)</version>", (ROOT / "pom.xml").read_text())[1]


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    build()
    checks = Checks()
    checks.run("alert rules", rules)
    checks.run("metrics", metrics)
    for folder in FOLDERS:
        checks.run(folder, lambda folder=folder: kubernetes(folder))
    checks.run("kubernetes wiring", wiring)
    checks.run("kserve", kserve)
    checks.run("documents", documents)
    checks.run("systemd unit", unit)
    checks.run("distribution", distribution)
    return checks.status()


if __name__ == "__main__":
    sys.exit(main())
