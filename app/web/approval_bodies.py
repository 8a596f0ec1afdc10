"""Requests for approval and delegations as bodies of the interface."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from babel.dates import format_timedelta

from app.domain.approval import Delegation
from app.domain.people import Agent, Tier
from app.usecases.approval_queue import Standing
from app.web import api_models as body
from app.web.formats import Formats
from app.web.texts import text


def age_text(since: datetime, now: datetime, formats: Formats) -> str:
    """`3 hours`, `2 days`; less than a minute is just now."""
    if now - since < timedelta(minutes=1):
        return text("age.now")
    words = format_timedelta(now - since, granularity="minute", locale=formats.locale)
    return str(words)


def approval_body(
    stands: Standing, now: datetime, formats: Formats, *, is_new: bool = False
) -> body.ApprovalBody:
    """One request for one person."""
    request = stands.request
    evidence = request.evidence
    return body.ApprovalBody(
        id=request.id,
        state=request.state.value,
        refund_id=request.refund_id,
        case_id=request.case_id,
        ticket_id=request.ticket_id,
        order_name=request.order_name,
        amount=body.MoneyBody.of(request.amount),
        amount_text=formats.money(request.amount),
        needed_tier=request.needed.value,
        asked=request.asked.value,
        requested_by=request.requested_by_name,
        is_own=stands.is_own,
        reason=request.reason,
        overrides=request.overrides,
        verdict=evidence.verdict.value,
        headline=evidence.headline,
        policy=evidence.policy,
        clause=evidence.clause,
        facts=[
            body.FactBody(label=label, value=value)
            for label, value in (*evidence.order, *evidence.history)
        ],
        created_at=request.created_at,
        age_text=age_text(request.created_at, request.decided_at or now, formats),
        reminders=request.reminders,
        is_overdue=request.is_overdue(),
        decided_by=request.decided_by_name,
        decided_for=request.decided_for_name,
        decided_at=request.decided_at,
        answer=request.answer,
        changes=list(request.changes),
        may_decide=stands.may_decide,
        why_not=stands.why_not,
        may_withdraw=stands.may_withdraw,
        is_new=is_new,
    )


def delegation_body(
    delegation: Delegation, agent: Agent, now: datetime, zone: tzinfo
) -> body.DelegationBody:
    """One delegation; its days are those of the policy's time zone."""
    last = delegation.ends_at.astimezone(zone) - timedelta(seconds=1)
    is_managers = agent.tier is not None and agent.tier.covers(Tier.MANAGER)
    return body.DelegationBody(
        id=delegation.id,
        from_name=delegation.from_name,
        to_name=delegation.to_name,
        tier=delegation.tier.value,
        first_day=delegation.starts_at.astimezone(zone).date().isoformat(),
        last_day=last.date().isoformat(),
        holds_now=delegation.holds(now),
        may_end=delegation.from_id == agent.id or is_managers,
    )
