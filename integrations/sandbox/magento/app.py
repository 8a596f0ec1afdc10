"""The HTTP face: admission of REST calls, and the sandbox's control endpoints."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, request

from integrations.sandbox.faults import CallLog, FaultBoard
from integrations.sandbox.magento.auth import APP_RESOURCES, Admin, Callers, Integration
from integrations.sandbox.magento.builder import build_order
from integrations.sandbox.magento.bulk import Queue
from integrations.sandbox.magento.clock import Clock
from integrations.sandbox.magento.controls import register_magento_controls
from integrations.sandbox.magento.errors import (
    COULD_NOT_REFUND,
    CRASH_PAGE_TITLE,
    FORBIDDEN_PAGE_TITLE,
    MAINTENANCE_PAGE_TITLE,
    HtmlError,
    MagentoError,
    missing_resource,
    no_route,
)
from integrations.sandbox.magento.model import Order
from integrations.sandbox.magento.routes import ANONYMOUS, Request, Route, find_route
from integrations.sandbox.magento.search import parse_query
from integrations.sandbox.magento.site import Settings, Site
from integrations.sandbox.magento.wire import cut, parse_fields, to_json
from integrations.sandbox.routing import SandboxFlask
from integrations.sandbox.server import answer_with_fault, logged_status, register_controls

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]
READABLE = ("*/*", "application/*", "application/json", "application/xml")
# html_403: a firewall, never processed. html_503: maintenance, never processed. html_500_after
# and could_not_save_after: processed, and the answer hides it.
VENDOR_FAULTS = ("html_403", "html_503", "html_500_after", "could_not_save_after")
DEMO_CREDENTIALS = (
    "sandboxconsumerkey00000000000000",
    "sandboxconsumersecret00000000000",
    "sandboxaccesstoken00000000000000",
    "sandboxaccesstokensecret00000000",
)


class MagentoSandbox:
    """Several installations in one process; `app` is the WSGI application.

    sandbox = MagentoSandbox()
    site = sandbox.add_site("demo", base_currency="EUR")
    integration = sandbox.add_integration(site)       # its four OAuth values
    order = sandbox.add_order(site, {...})            # see builder.py
    with SandboxServer(sandbox.app) as server:
        base_url = sandbox.site_url(server.url, site) # + /rest/V1/orders
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.faults = FaultBoard(VENDOR_FAULTS)
        self.calls = CallLog()
        self.sites: dict[str, Site] = {}
        self.callers: dict[str, Callers] = {}
        self.queues: dict[str, Queue] = {}
        self.app = SandboxFlask("magento-sandbox")
        register_controls(self.app, self.faults, self.calls)
        register_magento_controls(self.app, self)
        self.app.register_blueprint(self._vendor_routes())

    def add_site(self, name: str, **settings: Any) -> Site:
        """Open an installation; `settings` are those of `Settings` in site.py."""
        site = Site(name, self.clock, Settings(**settings))
        self.sites[name] = site
        self.callers[name] = Callers(self.clock)
        self.queues[name] = Queue(site)
        return site

    def site_url(self, server_url: str, site: Site) -> str:
        """The shop's base URL under the server's; the API is below `/rest`."""
        return f"{server_url}/sites/{site.name}"

    def add_integration(
        self,
        site: Site,
        resources: Iterable[str] | None = APP_RESOURCES,
        *,
        name: str = "app",
        credentials: tuple[str, str, str, str] | None = None,
    ) -> Integration:
        """An activated integration with `resources` (None: all). `credentials` are consumer key,
        consumer secret, access token and token secret of 32 characters each; made up if left out.
        """
        return self.callers[site.name].add_integration(name, resources, credentials=credentials)

    def add_admin(self, site: Site, username: str, password: str) -> None:
        """A user who may ask for an admin token."""
        self.callers[site.name].admins[username] = Admin(username, password)

    def add_order(self, site: Site, spec: Mapping[str, Any]) -> Order:
        """Seed an order; `builder.py` describes `spec`. Raises BadSpec."""
        with site.lock:
            return build_order(site, spec)

    def run_consumers(self, site: Site) -> int:
        """Run what the asynchronous routes have queued; returns how many operations."""
        return self.queues[site.name].consume()

    def answer(self, site: Site, path: str) -> Response:
        """Answer the current request for `path`, which is what follows `/rest`."""
        found = find_route(request.method, _without_store(path))
        name = found[0].name if found else "(no route)"
        subject = found[1][0] if found and found[1] else _subject()

        def process() -> Response:
            return self._guarded(site, path, found)

        fault = self.faults.take(name)
        match fault.kind if fault else None:
            case "html_403":
                response = _page(HtmlError(403, FORBIDDEN_PAGE_TITLE))
            case "html_503":
                response = _page(HtmlError(503, MAINTENANCE_PAGE_TITLE))
            case "html_500_after":
                process()
                response = _page(HtmlError(500, CRASH_PAGE_TITLE))
            case "could_not_save_after":
                process()
                response = _json({"message": COULD_NOT_REFUND}, 400)
            case _:
                response = answer_with_fault(fault, process)
        self.calls.record(name, status=logged_status(response), subject=subject)
        return response

    def _guarded(
        self, site: Site, path: str, found: tuple[Route, tuple[str, ...]] | None
    ) -> Response:
        try:
            if site.settings.slow_seconds:
                time.sleep(site.settings.slow_seconds)
            return self._admitted(site, path, found)
        except HtmlError as error:
            return _page(error)
        except MagentoError as error:
            return _json(error.body(with_trace=site.settings.developer_mode), error.status)

    def _admitted(
        self, site: Site, path: str, found: tuple[Route, tuple[str, ...]] | None
    ) -> Response:
        if site.settings.firewall:
            raise HtmlError(403, FORBIDDEN_PAGE_TITLE)
        if site.settings.maintenance:
            raise HtmlError(503, MAINTENANCE_PAGE_TITLE)
        accepted = (
            [part.split(";")[0].strip() for part in request.headers["Accept"].split(",")]
            if "Accept" in request.headers
            else ["*/*"]
        )
        if not any(part in READABLE for part in accepted):
            raise HtmlError(500, CRASH_PAGE_TITLE)
        store = _store_code(path)
        if store is not None and store != "all" and store not in site.stores:
            raise MagentoError(400, "Specified request cannot be processed.")
        if found is None:
            raise no_route()
        route, arguments = found
        self._authorize(site, route)
        query = request.query_string.decode("ascii", "replace")
        answer = route.handler(
            Request(
                site=site,
                callers=self.callers[site.name],
                queue=self.queues[site.name],
                arguments=arguments,
                query=query,
                body=request.get_data(),
            )
        )
        fields = parse_query(query).get("fields")
        if isinstance(fields, str) and fields:
            answer = cut(answer, parse_fields(fields))
        return _json(answer, 202 if route.is_async else 200)

    def _authorize(self, site: Site, route: Route) -> None:
        if route.resource == ANONYMOUS:
            return
        header = request.headers.get("Authorization", "")
        callers = self.callers[site.name]
        if header.lower().startswith("bearer "):
            callers.check_bearer(
                header,
                route.resource,
                integrations_may=site.settings.integration_as_bearer,
            )
        elif header.lower().startswith("oauth "):
            # The path as it was sent: an escaped character in it is signed as escaped.
            path = str(request.environ.get("RAW_URI") or request.path).partition("?")[0]
            query = str(request.environ.get("QUERY_STRING", ""))
            own = site.settings.seen_base_url or request.host_url.rstrip("/")
            callers.check_oauth(header, request.method, own + path, query, route.resource)
        else:
            raise missing_resource(route.resource)

    def _vendor_routes(self) -> Blueprint:
        routes = Blueprint("magento", __name__, url_prefix="/sites/<name>")

        @routes.route("/rest/<path:path>", methods=METHODS)
        def rest(name: str, path: str) -> Response:
            site = self.sites.get(name)
            if site is None:
                return _page(HtmlError(404, "404 Not Found"))
            return self.answer(site, "/" + path)

        @routes.get("/magento_version")
        def version(name: str) -> Response:
            site = self.sites.get(name)
            if site is None or site.settings.version is None:
                return _page(HtmlError(404, "404 Not Found"))
            self.calls.record("version", status=200)
            return Response(site.settings.version, content_type="text/html; charset=UTF-8")

        return routes


def _store_code(path: str) -> str | None:
    first = path.split("/")[1]
    return None if first in ("V1", "async") else first


def _without_store(path: str) -> str:
    store = _store_code(path)
    return path if store is None else path[len(store) + 1 :]


def _subject() -> str:
    """What a list call was about: the value of its first filter."""
    for key, value in request.args.items():
        if key.endswith("[value]"):
            return value
    return ""


def _json(body: Any, status: int = 200) -> Response:
    response = Response(to_json(body), status, content_type="application/json; charset=utf-8")
    response.set_cookie("PHPSESSID", secrets.token_hex(13), max_age=3600, httponly=True)
    return response


def _page(error: HtmlError) -> Response:
    return Response(error.page, error.status, content_type="text/html; charset=UTF-8")


def create_demo_app() -> Flask:
    """One empty site `demo` whose integration has DEMO_CREDENTIALS, for `ChildServer`."""
    sandbox = MagentoSandbox()
    sandbox.add_integration(sandbox.add_site("demo"), credentials=DEMO_CREDENTIALS)
    return sandbox.app
