"""What waits too long for approval is remembered, and passed on to somebody higher.

The clock announces what is due; each reminder is one step with its note, so that it is written
once, whoever works on it and however often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.domain.approval import reminded
from app.domain.errors import Conflict
from app.records import SYSTEM
from app.usecases.approval_notes import approval_write, reminder_note, reminder_tags
from app.usecases.deps import Deps


@dataclass(frozen=True)
class Rhythm:
    """How often a waiting request is remembered, after how many times it is passed on, and who is
    told then."""

    every: timedelta
    passed_on_after: int
    told: str


def rhythm(deps: Deps, account_id: str, store_id: str) -> Rhythm:
    """As the policy writes it that is in force for the store."""
    policy = deps.policies.in_force(account_id, store_id, deps.clock.now())
    told = "the owner" if policy.escalate_to == "owner" else policy.escalate_to
    every = timedelta(hours=policy.remind_every_hours)
    return Rhythm(every, policy.escalate_after_reminders, told)


def remind(deps: Deps, approval_id: str) -> str:
    """Remind of one request if it is due; answers what became of it, in a word for logs."""
    request = deps.approvals.find(approval_id)
    now = deps.clock.now()
    if request is None or not request.is_open:
        return "closed"
    if request.next_reminder_at is None or now < request.next_reminder_at:
        return "early"
    refund = deps.ledger.get(request.account_id, request.refund_id)
    case = deps.cases.case(request.account_id, request.case_id)
    if refund is None or case is None:
        return "gone"
    beat = rhythm(deps, refund.account_id, refund.store_id)
    after = reminded(request, now, beat.every, beat.passed_on_after, beat.told)
    write = approval_write(
        deps,
        case,
        refund,
        after,
        reminder_note(request, after, refund),
        step=f"reminder-{after.reminders}",
        tags=reminder_tags(after),
    )
    try:
        deps.approvals.remind(request, after, now, SYSTEM, write)
    except Conflict:
        # Decided, or reminded by another worker, in this very moment.
        return "later"
    deps.notifier.wake("ticket_write", write.id)
    return "reminded"
