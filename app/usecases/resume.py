"""Tell the workers about everything that the database says is unfinished.

Redis only carries ids. Whatever it lost (all of it, if it was emptied) is announced again here.
"""

from __future__ import annotations

from datetime import timedelta

from app.usecases.deps import Deps

_BATCH = 500


def requeue_unfinished(deps: Deps) -> dict[str, int]:
    """Announce due deliveries, ticket writes, refunds, customers and reminders; answers how many
    of each."""
    now = deps.clock.now()
    # What came just now was announced just now: only what waits longer was perhaps lost.
    waiting = now - timedelta(seconds=deps.patience_seconds / 2)
    deliveries = deps.inbox.due(waiting, _BATCH)
    writes = deps.outbox.due(waiting, _BATCH)
    refunds = deps.ledger.due(now, _BATCH)
    customers = deps.outbox.due_customers(now, _BATCH)
    approvals = deps.approvals.due(now, _BATCH)
    bonuses = deps.bonuses.due(now, _BATCH)
    for bonus_id in bonuses:
        deps.notifier.wake("bonus", bonus_id)
    for refund_id in refunds:
        deps.notifier.wake("refund", refund_id)
    for delivery_id in deliveries:
        deps.notifier.wake("triage", str(delivery_id))
    for write_id in writes:
        deps.notifier.wake("ticket_write", write_id)
    for account_id, requester_id in customers:
        deps.notifier.wake("customer", account_id, requester_id)
    for approval_id in approvals:
        deps.notifier.wake("reminder", approval_id)
    return {
        "deliveries": len(deliveries),
        "ticket_writes": len(writes),
        "refunds": len(refunds),
        "bonuses": len(bonuses),
        "customers": len(customers),
        "reminders": len(approvals),
    }
