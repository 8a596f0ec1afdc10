"""Triage: delivery -> ticket -> classification -> order -> decision -> note.

One read and one write at the helpdesk, at most two reads at the store. A ticket that isn't about a
refund costs no store call and gets no note. Everything that triage found is stored in one step,
together with the note that is to be posted; only then is the note sent.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.domain.case import Case
from app.domain.classification import Classification, Request
from app.domain.errors import (
    AccessDenied,
    Malformed,
    NotFound,
    RateLimited,
    Unavailable,
    VendorError,
)
from app.domain.masking import mask_payment_data
from app.domain.matching import Match, MatchOutcome
from app.domain.named_lines import lines_meant
from app.domain.order import OrderSummary
from app.domain.ticket import Message, Ticket, TicketEvent, TicketEventKind
from app.ports import Account
from app.records import Delivery, OfferedPlan, TriageResult, new_id
from app.usecases.automatic import release_automatically
from app.usecases.decide import decide_case, note_write
from app.usecases.deps import Deps
from app.usecases.joining import case_to_join, decided_anew, joined_write
from app.usecases.lookup import find_order, is_worth_waiting
from app.usecases.reading import (
    READ_AGAIN,
    asks_for_refund,
    beginning_of,
    classify_reply,
    classify_ticket,
    new_to_us,
    why_left_alone,
)
from app.usecases.ticket_writes import deliver_write

log = logging.getLogger(__name__)

_MAX_ATTEMPTS = 8
# How often a store that doesn't answer is asked again before the note says so.
_STORE_ATTEMPTS = 3
_SUBJECT_LENGTH = 200
# A changed status or an event that we don't know says nothing new about what a customer wants.
_STARTS_TRIAGE = {
    TicketEventKind.CREATED,
    TicketEventKind.CUSTOMER_REPLIED,
    TicketEventKind.SWEPT,
}


class _Later(Exception):
    """This delivery is to be taken up again after some seconds."""

    def __init__(self, seconds: float, cause: str) -> None:
        super().__init__(cause)
        self.seconds = seconds


def triage_delivery(deps: Deps, delivery_id: int) -> str:
    """Work on one delivery; answers what became of it, in a word for logs.

    Never raises for a vendor's fault: the delivery is finished, postponed or parked with its cause.
    """
    deps = deps.for_job()
    delivery = deps.inbox.claim(delivery_id, deps.clock.now(), 2 * deps.patience_seconds)
    if delivery is None:
        return "nothing to do"
    try:
        return _triage(deps, delivery)
    except _Later as later:
        return _postpone(deps, delivery, later.seconds, str(later))
    except RateLimited as error:
        return _postpone(deps, delivery, error.retry_after_seconds, str(error))
    except NotFound as error:
        deps.inbox.finish(delivery.id, f"gone: {error}", deps.clock.now())
        return "gone"
    except (AccessDenied, Malformed) as error:
        return _park(deps, delivery, str(error))
    except VendorError as error:
        if delivery.attempts >= _MAX_ATTEMPTS or not isinstance(error, Unavailable):
            return _park(deps, delivery, str(error))
        return _postpone(deps, delivery, 5 * 2**delivery.attempts, str(error))
    except LookupError as error:
        return _park(deps, delivery, str(error))
    except Exception as error:
        # A fault of our own must not lose the delivery: it waits for a person with its cause.
        log.exception("triage failed", extra={"delivery": delivery.id})
        return _park(deps, delivery, f"unexpected {type(error).__name__}: see the log")


def _postpone(deps: Deps, delivery: Delivery, seconds: float, cause: str) -> str:
    until = deps.clock.now() + timedelta(seconds=max(1.0, seconds))
    deps.inbox.postpone(delivery.id, until, cause)
    deps.notifier.wake("triage", str(delivery.id), at=until)
    log.warning("delivery postponed", extra={"delivery": delivery.id, "cause": cause})
    return "later"


def _park(deps: Deps, delivery: Delivery, cause: str) -> str:
    deps.inbox.park(delivery.id, cause, deps.clock.now())
    log.error("delivery parked", extra={"delivery": delivery.id, "cause": cause})
    return "parked"


def _triage(deps: Deps, delivery: Delivery) -> str:
    account_id, ticket_id = delivery.account_id, delivery.event.ticket_id
    is_reply = delivery.event.kind is TicketEventKind.CUSTOMER_REPLIED
    is_swept = delivery.event.kind is TicketEventKind.SWEPT
    before = deps.cases.triaged(account_id, ticket_id)
    if before is not None and not ((is_reply or is_swept) and before.outcome in READ_AGAIN):
        deps.inbox.finish(delivery.id, "triaged before", deps.clock.now())
        return "triaged before"
    if delivery.event.kind not in _STARTS_TRIAGE:
        what = f"not for triage: {delivery.event.vendor_kind}"
        deps.inbox.finish(delivery.id, what, deps.clock.now())
        return "not for triage"
    account = deps.account(account_id)
    helpdesk = deps.helpdesk(account)
    reply: Classification | None = None
    if before is not None:
        # A conversation that was about something else: its new message is read first.
        messages = helpdesk.read_messages(ticket_id)
        if is_swept:
            # Whatever changed the ticket: only a message that nobody read yet counts.
            messages = new_to_us(messages, before.read_until)
        reply = classify_reply(deps, account_id, messages)
        if reply is None or not asks_for_refund(reply):
            until = _read_until(before.read_until, messages, delivery.event)
            deps.cases.read_again(account_id, ticket_id, until)
            deps.inbox.finish(delivery.id, before.outcome, deps.clock.now())
            return before.outcome
    ticket = helpdesk.read_ticket(ticket_id)
    now = deps.clock.now()
    classification = classify_ticket(deps, account.id, ticket)
    if reply is not None:
        classification = _with_reply(classification, reply)
    outcome = why_left_alone(ticket, classification)
    read_until = beginning_of(ticket)
    if outcome in READ_AGAIN and (is_reply or is_swept):
        # Later messages brought us here, or may have: not the ticket's beginning alone.
        messages = helpdesk.read_messages(ticket_id)
        read_until = _read_until(read_until, messages, delivery.event)
        reply = classify_reply(deps, account_id, messages)
        if reply is not None and asks_for_refund(reply):
            classification = _with_reply(classification, reply)
            outcome = None
    if outcome is not None:
        result = TriageResult(
            delivery_id=delivery.id,
            account_id=account.id,
            ticket_id=ticket.id,
            requester_id=ticket.requester.id,
            is_refund=False,
            outcome=outcome,
            channel=ticket.channel,
            read_until=read_until,
        )
        if before is not None or not deps.cases.save_triage(result, now):
            deps.inbox.finish(delivery.id, outcome, now)
        return outcome
    can_wait = delivery.attempts < _STORE_ATTEMPTS
    case, offered = build_case(deps, account, ticket, classification, now, can_wait=can_wait)
    first = case_to_join(deps, case, now)
    if first is not None and case.order is not None:
        first = decided_anew(deps, first, case.order, now)
    write = joined_write(deps, first, case, ticket) if first else note_write(deps, case, [])
    result = TriageResult(
        delivery_id=delivery.id,
        account_id=account.id,
        ticket_id=ticket.id,
        requester_id=ticket.requester.id,
        is_refund=True,
        outcome="joined" if first else "triaged",
        takes_up=reply is not None,
        case=None if first else case,
        offered=None if first else offered,
        joins=first.id if first else None,
        channel=ticket.channel,
        write=write,
    )
    if not deps.cases.save_triage(result, now):
        deps.inbox.finish(delivery.id, "triaged before", deps.clock.now())
        return "triaged before"
    is_posted = deliver_write(deps, write.id, seen=ticket) == "sent"
    if is_posted and first is None:
        release_automatically(deps, case, offered)
    return result.outcome


def _read_until(so_far: datetime, messages: Sequence[Message], event: TicketEvent) -> datetime:
    """How far a ticket is read once these messages are: all that was there at the time of a
    sweep's find is among them."""
    found = [so_far, *(one.created_at for one in messages)]
    if event.kind is TicketEventKind.SWEPT and event.occurred_at is not None:
        found.append(event.occurred_at)
    return max(found)


def _with_reply(first: Classification, reply: Classification) -> Classification:
    """What the newest message says, with the order that the ticket began with where it names none.

    A ticket can become a refund request at any message; what it began with was something else.
    """
    return reply if reply.orders else reply.model_copy(update={"orders": first.orders})


def build_case(
    deps: Deps,
    account: Account,
    ticket: Ticket,
    classification: Classification,
    now: datetime,
    *,
    can_wait: bool,
) -> tuple[Case, OfferedPlan | None]:
    """Match the order and decide. With `can_wait`, a store that doesn't answer raises _Later."""
    match, errors = find_order(deps, account, ticket.requester, classification.orders)
    unreadable = next((error for error in errors if isinstance(error, Malformed)), None)
    if match.order is None and unreadable is not None:
        raise unreadable
    if match.order is None and can_wait and is_worth_waiting(errors):
        waits = [error.retry_after_seconds for error in errors if isinstance(error, RateLimited)]
        raise _Later(max(waits, default=10.0), str(errors[0]))
    case = Case(
        id=new_id("case"),
        account_id=account.id,
        ticket_id=ticket.id,
        requester_id=ticket.requester.id,
        requester_name=ticket.requester.name,
        subject=_masked_subject(ticket.subject),
        classification=classification,
        request=Request.from_classification(classification, ticket.channel),
        match=without_addresses(match),
        created_at=now,
        updated_at=now,
    )
    if match.outcome is not MatchOutcome.MATCHED or match.order is None:
        return case, None
    names = [match.order.name]
    deps.learning.learn_order_names(account.id, match.order.store_id, names, now)
    store = deps.store_by_id(account.id, match.order.store_id)
    try:
        order = store.read_order(match.order.order_id)
    except (RateLimited, Unavailable) as error:
        if can_wait:
            wait = error.retry_after_seconds if isinstance(error, RateLimited) else 10.0
            raise _Later(wait, str(error)) from error
        return case.model_copy(update={"problem": f"The order could not be read: {error}"}), None
    except NotFound as error:
        # The ticket is there: its agent is told, however the order vanished.
        return case.model_copy(update={"problem": f"The order could not be read: {error}"}), None
    request = case.request.model_copy(update={"line_ids": lines_meant(case.request, order)})
    decided = decide_case(deps, case.model_copy(update={"request": request}), order, now)
    return decided.case, decided.offered


def _masked_subject(subject: str) -> str:
    """A subject as it is kept: masked, and no longer than people read.

    Only its beginning is masked, so a subject of any length costs as much; more than is kept, so
    that no card number is cut in two first.
    """
    return mask_payment_data(subject[: 4 * _SUBJECT_LENGTH])[:_SUBJECT_LENGTH]


def without_addresses(match: Match) -> Match:
    """The match as it is kept: addresses were needed to find the order, and no longer."""

    def bare(order: OrderSummary) -> OrderSummary:
        return order.model_copy(update={"email": None, "phone": None})

    return match.model_copy(
        update={
            "order": bare(match.order) if match.order else None,
            "candidates": tuple(bare(order) for order in match.candidates),
        }
    )
