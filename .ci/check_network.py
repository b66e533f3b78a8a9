#!/usr/bin/env python3
"""The ways to a server: a Unix domain socket, nginx before it, and bad connections beside good ones.

    .ci/check_network.py [CHECK ...]

Needs tritonclient. nginx is fetched into CI_WORK if it is not installed; without it, its check says so. Traffic stays on
127.0.0.1 and in a Unix domain socket, bounded in count.
"""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import harness
from harness import ROOT, Checks, Server, build, can_connect, expect, free_port, serving, tool, until
from inference import BENCH, QUICK, TOLERANCE, golden, inputs, worst  # before grpc: silences its log

import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

WORK = harness.WORK / "network"


def unix_socket() -> str:
    path = Path(tempfile.mkdtemp(dir=WORK)) / "podium.sock"
    with serving(BENCH, *QUICK, "--uds", str(path), log="network/uds") as server:
        mode = stat.S_IMODE(path.stat().st_mode)
        client = triton.InferenceServerClient(f"unix:{path}")
        tensors, scores = golden()
        result = client.infer("deepfm", inputs(client.get_model_metadata("deepfm"), tensors))
        error = worst(result.as_numpy(result.get_response().outputs[0].name), scores)
        expect(error < TOLERANCE and mode == 0o660, f"off by {error}, mode {mode:o}")
        start = server.start_seconds
    expect(not path.exists(), "the socket is left behind")
    return f"scores right, mode {mode:o}, started in {start:.1f} s, socket removed at the end"


def nginx(server: Server) -> str:
    program = tool("nginx")
    folder = Path(tempfile.mkdtemp(dir=WORK))
    port = free_port()
    site = (ROOT / "deploy/nginx/podium.conf").read_text()
    site = site.replace("127.0.0.1:8001", server.target).replace("127.0.0.1:8443", f"127.0.0.1:{port}")
    paths = "".join(f"{k}_temp_path {folder}/{k};" for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {paths}\n{site}\n}}\n")
    process = subprocess.Popen([program, "-p", str(folder), "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: can_connect(port), 20, "nginx doesn't listen")
        client = triton.InferenceServerClient(f"127.0.0.1:{port}")
        tensors, scores = golden()
        made = inputs(client.get_model_metadata("deepfm"), tensors)
        for _ in range(50):
            result = client.infer("deepfm", made)
        error = worst(result.as_numpy(result.get_response().outputs[0].name), scores)
        expect(error < TOLERANCE, f"off by {error}")
        try:
            client.infer("nobody", made)
            raise AssertionError("an unknown model is answered")
        except InferenceServerException as e:
            expect(e.status() == "StatusCode.NOT_FOUND", str(e.status()))
        return f"50 requests through nginx, largest difference {error:.1e}, NOT_FOUND passes through"
    finally:
        process.terminate()
        process.wait(20)


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def headers(path: bytes) -> bytes:
    """The shortest headers that open a stream: POST, http, a path, an authority, a content type."""
    return b"\x83\x86\x44" + bytes([len(path)]) + path + b"\x41\x01x\x5f\x10application/grpc"


LIST_MODELS = b"/podium.ranking.v1.ModelService/ListModels"
BAD = ("garbage", "headers", "resets", "slow")
RESETS = 12_000  # grpc.max_resets is 1,000 a second, counted in windows of 5 seconds: more than two of them take


def bad_connection(kind: str, port: int) -> socket.socket:
    s = socket.create_connection(("127.0.0.1", port), timeout=10)
    try:
        if kind == "garbage":
            s.sendall(os.urandom(4096))
        elif kind == "headers":
            s.sendall(PREFACE + SETTINGS)
            for _ in range(8):
                s.sendall(frame(1, 0, 1, b"\x00\x7f\x80\x01" + b"a" * 255 + b"\x7f\x80\x3f" + b"b" * 8000))
        elif kind == "resets":
            s.sendall(PREFACE + SETTINGS)
            reset = b"\x00\x00\x00\x08"
            streams = range(1, 2 * RESETS, 2)
            s.sendall(b"".join(frame(1, 4, n, headers(b"/x")) + frame(3, 0, n, reset) for n in streams))
        else:
            # A window of 0 bytes: the server has answers and may not send them.
            s.sendall(PREFACE + frame(4, 0, 0, b"\x00\x04\x00\x00\x00\x00"))
            for n in range(50):
                stream = 2 * n + 1
                s.sendall(frame(1, 4, stream, headers(LIST_MODELS)) + frame(0, 1, stream, bytes(5)))
    except OSError:
        pass  # the server hung up, as it may
    return s


def hung_up(s: socket.socket) -> bool:
    """Whether the server has closed the connection; what it sent before is thrown away."""
    s.setblocking(False)
    try:
        while s.recv(1 << 16):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def malformed(server: Server) -> str:
    client = triton.InferenceServerClient(server.target)
    made = inputs(client.get_model_metadata("deepfm"), golden()[0])
    failures = 0

    def good(enough: Callable[[int], bool]) -> list[float]:
        nonlocal failures
        times: list[float] = []
        while not enough(len(times)):
            start = time.perf_counter()
            try:
                client.infer("deepfm", made, client_timeout=10)
            except InferenceServerException:
                failures += 1
            times.append((time.perf_counter() - start) * 1000)
        return times

    def p99(times: list[float]) -> float:
        return sorted(times)[int(0.99 * len(times))]

    sockets: list[tuple[str, socket.socket]] = []

    def storm() -> None:
        for i in range(100):
            kind = BAD[i % len(BAD)]
            sockets.append((kind, bad_connection(kind, server.port)))

    good(lambda n: n == 500)
    calm = good(lambda n: n == 1000)
    bad = threading.Thread(target=storm)
    bad.start()
    stormy = good(lambda n: n >= 1000 and not bad.is_alive())
    bad.join()
    closed = dict.fromkeys(BAD, 0)

    def done_with() -> bool:
        """Whether the server has hung up on all but those who don't read, who break no rule."""
        for kind, s in [*sockets]:
            if hung_up(s):
                closed[kind] += 1
                sockets.remove((kind, s))
                s.close()
        return all(kind == "slow" for kind, _ in sockets)

    total_bad = len(sockets)
    until(done_with, 30, f"the server keeps bad connections: closed {closed}")
    for _, s in sockets:
        s.close()
    after = good(lambda n: n == 500)
    expect(total_bad == 100 and failures == 0, f"{failures} good requests failed beside {total_bad} bad connections")
    total = len(calm) + len(stormy) + len(after)
    return (f"good traffic p99 {p99(calm):.1f} ms alone, {p99(stormy):.1f} ms beside 100 bad connections, {p99(after):.1f} ms "
            f"after; {failures} of {total} good requests failed; of 25 each the server closed {closed}")


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    build()
    checks = Checks()
    with serving(BENCH, *QUICK, log="network/server") as server:
        checks.run("nginx", lambda: nginx(server))
        checks.run("malformed connections", lambda: malformed(server))
    checks.run("unix socket", unix_socket)
    return checks.status()


if __name__ == "__main__":
    sys.exit(main())
