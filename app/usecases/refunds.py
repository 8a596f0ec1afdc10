"""One click becomes one refund.

request_refund   the intent is stored with its key and frozen plan; it holds for some seconds
cancel_refund    a person stops it while it holds
work_on_refund   re-check -> sending -> read back -> settled, pending, failed or unknown

`work_on_refund` may be called by any worker at any time, twice at once, and after a crash anywhere:
it looks at the stored state and does the next step only. Money is sent in exactly one place
(`_send`), only after the state `sending` is committed, and only with the stored input and key.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from app.domain.case import Case
from app.domain.crm import CHECKED_TAG, TicketWrite
from app.domain.errors import (
    Conflict,
    NotAllowed,
    RateLimited,
    Rejected,
    Unavailable,
    VendorError,
)
from app.domain.order import TransactionStatus
from app.domain.people import Agent
from app.domain.plan import InvalidChoice, build_plan
from app.domain.refund import Refund, RefundState, new_marker
from app.ports import Account, Recheck, Store, StoreRefund
from app.records import SYSTEM, OfferedPlan, PendingWrite, WriteState, new_id
from app.usecases.cases import redecide, require_case
from app.usecases.changes import changes_since
from app.usecases.deps import Deps
from app.usecases.fields import proposed_fields
from app.usecases.notes import outcome_note
from app.usecases.people import require_tier
from app.usecases.ticket_writes import deliver_write

log = logging.getLogger(__name__)

# How long a re-check that the store doesn't answer is repeated before the refund is given up.
_RECHECK_LIMIT = timedelta(minutes=15)
# Waits before an unknown refund is sent again with the same key, after it wasn't found.
# Shopify keeps keys for 24 hours: https://shopify.dev/docs/api/usage/implementing-idempotency
_RESEND_WAITS = (2, 5, 15, 60)
_RESEND_LIMIT = timedelta(hours=23)
_UNKNOWN_RECHECK = timedelta(hours=1)
# When a refund that waits for the payment provider is looked at again.
_PENDING_WAITS = (60, 600, 3600, 6 * 3600)


# --- the click ----------------------------------------------------------------------------------


def request_refund(
    deps: Deps, account: Account, plan_id: str, agent: Agent, notify_customer: bool
) -> tuple[Refund, bool]:
    """Start the refund of a plan that was shown. The same plan always gives the same refund.

    Answers the refund and whether this call started it. Raises NotAllowed (tier), Conflict (the
    case moved on, another refund of the order is under way, or the figures don't agree).
    """
    offered = deps.cases.offered(account.id, plan_id)
    if offered is None:
        raise LookupError(f"there is no plan {plan_id}")
    case = require_case(deps, account, offered.case_id)
    policy = deps.accounts.policy(account.id)
    needed = policy.release_tier(policy.tier_for(offered.plan.total_in_shop_currency.amount))
    require_tier(agent, needed, f"refund {offered.plan.total}")
    existing = [
        item for item in deps.ledger.of_case(account.id, case.id) if item.plan_id == plan_id
    ]
    if existing:
        return existing[0], False
    _check_current(case, offered)
    now = deps.clock.now()
    hold_until = now + timedelta(seconds=deps.hold_seconds)
    refund = Refund(
        id=new_id("refund"),
        account_id=account.id,
        case_id=case.id,
        plan_id=plan_id,
        ticket_id=case.ticket_id,
        store_id=offered.store_id,
        order_id=offered.plan.order_id,
        order_name=offered.plan.order_name,
        # An agent of the right tier clicked: proposed and approved are one act, and it holds.
        state=RefundState.HOLDING,
        plan=offered.plan,
        marker=new_marker(),
        idempotency_key=str(uuid.uuid4()),
        requested_by=agent.id,
        requested_by_name=agent.name,
        notify_customer=notify_customer,
        created_at=now,
        hold_until=hold_until,
        next_check_at=hold_until,
    )
    refund, is_new = deps.ledger.open(refund, now)
    if is_new:
        deps.notifier.wake("refund", refund.id, at=hold_until)
    return refund, is_new


def _check_current(case: Case, offered: OfferedPlan) -> None:
    """Raise unless the plan belongs to what the case says now and may be executed."""
    if offered.case_revision != case.revision:
        raise Conflict("The case changed since this plan was shown. Look at the new figures.")
    decision = case.decision
    if decision is None or decision.plan is None or not decision.is_money_allowed:
        blocked = decision.blocked_because if decision else ()
        reason = blocked[0] if blocked else "the policy doesn't allow it"
        # A part of an order may be refundable while the whole is not: such a plan was checked
        # line by line when it was offered, and carries the store's own agreement.
        if decision is None or offered.plan.comparison is None:
            raise NotAllowed(f"No refund can be started: {reason}")
    if not offered.plan.is_exact:
        raise Conflict("Our figure and the store's differ: nothing is refunded.")


def cancel_refund(deps: Deps, account: Account, refund_id: str, agent: Agent) -> Refund:
    """Stop a refund that still holds. Raises Conflict when it is too late."""
    refund = deps.ledger.get(account.id, refund_id)
    if refund is None:
        raise LookupError(f"there is no refund {refund_id}")
    if refund.state is RefundState.CANCELLED:
        return refund
    now = deps.clock.now()
    if not refund.may_cancel(now):
        raise Conflict("Too late to cancel: the refund is being sent or was sent.")
    return deps.ledger.move(
        refund,
        RefundState.CANCELLED,
        now,
        agent.id,
        changes={"explanation": f"Cancelled by {agent.name}.", "next_check_at": None},
    )


# --- the worker ---------------------------------------------------------------------------------


def work_on_refund(deps: Deps, refund_id: str) -> str:
    """Do the next step of a refund; answers its state afterwards, or "later"."""
    refund = deps.ledger.find(refund_id)
    if refund is None:
        return "gone"
    lock = f"refund-of-order:{refund.store_id}:{refund.order_id}"
    try:
        with deps.locks.hold(lock, deps.patience_seconds, wait_seconds=0):
            return _step(deps, refund_id)
    except TimeoutError:
        return "later"
    except Conflict:
        # Somebody moved it between our reading and our writing (an agent's cancel, say).
        return "later"


def _step(deps: Deps, refund_id: str) -> str:
    refund = deps.ledger.find(refund_id)
    now = deps.clock.now()
    if refund is None or refund.state.is_final:
        return "done"
    if refund.next_check_at is not None and now < refund.next_check_at:
        # Too early: it holds, or its sender may still be waiting for the store's answer.
        deps.notifier.wake("refund", refund.id, at=refund.next_check_at)
        return refund.state.value
    if refund.state is RefundState.HOLDING:
        refund = _recheck_and_send(deps, refund)
    elif refund.state is RefundState.SENDING:
        refund = _to_unknown(deps, refund, "The worker stopped while the refund was sent.", 0)
        refund = _resolve_unknown(deps, refund)
    elif refund.state is RefundState.UNKNOWN:
        refund = _resolve_unknown(deps, refund)
    elif refund.state is RefundState.PENDING:
        refund = _poll_pending(deps, refund)
    return refund.state.value


def _recheck_and_send(deps: Deps, refund: Refund) -> Refund:
    """Read the store once more; send only if everything still is as it was shown."""
    store = deps.store_by_id(refund.account_id, refund.store_id)
    case = deps.cases.case(refund.account_id, refund.case_id)
    offered = deps.cases.offered(refund.account_id, refund.plan_id)
    if case is None or case.order is None or offered is None:
        return _fail(deps, refund, "The case behind this refund is gone.")
    try:
        recheck = store.recheck(case.order, offered.choice)
    except (RateLimited, Unavailable) as error:
        return _recheck_later(deps, refund, error)
    except VendorError as error:
        return _fail(deps, refund, f"Not sent, no money moved: {error}")
    problem = _changed(refund, case, offered, recheck)
    if problem is not None:
        failed = _fail(deps, refund, f"Not sent, no money moved: {problem}")
        _refresh_after(deps, failed)
        return failed
    now = deps.clock.now()
    refund = deps.ledger.move(
        refund,
        RefundState.SENDING,
        now,
        SYSTEM,
        changes={
            "store_input": store.prepare_refund(refund, recheck),
            "sent_at": now,
            "attempts": 1,
            # Until then its sender may still be at work; after that it surely died.
            "next_check_at": now + timedelta(seconds=deps.patience_seconds),
        },
    )
    return _send(deps, store, refund)


def _changed(refund: Refund, case: Case, offered: OfferedPlan, recheck: Recheck) -> str | None:
    """What speaks against sending, in words; None when everything still is as it was shown."""
    assert case.order is not None  # noqa: S101 - checked by the only caller
    changed = changes_since(offered.basis, recheck, refund.plan.total.currency)
    if changed:
        return "; ".join(changed)
    if any(refund.marker in note for note in recheck.notes):
        return "the store already has a refund with this reference"
    try:
        plan = build_plan(case.order, offered.choice, recheck.suggestion)
    except InvalidChoice as error:
        return str(error)
    if plan.comparison is not None and not plan.comparison.agrees:
        return f"the store's figure is {plan.comparison.stores} now, not {plan.comparison.ours}"
    if plan.total != refund.plan.total:
        return f"the total is {plan.total} now, not {refund.plan.total}"
    return None


def _recheck_later(deps: Deps, refund: Refund, error: VendorError) -> Refund:
    now = deps.clock.now()
    held_since = refund.hold_until or refund.created_at
    if now > held_since + _RECHECK_LIMIT:
        return _fail(deps, refund, f"Not sent, no money moved: the store didn't answer ({error}).")
    wait = error.retry_after_seconds if isinstance(error, RateLimited) else 10.0
    until = now + timedelta(seconds=max(1.0, wait))
    refund = deps.ledger.record(
        refund, now, SYSTEM, "refund_waits_for_store", {"next_check_at": until}
    )
    deps.notifier.wake("refund", refund.id, at=until)
    return refund


def _send(deps: Deps, store: Store, refund: Refund) -> Refund:
    """The one place where money is sent. `refund` is committed as SENDING or UNKNOWN."""
    try:
        sent = store.send_refund(refund)
    except (RateLimited, Unavailable) as error:
        wait = error.retry_after_seconds if isinstance(error, RateLimited) else 2.0
        return _to_unknown(deps, refund, f"Not processed, will be sent again: {error}", wait)
    except Rejected as error:
        return _refused(deps, store, refund, error)
    except VendorError as error:
        # OutcomeUnknown, or an answer that can't be read: the money may have moved.
        step = min(max(refund.attempts, 1), len(_RESEND_WAITS)) - 1
        return _to_unknown(deps, refund, str(error), _RESEND_WAITS[step])
    return _read_back(deps, store, refund, sent)


def _read_back(deps: Deps, store: Store, refund: Refund, sent: StoreRefund) -> Refund:
    """What the store keeps about the refund is what counts, not what it answered."""
    try:
        kept = store.read_refund(sent.id)
    except VendorError as error:
        log.warning("refund not read back", extra={"refund": refund.id, "cause": str(error)})
        kept = sent
    return _conclude(deps, refund, kept)


def _conclude(deps: Deps, refund: Refund, kept: StoreRefund) -> Refund:
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
        return _poll_later(deps, refund, now)
    return _finish(deps, refund, RefundState.PENDING, changes)


def _finish(deps: Deps, refund: Refund, to: RefundState, changes: dict[str, object]) -> Refund:
    """Move and, in the same step, queue the ticket's note and the customer's fields."""
    now = deps.clock.now()
    case = deps.cases.case(refund.account_id, refund.case_id)
    after = refund.moved_to(to).model_copy(update=changes)
    write = _outcome_write(deps, case, after) if case is not None else None
    refund = deps.ledger.move(
        refund,
        to,
        now,
        SYSTEM,
        changes=changes,
        write=write,
        customer_of=case if to is RefundState.SETTLED else None,
    )
    if write is not None:
        deps.notifier.wake("ticket_write", write.id)
    if case is not None and to is RefundState.SETTLED:
        deps.notifier.wake("customer", case.account_id, case.requester_id)
    if to in {RefundState.SETTLED, RefundState.PENDING}:
        _refresh_after(deps, refund)
    return refund


def _outcome_write(deps: Deps, case: Case, refund: Refund) -> PendingWrite:
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
            add_tags=(CHECKED_TAG, f"makegood_refund_{refund.state.value}"),
            fields=proposed_fields(case, [*others, refund]),
        ),
        state=WriteState.QUEUED,
        attempts=0,
    )


def _refresh_after(deps: Deps, refund: Refund) -> None:
    """Show what is left of the order; a failure here changes nothing about the refund."""
    case = deps.cases.case(refund.account_id, refund.case_id)
    if case is None:
        return
    try:
        redecide(deps, case, SYSTEM, "case_refreshed")
    except (VendorError, Conflict, LookupError) as error:
        log.warning("case not refreshed", extra={"case": case.id, "cause": str(error)})


def _fail(deps: Deps, refund: Refund, explanation: str) -> Refund:
    return _finish(
        deps,
        refund,
        RefundState.FAILED,
        {"explanation": explanation, "next_check_at": None},
    )


# --- the unknown outcome ------------------------------------------------------------------------


def _to_unknown(deps: Deps, refund: Refund, cause: str, wait_seconds: float) -> Refund:
    """Money may have moved: keep that, and look again soon."""
    now = deps.clock.now()
    until = now + timedelta(seconds=wait_seconds)
    changes = {"explanation": cause, "next_check_at": until}
    if refund.state is RefundState.UNKNOWN:
        refund = deps.ledger.record(refund, now, SYSTEM, "refund_still_unknown", changes)
    else:
        refund = deps.ledger.move(refund, RefundState.UNKNOWN, now, SYSTEM, changes=changes)
    deps.notifier.wake("refund", refund.id, at=until)
    return refund


def _resolve_unknown(deps: Deps, refund: Refund) -> Refund:
    """Read the store; only if the refund surely isn't there, send the same input and key again."""
    store = deps.store_by_id(refund.account_id, refund.store_id)
    now = deps.clock.now()
    try:
        found = store.find_refund(refund)
    except VendorError as error:
        wait = error.retry_after_seconds if isinstance(error, RateLimited) else 15.0
        return _to_unknown(deps, refund, f"The store can't be read: {error}", wait)
    if found is not None:
        return _read_back(deps, store, refund, found)
    sent_at = refund.sent_at or refund.created_at
    if refund.attempts > len(_RESEND_WAITS) or now > sent_at + _RESEND_LIMIT:
        return _give_to_a_person(deps, refund, now)
    refund = deps.ledger.record(
        refund,
        now,
        SYSTEM,
        "refund_sent_again",
        {
            "attempts": refund.attempts + 1,
            "next_check_at": now + timedelta(seconds=deps.patience_seconds),
        },
    )
    return _send(deps, store, refund)


def _give_to_a_person(deps: Deps, refund: Refund, now: datetime) -> Refund:
    """No more sending: the note says what to check, and the store is still read every hour."""
    until = now + _UNKNOWN_RECHECK
    explanation = (
        "The store didn't confirm this refund and doesn't show it. Check the order in the store; "
        "nothing is sent again by itself."
    )
    case = deps.cases.case(refund.account_id, refund.case_id)
    changes = {"explanation": explanation, "next_check_at": until}
    refund = deps.ledger.record(refund, now, SYSTEM, "refund_needs_a_person", changes)
    if case is not None:
        write = _outcome_write(deps, case, refund)
        if deps.outbox.add(write, now):
            deliver_write(deps, write.id)
    return refund


def _refused(deps: Deps, store: Store, refund: Refund, error: Rejected) -> Refund:
    """The store said no. After an earlier lost answer that may be because it was done before."""
    if refund.attempts > 1 or refund.state is RefundState.UNKNOWN:
        try:
            found = store.find_refund(refund)
        except VendorError as unread:
            return _to_unknown(deps, refund, f"The store can't be read: {unread}", 15.0)
        if found is not None:
            return _read_back(deps, store, refund, found)
    failed = _fail(deps, refund, f"The store refused, no money moved: {error}")
    _refresh_after(deps, failed)
    return failed


# --- waiting for the payment provider -----------------------------------------------------------


def _poll_pending(deps: Deps, refund: Refund) -> Refund:
    store = deps.store_by_id(refund.account_id, refund.store_id)
    now = deps.clock.now()
    if refund.store_refund_id is None:
        return _to_unknown(deps, refund, "The store's refund id is missing.", 0)
    try:
        kept = store.read_refund(refund.store_refund_id)
    except VendorError as error:
        log.warning("pending refund not read", extra={"refund": refund.id, "cause": str(error)})
        return _poll_later(deps, refund, now)
    return _conclude(deps, refund, kept)


def _poll_later(deps: Deps, refund: Refund, now: datetime) -> Refund:
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
