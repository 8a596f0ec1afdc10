"""What one refund can't hold: eligible lines whose money goes elsewhere or waits for the goods,
or that get no money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.domain.decision import LineVerdict, Verdict
from app.domain.order import LineItem, Order
from app.domain.plan import Destination, InvalidChoice, LeftOut, Plan
from app.domain.policy.model import Resolution
from app.domain.policy.proposal import proposal
from app.domain.policy.waiting import goods_back, units_free
from app.domain.pricing import build_plan, order_after

_NO_MONEY = {Resolution.EXCHANGE: "an exchange", Resolution.REPAIR: "a repair"}
_DESTINATIONS = {
    Destination.STORE_CREDIT: "store credit",
    Destination.ORIGINAL_PAYMENT: "its money back",
}


def left_out(
    order: Order,
    lines: Sequence[LineVerdict],
    plan: Plan,
    with_shipping: Sequence[str] = (),
) -> tuple[LeftOut, ...]:
    """What `plan` doesn't pay of the eligible lines, those together that go together.

    That is what goes elsewhere, what gets no money, and what has to come back first.
    """
    planned = {line.line_id: line.quantity for line in plan.lines}
    alike: dict[tuple[object, ...], list[_Rest]] = {}
    for line in lines:
        item = order.line(line.line_id)
        # No unit is left of it: there is nothing that could be lost.
        if line.verdict is not Verdict.ELIGIBLE or not item.refundable_quantity:
            continue
        kind = (line.resolution, line.terms.destination, line.terms.bonus_percent)
        for rest in _rests(line, item, planned.get(line.line_id, 0)):
            alike.setdefault((*kind, rest.waits), []).append(rest)
    does_wait = any(group[0].waits for group in alike.values())
    later = order_after(order, planned) if does_wait else order
    return tuple(
        _waiting(later, group, plan, with_shipping)
        if group[0].waits
        else _without_money([rest.line for rest in group])
        or _own_refund(order, [rest.line for rest in group])
        for group in alike.values()
    )


@dataclass(frozen=True)
class _Rest:
    """Units of a line that a plan leaves out, and whether they have to come back first."""

    line: LineVerdict
    units: int
    waits: bool = False


def _rests(line: LineVerdict, item: LineItem, planned: int) -> Iterator[_Rest]:
    if not line.resolution.moves_money:
        yield _Rest(line, item.refundable_quantity)
        return
    free = units_free(line, item)
    if free > planned:
        yield _Rest(line, free - planned)
    waiting = item.refundable_quantity - max(free, planned)
    if waiting > 0:
        yield _Rest(line, waiting, waits=True)


def _waiting(
    later: Order, group: Sequence[_Rest], plan: Plan, with_shipping: Sequence[str]
) -> LeftOut:
    """Units whose money goes once they are back, with what a refund of theirs gives then."""
    units = {rest.line.line_id: rest.units for rest in group}
    goods = goods_back((later.line(line_id), count) for line_id, count in units.items())
    destination = group[0].line.terms.destination
    where = "" if destination is plan.destination else f", as {_DESTINATIONS[destination]},"
    terms = {rest.line.line_id: rest.line.terms for rest in group}
    try:
        own = build_plan(later, proposal(later, terms, with_shipping, units))
    except InvalidChoice as error:
        return LeftOut(
            line_ids=tuple(units), sentence=f"No refund can be made once {goods}: {error}."
        )
    return LeftOut(
        line_ids=tuple(units),
        amount=own.credit_total,
        waits=own.total_in_shop_currency,
        sentence=f"{own.credit_total} more{where} once {goods}.",
    )


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
