import numpy as np
import pytest

from podium_models import metrics


def test_auc_counts_the_pairs_in_order_and_half_of_the_ties():
    random = np.random.default_rng(0)
    label = random.integers(0, 2, 200)
    score = random.integers(0, 20, 200) / 20
    liked, others = score[label == 1], score[label == 0]
    pairs = (liked[:, None] > others).sum() + 0.5 * (liked[:, None] == others).sum()
    assert metrics.auc(label, score) == pytest.approx(pairs / (len(liked) * len(others)))


def test_auc_of_one_class_is_not_a_number():
    assert np.isnan(metrics.auc(np.ones(3), np.arange(3)))


def test_gauc_weighs_users_by_their_rows_and_leaves_out_those_of_one_class():
    user = np.array([1, 2, 1, 3, 2, 2, 3])
    label = np.array([1, 1, 0, 1, 0, 0, 1])
    score = np.array([0.9, 0.5, 0.1, 0.2, 0.4, 0.6, 0.3])
    assert metrics.gauc(label, score, user) == pytest.approx((2 * 1.0 + 3 * 0.5) / 5)


def test_log_loss_is_the_mean_negative_log_likelihood():
    expected = -(np.log(0.8) + np.log(0.7)) / 2
    assert metrics.log_loss(np.array([1, 0]), np.array([0.8, 0.3])) == pytest.approx(expected)
