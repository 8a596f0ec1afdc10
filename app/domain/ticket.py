"""Tickets as every helpdesk has them, and what a webhook tells about one."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field

from app.domain.base import Value
from app.domain.channel import Channel


class TicketEventKind(StrEnum):
    """What happened to a ticket, in one vocabulary for all helpdesks."""

    CREATED = "created"
    CUSTOMER_REPLIED = "customer_replied"
    UPDATED = "updated"
    SWEPT = "swept"
    UNKNOWN = "unknown"


class TicketEvent(Value):
    """One delivery, reduced to typed values; no free text of the customer is in it.

    `dedupe_key` is equal for repeated deliveries of one event. `vendor_kind` is the vendor's own
    name of the event, kept so that unknown ones can be looked at later. `awaits_answer`: the ticket
    is new or open, as it is after a customer wrote; None where the helpdesk doesn't say.
    """

    ticket_id: str
    kind: TicketEventKind
    dedupe_key: str
    vendor_kind: str
    author_id: str | None = None
    occurred_at: AwareDatetime | None = None
    awaits_answer: bool | None = None


class Contact(Value):
    """One address of a person. `is_verified` is the helpdesk's word, None where it gives none."""

    value: str
    is_verified: bool | None = None


class Requester(Value):
    """The customer who wrote, as the helpdesk knows them. Phones are E.164 where parseable."""

    id: str
    name: str | None = None
    emails: tuple[Contact, ...] = ()
    phones: tuple[Contact, ...] = ()


class Message(Value):
    """One public message of a ticket. `is_automatic`: a machine sent it (out of office, bounce).

    `has_attachments` is None where the helpdesk doesn't say.
    """

    author_id: str | None = None
    is_from_customer: bool
    text: str
    created_at: AwareDatetime
    is_automatic: bool = False
    has_attachments: bool | None = None


class Ticket(Value):
    """A ticket with what triage needs of it.

    `revision` is the helpdesk's own mark of the version read (Zendesk: `updated_at`, verbatim); it
    goes back with a write so that nobody's change is overwritten. `fields` maps the helpdesk's
    field id to its value as text. `is_from_agent`: the requester is staff, so no customer asks.
    `has_attachments` is None where the helpdesk doesn't say.
    """

    id: str
    subject: str
    description: str
    requester: Requester
    channel: Channel
    status: str
    tags: tuple[str, ...] = ()
    fields: dict[str, str | None] = Field(default_factory=dict)
    created_at: AwareDatetime
    updated_at: AwareDatetime
    revision: str
    language_hint: str | None = None
    is_closed: bool = False
    is_from_agent: bool = False
    has_attachments: bool | None = None
