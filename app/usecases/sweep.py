"""Find what no delivery brought: new tickets, and new messages on those that were left alone."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

from app.domain.ticket import TicketEvent
from app.usecases.deps import Deps
from app.usecases.reading import READ_AGAIN

log = logging.getLogger(__name__)

# The search index of a helpdesk lags behind: each sweep looks this far into the last one's time.
_OVERLAP = timedelta(minutes=15)
_FIRST_LOOK = timedelta(hours=1)
_MAX_PAGES = 20
# A ticket this young will probably still be delivered.
_GRACE = timedelta(seconds=60)


def sweep(deps: Deps, account_id: str) -> int:
    """Keep a delivery for each ticket that changed unseen; answers how many were missed.

    A ticket that wasn't about a refund is looked at again when it changed since, as the customer
    may have asked for one meanwhile.

    Raises VendorError when the helpdesk doesn't answer: the next sweep looks at the same time span
    again.
    """
    account = deps.account(account_id)
    now = deps.clock.now()
    mark = deps.accounts.sweep_mark(account_id)
    since = (mark or now - _FIRST_LOOK) - _OVERLAP
    until = now - _GRACE
    helpdesk = deps.helpdesk(account)
    missed, cursor = 0, None
    reached = since
    for _ in range(_MAX_PAGES):
        page = helpdesk.recent_tickets(since, cursor)
        for event in page.events:
            if event.occurred_at is not None:
                reached = max(reached, event.occurred_at)
            if event.occurred_at is not None and event.occurred_at > until:
                continue
            if _is_known(deps, account_id, event):
                continue
            digest = hashlib.sha256(event.dedupe_key.encode()).hexdigest()
            delivery_id = deps.inbox.add(account_id, event, digest, now)
            if delivery_id is not None:
                missed += 1
                deps.notifier.wake("triage", str(delivery_id))
        cursor = page.cursor
        if cursor is None:
            deps.accounts.set_sweep_mark(account_id, until)
            break
    else:
        # More than one sweep can look through: the next one goes on from the last ticket seen.
        deps.accounts.set_sweep_mark(account_id, reached + _OVERLAP)
    if missed:
        log.warning("sweep found tickets", extra={"account": account_id, "missed": missed})
    return missed


def _is_known(deps: Deps, account_id: str, event: TicketEvent) -> bool:
    """Whether nothing on the ticket can be new to us that could start a case."""
    before = deps.cases.triaged(account_id, event.ticket_id)
    if before is None:
        return False
    if before.outcome not in READ_AGAIN or event.awaits_answer is False:
        return True
    return event.occurred_at is None or event.occurred_at <= before.read_until
