"""The Zendesk sandbox as a whole: books, HTTP server, webhook sender and the desk page.

In a test:     with ZendeskSandbox() as zendesk: zendesk.add_ticket(...)
As a process:  python -m integrations.sandbox.zendesk --port 8081
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from integrations.sandbox.faults import CallLog, FaultBoard
from integrations.sandbox.routing import SandboxFlask
from integrations.sandbox.server import SandboxServer, Startable, register_controls
from integrations.sandbox.zendesk import (
    apps,
    control,
    fields,
    oauthweb,
    rules,
    search,
    tickets,
    users,
    webhooks,
)
from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.api import Api
from integrations.sandbox.zendesk.clock import SandboxClock
from integrations.sandbox.zendesk.desk import pages as desk_pages
from integrations.sandbox.zendesk.dispatcher import Dispatcher
from integrations.sandbox.zendesk.engine import TicketEngine
from integrations.sandbox.zendesk.errors import invalid_endpoint
from integrations.sandbox.zendesk.limits import RateLimits
from integrations.sandbox.zendesk.model import Installation, Named, Role, Ticket, User, Webhook
from integrations.sandbox.zendesk.oauth import Client, OAuth, Token
from integrations.sandbox.zendesk.people import create_user
from integrations.sandbox.zendesk.render import comment_json
from integrations.sandbox.zendesk.triggers import TriggerRunner

STATIC_TOKEN = "sandbox-static-token"  # noqa: S105 - known to every test
OUR_SCOPES = (
    "tickets:read tickets:write users:read users:write triggers:read triggers:write "
    "webhooks:read webhooks:write"
)
DEFAULT_MANIFEST: dict[str, Any] = {
    "name": "Makegood",
    "author": {"name": "Example Ltd", "email": "support@example.com"},
    "defaultLocale": "en",
    "frameworkVersion": "2.0",
    "signedUrls": True,
    "location": {"support": {"ticket_sidebar": {"url": "", "flexible": True}}},
}


class ZendeskSandbox(Startable):
    """A stateful stand-in of one Zendesk account on a loopback port.

    It claims to be `https://<subdomain>.zendesk.com` in everything signed and in payload urls,
    and is reached at `base`. Everything the vendor's API can't do is in the methods here and
    under `/_sandbox/`. `port=None` leaves serving to the caller, who takes `wsgi`. A context
    manager.
    """

    def __init__(
        self,
        subdomain: str = "acme",
        *,
        port: int | None = 0,
        static_token: str | None = STATIC_TOKEN,
        sidebar_url: str = "",
        manifest: Mapping[str, Any] | None = None,
        requirements: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        limits_enabled: bool = True,
        webhook_concurrency: int = 8,
        webhook_timeout_seconds: float = 12.0,
        account_id: int = 18_204_101,
    ) -> None:
        self.clock = SandboxClock()
        self.account = Account(subdomain, self.clock, account_id=account_id)
        self.limits = RateLimits(self.clock, enabled=limits_enabled)
        self.oauth = OAuth(self.account)
        self.faults = FaultBoard()
        self.calls = CallLog()
        self.consent = oauthweb.ConsentPolicy()
        self.dispatcher = Dispatcher(
            self.account,
            concurrency=webhook_concurrency,
            timeout_seconds=webhook_timeout_seconds,
        )
        self.engine = TicketEngine(
            self.account, TriggerRunner(self.account, self.dispatcher), self.dispatcher
        )
        self._add_house()
        self._add_staff()
        app = apps.add_app(
            self.account,
            str((manifest or DEFAULT_MANIFEST).get("name", "Makegood")),
            dict(manifest or DEFAULT_MANIFEST),
            dict(requirements or {}),
        )
        apps.install(self.account, app, dict(settings or {}))
        self.sidebar_url = sidebar_url
        # Other desks and stores of the same demo: [{name, url, current}].
        self.neighbours: list[dict[str, Any]] = []
        if static_token is not None:
            self.oauth.issue(
                self.integration_user, "read write", expires_in=None, value=static_token
            )
        self.static_token = static_token
        self.flask = self._flask_app()
        self.wsgi = _WithoutJsonSuffix(self.flask.wsgi_app)
        self._server = None if port is None else SandboxServer(self.wsgi, port=port)
        self.base = self._server.url if self._server else ""

    # Life

    def start(self) -> Self:
        """Serve and send webhooks on background threads."""
        self.dispatcher.start()
        if self._server:
            self._server.start()
        return self

    def stop(self) -> None:
        self.dispatcher.stop()
        if self._server:
            self._server.stop()

    # Seeds

    def add_user(
        self,
        name: str,
        email: str | None,
        phone: str | None = None,
        identities: Iterable[tuple[str, str]] = (),
        *,
        role: Role = "end-user",
        locale: str = "en-US",
        custom_role_id: int | None = None,
        only_private_comments: bool = False,
        external_id: str | None = None,
        groups: Iterable[str] = (),
    ) -> User:
        """Add a customer, or staff with `role`. `identities` are `(type, value)` pairs, `groups`
        names."""
        return create_user(
            self.account,
            name,
            email,
            role=role,
            phone=phone,
            identities=identities,
            locale=locale,
            custom_role_id=custom_role_id,
            only_private_comments=only_private_comments,
            external_id=external_id,
            groups=groups,
        )

    def add_ticket(
        self,
        requester_id: int,
        subject: str,
        description: str,
        channel: str = "email",
        tags: Iterable[str] = (),
        custom_fields: Mapping[int, Any] | None = None,
        **attributes: Any,
    ) -> Ticket:
        """A ticket written by its requester, by the same path as the API's: triggers run and
        events are raised. `attributes` are further keys of a ticket body."""
        body: dict[str, Any] = {
            "subject": subject,
            "comment": {"body": description, "public": True},
            "requester_id": requester_id,
            "tags": list(tags),
            "custom_fields": [
                {"id": field_id, "value": value}
                for field_id, value in (custom_fields or {}).items()
            ],
            **attributes,
        }
        requester = self.account.users[requester_id]
        ticket, _ = self.engine.create(body, requester, via_channel=channel)
        return ticket

    def add_reply(self, ticket_id: int, text: str) -> None:
        """The customer writes again on a ticket."""
        self.engine.reply_as_requester(self.account.tickets[ticket_id], text)

    def add_webhook(
        self,
        endpoint: str,
        *,
        name: str = "Makegood",
        subscriptions: Iterable[str] = ("conditional_ticket_events",),
    ) -> Webhook:
        """A webhook as the REST API would create it; its secret is in `.secret`."""
        with self.account.lock:
            return webhooks.create_webhook(
                self.account,
                {
                    "name": name,
                    "endpoint": endpoint,
                    "http_method": "POST",
                    "request_format": "json",
                    "status": "active",
                    "subscriptions": list(subscriptions),
                },
                self.admin.id,
            )

    def add_trigger(self, body: Mapping[str, Any]) -> int:
        """A trigger from an API body; returns its id. Raises ApiError 422."""
        with self.account.lock:
            return rules.create_trigger(self.account, dict(body)).id

    def add_oauth_client(
        self,
        identifier: str,
        *,
        secret: str | None = None,
        redirect_uris: Iterable[str] = (),
        expires_in: int | None = 1800,
    ) -> Client:
        """Register an OAuth client owned by the integration user; no secret makes it public."""
        return self.oauth.add_client(
            identifier,
            self.integration_user,
            secret=secret,
            redirect_uris=tuple(redirect_uris),
            default_expires_in=expires_in,
        )

    def issue_token(self, scope: str = OUR_SCOPES, *, client: str | None = None) -> Token:
        """An access and refresh token of the integration user, as consent would give."""
        return self.oauth.issue(
            self.integration_user,
            scope,
            client=self.oauth.clients[client] if client else None,
            refresh_expires_in=2_592_000,
        )

    # Questions

    @property
    def installation(self) -> Installation:
        """The app whose sidebar the desk opens: the one installed last."""
        return list(self.account.installations.values())[-1]

    def notes(self, ticket_id: int) -> list[dict[str, Any]]:
        """The internal notes of a ticket, oldest first, each with its audit's `custom` metadata."""
        with self.account.lock:
            ticket = self.account.tickets[ticket_id]
            metadata = {audit.id: audit.custom_metadata for audit in ticket.audits}
            return [
                {
                    **comment_json(self.account, one),
                    "custom": dict(metadata.get(one.audit_id, {})),
                }
                for one in ticket.comments
                if not one.public
            ]

    def sign_sidebar_token(
        self, agent_id: int, *, location: str = "ticket_sidebar", **overrides: Any
    ) -> str:
        """The token of a signed first load. `overrides` replace claims (None leaves one out)."""
        return apps.sidebar_token(
            self.account, self.installation, agent_id, location=location, **overrides
        )

    def desk_url(self, ticket_id: int | None = None, agent: int | None = None) -> str:
        """The agent workspace, opened on a ticket and as an agent if given."""
        query = {"agent": agent} if agent is not None else {}
        page = f"{self.base}/agent"
        if ticket_id is not None:
            page += f"/tickets/{ticket_id}"
        return page + (f"?{urlencode(query)}" if query else "")

    def sidebar_page_url(self) -> str:
        """Where the manifest says that the sidebar's page is, or the url set by hand."""
        if self.sidebar_url:
            return self.sidebar_url
        manifest = self.account.apps[self.installation.app_id].manifest
        location = manifest.get("location", {}).get("support", {}).get("ticket_sidebar", {})
        return str(location.get("url", "")) if isinstance(location, dict) else str(location)

    # Building

    def _add_house(self) -> None:
        account, now = self.account, self.clock.now()
        for kind, records, names in (
            ("group", account.groups, ("Support", "Refund desk")),
            ("organization", account.organizations, ()),
            ("brand", account.brands, ("Northwind Outfitters",)),
            ("form", account.forms, ("Default ticket form",)),
            ("custom_role", account.custom_roles, ("Team lead", "Light agent")),
        ):
            for name in names:
                record = Named(account.next_id(kind), name, now)
                records[record.id] = record
        fields.add_system_fields(account)

    def _add_staff(self) -> None:
        account = self.account
        lead_role, light_role = account.custom_roles
        self.admin = create_user(account, "Ines Okafor", "ines.okafor@example.com", role="admin")
        self.integration_user = create_user(
            account, "Makegood", "makegood@example.com", role="admin"
        )
        self.agent = create_user(account, "Mira Holt", "mira.holt@example.com", role="agent")
        self.team_lead = create_user(
            account,
            "Dario Venn",
            "dario.venn@example.com",
            role="agent",
            custom_role_id=lead_role,
            role_type=0,
        )
        self.light_agent = create_user(
            account,
            "Pim Aerts",
            "pim.aerts@example.com",
            role="agent",
            custom_role_id=light_role,
            role_type=1,
            only_private_comments=True,
        )

    def _flask_app(self) -> Flask:
        app = SandboxFlask(
            __name__,
            static_folder=str(Path(__file__).parent / "desk" / "static"),
            static_url_path="/agent/static",
            template_folder=str(Path(__file__).parent / "desk"),
        )
        api = Api(app, self.account, self.limits, self.oauth, self.faults, self.calls)
        tickets.register(api, self.engine)
        search.register(api)
        users.register(api)
        fields.register(api)
        rules.register(api)
        webhooks.register(api, self.dispatcher)
        apps.register(api)
        oauthweb.register(app, api, self.oauth, self.consent)
        register_controls(app, self.faults, self.calls)
        control.register(app, self)
        desk_pages.register(app, self)

        @app.errorhandler(HTTPException)
        def not_there(error: HTTPException) -> Any:
            if request.path.startswith("/api/"):
                return invalid_endpoint().response()
            return Response(error.description or "", error.code or 500)

        return app


class _WithoutJsonSuffix:
    """The API answers with and without `.json` at the end of a path."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        if path.startswith(("/api/", "/oauth/")) and path.endswith(".json"):
            environ["PATH_INFO"] = path.removesuffix(".json")
        return self._app(environ, start_response)


def wsgi_app() -> _WithoutJsonSuffix:
    """An account for `ChildServer("integrations.sandbox.zendesk.app:wsgi_app")`.

    Everything else is set by the control endpoints.
    """
    return ZendeskSandbox(port=None).start().wsgi
