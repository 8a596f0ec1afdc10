"""A request for approval that a fresh reading of the order made untrue is void by itself.

Only what the store says counts, and what people said has come back. That days went by, or that the
policy was written anew, changes nothing about what was asked.

Each refresh holds the request against what it was asked with, not against the refresh before: one
whose process died in between is made up for by the next.
"""

from __future__ import annotations

import logging

from app.domain.approval import ApprovalRequest
from app.domain.case import Case
from app.domain.decision import Decision
from app.domain.errors import Conflict
from app.domain.order import Order
from app.domain.plan import InvalidChoice, RefundChoice
from app.domain.pricing import build_plan
from app.domain.refund import RefundState
from app.records import OfferedPlan
from app.usecases.approval_moves import void_request
from app.usecases.changes import changed_facts, changes_in, no_longer_back
from app.usecases.deps import Deps

log = logging.getLogger(__name__)


def void_stale_requests(deps: Deps, before: Case, after: Case) -> None:
    """Void the case's open request where its order isn't any more what the plan was made from.

    `after` is `before` decided again and stored. Whoever decides about the request at the same
    moment is first: the order is read once more there.
    """
    for request in deps.approvals.of_case(after.account_id, after.id):
        refund = deps.ledger.get(after.account_id, request.refund_id)
        offered = deps.cases.offered(after.account_id, request.plan_id)
        if not request.is_open or refund is None or offered is None:
            continue
        if refund.state is not RefundState.AWAITING_APPROVAL:
            continue
        changes = _changes(request, offered, _asked_with(deps, offered, before), after)
        if not changes:
            continue
        try:
            void_request(deps, request, refund, after, changes)
        except Conflict:
            log.info("request decided meanwhile", extra={"approval": request.id})


_Asked = tuple[Order, Decision]


def _asked_with(deps: Deps, offered: OfferedPlan, before: Case) -> _Asked | None:
    """The order and the decision that a plan was offered by; for plans that don't tell, those of
    the case before it was decided again."""
    if offered.decision_id is not None:
        return deps.cases.decided(offered.account_id, offered.decision_id)
    if before.order is None or before.decision is None:
        return None
    return before.order, before.decision


def _changes(
    request: ApprovalRequest, offered: OfferedPlan, asked: _Asked | None, after: Case
) -> tuple[str, ...]:
    """What is different at the store, in words, and makes the plan or the answer another one."""
    if asked is None or after.order is None or after.decision is None:
        return ()
    order, decision = asked
    total = offered.plan.total
    changes = changes_in(offered.basis, after.order, total.currency)
    changes += no_longer_back(offered.basis, after)
    if changes:
        return changes
    # By our own reckoning alone: the store's own figure for the choice isn't asked again.
    if _price(order, offered.choice) == str(total):
        price = _price(after.order, offered.choice)
        if price != str(total):
            return (f"the total is {price} now, not {total}",)
    if after.decision.verdict is request.evidence.verdict:
        return ()
    return changed_facts(decision, after.decision)


def _price(order: Order, choice: RefundChoice) -> str:
    try:
        return str(build_plan(order, choice).total)
    except InvalidChoice as error:
        return f"none ({error})"
