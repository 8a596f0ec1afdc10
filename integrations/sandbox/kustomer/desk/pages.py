"""The workspace's routes. The page itself is in `static/`; it polls the feed here.

Loopback only: whoever reaches it acts as any agent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, render_template, request

from integrations.sandbox.kustomer.clock import stamp
from integrations.sandbox.kustomer.errors import ApiError, bad_request, json_response, not_found
from integrations.sandbox.kustomer.model import Conversation, User
from integrations.sandbox.kustomer.render import (
    conversation_json,
    customer_json,
    kobject_json,
    message_json,
    note_json,
)
from integrations.sandbox.workspace import prepare_desk, workspace_page

if TYPE_CHECKING:
    from integrations.sandbox.kustomer.app import KustomerSandbox

LISTED = 200
_CHANNELS = ("email", "chat", "sms", "form")
_STATIC = Path(__file__).parent / "static"
_DYNAMIC_CARD = re.compile(r"<DynamicCard\b[^>]*\bsrc=\"([^\"]+)\"")


def register(app: Flask, sandbox: KustomerSandbox) -> None:
    """Add the workspace and the SDK double."""
    pages = Blueprint("workspace", __name__)
    org, engine = sandbox.org, sandbox.engine
    desk = Desk(sandbox)

    prepare_desk(pages, "/app/static")

    @pages.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return error.response("simple")

    @pages.get("/app")
    @pages.get("/app/conversations/<conversation_id>")
    def workspace(conversation_id: str = "") -> Response:
        return workspace_page(
            render_template("workspace.html", config=desk.config(desk.acting_agent()), org=org)
        )

    @pages.get("/app/api/feed")
    def feed() -> Response:
        return json_response(desk.feed(request.args.get("revision", "")))

    @pages.get("/app/api/conversations/<conversation_id>")
    def show(conversation_id: str) -> Response:
        return json_response(desk.conversation(desk.find(conversation_id)))

    @pages.post("/app/api/conversations/<conversation_id>")
    def write(conversation_id: str) -> Response:
        found, body = desk.find(conversation_id), request.get_json()
        agent, text = desk.acting_agent(), str(body.get("text", "")).strip()
        if text:
            match body.get("kind"):
                case "note":
                    engine.add_note(found, text, agent.id)
                case "customer":
                    engine.add_message(found, text)
                case _:
                    engine.add_message(found, text, direction="out", created_by=agent.id)
        status = body.get("status")
        if status in ("open", "snoozed", "done") and status != found.status:
            with engine.changing(found, agent.id):
                found.status = status
        return json_response(desk.conversation(found))

    @pages.post("/app/api/conversations")
    def write_as_customer() -> Response:
        return json_response(desk.write_as_customer(request.get_json()), 201)

    @pages.get("/sdk/kustomer-card.min.js")
    @pages.get("/sdk/kustomer-card.js")
    @pages.get("/card-js/latest/kustomer-card.min.js")
    def sdk() -> Response:
        source = (_STATIC / "kustomer-card.js").read_text(encoding="utf-8")
        if not org.switches.sdk_promises:
            source = source.replace("var PROMISES = true;", "var PROMISES = false;")
        script = Response(
            source,
            content_type="application/javascript; charset=utf-8",
        )
        script.headers["Access-Control-Allow-Origin"] = "*"
        return script

    app.register_blueprint(pages)


def cards_of(definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cards of an app that the panel beside a conversation shows."""
    found = []
    for kview in definition.get("kviews", []):
        source = _DYNAMIC_CARD.search(kview["template"])
        is_card = kview["context"] == "smartbar-card"
        if source and is_card and kview["resource"] in ("conversation", "customer"):
            meta = kview.get("meta", {})
            found.append(
                {
                    "name": kview["name"],
                    "title": meta.get("displayName", kview["name"]),
                    "src": source[1],
                    "state": meta.get("state", "open"),
                }
            )
    return found


class Desk:
    """What the workspace shows, as JSON."""

    def __init__(self, sandbox: KustomerSandbox) -> None:
        self._sandbox = sandbox
        self._org = sandbox.org
        self._sessions: dict[str, str] = {}

    def find(self, conversation_id: str) -> Conversation:
        """Raises ApiError 404."""
        found = self._org.conversations.get(conversation_id)
        if found is None:
            raise not_found("Conversation")
        return found

    def acting_agent(self) -> User:
        """The person that the `agent` argument names by id or e-mail, else the first agent."""
        named = request.args.get("agent", "")
        for one in self._org.users.values():
            if named and named in (one.id, one.email) and not one.is_machine:
                return one
        return self._sandbox.agent

    def config(self, agent: User) -> str:
        """The page's start data as JSON that is safe inside a script element."""
        org = self._org
        with org.lock:
            staff = [one for one in org.users.values() if not one.is_machine]
            cards = [
                card
                for one in org.installations.values()
                for card in cards_of(org.versions[(one.app, one.version)].definition)
            ]
            data = {
                "org": {"id": org.id, "name": org.name},
                "agent": {"id": agent.id, "name": agent.name, "roles": list(agent.roles)},
                "agents": [
                    {"id": one.id, "name": one.name, "role": self.role(one)} for one in staff
                ],
                "session": self._session(agent),
                "cards": cards,
                "neighbours": self._sandbox.neighbours,
            }
        return json.dumps(data).replace("<", "\\u003c")

    def role(self, user: User) -> str:
        """What somebody is, in a word for the switcher."""
        if "org.admin" in user.roles:
            return "Admin"
        if self._sandbox.lead_team in self._org.teams_of(user.id):
            return "Team lead"
        return "Agent" if "org.user" in user.roles else "Viewer"

    def feed(self, seen_revision: str) -> dict[str, Any]:
        """The list of conversations, or only the revision when nothing changed since."""
        org = self._org
        with org.lock:
            revision = str(org.revision)
            if revision == seen_revision:
                return {"revision": revision}
            newest = sorted(org.conversations.values(), key=lambda one: one.id, reverse=True)
            newest.sort(key=lambda one: one.created_at, reverse=True)
            return {
                "revision": revision,
                "total": len(newest),
                "conversations": [self._row(one) for one in newest[:LISTED]],
            }

    def conversation(self, found: Conversation) -> dict[str, Any]:
        """One conversation with its timeline, attributes, and what a card gets as its context."""
        org = self._org
        with org.lock:
            customer = org.customers[found.customer_id]
            timeline = [self._message(one) for one in found.message_ids]
            timeline += [self._note(one) for one in found.note_ids]
            timeline.sort(key=lambda one: (one["created_at"], one["id"]))
            conversation, person = conversation_json(org, found), customer_json(org, customer)
            return {
                "id": found.id,
                "name": found.name,
                "status": found.status,
                "priority": found.priority,
                "channel": found.channel,
                "tags": [org.tags[one].name for one in found.tag_ids],
                "timeline": timeline,
                "attributes": self._attributes("conversation", found.custom),
                "customer": {
                    "id": customer.id,
                    "name": customer.name,
                    "emails": [one["email"] for one in customer.emails],
                    "phones": [one["phone"] for one in customer.phones],
                    "attributes": self._attributes("customer", customer.custom),
                },
                "drafts": [
                    {"id": one.id, "body": one.values["body"]}
                    for one in org.drafts.values()
                    if one.conversation_id == found.id
                ],
                "objects": [
                    kobject_json(org, one)["attributes"] | {"klass": one.klass}
                    for one in org.kobjects.values()
                    if one.customer_id == customer.id
                ],
                "context": {
                    "type": "conversation",
                    "customer": person,
                    "conversation": conversation,
                },
            }

    def write_as_customer(self, body: dict[str, Any]) -> dict[str, Any]:
        """A new conversation from the form in which a person plays the customer."""
        org = self._org
        email = str(body.get("email", "")).strip().lower()
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
            raise bad_request("The e-mail address is missing")
        channel = body.get("channel")
        with org.lock:
            customer = org.find_customer(email) or self._sandbox.add_customer(
                str(body.get("name") or email), email
            )
            made = self._sandbox.add_conversation(
                customer.id,
                str(body.get("subject", "")),
                str(body.get("text", "")),
                channel if channel in _CHANNELS else "email",
            )
        return {"id": made.id}

    def _attributes(self, klass: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"name": name, "title": one["displayName"], "value": values.get(name)}
            for name, one in self._org.klasses[klass].properties.items()
        ]

    def _message(self, message_id: str) -> dict[str, Any]:
        org, message = self._org, self._org.messages[message_id]
        shown = message_json(org, message)["attributes"]
        author = org.users.get(message.created_by or "")
        customer = org.customers[message.customer_id]
        return {
            "id": message.id,
            "kind": "customer" if message.direction == "in" else "staff",
            "author": author.name if author else customer.name,
            "text": message.text,
            "subject": message.subject,
            "channel": message.channel,
            "created_at": shown["createdAt"],
        }

    def _note(self, note_id: str) -> dict[str, Any]:
        org, note = self._org, self._org.notes[note_id]
        author = org.users[note.created_by]
        return {
            "id": note.id,
            "kind": "note",
            "author": author.name,
            "is_machine": author.is_machine,
            "text": note.body,
            "created_at": note_json(org, note)["attributes"]["createdAt"],
        }

    def _row(self, found: Conversation) -> dict[str, Any]:
        org = self._org
        return {
            "id": found.id,
            "name": found.name,
            "customer": org.customers[found.customer_id].name,
            "status": found.status,
            "channel": found.channel,
            "notes": len(found.note_ids),
            "updated_at": stamp(found.last_activity_at or found.updated_at),
        }

    def _session(self, agent: User) -> str:
        # Stands for the agent's browser session in requests and commands.
        with self._org.lock:
            if agent.id not in self._sessions:
                key = self._org.issue_key("session", agent.roles, agent, is_session=True)
                self._sessions[agent.id] = key.token
            return self._sessions[agent.id]
