"""A request for approval that a fresh reading of the order made untrue is void by itself.

Only what the store says counts. That days went by, or that the policy was written anew, changes
nothing about what was asked.
"""

from __future__ import annotations

import logging

from app.domain.approval import ApprovalRequest
from app.domain.case import Case
from app.domain.errors import Conflict
from app.domain.order import Order
from app.domain.plan import InvalidChoice, RefundChoice
from app.domain.pricing import build_plan
from app.domain.refund import RefundState
from app.records import OfferedPlan
from app.usecases.approval_moves import void_request
from app.usecases.changes import changed_facts, changes_in
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
        changes = _changes(request, offered, before, after)
        if not changes:
            continue
        try:
            void_request(deps, request, refund, after, changes)
        except Conflict:
            log.info("request decided meanwhile", extra={"approval": request.id})


def _changes(
    request: ApprovalRequest, offered: OfferedPlan, before: Case, after: Case
) -> tuple[str, ...]:
    """What is different at the store, in words, and makes the plan or the answer another one."""
    if before.order is None or after.order is None or not (before.decision and after.decision):
        return ()
    total = offered.plan.total
    changes = changes_in(offered.basis, after.order, total.currency)
    if changes:
        return changes
    # By this reading alone, as before: the store's own figure for the choice isn't asked again.
    if _price(before.order, offered.choice) == str(total):
        price = _price(after.order, offered.choice)
        if price != str(total):
            return (f"the total is {price} now, not {total}",)
    if after.decision.verdict is request.evidence.verdict:
        return ()
    return changed_facts(before.decision, after.decision)


def _price(order: Order, choice: RefundChoice) -> str:
    try:
        return str(build_plan(order, choice).total)
    except InvalidChoice as error:
        return f"none ({error})"
