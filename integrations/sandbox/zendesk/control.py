"""Control endpoints under `/_sandbox/`: seeds, books, clock, deliveries, tokens.

Loopback only, like all of them; faults and the call log come from the shared server module.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response

from integrations.sandbox.desk_controls import (
    BadControl,
    add_desk_controls,
    assign,
    deliveries_of,
    read_body,
)
from integrations.sandbox.zendesk.account import Options
from integrations.sandbox.zendesk.errors import ApiError, json_response
from integrations.sandbox.zendesk.oauth import granted_scopes
from integrations.sandbox.zendesk.render import (
    audit_json,
    comment_json,
    field_json,
    ticket_json,
    trigger_json,
    user_json,
    webhook_json,
)

if TYPE_CHECKING:
    from integrations.sandbox.zendesk.app import ZendeskSandbox


def register(app: Flask, sandbox: ZendeskSandbox) -> None:
    """Add the Zendesk sandbox's own control endpoints."""
    pages = Blueprint("control", __name__, url_prefix="/_sandbox")
    account, dispatcher, oauth = sandbox.account, sandbox.dispatcher, sandbox.oauth

    @app.errorhandler(BadControl)
    def bad_control(error: BadControl) -> Response:
        return json_response({"error": str(error)}, 400)

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return error.response()

    @pages.post("/seed")
    def seed() -> Response:
        return json_response(plant(sandbox, read_body()), 201)

    @pages.post("/tickets/<int:ticket_id>/reply")
    def reply(ticket_id: int) -> Response:
        if ticket_id not in account.tickets:
            raise BadControl(f"no ticket {ticket_id}")
        sandbox.add_reply(ticket_id, str(read_body().get("body", "")))
        return json_response({"ok": True}, 201)

    @pages.get("/tickets/<int:ticket_id>/notes")
    def notes(ticket_id: int) -> Response:
        if ticket_id not in account.tickets:
            raise BadControl(f"no ticket {ticket_id}")
        return json_response({"notes": sandbox.notes(ticket_id)})

    @pages.get("/notes")
    def all_notes() -> Response:
        """Every ticket's notes in one answer, for checks over thousands of tickets."""
        with account.lock:
            found = {str(one): sandbox.notes(one) for one in account.tickets}
        return json_response({"notes": {key: value for key, value in found.items() if value}})

    @pages.get("/state")
    def state() -> Response:
        return json_response(books(sandbox))

    @pages.get("/deliveries")
    def deliveries() -> Response:
        return json_response(deliveries_of(dispatcher))

    @pages.post("/options")
    def options() -> Response:
        assign(account.options, read_body())
        return json_response(
            {one.name: getattr(account.options, one.name) for one in fields(Options)}
        )

    @pages.post("/limits")
    def limits() -> Response:
        body = read_body()
        if "enabled" in body:
            sandbox.limits.enabled = body.pop("enabled") is True
        for name, total in body.items():
            if name not in sandbox.limits.limits or not isinstance(total, int):
                raise BadControl(f"unknown limit or no whole number: {name}")
            sandbox.limits.set(name, total)
        return json_response(
            {
                "enabled": sandbox.limits.enabled,
                "limits": {one.name: one.total for one in sandbox.limits.limits.values()},
                "refused": sandbox.limits.refused,
                "peak": sandbox.limits.peak,
            }
        )

    @pages.post("/app")
    def change_app() -> Response:
        body = read_body()
        if "sidebar_url" in body:
            sandbox.sidebar_url = str(body["sidebar_url"])
        sandbox.installation.settings.update(body.get("settings") or {})
        registered = account.apps[sandbox.installation.app_id]
        return json_response(
            {
                "app_id": registered.id,
                "installation_id": sandbox.installation.id,
                "public_key": registered.keys.public_pem,
                "sidebar_url": sandbox.sidebar_page_url(),
            }
        )

    @pages.post("/sidebar-token")
    def sidebar_token() -> Response:
        body = read_body()
        agent = account.find_user(body.get("agent"))
        if agent is None:
            raise BadControl("agent must be a user's id or e-mail address")
        token = sandbox.sign_sidebar_token(agent.id, **(body.get("claims") or {}))
        return json_response({"token": token})

    @pages.post("/clients")
    def add_client() -> Response:
        body = read_body()
        client = sandbox.add_oauth_client(
            str(body["identifier"]),
            secret=body.get("secret"),
            redirect_uris=body.get("redirect_uris", ()),
            expires_in=body.get("expires_in", 1800),
        )
        return json_response({"id": client.id, "identifier": client.identifier}, 201)

    @pages.post("/tokens")
    def tokens() -> Response:
        """Issue, expire, revoke or re-scope tokens. Without `token` the change hits all."""
        body = read_body()
        if body.get("action") == "issue":
            made = sandbox.issue_token(body.get("scope", "read write"), client=body.get("client"))
            return json_response(oauth.token_answer(made), 201)
        if body.get("action") == "auto_consent":
            user = account.find_user(body.get("user"))
            sandbox.consent.auto_user_id = user.id if user else None
            return json_response({"auto_user_id": sandbox.consent.auto_user_id})
        if body.get("action") not in ("expire", "revoke", "set_scope", "remove_scope"):
            raise BadControl(f"unknown action {body.get('action')!r}")
        with account.lock:
            chosen = [
                one
                for one in list(oauth.tokens.values())
                if body.get("token") in (None, one.value)
                # A standing token is hit only when it is named.
                and (body.get("token") or one.expires is not None)
            ]
            for token in chosen:
                match body.get("action"):
                    case "expire":
                        token.expires = account.clock.seconds()
                    case "revoke":
                        oauth.revoke(token)
                    case "set_scope":
                        token.scopes = granted_scopes(body.get("scope"))
                    case "remove_scope":
                        token.scopes = token.scopes - {str(body.get("scope"))}
        return json_response({"tokens": len(chosen)})

    add_desk_controls(pages, sandbox, account.clock, dispatcher)
    app.register_blueprint(pages)


def plant(sandbox: ZendeskSandbox, body: dict[str, Any]) -> dict[str, Any]:
    """Users and tickets from JSON, in the same shape as `add_user` and `add_ticket` take.

    A ticket names its requester by `requester` (e-mail address or id), and may say by `age_seconds`
    how long ago it was written. Returns the new ids.
    """
    made_users, made_tickets = [], []
    for one in body.get("users", []):
        given = dict(one)
        pairs = [(pair["type"], pair["value"]) for pair in given.pop("identities", [])]
        try:
            user = sandbox.add_user(given.pop("name"), given.pop("email", None), identities=pairs,
                                    **given)  # fmt: skip
        except (KeyError, TypeError) as error:
            raise BadControl(f"user {one!r}: {error}") from None
        made_users.append(user.id)
    for one in body.get("tickets", []):
        given = dict(one)
        requester = sandbox.account.find_user(given.pop("requester", None))
        if requester is None:
            raise BadControl(f"ticket {one.get('subject')!r}: unknown requester")
        values = {
            int(key): value for key, value in (given.pop("custom_fields", None) or {}).items()
        }
        age = timedelta(seconds=float(given.pop("age_seconds", 0)))
        try:
            ticket = sandbox.add_ticket(
                requester.id, given.pop("subject"), given.pop("description"),
                custom_fields=values, **given,
            )  # fmt: skip
        except (KeyError, TypeError) as error:
            raise BadControl(f"ticket {one!r}: {error}") from None
        # Nobody has touched it since.
        ticket.created_at -= age
        ticket.updated_at -= age
        made_tickets.append(ticket.id)
    return {"users": made_users, "tickets": made_tickets}


def books(sandbox: ZendeskSandbox) -> dict[str, Any]:
    """Everything the account holds, for checks after a run."""
    account = sandbox.account
    with account.lock:
        return {
            "account": {
                "subdomain": account.subdomain,
                "account_id": account.account_id,
                "app_id": sandbox.installation.app_id,
                "installation_id": sandbox.installation.id,
            },
            "users": [user_json(account, one) for one in account.users.values()],
            "tickets": [
                {
                    **ticket_json(account, one),
                    "comments": [comment_json(account, item) for item in one.comments],
                    "audits": [audit_json(item) for item in one.audits],
                }
                for one in account.tickets.values()
            ],
            "ticket_fields": [
                field_json(account, one, of_users=False) for one in account.custom_ticket_fields()
            ],
            "user_fields": [
                field_json(account, one, of_users=True) for one in account.user_fields.values()
            ],
            "triggers": [
                {**trigger_json(account, one), "fired": one.fired}
                for one in account.triggers.values()
            ],
            "webhooks": [webhook_json(one) for one in account.webhooks.values()],
            "deliveries": sandbox.dispatcher.counters.as_json(),
            "limits_refused": dict(sandbox.limits.refused),
            "oauth_refreshes": sandbox.oauth.refreshes,
        }
