"""What a model takes: each feature's shape for PyTorch, its rules for `model.yaml`, and the look-up by those rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xxhash


@dataclass(frozen=True)
class Feature:
    """One feature of a model and the graph input that it fills.

    The rules are those of docs/model-folder.md; `assemble` applies them in Python, so that golden scores come from
    values as a client sends them and not from ids that some other code looked up.
    """

    name: str
    role: str
    """`context` or `candidate`."""
    size: int = 0
    """Rows of the embedding table: ids are 0 to size - 1. Unused by dense features."""
    kind: str = "categorical"
    """`dense`, `categorical` or `sequence`."""
    length: int = 0
    """Positions of a sequence."""
    table: str | None = None
    """The feature whose embedding table this one shares; None for a table of its own."""
    vocabulary: tuple[str, ...] | None = None
    """Text values; entry k has id first_id + k. None if the wire carries ids."""
    first_id: int = 0
    hash_seed: int | None = None
    """Text is hashed with xxhash64 and this seed to ids first_id to size - 1; None if it is not."""
    default: Any = None
    """Value used when a request does not send the feature; None makes it required."""
    out_of_vocabulary: int | None = None
    """Id for values that are not known; None refuses them."""
    centre: float = 0.0
    scale: float = 1.0
    """The graph of a dense feature sees (value - centre) / scale; the wire carries the value."""
    padding_side: str = "right"
    truncation: str = "right"

    @property
    def table_name(self) -> str:
        return self.table or self.name

    @property
    def wire_type(self) -> str:
        if self.kind == "dense":
            return "float"
        return "int64" if self.vocabulary is None and self.hash_seed is None else "string"

    def vocabulary_file(self) -> str:
        """Path of the vocabulary inside a model folder; features that share a table share it too."""
        return f"vocabulary/{self.table_name}.txt"

    def rules(self) -> dict[str, Any]:
        """The feature's entry in `model.yaml`."""
        entry: dict[str, Any] = {"name": self.name, "role": self.role, "kind": self.kind}
        if self.kind == "sequence":
            entry["length"] = self.length
            entry["padding"] = {"value": 0, "side": self.padding_side}
            entry["truncation"] = self.truncation
        if self.vocabulary is not None:
            entry["vocabulary"] = {"file": self.vocabulary_file(), "first_id": self.first_id}
        elif self.hash_seed is not None:
            entry["dtype"] = "string"
            entry["hash"] = {
                "function": "xxhash64",
                "buckets": self.size - self.first_id,
                "seed": self.hash_seed,
                "first_id": self.first_id,
            }
        elif self.kind != "dense":
            entry["vocabulary"] = {"size": self.size}
        if self.default is not None:
            entry["default"] = self.default
        if self.out_of_vocabulary is not None:
            entry["out_of_vocabulary"] = self.out_of_vocabulary
        return entry

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {entry: self.first_id + position for position, entry in enumerate(self.vocabulary or ())}

    def id_of(self, value: Any) -> int:
        """The id that goes to the graph for one wire value."""
        if self.hash_seed is not None:
            digest = xxhash.xxh64_intdigest(value.encode(), seed=self.hash_seed)
            return self.first_id + digest % (self.size - self.first_id)
        if self.vocabulary is not None:
            number = self._positions.get(value, -1)
        else:
            number = int(value)
        if 0 <= number < self.size:
            return number
        if self.out_of_vocabulary is None:
            raise ValueError(f"feature '{self.name}': value {value!r} is not in the vocabulary")
        return self.out_of_vocabulary

    def assemble(self, rows: Sequence[Any]) -> np.ndarray:
        """Wire values, one entry a row, to the graph input: `[rows]` or `[rows, length]`.

        An entry is a number or text, and for a sequence a list of them, of any length.
        """
        if self.kind == "dense":
            return np.asarray(rows, dtype=np.float32)
        if self.kind == "categorical":
            return np.asarray([self.id_of(value) for value in rows], dtype=np.int64)
        out = np.zeros((len(rows), self.length), dtype=np.int64)
        for row, values in enumerate(rows):
            kept = values[-self.length :] if self.truncation == "left" else values[: self.length]
            ids = [self.id_of(value) for value in kept]
            start = self.length - len(ids) if self.padding_side == "left" else 0
            out[row, start : start + len(ids)] = ids
        return out

    def write_vocabulary(self, folder: Path) -> None:
        if self.vocabulary is None:
            return
        path = folder / self.vocabulary_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(entry + "\n" for entry in self.vocabulary), encoding="utf-8")
