"""The intent to give money back, as every road to it makes one: a click, an approval, a policy."""

from __future__ import annotations

import uuid
from datetime import datetime

from app.domain.case import Case
from app.domain.people import Agent
from app.domain.refund import Refund, RefundState, new_marker
from app.records import OfferedPlan, new_id


def new_refund(
    case: Case,
    offered: OfferedPlan,
    agent: Agent,
    state: RefundState,
    now: datetime,
    notify_customer: bool,
) -> Refund:
    """The intent to execute a plan, with its key, not stored yet."""
    return Refund(
        id=new_id("refund"),
        account_id=case.account_id,
        case_id=case.id,
        plan_id=offered.id,
        ticket_id=case.ticket_id,
        store_id=offered.store_id,
        order_id=offered.plan.order_id,
        order_name=offered.plan.order_name,
        state=state,
        plan=offered.plan,
        marker=new_marker(),
        idempotency_key=str(uuid.uuid4()),
        requested_by=agent.id,
        requested_by_name=agent.name,
        notify_customer=notify_customer,
        created_at=now,
        override=offered.override,
    )
