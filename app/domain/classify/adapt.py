"""Weights of an account's own: the shipped ones, moved a little by what its agents corrected.

Each label moves the weights of its text's features towards the right answer; at the same time all
weights are pulled back towards the shipped ones, and a feature that the shipped weights were
trained on often hardly moves (`trust`). So fifty labels teach a shop's own words without forgetting
the language, fifty thousand are taken in the same way, and no other text is needed.
"""

from __future__ import annotations

import lzma
import math
import random
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from zlib import crc32

from app.domain.base import Value
from app.domain.classification import Kind
from app.domain.classify import features
from app.domain.classify.trained import KINDS, LANES, TextRead, Weights, guess, read_text

# Every fifth label is kept for judging, at most so many.
_KEPT_ASIDE = 5
_MOST_KEPT = 2000
_FEWEST = 20

_RATE = 3.0
_PULL = 0.01
# Texts gone through in all; few labels are gone through more often than many.
_STEPS = 20_000
_MOST_ROUNDS = 14
_FEWEST_ROUNDS = 2
# Errors below this teach nothing.
_SMALL = 0.03
# A feature that stood in so many training texts moves half as fast as a new one.
_WELL_KNOWN = 40.0
# What moves slower than this isn't moved at all.
_FIXED = 0.03


class Label(Value):
    """What people say of one text; None leaves that question open."""

    text: str
    subject: str | None = None
    kind: Kind | None = None
    refund: bool | None = None


class Grade(Value):
    """How many of some labelled texts were answered rightly, as shares."""

    texts: int
    kind: float
    refund: float

    @property
    def mean(self) -> float:
        """One figure to compare by."""
        return (self.kind + self.refund) / 2


class Adaptation(Value):
    """What came of learning: old and new on labels that weren't learned from."""

    learned: int
    kept_aside: int
    before: Grade
    after: Grade

    @property
    def is_no_worse(self) -> bool:
        """Whether the new weights may be used."""
        return self.after.mean >= self.before.mean


@cache
def _trust() -> tuple[float, ...]:
    """How freely each bucket's weights move: 1 for features never seen, near 0 for common ones."""
    folder = files("app.domain.classify").joinpath("weights")
    counts = lzma.decompress(folder.joinpath("seen.bin").read_bytes())
    return tuple(1 / (1 + (2**count - 1) / _WELL_KNOWN) for count in counts)


def grade(weights: Weights, labels: Sequence[tuple[TextRead, Label]]) -> Grade:
    """How weights do on labelled texts."""
    kinds = told = refunds = asked = 0
    for text, label in labels:
        said = guess(weights.scores(text), weights.calibration)
        if label.kind is not None:
            told += 1
            kinds += said.kind == label.kind
        if label.refund is not None:
            asked += 1
            refunds += said.refund == label.refund
    return Grade(
        texts=len(labels),
        kind=round(kinds / told, 4) if told else 1.0,
        refund=round(refunds / asked, 4) if asked else 1.0,
    )


def split(labels: Iterable[Label]) -> tuple[list[Label], list[Label]]:
    """Labels to learn from, and labels to judge by; a text always falls on the same side."""
    learn: list[Label] = []
    keep: list[Label] = []
    for label in {(one.subject, one.text): one for one in labels}.values():
        aside = crc32(f"{label.subject}\n{label.text}".encode()) % _KEPT_ASIDE == 0
        if aside and len(keep) < _MOST_KEPT:
            keep.append(label)
        else:
            learn.append(label)
    return learn, keep


def adapt(base: Weights, labels: Iterable[Label], name: str) -> tuple[Weights, Adaptation]:
    """Weights that took the labels in, and how they do. Raises ValueError for too few labels."""
    learn, keep = split(labels)
    if len(learn) + len(keep) < _FEWEST or not keep:
        raise ValueError(
            f"{len(learn) + len(keep)} labels are too few to learn from: at least {_FEWEST} are"
            " needed"
        )
    read = [(read_text(label.text, label.subject), label) for label in keep]
    moved = moved_by(base, [(read_text(one.text, one.subject), one) for one in learn], name)
    report = Adaptation(
        learned=len(learn),
        kept_aside=len(keep),
        before=grade(base, read),
        after=grade(moved, read),
    )
    return moved, report


def _values(text: TextRead) -> list[tuple[int, float]]:
    """The buckets of a text that may move, with their values as `Weights.scores` weighs them."""
    found: dict[int, float] = {}
    squares = 0
    for word in features.words_of(text.sentences):
        found[word.whole] = found.get(word.whole, 0.0) + features.WORD_WEIGHT
        for number in word.letters:
            found[number] = found.get(number, 0.0) + features.LETTERS_WEIGHT
        squares += features.WORD_WEIGHT**2 + len(word.letters) * features.LETTERS_WEIGHT**2
    for numbers, weight in features.sentence_buckets(text.sentences):
        squares += len(numbers) * weight**2
        for number in numbers:
            found[number] = found.get(number, 0.0) + weight
    norm = math.sqrt(squares) or 1.0
    trust = _trust()
    return [(number, value / norm) for number, value in found.items() if trust[number] >= _FIXED]


def moved_by(
    base: Weights, labels: Sequence[tuple[TextRead, Label]], name: str, seed: int = 1
) -> Weights:
    """The shipped weights, moved by labels."""
    draw = random.Random(seed)  # noqa: S311
    trust = _trust()
    texts = [(_values(text), base.scores(text), label) for text, label in labels]
    moved: dict[int, list[float]] = {}
    rounds = max(_FEWEST_ROUNDS, min(_MOST_ROUNDS, _STEPS // max(1, len(texts))))
    for turn in range(rounds):
        rate = _RATE / (1 + turn / 4)
        draw.shuffle(texts)
        for values, scores, label in texts:
            sums = list(scores)
            for number, value in values:
                row = moved.get(number)
                if row is not None:
                    sums = [one + value * part for one, part in zip(sums, row, strict=True)]
            for lane, error in _errors(sums, label):
                step = rate * error
                for number, value in values:
                    row = moved.get(number)
                    if row is None:
                        row = moved[number] = [0.0] * LANES
                    row[lane] -= step * value * trust[number]
        keep = 1 - _PULL
        for row in moved.values():
            row[:] = [keep * part for part in row]
    return _merged(base, moved, name)


def _errors(scores: Sequence[float], label: Label) -> list[tuple[int, float]]:
    """How far each head is from what the label says, where it matters."""
    found: list[tuple[int, float]] = []
    if label.refund is not None:
        found.append((0, 1 / (1 + math.exp(-max(-30.0, min(30.0, scores[0])))) - label.refund))
    if label.kind is not None:
        kinds = scores[1 : 1 + len(KINDS)]
        best = max(kinds)
        powers = [math.exp(score - best) for score in kinds]
        total = sum(powers)
        right = KINDS.index(label.kind)
        found += [(1 + n, power / total - (n == right)) for n, power in enumerate(powers)]
    return [(lane, error) for lane, error in found if abs(error) >= _SMALL]


def _merged(base: Weights, moved: dict[int, list[float]], name: str) -> Weights:
    rows = bytearray(base.rows)
    for number, row in moved.items():
        start = number * LANES
        for lane, part in enumerate(row):
            if part:
                value = rows[start + lane] + round(part / base.scales[lane])
                rows[start + lane] = max(1, min(255, value))
    return Weights(bytes(rows), base.scales, base.biases, base.calibration, name)


# --- how they are kept --------------------------------------------------------------------------


def pack(weights: Weights, base: Weights) -> bytes:
    """What differs from the shipped weights, small enough for a database row."""
    apart = bytes((new - old) & 255 for new, old in zip(weights.rows, base.rows, strict=True))
    return lzma.compress(apart, preset=1)


def unpack(packed: bytes, base: Weights, name: str) -> Weights:
    """Weights from what `pack` made. Raises ValueError when it doesn't fit the shipped ones."""
    try:
        apart = lzma.decompress(packed)
    except lzma.LZMAError as error:
        raise ValueError(f"weights {name} can't be read: {error}") from error
    if len(apart) != len(base.rows):
        raise ValueError(f"weights {name} were made for other shipped weights")
    rows = bytes((old + by) & 255 for old, by in zip(base.rows, apart, strict=True))
    return Weights(rows, base.scales, base.biases, base.calibration, name)


def fingerprint(base: Weights) -> str:
    """Which shipped weights these are: kept beside what was made from them."""
    return f"{base.name}-{crc32(base.rows):08x}"
