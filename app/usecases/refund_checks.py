"""What must hold before a refund is started, and again right before its money is sent."""

from __future__ import annotations

from app.domain.case import Case
from app.domain.errors import Conflict, NotAllowed, Rejected
from app.domain.order import Order
from app.domain.plan import InvalidChoice, RefundChoice
from app.domain.policy.waiting import held_back
from app.domain.pricing import build_plan
from app.domain.refund import Refund
from app.ports import Recheck, Store
from app.records import OfferedPlan
from app.usecases.changes import changes_since, no_longer_back
from app.usecases.deps import Deps


def check_current(case: Case, offered: OfferedPlan) -> None:
    """Raise unless the plan belongs to what the case says now and may be executed."""
    if offered.case_revision != case.revision:
        raise Conflict("The case changed since this plan was shown. Look at the new figures.")
    if case.set_aside_by is not None:
        raise NotAllowed("No refund can be started: this case was set aside as not about a refund")
    decision = case.decision
    if decision is None or decision.plan is None or not decision.is_money_allowed:
        blocked = decision.blocked_because if decision else ()
        reason = blocked[0] if blocked else "the policy doesn't allow it"
        # A part of an order may be refundable while the whole is not, or a person may have set a
        # clause aside: such a plan was checked line by line, with the store, when it was offered.
        was_checked = offered.plan.comparison is not None or offered.chosen_by is not None
        if decision is None or not was_checked:
            raise NotAllowed(f"No refund can be started: {reason}")
    if offered.override is None and case.order is not None:
        waits = held_back(decision, case.order, offered.plan)
        if waits is not None:
            raise NotAllowed(f"No refund can be started: {waits}.")
    if not offered.plan.is_exact:
        raise Conflict("Our figure and the store's differ: nothing is refunded.")


def recheck_now(store: Store, refund: Refund, order: Order, choice: RefundChoice) -> Recheck | None:
    """The facts as they are now; None when the store has this very refund already."""
    try:
        recheck = store.recheck(order, choice)
    except Rejected:
        if store.find_refund(refund) is not None:
            return None
        raise
    return None if any(refund.marker in note for note in recheck.notes) else recheck


def objection(
    deps: Deps, refund: Refund, case: Case, offered: OfferedPlan, recheck: Recheck
) -> str | None:
    """What speaks against sending, in words; None when everything still is as it was shown."""
    order = case.order
    if order is None or (order.store_id, order.order_id) != (refund.store_id, refund.order_id):
        return "another order was chosen for this ticket meanwhile"
    changed = changes_since(offered.basis, recheck, refund.plan.total.currency)
    changed += no_longer_back(offered.basis, case)
    if changed:
        return "; ".join(changed)
    if other := _sent_meanwhile(deps, refund, case, offered):
        return (
            f"{other.plan.total} of this order was sent back meanwhile by "
            f"{other.requested_by_name} ({other.marker})"
        )
    try:
        plan = build_plan(order, offered.choice, recheck.suggestion)
    except InvalidChoice as error:
        return str(error)
    if plan.comparison is not None and not plan.comparison.agrees:
        return f"the store's figure is {plan.comparison.stores} now, not {plan.comparison.ours}"
    if plan.total != refund.plan.total:
        return f"the total is {plan.total} now, not {refund.plan.total}"
    return None


def _sent_meanwhile(deps: Deps, refund: Refund, case: Case, offered: OfferedPlan) -> Refund | None:
    """A refund of the same order that was sent after the figures of this plan were read.

    The store's own total can't show it: money that waits for the payment provider isn't counted
    there, and a plain amount takes no units off the order.
    """
    read_at = offered.created_at
    if case.order is not None and case.order.read_at < read_at:
        read_at = case.order.read_at
    others = deps.ledger.of_order(refund.account_id, refund.store_id, refund.order_id)
    for other in others:
        if other.id == refund.id or not other.state.counts_as_spent:
            continue
        if other.sent_at is not None and other.sent_at >= read_at:
            return other
    return None
