"""Labelled tickets on disk, and what is measured on them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.domain.base import Value
from app.domain.classification import Classification, NamedAmount
from app.domain.classify.lexicon import SUPPORTED_LANGUAGES

# Labelled tickets, one file a source, beside the packages: they are not installed.
FOLDER = Path(__file__).parent.parent.parent / "evaluation"
# Resamplings behind an interval, and the share of them that lies inside.
_RESAMPLED = 300
_INSIDE = 0.95
_BINS = 10


class Gold(Value):
    """A text with what people say of it; None is not judged. `language` "" can't be told."""

    id: str
    text: str
    subject: str | None = None
    language: str
    kind: str | None = None
    refund: bool | None = None
    reason: str | None = None
    orders: tuple[str, ...] | None = None
    amounts: tuple[NamedAmount, ...] | None = None


class Answered(Value):
    """A labelled text and what was answered."""

    gold: Gold
    kind: str
    refund: bool
    confidence: float
    needs_human: bool
    language: str | None = None
    reason: str | None = None
    orders: tuple[str, ...] | None = None
    amounts: tuple[NamedAmount, ...] | None = None


def load_set(path: Path) -> list[Gold]:
    """The labelled tickets of a file of JSON lines. Raises ValueError with the line at fault."""
    rows: list[Gold] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append(gold_of(json.loads(line)))
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            raise ValueError(f"{path}: line {number}: {error}") from error
    return rows


def gold_of(row: dict[str, Any]) -> Gold:
    """One labelled ticket from its JSON; what isn't there isn't judged."""
    amounts = row.get("amounts")
    return Gold(
        id=str(row["id"]),
        text=row["text"],
        subject=row.get("subject"),
        language=row["language"] or "",
        kind=row.get("kind"),
        refund=None if row.get("refund") is None else bool(row["refund"]),
        reason=row.get("reason"),
        orders=None if row.get("orders") is None else tuple(row["orders"]),
        amounts=None
        if amounts is None
        else tuple(NamedAmount(amount=Decimal(value), currency=code) for value, code in amounts),
    )


def answer(gold: Gold, said: Classification) -> Answered:
    """A labelled text beside its classification."""
    return Answered(
        gold=gold,
        kind=str(said.kind),
        refund=said.refund,
        confidence=said.confidence,
        needs_human=said.needs_human,
        language=said.language,
        reason=str(said.reason),
        orders=said.orders,
        amounts=said.amounts,
    )


def _share(rights: Iterable[bool]) -> float | None:
    found = list(rights)
    return sum(found) / len(found) if found else None


def _f1(right: int, said: int, true: int) -> float:
    return 2 * right / (said + true) if said + true else 0.0


def kind_macro_f1(rows: Sequence[Answered]) -> float:
    """The mean F1 over the kinds that occur."""
    true = Counter(row.gold.kind for row in rows)
    said = Counter(row.kind for row in rows)
    right = Counter(row.kind for row in rows if row.kind == row.gold.kind)
    return sum(_f1(right[kind or ""], said[kind or ""], true[kind]) for kind in true) / len(true)


def calibration_error(rows: Sequence[Answered]) -> float:
    """How far confidence is from the share that is right, by tenths of confidence."""
    bins: dict[int, list[Answered]] = {}
    for row in rows:
        bins.setdefault(min(_BINS - 1, int(row.confidence * _BINS)), []).append(row)
    return sum(
        abs(
            sum(row.confidence for row in rows_of)
            - sum(row.kind == row.gold.kind and row.refund == row.gold.refund for row in rows_of)
        )
        for rows_of in bins.values()
    ) / len(rows)


def measures(answers: Sequence[Answered]) -> dict[str, float]:
    """All figures of the table; those that the rows can't tell are left out."""
    rows = [row for row in answers if row.gold.kind is not None]
    money = [row for row in rows if row.gold.refund is not None]
    decided = [row for row in money if not row.needs_human]
    right = sum(row.refund and bool(row.gold.refund) for row in money)
    said = sum(row.refund for row in money)
    true = sum(bool(row.gold.refund) for row in money)
    found: dict[str, float | None] = {
        "refund_f1": _f1(right, said, true) if true else None,
        "refund_precision": right / said if said else None,
        "refund_recall": right / true if true else None,
        "refund_accuracy": _share(row.refund == row.gold.refund for row in money),
        "kind_accuracy": _share(row.kind == row.gold.kind for row in rows),
        "kind_macro_f1": kind_macro_f1(rows) if rows else None,
        "calibration_error": calibration_error(money) if money else None,
        "decided": len(decided) / len(money) if money else None,
        "decided_accuracy": _share(row.refund == row.gold.refund for row in decided),
        "language": _share(
            row.language == row.gold.language
            for row in answers
            if row.gold.language in SUPPORTED_LANGUAGES and len(row.gold.text) > 12
        ),
        "other_languages_to_a_person": _share(
            row.needs_human
            for row in answers
            if row.gold.language and row.gold.language not in SUPPORTED_LANGUAGES
        ),
        "orders_exact": _share(
            set(row.orders) == set(row.gold.orders)
            for row in answers
            if row.orders is not None and row.gold.orders is not None
        ),
        "amounts_exact": _share(
            set(row.amounts) == set(row.gold.amounts)
            for row in answers
            if row.amounts is not None and row.gold.amounts is not None
        ),
        "reason": _share(
            row.reason == row.gold.reason
            for row in rows
            if row.reason is not None and row.gold.reason not in {None, "unknown"}
        ),
    }
    return {name: round(value, 4) for name, value in found.items() if value is not None}


def bootstrap(answers: Sequence[Answered], seed: int = 1) -> dict[str, Any]:
    """All figures with their 95 % intervals by resampling."""
    draw = random.Random(seed)  # noqa: S311
    whole = measures(answers)
    spread: dict[str, list[float]] = {name: [] for name in whole}
    for _ in range(_RESAMPLED):
        for name, value in measures(draw.choices(answers, k=len(answers))).items():
            spread.setdefault(name, []).append(value)
    return {
        "rows": len(answers),
        **{
            name: {"score": value, "low": _at(spread[name], low), "high": _at(spread[name], high)}
            for name, value in whole.items()
            for low, high in [((1 - _INSIDE) / 2, (1 + _INSIDE) / 2)]
        },
    }


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def evaluate(
    classify: Callable[[str, str | None], Classification], rows: Iterable[Gold]
) -> list[Answered]:
    """Classify all rows of a set."""
    return [answer(gold, classify(gold.text, gold.subject)) for gold in rows]
