"""The trigger endpoints.

https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/
"""

from __future__ import annotations

from typing import Any

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.api import Api, Call
from integrations.sandbox.zendesk.errors import record_invalid, record_not_found
from integrations.sandbox.zendesk.model import Trigger
from integrations.sandbox.zendesk.paging import page_of
from integrations.sandbox.zendesk.render import trigger_json
from integrations.sandbox.zendesk.triggers import checked_actions, checked_conditions


def create_trigger(account: Account, body: dict[str, Any]) -> Trigger:
    """Create a trigger from an API body. Raises ApiError 422."""
    title = body.get("title")
    if not isinstance(title, str) or not title.strip():
        raise record_invalid("title", "Title: cannot be blank", "BlankValue")
    now = account.clock.now()
    trigger = Trigger(
        id=account.next_id("trigger"),
        title=title,
        conditions=checked_conditions(account, body.get("conditions", body)),
        actions=checked_actions(account, body.get("actions")),
        created_at=now,
        updated_at=now,
        active=body.get("active", True) is True,
        description=str(body.get("description") or ""),
        position=len(account.triggers) + 1,
        category_id=str(body["category_id"]) if body.get("category_id") else None,
    )
    account.triggers[trigger.id] = trigger
    return trigger


def register(api: Api) -> None:
    """Add the trigger endpoints."""
    account = api.account

    def find(trigger_id: int) -> Trigger:
        if trigger_id not in account.triggers:
            raise record_not_found()
        return account.triggers[trigger_id]

    def listed(call: Call, path: str, triggers: list[Trigger]) -> dict[str, Any]:
        return page_of(
            account, call.args, path, "triggers", triggers, lambda one: trigger_json(account, one)
        )

    @api.route("GET", "/v2/triggers", "triggers.list", scope="triggers")
    def list_triggers(call: Call) -> Any:
        active = call.args.get("active")
        chosen = [
            one
            for one in account.triggers.values()
            if active is None or one.active == (active == "true")
        ]
        return listed(call, "triggers.json", chosen)

    @api.route("GET", "/v2/triggers/active", "triggers.active", scope="triggers")
    def list_active(call: Call) -> Any:
        return listed(
            call, "triggers/active.json", [one for one in account.triggers.values() if one.active]
        )

    @api.route("GET", "/v2/triggers/search", "triggers.search", scope="triggers")
    def search(call: Call) -> Any:
        query = call.args.get("query", "").lower()
        return listed(
            call,
            "triggers/search.json",
            [one for one in account.triggers.values() if query in one.title.lower()],
        )

    @api.route("POST", "/v2/triggers", "triggers.create", scope="triggers", admin=True)
    def create(call: Call) -> Any:
        made = create_trigger(account, call.part("trigger"))
        return {"trigger": trigger_json(account, made)}, 201

    @api.route("GET", "/v2/triggers/<int:trigger_id>", "triggers.show", scope="triggers")
    def show(call: Call, trigger_id: int) -> Any:
        return {"trigger": trigger_json(account, find(trigger_id))}

    @api.route(
        "PUT", "/v2/triggers/<int:trigger_id>", "triggers.update", scope="triggers", admin=True
    )
    def update(call: Call, trigger_id: int) -> Any:
        trigger, body = find(trigger_id), call.part("trigger")
        if "conditions" in body:
            trigger.conditions = checked_conditions(account, body["conditions"])
        if "actions" in body:
            trigger.actions = checked_actions(account, body["actions"])
        for name in ("title", "active", "description", "position"):
            if name in body:
                setattr(trigger, name, body[name])
        trigger.updated_at = account.clock.now()
        return {"trigger": trigger_json(account, trigger)}

    @api.route(
        "DELETE", "/v2/triggers/<int:trigger_id>", "triggers.delete", scope="triggers", admin=True
    )
    def delete(call: Call, trigger_id: int) -> None:
        find(trigger_id)
        del account.triggers[trigger_id]
