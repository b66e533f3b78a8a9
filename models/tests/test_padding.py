"""A history of 3 that is padded to 50 scores as a history of 3, in PyTorch and in the exported graph."""

import numpy as np
import onnxruntime
import pytest
import torch

from podium_models import folder
from podium_models.features import Feature
from podium_models.zoo.din import Din
from podium_models.zoo.din_base import DinBase

_PROFILE = [Feature("user", "context", 6), Feature("price", "candidate", kind="dense")]
_HISTORIES = [
    Feature("history_film", "context", 30, "sequence", 50, table="film"),
    Feature("history_genre", "context", 9, "sequence", 50, table="genre"),
]
_TARGETS = [Feature("film", "candidate", 30), Feature("genre", "candidate", 9)]
_ROWS = 5

_MODELS = {
    **{
        f"din-{activate}-{'softmax' if softmax else 'free'}": lambda activate=activate, softmax=softmax: Din(
            _PROFILE, _HISTORIES, _TARGETS, 4, (8, 5), activate, (6,), softmax
        )
        for activate in ("dice", "row_dice", "prelu", "relu")
        for softmax in (False, True)
    },
    "base-sum": lambda: DinBase(_PROFILE, _HISTORIES, _TARGETS, 4, (8, 5)),
    "base-mean": lambda: DinBase(_PROFILE, _HISTORIES, _TARGETS, 4, (8, 5), pooling="mean"),
}


def _random(rows, length):
    inputs = {"price": torch.rand(rows)}
    for feature in [_PROFILE[0], *_TARGETS]:
        inputs[feature.name] = torch.randint(1, feature.size, (rows,))
    for feature in _HISTORIES:
        inputs[feature.name] = torch.randint(1, feature.size, (rows, length))
    return inputs


def _trained(make):
    """A model with weights and batch statistics that say something, and in whose tables the padding has a vector."""
    model = make()
    with torch.no_grad():
        for table in model.fields.tables.values():
            table.weight.normal_()
    for _ in range(5):
        model(_random(64, 7))
    return model.eval()


def _padded(inputs, left, right):
    wider = dict(inputs)
    for feature in _HISTORIES:
        wider[feature.name] = torch.nn.functional.pad(inputs[feature.name], (left, right))
    return wider


@pytest.fixture(params=_MODELS, scope="module")
def model(request):
    torch.manual_seed(3)
    return _trained(_MODELS[request.param])


@pytest.mark.parametrize(("left", "right"), [(47, 0), (0, 47), (20, 27)])
def test_a_padded_history_scores_as_the_short_one(model, left, right):
    short = _random(_ROWS, 3)
    with torch.no_grad():
        scores = model(short)
        assert torch.allclose(model(_padded(short, left, right)), scores, atol=1e-5)
        # So that equal scores are not those of a model that looks at no history.
        assert (model({**short, "history_film": short["history_film"].flip(0)}) - scores).abs().max() > 1e-3


def test_the_exported_graph_scores_padded_histories_as_short_ones(model, tmp_path):
    folder.export_graph(model, model.features, ["score"], tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    short = _random(_ROWS, 3)
    with torch.no_grad():
        expected = model(short).numpy()
    for inputs in (short, _padded(short, 47, 0), _padded(short, 0, 47)):
        scores = session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]
        np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_an_empty_history_scores_the_same_at_every_length(model):
    one = _random(_ROWS, 1)
    for feature in _HISTORIES:
        one[feature.name].zero_()
    with torch.no_grad():
        scores = model(one)
        assert torch.isfinite(scores).all()
        assert torch.allclose(model(_padded(one, 49, 0)), scores, atol=1e-5)
