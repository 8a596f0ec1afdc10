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
from datetime import timedelta

from app.domain.errors import (
    AppError,
    Conflict,
    RateLimited,
    Rejected,
    Unavailable,
    VendorError,
)
from app.domain.people import Agent, Tier
from app.domain.refund import Refund, RefundState
from app.ports import Account, Store, StoreRefund
from app.records import SYSTEM
from app.usecases.authority import needed_tier
from app.usecases.cases import require_case
from app.usecases.deps import Deps
from app.usecases.intents import new_refund
from app.usecases.people import require_tier
from app.usecases.refund_checks import check_current, objection, recheck_now
from app.usecases.refund_outcomes import conclude, fail, outcome_write, poll_later, refresh_after

log = logging.getLogger(__name__)

# How long a re-check that the store doesn't answer is repeated before the refund is given up.
_RECHECK_LIMIT = timedelta(minutes=15)
# Waits before an unknown refund is sent again with the same key, after it wasn't found.
# Shopify keeps keys for 24 hours: https://shopify.dev/docs/api/usage/implementing-idempotency
_RESEND_WAITS = (2, 5, 15, 60)
_RESEND_LIMIT = timedelta(hours=23)
# How long a store without keys may still be at work on a refund whose answer was lost, and how
# often it is read meanwhile.
_LATE_LIMIT = timedelta(minutes=10)
_LATE_WAITS = (5, 60)
# How long a store that can't be read keeps an unknown refund from a person's eyes.
_READ_LIMIT = timedelta(minutes=15)
_UNKNOWN_RECHECK = timedelta(hours=1)


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
    existing = [
        item for item in deps.ledger.of_case(account.id, case.id) if item.plan_id == plan_id
    ]
    if existing:
        # Before the tier is asked for: the refund itself now counts among the earlier ones.
        require_tier(agent, Tier.AGENT, "refund")
        return existing[0], False
    needed = needed_tier(deps, case, offered, agent.id)
    require_tier(agent, needed, f"refund {offered.plan.total}")
    check_current(case, offered)
    now = deps.clock.now()
    hold_until = now + timedelta(seconds=deps.hold_seconds)
    # An agent of the right tier clicked: proposed and approved are one act, and it holds.
    refund = new_refund(case, offered, agent, RefundState.HOLDING, now, notify_customer).model_copy(
        update={"hold_until": hold_until, "next_check_at": hold_until}
    )
    refund, is_new = deps.ledger.open(refund, now)
    if is_new:
        deps.notifier.wake("refund", refund.id, at=hold_until)
    return refund, is_new


def cancel_refund(deps: Deps, account: Account, refund_id: str, agent: Agent) -> Refund:
    """Stop a refund that still holds. Raises Conflict when it is too late, NotAllowed."""
    require_tier(agent, Tier.AGENT, "cancel a refund")
    refund = deps.ledger.get(account.id, refund_id)
    if refund is None:
        raise LookupError(f"there is no refund {refund_id}")
    if refund.state is RefundState.CANCELLED:
        return refund
    now = deps.clock.now()
    if refund.state is RefundState.AWAITING_APPROVAL:
        raise Conflict("This waits for approval: who asked for it may withdraw the request.")
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
    deps = deps.for_job()
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
    if refund.state is RefundState.APPROVED:
        # Two people have looked at it: there is no misplaced click left to be taken back.
        refund = deps.ledger.move(
            refund,
            RefundState.HOLDING,
            now,
            SYSTEM,
            changes={"hold_until": now, "next_check_at": now},
        )
        refund = _recheck_and_send(deps, refund)
    elif refund.state is RefundState.HOLDING:
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
    case = deps.cases.case(refund.account_id, refund.case_id)
    offered = deps.cases.offered(refund.account_id, refund.plan_id)
    if case is None or case.order is None or offered is None:
        return fail(deps, refund, "The case behind this refund is gone.")
    try:
        store = deps.store_by_id(refund.account_id, refund.store_id)
        recheck = recheck_now(store, refund, case.order, offered.choice)
        problem = objection(deps, refund, case, offered, recheck) if recheck else None
        store_input = store.prepare_refund(refund, recheck) if recheck and not problem else ""
    except (RateLimited, Unavailable) as error:
        return _recheck_later(deps, refund, error)
    except VendorError as error:
        return fail(deps, refund, f"Not sent, no money moved: {error}")
    except Exception as error:
        # A fault of our own, before anything was sent: it neither sends nor holds for ever.
        log.exception("re-check failed", extra={"refund": refund.id})
        return _recheck_later(deps, refund, error)
    if recheck is None:
        return _sent_before(deps, refund)
    if problem is not None:
        failed = fail(deps, refund, f"Not sent, no money moved: {problem}")
        refresh_after(deps, failed)
        return failed
    return _send(deps, store, _to_sending(deps, refund, store_input))


def _to_sending(deps: Deps, refund: Refund, store_input: str) -> Refund:
    """The intent with its exact input, committed before the store is called."""
    now = deps.clock.now()
    return deps.ledger.move(
        refund,
        RefundState.SENDING,
        now,
        SYSTEM,
        changes={
            "store_input": store_input,
            "sent_at": now,
            "attempts": 1,
            # Until then its sender may still be at work; after that it surely died.
            "next_check_at": now + timedelta(seconds=deps.patience_seconds),
        },
    )


def _sent_before(deps: Deps, refund: Refund) -> Refund:
    """The store has a refund that we think we never sent: it is read, and nothing is sent.

    A database that lost its last commits (restored, or failed over to a late copy) says so.
    """
    refund = _to_sending(deps, refund, "")
    refund = _to_unknown(deps, refund, "The store already has a refund with this reference.", 0)
    return _resolve_unknown(deps, refund)


def _recheck_later(deps: Deps, refund: Refund, error: Exception) -> Refund:
    now = deps.clock.now()
    held_since = refund.hold_until or refund.created_at
    if now > held_since + _RECHECK_LIMIT:
        cause = _in_words(error)
        return fail(deps, refund, f"Not sent, no money moved: the store wasn't read ({cause}).")
    wait = error.retry_after_seconds if isinstance(error, RateLimited) else 10.0
    until = now + timedelta(seconds=max(1.0, wait))
    refund = deps.ledger.record(
        refund, now, SYSTEM, "refund_waits_for_store", {"next_check_at": until}
    )
    deps.notifier.wake("refund", refund.id, at=until)
    return refund


def _in_words(error: Exception) -> str:
    """An error as an agent may read it."""
    if isinstance(error, AppError | LookupError):
        return str(error)
    return f"unexpected {type(error).__name__}, see the log"


def _send(deps: Deps, store: Store, refund: Refund) -> Refund:
    """The one place where money is sent. `refund` is committed as SENDING or UNKNOWN."""
    if refund.next_check_at is not None and deps.clock.now() >= refund.next_check_at:
        # We were held up for so long that another worker may have taken over: the next look
        # reads the store first.
        return refund
    try:
        sent = store.send_refund(refund)
    except (RateLimited, Unavailable) as error:
        if not store.resend_is_safe:
            # Nothing would stop a second one: a person clicks again, or doesn't.
            failed = fail(deps, refund, f"Not sent, no money moved: {error}")
            refresh_after(deps, failed)
            return failed
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
    return conclude(deps, refund, kept)


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
    now = deps.clock.now()
    sent_at = refund.sent_at or refund.created_at
    is_over = refund.attempts > len(_RESEND_WAITS) or now > sent_at + _RESEND_LIMIT
    problem, is_arriving = None, False
    try:
        store = deps.store_by_id(refund.account_id, refund.store_id)
        found = store.find_refund(refund)
        if found is None and store.resend_is_safe and not is_over:
            problem, is_arriving = _changed_since_sent(deps, store, refund)
    except Exception as error:
        if not isinstance(error, VendorError):
            log.exception("unknown refund not read", extra={"refund": refund.id})
        return _unreadable(deps, refund, error)
    if found is not None:
        return _read_back(deps, store, refund, found)
    if not store.resend_is_safe:
        return _wait_for_it(deps, refund)
    if is_arriving:
        return _to_unknown(deps, refund, "The store is just taking it.", _RESEND_WAITS[0])
    if is_over:
        problem = "nothing is sent again by itself"
    if problem is not None:
        return _give_to_a_person(
            deps,
            refund,
            "The store didn't confirm this refund and doesn't show it. Check the order in the "
            f"store: {problem}.",
        )
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


def _wait_for_it(deps: Deps, refund: Refund) -> Refund:
    """A store without keys isn't sent anything again: it is read, then a person decides."""
    age = deps.clock.now() - (refund.sent_at or refund.created_at)
    if age < _LATE_LIMIT:
        shortest, longest = _LATE_WAITS
        wait = min(max(age.total_seconds(), shortest), longest)
        return _to_unknown(deps, refund, "The store may still be at work on it.", wait)
    return _give_to_a_person(
        deps,
        refund,
        "The store didn't confirm this refund and doesn't show it, and nothing is sent again: it "
        "might pay twice. Look at the payment provider whether the money went out, and at the "
        "order in the store.",
    )


def _changed_since_sent(deps: Deps, store: Store, refund: Refund) -> tuple[str | None, bool]:
    """Why it must not be sent again (in words), and whether the store has it at this moment.

    The store's key stops a second refund of ours, never one that a person made by hand meanwhile.
    """
    case = deps.cases.case(refund.account_id, refund.case_id)
    offered = deps.cases.offered(refund.account_id, refund.plan_id)
    if case is None or case.order is None or offered is None:
        return "the case behind it is gone", False
    recheck = recheck_now(store, refund, case.order, offered.choice)
    if recheck is None:
        return None, True
    return objection(deps, refund, case, offered, recheck), False


def _unreadable(deps: Deps, refund: Refund, error: Exception) -> Refund:
    """Look again soon; after a while a person is told, and the store is asked less often."""
    cause = f"The store can't be read: {_in_words(error)}"
    if deps.clock.now() > (refund.sent_at or refund.created_at) + _READ_LIMIT:
        return _give_to_a_person(deps, refund, cause)
    wait = error.retry_after_seconds if isinstance(error, RateLimited) else 15.0
    return _to_unknown(deps, refund, cause, wait)


def _give_to_a_person(deps: Deps, refund: Refund, explanation: str) -> Refund:
    """The note, posted once, says what to check; the store is still read every hour."""
    now = deps.clock.now()
    changes = {"explanation": explanation, "next_check_at": now + _UNKNOWN_RECHECK}
    case = deps.cases.case(refund.account_id, refund.case_id)
    if case is not None:
        write = outcome_write(deps, case, refund.model_copy(update=changes))
        # Before the refund is put aside for an hour: dying in between repeats both.
        if deps.outbox.add(write, now):
            deps.notifier.wake("ticket_write", write.id)
    return deps.ledger.record(refund, now, SYSTEM, "refund_needs_a_person", changes)


def _refused(deps: Deps, store: Store, refund: Refund, error: Rejected) -> Refund:
    """The store said no. After an earlier lost answer that may be because it was done before."""
    if refund.attempts > 1 or refund.state is RefundState.UNKNOWN:
        try:
            found = store.find_refund(refund)
        except VendorError as unread:
            return _unreadable(deps, refund, unread)
        if found is not None:
            return _read_back(deps, store, refund, found)
    failed = fail(deps, refund, f"The store refused, no money moved: {error}")
    refresh_after(deps, failed)
    return failed


# --- waiting for the payment provider -----------------------------------------------------------


def _poll_pending(deps: Deps, refund: Refund) -> Refund:
    now = deps.clock.now()
    try:
        store = deps.store_by_id(refund.account_id, refund.store_id)
        if refund.store_refund_id is not None:
            kept: StoreRefund | None = store.read_refund(refund.store_refund_id)
        else:
            kept = store.find_refund(refund)
    except Exception as error:
        if not isinstance(error, VendorError):
            log.exception("pending refund not read", extra={"refund": refund.id})
        log.warning("pending refund not read", extra={"refund": refund.id, "cause": str(error)})
        return poll_later(deps, refund, now)
    return poll_later(deps, refund, now) if kept is None else conclude(deps, refund, kept)
