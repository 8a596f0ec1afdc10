"""What is read from Zendesk, as frozen models; Zendesk's spelling stops here.

Ids come as numbers in the REST API and as texts in events; here they are texts. What is absent
comes as null, "" or "0", depending on the field: all of them become None.
"""

from __future__ import annotations

from typing import Annotated, Any

import phonenumbers
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from app.domain.people import Agent, Tier
from app.domain.ticket import Contact, Message, Requester, Ticket
from integrations.helpdesks.zendesk.channels import channel_of

DEFAULT_REGION = "US"
_STAFF = frozenset({"agent", "admin"})
# Kinds of agents that can't answer customers: light agents and contributors.
# https://developer.zendesk.com/api-reference/ticketing/users/users/#json-format
_LOOK_ONLY_ROLE_TYPES = frozenset({1, 3})
# Stands for every look-only kind of agent without a custom role, and for end users.
LOOKS_ONLY_ROLE = "looks only"


def _optional_text(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value) if value else None
    return None if value in ("", "0") else value


def _text(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return "" if value is None else value


def _list(value: object) -> object:
    return [] if value is None else value


def _object(value: object) -> object:
    return {} if value is None else value


OptionalId = Annotated[str | None, BeforeValidator(_optional_text)]
Id = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Text = Annotated[str, BeforeValidator(_text)]
OptionalText = Annotated[str | None, BeforeValidator(_optional_text)]


class Payload(BaseModel):
    """Base of all that is read: frozen, and what we don't know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def to_e164(number: str | None, region: str) -> str | None:
    """A phone number as +4915112345678; None for what isn't one. `region` helps local forms."""
    if not number:
        return None
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


class UserPayload(Payload):
    """A user: a customer or somebody of the merchant.

    https://developer.zendesk.com/api-reference/ticketing/users/users/
    """

    id: OptionalId = None
    name: OptionalText = None
    email: OptionalText = None
    verified: bool | None = None
    phone: OptionalText = None
    shared_phone_number: bool | None = None
    locale: OptionalText = None
    role: Text = ""
    role_type: int | None = None
    custom_role_id: OptionalId = None
    only_private_comments: bool | None = None
    active: bool | None = None
    suspended: bool | None = None

    @property
    def is_staff(self) -> bool:
        """Whether this is somebody of the merchant."""
        return self.role in _STAFF

    def to_requester(self, user_id: str, region: str) -> Requester:
        """The person as a customer. A phone shared by several people identifies nobody."""
        phone = None if self.shared_phone_number else to_e164(self.phone, region)
        return Requester(
            id=user_id,
            name=self.name,
            emails=(Contact(value=self.email, is_verified=self.verified),) if self.email else (),
            phones=(Contact(value=phone),) if phone else (),
        )

    def to_agent(self, role_names: dict[str, str], groups: tuple[str, ...] = ()) -> Agent:
        """The person as an agent, with Zendesk's own default tier. `role_names` are the names of
        custom roles by id."""
        role_name = role_names.get(self.custom_role_id or "")
        own = tuple(key for key in (self.custom_role_id, role_name) if key) if self.is_staff else ()
        # A look-only kind of agent stays one, unless an admin maps exactly their custom role.
        general = () if self._looks_only else (self.role,)
        return Agent(
            id=self.id or "",
            name=self.name or "",
            email=self.email,
            role=role_name or self.role,
            roles=(*own, *general) or (LOOKS_ONLY_ROLE,),
            groups=groups if self.is_staff else (),
            tier=self._default_tier(),
            is_active=self.active is not False and self.suspended is not True,
        )

    @property
    def _looks_only(self) -> bool:
        return (
            not self.is_staff
            or self.role_type in _LOOK_ONLY_ROLE_TYPES
            or self.only_private_comments is True
        )

    def _default_tier(self) -> Tier | None:
        if self._looks_only:
            return None
        return Tier.MANAGER if self.role == "admin" else Tier.AGENT


class UserAnswer(Payload):
    """`{"user": …}`."""

    user: UserPayload


class GroupPayload(Payload):
    """A group of agents."""

    name: Text = ""
    deleted: bool | None = None


class Via(Payload):
    """How a ticket came in."""

    channel: Text = ""


class FieldValue(Payload):
    """A custom field's value on a ticket; lists are those of multi-select fields."""

    id: Id
    value: Any = None

    def as_text(self) -> str | None:
        """The value as text, None where the field is empty."""
        if self.value is None or self.value in ("", []):
            return None
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, list):
            return " ".join(str(one) for one in self.value)
        return str(self.value)


class TicketPayload(Payload):
    """A ticket. `updated_at` stays text: it goes back verbatim as the stamp of a write.

    https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#json-format
    """

    id: Id
    subject: Text = ""
    description: Text = ""
    status: Text = ""
    requester_id: Id
    created_at: AwareDatetime
    updated_at: str
    via: Annotated[Via, BeforeValidator(_object)] = Via()
    tags: Annotated[tuple[str, ...], BeforeValidator(_list)] = ()
    custom_fields: Annotated[tuple[FieldValue, ...], BeforeValidator(_list)] = ()


class TicketAnswer(Payload):
    """`{"ticket": …, "users": […]}`, as `include=users` gives it."""

    ticket: TicketPayload
    users: Annotated[tuple[UserPayload, ...], BeforeValidator(_list)] = ()

    def to_domain(self, region: str) -> Ticket:
        """The ticket with its requester. `region` is for phone numbers in local form."""
        ticket = self.ticket
        people = {user.id: user for user in self.users}
        requester = people.get(ticket.requester_id, UserPayload())
        return Ticket(
            id=ticket.id,
            subject=ticket.subject,
            description=ticket.description,
            requester=requester.to_requester(ticket.requester_id, region),
            channel=channel_of(ticket.via.channel),
            status=ticket.status,
            tags=ticket.tags,
            fields={one.id: one.as_text() for one in ticket.custom_fields},
            created_at=ticket.created_at,
            updated_at=_instant(ticket.updated_at),
            revision=ticket.updated_at,
            language_hint=requester.locale,
            is_closed=ticket.status == "closed",
            # `has_attachments` stays None: a ticket has its first comment's text and not its files.
            # A ticket that staff typed for a customer (by phone, or a form) is the customer's.
            is_from_agent=requester.is_staff,
        )


class CommentPayload(Payload):
    """One comment. `plain_body` is the text without markup; old answers have only `body`.

    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/
    """

    author_id: OptionalId = None
    plain_body: Text = ""
    body: Text = ""
    public: bool = False
    created_at: AwareDatetime
    attachments: Annotated[tuple[Any, ...], BeforeValidator(_list)] = ()


class CommentsAnswer(Payload):
    """A page of comments, with their authors side-loaded."""

    comments: tuple[CommentPayload, ...]
    users: Annotated[tuple[UserPayload, ...], BeforeValidator(_list)] = ()

    def to_domain(self) -> tuple[Message, ...]:
        """The public ones, oldest first. An author who isn't known is nobody's customer."""
        people = {user.id: user for user in self.users}
        found = sorted((one for one in self.comments if one.public), key=lambda one: one.created_at)
        return tuple(
            Message(
                author_id=one.author_id,
                is_from_customer=one.author_id in people and not people[one.author_id].is_staff,
                text=one.plain_body or one.body,
                created_at=one.created_at,
                has_attachments=bool(one.attachments),
            )
            for one in found
        )


class _Instant(Payload):
    value: AwareDatetime


def _instant(text: str) -> AwareDatetime:
    return _Instant.model_validate({"value": text}).value


class IdentityPayload(Payload):
    """One address on a profile.

    https://developer.zendesk.com/api-reference/ticketing/users/user_identities/
    """

    type: Text = ""
    value: Text = ""
    verified: bool | None = None


class IdentitiesAnswer(Payload):
    """All addresses of a profile."""

    identities: tuple[IdentityPayload, ...]

    def to_domain(self, user_id: str, region: str) -> Requester:
        """The requester with every mail address and every readable phone number."""
        emails = [
            Contact(value=one.value, is_verified=one.verified)
            for one in self.identities
            if one.type == "email" and one.value
        ]
        phones = [
            Contact(value=number, is_verified=one.verified)
            for one in self.identities
            if one.type == "phone_number" and (number := to_e164(one.value, region))
        ]
        return Requester(id=user_id, emails=tuple(emails), phones=tuple(phones))


class AuditMetadata(Payload):
    """`custom` is what the writer attached."""

    custom: Annotated[dict[str, Any], BeforeValidator(_object)] = Field(default_factory=dict)


class AuditPayload(Payload):
    """One change of a ticket.

    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/
    """

    id: Id
    metadata: Annotated[AuditMetadata, BeforeValidator(_object)] = AuditMetadata()


class PageMeta(Payload):
    """Where cursor paging stands."""

    has_more: bool = False
    after_cursor: str | None = None


class GroupsAnswer(Payload):
    """Groups, all or those of one person: https://developer.zendesk.com/api-reference/ticketing/groups/groups/"""

    groups: Annotated[tuple[GroupPayload, ...], BeforeValidator(_list)] = ()
    meta: Annotated[PageMeta, BeforeValidator(_object)] = PageMeta()

    def names(self) -> tuple[str, ...]:
        """Their names, without deleted ones."""
        return tuple(one.name for one in self.groups if one.name and not one.deleted)


class AuditsAnswer(Payload):
    """A page of changes."""

    audits: tuple[AuditPayload, ...]
    meta: Annotated[PageMeta, BeforeValidator(_object)] = PageMeta()


class WrittenTicket(Payload):
    """What a write needs to know of the ticket it changed."""

    updated_at: str


class WriteAnswer(Payload):
    """The answer to a ticket update."""

    ticket: WrittenTicket
    audit: AuditPayload


class FoundTicket(Payload):
    """A ticket as a search lists it."""

    id: Id
    updated_at: AwareDatetime
    status: str | None = None
    requester_id: OptionalId = None


class SearchAnswer(Payload):
    """A page of tickets that a search found."""

    results: tuple[FoundTicket, ...]
    next_page: str | None = None
