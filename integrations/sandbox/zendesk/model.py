"""The records that the sandbox account holds. Plain data: rules live in the modules beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from integrations.sandbox.zendesk.keys import KeyPair

Role = Literal["end-user", "agent", "admin"]

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
TYPES = ("problem", "incident", "question", "task")


@dataclass(slots=True)
class Identity:
    id: int
    type: str
    value: str
    primary: bool
    verified: bool
    created_at: datetime


@dataclass(slots=True)
class User:
    id: int
    name: str
    email: str | None
    role: Role
    created_at: datetime
    updated_at: datetime
    phone: str | None = None
    locale: str = "en-US"
    time_zone: str = "UTC"
    custom_role_id: int | None = None
    role_type: int | None = None
    only_private_comments: bool = False
    suspended: bool = False
    external_id: str | None = None
    default_group_id: int | None = None
    group_ids: list[int] = field(default_factory=list)
    organization_id: int | None = None
    tags: list[str] = field(default_factory=list)
    user_fields: dict[str, Any] = field(default_factory=dict)
    identities: list[Identity] = field(default_factory=list)

    @property
    def is_staff(self) -> bool:
        return self.role != "end-user"


@dataclass(slots=True)
class Comment:
    id: int
    author_id: int
    body: str
    html_body: str
    public: bool
    created_at: datetime
    audit_id: int
    via_channel: str


@dataclass(slots=True)
class Audit:
    id: int
    ticket_id: int
    author_id: int
    created_at: datetime
    via_channel: str
    custom_metadata: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Ticket:
    id: int
    requester_id: int
    submitter_id: int
    subject: str
    description: str
    created_at: datetime
    updated_at: datetime
    via_channel: str
    brand_id: int
    form_id: int
    is_public: bool = True
    status: str = "new"
    priority: str | None = None
    type: str | None = None
    assignee_id: int | None = None
    group_id: int | None = None
    organization_id: int | None = None
    external_id: str | None = None
    recipient: str | None = None
    via_followup_source_id: int | None = None
    followup_ids: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[int, Any] = field(default_factory=dict)
    generated_at: datetime | None = None
    indexed_at: float = 0.0
    comments: list[Comment] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)


@dataclass(slots=True)
class FieldOption:
    id: int
    name: str
    value: str


@dataclass(slots=True)
class CustomField:
    """A ticket field or user field. `key` is set on user fields only."""

    id: int
    type: str
    title: str
    created_at: datetime
    updated_at: datetime
    key: str | None = None
    description: str = ""
    tag: str | None = None
    regexp: str | None = None
    active: bool = True
    required: bool = False
    position: int = 9999
    options: list[FieldOption] = field(default_factory=list)
    creator_user_id: int = -1
    creator_app_name: str | None = None
    system: bool = False


@dataclass(slots=True)
class Trigger:
    id: int
    title: str
    conditions: dict[str, list[dict[str, Any]]]
    actions: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
    active: bool = True
    description: str = ""
    position: int = 0
    category_id: str | None = None
    fired: int = 0


@dataclass(slots=True)
class Webhook:
    id: str
    name: str
    endpoint: str
    http_method: str
    request_format: str
    status: str
    subscriptions: list[str]
    secret: str
    created_at: datetime
    updated_at: datetime
    created_by: int
    description: str = ""
    authentication: dict[str, Any] | None = None
    custom_headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_for_triggers(self) -> bool:
        return self.subscriptions == ["conditional_ticket_events"]


@dataclass(slots=True)
class Named:
    """A group, organization, brand or ticket form: known by id and name only."""

    id: int
    name: str
    created_at: datetime


@dataclass(slots=True)
class App:
    id: int
    name: str
    manifest: dict[str, Any]
    requirements: dict[str, Any]
    keys: KeyPair
    created_at: datetime


@dataclass(slots=True)
class Installation:
    id: int
    app_id: int
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    enabled: bool = True
    requirement_ids: dict[str, dict[str, Any]] = field(default_factory=dict)
