"""A person says what has come back; the case is decided anew with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.domain.case import Case
from app.domain.errors import Conflict
from app.domain.order import LineItem, Order
from app.domain.people import Agent, Tier
from app.domain.plan import InvalidChoice
from app.domain.refund import RefundState
from app.domain.returns import Returned
from app.ports import Account
from app.usecases.cases import redecide, require_case
from app.usecases.deps import Deps
from app.usecases.people import require_tier


def say_returned(
    deps: Deps, account: Account, case_id: str, units: Mapping[str, int], agent: Agent
) -> Case:
    """Say how many of the units of each line that can still be refunded are back, with name and
    time; 0 takes an earlier word back. The order is read again and decided with it.

    Saying the same again changes nothing. Raises InvalidChoice for more than can be refunded or
    for a line that isn't there, Conflict without a decision, once the case was set aside or while
    money of it may be moving, NotAllowed, and VendorError when the store doesn't answer: then
    nothing was recorded.
    """
    require_tier(agent, Tier.AGENT, "say what has come back")
    case = require_case(deps, account, case_id)
    if case.order is None or case.decision is None:
        raise Conflict("There is no decision yet: choose the order first.")
    if case.set_aside_by is not None:
        raise Conflict("This case was set aside as not about a refund.")
    if _is_said(case, case.order, units):
        return case
    _require_rest(deps, case)
    now = deps.clock.now()

    def revise(fresh: Case, order: Order) -> Case:
        return fresh.model_copy(update={"returns": _said(fresh, order, units, agent, now)})

    return redecide(
        deps,
        case,
        agent.id,
        "return_said" if any(units.values()) else "return_undone",
        revise=revise,
        noted={"items": _words(case.order, units), "units": dict(units), "name": agent.name},
    )


def _require_rest(deps: Deps, case: Case) -> None:
    """Raise Conflict while a refund is under way that rests on what was said before.

    A request for approval is none: it is void by itself where this makes it untrue.
    """
    for refund in deps.ledger.of_case(case.account_id, case.id):
        if refund.state is RefundState.HOLDING:
            raise Conflict("A refund is about to be sent: cancel it first.")
        is_moving = refund.state.is_open or refund.state is RefundState.PENDING
        if is_moving and refund.state is not RefundState.AWAITING_APPROVAL:
            raise Conflict("A refund of this case is on its way: wait until it is done.")


def _is_said(case: Case, order: Order, units: Mapping[str, int]) -> bool:
    said = {one.line_id: one.units_left(_item(order, one.line_id)) for one in case.returns}
    return all(said.get(line_id, 0) == count for line_id, count in units.items())


def _said(
    case: Case, order: Order, units: Mapping[str, int], agent: Agent, now: datetime
) -> tuple[Returned, ...]:
    said = {one.line_id: one for one in case.returns}
    for line_id, count in units.items():
        item = _item(order, line_id)
        if count > item.refundable_quantity:
            raise InvalidChoice(
                f"{item.name}: {count} said to be back, but {item.refundable_quantity} of "
                f"{item.quantity} can still be refunded"
            )
        said.pop(line_id, None)
        if count:
            said[line_id] = Returned(
                line_id=line_id,
                quantity=count,
                refundable=item.refundable_quantity,
                said_at=now,
                said_by=agent.id,
                said_by_name=agent.name,
            )
    return tuple(said.values())


def _item(order: Order, line_id: str) -> LineItem:
    try:
        return order.line(line_id)
    except KeyError as error:
        raise InvalidChoice(str(error.args[0])) from None


def _words(order: Order, units: Mapping[str, int]) -> str:
    """`1 × Mug, 2 × Pump`; of what was taken back the names alone."""
    items = [(count, _item(order, line_id).name) for line_id, count in units.items()]
    return ", ".join(f"{count} × {name}" if count else name for count, name in items)
