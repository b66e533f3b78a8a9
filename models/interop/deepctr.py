"""Exports DeepCTR-Torch's models, which take one float matrix, with PyTorch's exporter: `deepctr.py OUT [--bench]`."""

from __future__ import annotations

from pathlib import Path

import cases
import numpy as np
import torch
from deepctr_torch.inputs import DenseFeat, SparseFeat, VarLenSparseFeat, get_feature_names
from deepctr_torch.models import DIN, DeepFM

SIZES = {"user": 500, "city": 40, "item": 2000, "category": 60}
CONTEXT = ("user", "city")


def export(
    out: Path,
    name: str,
    model: torch.nn.Module,
    columns: list,
    seed: int,
    names: dict[str, str],
    history: int = 0,
    length: int = 0,
) -> None:
    """names: the import's name of each column that it cannot call by a table's name, to the model's name.

    history: positions of the one that the model takes, of which `length` are filled.
    """
    torch.manual_seed(seed)
    cases.spread(model, seed)
    folder = out / f"deepctr-{name}"
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    context = {feature: int(random.integers(SIZES[feature])) for feature in CONTEXT}
    candidates = {f: random.integers(0, SIZES[f], cases.CANDIDATES) for f in SIZES if f not in CONTEXT}
    candidates["price"] = random.random(cases.CANDIDATES, dtype=np.float32)
    if history:
        context["hist_item"] = [*random.integers(1, SIZES["item"], length).tolist(), *[0] * (history - length)]
        context["seq_length"] = float(length)
    rows = {**cases.repeated(context), **candidates}
    order = get_feature_names(columns)
    matrix = np.concatenate([np.asarray(rows[f], np.float32).reshape(cases.CANDIDATES, -1) for f in order], axis=1)
    X = torch.from_numpy(matrix)
    with torch.no_grad():
        scores = model(X)
        torch.onnx.export(
            model,
            (X[:3],),
            str(folder / f"{name}.onnx"),
            dynamo=True,
            opset_version=18,
            input_names=["X"],
            output_names=["score"],
            dynamic_shapes=({0: torch.export.Dim("rows")},),
            verbose=False,
        )
    cases.write(folder, context, candidates, scores, name=names)


def main(out: Path, sizes: cases.Sizes) -> None:
    sparse = [SparseFeat(name, size, embedding_dim=sizes.embedding) for name, size in SIZES.items()]
    plain = [*sparse, DenseFeat("price", 1)]
    export(out, "deepfm", DeepFM(plain, plain, sizes.hidden, init_std=0.1), plain, 5, {"X_4": "price"})
    item = SparseFeat("hist_item", SIZES["item"], embedding_dim=sizes.embedding, embedding_name="item")
    columns = [*plain, VarLenSparseFeat(item, maxlen=sizes.history, length_name="seq_length")]
    model = DIN(columns, ["item"], dnn_hidden_units=sizes.hidden, att_hidden_size=sizes.attention, init_std=0.1)
    names = {"X_4": "price", "item_5": "hist_item", f"X_{5 + sizes.history}": "seq_length"}
    export(out, "din", model, columns, 6, names, history=sizes.history, length=sizes.history * 7 // 12)


if __name__ == "__main__":
    main(*cases.arguments("Exports DeepCTR-Torch's models."))
