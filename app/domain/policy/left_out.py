"""What one refund can't hold: eligible lines whose money goes elsewhere, or that get no money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.domain.decision import LineVerdict, Verdict
from app.domain.order import Order
from app.domain.plan import Destination, InvalidChoice, LeftOut, Plan
from app.domain.policy.model import Resolution
from app.domain.policy.proposal import proposal
from app.domain.pricing import build_plan

_NO_MONEY = {Resolution.EXCHANGE: "an exchange", Resolution.REPAIR: "a repair"}
_DESTINATIONS = {
    Destination.STORE_CREDIT: "store credit",
    Destination.ORIGINAL_PAYMENT: "its money back",
}


def left_out(order: Order, lines: Sequence[LineVerdict], plan: Plan) -> tuple[LeftOut, ...]:
    """The eligible lines that `plan` doesn't pay, those together that go together."""
    planned = {line.line_id for line in plan.lines}
    rest = [
        line for line in lines if line.verdict is Verdict.ELIGIBLE and line.line_id not in planned
    ]
    alike: dict[tuple[object, ...], list[LineVerdict]] = {}
    for line in rest:
        # No unit is left of it: there is nothing that could be lost.
        if order.line(line.line_id).refundable_quantity > 0:
            kind = (line.resolution, line.terms.destination, line.terms.bonus_percent)
            alike.setdefault(kind, []).append(line)
    return tuple(_without_money(group) or _own_refund(order, group) for group in alike.values())


def _without_money(group: Sequence[LineVerdict]) -> LeftOut | None:
    given = _NO_MONEY.get(group[0].resolution)
    if given is None:
        return None
    return LeftOut(
        line_ids=_ids(group),
        sentence=f"{_get(group)} {given}, no money: arrange it beside this refund.",
    )


def _own_refund(order: Order, group: Sequence[LineVerdict]) -> LeftOut:
    """Lines that a refund of their own would pay, with what it would give."""
    given = f"{_get(group)} {_DESTINATIONS[group[0].terms.destination]}"
    items = "that item" if len(group) == 1 else "these items"
    try:
        own = build_plan(order, proposal(order, {line.line_id: line.terms for line in group}))
    except InvalidChoice as error:
        return LeftOut(
            line_ids=_ids(group),
            sentence=f"{given}, which isn't part of this refund and can't be made: {error}.",
        )
    return LeftOut(
        line_ids=_ids(group),
        amount=own.credit_total,
        sentence=f"{given} ({own.credit_total}): release it as a refund of its own, by choosing "
        f"{items} alone.",
    )


def _ids(group: Iterable[LineVerdict]) -> tuple[str, ...]:
    return tuple(line.line_id for line in group)


def _get(group: Sequence[LineVerdict]) -> str:
    """`Saddle gets`, `Saddle, Pump and Lock get`."""
    names = [line.name for line in group]
    if len(names) == 1:
        return f"{names[0]} gets"
    return f"{', '.join(names[:-1])} and {names[-1]} get"
