"""The keys that an app definition may have. One that Kustomer doesn't know fails registration.

https://developer.kustomer.com/docs/apps/app-definition
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Locale = str


class Part(BaseModel):
    """Base of all parts: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Developer(Part):
    name: str
    website: str
    supportEmail: str


class Platform(Part):
    name: str
    website: str


class DocumentationLink(Part):
    title: str
    url: str


class AppDetails(Part):
    appDeveloper: Developer
    externalPlatform: Platform
    documentationLinks: list[DocumentationLink]


class Setting(Part):
    """`defaultValue` must be there; `""` or null for none."""

    type: Literal["string", "number", "boolean", "secret"]
    defaultValue: str | float | bool | None
    required: bool = False
    description: str = ""
    hidden: bool = False


class Property(Part):
    displayName: str = Field(min_length=1)
    enumeration: list[str] | None = None


class KlassMetadata(Part):
    standard: bool = False
    properties: dict[str, Property]


class Klass(Part):
    name: str = Field(min_length=1)
    icon: str | None = None
    color: str | None = None
    metadata: KlassMetadata


class KViewMeta(Part):
    displayName: str | None = None
    icon: str | None = None
    state: Literal["open", "closed"] | None = None


class KView(Part):
    name: str = Field(min_length=1)
    resource: str
    context: str
    meta: KViewMeta = KViewMeta()
    template: str


class AppSetting(Part):
    key: str


class Command(Part):
    """`cacheSeconds` and `permittedArgs` are known, and refused by our own rules."""

    name: str = Field(min_length=1)
    displayName: str
    url: str
    httpMethod: Literal["get", "post", "put", "patch", "delete"]
    permittedArgs: list[str] | None = None
    appSettings: dict[str, AppSetting] = Field(default_factory=dict)
    defaultHeaders: dict[str, str] = Field(default_factory=dict)
    defaultBody: dict[str, Any] | None = None
    auditLogging: bool = False
    cacheSeconds: int | None = None
    inputSchema: dict[str, Any] | None = None
    outputSchema: dict[str, Any] | None = None


class Header(Part):
    name: str
    value: str


class OutboundWebhook(Part):
    name: str = Field(min_length=1, max_length=255)
    url: str
    events: list[str] = Field(min_length=1, max_length=12)
    headers: list[Header] = Field(default_factory=list)


class AppDefinition(Part):
    """The parts that we use. Others exist (actions, workflows, widgets…) and aren't sent."""

    app: str
    version: str
    title: str = Field(min_length=1)
    identifier: str
    visibility: Literal["private"]
    description: str = Field(min_length=1)
    instructions: str = ""
    iconUrl: str
    appDetails: AppDetails
    tags: list[Literal["ai", "analytics", "csat", "ecommerce", "messaging"]]
    settings: dict[str, dict[str, Setting]]
    i18n: dict[Locale, dict[str, str]]
    klasses: list[Klass]
    kviews: list[KView]
    commands: list[Command]
    outboundWebhooks: list[OutboundWebhook]
    changelog: dict[str, str]
