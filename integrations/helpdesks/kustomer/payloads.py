"""What is read from Kustomer, as frozen models; Kustomer's spelling stops here.

Every record is `{type, id, attributes, relationships}`. The `type` of a related record is captured
in singular and in plural, so nothing depends on it.
https://developer.kustomer.com/docs/concepts/data-model
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import phonenumbers
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from app.domain import ticket as domain
from app.domain.ticket import Contact, Requester, Ticket
from integrations.helpdesks.kustomer.channels import channel_of


def _text(value: object) -> object:
    return "" if value is None else value


def as_list(value: object) -> object:
    """A list that is absent comes as null."""
    return [] if value is None else value


def as_object(value: object) -> object:
    """An object that is absent comes as null."""
    return {} if value is None else value


def _aware(value: object) -> object:
    """A time without an offset is UTC, as all of Kustomer's are."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value


Text = Annotated[str, BeforeValidator(_text)]
Moment = Annotated[AwareDatetime, BeforeValidator(_aware)]
OptionalMoment = Annotated[AwareDatetime | None, BeforeValidator(_aware)]


class Payload(BaseModel):
    """Base of all that is read: frozen, and what we don't know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Reference(Payload):
    """A related record."""

    id: str = Field(min_length=1)


class Relation(Payload):
    """`{"data": {...}}`; a list, or nothing, where the relation has several or none."""

    data: Reference | Annotated[tuple[Reference, ...], BeforeValidator(as_list)] | None = None

    @property
    def id(self) -> str | None:
        """The id of the one related record."""
        return self.data.id if isinstance(self.data, Reference) else None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all related records."""
        if isinstance(self.data, Reference):
            return (self.data.id,)
        return tuple(one.id for one in self.data or ())


_Relations = Annotated[dict[str, Relation], BeforeValidator(as_object)]


class Record(Payload):
    """What all records have in common."""

    id: str = Field(min_length=1)
    relationships: _Relations = Field(default_factory=dict)

    def related(self, name: str) -> str | None:
        """The id of the record's one relation of this name."""
        relation = self.relationships.get(name)
        return relation.id if relation is not None else None

    def all_related(self, name: str) -> tuple[str, ...] | None:
        """The ids of a relation; None where the record doesn't tell."""
        relation = self.relationships.get(name)
        return relation.ids if relation is not None else None


class Links(Payload):
    """Where a list goes on."""

    next: str | None = None


# --- people -------------------------------------------------------------------------------------


class Email(Payload):
    """One mail address of a customer."""

    email: Text = ""
    verified: bool | None = None


class Phone(Payload):
    """One phone number of a customer."""

    phone: Text = ""
    verified: bool | None = None


class CustomerAttributes(Payload):
    """Addresses that others share (`sharedEmails`, `sharedPhones`) identify nobody: not read."""

    display_name: Text = Field(default="", alias="displayName")
    name: Text = ""
    emails: Annotated[tuple[Email, ...], BeforeValidator(as_list)] = ()
    phones: Annotated[tuple[Phone, ...], BeforeValidator(as_list)] = ()
    locale: Text = ""
    default_lang: Text = Field(default="", alias="defaultLang")


class Customer(Record):
    """Somebody who writes. https://developer.kustomer.com/docs/concepts/data-model"""

    attributes: CustomerAttributes = CustomerAttributes()

    def to_requester(self, region: str) -> Requester:
        """With every address on the profile. `region` helps phone numbers in local form.

        Kustomer's own examples have `verified: false` for customers who write by mail, so false
        says nothing; an address that was added by hand can't be told from one that wrote.
        """
        found = self.attributes
        return Requester(
            id=self.id,
            name=found.display_name or found.name or None,
            emails=tuple(
                Contact(value=one.email, is_verified=one.verified or None)
                for one in found.emails
                if one.email
            ),
            phones=tuple(
                Contact(value=number, is_verified=one.verified or None)
                for one in found.phones
                if (number := to_e164(one.phone, region))
            ),
        )

    @property
    def language(self) -> str | None:
        """The customer's language, if it is known."""
        return self.attributes.default_lang or self.attributes.locale or None


class CustomerAnswer(Payload):
    """`{"data": {...}}`."""

    data: Customer


def to_e164(number: str, region: str) -> str | None:
    """A phone number as +4915112345678; None for what isn't one."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


# --- conversations ------------------------------------------------------------------------------


class MessageAttributes(Payload):
    """A message's text is in `preview`; there is no `body`."""

    channel: Text = ""
    direction: Text = ""
    subject: Text = ""
    preview: Text = ""
    auto: bool | None = None
    created_at: OptionalMoment = Field(default=None, alias="createdAt")
    sent_at: OptionalMoment = Field(default=None, alias="sentAt")

    @property
    def is_from_customer(self) -> bool:
        """Written by a person on the other side, not by an agent or a machine."""
        return self.direction == "in" and not self.auto


class Message(Record):
    """One message. https://developer.kustomer.com/docs/concepts/conversations-and-messages"""

    attributes: MessageAttributes = MessageAttributes()

    @property
    def moment(self) -> datetime:
        """When it was written, as far as that is known."""
        return (
            self.attributes.sent_at
            or self.attributes.created_at
            or datetime.min.replace(tzinfo=UTC)
        )

    @property
    def has_attachments(self) -> bool | None:
        """Whether files came with it; None where the record doesn't tell.

        That a message names its attachments isn't documented, so nothing is read from silence.
        """
        relation = self.relationships.get("attachments")
        return None if relation is None or relation.data is None else bool(relation.ids)

    def to_domain(self) -> domain.Message:
        """As one message of a ticket."""
        return domain.Message(
            author_id=self.related("createdBy"),
            is_from_customer=self.attributes.direction == "in",
            text=self.attributes.preview,
            created_at=self.moment,
            is_automatic=bool(self.attributes.auto),
            has_attachments=self.has_attachments,
        )


class MessagesAnswer(Payload):
    """A page of messages."""

    data: tuple[Message, ...]
    links: Annotated[Links, BeforeValidator(as_object)] = Links()


class ConversationAttributes(Payload):
    """What a search and a look at one conversation tell."""

    name: Text = ""
    status: Text = ""
    created_at: OptionalMoment = Field(default=None, alias="createdAt")
    updated_at: OptionalMoment = Field(default=None, alias="updatedAt")
    message_count: int | None = Field(default=None, alias="messageCount")
    custom: Annotated[dict[str, Any], BeforeValidator(as_object)] = Field(default_factory=dict)


class Conversation(Record):
    """A conversation as it stands."""

    attributes: ConversationAttributes = ConversationAttributes()


class ConversationAnswer(Payload):
    """`{"data": {...}}`."""

    data: Conversation


class SearchAnswer(Payload):
    """A page of conversations that a search found."""

    data: tuple[Conversation, ...]
    links: Annotated[Links, BeforeValidator(as_object)] = Links()


def to_ticket(
    conversation_id: str, messages: tuple[Message, ...], customer: Customer, region: str
) -> Ticket:
    """A conversation as a ticket: all that the customer wrote so far, oldest first.

    `messages` has at least one of the customer's own. The conversation itself isn't read: its
    state isn't needed, and its attributes are written without looking at the old ones.
    """
    own = sorted(
        (one for one in messages if one.attributes.is_from_customer), key=lambda one: one.moment
    )
    first, last = own[0], own[-1]
    told = {one.has_attachments for one in own}
    subject = next((one.attributes.subject for one in own if one.attributes.subject), "")
    return Ticket(
        id=conversation_id,
        subject=subject,
        description="\n\n".join(one.attributes.preview for one in own if one.attributes.preview),
        requester=customer.to_requester(region),
        channel=channel_of(first.attributes.channel),
        status="open",
        created_at=first.moment,
        updated_at=last.moment,
        revision=last.id,
        language_hint=customer.language,
        has_attachments=True if True in told else (None if None in told else False),
    )


# --- notes --------------------------------------------------------------------------------------


class NoteAttributes(Payload):
    """An internal note."""

    body: Text = ""
    external_id: Text = Field(default="", alias="externalId")


class NoteRecord(Record):
    """A note as it stands in a conversation."""

    attributes: NoteAttributes = NoteAttributes()


class NoteAnswer(Payload):
    """`{"data": {...}}`."""

    data: NoteRecord


class NotesAnswer(Payload):
    """A page of notes."""

    data: tuple[NoteRecord, ...]
    links: Annotated[Links, BeforeValidator(as_object)] = Links()


# --- custom objects -----------------------------------------------------------------------------


class KObjectAttributes(Payload):
    """`custom` has typed values, `data` is free JSON."""

    title: Text = ""
    external_id: Text = Field(default="", alias="externalId")
    created_at: OptionalMoment = Field(default=None, alias="createdAt")
    custom: Annotated[dict[str, Any], BeforeValidator(as_object)] = Field(default_factory=dict)
    data: Annotated[dict[str, Any], BeforeValidator(as_object)] = Field(default_factory=dict)


class KObject(Record):
    """An object of a custom type."""

    attributes: KObjectAttributes = KObjectAttributes()


class KObjectAnswer(Payload):
    """`{"data": {...}}`."""

    data: KObject


class KObjectsAnswer(Payload):
    """A page of objects."""

    data: tuple[KObject, ...]
    links: Annotated[Links, BeforeValidator(as_object)] = Links()
