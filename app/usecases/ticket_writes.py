"""Send a ticket write once.

The write stands in the database before the helpdesk is called, in the state `sending`. After a lost
answer, or when a worker died in between, the ticket's own history is read for the write's marker
before anything is sent again.
"""

from __future__ import annotations

import logging
import random
from datetime import timedelta

from app.domain.errors import (
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StaleWrite,
    VendorError,
)
from app.domain.ticket import Ticket
from app.ports import Helpdesk
from app.records import PendingWrite, WriteState
from app.usecases.deps import Deps

log = logging.getLogger(__name__)

_STALE_RETRIES = 3


def deliver_write(deps: Deps, write_id: str, seen: Ticket | None = None) -> str:
    """Bring one queued write into its ticket; `seen` saves reading the ticket again.

    Answers "sent", "later", "refused" or "nothing to do". Never raises a VendorError: whatever
    goes wrong is kept with the write, and the clock takes it up again.
    """
    pending = deps.outbox.claim(write_id, deps.clock.now(), deps.patience_seconds)
    if pending is None:
        return "nothing to do"
    may_be_there = pending.state in {WriteState.SENDING, WriteState.UNKNOWN}
    try:
        account = deps.account(pending.account_id)
        helpdesk = deps.helpdesk(account)
        if may_be_there:
            receipt = helpdesk.find_write(pending.write.ticket_id, pending.write.marker)
            if receipt is not None:
                deps.outbox.sent(pending.id, receipt.change_id, deps.clock.now())
                return "sent"
        return _send(deps, helpdesk, pending, None if may_be_there else seen)
    except OutcomeUnknown as error:
        _later(deps, pending, error, seconds=5, unknown=True)
    except RateLimited as error:
        _later(deps, pending, error, seconds=error.retry_after_seconds, unknown=may_be_there)
    except Rejected as error:
        log.warning("ticket write refused", extra={"write": pending.id, "cause": str(error)})
        deps.outbox.refuse(pending.id, str(error), deps.clock.now())
        return "refused"
    except VendorError as error:
        wait = min(600, 5 * 2**pending.attempts)
        _later(deps, pending, error, seconds=wait, unknown=may_be_there)
    return "later"


def _send(deps: Deps, helpdesk: Helpdesk, pending: PendingWrite, seen: Ticket | None) -> str:
    """Read if needed, write, and after a collision read and write again a few times."""
    ticket_id = pending.write.ticket_id
    for attempt in range(_STALE_RETRIES + 1):
        try:
            ticket = seen if seen is not None else helpdesk.read_ticket(ticket_id)
        except NotFound as error:
            deps.outbox.refuse(pending.id, str(error), deps.clock.now())
            return "refused"
        try:
            receipt = helpdesk.write_ticket(pending.write, ticket)
        except StaleWrite as error:
            # Somebody else changed the ticket: nothing was written, so a fresh read is enough.
            seen = None
            if attempt == _STALE_RETRIES:
                wait = random.uniform(1, 5)  # noqa: S311 - spreads colliding writers
                _later(deps, pending, error, seconds=wait, unknown=False)
                return "later"
            continue
        deps.outbox.sent(pending.id, receipt.change_id, deps.clock.now())
        return "sent"
    raise AssertionError("the loop above always returns")


def _later(
    deps: Deps, pending: PendingWrite, error: VendorError, *, seconds: float, unknown: bool
) -> None:
    until = deps.clock.now() + timedelta(seconds=max(1.0, seconds))
    log.warning(
        "ticket write postponed",
        extra={"write": pending.id, "cause": str(error), "may_be_written": unknown},
    )
    deps.outbox.requeue(pending.id, until, str(error), unknown=unknown)
    deps.notifier.wake("ticket_write", pending.id, at=until)
