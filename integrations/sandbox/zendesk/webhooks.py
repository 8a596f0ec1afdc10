"""The webhook endpoints. Their errors follow JSON:API, unlike those of the ticketing API.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.api import Api, Call
from integrations.sandbox.zendesk.dispatcher import Dispatcher
from integrations.sandbox.zendesk.errors import ApiError, json_api_error
from integrations.sandbox.zendesk.events import EVENT_TYPES
from integrations.sandbox.zendesk.model import Webhook
from integrations.sandbox.zendesk.paging import page_of
from integrations.sandbox.zendesk.render import webhook_json
from integrations.sandbox.zendesk.signing import TEST_SECRET, new_secret

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FORMATS = ("json", "xml", "form_encoded")
AUTHENTICATIONS = ("basic_auth", "bearer_token", "api_key")
TRIGGERED = "conditional_ticket_events"


def _invalid(detail: str) -> ApiError:
    return json_api_error(400, "InvalidParameter", "Invalid webhook", detail)


def _checked(body: dict[str, Any], old: Webhook | None) -> dict[str, Any]:
    """The attributes of a webhook body. Raises ApiError 400."""
    given: dict[str, Any] = {
        name: body[name]
        for name in (
            "name", "endpoint", "http_method", "request_format", "status", "subscriptions",
            "authentication", "custom_headers", "description",
        )
        if name in body
    }  # fmt: skip
    if old is None:
        for name in ("name", "endpoint", "http_method", "request_format", "status"):
            if not given.get(name):
                raise _invalid(f"{name} is required")
        given.setdefault("subscriptions", [TRIGGERED])
    if "endpoint" in given:
        parts = urlsplit(str(given["endpoint"]))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _invalid("endpoint must be an http or https url")
    for name, allowed in (
        ("http_method", METHODS), ("request_format", FORMATS), ("status", ("active", "inactive"))
    ):  # fmt: skip
        if name in given and given[name] not in allowed:
            raise _invalid(f"{name} must be one of {', '.join(allowed)}")
    if "subscriptions" in given:
        _check_subscriptions(given, old)
    authentication = given.get("authentication")
    if authentication is not None and (
        not isinstance(authentication, dict)
        or authentication.get("type") not in AUTHENTICATIONS
        or authentication.get("add_position", "header") != "header"
    ):
        raise _invalid("authentication must have a known type and add_position header")
    if given.get("custom_headers"):
        endpoint = str(given.get("endpoint") or (old.endpoint if old else ""))
        if not endpoint.startswith("https:"):
            raise _invalid("custom_headers need an https endpoint")
    return given


def _check_subscriptions(given: dict[str, Any], old: Webhook | None) -> None:
    names = given["subscriptions"]
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise _invalid("subscriptions must be a list of names")
    if TRIGGERED in names and len(names) > 1:
        raise _invalid("a webhook is connected to triggers or subscribes to events, not both")
    unknown = [one for one in names if one != TRIGGERED and one not in EVENT_TYPES]
    if unknown:
        raise _invalid(f"unknown subscriptions: {', '.join(unknown)}")
    if old is not None and (TRIGGERED in names) != old.is_for_triggers:
        raise _invalid("the kind of a webhook can't be changed")
    if TRIGGERED not in names and (
        given.get("http_method", "POST") != "POST" or given.get("request_format", "json") != "json"
    ):
        raise _invalid("event subscriptions are sent as POST with json")


def create_webhook(account: Account, body: dict[str, Any], creator_id: int) -> Webhook:
    """Create a webhook from an API body; its secret is made here. Raises ApiError 400."""
    given = _checked(body, None)
    now = account.clock.now()
    webhook = Webhook(
        id=account.ulid(),
        name=given["name"],
        endpoint=given["endpoint"],
        http_method=given["http_method"],
        request_format=given["request_format"],
        status=given["status"],
        subscriptions=list(given["subscriptions"]),
        secret=new_secret(),
        created_at=now,
        updated_at=now,
        created_by=creator_id,
        description=given.get("description") or "",
        authentication=given.get("authentication"),
        custom_headers=dict(given.get("custom_headers") or {}),
    )
    account.webhooks[webhook.id] = webhook
    return webhook


def register(api: Api, dispatcher: Dispatcher) -> None:
    """Add the webhook endpoints."""
    account = api.account

    def find(webhook_id: str) -> Webhook:
        webhook = account.webhooks.get(webhook_id)
        if webhook is None:
            raise json_api_error(404, "ResourceNotFound", "Not found", "Webhook not found")
        return webhook

    def change(webhook: Webhook, given: dict[str, Any]) -> None:
        for name, value in given.items():
            setattr(webhook, name, value)
        webhook.updated_at = account.clock.now()

    @api.route("GET", "/v2/webhooks", "webhooks.list", scope="webhooks", admin=True)
    def list_webhooks(call: Call) -> Any:
        part = call.args.get("filter[name_contains]", "").lower()
        status = call.args.get("filter[status]")
        found = [
            one
            for one in account.webhooks.values()
            if part in one.name.lower() and status in (None, one.status)
        ]
        return page_of(
            account, call.args, "webhooks", "webhooks", found, webhook_json, cursor_only=True
        )

    @api.route("POST", "/v2/webhooks", "webhooks.create", scope="webhooks", admin=True)
    def create(call: Call) -> Any:
        webhook = create_webhook(account, call.part("webhook"), call.actor.id)
        return {"webhook": webhook_json(webhook)}, 201

    @api.route(
        "POST", "/v2/webhooks/test", "webhooks.test", scope="webhooks", admin=True, locked=False
    )
    def test(call: Call) -> Any:
        body = call.json().get("request") or {}
        webhook_id = call.args.get("webhook_id")
        if webhook_id:
            webhook, secret = find(webhook_id), None
        else:
            # Not created yet: the answer is signed with the secret that everyone knows.
            webhook = Webhook(
                id=account.ulid(),
                name="test",
                endpoint=str(body.get("endpoint", "")),
                http_method=str(body.get("http_method", "POST")),
                request_format="json",
                status="active",
                subscriptions=[TRIGGERED],
                secret=TEST_SECRET,
                created_at=account.clock.now(),
                updated_at=account.clock.now(),
                created_by=call.actor.id,
            )
            secret = TEST_SECRET
        payload = str(body.get("payload") or '{"test":true}').encode()
        attempt = dispatcher.send_test(webhook, payload, secret=secret)
        return {"response": {"status": attempt.status_code, "body": attempt.response_body}}

    @api.route("GET", "/v2/webhooks/<webhook_id>", "webhooks.show", scope="webhooks", admin=True)
    def show(call: Call, webhook_id: str) -> Any:
        return {"webhook": webhook_json(find(webhook_id))}

    @api.route("PUT", "/v2/webhooks/<webhook_id>", "webhooks.update", scope="webhooks", admin=True)
    def replace(call: Call, webhook_id: str) -> None:
        webhook, body = find(webhook_id), call.part("webhook")
        for name in ("name", "endpoint", "http_method", "request_format", "status"):
            if not body.get(name):
                raise _invalid(f"{name} is required")
        change(webhook, _checked(body, webhook))

    @api.route("PATCH", "/v2/webhooks/<webhook_id>", "webhooks.patch", scope="webhooks", admin=True)
    def patch(call: Call, webhook_id: str) -> None:
        webhook = find(webhook_id)
        change(webhook, _checked(call.part("webhook"), webhook))

    @api.route(
        "DELETE", "/v2/webhooks/<webhook_id>", "webhooks.delete", scope="webhooks", admin=True
    )
    def delete(call: Call, webhook_id: str) -> None:
        find(webhook_id)
        if any(
            action["field"] == "notification_webhook" and action["value"][0] == webhook_id
            for trigger in account.triggers.values()
            for action in trigger.actions
        ):
            raise json_api_error(409, "Conflict", "Webhook in use", "Webhook is used by a trigger")
        del account.webhooks[webhook_id]

    secret_rule = "/v2/webhooks/<webhook_id>/signing_secret"  # noqa: S105 - a path

    @api.route("GET", secret_rule, "webhooks.secret", scope="webhooks", admin=True)
    def show_secret(call: Call, webhook_id: str) -> Any:
        return {"signing_secret": {"algorithm": "SHA256", "secret": find(webhook_id).secret}}

    @api.route("POST", secret_rule, "webhooks.secret.reset", scope="webhooks", admin=True)
    def reset_secret(call: Call, webhook_id: str) -> Any:
        webhook = find(webhook_id)
        webhook.secret = new_secret()
        return {"signing_secret": {"algorithm": "SHA256", "secret": webhook.secret}}, 201

    invocations_rule = "/v2/webhooks/<webhook_id>/invocations"

    @api.route("GET", invocations_rule, "webhooks.invocations", scope="webhooks", admin=True)
    def invocations(call: Call, webhook_id: str) -> Any:
        found = dispatcher.invocations(find(webhook_id).id)
        return page_of(
            account,
            call.args,
            f"webhooks/{webhook_id}/invocations",
            "invocations",
            found,
            lambda one: one.as_json(),
            cursor_only=True,
        )

    @api.route(
        "GET",
        f"{invocations_rule}/<invocation_id>/attempts",
        "webhooks.attempts",
        scope="webhooks",
        admin=True,
    )
    def attempts(call: Call, webhook_id: str, invocation_id: str) -> Any:
        found = dispatcher.invocation(find(webhook_id).id, invocation_id)
        if found is None:
            raise json_api_error(404, "ResourceNotFound", "Not found", "Invocation not found")
        return {"attempts": [one.as_json(found) for one in found.attempts]}
