"""Writes a model folder around a graph that some other package exported.

What a graph shows is read off it: inputs, types, which columns of a matrix are looked up in which table, how many rows
the tables have. What it cannot show is asked for: which features are context, and how long a history is where the
graph leaves that open.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from podium_models import folder

_IDS = {TensorProto.INT64, TensorProto.INT32}
_NUMBERS = {TensorProto.FLOAT, TensorProto.DOUBLE}
_SAME_VALUES = {"Cast", "Identity", "Unsqueeze", "Squeeze", "Reshape", "Flatten"}


@dataclass(frozen=True)
class Seen:
    """One feature, as far as the graph shows it."""

    name: str
    input: str
    kind: str
    size: int | None = None
    """Rows of the smallest table that its ids are looked up in; None if no look-up was found."""
    length: int | None = None
    """Positions of a sequence; None if the graph leaves them open, and for what is no sequence."""
    columns: tuple[int, int] | None = None
    """The half-open range of the input's columns that it fills; None for all of them."""

    def rules(self, context: bool, length: int | None) -> dict[str, Any]:
        """The feature's entry in `model.yaml`."""
        entry: dict[str, Any] = {"name": self.name}
        if self.input != self.name:
            entry["input"] = self.input
        if self.columns is not None:
            entry["columns"] = list(self.columns)
        entry |= {"role": "context" if context else "candidate", "kind": self.kind}
        if self.kind == "sequence":
            entry["length"] = length
        if self.kind != "dense" and self.size is not None:
            entry["vocabulary"] = {"size": self.size}
        return entry


@dataclass
class _Use:
    """Columns of one graph input, and what becomes of them."""

    columns: tuple[int, int]
    tables: list[tuple[str, int]] = field(default_factory=list)
    """Name and rows of the tables that they are looked up in."""


class _Graph:
    """A graph's values by name: who takes them, and which are constant."""

    def __init__(self, graph: onnx.GraphProto, base: Path):
        self.takers: dict[str, list[tuple[onnx.NodeProto, int]]] = defaultdict(list)
        self.shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._base = str(base)
        for node in graph.node:
            for position, name in enumerate(node.input):
                self.takers[name].append((node, position))
            if node.op_type == "Constant":
                for attribute in node.attribute:
                    if attribute.name == "value":
                        self._constants[node.output[0]] = attribute.t
                        self.shapes[node.output[0]] = tuple(attribute.t.dims)

    def constant(self, name: str) -> np.ndarray | None:
        tensor = self._constants.get(name)
        return None if tensor is None else numpy_helper.to_array(tensor, self._base)

    def numbers(self, node: onnx.NodeProto, position: int) -> list[int] | None:
        """An input that holds a few whole numbers."""
        if position >= len(node.input) or not node.input[position]:
            return None
        value = self.constant(node.input[position])
        return None if value is None else [int(number) for number in value.ravel()]

    def follow(self, name: str, use: _Use, uses: list[_Use], offset: int = 0, depth: int = 0) -> None:
        """Follows a value to the tables that it is looked up in.

        offset: what was added to the ids on the way, where fields share one table one after the other.
        """
        if depth > 32:
            return
        for node, position in self.takers[name]:
            if node.op_type in _SAME_VALUES and position == 0:
                self.follow(node.output[0], use, uses, offset, depth + 1)
            elif node.op_type == "Slice" and position == 0 and (part := self._slice(node, use.columns)):
                narrow = next((known for known in uses if known.columns == part), None)
                if narrow is None:
                    narrow = _Use(part)
                    uses.append(narrow)
                self.follow(node.output[0], narrow, uses, offset, depth + 1)
            elif node.op_type == "Concat" and (added := self._offset_of_field(node, position)) is not None:
                for output, number in added:
                    self.follow(output, use, uses, offset + number, depth + 1)
            elif node.op_type in ("Gather", "GatherND") and position == 1 and self.shapes.get(node.input[0]):
                if _attribute(node, "axis", 0) == 0:
                    use.tables.append((node.input[0], self.shapes[node.input[0]][0] - offset))

    def _slice(self, node: onnx.NodeProto, columns: tuple[int, int]) -> tuple[int, int] | None:
        starts, ends, axes, steps = (self.numbers(node, position) for position in (1, 2, 3, 4))
        if starts is None or ends is None or len(starts) != 1 or axes not in ([1], [-1]) or steps not in (None, [1]):
            return None
        width = columns[1] - columns[0]
        first, last = (min(n if n >= 0 else n + width, width) for n in (starts[0], ends[0]))
        return (columns[0] + first, columns[0] + last) if first < last else None

    def _offset_of_field(self, node: onnx.NodeProto, position: int) -> list[tuple[str, int]] | None:
        """Where the concatenated fields go on, with the offset of the field at this position; None if not as ids."""
        found = []
        for taker, _ in self.takers[node.output[0]]:
            if taker.op_type == "Add":
                other = next((c for c in map(self.constant, taker.input) if c is not None), None)
                if other is not None and other.size == len(node.input):
                    found.append((taker.output[0], int(other.ravel()[position])))
            elif taker.op_type in ("Gather", "GatherND", *_SAME_VALUES):
                found.append((node.output[0], 0))
        return list(dict.fromkeys(found)) or None


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == name), default)


def _shape(value: onnx.ValueInfoProto) -> list[int | None]:
    """Dimensions; None where one is open."""
    return [d.dim_value if d.HasField("dim_value") else None for d in value.type.tensor_type.shape.dim]


def _text(shape: list[int | None]) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"


def _table_label(name: str) -> str | None:
    """The part of a parameter's name that says whose table it is: `embedding_dict.user_id.weight` is user_id's."""
    parts = [part for part in name.split(".") if part not in ("weight", "embedding", "embeddings")]
    return parts[-1] if len(parts) > 1 and re.fullmatch(r"[A-Za-z_]\w*", parts[-1]) else None


def look(proto: onnx.ModelProto, base: Path) -> list[Seen]:
    """The features of a graph, in the order of its inputs and their columns.

    Raises ValueError for an input that no feature can fill.
    """
    graph = _Graph(proto.graph, base)
    constants = {tensor.name for tensor in proto.graph.initializer}
    seen: list[Seen] = []
    for value in proto.graph.input:
        if value.name in constants:
            continue
        kind, shape = value.type.tensor_type.elem_type, _shape(value)
        if kind not in _IDS | _NUMBERS | {TensorProto.STRING}:
            raise ValueError(
                f"input '{value.name}': {TensorProto.DataType.Name(kind).lower()} "
                "(expected: int64, int32, float, double or string)"
            )
        if len(shape) not in (1, 2):
            raise ValueError(f"input '{value.name}': shape {_text(shape)} (expected: [rows] or [rows, columns])")
        if shape[0] is not None:
            raise ValueError(
                f"input '{value.name}': {shape[0]} rows, fixed (expected: any number; export with a dynamic batch)"
            )
        if len(shape) == 2 and shape[1] is None and kind in _NUMBERS:
            raise ValueError(f"input '{value.name}': shape {_text(shape)} (expected: a fixed number of columns)")
        width = 1 if len(shape) == 1 else shape[1]
        whole = _Use((0, width or 0))
        uses = [whole]
        graph.follow(value.name, whole, uses)
        if kind in _NUMBERS and width is not None and width > 1:
            seen += _columns(value.name, uses, width)
        else:
            size = min((rows for _, rows in whole.tables), default=None)
            if kind in _NUMBERS and not whole.tables:
                seen.append(Seen(value.name, value.name, "dense"))
            elif width == 1:
                seen.append(Seen(value.name, value.name, "categorical", size))
            else:
                seen.append(Seen(value.name, value.name, "sequence", size, width))
    return seen


def _columns(matrix: str, uses: list[_Use], width: int) -> list[Seen]:
    """The features of one matrix: looked-up columns by their table's name, the others by their place."""
    pieces = sorted((use for use in uses if use.tables), key=lambda use: use.columns)
    seen: list[Seen] = []
    names: set[str] = set()
    at = 0
    for use in [*pieces, _Use((width, width))]:
        first, last = use.columns
        if first < at:
            raise ValueError(f"input '{matrix}': columns {first} to {at} are looked up in two ways (expected: one)")
        # What is cut out of the matrix by itself and not looked up is a feature of its own.
        cuts = {c for other in uses for c in other.columns if at < c < first and other.columns != (0, width)}
        bounds = [at, *sorted(cuts), first]
        for low, high in zip(bounds, bounds[1:], strict=False):
            if low < high:
                seen.append(Seen(f"{matrix}_{low}", matrix, "dense", columns=(low, high)))
        if first < last:
            label = next((l for name, _ in use.tables if (l := _table_label(name))), f"{matrix}_{first}")
            name = label if label not in names else f"{label}_{first}"
            names.add(name)
            kind = "categorical" if last - first == 1 else "sequence"
            length = None if kind == "categorical" else last - first
            size = min(rows for _, rows in use.tables)
            seen.append(Seen(name, matrix, kind, size, length, (first, last)))
        at = last
    return seen


def _check_runs(path: Path, proto: onnx.ModelProto, lengths: Mapping[str, int]) -> None:
    """Runs the graph on one and on three rows of zeros: some exports lose the rows' dimension where there is one."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    rows = 0
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for rows in (1, 3):
            fed = {}
            for value in session.get_inputs():
                shape = [rows, *(lengths.get(value.name) if not isinstance(n, int) else n for n in value.shape[1:])]
                element = next(i.type.tensor_type.elem_type for i in proto.graph.input if i.name == value.name)
                fed[value.name] = np.zeros(shape, helper.tensor_dtype_to_np_dtype(element))
            for value, result in zip(session.get_outputs(), session.run(None, fed), strict=True):
                if result.ndim not in (1, 2) or result.shape[0] != rows:
                    raise ValueError(
                        f"output '{value.name}': shape {list(result.shape)} for {rows} rows "
                        f"(expected: [{rows}] or [{rows}, columns])"
                    )
    except ValueError:
        raise
    except Exception as error:  # ONNX Runtime raises classes of its own, without a common base.
        where = f"fails on {rows} row{'s' if rows > 1 else ''}" if rows else "is refused by ONNX Runtime"
        raise ValueError(f"{path.name}: the graph {where}: {str(error).strip().splitlines()[0]}") from error


def _external_files(proto: onnx.ModelProto, path: Path) -> list[str]:
    """Names of the files beside the graph that hold its weights."""
    names = []
    for tensor in proto.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            names += [entry.value for entry in tensor.external_data if entry.key == "location"]
    for name in dict.fromkeys(names):
        if Path(name).name != name:
            raise ValueError(f"{path.name}: weights in '{name}' (expected: a file beside the graph)")
        if not (path.parent / name).is_file():
            raise ValueError(f"{path.name}: no file '{name}' beside it, which holds its weights")
    return list(dict.fromkeys(names))


def read(path: Path) -> tuple[onnx.ModelProto, list[Seen]]:
    """Reads a graph, without the weights that stand outside, and looks at it."""
    try:
        proto = onnx.load(str(path), load_external_data=False)
    except OSError:
        raise
    except Exception as error:  # protobuf's DecodeError has no base that says so
        raise ValueError(f"{path.name}: not an ONNX model") from error
    if not proto.graph.input or not proto.graph.output:
        raise ValueError(f"{path.name}: no graph with inputs and outputs")
    _external_files(proto, path)
    return proto, look(proto, path.parent)


def write(
    path: Path,
    target: Path,
    context: Collection[str],
    lengths: Mapping[str, int] | None = None,
    names: Mapping[str, str] | None = None,
) -> list[Seen]:
    """Writes the model folder `target` for the graph at `path`, and returns what it saw.

    context: names of the features that every candidate of a request shares.
    lengths: positions of the sequences that the graph leaves open, by name.
    names: names for features in the place of those that were seen.
    """
    lengths, names = dict(lengths or {}), dict(names or {})
    proto, seen = read(path)
    known = {feature.name for feature in seen}
    for option, given in (("--name", names), ("--length", lengths), ("--context", context)):
        for name in given:
            allowed = known if option == "--name" else {names.get(n, n) for n in known}
            if name not in allowed:
                raise ValueError(f"{option} {name}: no such feature (expected: {', '.join(sorted(allowed))})")
    seen = [replace(feature, name=names.get(feature.name, feature.name)) for feature in seen]
    for feature in seen:
        if feature.kind == "sequence" and feature.length is None and feature.name not in lengths:
            raise ValueError(
                f"feature '{feature.name}': the graph leaves its length open (expected: --length {feature.name}=N)"
            )
    _check_runs(path, proto, {f.input: lengths[f.name] for f in seen if f.name in lengths})
    entries = [feature.rules(feature.name in context, lengths.get(feature.name, feature.length)) for feature in seen]
    outputs = {output.name: output.name for output in proto.graph.output}
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        work.chmod(0o755)
        (work / "1").mkdir()
        shutil.copyfile(path, work / "1" / "model.onnx")
        for name in _external_files(proto, path):
            shutil.copyfile(path.parent / name, work / "1" / name)
        rules = folder.rules_yaml(f"imported from {path.name}", entries, outputs, {})
        (work / "model.yaml").write_text(rules, encoding="utf-8")
        folder.replace(work, target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return seen
