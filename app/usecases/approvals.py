"""Four eyes: what one person may not release alone, another one approves or declines.

request_approval   a plan above the clicker's tier waits, with its evidence and a reason
approve            the facts are read once more; then it is released at once, without a hold
deny               with a reason
withdraw           by who asked

Each is one step with its refund, its note and its audit event, so that two clicks, two tabs or two
workers give one. The plan is the one that was asked for; nothing of it changes on the way. What the
policy said when it was asked stays, however long the approval takes; what the order says is read
again when it is approved and once more before the money is sent.
"""

from __future__ import annotations

from typing import NoReturn

from app.domain.approval import (
    REASON_LENGTH,
    ApprovalRequest,
    ApprovalState,
    Delegation,
    first_asked,
)
from app.domain.case import Case
from app.domain.errors import AccessDenied, Conflict, InvalidEntry, NotAllowed, Rejected
from app.domain.masking import mask_payment_data
from app.domain.people import Agent, Tier
from app.domain.refund import Refund, RefundState
from app.ports import Account
from app.records import OfferedPlan, new_id
from app.usecases.approval_moves import closed, move_request, void_request
from app.usecases.approval_notes import (
    approval_write,
    approved_note,
    denied_note,
    requested_note,
    withdrawn_note,
)
from app.usecases.authority import authority_to_decide, lent_to, needed_tier
from app.usecases.cases import require_case
from app.usecases.deps import Deps
from app.usecases.evidence import gather_evidence, prefilled_reason
from app.usecases.intents import new_refund
from app.usecases.people import require_tier
from app.usecases.refund_checks import check_current, objection, recheck_now
from app.usecases.refund_outcomes import refresh_after
from app.usecases.reminders import rhythm


def request_approval(
    deps: Deps,
    account: Account,
    plan_id: str,
    agent: Agent,
    reason: str | None,
    notify_customer: bool,
) -> tuple[ApprovalRequest, bool]:
    """Ask for the release of a plan that was shown. The same plan always gives the same request.

    `reason` None takes the prefilled one. Answers the request and whether this call made it.
    Raises NotAllowed, Conflict (as `request_refund`), InvalidEntry for a reason that is empty or
    too long.
    """
    require_tier(agent, Tier.AGENT, "ask for approval")
    offered = deps.cases.offered(account.id, plan_id)
    if offered is None:
        raise LookupError(f"there is no plan {plan_id}")
    case = require_case(deps, account, offered.case_id)
    known = _request_of_plan(deps, account, case, plan_id)
    if known is not None:
        return known, False
    needed = needed_tier(deps, case, offered, agent.id)
    if agent.tier is not None and agent.tier.covers(needed):
        raise NotAllowed("You may release this yourself: nobody has to be asked.")
    check_current(case, offered)
    words = _words(reason if reason is not None else prefilled_reason(case, offered.override))
    now = deps.clock.now()
    refund = new_refund(case, offered, agent, RefundState.AWAITING_APPROVAL, now, notify_customer)
    request = ApprovalRequest(
        id=new_id("approval"),
        account_id=account.id,
        case_id=case.id,
        refund_id=refund.id,
        plan_id=plan_id,
        ticket_id=case.ticket_id,
        order_name=refund.order_name,
        amount=refund.plan.credit_total,
        needed=needed,
        requested_by=agent.id,
        requested_by_name=agent.name,
        requested_by_email=agent.email,
        reason=words,
        evidence=gather_evidence(deps, case, offered),
        overrides=_overridden(case, offered),
        created_at=now,
        asked=first_asked(needed),
        next_reminder_at=now + rhythm(deps, account.id, refund.store_id).every,
    )
    write = approval_write(
        deps, case, refund, request, requested_note(request, refund), step="requested"
    )
    stored, is_new = deps.ledger.open(refund, now, approval=request, write=write)
    if is_new:
        deps.notifier.wake("ticket_write", write.id)
        return request, True
    known = deps.approvals.of_refund(account.id, stored.id)
    if known is None:
        raise Conflict("This plan was released meanwhile. Look at where its refund stands.")
    return known, False


def _request_of_plan(
    deps: Deps, account: Account, case: Case, plan_id: str
) -> ApprovalRequest | None:
    for refund in deps.ledger.of_case(account.id, case.id):
        if refund.plan_id == plan_id:
            known = deps.approvals.of_refund(account.id, refund.id)
            if known is None:
                raise Conflict("This plan was released already. Look at where its refund stands.")
            return known
    return None


def _words(text: str) -> str:
    """A person's reason as it is kept: without payment data. Raises InvalidEntry."""
    words = mask_payment_data(text).strip()
    if not words:
        raise InvalidEntry("A reason is needed.")
    if len(words) > REASON_LENGTH:
        raise InvalidEntry(f"The reason is longer than {REASON_LENGTH} characters.")
    return words


def _overridden(case: Case, offered: OfferedPlan) -> str | None:
    """The clause that the plan goes against, as people know it, with the person's own reason."""
    if offered.override is None:
        return None
    titles = case.decision.titles() if case.decision else {}
    title = titles.get(offered.override.clause_id, offered.override.clause_id)
    return f"{title}. {offered.override.reason}"


# --- decisions ----------------------------------------------------------------------------------


def approve(deps: Deps, account: Account, approval_id: str, agent: Agent) -> ApprovalRequest:
    """Release the plan. Approving twice is approving once.

    Raises NotAllowed (own request, tier, suspended), VendorError when the store can't be read
    (then nothing changed), and Conflict when somebody else decided, or when the order's facts
    changed: then the request is void, and the error names the changes.
    """
    request, refund, case, offered = _asked(deps, account, approval_id)
    if not request.is_open:
        return _decided(request, ApprovalState.APPROVED, agent)
    delegation = _authority(deps, account, agent, request, case, offered)
    changes = _changes(deps, refund, case, offered)
    if changes:
        _void(deps, request, refund, case, changes)
    answer = _answer(deps, ApprovalState.APPROVED, agent, delegation)
    after = request.model_copy(update=answer)
    moved = refund.moved_to(RefundState.APPROVED)
    note = approved_note(after, moved)
    write = approval_write(deps, case, moved, after, note, step="approved")
    changed: dict[str, object] = {"next_check_at": deps.clock.now()}
    after = move_request(deps, refund, moved.state, agent.id, changed, request, answer, write)
    deps.notifier.wake("refund", refund.id)
    return after


def deny(
    deps: Deps, account: Account, approval_id: str, agent: Agent, reason: str
) -> ApprovalRequest:
    """Decline the plan, with a reason that the requester reads. Raises as `approve`."""
    request, refund, case, offered = _asked(deps, account, approval_id)
    if not request.is_open:
        return _decided(request, ApprovalState.DENIED, agent)
    delegation = _authority(deps, account, agent, request, case, offered)
    words = _words(reason)
    answer = _answer(deps, ApprovalState.DENIED, agent, delegation) | {"answer": words}
    after = request.model_copy(update=answer)
    declined = refund.moved_to(RefundState.DECLINED)
    write = approval_write(deps, case, declined, after, denied_note(after, declined), step="denied")
    changed = closed(f"Declined by {agent.name}: {words}")
    return move_request(deps, refund, declined.state, agent.id, changed, request, answer, write)


def withdraw(deps: Deps, account: Account, approval_id: str, agent: Agent) -> ApprovalRequest:
    """Take one's own request back. Raises NotAllowed, Conflict when it was decided."""
    request, refund, case, _ = _asked(deps, account, approval_id)
    require_tier(agent, Tier.AGENT, "withdraw a request")
    if not request.is_own(agent):
        raise NotAllowed(
            f"Only {request.requested_by_name} may withdraw this request. Whoever may release it "
            "can decline it."
        )
    if not request.is_open:
        return _decided(request, ApprovalState.WITHDRAWN, agent)
    answer = _answer(deps, ApprovalState.WITHDRAWN, agent, None)
    after = request.model_copy(update=answer)
    cancelled = refund.moved_to(RefundState.CANCELLED)
    note = withdrawn_note(after, cancelled)
    write = approval_write(deps, case, cancelled, after, note, step="withdrawn")
    changed = closed(f"Withdrawn by {agent.name}.")
    return move_request(deps, refund, cancelled.state, agent.id, changed, request, answer, write)


def _asked(
    deps: Deps, account: Account, approval_id: str
) -> tuple[ApprovalRequest, Refund, Case, OfferedPlan]:
    request = deps.approvals.get(account.id, approval_id)
    if request is None:
        raise LookupError(f"there is no request {approval_id}")
    refund = deps.ledger.get(account.id, request.refund_id)
    # Read again after its refund: a request that is open now was open when the refund was read.
    request = deps.approvals.get(account.id, approval_id)
    offered = None if request is None else deps.cases.offered(account.id, request.plan_id)
    if request is None or refund is None or offered is None:
        raise LookupError(f"the refund of request {approval_id} is gone")
    return request, refund, require_case(deps, account, request.case_id), offered


def _authority(
    deps: Deps,
    account: Account,
    agent: Agent,
    request: ApprovalRequest,
    case: Case,
    offered: OfferedPlan,
) -> Delegation | None:
    """By the policy and the tiers of this moment. Raises NotAllowed, VendorError."""
    lent = lent_to(deps, account, agent, is_for_looking=False)
    needed = needed_tier(deps, case, offered, request.requested_by)
    return authority_to_decide(agent, request, needed, lent)


_OUTCOMES = {
    ApprovalState.APPROVED: "approved by {name}",
    ApprovalState.DENIED: "declined by {name}",
    ApprovalState.WITHDRAWN: "withdrawn by {name}",
    ApprovalState.VOID: "voided, because the order changed",
}


def _decided(request: ApprovalRequest, wanted: ApprovalState, agent: Agent) -> ApprovalRequest:
    """A decision that was made before: the same one again is no mistake, another one is."""
    if request.state is wanted and request.decided_by == agent.id:
        return request
    how = _OUTCOMES[request.state].format(name=request.decided_by_name or "somebody")
    raise Conflict(
        f"This request is closed: it was {how}.",
        request.changes,
        next_step="Nothing is left to decide. The ticket says what became of it.",
    )


def _answer(
    deps: Deps, state: ApprovalState, agent: Agent, delegation: Delegation | None
) -> dict[str, object]:
    """What a person's decision changes about a request."""
    return {
        "state": state,
        "decided_by": agent.id,
        "decided_by_name": agent.name,
        "decided_for": delegation.from_id if delegation else None,
        "decided_for_name": delegation.from_name if delegation else None,
        "decided_at": deps.clock.now(),
        "next_reminder_at": None,
    }


def _changes(deps: Deps, refund: Refund, case: Case, offered: OfferedPlan) -> tuple[str, ...]:
    """What is different at the store now. Raises VendorError when it can't be read."""
    if case.order is None:
        return ("the case has no order any more",)
    store = deps.store_by_id(case.account_id, refund.store_id)
    try:
        recheck = recheck_now(store, refund, case.order, offered.choice)
    except AccessDenied:
        raise
    except Rejected as error:
        return (f"the store says: {error}",)
    if recheck is None:
        return ("the store has a refund with this reference already",)
    problem = objection(deps, refund, case, offered, recheck)
    return tuple(problem.split("; ")) if problem else ()


def _void(
    deps: Deps, request: ApprovalRequest, refund: Refund, case: Case, changes: tuple[str, ...]
) -> NoReturn:
    """Close a request whose plan isn't true any more; always raises Conflict with the changes."""
    void_request(deps, request, refund, case, changes)
    refresh_after(deps, refund)
    raise Conflict(
        "Nothing was released: the order changed since this was asked. The request is void, and "
        f"{request.requested_by_name} is told.",
        changes,
        next_step="Nothing is left to decide. It can be asked for again with the new figures.",
    )
