"""What a ticket, or a customer's new message on one, is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from app.domain.classification import Classification, Kind, Signal
from app.domain.classify.agreement import agrees_to_refund, may_agree
from app.domain.classify.automatic import is_machine_address
from app.domain.classify.clean import clean
from app.domain.classify.extract import orders_in
from app.domain.classify.numbers import MAX_FOUND
from app.domain.classify.order_forms import OrderForm
from app.domain.ticket import Message, Ticket
from app.ports import Classifier
from app.usecases.deps import Deps

CLOSED = "closed"
FROM_AGENT = "written by an agent"
FROM_MACHINE = "sent by a machine"
NOT_ABOUT_REFUNDS = "not about a refund"
NOT_UNDERSTOOD = "language not supported"
# A customer's later message on these may be about a refund after all.
READ_AGAIN = frozenset({NOT_ABOUT_REFUNDS, NOT_UNDERSTOOD})

# Some helpdesks note a ticket's first message a moment after the ticket.
_BEGINNING = timedelta(seconds=5)
# What is said before the newest messages doesn't matter for them.
_EARLIER_MESSAGES = 8


def classify_ticket(deps: Deps, account_id: str, ticket: Ticket) -> Classification:
    """Classify a ticket's text; see `read_ticket_text`."""
    return read_ticket_text(
        deps.classifier_for(account_id), ticket, lambda: deps.learning.order_forms(account_id)
    )


def read_ticket_text(
    classifier: Classifier, ticket: Ticket, order_forms: Callable[[], tuple[OrderForm, ...]]
) -> Classification:
    """What a ticket's text is about.

    `clean` masks payment data in all that it keeps, and nothing else sees the text. Orders are
    looked for once more in the forms that the account's own stores use, unless the text names a
    whole list of orders already; `order_forms` is only asked where money may be wanted. Addresses
    that are the requester's own are left out.
    """
    message = clean(ticket.description, ticket.subject)
    found = classifier.classify_message(message)
    changes: dict[str, object] = {}
    if ticket.has_attachments:
        changes["has_evidence"] = True
    if asks_for_refund(found) and len(found.orders) < MAX_FOUND:
        forms = order_forms()
        if forms:
            changes["orders"] = orders_in(message, forms) or found.orders
    own = {
        contact.value.lower() for contact in (*ticket.requester.emails, *ticket.requester.phones)
    }
    changes["other_emails"] = tuple(one for one in found.other_emails if one not in own)
    changes["other_phones"] = tuple(one for one in found.other_phones if one not in own)
    return found.model_copy(update=changes)


def asks_for_refund(found: Classification) -> bool:
    """Whether a text is worth a look at the store, for sure or perhaps."""
    return found.refund or (found.refund_related and found.needs_human and found.confidence >= 0.5)


def why_left_alone(ticket: Ticket, found: Classification) -> str | None:
    """Why a ticket gets no case, or None when it does."""
    if ticket.is_closed:
        return CLOSED
    if ticket.is_from_agent:
        return FROM_AGENT
    if Signal.AUTO_REPLY in found.signals or any(
        is_machine_address(contact.value) for contact in ticket.requester.emails
    ):
        return FROM_MACHINE
    if asks_for_refund(found):
        return None
    return NOT_UNDERSTOOD if Signal.UNSUPPORTED_LANGUAGE in found.signals else NOT_ABOUT_REFUNDS


def classify_reply(
    deps: Deps, account_id: str, messages: Sequence[Message]
) -> Classification | None:
    """What the customer's newest message is about; see `read_newest`."""
    return read_newest(deps.classifier_for(account_id), messages)


def new_to_us(messages: tuple[Message, ...], read_until: datetime) -> tuple[Message, ...]:
    """All messages where the customer wrote one after `read_until`, else none."""
    is_new = any(one.is_from_customer and one.created_at > read_until for one in messages)
    return messages if is_new else ()


def beginning_of(ticket: Ticket) -> datetime:
    """How far a ticket is read by whoever reads its description alone."""
    return ticket.created_at + _BEGINNING


def read_newest(classifier: Classifier, messages: Sequence[Message]) -> Classification | None:
    """What the customer's newest message is about; None when there is no such message.

    A short yes to a refund that an agent offered before it is a wish for that refund, for a person
    to look at. Orders that only earlier messages of the customer name count as named.
    """
    places = [
        number
        for number, message in enumerate(messages)
        if message.is_from_customer and not message.is_automatic
    ]
    if not places:
        return None
    newest = messages[places[-1]]
    said = clean(newest.text)
    found = classifier.classify_message(said)
    if not found.refund and may_agree(said.text):
        asked = _asked_before(messages, places[-1])
        if agrees_to_refund(said.text, asked):
            found = found.model_copy(
                update={
                    "refund": True,
                    "refund_related": True,
                    "kind": found.kind if found.kind.is_refund_related else Kind.REFUND_ITEM,
                    "needs_human": True,
                    "confidence": min(found.confidence, 0.5),
                }
            )
    if asks_for_refund(found) and not found.orders:
        earlier = [messages[number] for number in places[-1 - _EARLIER_MESSAGES : -1]]
        found = found.model_copy(update={"orders": _orders_named(earlier)})
    if newest.has_attachments:
        found = found.model_copy(update={"has_evidence": True})
    return found


def _asked_before(messages: Sequence[Message], place: int) -> str:
    """What an agent wrote last before a message."""
    for message in reversed(messages[:place]):
        if not message.is_from_customer:
            return clean(message.text).text
    return ""


def _orders_named(messages: Sequence[Message]) -> tuple[str, ...]:
    """Order numbers that earlier messages name, those of the newest first."""
    named: list[str] = []
    for message in reversed(messages):
        named += orders_in(clean(message.text))
    return tuple(dict.fromkeys(named))
