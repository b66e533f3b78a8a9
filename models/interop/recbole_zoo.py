"""Exports RecBole's models over its own MovieLens-100K files through a small wrapper: `recbole_zoo.py OUT [--bench]`."""

from __future__ import annotations

import logging
from pathlib import Path

import cases
import numpy as np
import torch
from recbole.config import Config
from recbole.data import create_dataset
from recbole.utils import get_model
from torch import Tensor, nn

CONTEXT = ("user_id", "age", "gender", "occupation")
FIELDS = {"inter": ["user_id", "item_id", "rating", "timestamp"], "user": [*CONTEXT], "item": ["item_id", "release_year", "class"]}


class Positional(nn.Module):
    """RecBole's `predict`, which takes an interaction by field names, with its fields as inputs in order."""

    def __init__(self, model: nn.Module, names: list[str]):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *values: Tensor) -> Tensor:
        return self.model.predict(dict(zip(self.names, values, strict=True)))


def build(name: str, sizes: cases.Sizes) -> tuple[nn.Module, object]:
    options = {
        "load_col": FIELDS,
        "val_interval": {"timestamp": "[0,876000000]"},  # part of the ratings: only names and sizes matter here
        "embedding_size": sizes.embedding,
        "mlp_hidden_size": [*sizes.hidden],  # in DIN those of the attention, too
        "dropout_prob": 0.0,
        "use_gpu": False,
        "state": "ERROR",
        "show_progress": False,
        "train_neg_sample_args": None,
        "MAX_ITEM_LIST_LENGTH": sizes.history,
        "TIME_FIELD": "timestamp",
    }
    if name != "DIN":
        options["threshold"] = {"rating": 4}
    config = Config(model=name, dataset="ml-100k", config_dict=options)
    dataset = create_dataset(config)
    dataset.build()  # remaps the fields, and adds the histories where a model takes them
    return get_model(name)(config, dataset), dataset


def values_of(dataset: object, random: np.random.Generator, names: list[str]) -> tuple[dict, dict]:
    """A random user's fields, and those of random films."""
    user = int(random.integers(1, dataset.num("user_id")))
    films = random.integers(1, dataset.num("item_id"), cases.CANDIDATES)
    users, items = dataset.get_user_feature(), dataset.get_item_feature()
    context = {name: int(users[name][user]) for name in CONTEXT if name in names}
    candidates = {name: items[name][films].numpy() for name in FIELDS["item"] if name in names}
    return context, candidates


def export(out: Path, name: str, sizes: cases.Sizes, seed: int) -> None:
    torch.manual_seed(seed)
    model, dataset = build(name, sizes)
    cases.spread(model, seed)
    random = np.random.default_rng(seed)
    if name == "DIN":
        names = ["user_id", "item_id_list", "item_length", "item_id"]
        context, candidates = values_of(dataset, random, ["user_id", "item_id"])
        history = random.integers(1, dataset.num("item_id"), sizes.history * 2 // 3).tolist()
        context |= {"item_id_list": [*history, *[0] * (sizes.history - len(history))], "item_length": len(history)}
    else:
        names = [*model.token_field_names, *model.token_seq_field_names]
        context, candidates = values_of(dataset, random, names)
    rows = {**cases.repeated(context), **candidates}
    inputs = [torch.from_numpy(np.asarray(rows[field])) for field in names]
    wrapper = Positional(model, names).eval()
    folder = out / f"recbole-{name.lower()}"
    folder.mkdir(parents=True)
    batch = torch.export.Dim("rows")
    with torch.no_grad():
        scores = wrapper(*inputs)
        torch.onnx.export(
            wrapper,
            tuple(value[:3] for value in inputs),
            str(folder / f"{name.lower()}.onnx"),
            dynamo=True,
            opset_version=18,
            input_names=names,
            output_names=["score"],
            dynamic_shapes=(tuple({0: batch} for _ in inputs),),
            verbose=False,
        )
    cases.write(folder, context, candidates, scores)


def main(out: Path, sizes: cases.Sizes) -> None:
    logging.disable(logging.WARNING)
    for seed, name in enumerate(("LR", "FM", "FNN", "PNN", "DeepFM", "DIN"), start=7):
        export(out, name, sizes, seed)


if __name__ == "__main__":
    main(*cases.arguments("Exports RecBole's models."))
