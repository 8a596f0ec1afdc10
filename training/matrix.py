"""Texts as sparse matrices, by the same features that the product uses."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

import numpy as np
from scipy.sparse import csr_matrix

from app.domain.classify import features
from app.domain.classify.trained import TextRead, read_text
from training.corpus import Example


def row_of(read: TextRead) -> dict[int, float]:
    """One text's buckets and their values, as `app.domain.classify.heads` adds them up."""
    found: dict[int, float] = {}

    def add(number: int, weight: float) -> None:
        found[number] = found.get(number, 0.0) + weight

    squares = 0
    for word in features.words_of(read.sentences):
        add(word.whole, features.WORD_WEIGHT)
        squares += features.WORD_WEIGHT**2 + len(word.letters) * features.LETTERS_WEIGHT**2
        for number in word.letters:
            add(number, features.LETTERS_WEIGHT)
    for numbers, weight in features.sentence_buckets(read.sentences):
        squares += len(numbers) * weight**2
        for number in numbers:
            add(number, weight)
    norm = math.sqrt(squares) or 1.0
    row = {number: value / norm for number, value in found.items()}
    for number in features.signal_buckets(read.signals):
        row[number] = row.get(number, 0.0) + features.SIGNAL_WEIGHT
    return row


def matrix_of(examples: Iterable[Example]) -> tuple[csr_matrix, list[bool]]:
    """One row a text, `features.BUCKETS` columns; and whether the rules see a wish for money."""
    data, columns, ends = array("f"), array("i"), array("q", [0])
    rules: list[bool] = []
    for example in examples:
        text = read_text(example.text, example.subject)
        rules.append(text.answer.refund)
        row = row_of(text)
        columns.extend(row.keys())
        data.extend(row.values())
        ends.append(len(columns))
    matrix = csr_matrix(
        (np.asarray(data), np.asarray(columns), np.asarray(ends)),
        shape=(len(ends) - 1, features.BUCKETS),
        dtype=np.float32,
    )
    return matrix, rules
