"""Learning from an account's labels: a shop's own words, without forgetting the language."""

from __future__ import annotations

from functools import cache

import pytest

from app.domain.classification import Kind
from app.domain.classify.adapt import (
    Grade,
    Label,
    adapt,
    fingerprint,
    grade,
    moved_by,
    pack,
    split,
    unpack,
)
from app.domain.classify.trained import (
    TextRead,
    Weights,
    guess,
    read_text,
    shipped_weights,
)
from app.evaluation.measure import FOLDER, load_set
from tests.support.jargon_shop import labels

CALIBRATION = shipped_weights().calibration


def _read(found: list[Label]) -> list[tuple[TextRead, Label]]:
    return [(read_text(one.text, one.subject), one) for one in found]


@cache
def _base_set() -> list[tuple[TextRead, Label]]:
    """Tickets of everybody else: what must not be forgotten."""
    rows = [
        Label(text=row.text, subject=row.subject, kind=Kind(row.kind), refund=row.refund)
        for name in ("examples", "letters", "tickets")
        for row in load_set(FOLDER / f"{name}.jsonl")
        if row.kind is not None
    ]
    return _read(rows)


@cache
def _adapted(count: int) -> Weights:
    return moved_by(shipped_weights(), _read(labels(count, seed=count)), f"shop-{count}")


@cache
def _on_the_shop(count: int) -> Grade:
    weights = _adapted(count) if count else shipped_weights()
    return grade(weights, _read(labels(150, seed=9)))


def test_each_step_of_50_100_and_300_corrections_helps() -> None:
    found = [_on_the_shop(count).mean for count in (0, 50, 100, 300)]
    assert found == sorted(set(found)), found
    assert found[-1] >= 0.9


@pytest.mark.parametrize("count", [50, 100, 300])
def test_nothing_is_forgotten(count: int) -> None:
    before = grade(shipped_weights(), _base_set())
    after = grade(_adapted(count), _base_set())
    assert after.kind >= before.kind - 0.01
    assert after.refund >= before.refund - 0.01


def test_the_same_labels_give_the_same_weights() -> None:
    assert _adapted(50).rows == moved_by(shipped_weights(), _read(labels(50, seed=50)), "x").rows


def test_labels_kept_aside_are_never_learned_from() -> None:
    learn, keep = split(labels(200, seed=3))
    assert keep
    assert not {one.text for one in learn} & {one.text for one in keep}


def test_labels_that_contradict_each_other_are_found_to_be_worse() -> None:
    """What is kept aside calls the shipped weights right, what is learned calls them wrong."""
    learn, keep = split(labels(200, seed=3))
    said = [guess(shipped_weights().scores(text), CALIBRATION) for text, _ in _read(keep)]
    kept = [
        Label(text=one.text, kind=told.kind, refund=told.refund)
        for one, told in zip(keep, said, strict=True)
    ]
    _, report = adapt(shipped_weights(), [*learn, *kept], "worse")
    assert report.before.mean == 1
    assert not report.is_no_worse


def test_too_few_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        adapt(shipped_weights(), labels(5, seed=1), "few")


def test_what_is_kept_gives_the_same_weights_again() -> None:
    packed = pack(_adapted(50), shipped_weights())
    assert len(packed) < 300_000
    assert unpack(packed, shipped_weights(), "again").rows == _adapted(50).rows
    with pytest.raises(ValueError, match="can't be read"):
        unpack(b"nonsense", shipped_weights(), "broken")
    assert fingerprint(shipped_weights()) != fingerprint(_adapted(50))
