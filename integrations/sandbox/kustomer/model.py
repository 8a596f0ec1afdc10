"""The records that the sandbox org holds. Plain data: rules live in the modules beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

STATUSES = ("open", "snoozed", "done")
CHANNELS = (
    "email", "chat", "sms", "voice", "form", "web", "facebook", "twitter", "instagram", "whatsapp",
)  # fmt: skip


@dataclass(slots=True)
class Team:
    id: str
    name: str
    created_at: datetime
    member_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class User:
    """A person of the merchant, or the machine user behind an API key."""

    id: str
    name: str
    email: str
    roles: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    is_machine: bool = False
    deleted_at: datetime | None = None


@dataclass(slots=True)
class ApiKey:
    """A bearer token. Its roles can't be changed afterwards."""

    id: str
    name: str
    token: str
    user_id: str
    roles: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked: bool = False
    is_session: bool = False  # a signed-in person's browser, not a key


@dataclass(slots=True)
class Customer:
    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    emails: list[dict[str, Any]] = field(default_factory=list)
    phones: list[dict[str, Any]] = field(default_factory=list)
    external_id: str | None = None
    locale: str | None = None
    custom: dict[str, Any] = field(default_factory=dict)
    rev: int = 1
    modified_by: str | None = None


@dataclass(slots=True)
class Conversation:
    id: str
    customer_id: str
    name: str
    channel: str
    created_at: datetime
    updated_at: datetime
    created_by: str | None
    modified_by: str | None = None
    status: str = "open"
    sub_status: str | None = None
    snooze: dict[str, Any] | None = None
    priority: int = 3
    tag_ids: list[str] = field(default_factory=list)
    assigned_users: list[str] = field(default_factory=list)
    assigned_teams: list[str] = field(default_factory=list)
    queue: dict[str, Any] | None = None
    custom: dict[str, Any] = field(default_factory=dict)
    external_id: str | None = None
    default_lang: str | None = None
    locked: bool = False
    rev: int = 1
    preview: str = ""
    last_activity_at: datetime | None = None
    message_ids: list[str] = field(default_factory=list)
    note_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """One message. Its text is served as `preview`; there is no `body`."""

    id: str
    conversation_id: str
    customer_id: str
    channel: str
    direction: str
    direction_type: str
    text: str
    subject: str | None
    created_at: datetime
    created_by: str | None
    auto: bool = False
    app: str = "postmark"
    external_id: str | None = None
    rev: int = 1


@dataclass(slots=True)
class Note:
    id: str
    conversation_id: str
    customer_id: str
    body: str
    created_at: datetime
    modified_at: datetime
    created_by: str
    external_id: str | None = None
    user_mentions: list[dict[str, Any]] = field(default_factory=list)
    rev: int = 1


@dataclass(slots=True)
class Draft:
    """A message that somebody may still send."""

    id: str
    customer_id: str
    conversation_id: str | None
    values: dict[str, Any]
    created_at: datetime
    created_by: str


@dataclass(slots=True)
class Tag:
    id: str
    name: str
    created_at: datetime


@dataclass(slots=True)
class Klass:
    """A type of custom object, or (`standard`) the custom attributes of a built-in one."""

    id: str
    name: str
    standard: bool
    properties: dict[str, dict[str, Any]]
    created_at: datetime
    icon: str | None = None
    color: str | None = None
    app: str | None = None


@dataclass(slots=True)
class KObject:
    id: str
    klass: str
    customer_id: str | None
    title: str
    created_at: datetime
    updated_at: datetime
    created_by: str
    external_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    rev: int = 1


@dataclass(slots=True)
class Webhook:
    """An outbound webhook; `token` is the key of its signatures."""

    id: str
    name: str
    url: str
    events: list[str]
    headers: list[dict[str, str]]
    token: str
    created_at: datetime
    updated_at: datetime
    created_by: str
    enabled: bool = True
    is_error: bool = False
    app: str | None = None


@dataclass(slots=True)
class AppVersion:
    """A registered definition, with its names as the org knows them. Permanent."""

    app: str
    version: str
    definition: dict[str, Any]
    created_at: datetime


@dataclass(slots=True)
class Installation:
    id: str
    app: str
    version: str
    status: str
    installed_at: datetime
    components: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(slots=True)
class Setting:
    app: str
    category: str
    name: str
    type: str
    value: Any
    required: bool = False
    hidden: bool = False

    @property
    def path(self) -> str:
        return f"{self.app}.{self.category}.{self.name}"


@dataclass(slots=True)
class Command:
    """A command as it was registered; `definition` is its part of the app definition."""

    id: str
    name: str
    app: str
    definition: dict[str, Any]
