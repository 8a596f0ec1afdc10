"""What the store says became of a refund: taken over in one step with the ticket's note."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from app.domain.case import Case
from app.domain.crm import CHECKED_TAG, STORE_CREDIT_TAG, TicketWrite
from app.domain.errors import AppError
from app.domain.order import TransactionStatus
from app.domain.refund import Refund, RefundState
from app.ports import StoreRefund
from app.records import SYSTEM, PendingWrite, WriteState, new_id
from app.usecases.bonuses import bonus_of
from app.usecases.cases import redecide
from app.usecases.deps import Deps
from app.usecases.fields import proposed_fields
from app.usecases.notes import outcome_note

log = logging.getLogger(__name__)

# When a refund that waits for the payment provider is looked at again.
_PENDING_WAITS = (60, 600, 3600, 6 * 3600)


def conclude(deps: Deps, refund: Refund, kept: StoreRefund) -> Refund:
    """Take over what the store has: settled, pending or failed."""
    now = deps.clock.now()
    notes = [kept.explanation] if kept.explanation else []
    if kept.amount != refund.plan.total and kept.status is TransactionStatus.SUCCESS:
        notes.append(f"The store refunded {kept.amount}, the plan was {refund.plan.total}.")
    changes: dict[str, object] = {
        "store_refund_id": kept.id,
        "explanation": " ".join(notes) or None,
        "next_check_at": None,
    }
    if kept.status is TransactionStatus.SUCCESS:
        changes |= {"settled_amount": kept.amount, "settled_at": now}
        return _finish(deps, refund, RefundState.SETTLED, changes)
    if kept.status is TransactionStatus.FAILED:
        changes["explanation"] = kept.explanation or "The payment provider refused the refund."
        return _finish(deps, refund, RefundState.FAILED, changes)
    changes["next_check_at"] = now + timedelta(seconds=_PENDING_WAITS[0])
    if refund.state is RefundState.PENDING:
        return poll_later(deps, refund, now)
    return _finish(deps, refund, RefundState.PENDING, changes)


def _finish(deps: Deps, refund: Refund, to: RefundState, changes: dict[str, object]) -> Refund:
    """Move and, in the same step, queue the ticket's note, the customer's fields and a bonus."""
    now = deps.clock.now()
    case = deps.cases.case(refund.account_id, refund.case_id)
    after = refund.moved_to(to).model_copy(update=changes)
    write = outcome_write(deps, case, after) if case is not None else None
    is_settled = to is RefundState.SETTLED
    bonus = bonus_of(deps, case, refund) if case is not None and is_settled else None
    refund = deps.ledger.move(
        refund,
        to,
        now,
        SYSTEM,
        changes=changes,
        write=write,
        customer_of=case if is_settled else None,
        bonus=bonus,
    )
    if bonus is not None:
        deps.notifier.wake("bonus", bonus.id)
    if write is not None:
        deps.notifier.wake("ticket_write", write.id)
    if case is not None and to is RefundState.SETTLED:
        deps.notifier.wake("customer", case.account_id, case.requester_id)
    if to in {RefundState.SETTLED, RefundState.PENDING}:
        refresh_after(deps, refund)
    return refund


def outcome_write(deps: Deps, case: Case, refund: Refund) -> PendingWrite:
    """The ticket write that tells about a refund's state; one marker per refund and state."""
    others = [
        item
        for item in deps.ledger.of_case(case.account_id, case.id)
        if item.id != refund.id and item.created_at < refund.created_at
    ]
    return PendingWrite(
        id=new_id("write"),
        account_id=case.account_id,
        case_id=case.id,
        purpose="outcome",
        write=TicketWrite(
            ticket_id=case.ticket_id,
            marker=f"refund-{refund.id}-{refund.state.value}",
            note=outcome_note(refund),
            add_tags=(CHECKED_TAG, f"makegood_refund_{refund.state.value}", *_where(refund)),
            fields=proposed_fields(case, [*others, refund]),
        ),
        state=WriteState.QUEUED,
        attempts=0,
    )


def _where(refund: Refund) -> tuple[str, ...]:
    """For views and reports of the helpdesk: money that went to store credit."""
    return (STORE_CREDIT_TAG,) if refund.plan.is_store_credit else ()


def refresh_after(deps: Deps, refund: Refund) -> None:
    """Show what is left of the order; a failure here changes nothing about the refund."""
    case = deps.cases.case(refund.account_id, refund.case_id)
    if case is None:
        return
    try:
        redecide(deps, case, SYSTEM, "case_refreshed")
    except (AppError, LookupError) as error:
        log.warning("case not refreshed", extra={"case": case.id, "cause": str(error)})
    except Exception:
        log.exception("case not refreshed", extra={"case": case.id})


def fail(deps: Deps, refund: Refund, explanation: str) -> Refund:
    """No money moved, surely; `explanation` says why in words for the agent."""
    return _finish(
        deps,
        refund,
        RefundState.FAILED,
        {"explanation": explanation, "next_check_at": None},
    )


def poll_later(deps: Deps, refund: Refund, now: datetime) -> Refund:
    """At 1 minute, 10 minutes, 1 hour, 6 hours, then daily, counted from when it was sent."""
    age = (now - (refund.sent_at or refund.created_at)).total_seconds()
    wait = next((step for step in _PENDING_WAITS if step > age), 24 * 3600)
    return deps.ledger.record(
        refund,
        now,
        SYSTEM,
        "refund_still_pending",
        {"next_check_at": now + timedelta(seconds=wait)},
    )
