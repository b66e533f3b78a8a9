"""How well scores order what was liked."""

from __future__ import annotations

import numpy as np


def log_loss(label: np.ndarray, probability: np.ndarray) -> float:
    """Mean negative log-likelihood of the labels."""
    p = np.clip(probability.astype(np.float64), 1e-7, 1 - 1e-7)
    return float(-np.mean(label * np.log(p) + (1 - label) * np.log(1 - p)))


def auc(label: np.ndarray, score: np.ndarray) -> float:
    """The share of pairs (liked, not liked) that the scores put in order; a tie counts half. NaN without a pair."""
    liked = int(np.sum(label == 1))
    others = len(label) - liked
    if liked == 0 or others == 0:
        return float("nan")
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle = last - (counts - 1) / 2
    return float((middle[inverse][label == 1].sum() - liked * (liked + 1) / 2) / (liked * others))


def gauc(label: np.ndarray, score: np.ndarray, user: np.ndarray) -> float:
    """AUC of each user who has both labels, averaged with the number of rows as weights (Zhou et al., KDD 2018)."""
    total = weight = 0.0
    order = np.argsort(user, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(user[order])) + 1):
        value = auc(label[rows], score[rows])
        if not np.isnan(value):
            total += value * len(rows)
            weight += len(rows)
    return total / weight if weight else float("nan")
