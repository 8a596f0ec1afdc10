"""Money that waits for the goods: where the deciding clause gives it once they have come back.

A unit is free where its clause doesn't ask for a return, or where it is known to be back; nothing
is ever taken as back. Whatever moves money asks `held_back` first, but for a person's override.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.domain.decision import Decision, LineVerdict, Verdict
from app.domain.money import Money
from app.domain.order import LineItem, Order
from app.domain.plan import ChosenLine, Plan
from app.domain.pricing import order_after, plan_line, refundable_maximum


def units_free(line: LineVerdict, item: LineItem) -> int:
    """How many of a line's units that can be refunded wait for nothing."""
    if not line.requires_return:
        return item.refundable_quantity
    return min(line.units_back, item.refundable_quantity)


def units_waiting(line: LineVerdict, item: LineItem) -> int:
    """How many of a line's units that can be refunded have to come back first."""
    return item.refundable_quantity - units_free(line, item)


def waits_for_goods(decision: Decision, order: Order) -> bool:
    """Whether the policy gives money that has to wait for some of the order's goods."""
    return bool(_waiting(decision, order))


def goods_back(units: Iterable[tuple[LineItem, int]]) -> str:
    """`Mug has come back`, `2 × Mug and Pump have come back`."""
    found = list(units)
    names = [item.name if item.quantity == 1 else f"{count} × {item.name}" for item, count in found]
    said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    is_one = len(found) == 1 and found[0][1] == 1
    return f"{said} {'has' if is_one else 'have'} come back"


def waiting_words(order: Order, lines: Sequence[LineVerdict], plan: Plan | None) -> str | None:
    """`48.60 EUR once Mug has come back.`, where some of a plan's units aren't; else None."""
    missing = _not_back(order, lines, plan) if plan is not None else []
    if plan is None or not missing:
        return None
    return f"{plan.credit_total} once {goods_back(missing)}."


def held_back(decision: Decision, order: Order, plan: Plan) -> str | None:
    """Why no money may go by this plan yet, in words; None where nothing that it pays waits.

    What goes beyond the price of its items must not be the price of goods that aren't back.
    """
    missing = _not_back(order, decision.lines, plan)
    if missing:
        return f"the money waits until {goods_back(missing)}"
    if plan.adjustment.amount <= 0:
        return None
    waiting = _waiting(decision, order)
    most = most_now(decision, order, {line.line_id: line.quantity for line in plan.lines})
    if not waiting or plan.total <= most:
        return None
    goods = goods_back((order.line(line.line_id), count) for line, count in waiting)
    held = refundable_maximum(order) - most
    return f"{held} waits until {goods}: at most {most} can go now"


def most_now(decision: Decision, order: Order, planned: Mapping[str, int] | None = None) -> Money:
    """The most that can go back now: not the price of goods that have to come back first.

    With the units that are `planned`, to the cent: theirs are priced before those that wait.
    """
    later = order_after(order, planned or {})
    held = Money.total(
        (_price(later, line, count) for line, count in _waiting(decision, order)), order.currency
    )
    return max(refundable_maximum(order) - held, Money.zero(order.currency))


def _waiting(decision: Decision, order: Order) -> list[tuple[LineVerdict, int]]:
    return [
        (line, count)
        for line in decision.lines
        if line.verdict is Verdict.ELIGIBLE
        and (count := units_waiting(line, order.line(line.line_id)))
    ]


def _not_back(order: Order, lines: Iterable[LineVerdict], plan: Plan) -> list[tuple[LineItem, int]]:
    """The items of a plan that have to come back first, each with how many units of it."""
    verdicts = {line.line_id: line for line in lines}
    found = []
    for one in plan.lines:
        line = verdicts.get(one.line_id)
        item = order.line(one.line_id)
        if line is not None and one.quantity > units_free(line, item):
            found.append((item, one.quantity - units_free(line, item)))
    return found


def _price(order: Order, line: LineVerdict, count: int) -> Money:
    chosen = ChosenLine(
        line_id=line.line_id,
        quantity=count,
        percent=line.terms.percent,
        pro_rata=line.terms.pro_rata,
    )
    return plan_line(order, chosen).total
