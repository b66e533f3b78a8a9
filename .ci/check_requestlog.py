#!/usr/bin/env python3
"""What `podium serve` tells of single requests: spans at an OTLP receiver, the access log and the log as JSON lines.

Needs opentelemetry-proto beside what check_serve.py needs. Traffic stays on 127.0.0.1, bounded in count.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from harness import WORK, Checks, Server, build, expect, free_port, golden_request, stubs, until
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

RANK = "/podium.ranking.v1.RankingService/Rank"
TOKEN = "a-secret-of-this-check"
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
STAGES = ["queue", "assemble", "infer", "encode"]


class Receiver(trace_service_pb2_grpc.TraceServiceServicer):
    """An OTLP collector that keeps what it gets: pairs of resource attributes and span."""

    def __init__(self, port: int = 0, keys: Path | None = None) -> None:
        self.spans: list[tuple[dict[str, Any], Any]] = []
        self.changed = threading.Condition()
        self.server = grpc.server(futures.ThreadPoolExecutor(2))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        if keys:
            pair = [((keys / "key").read_bytes(), (keys / "certificate").read_bytes())]
            self.port = self.server.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials(pair))
        else:
            self.port = self.server.add_insecure_port(f"127.0.0.1:{port}")
        self.server.start()

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802, the generated name
        with self.changed:
            for group in request.resource_spans:
                resource = values(group.resource.attributes)
                for scope in group.scope_spans:
                    self.spans += [(resource, span) for span in scope.spans]
            self.changed.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    def trace(self, trace_id: str, spans: int) -> list[tuple[dict[str, Any], Any]]:
        """A trace's spans when there are so many, the request's first and the others by start."""
        def found() -> list[tuple[dict[str, Any], Any]]:
            return [s for s in self.spans if s[1].trace_id.hex() == trace_id]

        with self.changed:
            if not self.changed.wait_for(lambda: len(found()) >= spans, 30):
                raise AssertionError(f"{len(found())} spans of trace {trace_id} (expected: {spans})")
            return sorted(found(), key=lambda s: (s[1].kind != 2, s[1].start_time_unix_nano, s[1].end_time_unix_nano))


def values(attributes: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}


class Session:
    """One server with everything on, its receiver, and a channel to it."""

    def __init__(self) -> None:
        ranking, json_format = stubs()
        self.request = json_format.ParseDict(golden_request("movies-din", 7), ranking.RankRequest())
        self.request.model.name = "movies-din"
        self.receiver = Receiver()
        settings = {
            "traces.endpoint": f"http://127.0.0.1:{self.receiver.port}", "traces.sample_ratio": "0",
            "traces.resource": "[deployment.environment.name=check]", "logging.format": "json",
            "access_log.enabled": "true", "access_log.sample_ratio": "0", "access_log.slow_threshold": "0s",
            "grpc.max_message": "64KiB",
        }
        options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        self.server = Server("models/repository", *options, log="requestlog")
        self.channel = grpc.insecure_channel(self.server.target)

    def rank(self, request: Any, trace: str = TRACE, flags: str = "01", **metadata: str) -> str:
        """One call under a caller's span; returns its status."""
        headers = {"traceparent": f"00-{trace}-{CALLER}-{flags}", "tracestate": "vendor=x", **metadata}
        try:
            payload = request if isinstance(request, bytes) else request.SerializeToString()
            self.channel.unary_unary(RANK)(payload, timeout=20, metadata=tuple(headers.items()))
            return "OK"
        except grpc.RpcError as error:
            return error.code().name

    def lines(self, wanted: Callable[[dict[str, Any]], bool], count: int = 1) -> list[dict[str, Any]]:
        """The log's lines of a kind, when there are so many."""
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            text = self.server.log()
            found[:] = filter(wanted, map(json.loads, text[: text.rfind("\n") + 1].splitlines()))
            return len(found) >= count

        until(enough, 20, f"fewer than {count} such lines")
        return found

    def close(self) -> None:
        self.channel.close()
        self.server.close()
        self.receiver.server.stop(None)


def spans_of_a_request(s: Session) -> str:
    s.request.request_id = "r-1"
    expect(s.rank(s.request) == "OK", "not answered")
    (resource, server), *children = s.receiver.trace(TRACE, 5)
    attributes = values(server.attributes)
    expect(server.parent_span_id.hex() == CALLER and server.kind == 2, f"parent {server.parent_span_id.hex()}")
    expect(server.trace_state == "vendor=x", f"state {server.trace_state!r}")
    expect(resource["service.name"] == "podium" and resource["deployment.environment.name"] == "check", f"{resource}")
    wanted = {"rpc.system": "grpc", "rpc.method": "Rank", "rpc.grpc.status_code": 0, "podium.model": "movies-din",
              "podium.version": 1, "podium.rows": s.request.candidates.count, "podium.request_id": "r-1"}
    expect(wanted.items() <= attributes.items(), f"{attributes}")
    expect([span.name for _, span in children] == STAGES, f"{[span.name for _, span in children]}")
    at = server.start_time_unix_nano
    for _, span in children:
        expect(span.parent_span_id == server.span_id and span.start_time_unix_nano == at, f"{span.name} begins elsewhere")
        at = span.end_time_unix_nano
    expect(at <= server.end_time_unix_nano, "the last stage ends after the request")
    drift = abs(time.time() - at * 1e-9)
    expect(drift < 60, f"the clock is {drift:.0f} s off")
    stages = ", ".join(f"{span.name} {(span.end_time_unix_nano - span.start_time_unix_nano) // 1000} us" for _, span in children)
    return f"trace and parent are the caller's, resource {resource['service.name']} {resource['service.version']}; {stages}"


def spans_only_of_sampled(s: Session) -> str:
    unsampled, last = "1" * 32, "2" * 32
    expect(s.rank(s.request, unsampled, "00") == "OK" and s.rank(s.request, last) == "OK", "not answered")
    s.receiver.trace(last, 5)  # exported in order, so the other would be here
    traces = {span.trace_id.hex() for _, span in s.receiver.spans}
    expect(unsampled not in traces and last in traces, f"{traces}")
    return "none of a request whose caller doesn't sample, 5 of one whose caller does"


def spans_of_streams(s: Session) -> str:
    trace = "3" * 32
    call = s.channel.stream_stream("/podium.ranking.v1.RankingService/RankStream")
    answers = list(call(iter([s.request.SerializeToString()] * 3), timeout=20,
                        metadata=(("traceparent", f"00-{trace}-{CALLER}-01"),)))
    spans = s.receiver.trace(trace, 15)
    servers = [span for _, span in spans if span.kind == 2]
    expect(len(answers) == len(servers) == 3 and {x.parent_span_id.hex() for x in servers} == {CALLER}, f"{len(servers)}")
    return "3 requests of one stream, 3 spans of the caller's"


def spans_of_failures(s: Session) -> str:
    wrong = type(s.request)()
    wrong.CopyFrom(s.request)
    wrong.model.name = "nobody"
    trace = "4" * 32
    expect(s.rank(wrong, trace) == "NOT_FOUND", "another status")
    ((_, span),) = s.receiver.trace(trace, 1)
    expect(values(span.attributes)["rpc.grpc.status_code"] == 5 and span.status.code == 0, f"{span}")
    trace = "5" * 32
    expect(s.rank(b"\0" * 100_000, trace) == "RESOURCE_EXHAUSTED", "another status")
    ((_, large),) = s.receiver.trace(trace, 1)
    expect(values(large.attributes)["rpc.grpc.status_code"] == 8, f"{large}")
    return "NOT_FOUND and a message too large have one span each, with their status and no stages"


def access_log(s: Session) -> str:
    s.request.request_id = 'quoted "id"\nof two lines'
    trace = "6" * 32
    expect(s.rank(s.request, trace) == "OK", "not answered")
    (line,) = s.lines(lambda line: line.get("trace_id") == trace)
    fields = {"time", "level", "logger", "message", "kept", "method", "status", "model", "version", "rows", "peer",
              "request_id", "total_us", "queue_us", "assemble_us", "infer_us", "encode_us", "tiles", "form",
              "deadline_left_us", "trace_id"}
    expect(set(line) == fields, f"{set(line) ^ fields}")
    expect((line["logger"], line["kept"], line["status"]) == ("podium.access", "slow", "OK"), f"{line}")
    expect(line["form"] in ("exported", "whole", "split"), f"{line}")
    expect(line["request_id"] == s.request.request_id and 0 < line["deadline_left_us"] < 21_000_000, f"{line}")
    expect(line["queue_us"] + line["assemble_us"] + line["encode_us"] <= line["total_us"], f"{line}")
    return f"{len(fields)} fields; kept as {line['kept']}, {line['rows']} rows, total {line['total_us']} us"


def access_log_of_wrong(s: Session) -> str:
    wrong = type(s.request)()
    wrong.CopyFrom(s.request)
    column = next(c for c in wrong.candidates.columns if c.HasField("int64_values"))
    column.int64_values.values[0] = 987_654_321_987
    column.int64_values.values.append(987_654_321_987)
    trace = "7" * 32
    expect(s.rank(wrong, trace) == "INVALID_ARGUMENT", "another status")
    (line,) = s.lines(lambda line: line.get("trace_id") == trace)
    expect(line["kept"] == "failed" and "problem" not in line, f"{line}")
    return "INVALID_ARGUMENT is kept, without the sentence that may quote a feature's value"


def client_errors(s: Session) -> str:
    start = time.monotonic()
    for _ in range(40):
        expect(s.rank(b"\0" * 100_000, "8" * 32) == "RESOURCE_EXHAUSTED", "another status")
    found = s.lines(lambda line: line["logger"].startswith("io.grpc.netty"))
    expect(not any("exception" in line for line in found), f"a stack trace: {found[0]}")
    expect(all("exceeds maximum size" in line["message"] for line in found), f"{found}")
    seconds = time.monotonic() - start
    expect(len(found) <= 5 * (seconds + 2), f"{len(found)} lines of 41 such errors in {seconds:.0f} s")
    return f"41 messages too large, {len(found)} lines in the log, no stack trace: {found[0]['message']}"


def secrets(s: Session) -> str:
    for value in (f"Bearer {TOKEN}", f"Basic {TOKEN}"):
        s.rank(s.request, "9" * 32, authorization=value, cookie=TOKEN)
    s.receiver.trace("9" * 32, 10)
    s.lines(lambda line: line.get("trace_id") == "9" * 32, 2)
    expect(TOKEN not in s.server.log(), "a token stands in the log")
    expect(not any(TOKEN in str(span) for _, span in s.receiver.spans), "a token stands in a span")
    return f"in none of {len(s.server.log().splitlines())} lines and {len(s.receiver.spans)} spans"


def counters(s: Session) -> str:
    found: dict[str, str] = {}

    def agree() -> bool:
        text = s.server.http("/metrics")
        found.update(re.findall(r'^(podium_(?:spans|access_log_lines)_total\{outcome="\w+"\}) (\S+)$', text, re.M))
        return float(found['podium_spans_total{outcome="exported"}']) == len(s.receiver.spans)

    until(agree, 20, "the server counts other spans than came")
    expect(len(found) == 6 and float(found['podium_spans_total{outcome="dropped"}']) == 0, f"{found}")
    return ", ".join(f"{name} {float(value):.0f}" for name, value in found.items())


def flush(s: Session) -> str:
    trace = "a" * 32
    expect(s.rank(s.request, trace) == "OK", "not answered")
    status = s.server.terminate()  # sooner than a batch is sent by itself
    spans = s.receiver.trace(trace, 5)
    lines = s.lines(lambda line: line.get("trace_id") == trace)
    expect(status == 0, f"exit status {status}")
    return f"SIGTERM right after a request: {len(spans)} spans and {len(lines)} line of it, exit status 0"


def off(s: Session) -> str:
    """A server without traces and access log: no line, and not a class of OpenTelemetry's SDK."""
    loaded = WORK / "requestlog.classes"
    os.environ["PODIUM_JAVA_OPTS"] = f"-Xlog:class+load:file={loaded}"
    server = Server("models/repository")
    try:
        with grpc.insecure_channel(server.target) as channel:
            channel.unary_unary(RANK)(s.request.SerializeToString(), timeout=20,
                                      metadata=(("traceparent", f"00-{TRACE}-{CALLER}-01"),))
        status = server.terminate()
    finally:
        del os.environ["PODIUM_JAVA_OPTS"]
        server.close()
    classes = re.findall(r"\b(io\.opentelemetry\.\S+)", loaded.read_text())
    expect(not classes and status == 0, f"{len(classes)} classes of OpenTelemetry, such as {classes[:3]}")
    return "a request with a traceparent: no class of OpenTelemetry is loaded"


def collector_gone(s: Session) -> str:
    """A collector that isn't there costs nobody an answer; what is lost is counted."""
    server = Server("models/repository", "--set", "traces.endpoint=http://127.0.0.1:1", "--set", "traces.sample_ratio=1",
                            "--set", "traces.max_queue=8", "--set", "traces.timeout=1s", "--set", "flush_timeout=1s")
    try:
        with grpc.insecure_channel(server.target) as channel:
            for _ in range(200):
                channel.unary_unary(RANK)(s.request.SerializeToString(), timeout=20)
        dropped = float(re.search(r'podium_spans_total\{outcome="dropped"\} (\S+)', server.http("/metrics"))[1])
        start = time.monotonic()
        status = server.terminate()
        took = time.monotonic() - start
    finally:
        server.close()
    expect(dropped > 0 and status == 0, f"{dropped:.0f} dropped, exit status {status}")
    return f"200 of 200 answered, {dropped:.0f} of 1000 spans dropped with a queue of 8, stopped with 0 in {took:.1f} s"


def collector_with_tls(s: Session) -> str:
    """Spans go to the collector whose certificate traces.ca holds, also if it comes after them."""
    keys = WORK / "requestlog-keys"
    keys.mkdir(exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", keys / "key", "-out", keys / "certificate"], check=True, capture_output=True, timeout=60)
    port = free_port()
    receiver = None
    server = Server("models/repository", "--set", f"traces.endpoint=https://localhost:{port}",
                            "--set", f"traces.ca={keys}/certificate")
    trace = "b" * 32
    try:
        with grpc.insecure_channel(server.target) as channel:
            channel.unary_unary(RANK)(s.request.SerializeToString(), timeout=20,
                                      metadata=(("traceparent", f"00-{trace}-{CALLER}-01"),))
        time.sleep(1.5)  # the first export finds nobody
        receiver = Receiver(port, keys)
        spans = receiver.trace(trace, 5)
    finally:
        server.close()
        if receiver:
            receiver.server.stop(None)
    return f"{len(spans)} spans over https, by a certificate of its own, to a collector that came 1.5 s late"


def main() -> int:
    print(build())
    checks = Checks()
    session = Session()
    try:
        for name, run in (
            ("spans of a request", spans_of_a_request), ("sampling", spans_only_of_sampled),
            ("spans of a stream", spans_of_streams), ("spans of failures", spans_of_failures),
            ("access log", access_log), ("access log of a wrong request", access_log_of_wrong),
            ("client errors", client_errors), ("secrets", secrets), ("counters", counters), ("flush", flush),
            ("off", off), ("collector gone", collector_gone), ("collector with TLS", collector_with_tls),
        ):
            checks.run(name, lambda: run(session))
    finally:
        session.close()
    return checks.status()


if __name__ == "__main__":
    sys.exit(main())
