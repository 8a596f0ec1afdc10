"""How well tickets are read: one HTML fragment for team leads, drawn from labels and counts.

The charts are plain SVG of the template: a chart library's own style sheet and script would need
holes in the content security policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, render_template

from app.domain.feedback import WeekOfReading
from app.domain.insight import Spike, confusions, spikes
from app.domain.people import Tier
from app.usecases.people import require_tier
from app.web.context import account, acting_agent, web
from app.web.describe import describe
from app.web.errors import Problem
from app.web.sign_in import require_session
from app.web.texts import text, text_or_code

learning_page = Blueprint("learning_page", __name__)

_WEEKS = 12
_MOST_ROWS = 12


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart: `share` is its length in per cent of the longest."""

    label: str
    value: str
    share: int


@dataclass(frozen=True)
class Curve:
    """A line over weeks: points of a 100 × 40 drawing, and its newest value in words."""

    label: str
    points: str
    dots: tuple[tuple[str, str], ...]
    newest: str


@dataclass(frozen=True)
class LearningView:
    """Everything on the page."""

    tickets: int
    corrected: int
    curves: tuple[Curve, ...]
    weeks: tuple[tuple[str, str, str, str, str], ...]
    confusions: tuple[Bar, ...]
    spikes: tuple[str, ...]
    kinds: tuple[Bar, ...]
    reasons: tuple[Bar, ...]
    products: tuple[Bar, ...]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _curve(label: str, values: list[float | None]) -> Curve:
    known = [(i, value) for i, value in enumerate(values) if value is not None]
    step = 100 / max(1, len(values) - 1)
    dots = tuple((f"{i * step:.1f}", f"{38 - 36 * value:.1f}") for i, value in known)
    return Curve(
        label=label,
        points=" ".join(f"{x},{y}" for x, y in dots),
        dots=dots,
        newest=_percent(known[-1][1] if known else None),
    )


def _bars(rows: list[tuple[str, int]]) -> tuple[Bar, ...]:
    rows = sorted(rows, key=lambda row: (-row[1], row[0]))[:_MOST_ROWS]
    longest = max((count for _, count in rows), default=1)
    return tuple(Bar(label, str(count), round(100 * count / longest)) for label, count in rows)


def _counted(days: list[tuple[str, int]], words: str | None) -> tuple[Bar, ...]:
    total: dict[str, int] = {}
    for value, count in days:
        if value and value != "unknown":
            total[value] = total.get(value, 0) + count
    return _bars(
        [(text_or_code(words, value) if words else value, n) for value, n in total.items()]
    )


def _spike_words(spike: Spike) -> str:
    name = spike.value if spike.field == "product" else text_or_code(spike.field, spike.value)
    return text("learning.spike", name=name, count=spike.count, usual=f"{spike.usual:g}")


def _week(week: WeekOfReading) -> tuple[str, str, str, str, str]:
    return (
        week.week,
        str(week.called_refund),
        str(week.called_other),
        _percent(week.precision),
        _percent(week.recall),
    )


def learning_view(now: datetime) -> LearningView:
    """Twelve weeks of the session's account."""
    deps, owner = web().deps, account()
    since = now - timedelta(weeks=_WEEKS)
    weeks = deps.learning.weeks(owner.id, since)
    labels = deps.learning.labels(owner.id, since)
    days = deps.learning.days(owner.id, since)
    pairs = [
        (
            text("learning.taken_for", right=_kind(one.right), said=_kind(one.said)),
            one.count,
        )
        for one in confusions(labels)
    ]
    return LearningView(
        tickets=sum(week.called_refund + week.called_other for week in weeks),
        corrected=len(labels),
        curves=(
            _curve(text("learning.precision"), [week.precision for week in weeks]),
            _curve(text("learning.recall"), [week.recall for week in weeks]),
        ),
        weeks=tuple(_week(week) for week in reversed(weeks)),
        confusions=_bars(pairs),
        spikes=tuple(_spike_words(one) for one in spikes(days, now.date())),
        kinds=_counted([(day.kind, day.count) for day in days], "kind"),
        reasons=_counted([(day.reason, day.count) for day in days], "reason"),
        products=_counted([(day.product, day.count) for day in days], None),
    )


def _kind(value: str) -> str:
    return text_or_code("kind", value)


@learning_page.get("/sidebar/reading")
@describe(
    "How well tickets are read, with what was corrected, as HTML. For team leads and above.",
    answers={200: None, 401: Problem, 403: Problem, 502: Problem, 503: Problem},
    media_type="text/html",
)
def show() -> Response:
    """From the database; only the person's role may be read from the helpdesk."""
    require_session()
    require_tier(acting_agent(), Tier.TEAM_LEAD, "look at how tickets are read")
    view = learning_view(web().deps.clock.now())
    return Response(render_template("learning.html", v=view), mimetype="text/html")
