"""What has to come back before its money goes, and what is known to be back, item by item."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.decision import Decision, LineVerdict, Truth, Verdict
from app.domain.order import LineItem, Order
from app.domain.returns import Returned, with_returns
from app.usecases.cases import TicketView
from app.web.formats import Formats
from app.web.texts import text

_RETURN_FACTS = frozenset({"item.is_return_received", "item.days_since_return_received"})


@dataclass(frozen=True)
class ReturnView:
    """One item. `missing` of its `units` that can still be refunded aren't known to be back; `back`
    are, and `told` says who knows it. What a person said can be taken back (`is_said`).
    """

    line_id: str
    name: str
    units: int
    back: int
    told: str
    is_said: bool

    @property
    def missing(self) -> int:
        """Units that may yet come back."""
        return self.units - self.back


@dataclass(frozen=True)
class ReturnsView:
    """The card: `title` says whether something is still awaited."""

    title: str
    lines: tuple[ReturnView, ...]

    @property
    def awaited(self) -> int:
        """How many items are still awaited, at least in part."""
        return sum(1 for line in self.lines if line.missing)


def returns_view(view: TicketView, formats: Formats) -> ReturnsView | None:
    """None where nothing has to come back, and nobody said that something did."""
    case = view.case
    if case is None or case.order is None or case.decision is None:
        return None
    said = {one.line_id: one for one in case.returns}
    order = with_returns(case.order, case.returns)
    lines = tuple(
        _line(order.line(one.line_id), said.get(one.line_id), formats)
        for one in case.decision.lines
        if _matters(case.decision, one, order, said.get(one.line_id))
    )
    if not lines:
        return None
    is_awaited = any(line.missing for line in lines)
    return ReturnsView(text("back.title" if is_awaited else "back.title_all"), lines)


def _matters(decision: Decision, line: LineVerdict, order: Order, said: Returned | None) -> bool:
    """Whether its money waits for it, a rule asks whether it is back, or somebody said so."""
    item = order.line(line.line_id)
    if not item.refundable_quantity:
        return False
    waits = line.verdict is Verdict.ELIGIBLE and bool(line.requires_return)
    is_asked = any(
        comparison.fact in _RETURN_FACTS and comparison.truth is Truth.UNKNOWN
        for finding in decision.line_findings.get(line.line_id, ())
        for comparison in finding.comparisons
    )
    return waits or is_asked or (said is not None and said.units_left(item) > 0)


def _line(item: LineItem, said: Returned | None, formats: Formats) -> ReturnView:
    back, units = item.units_back, item.refundable_quantity
    is_said = said is not None and said.units_left(item) > 0
    told = ""
    if back:
        count = text("back.all") if back == units else text("back.some", count=back, total=units)
        told = text("back.by_store", count=count)
        if said is not None and is_said:
            when = formats.moment(said.said_at)
            told = text("back.by", count=count, name=said.said_by_name, when=when)
    return ReturnView(item.id, item.name, units, back, told, is_said)
