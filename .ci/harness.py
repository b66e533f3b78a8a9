"""What the checks share: a server process, the wire's stubs, other people's tools, and a line for each check.

Imported by the scripts beside it, which Python finds it next to. Traffic stays on 127.0.0.1 and in Unix domain sockets.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORK = Path(os.environ.get("CI_WORK", ROOT / "build/ci"))
START_SECONDS = 180
STOP_SECONDS = 60

# Where tools come from that are not on the PATH: Debian's package, unpacked in a folder of its own, or a Go module.
DEBIAN = {"prometheus": "prometheus", "promtool": "prometheus", "nginx": "nginx"}
GO = {
    "grpc-health-probe": "github.com/grpc-ecosystem/grpc-health-probe@v0.4.42",
    "grpcurl": "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3",
    # The newest that Go 1.26 builds: 5.8 needs 1.27.
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1",
}
GO_SECONDS = 400


class NotRun(Exception):
    """A check can't run here; the message says what is missing."""


class Checks:
    """Runs checks, a line each. Names on the command line choose those that begin with one of them."""

    def __init__(self) -> None:
        self.wanted = sys.argv[1:]
        self.passed = self.failed = self.not_run = 0

    def run(self, name: str, check: Callable[[], str]) -> None:
        if self.wanted and not any(name.startswith(wanted) for wanted in self.wanted):
            return
        try:
            line = f"ok    {name}: {check()}"
            self.passed += 1
        except NotRun as reason:
            line = f"skip  {name}: not run: {reason}"
            self.not_run += 1
        except Exception as error:  # whatever it is, the next check runs
            said = f"{type(error).__name__}: {error}".replace("\n", " ")
            line = f"FAIL  {name}: {said[:600]}"
            self.failed += 1
        print(line, flush=True)

    def status(self) -> int:
        """Prints the sum; the script's exit status."""
        print(f"{self.passed} passed, {self.failed} failed" + (f", {self.not_run} not run" if self.not_run else ""))
        return 1 if self.failed else 0


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s: {what}")
        time.sleep(0.1)  # between two looks: the state is another process's, which tells nobody when it changes


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def can_connect(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def run(*command: Any, seconds: float = 120, **options: Any) -> str:
    """The command's standard output; an error with the end of its standard error if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=seconds, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: status {done.returncode}: {(done.stderr or done.stdout)[-3000:].strip()}")
    return done.stdout


def build() -> str:
    """Builds what is older than its sources, once for all servers of a check; returns the version."""
    version = run(ROOT / "podium", "--version", seconds=900, stdin=subprocess.DEVNULL).strip()
    os.environ["PODIUM_NO_BUILD"] = "1"
    return version


class Server:
    """`podium serve` in a process of its own, on free loopback ports: `target` for gRPC, `admin` for HTTP."""

    def __init__(self, models: Path | str, *options: str, log: str = "server") -> None:
        started = time.monotonic()
        self._log_file = WORK / f"{log}.log"
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        with open(self._log_file, "wb") as stderr:
            self.process = subprocess.Popen(
                [str(ROOT / "podium"), "serve", "--models", str(ROOT / models), "--port", "0", *options],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True,
            )
        watchdog = threading.Timer(START_SECONDS, self.process.kill)
        watchdog.start()
        self.ready = self.process.stdout.readline().rstrip("\n")
        watchdog.cancel()
        self.start_seconds = time.monotonic() - started
        match = re.fullmatch(r"ready grpc=(\S+:\d+) admin=(\S+:\d+)", self.ready)
        if not match:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"first line: {self.ready!r} (expected: ready grpc=… admin=…)\n{self.log()[-3000:]}")
        self.target, self.admin = match.groups()
        self.port = int(self.target.rpartition(":")[2])

    def log(self) -> str:
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    def http(self, path: str) -> str:
        with urllib.request.urlopen(f"http://{self.admin}{path}", timeout=20) as answer:
            return answer.read().decode()

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def terminate(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def serving(models: Path | str, *options: str, log: str = "server") -> Iterator[Server]:
    server = Server(models, *options, log=log)
    try:
        yield server
    finally:
        server.close()


def golden_request(model: str, rows: int) -> dict[str, Any]:
    """The first golden request of a model of models/repository that has at least so many candidates."""
    with open(ROOT / f"models/repository/{model}/1/golden.jsonl", encoding="utf-8") as lines:
        requests = (json.loads(line)["request"] for line in lines)
        return next(request for request in requests if request["candidates"]["count"] >= rows)


def stubs() -> tuple[Any, Any]:
    """The ranking messages, made from the wire's .proto files, and protobuf's JSON module."""
    from google.protobuf import json_format

    if "podium.ranking.v1.ranking_pb2" not in sys.modules:
        from grpc_tools import protoc

        source, out = ROOT / "proto/src/main/protobuf", WORK / "stubs"
        out.mkdir(parents=True, exist_ok=True)
        files = [str(path) for path in sorted(source.glob("podium/ranking/v1/*.proto"))]
        if protoc.main(["protoc", f"-I{source}", f"--python_out={out}", *files]) != 0:
            raise RuntimeError(f"protoc failed on {files}")
        sys.path.insert(0, str(out))
    from podium.ranking.v1 import ranking_pb2

    return ranking_pb2, json_format


def tool(name: str) -> str:
    """Another project's program: from the PATH, Debian's package or a Go module; NotRun if it can't be had."""
    folder = WORK / "tools"
    places = f"{folder}/bin:{folder}/usr/bin:{folder}/usr/sbin"
    found = shutil.which(name) or shutil.which(name, path=places)
    if found:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    why = "not installed"
    if name in DEBIAN and shutil.which("apt-get"):
        why += f", and apt-get has no package {DEBIAN[name]}"
        for prepare in ([], ["apt-get", "update", "-q"]):
            subprocess.run(prepare or ["true"], capture_output=True, cwd=folder)
            subprocess.run(["apt-get", "download", "-q", DEBIAN[name]], capture_output=True, cwd=folder)
            for package in folder.glob(f"{DEBIAN[name]}_*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, folder], check=True, capture_output=True)
            if shutil.which(name, path=places):
                break
    elif name in GO and shutil.which("go"):
        why += f", and Go can't build {GO[name]}"
        environment = {**os.environ, "GOBIN": str(folder / "bin"), "GOFLAGS": "-p=2"}
        try:
            subprocess.run(["go", "install", GO[name]], env=environment, capture_output=True, timeout=GO_SECONDS)
        except subprocess.TimeoutExpired:
            why += f" in {GO_SECONDS} s"
    found = shutil.which(name, path=places)
    if not found:
        raise NotRun(f"{name} is {why}")
    return found
