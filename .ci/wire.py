#!/usr/bin/env python3
"""The wire from outside Java: a grpcio client made from the .proto files against Python's onnxruntime on the same files.

    .ci/wire.py HOST:PORT [REPOSITORY]

Features are assembled here once more, by model.yaml and nothing of Podium's, and go through the exported graph. The
server gets the same values by name: 1 to 2,000 candidates, context sent once and sent for each candidate.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import onnxruntime
import xxhash
import yaml
from harness import ROOT, stubs

ROW_COUNTS = (1, 2, 7, 64, 500, 2000)
TOLERANCE = 1e-5
NUMPY = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(float)": np.float32, "tensor(double)": np.float64}


class Rule:
    """How one feature's wire values become what the graph sees."""

    def __init__(self, config: dict[str, Any], folder: Path) -> None:
        self.config = config
        self.vocabulary: dict[str, int] | None = None
        listed = config.get("vocabulary", {})
        if "file" in listed:
            first = listed.get("first_id", 0)
            lines = (folder / listed["file"]).read_text().splitlines()
            self.vocabulary = {line: first + i for i, line in enumerate(lines)}

    def number(self, value: Any) -> float:
        config = self.config
        unknown = config.get("out_of_vocabulary")
        if self.vocabulary is not None:
            return self.vocabulary.get(str(value), unknown)
        if "hash" in config:
            rule = config["hash"]
            assert rule["function"] == "xxhash64", rule
            return rule.get("first_id", 0) + xxhash.xxh64_intdigest(value.encode(), rule.get("seed", 0)) % rule["buckets"]
        if "vocabulary" in config and not 0 <= value < config["vocabulary"]["size"]:
            return unknown
        return value

    def row(self, values: Any) -> list[float]:
        if self.config.get("kind") != "sequence" and "length" not in self.config:
            return [self.number(values)]
        length = self.config["length"]
        kept = list(values)
        if len(kept) > length:
            kept = kept[:length] if self.config.get("truncation") == "right" else kept[-length:]
        padding = [self.config.get("padding", {}).get("value", 0)] * (length - len(kept))
        ids = [self.number(value) for value in kept]
        return padding + ids if self.config.get("padding", {}).get("side") == "left" else ids + padding


def rows_of(column: Any) -> list[Any]:
    """A wire column as a list of Python values, a list a row where it is ragged."""
    values = getattr(column, column.WhichOneof("values"))
    if not column.WhichOneof("values").startswith("ragged"):
        return list(values.values)
    rows, at = [], 0
    for length in values.row_lengths:
        rows.append(list(values.values[at : at + length]))
        at += length
    return rows


def column_of(ranking: Any, like: Any, rows: list[Any]) -> Any:
    """A wire column of the same name and type with other rows."""
    column = ranking.FeatureColumn(name=like.name)
    target = getattr(column, like.WhichOneof("values"))
    if like.WhichOneof("values").startswith("ragged"):
        target.row_lengths.extend(len(row) for row in rows)
        rows = [value for row in rows for value in row]
    target.values.extend(rows)
    return column


def expected(folder: Path, session: Any, rules: dict[str, Rule], once: dict[str, Any], each: dict[str, Any], count: int):
    feeds = {}
    for graph_input in session.get_inputs():
        rule = next(r for r in rules.values() if r.config.get("input", r.config["name"]) == graph_input.name)
        name = rule.config["name"]
        if name in each:
            rows = [rule.row(value) for value in each[name]]
        else:
            value = once[name] if name in once else rule.config["default"]
            rows = [rule.row(value)] * count
        matrix = np.array(rows, dtype=NUMPY[graph_input.type])
        feeds[graph_input.name] = matrix.reshape(-1) if len(graph_input.shape) == 1 else matrix
    return session.run(None, feeds)


def check(model: Path, call: Any, ranking: Any, json_format: Any) -> str:
    config = yaml.safe_load((model / "model.yaml").read_text())
    rules = {entry["name"]: Rule(entry, model) for entry in config["features"]}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model / "1/model.onnx"), options)
    names = [output.name for output in session.get_outputs()]
    golden = [json.loads(line)["request"] for line in (model / "1/golden.jsonl").read_text().splitlines()]
    base = json_format.ParseDict(max(golden, key=lambda r: r["candidates"]["count"]), ranking.RankRequest())
    largest = 0.0
    for count in ROW_COUNTS:
        pick = [i % base.candidates.count for i in range(count)]
        each = {c.name: [rows_of(c)[i] for i in pick] for c in base.candidates.columns}
        once = {c.name: rows_of(c)[0] for c in base.context}
        wanted = dict(zip(names, expected(model, session, rules, once, each, count)))
        for per_candidate in (False, True):
            request = ranking.RankRequest(model=ranking.ModelSpec(name=model.name))
            request.candidates.count = count
            request.candidates.columns.extend(column_of(ranking, c, each[c.name]) for c in base.candidates.columns)
            if per_candidate:
                request.candidates.columns.extend(
                    column_of(ranking, c, [once[c.name]] * count) for c in base.context
                )
            else:
                request.context.extend(base.context)
            response = call(request, timeout=60)
            entries = {o["name"]: o.get("output", o["name"]) for o in config.get("outputs", [])} or {n: n for n in names}
            assert [o.name for o in response.outputs] == list(entries), response.outputs
            for output in response.outputs:
                scores = np.array(output.scores, dtype=np.float32)
                assert len(scores) == count, f"{len(scores)} scores (expected: {count})"
                largest = max(largest, float(np.abs(scores - wanted[entries[output.name]].reshape(-1)).max()))
    if not largest <= TOLERANCE:
        raise AssertionError(f"scores differ by up to {largest:.1e} (expected: at most {TOLERANCE})")
    return f"{len(ROW_COUNTS)} row counts, context once and per candidate, largest difference {largest:.1e}"


def main() -> int:
    target = sys.argv[1]
    repository = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "models/repository"
    failures = 0
    ranking, json_format = stubs()
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_unary(
            "/podium.ranking.v1.RankingService/Rank",
            request_serializer=ranking.RankRequest.SerializeToString,
            response_deserializer=ranking.RankResponse.FromString,
        )
        for model in sorted(path for path in repository.iterdir() if (path / "model.yaml").exists()):
            try:
                print(f"ok    wire {model.name}: {check(model, call, ranking, json_format)}", flush=True)
            except (AssertionError, grpc.RpcError, KeyError) as e:
                failures += 1
                print(f"FAIL  wire {model.name}: {type(e).__name__} {e}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
