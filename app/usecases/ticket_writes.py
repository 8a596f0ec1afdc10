"""Send a ticket write once.

The write stands in the database before the helpdesk is called, in the state `sending`. Only the
very first attempt writes at once, on the revision that triage read. Every later one (after a lost
answer, a collision, or when a worker died or was overtaken) reads the ticket, then looks for the
write's marker in the ticket's history, and writes on the revision read before that look: had the
write arrived in between, the helpdesk would refuse the second one as stale.
"""

from __future__ import annotations

import logging
import random
from datetime import timedelta

from app.domain.errors import (
    AccessDenied,
    AppError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StaleWrite,
)
from app.domain.ticket import Ticket
from app.ports import Helpdesk
from app.records import PendingWrite, WriteState
from app.usecases.deps import Deps

log = logging.getLogger(__name__)

_STALE_RETRIES = 3
# A refused token waits for an admin: a day of attempts, then the write is given up.
_DENIED_WAIT_SECONDS = 600.0
_DENIED_ATTEMPTS = 144


def deliver_write(deps: Deps, write_id: str, seen: Ticket | None = None) -> str:
    """Bring one queued write into its ticket; `seen` saves reading the ticket again.

    Answers "sent", "later", "refused" or "nothing to do". Never raises an AppError: whatever
    goes wrong is kept with the write, and the clock takes it up again.
    """
    pending = deps.outbox.claim(write_id, deps.clock.now(), deps.patience_seconds)
    if pending is None:
        return "nothing to do"
    may_be_there = pending.state is not WriteState.QUEUED
    look_first = may_be_there or pending.attempts > 0
    try:
        helpdesk = deps.helpdesk(deps.account(pending.account_id))
        return _send(deps, helpdesk, pending, seen, look_first=look_first)
    except OutcomeUnknown as error:
        _later(deps, pending, error, seconds=_pause(pending), unknown=True)
    except RateLimited as error:
        _later(deps, pending, error, seconds=error.retry_after_seconds, unknown=may_be_there)
    except StaleWrite as error:
        wait = random.uniform(1, 5)  # noqa: S311 - spreads colliding writers
        _later(deps, pending, error, seconds=wait, unknown=may_be_there)
    except AccessDenied as error:
        if pending.attempts >= _DENIED_ATTEMPTS:
            return _refuse(deps, pending, error)
        _later(deps, pending, error, seconds=_DENIED_WAIT_SECONDS, unknown=may_be_there)
    except Rejected as error:
        return _refuse(deps, pending, error)
    except (AppError, LookupError) as error:
        _later(deps, pending, error, seconds=_pause(pending), unknown=may_be_there)
    return "later"


def _pause(pending: PendingWrite) -> float:
    """5 seconds, then twice as long each time, at most ten minutes."""
    return float(min(600, 5 * 2 ** min(pending.attempts, 10)))


def _refuse(deps: Deps, pending: PendingWrite, error: Exception) -> str:
    log.warning("ticket write refused", extra={"write": pending.id, "cause": str(error)})
    deps.outbox.refuse(pending.id, str(error), deps.clock.now())
    return "refused"


def _send(
    deps: Deps, helpdesk: Helpdesk, pending: PendingWrite, seen: Ticket | None, *, look_first: bool
) -> str:
    """Read and look if needed, write; after a collision read, look and write a few times more.

    Raises StaleWrite when the ticket changes faster than we can write.
    """
    write = pending.write
    for attempt in range(_STALE_RETRIES + 1):
        is_first = attempt == 0 and not look_first
        ticket = seen if is_first and seen is not None else helpdesk.read_ticket(write.ticket_id)
        # After the read, never before it: see above.
        receipt = None if is_first else helpdesk.find_write(write.ticket_id, write.marker)
        try:
            if receipt is None:
                receipt = helpdesk.write_ticket(write, ticket)
        except StaleWrite:
            # Somebody changed the ticket: a person, or another worker with this very write.
            if attempt == _STALE_RETRIES:
                raise
            continue
        deps.outbox.sent(pending.id, receipt.change_id, deps.clock.now())
        return "sent"
    raise AssertionError("the loop above always returns")


def _later(
    deps: Deps, pending: PendingWrite, error: Exception, *, seconds: float, unknown: bool
) -> None:
    until = deps.clock.now() + timedelta(seconds=max(1.0, seconds))
    log.warning(
        "ticket write postponed",
        extra={"write": pending.id, "cause": str(error), "may_be_written": unknown},
    )
    deps.outbox.requeue(pending.id, until, str(error), unknown=unknown)
    deps.notifier.wake("ticket_write", pending.id, at=until)
