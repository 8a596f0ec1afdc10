"""Give a bonus on store credit at most once.

A bonus is queued in the same step in which its refund settles. The intent, its exact input and what
was in the customer's account before are committed before the store is called, once. After a lost
answer the account is read: exactly one new credit of this amount is taken over, none is waited for
and then given to a person; it is never sent again.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from app.domain.bonus import Bonus, BonusState
from app.domain.case import Case
from app.domain.crm import CHECKED_TAG, TicketWrite
from app.domain.errors import (
    AppError,
    Conflict,
    RateLimited,
    Rejected,
    Unavailable,
    VendorError,
)
from app.domain.refund import Refund
from app.ports import Store, StoreCredit
from app.records import PendingWrite, WriteState, new_id
from app.usecases.deps import Deps
from app.usecases.notes import bonus_note

log = logging.getLogger(__name__)

# How long a store that doesn't answer is asked before a person is told to give the bonus by hand.
_GIVE_UP = timedelta(hours=24)
# How long the store may still be at work on a credit whose answer was lost.
_LATE_LIMIT = timedelta(minutes=10)
_WAITS = (5.0, 60.0)
_UNKNOWN_RECHECK = timedelta(hours=1)
_BUSY_WAIT = 20.0


def bonus_of(deps: Deps, case: Case, refund: Refund) -> Bonus | None:
    """The bonus that goes with a refund that just settled; None when it has none."""
    customer = case.order.customer if case.order else None
    if refund.plan.bonus is None or customer is None:
        return None
    now = deps.clock.now()
    return Bonus(
        id=new_id("bonus"),
        account_id=refund.account_id,
        refund_id=refund.id,
        case_id=refund.case_id,
        ticket_id=refund.ticket_id,
        store_id=refund.store_id,
        order_id=refund.order_id,
        order_name=refund.order_name,
        customer_id=customer.id,
        amount=refund.plan.bonus,
        created_at=now,
        next_check_at=now,
    )


def work_on_bonus(deps: Deps, bonus_id: str) -> str:
    """Do the next step of a bonus; answers its state afterwards, or "later"."""
    deps = deps.for_job()
    bonus = deps.bonuses.find(bonus_id)
    if bonus is None:
        return "gone"
    # One at a time for each customer: two credits of one amount could be taken for one another.
    lock = f"credit-of-customer:{bonus.store_id}:{bonus.customer_id}"
    try:
        with deps.locks.hold(lock, deps.patience_seconds, wait_seconds=0):
            return _step(deps, bonus_id)
    except (TimeoutError, Conflict):
        return "later"


def _step(deps: Deps, bonus_id: str) -> str:
    bonus = deps.bonuses.find(bonus_id)
    now = deps.clock.now()
    if bonus is None or bonus.state.is_final:
        return "done"
    if bonus.next_check_at is not None and now < bonus.next_check_at:
        deps.notifier.wake("bonus", bonus.id, at=bonus.next_check_at)
        return bonus.state.value
    if bonus.state is BonusState.QUEUED:
        return _prepare_and_send(deps, bonus).state.value
    if bonus.state is BonusState.SENDING:
        bonus = _to_unknown(deps, bonus, "The worker stopped while the bonus was given.", 0.0)
    return _resolve(deps, bonus).state.value


def _prepare_and_send(deps: Deps, bonus: Bonus) -> Bonus:
    if deps.bonuses.is_another_undecided(bonus):
        return _wait(deps, bonus, "Another bonus of this customer isn't decided yet.", _BUSY_WAIT)
    try:
        store = deps.store_by_id(bonus.account_id, bonus.store_id)
        store_input = store.prepare_credit(bonus)
    except Rejected as error:
        return _refuse(deps, bonus, str(error))
    except (AppError, LookupError) as error:
        return _wait_or_give_up(deps, bonus, error)
    now = deps.clock.now()
    bonus = deps.bonuses.move(
        bonus,
        BonusState.SENDING,
        now,
        changes={
            "store_input": store_input,
            "sent_at": now,
            "explanation": None,
            "next_check_at": now + timedelta(seconds=deps.patience_seconds),
        },
    )
    return _send(deps, store, bonus)


def _send(deps: Deps, store: Store, bonus: Bonus) -> Bonus:
    """The one place where a bonus is sent. `bonus` is committed as SENDING."""
    if bonus.next_check_at is not None and deps.clock.now() >= bonus.next_check_at:
        # Held up for so long that another worker may have taken over: the account is read first.
        return bonus
    try:
        given = store.send_credit(bonus)
    except (RateLimited, Unavailable) as error:
        wait = error.retry_after_seconds if isinstance(error, RateLimited) else _WAITS[0]
        return _back_to_queue(deps, bonus, error, wait)
    except Rejected as error:
        return _refuse(deps, bonus, str(error))
    except VendorError as error:
        return _to_unknown(deps, bonus, str(error), _WAITS[0])
    return _given(deps, bonus, given)


def _resolve(deps: Deps, bonus: Bonus) -> Bonus:
    """Read the account: what is new in it, and not another bonus of ours, is this one."""
    try:
        store = deps.store_by_id(bonus.account_id, bonus.store_id)
        known = deps.bonuses.known_credits(bonus.account_id, bonus.store_id)
        found = [one for one in store.find_credits(bonus) if one.id not in known]
    except (AppError, LookupError) as error:
        return _still_unknown(deps, bonus, f"The store can't be read: {error}")
    if len(found) == 1:
        return _given(deps, bonus, found[0])
    if found:
        return _to_a_person(
            deps,
            bonus,
            f"{len(found)} credits of {bonus.amount} were added since: one of them may be it.",
        )
    return _still_unknown(deps, bonus, "The store may still be at work on it.")


def _still_unknown(deps: Deps, bonus: Bonus, cause: str) -> Bonus:
    age = deps.clock.now() - (bonus.sent_at or bonus.created_at)
    if age >= _LATE_LIMIT:
        return _to_a_person(
            deps,
            bonus,
            f"{cause} The store didn't confirm the bonus, and it isn't given a second time. Look "
            "at the customer's store credit before anybody adds it by hand.",
        )
    shortest, longest = _WAITS
    return _wait(deps, bonus, cause, min(max(age.total_seconds(), shortest), longest))


def _given(deps: Deps, bonus: Bonus, credit: StoreCredit) -> Bonus:
    if credit.amount != bonus.amount:
        explanation: str | None = f"The store gave {credit.amount}, not {bonus.amount}."
    else:
        explanation = None
    changes: dict[str, object] = {
        "store_credit_id": credit.id,
        "explanation": explanation,
        "next_check_at": None,
    }
    return _finish(deps, bonus, BonusState.GIVEN, changes)


def _refuse(deps: Deps, bonus: Bonus, cause: str) -> Bonus:
    changes: dict[str, object] = {"explanation": cause, "next_check_at": None}
    return _finish(deps, bonus, BonusState.REFUSED, changes)


def _finish(deps: Deps, bonus: Bonus, to: BonusState, changes: dict[str, object]) -> Bonus:
    """Move and, in the same step, queue the ticket's note."""
    write = _write(bonus.moved_to(to).model_copy(update=changes))
    bonus = deps.bonuses.move(bonus, to, deps.clock.now(), changes=changes, write=write)
    deps.notifier.wake("ticket_write", write.id)
    return bonus


def _to_unknown(deps: Deps, bonus: Bonus, cause: str, wait_seconds: float) -> Bonus:
    until = deps.clock.now() + timedelta(seconds=wait_seconds)
    bonus = deps.bonuses.move(
        bonus,
        BonusState.UNKNOWN,
        deps.clock.now(),
        changes={"explanation": cause, "next_check_at": until},
    )
    deps.notifier.wake("bonus", bonus.id, at=until)
    return bonus


def _back_to_queue(deps: Deps, bonus: Bonus, error: Exception, wait_seconds: float) -> Bonus:
    until = deps.clock.now() + timedelta(seconds=max(1.0, wait_seconds))
    bonus = deps.bonuses.move(
        bonus,
        BonusState.QUEUED,
        deps.clock.now(),
        changes={"explanation": str(error), "store_input": None, "next_check_at": until},
    )
    deps.notifier.wake("bonus", bonus.id, at=until)
    return bonus


def _wait_or_give_up(deps: Deps, bonus: Bonus, error: Exception) -> Bonus:
    """Before it was sent: ask again later, for a day."""
    if deps.clock.now() - bonus.created_at > _GIVE_UP:
        return _refuse(deps, bonus, f"The store wasn't read ({error}).")
    wait = error.retry_after_seconds if isinstance(error, RateLimited) else _WAITS[1]
    return _wait(deps, bonus, str(error), wait)


def _wait(deps: Deps, bonus: Bonus, cause: str, seconds: float) -> Bonus:
    until = deps.clock.now() + timedelta(seconds=max(1.0, seconds))
    bonus = deps.bonuses.record(
        bonus,
        deps.clock.now(),
        "bonus_waits",
        changes={"explanation": cause, "next_check_at": until},
    )
    deps.notifier.wake("bonus", bonus.id, at=until)
    return bonus


def _to_a_person(deps: Deps, bonus: Bonus, explanation: str) -> Bonus:
    """The note, posted once, says what to check; the store is still read every hour."""
    now = deps.clock.now()
    changes = {"explanation": explanation, "next_check_at": now + _UNKNOWN_RECHECK}
    write = _write(bonus.model_copy(update=changes))
    if deps.outbox.add(write, now):
        deps.notifier.wake("ticket_write", write.id)
    return deps.bonuses.record(bonus, now, "bonus_needs_a_person", changes=changes)


def _write(bonus: Bonus) -> PendingWrite:
    """The ticket write about a bonus; one marker for each bonus and state."""
    return PendingWrite(
        id=new_id("write"),
        account_id=bonus.account_id,
        case_id=bonus.case_id,
        purpose="bonus",
        write=TicketWrite(
            ticket_id=bonus.ticket_id,
            marker=f"bonus-{bonus.id}-{bonus.state.value}",
            note=bonus_note(bonus),
            add_tags=(CHECKED_TAG, f"makegood_bonus_{bonus.state.value}"),
        ),
        state=WriteState.QUEUED,
        attempts=0,
    )
