"""The desk's routes. The page itself is in `static/`; it polls the feed here.

Loopback only: whoever reaches it acts as any agent.
"""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, render_template, request

from integrations.sandbox.workspace import prepare_desk, workspace_page
from integrations.sandbox.zendesk.clock import stamp
from integrations.sandbox.zendesk.errors import ApiError, json_response, record_not_found
from integrations.sandbox.zendesk.model import Ticket, User
from integrations.sandbox.zendesk.people import create_user
from integrations.sandbox.zendesk.render import ticket_json

if TYPE_CHECKING:
    from integrations.sandbox.zendesk.app import ZendeskSandbox

LISTED_TICKETS = 200
_CHANNELS = ("email", "web", "chat", "voice", "api")
_STATIC = Path(__file__).parent / "static"


def register(app: Flask, sandbox: ZendeskSandbox) -> None:
    """Add the agent workspace and the SDK double."""
    pages = Blueprint("desk", __name__)
    account = sandbox.account
    desk = Desk(sandbox)

    prepare_desk(pages, "/agent/static")

    @pages.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return error.response()

    @pages.get("/agent")
    @pages.get("/agent/tickets/<int:ticket_id>")
    def workspace(ticket_id: int | None = None) -> Response:
        html = render_template(
            "workspace.html", config=desk.config(desk.acting_agent()), account=account
        )
        return workspace_page(html, "form-action http: https:")

    @pages.get("/agent/api/feed")
    def feed() -> Response:
        return json_response(desk.feed(request.args.get("revision", "")))

    @pages.get("/agent/api/tickets/<int:ticket_id>")
    def show(ticket_id: int) -> Response:
        return json_response(desk.ticket(desk.find(ticket_id)))

    @pages.post("/agent/api/tickets/<int:ticket_id>")
    def save(ticket_id: int) -> Response:
        ticket = desk.find(ticket_id)
        sandbox.engine.update(ticket, request.get_json(), desk.acting_agent(), via_channel="web")
        return json_response(desk.ticket(ticket))

    @pages.post("/agent/api/tickets/<int:ticket_id>/reply")
    def reply(ticket_id: int) -> Response:
        ticket = desk.find(ticket_id)
        sandbox.engine.reply_as_requester(ticket, str(request.get_json().get("body", "")))
        return json_response(desk.ticket(ticket))

    @pages.post("/agent/api/tickets")
    def write() -> Response:
        return json_response(desk.write_as_customer(request.get_json()), 201)

    @pages.post("/agent/api/tickets/<int:ticket_id>/sidebar")
    def sidebar(ticket_id: int) -> Response:
        desk.find(ticket_id)
        agent = desk.acting_agent()
        return json_response(
            {
                "url": sandbox.sidebar_page_url(),
                "token": sandbox.sign_sidebar_token(agent.id),
                "app_guid": str(uuid.uuid4()),
            }
        )

    @pages.get("/sdk/zaf_sdk.js")
    @pages.get("/sdk/2.0/zaf_sdk.min.js")
    def sdk() -> Response:
        script = Response(
            (_STATIC / "zaf_sdk.js").read_bytes(),
            content_type="application/javascript; charset=utf-8",
        )
        script.headers["Access-Control-Allow-Origin"] = "*"
        return script

    app.register_blueprint(pages)


class Desk:
    """What the workspace shows, as JSON. Ids of users and fields are texts in it."""

    def __init__(self, sandbox: ZendeskSandbox) -> None:
        self._sandbox = sandbox
        self._account = sandbox.account
        self._session_tokens: dict[int, str] = {}

    def find(self, ticket_id: int) -> Ticket:
        """Raises ApiError 404."""
        ticket = self._account.tickets.get(ticket_id)
        if ticket is None:
            raise record_not_found()
        return ticket

    def acting_agent(self) -> User:
        """The agent that the `agent` argument names, else the first ordinary agent."""
        named = self._account.find_user(request.args.get("agent", ""))
        return named if named is not None and named.is_staff else self._sandbox.agent

    def config(self, agent: User) -> str:
        """The page's start data as JSON that is safe inside a script element."""
        account, installation = self._account, self._sandbox.installation
        app = account.apps[installation.app_id]
        with account.lock:
            agents = [
                one
                for one in account.users.values()
                if one.is_staff and one.id != self._sandbox.integration_user.id
            ]
        hidden = {one["name"] for one in app.manifest.get("parameters", []) if one.get("secure")}
        data = {
            "subdomain": account.subdomain,
            "agent": self._agent_json(agent),
            "agents": [{"id": str(one.id), "name": one.name, "role": self.role(one)}
                       for one in agents],
            "session": self._session(agent),
            "app": {
                "appId": app.id,
                "installationId": installation.id,
                "name": app.name,
                "version": str(app.manifest.get("version", "")),
                "settings": {
                    name: value
                    for name, value in installation.settings.items()
                    if name not in hidden
                },
            },
            "requirements": installation.requirement_ids,
            "integration_user": str(self._sandbox.integration_user.id),
            "neighbours": self._sandbox.neighbours,
        }  # fmt: skip
        return json.dumps(data).replace("<", "\\u003c")

    def role(self, user: User) -> str:
        """The role as the desk names it: a custom role's name where there is one."""
        custom = self._account.custom_roles.get(user.custom_role_id or 0)
        return custom.name if custom else user.role.capitalize()

    def feed(self, seen_revision: str) -> dict[str, Any]:
        """The ticket list, or only the revision when nothing changed since."""
        account = self._account
        with account.lock:
            revision = str(account.revision)
            if revision == seen_revision:
                return {"revision": revision}
            newest = sorted(account.tickets.values(), key=lambda one: one.id, reverse=True)
            return {
                "revision": revision,
                "total": len(newest),
                "tickets": [self._row(one) for one in newest[:LISTED_TICKETS]],
            }

    def ticket(self, ticket: Ticket) -> dict[str, Any]:
        """One ticket with its conversation and the fields of its form."""
        account = self._account
        with account.lock:
            metadata = {audit.id: audit.custom_metadata for audit in ticket.audits}
            requester = account.users[ticket.requester_id]
            shown = ticket_json(account, ticket)
            comments = []
            for one in ticket.comments:
                author = account.users[one.author_id]
                comments.append(
                    {
                        "id": str(one.id),
                        "author": author.name,
                        "author_id": str(author.id),
                        "is_staff": author.is_staff,
                        "is_app": author.id == self._sandbox.integration_user.id,
                        "public": one.public,
                        "html": one.html_body,
                        "text": one.body,
                        "created_at": stamp(one.created_at),
                        "channel": one.via_channel,
                        "custom": metadata.get(one.audit_id, {}),
                    }
                )
            return {
                "id": ticket.id,
                "subject": ticket.subject,
                "description": ticket.description,
                "status": ticket.status,
                "priority": ticket.priority,
                "type": ticket.type,
                "tags": list(ticket.tags),
                "channel": ticket.via_channel,
                "created_at": shown["created_at"],
                "updated_at": shown["updated_at"],
                "brand": {
                    "id": str(ticket.brand_id),
                    "name": account.brands[ticket.brand_id].name,
                },
                "form_id": str(ticket.form_id),
                "external_id": ticket.external_id,
                "requester": {
                    "id": str(requester.id),
                    "name": requester.name,
                    "email": requester.email,
                    "phone": requester.phone,
                    "locale": requester.locale,
                    "identities": [
                        {"type": one.type, "value": one.value} for one in requester.identities
                    ],
                    "user_fields": [
                        {"title": one.title, "value": requester.user_fields.get(one.key or "")}
                        for one in account.user_fields.values()
                    ],
                },
                "assignee_id": str(ticket.assignee_id) if ticket.assignee_id else None,
                "group_id": str(ticket.group_id) if ticket.group_id else None,
                "fields": [
                    {
                        "id": str(one.id),
                        "title": one.title,
                        "type": one.type,
                        "value": ticket.custom_fields.get(one.id),
                        "options": [{"name": o.name, "value": o.value} for o in one.options],
                    }
                    for one in account.custom_ticket_fields()
                    if one.active
                ],
                "comments": comments,
            }

    def write_as_customer(self, body: dict[str, Any]) -> dict[str, Any]:
        """A new ticket from the form in which a person plays the customer."""
        account = self._account
        email = str(body.get("email", "")).strip().lower()
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
            raise ApiError(422, {"error": "RecordInvalid", "description": "The e-mail is missing"})
        channel = body.get("channel")
        with account.lock:
            customer = account.find_user(email) or create_user(
                account, str(body.get("name") or email), email
            )
            if customer.is_staff:
                raise ApiError(
                    422,
                    {"error": "RecordInvalid", "description": "This address belongs to an agent"},
                )
            ticket = self._sandbox.add_ticket(
                customer.id,
                str(body.get("subject", "")),
                str(body.get("description", "")),
                channel=channel if channel in _CHANNELS else "web",
            )
        return {"id": ticket.id}

    def _row(self, ticket: Ticket) -> dict[str, Any]:
        requester = self._account.users[ticket.requester_id]
        return {
            "id": ticket.id,
            "subject": ticket.subject,
            "preview": ticket.description[:140],
            "requester": requester.name,
            "status": ticket.status,
            "channel": ticket.via_channel,
            "notes": sum(1 for one in ticket.comments if not one.public),
            "comments": len(ticket.comments),
            "updated_at": stamp(ticket.updated_at),
        }

    def _agent_json(self, agent: User) -> dict[str, Any]:
        groups = list(self._account.groups.values())
        return {
            "id": agent.id,
            "name": agent.name,
            "email": agent.email,
            "role": str(agent.custom_role_id) if agent.custom_role_id else agent.role,
            "locale": agent.locale,
            "timeZone": {"name": "UTC", "ianaName": "Etc/UTC", "offset": 0},
            "avatarUrl": "",
            "externalId": agent.external_id,
            "groups": [{"id": one.id, "name": one.name} for one in groups],
            "organizations": [],
            "tags": [],
            "onlyPrivateComments": agent.only_private_comments,
        }

    def _session(self, agent: User) -> str:
        # Stands for the agent's browser session in client.request.
        with self._account.lock:
            if agent.id not in self._session_tokens:
                token = self._sandbox.oauth.issue(agent, "read write", expires_in=None)
                self._session_tokens[agent.id] = token.value
            return self._session_tokens[agent.id]
