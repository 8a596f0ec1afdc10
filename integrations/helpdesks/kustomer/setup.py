"""What an org has been set up with, as Kustomer shows it: key, app, attributes, webhook, teams."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.domain.base import Value
from app.domain.errors import NotFound
from integrations.helpdesks.kustomer import people
from integrations.helpdesks.kustomer.client import (
    KustomerClient,
    path_name,
    record_id,
    understanding,
)
from integrations.helpdesks.kustomer.fields import AttributeSpec
from integrations.helpdesks.kustomer.payloads import (
    Links,
    Payload,
    Record,
    Text,
    as_list,
    as_object,
)

_PERMISSION = "org.permission."
# What the key needs at work, and roles of older kinds that include it.
# https://developer.kustomer.com/docs/get-started/api-keys-and-roles
NEEDED_ROLES = (
    "conversation.read",
    "conversation.update",
    "message.read",
    "note.create",
    "note.read",
    "customer.read",
    "customer.update",
    "metadata.read",
    "outbound_webhook.read",
    "user.read",
    "team.read",
    "kobject.read",
    "kobject.delete",
)
_ADMINS_ONLY = frozenset({"outbound_webhook"})


class Step(Value):
    """One thing that was looked after. `outcome`: created, kept, changed, removed or skipped."""

    name: str
    outcome: str
    detail: str = ""


class _TokenAttributes(Payload):
    roles: tuple[str, ...] | None = None


class _Token(Payload):
    attributes: Annotated[_TokenAttributes, BeforeValidator(as_object)] = _TokenAttributes()


class _TokenAnswer(Payload):
    data: _Token


class Component(Payload):
    """One part of a registered app, by the name that registration gave it."""

    name: Text = ""


class AppAttributes(Payload):
    """An app as registered or installed."""

    app: Text = ""
    name: Text = ""
    version: Text = ""
    status: Text = ""
    commands: Annotated[tuple[Component, ...], BeforeValidator(as_list)] = ()
    klasses: Annotated[tuple[Component, ...], BeforeValidator(as_list)] = ()

    @property
    def full_name(self) -> str:
        """The name with what registration added to it."""
        return self.app or self.name


class AppRecord(Payload):
    """An app, however it is wrapped."""

    attributes: AppAttributes = AppAttributes()


class AppAnswer(Payload):
    """`{"data": {...}}`."""

    data: AppRecord


class AppsAnswer(Payload):
    """A list of apps."""

    data: Annotated[tuple[AppRecord, ...], BeforeValidator(as_list)] = ()
    links: Annotated[Links, BeforeValidator(as_object)] = Links()


class _Property(Payload):
    display_name: Text = Field(default="", alias="displayName")


class _MetadataAttributes(Payload):
    properties: Annotated[dict[str, _Property], BeforeValidator(as_object)] = Field(
        default_factory=dict
    )


class _Metadata(Payload):
    attributes: _MetadataAttributes = _MetadataAttributes()


class _MetadataAnswer(Payload):
    data: _Metadata


class WebhookAttributes(Payload):
    """An outbound webhook; `token` signs its deliveries."""

    name: Text = ""
    url: Text = ""
    events: Annotated[tuple[str, ...], BeforeValidator(as_list)] = ()
    token: Text = ""
    enabled: bool = True
    is_error: bool | None = Field(default=None, alias="isError")


class Webhook(Record):
    """A webhook as it stands."""

    attributes: WebhookAttributes = WebhookAttributes()


class WebhookAnswer(Payload):
    """`{"data": {...}}`."""

    data: Webhook


class WebhooksAnswer(Payload):
    """A list of webhooks."""

    data: Annotated[tuple[Webhook, ...], BeforeValidator(as_list)] = ()


def me(client: KustomerClient) -> people.User:
    """The machine behind our key."""
    answer = client.get("users/current")
    with understanding("read our own user"):
        return people.UserAnswer.model_validate(answer).data


def granted_roles(client: KustomerClient) -> tuple[str, ...] | None:
    """The roles of the key in use; None where Kustomer doesn't list them."""
    answer = client.get("auth/tokens/current")
    with understanding("read the key's roles"):
        return _TokenAnswer.model_validate(answer).data.attributes.roles


def lacking_roles(granted: tuple[str, ...], needed: tuple[str, ...] = NEEDED_ROLES) -> list[str]:
    """The needed roles that nothing in `granted` includes, by their present names."""
    return [f"{_PERMISSION}{one}" for one in needed if not _includes(set(granted), one)]


def _includes(granted: set[str], needed: str) -> bool:
    resource, _, action = needed.partition(".")
    wide = {
        "org.admin",
        f"{_PERMISSION}{needed}",
        f"{_PERMISSION}{resource}",
        f"org.admin.{resource}",
    }
    if resource == "outbound_webhook":
        wide |= {"org.outbound_webhooks", "org.admin.outbound_webhooks"}
    if resource not in _ADMINS_ONLY:
        legacy = "read" if action == "read" else "write"
        wide |= {"org.user", f"org.user.{resource}", f"org.user.{resource}.{legacy}"}
    return bool(granted & wide)


def installed_app(client: KustomerClient, app: str, version: str) -> AppAttributes:
    """An installed app. Raises NotFound."""
    answer = client.get(f"apps/{path_name(f'{app}-{version}')}")
    with understanding("read the installed app"):
        return AppAnswer.model_validate(answer).data.attributes


def registered_apps(client: KustomerClient) -> tuple[AppAttributes, ...]:
    """Every registered version of every app that the org may see."""
    answer = client.get("apps/available", {"page": "1", "pageSize": "100"})
    with understanding("list registered apps"):
        return tuple(one.attributes for one in AppsAnswer.model_validate(answer).data)


def registered_app(client: KustomerClient, app: str, version: str) -> AppAttributes:
    """One registered version. Raises NotFound."""
    answer = client.get(f"apps/available/{path_name(f'{app}-{version}')}")
    with understanding("read the registered app"):
        return AppAnswer.model_validate(answer).data.attributes


def attribute_titles(client: KustomerClient, resource: str) -> dict[str, str]:
    """The attributes of a standard object: stored name -> title."""
    answer = client.get(f"metadata/{path_name(resource)}")
    with understanding(f"read the attributes of {resource}"):
        found = _MetadataAnswer.model_validate(answer).data.attributes.properties
    return {name: one.display_name for name, one in found.items()}


def stored_name(spec: AttributeSpec, titles: dict[str, str]) -> str | None:
    """What an attribute is called in the org: with the app's identifier in front, or without.

    The prefixed one is ours for sure; an unprefixed one may be somebody else's of the same name,
    so its title must be ours too.
    """
    ending = spec.key[:1].upper() + spec.key[1:]
    prefixed = [name for name in titles if name.startswith("@") and name.endswith(ending)]
    for name in sorted(prefixed, key=lambda one: (titles[one] != spec.title, one)):
        return name
    plain = spec.key in titles and titles[spec.key] in ("", spec.title)
    return spec.key if plain else None


def klass_exists(client: KustomerClient, klass: str) -> bool:
    """Whether a kind of custom object is there. Raises AccessDenied."""
    try:
        client.get(f"metadata/{path_name(klass)}")
    except NotFound:
        return False
    return True


def webhooks(client: KustomerClient) -> tuple[Webhook, ...]:
    """All outbound webhooks."""
    answer = client.get("outbound-webhooks")
    with understanding("list webhooks"):
        return WebhooksAnswer.model_validate(answer).data


def webhook(client: KustomerClient, webhook_id: str) -> Webhook:
    """One webhook, with the token that signs its deliveries. Raises NotFound."""
    answer = client.get(f"outbound-webhooks/{record_id(webhook_id)}")
    with understanding("read the webhook"):
        return WebhookAnswer.model_validate(answer).data


def team_names(client: KustomerClient) -> tuple[str, ...]:
    """The names of all teams."""
    answer = client.get("teams", {"page": "1", "pageSize": "500"})
    with understanding("list teams"):
        found = people.TeamsAnswer.model_validate(answer).data
    return tuple(sorted(team.name for team in found if team.name))


def app_of(answer: dict[str, Any]) -> AppAttributes:
    """What a registration answers."""
    with understanding("register the app", is_write=True):
        return AppAnswer.model_validate(answer).data.attributes
