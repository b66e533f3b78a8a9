#!/usr/bin/env python3
"""A server as its callers see it: the ready line, SIGTERM with requests in flight, wrong requests of `podium rank`.

Needs grpcio and grpcio-tools; ./podium must be built or buildable. Traffic stays on 127.0.0.1.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import grpc
from harness import ROOT, WORK, Checks, Server, build, golden_request, serving, stubs

IN_FLIGHT = 50
SENT = 80  # some of them are answered before the signal is sent


def heavy(request: dict[str, Any], rows: int) -> dict[str, Any]:
    """The same request with its candidates repeated: few bytes, much to compute."""
    one = dict(request)
    columns = []
    for column in request["candidates"]["columns"]:
        name, (kind, values) = column["name"], next((k, v) for k, v in column.items() if k != "name")
        if kind.startswith("ragged"):
            length = values["rowLengths"][0]
            columns.append((name, kind, {"values": values.get("values", [])[:length], "rowLengths": [length]}))
        else:
            columns.append((name, kind, {"values": values["values"][:1]}))
    # All but the last stand in the context: their value then holds for every candidate.
    one["context"] = request["context"] + [{"name": name, kind: values} for name, kind, values in columns[:-1]]
    name, kind, values = columns[-1]
    one["candidates"] = {"count": rows, "columns": [{"name": name, kind: {"values": values["values"] * rows}}]}
    return one


def check_stop(server: Server, ranking: Any, json_format: Any) -> str:
    """SIGTERM while requests are in flight: all are answered, the server exits with 0, and takes no more."""
    message = json_format.ParseDict(heavy(golden_request("movies-din", 1), 600), ranking.RankRequest())
    message.model.name = "movies-din"
    message.priority = ranking.PRIORITY_CRITICAL  # the others may not fill the whole limit on rows in flight
    payload = message.SerializeToString()
    with grpc.insecure_channel(server.target) as channel:
        rank = channel.unary_unary("/podium.ranking.v1.RankingService/Rank")
        listing = channel.unary_unary("/podium.ranking.v1.ModelService/ListModels")
        reference = ranking.RankResponse.FromString(rank(payload, timeout=60)).outputs
        calls = [rank.future(payload, timeout=60) for _ in range(SENT)]
        # Calls of one connection arrive in order, so with the answer to a later one all of them are there.
        listing(b"", timeout=60)
        in_flight = sum(not call.done() for call in calls)
        status = server.terminate()
        answered = 0
        for call in calls:
            if ranking.RankResponse.FromString(call.result(timeout=60)).outputs != reference:
                raise AssertionError("an answer's scores differ from those of the same request before")
            answered += 1
        try:
            rank(payload, timeout=5)
            raise AssertionError("a request after the end was answered")
        except grpc.RpcError as error:
            after = error.code()
    found = f"SIGTERM with {in_flight} requests in flight: {answered} of {SENT} answered, exit status {status}, then {after.name}"
    if (in_flight < IN_FLIGHT, answered, status, after) != (False, SENT, 0, grpc.StatusCode.UNAVAILABLE):
        raise AssertionError(f"{found} (expected: at least {IN_FLIGHT}, {SENT}, 0, UNAVAILABLE)")
    return found


def check_rank(server: Server, edit: Callable[[dict[str, Any]], None], *expected: str) -> str:
    """`podium rank` with a request that is wrong: one line, exit status 1 or 2, the status and the thing named."""
    request = golden_request("movies-din", 7)
    request["model"] = {"name": "movies-din"}
    edit(request)
    file = WORK / "request.json"
    file.write_text(json.dumps(request), encoding="utf-8")
    run = subprocess.run(
        [str(ROOT / "podium"), "rank", "--target", server.target, "--request", str(file)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = run.stderr.splitlines()
    if run.stdout or len(lines) != 1 or run.returncode not in (1, 2) or not all(part in lines[0] for part in expected):
        raise AssertionError(
            f"exit status {run.returncode}, stdout {run.stdout!r}, stderr {run.stderr!r} "
            f"(expected: 1 or 2, nothing, one line with {expected})"
        )
    return f"exit status {run.returncode}: {lines[0]}"


def unknown_feature(request: dict[str, Any]) -> None:
    request["context"].append({"name": "shoe_size", "int64Values": {"values": ["43"]}})


def wrong_rows(request: dict[str, Any]) -> None:
    column = next(c for c in request["candidates"]["columns"] if c["name"] == "film_id")
    column["int64Values"]["values"].pop()


def unknown_model(request: dict[str, Any]) -> None:
    request["model"]["name"] = "movies-dim"


def check_wire(server: Server) -> str:
    subprocess.run([sys.executable, str(ROOT / ".ci/wire.py"), server.target], check=True)
    return "as the lines above say"


def main() -> int:
    print(f"ok    version: {build()}")
    checks = Checks()
    ranking, json_format = stubs()
    # Fifty large requests at once are more than an idle server's default lets wait; here they shall.
    with serving("models/repository", "--set", "scheduler.max_wait=60s") as server:
        print(f"ok    ready line: {server.ready}")
        checks.run("wire", lambda: check_wire(server))
        checks.run("unknown feature", lambda: check_rank(server, unknown_feature, "INVALID_ARGUMENT", "shoe_size"))
        checks.run("wrong row count", lambda: check_rank(server, wrong_rows, "INVALID_ARGUMENT", "film_id"))
        checks.run("unknown model", lambda: check_rank(server, unknown_model, "NOT_FOUND", "movies-dim"))
        checks.run("stop", lambda: check_stop(server, ranking, json_format))
    return checks.status()


if __name__ == "__main__":
    sys.exit(main())
