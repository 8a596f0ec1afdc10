"""The shipped classifier: its scores, its sums, and what it does with odd text."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.classify import classify
from app.cli.evaluate import evaluate_command
from app.domain.classification import Kind
from app.domain.classify import features
from app.domain.classify.heads import PackedRows
from app.domain.classify.trained import (
    LANES,
    TrainedClassifier,
    read_text,
    shipped_card,
    shipped_weights,
)
from app.evaluation.measure import FOLDER, Answered, evaluate, load_set, measures
from app.evaluation.pins import falls

CLASSIFIER = TrainedClassifier()


@cache
def _answers(name: str) -> list[Answered]:
    return evaluate(CLASSIFIER.classify, load_set(FOLDER / f"{name}.jsonl"))


def test_no_score_has_fallen_below_its_interval() -> None:
    pinned = shipped_card()["pinned"]
    assert isinstance(pinned, dict)
    assert {"blind", "examples", "fresh", "letters", "tickets", "unseen", "week"} <= set(pinned)
    now = {
        name: {key: {"score": value} for key, value in measures(_answers(name)).items()}
        for name in pinned
    }
    assert falls(now, shipped_card()) == []


def test_a_fall_is_noticed() -> None:
    card = {"pinned": {"one": {"refund_f1": {"score": 0.9, "low": 0.85, "high": 0.95}}}}
    assert falls({"one": {"refund_f1": {"score": 0.86}}}, card) == []
    assert len(falls({"one": {"refund_f1": {"score": 0.84}}}, card)) == 1


def test_other_languages_go_to_a_person() -> None:
    rows = [row for row in _answers("tickets") if row.gold.kind is None]
    assert len(rows) > 20
    assert all(row.needs_human for row in rows)


def test_kind_and_wish_for_money_go_together() -> None:
    for row in (row for name in ("tickets", "letters") for row in _answers(name)):
        if row.kind in {Kind.REFUND_ITEM, Kind.CANCEL_REFUND, Kind.DUPLICATE_CHARGE}:
            assert row.refund
        if not Kind(row.kind).is_refund_related:
            assert not row.refund


def test_packed_sums_equal_plain_sums() -> None:
    weights = shipped_weights()
    text = read_text("Hello, my kettle broke and I want my money back for order 1001.", "Refund")
    found: dict[int, float] = {}
    squares = 0.0
    for word in features.words_of(text.sentences):
        found[word.whole] = found.get(word.whole, 0) + features.WORD_WEIGHT
        squares += features.WORD_WEIGHT**2 + len(word.letters)
        for number in word.letters:
            found[number] = found.get(number, 0) + features.LETTERS_WEIGHT
    for numbers, weight in features.sentence_buckets(text.sentences):
        squares += len(numbers) * weight**2
        for number in numbers:
            found[number] = found.get(number, 0) + weight
    values = {number: value / squares**0.5 for number, value in found.items()}
    for number in features.signal_buckets(text.signals):
        values[number] = values.get(number, 0) + features.SIGNAL_WEIGHT
    expected = [
        weights.biases[lane]
        + weights.scales[lane]
        * sum((weights.rows[n * LANES + lane] - 128) * value for n, value in values.items())
        for lane in range(LANES)
    ]
    assert weights.scores(text) == pytest.approx(expected)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_lanes_never_touch(numbers: list[int]) -> None:
    rows = bytes([0, 255, 128, 255, 0, 128, 1, 2, 3, 254, 253, 252])
    packed = PackedRows(rows, 3)
    expected = [sum(rows[n * 3 + lane] - 128 for n in numbers) for lane in range(3)]
    assert list(packed.unpack(*packed.total(numbers))) == expected


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.none() | st.text(max_size=40))
def test_any_text_gets_an_answer(text: str, subject: str | None) -> None:
    found = CLASSIFIER.classify(text, subject)
    assert 0 <= found.confidence <= 1
    assert found.refund_related is found.kind.is_refund_related


def test_the_model_card_says_what_it_is() -> None:
    card = shipped_card()
    weights = files("app.domain.classify").joinpath("weights")
    size = sum(len(weights.joinpath(name).read_bytes()) for name in ("heads.bin", "seen.bin"))
    assert size < 1_000_000
    assert card["features_version"] == features.VERSION
    trained_on = card["trained_on"]
    assert isinstance(trained_on, list)
    assert all({"title", "by", "licence", "rows"} <= set(source) for source in trained_on)
    assert card["date"]
    assert card["cross_source"]


def test_the_command_answers_each_line() -> None:
    line = json.dumps({"id": 7, "text": "I was charged twice for order 1001, $48.60 each time."})
    result = CliRunner().invoke(classify, input=line + "\n")
    row = json.loads(result.output)
    assert row["id"] == 7
    assert row["refund"] is True
    assert row["kind"] == "duplicate_charge"
    assert row["orders"] == ["1001"]
    assert row["amounts"] == [{"amount": "48.60", "currency": "USD"}]
    keys = {"refund_related", "confidence", "needs_human", "reason", "language", "sentiment"}
    assert keys | {"urgent"} <= set(row)


def test_evaluating_a_file_prints_its_scores(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"id": "1", "text": "Where is my refund?", "language": "en", "kind": "x"}\n')
    result = CliRunner().invoke(evaluate_command, [str(file), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.output)["sets"]["mine"]["kind_accuracy"]["score"] == 0
    file.write_text('{"id": "1"}\n')
    result = CliRunner().invoke(evaluate_command, [str(file)])
    assert result.exit_code == 2
    assert "line 1" in result.output


@pytest.mark.parametrize("count", [1, 255, 256, 257, 1_000])
def test_no_sum_of_heads_spills_into_its_neighbour(count: int) -> None:
    """The heaviest weights there are, added up more often than a row's lane holds."""
    packed = PackedRows(bytes([255, 0, 128]), 3)
    assert list(packed.unpack(*packed.total([0] * count))) == [127 * count, -128 * count, 0]
