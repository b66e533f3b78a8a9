"""Exports torch-rechub's models with its own ONNXExporter: `rechub.py OUT [--bench]`."""

from __future__ import annotations

from pathlib import Path

import cases
import numpy as np
import torch
from torch_rechub.basic.features import SequenceFeature, SparseFeature
from torch_rechub.models.ranking import DIN, DCNv2, DeepFM, WideDeep
from torch_rechub.utils.onnx_export import ONNXExporter

SIZES = {"user": 500, "city": 40, "hour": 24, "item": 2000, "category": 60, "shop": 300}
CONTEXT = ("user", "city", "hour")


def export(out: Path, name: str, model: torch.nn.Module, seed: int, histories: dict[str, str], length: int = 0) -> None:
    torch.manual_seed(seed)
    cases.spread(model, seed)
    folder = out / f"rechub-{name}"
    folder.mkdir(parents=True)
    ONNXExporter(model).export(str(folder / f"{name}.onnx"), opset_version=18)
    random = np.random.default_rng(seed)
    context = {feature: int(random.integers(SIZES[feature])) for feature in CONTEXT}
    context |= {h: random.integers(1, SIZES[target], length).tolist() for h, target in histories.items()}
    candidates = {f: random.integers(0, SIZES[f], cases.CANDIDATES) for f in SIZES if f not in CONTEXT}
    rows = {**cases.repeated(context), **candidates}
    with torch.no_grad():
        scores = model({feature: torch.from_numpy(np.asarray(value)) for feature, value in rows.items()})
    cases.write(folder, context, candidates, scores, length={h: length for h in histories})


def main(out: Path, sizes: cases.Sizes) -> None:
    features = [SparseFeature(name, size, embed_dim=sizes.embedding) for name, size in SIZES.items()]
    tower = {"dims": [*sizes.hidden], "dropout": 0.2, "activation": "relu"}
    export(out, "deepfm", DeepFM(features, features, tower), 1, {})
    export(out, "widedeep", WideDeep(features[:3], features, tower), 2, {})
    export(out, "dcnv2", DCNv2(features, 2, tower, use_low_rank_mixture=False), 3, {})
    export(out, "dcnv2mix", DCNv2(features, 2, tower), 13, {})
    targets = [feature for feature in features if feature.name in ("item", "category")]
    profile = [feature for feature in features if feature not in targets]
    histories = {"history_item": "item", "history_category": "category"}
    sequences = [SequenceFeature(h, SIZES[t], sizes.embedding, pooling="concat", shared_with=t) for h, t in histories.items()]
    attention = {"dims": [*sizes.attention], "activation": "dice", "use_softmax": False}
    export(out, "din", DIN(profile, sequences, targets, {"dims": [*sizes.hidden]}, attention), 4, histories, sizes.history)


if __name__ == "__main__":
    main(*cases.arguments("Exports torch-rechub's models."))
