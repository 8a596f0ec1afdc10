"""Fits the heads: one softmax over the kinds, one over the reasons, and one yes or no for money.

Scikit-learn's linear models fit one head against the rest; a softmax over all kinds at once told
them apart better on the mails of writers that weren't learned from (kind macro F1 .821 against
.810), so the loop stands here. Steps are sized by each weight's own history (Duchi, Hazan and
Singer, "Adaptive Subgradient Methods", JMLR 12, 2011), and the weights of the later rounds are
averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

_BATCH = 64
_STEP = 2.0
# Weights are pulled towards zero by this share of themselves.
_PULL = 1e-6
_ROUNDS = 5


def chances(scores: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Softmax, row by row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    made: np.ndarray[Any, Any] = powers / powers.sum(axis=1, keepdims=True)
    return made


def fit(
    matrix: csr_matrix,
    money: np.ndarray[Any, Any],
    groups: Sequence[tuple[np.ndarray[Any, Any], int]],
    counts: np.ndarray[Any, Any],
    seed: int,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Weights (features x lanes) and biases. `money` and the labels of each group are -1 where
    nobody said; a group comes with how many lanes it has; `counts` is how much a row counts."""
    lanes = 1 + sum(size for _, size in groups)
    rows_in_all, width = matrix.shape
    counts = counts / counts.mean()
    weights = np.zeros((width, lanes), np.float32)
    biases = np.zeros(lanes, np.float32)
    history, bias_history = np.full_like(weights, 1e-4), np.full_like(biases, 1e-2)
    mean, bias_mean, kept = np.zeros_like(weights), np.zeros_like(biases), 0
    draw = np.random.default_rng(seed)
    for turn in range(_ROUNDS):
        order = draw.permutation(rows_in_all)
        for start in range(0, rows_in_all, _BATCH):
            rows = order[start : start + _BATCH]
            batch = matrix[rows]
            columns = np.unique(batch.indices)
            batch = batch[:, columns]
            now = weights[columns]
            slope = _slope(batch @ now + biases, money[rows], groups, rows, counts[rows])
            change = np.asarray(batch.T @ slope) + _PULL * now
            history[columns] += change * change
            weights[columns] = now - _STEP * change / np.sqrt(history[columns])
            change = slope.sum(axis=0)
            bias_history += change * change
            biases -= _STEP * change / np.sqrt(bias_history)
        if turn >= _ROUNDS // 2:
            mean, bias_mean, kept = mean + weights, bias_mean + biases, kept + 1
    return mean / kept, bias_mean / kept


def _slope(
    scores: np.ndarray[Any, Any],
    money: np.ndarray[Any, Any],
    groups: Sequence[tuple[np.ndarray[Any, Any], int]],
    rows: np.ndarray[Any, Any],
    counts: np.ndarray[Any, Any],
) -> np.ndarray[Any, Any]:
    """How the loss of a batch changes with each score."""
    slope = np.zeros_like(scores)
    yes = 1 / (1 + np.exp(-scores[:, 0]))
    slope[:, 0] = counts * (money >= 0) * (yes - (money == 1))
    first = 1
    for labels, size in groups:
        lanes = slice(first, first + size)
        said = labels[rows]
        part = chances(scores[:, lanes])
        part[np.arange(len(rows)), np.maximum(said, 0)] -= 1
        slope[:, lanes] = (counts * (said >= 0))[:, None] * part
        first += size
    return slope / len(rows)
