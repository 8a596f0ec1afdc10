"""What an account has been set up with: fields, webhook, trigger, app, as Zendesk shows them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.domain.base import Value
from integrations.helpdesks.zendesk.client import ZendeskClient
from integrations.helpdesks.zendesk.fields import FieldSpec
from integrations.helpdesks.zendesk.payloads import (
    GroupsAnswer,
    Id,
    OptionalId,
    OptionalText,
    Payload,
    Text,
    UserAnswer,
    UserPayload,
)

# Broad `read` because the lists of fields and the app's public key have no scope of their own.
# https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
NEEDED_SCOPES = ("read", "tickets:write", "users:write", "triggers:write", "webhooks:write")


_MAX_PAGES = 50


def _list(value: object) -> object:
    return [] if value is None else value


def _object(value: object) -> object:
    return {} if value is None else value


class Step(Value):
    """One thing that was looked after. `outcome`: created, kept, changed, removed or skipped."""

    name: str
    outcome: str
    detail: str = ""


class OptionPayload(Payload):
    """One option of a dropdown."""

    id: OptionalId = None
    name: Text = ""
    value: Text = ""


class FieldPayload(Payload):
    """A ticket or user field; `key` on user fields only."""

    id: Id
    type: Text = ""
    title: Text = ""
    key: OptionalText = None
    active: bool = True
    custom_field_options: Annotated[tuple[OptionPayload, ...], BeforeValidator(_list)] = ()

    def is_for(self, spec: FieldSpec) -> bool:
        """Whether this is the field that `spec` describes."""
        if spec.key is not None:
            return self.key == spec.key
        if self.type != spec.type:
            return False
        tags = {option.value for option in self.custom_field_options}
        if spec.options:
            # An option's tag exists once in an account, so it finds a field that was renamed.
            return any(tag in tags for tag, _ in spec.options)
        return self.title == spec.title

    def missing_options(self, spec: FieldSpec) -> list[tuple[str, str]]:
        """The (tag, label) pairs of `spec` that the field lacks."""
        tags = {option.value for option in self.custom_field_options}
        return [(tag, label) for tag, label in spec.options if tag not in tags]


class WebhookPayload(Payload):
    """A webhook, without its secret."""

    id: Id
    name: Text = ""
    status: Text = ""
    endpoint: Text = ""
    subscriptions: Annotated[tuple[str, ...], BeforeValidator(_list)] = ()


class ActionPayload(Payload):
    """What a trigger does."""

    field: Text = ""
    value: Any = None


class ConditionPayload(Payload):
    """When a trigger fires."""

    field: Text = ""
    operator: Text = ""
    value: Any = None


class ConditionsPayload(Payload):
    """All of the first and any of the second must hold."""

    all: Annotated[tuple[ConditionPayload, ...], BeforeValidator(_list)] = ()
    any: Annotated[tuple[ConditionPayload, ...], BeforeValidator(_list)] = ()


class TriggerPayload(Payload):
    """A trigger."""

    id: Id
    title: Text = ""
    active: bool = False
    conditions: Annotated[ConditionsPayload, BeforeValidator(_object)] = ConditionsPayload()
    actions: Annotated[tuple[ActionPayload, ...], BeforeValidator(_list)] = ()

    @property
    def webhook_id(self) -> str | None:
        """The webhook that it calls."""
        for action in self.actions:
            if action.field == "notification_webhook" and isinstance(action.value, list):
                return str(action.value[0]) if action.value else None
        return None

    def is_sound(self, wanted: dict[str, Any]) -> bool:
        """Whether it is active, does what `wanted` does and has at least its conditions."""
        return self.active and self._changes(wanted) == {}

    def repaired(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The body that makes it sound. Conditions that an admin added stay.

        Title and actions are always named: an update must have both.
        """
        whole = {"title": self.title, "actions": wanted["actions"]}
        return {**whole, "active": True, **self._changes(wanted)}

    def _changes(self, wanted: dict[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        mine = [{"field": one.field, "value": one.value} for one in self.actions]
        if mine != wanted["actions"]:
            changes["actions"] = wanted["actions"]
        own = self.conditions.model_dump()
        lacking = [one for one in wanted["conditions"]["all"] if one not in own["all"]]
        if lacking:
            changes["conditions"] = {"all": [*lacking, *own["all"]], "any": list(own["any"])}
        return changes


class InstallationPayload(Payload):
    """An installed app."""

    id: Id
    app_id: Id
    enabled: bool = True
    settings: Annotated[dict[str, Any], BeforeValidator(_object)] = Field(default_factory=dict)


class TokenInfo(Payload):
    """The token in use, as Zendesk describes it."""

    scopes: Annotated[tuple[str, ...], BeforeValidator(_list)] = ()


class _Named(Payload):
    id: Id
    name: Text = ""


def me(client: ZendeskClient) -> UserPayload:
    """Whose token it is. `id` is None for "Anonymous user", which also answers 200."""
    answer = client.get("users/me.json")
    with client.understanding("read our own user"):
        return UserAnswer.model_validate(answer).user


def granted_scopes(client: ZendeskClient) -> tuple[str, ...]:
    """The scopes of the token in use."""
    answer = client.get("oauth/tokens/current.json")
    with client.understanding("read the token's scopes"):
        return TokenInfo.model_validate(answer["token"]).scopes


def lacking_scopes(granted: tuple[str, ...], needed: tuple[str, ...]) -> list[str]:
    """The needed scopes that neither stand in `granted` nor are covered by `read` or `write`."""
    return [
        scope
        for scope in needed
        if scope not in granted and scope.rpartition(":")[2] not in granted
    ]


def fields_of(client: ZendeskClient, family: str) -> list[FieldPayload]:
    """All fields of `ticket_fields` or `user_fields`."""
    api = client.zenpy.ticket_fields if family == "ticket_fields" else client.zenpy.user_fields
    with client.understanding(f"list {family}"):
        return [FieldPayload.model_validate(one.to_dict()) for one in api()]


def webhook(client: ZendeskClient, webhook_id: str) -> WebhookPayload:
    """One webhook. Raises NotFound."""
    answer = client.get(f"webhooks/{webhook_id}")
    with client.understanding("read the webhook"):
        return WebhookPayload.model_validate(answer["webhook"])


def webhooks_named(client: ZendeskClient, name: str) -> list[WebhookPayload]:
    """The webhooks that have exactly this name."""
    answer = client.get("webhooks", {"filter[name_contains]": name, "page[size]": "100"})
    with client.understanding("list webhooks"):
        found = [WebhookPayload.model_validate(one) for one in answer["webhooks"]]
    return [one for one in found if one.name == name]


def signing_secret(client: ZendeskClient, webhook_id: str) -> str:
    """The secret with which a webhook signs."""
    answer = client.get(f"webhooks/{webhook_id}/signing_secret")
    with client.understanding("read the webhook's secret"):
        secret = str(answer["signing_secret"]["secret"])
    return secret


def trigger(client: ZendeskClient, trigger_id: str) -> TriggerPayload:
    """One trigger. Raises NotFound."""
    answer = client.get(f"triggers/{trigger_id}.json")
    with client.understanding("read the trigger"):
        return TriggerPayload.model_validate(answer["trigger"])


def triggers_titled(client: ZendeskClient, title: str) -> list[TriggerPayload]:
    """The triggers that have exactly this title."""
    answer = client.get("triggers/search.json", {"query": title})
    with client.understanding("look for the trigger"):
        found = [TriggerPayload.model_validate(one) for one in answer["triggers"]]
    return [one for one in found if one.title == title]


def installations(client: ZendeskClient) -> list[InstallationPayload]:
    """All installed apps."""
    answer = client.get("apps/installations.json")
    with client.understanding("list installed apps"):
        return [InstallationPayload.model_validate(one) for one in answer["installations"]]


def public_key(client: ZendeskClient, app_id: str) -> str:
    """The PEM of the key that signs an app's first loads."""
    return client.get_text(f"apps/{app_id}/public_key.pem").strip()


def custom_roles(client: ZendeskClient) -> dict[str, str]:
    """Names of the custom agent roles by their ids; only Enterprise plans have them."""
    answer = client.get("custom_roles.json")
    with client.understanding("list roles"):
        found = [_Named.model_validate(one) for one in answer["custom_roles"]]
    return {one.id: one.name for one in found}


def groups(client: ZendeskClient) -> tuple[str, ...]:
    """The names of all groups of agents."""
    names: list[str] = []
    params = {"page[size]": "100"}
    for _ in range(_MAX_PAGES):
        answer = client.get("groups.json", params)
        with client.understanding("list groups"):
            page = GroupsAnswer.model_validate(answer)
        names += page.names()
        if not page.meta.has_more or page.meta.after_cursor is None:
            break
        params["page[after]"] = page.meta.after_cursor
    return tuple(names)
