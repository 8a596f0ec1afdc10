"""A webhook POST, reduced to typed values. No words of the customer are kept.

Deliveries come at least once, in any order, for up to about an hour. What they say may be stale,
so only ids and directions are taken, and the conversation is read when its turn comes.
https://developer.kustomer.com/docs/events/event-catalog
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from app.domain.errors import BadDelivery
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import Account, SecretVault
from integrations.helpdesks.kustomer.config import KustomerConfig
from integrations.helpdesks.kustomer.payloads import Moment, Payload, Record, Text, as_object
from integrations.helpdesks.kustomer.signature import verify
from integrations.helpdesks.kustomer.vocabulary import OWNER, WEBHOOK_TOKENS

CONVERSATION_CREATED = "kustomer.conversation.create"
MESSAGE_CREATED = "kustomer.message.create"
EVENTS = (CONVERSATION_CREATED, MESSAGE_CREATED)
# Retries end after about an hour (the old documentation says 80 minutes).
MAX_AGE = timedelta(hours=3)
MAX_AHEAD = timedelta(minutes=10)
_FIRST = "initial-in"


class _Attributes(Payload):
    direction: Text = ""
    direction_type: Text = Field(default="", alias="directionType")
    auto: bool | None = None


class _Data(Record):
    attributes: Annotated[_Attributes, BeforeValidator(as_object)] = _Attributes()


class Event(Payload):
    """The envelope of every event; unknown keys and `changes` are ignored."""

    id: str = Field(min_length=1, max_length=100)
    name: str = Field(min_length=1, max_length=200)
    org: str = Field(min_length=1, max_length=100)
    data: _Data
    created_at: Moment = Field(alias="createdAt")


class _Org(Payload):
    org: str = Field(min_length=1, max_length=100)


def org_of(body: bytes) -> str | None:
    """The org that a body speaks of, not proven by anything; None where it names none."""
    try:
        return _Org.model_validate_json(body).org
    except ValidationError:
        return None


def tokens_of(vault: SecretVault) -> list[str]:
    """The webhook's tokens, newest first: one, or two during a rotation."""
    return (vault.get(OWNER, WEBHOOK_TOKENS) or "").split()


def receive(
    account: Account,
    vault: SecretVault,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> TicketEvent | None:
    """Check a POST for one account; None when there is nothing to do about it. Raises BadDelivery.

    The account was chosen by what the body says, so only its own token may fit.
    """
    verify(headers, body, tokens_of(vault))
    event = _read(body)
    config = KustomerConfig.of(account)
    if event.org != config.org_id:
        raise BadDelivery("the event is another org's", 401)
    if now - event.created_at > MAX_AGE:
        raise BadDelivery("the event is too old", 401)
    if event.created_at - now > MAX_AHEAD:
        raise BadDelivery("the event is from the future", 401)
    if config.machine_user_id and event.data.related("createdBy") == config.machine_user_id:
        return None
    if event.name == CONVERSATION_CREATED:
        return _started(event, event.data.id)
    if event.name == MESSAGE_CREATED:
        return _written(event)
    return None


def _read(body: bytes) -> Event:
    try:
        parsed: Any = json.loads(body)
    except ValueError:
        raise BadDelivery("the body is not JSON") from None
    try:
        return Event.model_validate(parsed)
    except ValidationError as error:
        names = ", ".join(str(part["loc"][0]) for part in error.errors() if part["loc"])
        raise BadDelivery(f"the body is no event: {names or 'unknown form'}") from None


def _started(event: Event, conversation_id: str) -> TicketEvent:
    """A conversation's beginning. Its first message says the same thing: whichever of the two
    comes first is worked on, the other is its repetition."""
    return _event(event, conversation_id, TicketEventKind.CREATED, f"created:{conversation_id}")


def _written(event: Event) -> TicketEvent | None:
    attributes = event.data.attributes
    conversation_id = event.data.related("conversation")
    if attributes.direction != "in" or attributes.auto or conversation_id is None:
        return None
    if attributes.direction_type == _FIRST:
        return _started(event, conversation_id)
    key = f"message:{conversation_id}:{event.data.id}"
    return _event(event, conversation_id, TicketEventKind.CUSTOMER_REPLIED, key)


def _event(event: Event, conversation_id: str, kind: TicketEventKind, key: str) -> TicketEvent:
    return TicketEvent(
        ticket_id=conversation_id,
        kind=kind,
        dedupe_key=key[:200],
        vendor_kind=event.name[:100],
        author_id=event.data.related("createdBy"),
        occurred_at=event.created_at,
    )
