"""Writes a model folder (docs/model-folder.md): graph, rules, vocabularies and golden requests."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
import yaml
from torch import Tensor, nn

from podium_models.features import Feature
from podium_models.zoo.esmm import Esmm

OPSET = 18
TOLERANCE = 1e-5


def tensors(features: list[Feature], values: dict[str, Any], candidates: int) -> dict[str, Tensor]:
    """Graph inputs of one request: context values repeated for each candidate, defaults filled in."""
    inputs = {}
    for feature in features:
        if feature.name in values:
            value = values[feature.name]
            rows = [value] * candidates if feature.role == "context" else value
        else:
            rows = [feature.default] * candidates
        inputs[feature.name] = torch.from_numpy(feature.assemble(rows))
    return inputs


def _column(feature: Feature, rows: list[Any]) -> dict[str, Any]:
    """One feature column in protobuf's JSON form."""
    wire = feature.wire_type
    as_json = {"int64": str, "float": float, "string": str}[wire]
    key = {"int64": "nt64Values", "float": "loatValues", "string": "tringValues"}[wire]
    first = wire[0]
    if feature.kind == "sequence":
        return {
            "name": feature.name,
            f"ragged{first.upper()}{key}": {
                "values": [as_json(value) for row in rows for value in row],
                "rowLengths": [len(row) for row in rows],
            },
        }
    return {"name": feature.name, f"{first}{key}": {"values": [as_json(value) for value in rows]}}


def request_json(features: list[Feature], values: dict[str, Any], candidates: int) -> dict[str, Any]:
    """A `RankRequest` without its model, in protobuf's JSON form."""
    sent = [feature for feature in features if feature.name in values]
    return {
        "context": [_column(f, [values[f.name]]) for f in sent if f.role == "context"],
        "candidates": {
            "count": candidates,
            "columns": [_column(f, values[f.name]) for f in sent if f.role == "candidate"],
        },
    }


class Scores(nn.Module):
    """A model's logit as a probability; of a model with several heads, the probability of each."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, inputs: dict[str, Tensor]) -> Tensor | tuple[Tensor, ...]:
        if isinstance(self.model, Esmm):
            return self.model.probabilities(inputs)
        return torch.sigmoid(self.model(inputs))


class _Positional(nn.Module):
    """A model whose inputs are named, as a module whose inputs are in order."""

    def __init__(self, model: nn.Module, names: list[str]):
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.model(dict(zip(self.names, inputs, strict=True)))


def export_graph(
    model: nn.Module, features: list[Feature], outputs: list[str], path: Path, external_data: bool = False
) -> None:
    """Writes the model as ONNX with any number of rows and any history length.

    The bytes depend on the model alone: the exporter's notes on source lines are taken out.
    """
    rows = torch.export.Dim("rows")
    lengths = {f.length: torch.export.Dim(f"length_{f.length}") for f in features if f.kind == "sequence"}
    examples, shapes = [], []
    for feature in features:
        if feature.kind == "sequence":
            examples.append(torch.zeros((3, feature.length), dtype=torch.int64))
            shapes.append({0: rows, 1: lengths[feature.length]})
        else:
            examples.append(torch.zeros(3, dtype=torch.float32 if feature.kind == "dense" else torch.int64))
            shapes.append({0: rows})
    names = [feature.name for feature in features]
    # The exporter reports each of its steps; its errors come as exceptions.
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _Positional(model, names).eval(),
            tuple(examples),
            dynamo=True,
            opset_version=OPSET,
            input_names=names,
            output_names=outputs,
            dynamic_shapes=(tuple(shapes),),
            verbose=False,
        )
    proto = program.model_proto
    _strip(proto)
    if external_data:
        onnx.save_model(proto, str(path), save_as_external_data=True, location=path.name + ".data", size_threshold=1024)
        path.with_name(path.name + ".data").chmod(0o644)
    else:
        onnx.save_model(proto, str(path))
    onnx.checker.check_model(str(path))


def _strip(proto: onnx.ModelProto) -> None:
    del proto.metadata_props[:]
    del proto.graph.metadata_props[:]
    proto.doc_string = ""
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*proto.graph.value_info, *proto.graph.input, *proto.graph.output, *proto.graph.initializer]:
        if hasattr(value, "metadata_props"):
            del value.metadata_props[:]
        value.doc_string = ""


def _golden_line(
    model: nn.Module,
    session: onnxruntime.InferenceSession,
    features: list[Feature],
    names: list[str],
    values: dict[str, Any],
    candidates: int,
) -> str:
    """One line of `golden.jsonl`; refuses a graph whose scores are not the model's."""
    inputs = tensors(features, values, candidates)
    with torch.no_grad():
        result = model(inputs)
    results = [output.numpy() for output in (result if isinstance(result, tuple) else (result,))]
    exported = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    for name, expected, actual in zip(names, results, exported, strict=True):
        difference = float(np.abs(expected - actual).max(initial=0.0))
        if not difference <= TOLERANCE:
            raise ValueError(f"output '{name}': exported scores differ by {difference:.1e} (expected: {TOLERANCE})")
    # The shortest decimal that gives the same float32 again.
    scores = {name: [float(str(score)) for score in output] for name, output in zip(names, results, strict=True)}
    entry = {"request": request_json(features, values, candidates), "scores": scores}
    return json.dumps(entry, ensure_ascii=False)


def rules_yaml(description: str, features: list[dict[str, Any]], outputs: dict[str, str], extra: dict[str, Any]) -> str:
    """The text of `model.yaml`; features are its entries, key by key."""

    def dump(value: Any, flow: bool = False) -> str:
        text = yaml.safe_dump(value, sort_keys=False, default_flow_style=flow, allow_unicode=True, width=1000)
        return text.removesuffix("...\n").rstrip()

    lines = [dump({"description": description}), "\n\nfeatures:\n"]
    for feature in features:
        for index, (key, value) in enumerate(feature.items()):
            lines.append(f"  {'-' if index == 0 else ' '} {key}: {dump(value, flow=True)}\n")
    lines.append("\noutputs:\n")
    for name, output in outputs.items():
        lines.append(f"  - name: {name}\n" + (f"    output: {output}\n" if output != name else ""))
    if extra:
        lines.append("\n" + dump(extra) + "\n")
    return "".join(lines)


def write(
    target: Path,
    model: nn.Module,
    features: list[Feature],
    outputs: dict[str, str],
    description: str,
    golden: Iterable[tuple[dict[str, Any], int]],
    external_data: bool = False,
    extra: dict[str, Any] | None = None,
) -> None:
    """Writes the whole folder beside its place and renames it there, so that no half of one is ever seen.

    outputs: names in `model.yaml` to names in the graph, in the order that the model returns them.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        work.chmod(0o755)
        version = work / "1"
        version.mkdir()
        export_graph(model, features, list(outputs.values()), version / "model.onnx", external_data)
        (work / "model.yaml").write_text(rules_yaml(description, [f.rules() for f in features], outputs, extra or {}), encoding="utf-8")
        for feature in features:
            feature.write_vocabulary(work)
        session = onnxruntime.InferenceSession(str(version / "model.onnx"), providers=["CPUExecutionProvider"])
        with (version / "golden.jsonl").open("w", encoding="utf-8") as file:
            for values, candidates in golden:
                file.write(_golden_line(model, session, features, list(outputs), values, candidates) + "\n")
        replace(work, target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def replace(work: Path, target: Path) -> None:
    """Puts the folder `work` in the place of `target`."""
    old = None
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
        os.rename(target, old / "x")
    os.rename(work, target)
    if old is not None:
        shutil.rmtree(old)
