"""Control endpoints under `/_sandbox/`: seeds, books, clock, deliveries, switches, keys.

Loopback only, like all of them; faults and the call log come from the shared server module.
"""

from __future__ import annotations

import typing
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response

from integrations.sandbox.desk_controls import (
    BadControl,
    add_desk_controls,
    assign,
    deliveries_of,
    read_body,
)
from integrations.sandbox.kustomer.errors import ApiError, json_response
from integrations.sandbox.kustomer.org import Switches
from integrations.sandbox.kustomer.render import (
    conversation_json,
    customer_json,
    draft_json,
    klass_json,
    kobject_json,
    message_json,
    note_json,
    user_json,
    webhook_json,
)

if TYPE_CHECKING:
    from integrations.sandbox.kustomer.app import KustomerSandbox


def register(app: Flask, sandbox: KustomerSandbox) -> None:
    """Add the Kustomer sandbox's own control endpoints."""
    pages = Blueprint("control", __name__, url_prefix="/_sandbox")
    org, dispatcher = sandbox.org, sandbox.dispatcher

    @app.errorhandler(BadControl)
    def bad_control(error: BadControl) -> Response:
        return json_response({"error": str(error)}, 400)

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return error.response()

    @pages.post("/seed")
    def seed() -> Response:
        return json_response(plant(sandbox, read_body()), 201)

    @pages.post("/conversations/<conversation_id>/reply")
    def reply(conversation_id: str) -> Response:
        _known(sandbox, conversation_id)
        made = sandbox.add_message(conversation_id, str(read_body().get("body", "")))
        return json_response({"message": made.id}, 201)

    @pages.get("/conversations/<conversation_id>/notes")
    def notes(conversation_id: str) -> Response:
        _known(sandbox, conversation_id)
        return json_response({"notes": sandbox.notes(conversation_id)})

    @pages.get("/notes")
    def all_notes() -> Response:
        """Every conversation's notes in one answer, for checks over thousands of them."""
        with org.lock:
            found: dict[str, list[dict[str, Any]]] = {}
            for note in org.notes.values():
                found.setdefault(note.conversation_id, []).append(
                    {"id": note.id, "body": note.body, "externalId": note.external_id,
                     "createdBy": note.created_by}
                )  # fmt: skip
        return json_response({"notes": found})

    @pages.get("/state")
    def state() -> Response:
        return json_response(books(sandbox))

    @pages.get("/people")
    def people() -> Response:
        with org.lock:
            return json_response({"users": [user_json(org, one) for one in org.users.values()]})

    @pages.get("/deliveries")
    def deliveries() -> Response:
        answer = deliveries_of(dispatcher)
        answer["disabled_webhooks"] = sum(not one.enabled for one in org.webhooks.values())
        return json_response(answer)

    @pages.post("/switches")
    def switches() -> Response:
        body = read_body()
        _check_choices(body)
        assign(org.switches, body)
        return json_response(
            {one.name: getattr(org.switches, one.name) for one in fields(Switches)}
        )

    @pages.post("/limits")
    def limits() -> Response:
        body = read_body()
        if "enabled" in body:
            sandbox.limits.enabled = body.pop("enabled") is True
        for name, total in body.items():
            if (
                name not in sandbox.limits.limits
                or isinstance(total, bool)
                or not isinstance(total, int)
            ):
                raise BadControl(f"unknown limit or no whole number: {name}")
            sandbox.limits.limits[name] = total
        return json_response(
            {
                "enabled": sandbox.limits.enabled,
                "limits": dict(sandbox.limits.limits),
                "refused": sandbox.limits.refused,
                "peak": sandbox.limits.peak,
            }
        )

    @pages.post("/run-command")
    def run_command() -> Response:
        body = read_body()
        user = _person(sandbox, body.pop("agent", None))
        return json_response(sandbox.run_command(str(body.pop("name", "")), user, body))

    @pages.post("/session")
    def session() -> Response:
        """A signed-in person's browser: what their requests and commands carry."""
        user = org.users[_person(sandbox, read_body().get("agent"))]
        with org.lock:
            made = org.issue_key("session", user.roles, user, is_session=True)
        return json_response({"token": made.token, "user": user.id}, 201)

    @pages.post("/install")
    def install() -> Response:
        body = read_body()
        made = sandbox.install(str(body.get("app", "")), str(body.get("version", "")))
        return json_response({"app": made.app, "version": made.version, "status": made.status}, 201)

    @pages.post("/keys")
    def keys() -> Response:
        body = read_body()
        try:
            made = sandbox.add_key(str(body.get("name") or "Key"), body.get("roles") or ())
        except ValueError as error:
            raise BadControl(str(error)) from None
        return json_response({"token": made.token, "user": made.user_id}, 201)

    add_desk_controls(pages, sandbox, org.clock, dispatcher)
    app.register_blueprint(pages)


def _known(sandbox: KustomerSandbox, conversation_id: str) -> None:
    if conversation_id not in sandbox.org.conversations:
        raise BadControl(f"no conversation {conversation_id}")


def _person(sandbox: KustomerSandbox, reference: Any) -> str:
    """A user's id from an id or an e-mail address."""
    for one in sandbox.org.users.values():
        if reference in (one.id, one.email):
            return one.id
    raise BadControl("agent must be a user's id or e-mail address")


def _check_choices(body: dict[str, Any]) -> None:
    """A switch with a list of outcomes takes one of them only."""
    hints = typing.get_type_hints(Switches)
    for name, value in body.items():
        choices = typing.get_args(hints.get(name))
        if choices and value not in choices:
            raise BadControl(f"{name} must be one of {', '.join(map(str, choices))}")


def plant(sandbox: KustomerSandbox, body: dict[str, Any]) -> dict[str, Any]:
    """Customers and conversations from JSON, in the shapes of `add_customer` and
    `add_conversation`. A conversation names its `customer` by id or e-mail address. Answers the
    new ids."""
    made_customers, made_conversations = [], []
    for one in body.get("customers", []):
        given = dict(one)
        try:
            customer = sandbox.add_customer(given.pop("name"), **given)
        except (KeyError, TypeError) as error:
            raise BadControl(f"customer {one!r}: {error}") from None
        made_customers.append(customer.id)
    for one in body.get("conversations", []):
        given = dict(one)
        found = sandbox.org.find_customer(str(given.pop("customer", "")))
        if found is None:
            raise BadControl(f"conversation {one.get('subject')!r}: unknown customer")
        try:
            conversation = sandbox.add_conversation(
                found.id, given.pop("subject"), given.pop("text"), **given
            )
        except (KeyError, TypeError) as error:
            raise BadControl(f"conversation {one!r}: {error}") from None
        made_conversations.append(conversation.id)
    return {"customers": made_customers, "conversations": made_conversations}


def books(sandbox: KustomerSandbox) -> dict[str, Any]:
    """Everything the org holds, for checks after a run."""
    org = sandbox.org
    with org.lock:
        return {
            "org": {"id": org.id, "name": org.name},
            "users": [user_json(org, one) for one in org.users.values()],
            "customers": [customer_json(org, one) for one in org.customers.values()],
            "conversations": [
                {
                    **conversation_json(org, one),
                    "tagNames": [org.tags[tag].name for tag in one.tag_ids],
                    "messages": [message_json(org, org.messages[i]) for i in one.message_ids],
                    "notes": [note_json(org, org.notes[i]) for i in one.note_ids],
                }
                for one in org.conversations.values()
            ],
            "drafts": [draft_json(org, one) for one in org.drafts.values()],
            "klasses": [klass_json(org, one) for one in org.klasses.values()],
            "kobjects": [kobject_json(org, one) for one in org.kobjects.values()],
            "webhooks": [webhook_json(org, one) for one in org.webhooks.values()],
            "apps": [
                {"app": one.app, "version": one.version, "status": one.status,
                 "components": one.components}
                for one in org.installations.values()
            ],
            "command_runs": len(org.command_runs),
            "deliveries": sandbox.dispatcher.counters.as_json(),
            "limits_refused": dict(sandbox.limits.refused),
        }  # fmt: skip
