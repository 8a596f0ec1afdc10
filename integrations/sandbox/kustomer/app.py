"""The Kustomer sandbox as a whole: books, HTTP server, webhook sender, command runner, desk.

In a test:     with KustomerSandbox() as kustomer: kustomer.add_conversation(...)
As a process:  python -m integrations.sandbox.kustomer --port 8082
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.faults import CallLog, FaultBoard
from integrations.sandbox.kustomer import (
    apps,
    commands,
    control,
    conversations,
    customers,
    klasses,
    people,
    roles,
    search,
    webhooks,
)
from integrations.sandbox.kustomer.api import VENDOR_FAULTS, Api
from integrations.sandbox.kustomer.clock import stamp
from integrations.sandbox.kustomer.commands import Runner
from integrations.sandbox.kustomer.desk import pages as desk_pages
from integrations.sandbox.kustomer.dispatcher import Dispatcher
from integrations.sandbox.kustomer.engine import Engine
from integrations.sandbox.kustomer.errors import not_found
from integrations.sandbox.kustomer.limits import RateLimits
from integrations.sandbox.kustomer.model import (
    ApiKey,
    Conversation,
    Customer,
    Installation,
    Klass,
    KObject,
    Message,
    Webhook,
)
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.roles import known
from integrations.sandbox.routing import SandboxFlask
from integrations.sandbox.server import SandboxServer, Startable, register_controls

OUR_EVENTS = ("kustomer.conversation.create", "kustomer.message.create")


class KustomerSandbox(Startable):
    """A stateful stand-in of one Kustomer org on a loopback port.

    It claims to be `https://<name>.api.kustomerapp.com` and is reached at `base`, with the REST API
    below `/v1` and the workspace at `/app`. Everything the vendor's API can't do is in the methods
    here and under `/_sandbox/`. `port=None` leaves serving to the caller, who takes `wsgi`. A
    context manager.
    """

    def __init__(
        self,
        name: str = "acme",
        *,
        port: int | None = 0,
        limits_enabled: bool = True,
        webhook_concurrency: int = 8,
        webhook_timeout_seconds: float = 10.0,
        org_id: str | None = None,
    ) -> None:
        self.clock = SandboxClock()
        self.org = Org(name, self.clock, org_id)
        self.limits = RateLimits(self.org, enabled=limits_enabled)
        self.faults = FaultBoard(VENDOR_FAULTS)
        self.calls = CallLog()
        self.dispatcher = Dispatcher(
            self.org, concurrency=webhook_concurrency, timeout_seconds=webhook_timeout_seconds
        )
        self.engine = Engine(self.org, self.dispatcher)
        self.runner = Runner(self.org)
        # Other desks and stores of the same demo: [{name, url, current}].
        self.neighbours: list[dict[str, Any]] = []
        self._add_people()
        self.flask = self._flask_app()
        self.wsgi = self.flask.wsgi_app
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
        self.runner.close()
        if self._server:
            self._server.stop()

    # Seeds

    def add_customer(
        self,
        name: str,
        email: str | None = None,
        phone: str | None = None,
        *,
        other_emails: Iterable[str] = (),
        other_phones: Iterable[str] = (),
        external_id: str | None = None,
        locale: str | None = None,
    ) -> Customer:
        """Somebody who writes."""
        return self.engine.create_customer(
            name,
            [one for one in (email, *other_emails) if one],
            [one for one in (phone, *other_phones) if one],
            external_id=external_id,
            locale=locale,
        )

    def add_conversation(
        self,
        customer_id: str,
        subject: str,
        text: str,
        channel: str = "email",
        tags: Iterable[str] = (),
        *,
        age_seconds: float = 0.0,
        auto: bool = False,
        external_id: str | None = None,
    ) -> Conversation:
        """A conversation that its customer opens with a message: both creations are raised.

        `age_seconds` is how long ago it was written, for those whose delivery was lost.
        """
        with self.org.lock:
            customer = self.org.customers[customer_id]
            conversation = self.engine.create_conversation(
                customer, subject, channel, tags=tags, external_id=external_id
            )
            # The message is in the conversation when its creation is announced.
            message = self.engine.add_message(
                conversation,
                text,
                subject=subject if channel == "email" else None,
                auto=auto,
                is_first=True,
            )
            written_at = self.clock.now() - timedelta(seconds=age_seconds)
            conversation.created_at = conversation.updated_at = written_at
            conversation.last_activity_at = message.created_at = written_at
            self.engine.announce(conversation)
            return conversation

    def add_message(
        self,
        conversation_id: str,
        text: str,
        *,
        direction: str = "in",
        auto: bool = False,
        created_by: str | None = None,
        channel: str = "",
        subject: str | None = None,
    ) -> Message:
        """Another message, of the customer unless `direction` is "out"."""
        return self.engine.add_message(
            self.org.conversations[conversation_id],
            text,
            direction=direction,
            auto=auto,
            created_by=created_by,
            channel=channel,
            subject=subject,
        )

    def delete_conversation(self, conversation_id: str) -> None:
        """It is gone; no event says so."""
        with self.org.lock:
            del self.org.conversations[conversation_id]
            self.org.touch()

    def add_key(
        self, name: str, roles: Iterable[str], *, lifetime: timedelta | None = None
    ) -> ApiKey:
        """A key with a machine user of its own. Raises ValueError for an unknown role."""
        given = tuple(roles)
        unknown = [one for one in given if not known(one)]
        if unknown:
            raise ValueError(f"unknown roles: {', '.join(unknown)}")
        machine = self.org.add_user(
            name, f"{self.org.next_id()}@machine.example.com", given, is_machine=True
        )
        return self.org.issue_key(name, given, machine, lifetime=lifetime)

    def add_webhook(
        self, url: str, events: Iterable[str] = OUR_EVENTS, *, name: str = "Makegood"
    ) -> Webhook:
        """A webhook as an admin makes it; its `token` signs."""
        body = webhooks.checked({"name": name, "url": url, "events": list(events)})
        with self.org.lock:
            return webhooks.create_webhook(self.org, body, self.admin.id)

    def add_kobject(
        self,
        klass: str,
        customer_id: str | None,
        *,
        title: str,
        external_id: str | None = None,
        data: Mapping[str, Any] | None = None,
        custom: Mapping[str, Any] | None = None,
        created_by: str | None = None,
    ) -> KObject:
        """A custom object of a customer; the klass is made if the org has none of this name."""
        org = self.org
        with org.lock:
            if klass not in org.klasses:
                org.klasses[klass] = Klass(org.next_id(), klass, False, {}, org.clock.now())
            customer = org.customers[customer_id] if customer_id else None
            return klasses.make_object(
                org,
                org.klasses[klass],
                customer,
                {"title": title, "externalId": external_id, "data": dict(data or {}),
                 "custom": dict(custom or {})},
                created_by or self.admin.id,
            )  # fmt: skip

    def install(self, app: str, version: str) -> Installation:
        """What an admin does in the App Directory. Raises ApiError."""
        with self.org.lock:
            return apps.install(self.org, app, version, self.admin.id)

    # Questions

    def notes(self, conversation_id: str) -> list[dict[str, Any]]:
        """The internal notes of a conversation, oldest first."""
        with self.org.lock:
            found = [
                one for one in self.org.notes.values() if one.conversation_id == conversation_id
            ]
            return [
                {
                    "id": one.id,
                    "body": one.body,
                    "externalId": one.external_id,
                    "createdBy": one.created_by,
                    "createdAt": stamp(one.created_at),
                    "modifiedAt": stamp(one.modified_at),
                }
                for one in found
            ]

    def tag_names(self, conversation_id: str) -> list[str]:
        """The conversation's tags by name."""
        with self.org.lock:
            found = self.org.conversations[conversation_id]
            return [self.org.tags[one].name for one in found.tag_ids]

    def run_command(self, name: str, user_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """A person runs a command: the attributes of the run. Raises ApiError."""
        return self.runner.run(name, self.org.users[user_id], dict(given))

    def desk_url(self, conversation_id: str | None = None, agent: str | None = None) -> str:
        """The agent workspace, opened on a conversation and as an agent if given."""
        page = f"{self.base}/app"
        if conversation_id is not None:
            page += f"/conversations/{conversation_id}"
        return page + (f"?{urlencode({'agent': agent})}" if agent else "")

    # Building

    def _add_people(self) -> None:
        org = self.org
        self.admin = org.add_user(
            "Ines Okafor", "ines.okafor@example.com", ("org.admin", "org.user")
        )
        self.agent = org.add_user("Mira Holt", "mira.holt@example.com", roles.AGENT)
        self.team_lead = org.add_user("Dario Venn", "dario.venn@example.com", roles.AGENT)
        self.viewer = org.add_user(
            "Pim Aerts",
            "pim.aerts@example.com",
            ("org.permission.conversation.read", "org.permission.customer.read",
             "org.permission.message.read", "org.permission.note.read"),
        )  # fmt: skip
        self.support_team = org.add_team("Support", [self.agent, self.team_lead, self.viewer])
        self.lead_team = org.add_team("Team leads", [self.team_lead])
        key = self.add_key("Makegood", roles.SETUP)
        self.api_key = key.token
        self.machine_user = org.users[key.user_id]
        self.runtime_key = org.issue_key(
            "Makegood (runtime)", roles.RUNTIME, self.machine_user
        ).token

    def _flask_app(self) -> Flask:
        app = SandboxFlask(
            __name__,
            static_folder=str(Path(__file__).parent / "desk" / "static"),
            static_url_path="/app/static",
            template_folder=str(Path(__file__).parent / "desk"),
        )
        api = Api(app, self.org, self.limits, self.faults, self.calls)
        conversations.register(api, self.engine)
        customers.register(api, self.engine)
        search.register(api)
        klasses.register(api)
        people.register(api)
        webhooks.register(api, self.dispatcher)
        apps.register(api)
        commands.register(api, self.runner)
        register_controls(app, self.faults, self.calls)
        control.register(app, self)
        desk_pages.register(app, self)

        @app.errorhandler(HTTPException)
        def not_there(error: HTTPException) -> Any:
            if request.path.startswith("/v1/"):
                return not_found("Route").response(self.org.switches.error_shape)
            return Response(error.description or "", error.code or 500)

        return app


def wsgi_app() -> Any:
    """An org for `ChildServer("integrations.sandbox.kustomer.app:wsgi_app")`.

    Everything else is set by the control endpoints.
    """
    return KustomerSandbox(port=None).start().wsgi
