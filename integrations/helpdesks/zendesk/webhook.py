"""A webhook POST, reduced to typed values: bodies of our trigger, and Zendesk's event envelopes.

https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field, ValidationError

from app.domain.errors import BadDelivery
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import Account, SecretVault
from integrations.helpdesks.zendesk.oauth import OWNER
from integrations.helpdesks.zendesk.payloads import Id, OptionalId, Payload, Text
from integrations.helpdesks.zendesk.signature import verify

WEBHOOK_SECRETS = "webhook_secrets"
INVOCATION_HEADER = "x-zendesk-webhook-invocation-id"
_TICKET_EVENT = "zen:event-type:ticket."
TRIGGER_CREATED = "ticket_created"
TRIGGER_REPLIED = "customer_replied"

_TRIGGER_KINDS = {
    TRIGGER_CREATED: TicketEventKind.CREATED,
    TRIGGER_REPLIED: TicketEventKind.CUSTOMER_REPLIED,
    "ticket_updated": TicketEventKind.UPDATED,
}

TicketId = Annotated[Id, Field(pattern=r"^[0-9]{1,20}$")]


class TriggerBody(Payload):
    """What our trigger sends: ids only, since free text could break out of the template."""

    v: int
    kind: str = Field(min_length=1, max_length=60)
    ticket_id: TicketId
    requester_id: OptionalId = None
    updated_at: Text = ""


class _Author(Payload):
    id: OptionalId = None
    is_staff: bool | None = None


class _Comment(Payload):
    is_public: bool | None = None
    author: _Author | None = None


class _Detail(Payload):
    id: TicketId
    actor_id: OptionalId = None


def _object(value: object) -> object:
    return {} if value is None else value


class _Event(Payload):
    comment: _Comment | None = None


class EventBody(Payload):
    """An event that the account subscribed to. Its time has more decimals than Python keeps."""

    type: str
    id: Id
    time: Text = ""
    detail: _Detail
    event: Annotated[_Event, BeforeValidator(_object)] = _Event()


class _Moment(Payload):
    value: AwareDatetime


def secrets_of(vault: SecretVault) -> list[str]:
    """The webhook's signing secrets, newest first: one, or two during a rotation."""
    text = vault.get(OWNER, WEBHOOK_SECRETS)
    return text.split() if text else []


def receive(
    account: Account,
    vault: SecretVault,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> TicketEvent | None:
    """Check a POST for one account; None when there is nothing to do about it.

    The signature covers timestamp and body only, so which account speaks is known by whose secret
    fits, not by a header. Raises BadDelivery.
    """
    verify(headers, body, secrets_of(vault), now)
    try:
        parsed = json.loads(body)
    except ValueError:
        raise BadDelivery("the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise BadDelivery("the body is not a JSON object")
    try:
        if "type" in parsed:
            return _from_event(parsed, str(account.config.get("bot_user_id") or ""))
        return _from_trigger(parsed, headers)
    except ValidationError as error:
        names = ", ".join(str(part["loc"][0]) for part in error.errors() if part["loc"])
        raise BadDelivery(f"the body isn't one of ours: {names or 'unknown form'}") from None


def _from_trigger(parsed: dict[str, Any], headers: Mapping[str, str]) -> TicketEvent:
    body = TriggerBody.model_validate(parsed)
    if body.v != 1:
        raise BadDelivery(f"version {body.v} of the trigger's body is unknown: connect again")
    if body.kind == TRIGGER_CREATED:
        # A ticket is created once, however often that is delivered.
        key = f"created:{body.ticket_id}"
    else:
        moment = body.updated_at or _invocation(headers)
        key = f"{body.kind}:{body.ticket_id}:{moment}"
    return TicketEvent(
        ticket_id=body.ticket_id,
        kind=_TRIGGER_KINDS.get(body.kind, TicketEventKind.UNKNOWN),
        dedupe_key=key[:200],
        vendor_kind=body.kind,
        occurred_at=_moment(body.updated_at),
    )


def _invocation(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == INVOCATION_HEADER), "")


def _from_event(parsed: dict[str, Any], bot_user_id: str) -> TicketEvent | None:
    vendor_kind = parsed["type"]
    if not isinstance(vendor_kind, str) or not vendor_kind.startswith(_TICKET_EVENT):
        return None
    body = EventBody.model_validate(parsed)
    comment = body.event.comment
    author = comment.author if comment is not None else None
    author_id = author.id if author is not None and author.id else body.detail.actor_id
    if bot_user_id and author_id == bot_user_id:
        return None
    return TicketEvent(
        ticket_id=body.detail.id,
        kind=_kind(vendor_kind.removeprefix(_TICKET_EVENT), comment),
        dedupe_key=f"event:{body.id}"[:200],
        vendor_kind=vendor_kind[:100],
        author_id=author_id,
        occurred_at=_moment(body.time),
    )


def _kind(name: str, comment: _Comment | None) -> TicketEventKind:
    if name == "created":
        return TicketEventKind.CREATED
    if name != "comment_added":
        return TicketEventKind.UNKNOWN
    staff = comment is None or comment.author is None or comment.author.is_staff is not False
    return TicketEventKind.UPDATED if staff else TicketEventKind.CUSTOMER_REPLIED


def _moment(text: str) -> datetime | None:
    """An instant, or None for what isn't one; nanoseconds are cut to microseconds."""
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}"
    try:
        return _Moment.model_validate({"value": text}).value
    except ValidationError:
        return None
