"""What labels and counts show: confusion table, and what suddenly comes more often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from app.domain.base import Value
from app.domain.feedback import DayCount, Label, LabelKind

_SPIKE_LEAST = 5
_SPIKE_TIMES = 2.0
_WEEKS_BEFORE = 4
NOT_A_REFUND = "not_refund"


class Confusion(Value):
    """How often one answer was corrected to another."""

    said: str
    right: str
    count: int


class Spike(Value):
    """What came far more often in the last seven days than in a week of the four before.

    `field` is kind, reason or product.
    """

    field: str
    value: str
    count: int
    usual: float


def _answers(label: Label) -> tuple[str, str]:
    said = label.said_kind.value if label.said_refund or label.right_refund else NOT_A_REFUND
    if label.what is LabelKind.NOT_REFUND:
        return label.said_kind.value, NOT_A_REFUND
    if label.what is LabelKind.IS_REFUND:
        return (NOT_A_REFUND, label.right_kind.value if label.right_kind else "refund")
    return said, label.right_kind.value if label.right_kind else NOT_A_REFUND


def confusions(labels: Iterable[Label]) -> list[Confusion]:
    """What was taken for what, the most frequent first; corrected orders aren't in it."""
    pairs = Counter(_answers(one) for one in labels if one.what is not LabelKind.ORDER)
    return [
        Confusion(said=said, right=right, count=count)
        for (said, right), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    ]


def spikes(days: Sequence[DayCount], today: date) -> list[Spike]:
    """Kinds, reasons and products that came at least twice as often as usual, and five times."""
    week_ago = today - timedelta(days=7)
    begin = week_ago - timedelta(weeks=_WEEKS_BEFORE)
    found: list[Spike] = []
    for field in ("kind", "reason", "product"):
        now: Counter[str] = Counter()
        before: Counter[str] = Counter()
        for day in days:
            value = str(getattr(day, field))
            when = date.fromisoformat(day.day)
            if not value or value == "unknown" or when <= begin or when > today:
                continue
            (now if when > week_ago else before)[value] += day.count
        for value, count in now.items():
            usual = before[value] / _WEEKS_BEFORE
            if count >= _SPIKE_LEAST and count >= _SPIKE_TIMES * max(usual, 1.0):
                found.append(Spike(field=field, value=value, count=count, usual=round(usual, 1)))
    return sorted(found, key=lambda spike: -spike.count / max(spike.usual, 1.0))
