"""A request for approval as values: every word and figure that the templates print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.approval import ApprovalState, Asked
from app.usecases.approval_queue import Standing
from app.web.approval_bodies import age_text
from app.web.formats import Formats
from app.web.reasons_view import FindingView, findings_view
from app.web.texts import text


@dataclass(frozen=True)
class ApprovalView:
    """One request for one person. `tone` is the look of its state."""

    id: str
    state: str
    tone: str
    title: str
    amount: str
    order: str
    ticket_id: str
    waiting: str
    overdue: str | None
    requester: str
    reason: str
    overrides: str | None
    verdict: str
    headline: str
    plan: str
    goes_to: str
    rows: tuple[tuple[str, str], ...]
    policy: str
    findings: tuple[FindingView, ...]
    may_decide: bool
    may_withdraw: bool
    why_not: str | None
    outcome: str | None
    changes: tuple[str, ...]


_TONES = {
    ApprovalState.OPEN: "info",
    ApprovalState.APPROVED: "good",
    ApprovalState.DENIED: "bad",
    ApprovalState.VOID: "warn",
    ApprovalState.WITHDRAWN: "plain",
}


def approval_view(stands: Standing, now: datetime, formats: Formats) -> ApprovalView:
    """Everything about one request, in the reader's own way of writing."""
    request = stands.request
    evidence = request.evidence
    amount = formats.money(request.amount)
    return ApprovalView(
        id=request.id,
        state=request.state.value,
        tone=_TONES[request.state],
        title=text("approval.title", amount=amount, order=request.order_name),
        amount=amount,
        order=request.order_name,
        ticket_id=request.ticket_id,
        waiting=text(
            "approval.waiting",
            who=_asked(stands),
            since=formats.moment(request.created_at),
            age=age_text(request.created_at, now, formats),
        ),
        overdue=_overdue(stands),
        requester=request.requested_by_name,
        reason=request.reason,
        overrides=request.overrides,
        verdict=evidence.verdict.value,
        headline=evidence.headline,
        plan=evidence.plan,
        goes_to=evidence.goes_to,
        rows=(*evidence.order, *evidence.history),
        policy=f"{evidence.clause} ({evidence.policy})" if evidence.clause else evidence.policy,
        findings=findings_view(evidence.tested(), evidence.items),
        may_decide=stands.may_decide,
        may_withdraw=stands.may_withdraw,
        why_not=stands.why_not,
        outcome=_outcome(stands, formats),
        changes=request.changes,
    )


def _asked(stands: Standing) -> str:
    request = stands.request
    if request.asked is Asked.OWNER and request.told not in {None, "the owner"}:
        return request.told or ""
    return text(f"asked.{request.asked.value}")


def _overdue(stands: Standing) -> str | None:
    if not stands.request.is_overdue():
        return None
    count = stands.request.reminders
    return text("approval.reminded" if count > 1 else "approval.reminded_once", count=count)


def _outcome(stands: Standing, formats: Formats) -> str | None:
    request = stands.request
    if request.is_open:
        return None
    name = request.decided_by_name or ""
    if request.decided_for_name is not None:
        name = text("approval.on_behalf", name=name, other=request.decided_for_name)
    when = formats.moment(request.decided_at) if request.decided_at else ""
    words = text(f"approval.outcome.{request.state.value}", name=name, when=when)
    return f"{words} {request.answer}" if request.answer else words
