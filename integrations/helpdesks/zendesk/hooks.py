"""The webhook that brings new tickets, and the trigger that calls it."""

from __future__ import annotations

from typing import Any

from zenpy.lib.api_objects import Trigger

from app.domain.crm import CHECKED_TAG
from integrations.helpdesks.zendesk import setup
from integrations.helpdesks.zendesk.client import ZendeskClient
from integrations.helpdesks.zendesk.setup import Step
from integrations.helpdesks.zendesk.webhook import TRIGGER_CREATED

WEBHOOK_NAME = "Makegood"
TRIGGER_TITLE = "Makegood: new ticket"
TRIGGER_BODY = f'{{"v":1,"kind":"{TRIGGER_CREATED}","ticket_id":"{{{{ticket.id}}}}"}}'


def ensure_webhook(client: ZendeskClient, config: dict[str, object], endpoint: str) -> Step:
    """The webhook that our trigger calls: the known one, else one of ours by name and address."""
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


def trigger_body(webhook_id: str) -> dict[str, Any]:
    """Our trigger: new tickets that we haven't marked; the body has ids only.

    "Is created" keeps our own note from starting it again, and the mark is a second guard.
    https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/
    """
    return {
        "title": TRIGGER_TITLE,
        "active": True,
        "conditions": {
            "all": [
                {"field": "update_type", "operator": "is", "value": "Create"},
                {"field": "current_tags", "operator": "not_includes", "value": CHECKED_TAG},
            ],
            "any": [],
        },
        "actions": [{"field": "notification_webhook", "value": [webhook_id, TRIGGER_BODY]}],
    }


def ensure_trigger(client: ZendeskClient, config: dict[str, object]) -> Step:
    """The trigger for new tickets. An admin's narrowing conditions are kept."""
    wanted = trigger_body(str(config["webhook_id"]))
    found = setup.triggers_titled(client, TRIGGER_TITLE)
    known = [one for one in found if one.id == str(config.get("trigger_id"))]
    ours = [one for one in found if one.webhook_id == config["webhook_id"]]
    chosen = next(iter(known + ours), None)
    if chosen is None:
        with client.understanding("create the trigger", is_write=True):
            made = client.zenpy.triggers.create(Trigger(**wanted))
            config["trigger_id"] = str(made.id)
        return Step(name="trigger", outcome="created", detail=TRIGGER_TITLE)
    config["trigger_id"] = chosen.id
    if chosen.is_sound(wanted):
        return Step(name="trigger", outcome="kept", detail=TRIGGER_TITLE)
    body = {"trigger": chosen.repaired(wanted)}
    client.send("PUT", f"triggers/{chosen.id}.json", body)
    return Step(name="trigger", outcome="changed", detail=TRIGGER_TITLE)
