"""The HTTP face: admission of Admin API calls, OAuth, and the sandbox's control endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, Response, redirect, request
from graphql import GraphQLError
from werkzeug.wrappers import Response as WsgiResponse

from integrations.sandbox.faults import CallLog, FaultBoard
from integrations.sandbox.routing import SandboxFlask
from integrations.sandbox.server import answer_with_fault, logged_status, register_controls
from integrations.sandbox.shopify import execution
from integrations.sandbox.shopify.builder import build_customer, build_order
from integrations.sandbox.shopify.clock import Clock
from integrations.sandbox.shopify.controls import register_shopify_controls
from integrations.sandbox.shopify.cost import Bucket
from integrations.sandbox.shopify.model import Customer, Order
from integrations.sandbox.shopify.oauth import App, OAuthError, Tokens
from integrations.sandbox.shopify.resolve_root import OTHER_VERSIONS, SUPPORTED_VERSIONS
from integrations.sandbox.shopify.session import Session
from integrations.sandbox.shopify.shop import Shop

SHOP_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
VERSION_NAME = re.compile(r"\d{4}-\d{2}")
UNKNOWN_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105
VENDOR_FAULTS = ("throttled", "internal_error_before", "internal_error_after")


class ShopifySandbox:
    """Several shops and one app in one process; `app` is the WSGI application.

    sandbox = ShopifySandbox()
    shop = sandbox.add_shop("demo", currency="EUR")
    token = sandbox.issue_token(shop)
    order = sandbox.add_order(shop, {...})          # see builder.py
    with SandboxServer(sandbox.app) as server:
        url = sandbox.shop_url(server.url, shop)    # + /admin/api/2026-10/graphql.json
    """

    def __init__(self, *, app: App | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.client = app or App()
        self.tokens = Tokens(self.client, self.clock)
        self.faults = FaultBoard(VENDOR_FAULTS)
        self.calls = CallLog()
        self.shops: dict[str, Shop] = {}
        self._buckets: dict[str, Bucket] = {}
        self.app = SandboxFlask("shopify-sandbox")
        register_controls(self.app, self.faults, self.calls)
        register_shopify_controls(self.app, self)
        self.app.register_blueprint(self._vendor_routes())

    def add_shop(self, name: str, **settings: Any) -> Shop:
        """Open a shop `{name}.myshopify.com`; `settings` are those of `Shop`."""
        domain = name if name.endswith(".myshopify.com") else f"{name}.myshopify.com"
        if not SHOP_DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain!r} is not a shop domain")
        shop = Shop(domain, self.clock, **settings)
        self.shops[domain] = shop
        self._buckets[domain] = Bucket(self.clock, shop.bucket_size, shop.restore_rate)
        return shop

    def shop_url(self, base_url: str, shop: Shop) -> str:
        """The shop's address under the server's base URL."""
        return f"{base_url}/shops/{shop.domain}"

    def bucket(self, shop: Shop) -> Bucket:
        """The rate limit of the app in this shop."""
        return self._buckets[shop.domain]

    def issue_token(
        self,
        shop: Shop,
        scopes: set[str] | frozenset[str] | None = None,
        *,
        life: timedelta | None = None,
        text: str | None = None,
        sees_protected_data: bool = True,
    ) -> str:
        """An access token with `scopes` (left out: all the app asks for)."""
        return self.tokens.issue(
            shop, scopes, life=life, text=text, sees_protected_data=sees_protected_data
        )

    def add_order(self, shop: Shop, spec: Mapping[str, Any]) -> Order:
        """Seed an order; `builder.py` describes `spec`. Raises BadSpec."""
        with shop.lock:
            return build_order(shop, spec)

    def add_customer(self, shop: Shop, spec: Mapping[str, Any]) -> Customer:
        """Seed a customer. Raises BadSpec."""
        with shop.lock:
            return build_customer(shop, spec)

    def graphql(self, shop: Shop, version: str) -> Response:
        """Answer one GraphQL POST of the current request."""
        try:
            body = execution.parse_json(request.get_data())
        except ValueError:
            return _json({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        query = body.get("query") if isinstance(body, dict) else None
        variables = body.get("variables") or {} if isinstance(body, dict) else None
        if not isinstance(query, str) or not isinstance(variables, dict):
            return _json({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        prepared = execution.prepare(query)
        if isinstance(prepared, GraphQLError):
            self.calls.record("(syntax error)", status=200)
            return _json(execution.syntax_error(prepared))
        operation = execution.operation_of(prepared.document, body.get("operationName"))
        if operation is None:
            self.calls.record("(no operation)", status=200)
            return _json({"errors": [{"message": "An operation name is required"}]})
        name = operation.name.value if operation.name else "(anonymous)"

        def process() -> Response:
            if shop.closed_with is not None:
                return _json({"errors": "Unavailable Shop"}, shop.closed_with)
            token = self.tokens.find(shop, request.headers.get("X-Shopify-Access-Token"))
            if token is None:
                return _json({"errors": UNKNOWN_TOKEN}, 401)
            session = Session(shop, token.scopes, version, {}, token.sees_protected_data)
            return _json(execution.run(session, self.bucket(shop), prepared, operation, variables))

        response = self._under_faults(shop, name, process)
        response.headers["X-Shopify-API-Version"] = version
        response.headers["X-Request-Id"] = f"sandbox-{self.calls.count() + 1}"
        self.calls.record(name, status=logged_status(response), subject=_subject(variables))
        return response

    def _under_faults(self, shop: Shop, name: str, process: Callable[[], Response]) -> Response:
        fault = self.faults.take(name)
        match fault.kind if fault else None:
            case "throttled":
                return _json(execution.throttled(self.bucket(shop), 0))
            case "internal_error_before":
                return _json({"data": None, "errors": [execution.internal_error()]})
            case "internal_error_after":
                process()
                return _json({"data": None, "errors": [execution.internal_error()]})
            case _:
                return answer_with_fault(fault, process)

    def _vendor_routes(self) -> Blueprint:
        routes = Blueprint("shopify", __name__, url_prefix="/shops/<domain>/admin")

        @routes.post("/api/<version>/graphql.json")
        def graphql(domain: str, version: str) -> Response:
            shop = self.shops.get(domain)
            answered_by = answering_version(version)
            if shop is None or answered_by is None:
                return _json({"errors": "Not Found"}, 404)
            if not (request.content_type or "").startswith("application/json"):
                return _json({"errors": "Unsupported Media Type"}, 415)
            return self.graphql(shop, answered_by)

        @routes.post("/oauth/access_token")
        def access_token(domain: str) -> Response:
            shop = self.shops.get(domain)
            if shop is None:
                return _json({"errors": "Not Found"}, 404)
            body = request.get_json(silent=True) if request.is_json else request.form.to_dict()

            def process() -> Response:
                try:
                    return _json(self.tokens.exchange(shop, body or {}))
                except OAuthError as error:
                    refusal = {"error": error.code, "error_description": error.description}
                    return _json(refusal, 400)

            response = answer_with_fault(self.faults.take("oauth"), process)
            self.calls.record("oauth", status=logged_status(response), subject=domain)
            return response

        @routes.get("/oauth/authorize")
        def authorize(domain: str) -> WsgiResponse:
            shop = self.shops.get(domain)
            if shop is None:
                return _json({"errors": "Not Found"}, 404)
            try:
                return redirect(self.tokens.authorize(shop, request.args.to_dict()))
            except OAuthError as error:
                return _json({"error": error.code, "error_description": error.description}, 400)

        return routes


def answering_version(asked: str) -> str | None:
    """The version that answers a request for `asked`: versions that are gone fall forward to
    the oldest one left; None for what never was a version.

    https://shopify.dev/docs/api/usage/versioning
    """
    if asked in SUPPORTED_VERSIONS or asked in OTHER_VERSIONS:
        return asked
    if VERSION_NAME.fullmatch(asked) and asked < SUPPORTED_VERSIONS[0]:
        return SUPPORTED_VERSIONS[0]
    return None


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")


def _subject(variables: Mapping[str, Any]) -> str:
    """What a call was about: the order, the refund, or what was searched for."""
    nested = variables.get("input")
    values = {**variables, **(nested if isinstance(nested, dict) else {})}
    for key in ("orderId", "refundId", "returnId", "id", "identifier", "query"):
        if values.get(key):
            value = values[key]
            return str(next(iter(value.values()), "")) if isinstance(value, dict) else str(value)
    return next((v for v in variables.values() if isinstance(v, str) and v), "")


def create_demo_app() -> Flask:
    """One empty shop `demo.myshopify.com` with the token `sandbox-token`, for `ChildServer`."""
    sandbox = ShopifySandbox()
    sandbox.issue_token(sandbox.add_shop("demo"), text="sandbox-token")
    return sandbox.app
