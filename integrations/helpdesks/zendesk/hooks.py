"""The webhook that brings new tickets and customers' replies, and the triggers that call it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zenpy.lib.api_objects import Trigger

from app.domain.crm import CHECKED_TAG
from integrations.helpdesks.zendesk import setup
from integrations.helpdesks.zendesk.client import ZendeskClient
from integrations.helpdesks.zendesk.setup import Step
from integrations.helpdesks.zendesk.webhook import TRIGGER_CREATED, TRIGGER_REPLIED

WEBHOOK_NAME = "Makegood"


def ensure_webhook(client: ZendeskClient, config: dict[str, object], endpoint: str) -> Step:
    """The webhook that our triggers call: the known one, else one of ours by name and address."""
    wanted: dict[str, object] = {
        "name": WEBHOOK_NAME,
        "endpoint": endpoint,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": ["conditional_ticket_events"],
    }
    config["webhook_url"] = endpoint
    named = setup.webhooks_named(client, WEBHOOK_NAME)
    known = [one for one in named if one.id == str(config.get("webhook_id"))]
    # Another account of the same Makegood has its own address: its webhook is left alone.
    same = [one for one in named if one.endpoint == endpoint]
    found = next(
        (one for one in known + same if "conditional_ticket_events" in one.subscriptions), None
    )
    if found is None:
        answer = client.send("POST", "webhooks", {"webhook": wanted})
        with client.understanding("create the webhook", is_write=True):
            made = setup.WebhookPayload.model_validate(answer["webhook"])
        config["webhook_id"] = made.id
        return Step(name="webhook", outcome="created", detail=endpoint)
    config["webhook_id"] = found.id
    if found.endpoint == endpoint and found.status == "active":
        return Step(name="webhook", outcome="kept", detail=endpoint)
    client.send(
        "PATCH", f"webhooks/{found.id}", {"webhook": {"endpoint": endpoint, "status": "active"}}
    )
    return Step(name="webhook", outcome="changed", detail=endpoint)


@dataclass(frozen=True)
class TriggerSpec:
    """One of our triggers: its title, where its id is kept, when it fires and what it sends."""

    name: str
    title: str
    key: str
    kind: str
    conditions: tuple[tuple[str, str, str], ...]

    @property
    def sent(self) -> str:
        """The body of its calls, with a placeholder."""
        return f'{{"v":1,"kind":"{self.kind}","ticket_id":"{{{{ticket.id}}}}"}}'

    def body(self, webhook_id: str) -> dict[str, Any]:
        """The trigger as Zendesk wants it; what it sends has ids and a time only.

        https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/
        """
        conditions = (*self.conditions, ("current_tags", "not_includes", CHECKED_TAG))
        return {
            "title": self.title,
            "active": True,
            "conditions": {
                "all": [
                    {"field": field, "operator": operator, "value": value}
                    for field, operator, value in conditions
                ],
                "any": [],
            },
            "actions": [{"field": "notification_webhook", "value": [webhook_id, self.sent]}],
        }


# "Is created" and "by an end user" keep our own notes from starting a trigger again, and our mark
# on the ticket is a second guard.
TRIGGERS = (
    TriggerSpec(
        name="trigger",
        title="Makegood: new ticket",
        key="trigger_id",
        kind=TRIGGER_CREATED,
        conditions=(("update_type", "is", "Create"),),
    ),
    TriggerSpec(
        name="reply trigger",
        title="Makegood: customer's reply",
        key="reply_trigger_id",
        kind=TRIGGER_REPLIED,
        conditions=(
            ("update_type", "is", "Change"),
            ("role", "is", "end_user"),
            ("comment_is_public", "is", "true"),
        ),
    ),
)


def ensure_trigger(client: ZendeskClient, config: dict[str, object], spec: TriggerSpec) -> Step:
    """One of our triggers. An admin's narrowing conditions are kept."""
    wanted = spec.body(str(config["webhook_id"]))
    found = setup.triggers_titled(client, spec.title)
    known = [one for one in found if one.id == str(config.get(spec.key))]
    ours = [one for one in found if one.webhook_id == config["webhook_id"]]
    chosen = next(iter(known + ours), None)
    if chosen is None:
        with client.understanding("create the trigger", is_write=True):
            made = client.zenpy.triggers.create(Trigger(**wanted))
            config[spec.key] = str(made.id)
        return Step(name=spec.name, outcome="created", detail=spec.title)
    config[spec.key] = chosen.id
    if chosen.is_sound(wanted):
        return Step(name=spec.name, outcome="kept", detail=spec.title)
    body = {"trigger": chosen.repaired(wanted)}
    client.send("PUT", f"triggers/{chosen.id}.json", body)
    return Step(name=spec.name, outcome="changed", detail=spec.title)
