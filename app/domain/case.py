"""A case: the one refund record of a ticket and its order."""

from __future__ import annotations

from pydantic import AwareDatetime

from app.domain.base import Value
from app.domain.classification import Classification, Request
from app.domain.crm import RefundStatus
from app.domain.decision import Decision, Verdict
from app.domain.matching import Match, MatchOutcome
from app.domain.order import Order
from app.domain.refund import Refund, RefundState
from app.domain.returns import Returned


class Case(Value):
    """Everything known about one ticket's refund.

    `order` is the snapshot that `decision` was made from; both are None until an order is matched
    or chosen. `returns` is what people said has come back of it. `set_aside_by` is the agent who
    said that it isn't about a refund: nothing can be released then. `revision` counts changes, so
    that a page can tell whether it is stale.
    """

    id: str
    account_id: str
    ticket_id: str
    requester_id: str
    requester_name: str | None
    subject: str
    classification: Classification
    request: Request
    match: Match
    order: Order | None = None
    decision: Decision | None = None
    decision_id: str | None = None
    problem: str | None = None
    returns: tuple[Returned, ...] = ()
    set_aside_by: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    revision: int = 1


_BY_VERDICT = {
    Verdict.ELIGIBLE: RefundStatus.ELIGIBLE,
    Verdict.NOT_ELIGIBLE: RefundStatus.NOT_ELIGIBLE,
    Verdict.NEEDS_REVIEW: RefundStatus.NEEDS_REVIEW,
}
_BY_MATCH = {
    MatchOutcome.CHOOSE: RefundStatus.CHOOSE_ORDER,
    MatchOutcome.NONE: RefundStatus.NO_ORDER,
    MatchOutcome.UNAVAILABLE: RefundStatus.STORE_UNAVAILABLE,
    MatchOutcome.MATCHED: RefundStatus.STORE_UNAVAILABLE,
}
_BY_REFUND = {
    RefundState.AWAITING_APPROVAL: RefundStatus.AWAITING_APPROVAL,
    RefundState.DECLINED: RefundStatus.DECLINED,
    RefundState.APPROVED: RefundStatus.REFUNDING,
    RefundState.HOLDING: RefundStatus.REFUNDING,
    RefundState.SENDING: RefundStatus.REFUNDING,
    RefundState.PENDING: RefundStatus.REFUNDING,
    RefundState.SETTLED: RefundStatus.REFUNDED,
    RefundState.FAILED: RefundStatus.FAILED,
    RefundState.UNKNOWN: RefundStatus.UNKNOWN,
}


def refund_status(case: Case, latest: Refund | None) -> RefundStatus:
    """The one word for where a case stands: its latest refund, else decision, else match."""
    if latest is not None and latest.state in _BY_REFUND:
        return _BY_REFUND[latest.state]
    if case.decision is not None:
        return _BY_VERDICT[case.decision.verdict]
    return _BY_MATCH[case.match.outcome]
