"""The outbound webhooks.

https://developer.kustomer.com/docs/events/outbound-webhooks.md
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from integrations.sandbox.kustomer import roles
from integrations.sandbox.kustomer.api import Api, Call
from integrations.sandbox.kustomer.dispatcher import Dispatcher
from integrations.sandbox.kustomer.errors import bad_request, not_found
from integrations.sandbox.kustomer.events import EVENTS
from integrations.sandbox.kustomer.model import Webhook
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.paging import page_of
from integrations.sandbox.kustomer.render import webhook_json
from integrations.sandbox.kustomer.signing import new_token

LONGEST_NAME = 255
MOST_EVENTS = 12
MOST_WEBHOOKS = 5
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def check_url(url: Any, pointer: str) -> str:
    """Raises ApiError 400 unless https; plain http is taken for this machine alone."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or not parts.hostname:
        raise bad_request("url must be a URL", pointer=pointer)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise bad_request("url must start with https://", pointer=pointer)
    return str(url)


def checked(body: dict[str, Any], pointer: str = "") -> dict[str, Any]:
    """The given attributes of a webhook. Raises ApiError 400."""
    if "url" in body:
        check_url(body["url"], f"{pointer}/url")
    name = body.get("name")
    if "name" in body and not (isinstance(name, str) and 1 <= len(name) <= LONGEST_NAME):
        raise bad_request(
            f"name must have 1 to {LONGEST_NAME} characters", pointer=f"{pointer}/name"
        )
    if "events" in body:
        events = body["events"]
        if not isinstance(events, list) or not 1 <= len(events) <= MOST_EVENTS:
            raise bad_request(
                f"events must list 1 to {MOST_EVENTS} names", pointer=f"{pointer}/events"
            )
        unknown = [str(one) for one in events if one not in EVENTS]
        if unknown:
            raise bad_request(f"unknown events: {', '.join(unknown)}", pointer=f"{pointer}/events")
    for header in body.get("headers", []):
        if not isinstance(header, dict) or set(header) != {"name", "value"}:
            raise bad_request("a header has name and value", pointer=f"{pointer}/headers")
    if "enabled" in body and not isinstance(body["enabled"], bool):
        raise bad_request("enabled must be a boolean", pointer=f"{pointer}/enabled")
    return body


def create_webhook(
    org: Org, body: dict[str, Any], creator_id: str, *, app: str | None = None
) -> Webhook:
    """A webhook from a checked body; its token is made here. Raises ApiError 400."""
    for name in ("name", "url", "events"):
        if name not in body:
            raise bad_request(f"{name} is required", pointer=f"/{name}")
    counted = [
        one for one in org.webhooks.values() if one.app is None or org.switches.app_webhooks_count
    ]
    if len(counted) >= MOST_WEBHOOKS and (app is None or org.switches.app_webhooks_count):
        raise bad_request(f"An org can have {MOST_WEBHOOKS} outbound webhooks")
    now = org.clock.now()
    webhook = Webhook(
        id=org.next_id(),
        name=body["name"],
        url=body["url"],
        events=list(body["events"]),
        headers=[dict(one) for one in body.get("headers", [])],
        token=new_token(),
        created_at=now,
        updated_at=now,
        created_by=creator_id,
        app=app,
    )
    org.webhooks[webhook.id] = webhook
    return webhook


def register(api: Api, dispatcher: Dispatcher) -> None:
    """Add the endpoints."""
    org = api.org

    def needed(action: str) -> tuple[str, ...]:
        return (*roles.of_admins("outbound_webhook", action), *roles.WEBHOOKS_WIDE)

    def find(webhook_id: str) -> Webhook:
        webhook = org.webhooks.get(webhook_id)
        if webhook is None:
            raise not_found("Outbound webhook")
        return webhook

    @api.route("GET", "/outbound-webhooks/events", "webhooks.events", *needed("read"))
    def events(call: Call) -> Any:
        return {"events": list(EVENTS)}

    @api.route("GET", "/outbound-webhooks/transactions", "webhooks.transactions", *needed("read"))
    def all_transactions(call: Call) -> Any:
        found = dispatcher.transactions()
        return page_of(call.args, call.path, found, lambda one: one.as_json())

    @api.route(
        "GET",
        "/outbound-webhooks/<webhook_id>/transactions",
        "webhooks.transactions",
        *needed("read"),
    )
    def transactions(call: Call, webhook_id: str) -> Any:
        found = dispatcher.transactions(find(webhook_id).id)
        return page_of(call.args, call.path, found, lambda one: one.as_json())

    @api.route("GET", "/outbound-webhooks", "webhooks.list", *needed("read"))
    def listed(call: Call) -> Any:
        return call.page(list(org.webhooks.values()), webhook_json)

    @api.route("POST", "/outbound-webhooks", "webhooks.create", *needed("create"))
    def create(call: Call) -> Any:
        body = checked(call.json("name", "url", "events", "headers"))
        made = create_webhook(org, body, call.actor.id)
        return {"data": webhook_json(org, made)}, 201

    @api.route("GET", "/outbound-webhooks/<webhook_id>", "webhooks.show", *needed("read"))
    def show(call: Call, webhook_id: str) -> Any:
        return {"data": webhook_json(org, find(webhook_id))}

    for method in ("PATCH", "PUT"):

        @api.route(method, "/outbound-webhooks/<webhook_id>", "webhooks.update", *needed("update"))
        def update(call: Call, webhook_id: str) -> Any:
            webhook = find(webhook_id)
            body = checked(call.json("name", "url", "events", "headers", "enabled"))
            for name, value in body.items():
                setattr(webhook, name, value)
            if body.get("enabled") is True:
                webhook.is_error = False
            webhook.updated_at = org.clock.now()
            return {"data": webhook_json(org, webhook)}

    @api.route("DELETE", "/outbound-webhooks/<webhook_id>", "webhooks.delete", *needed("delete"))
    def delete(call: Call, webhook_id: str) -> None:
        del org.webhooks[find(webhook_id).id]
