"""Routing of the REST API: faults, authentication, scopes, limits, then the handler."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Flask, Response, request
from werkzeug.datastructures import MultiDict

from integrations.sandbox.faults import CallLog, FaultBoard
from integrations.sandbox.server import answer_with_fault, logged_status
from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.errors import (
    ApiError,
    forbidden,
    json_response,
    missing_parameter,
    not_authenticated,
    too_many,
)
from integrations.sandbox.zendesk.limits import Charge, RateLimits
from integrations.sandbox.zendesk.model import User
from integrations.sandbox.zendesk.oauth import OAuth, Token, check_scope

Handler = Callable[..., Any]


@dataclass(slots=True)
class Call:
    """One authenticated request, as handlers see it."""

    account: Account
    limits: RateLimits
    charge: Charge
    actor: User
    token: Token | None
    args: MultiDict[str, str]

    def limit(self, name: str, key: Any = "") -> None:
        """Count against an endpoint's own limit. Raises ApiError 429."""
        self.limits.charge(self.charge, name, key)

    def json(self) -> dict[str, Any]:
        """The request's JSON object. Raises ApiError 400."""
        return json_object()

    def part(self, name: str) -> dict[str, Any]:
        """The object under the body's one key, such as `ticket`. Raises ApiError 400."""
        value = self.json().get(name)
        if not isinstance(value, dict):
            raise missing_parameter(name)
        return value


def json_object() -> dict[str, Any]:
    """The request's body as a JSON object; a body that isn't declared as JSON counts as empty."""
    if request.mimetype != "application/json":
        return {}
    try:
        body = json.loads(request.get_data() or b"{}", parse_float=Decimal)
    except ValueError:
        raise ApiError(
            400, {"error": "InvalidJSON", "description": "Server could not parse JSON"}
        ) from None
    return body if isinstance(body, dict) else {}


class Api:
    """Registers handlers on the Flask app, each under an operation's name for faults and logs."""

    def __init__(
        self,
        app: Flask,
        account: Account,
        limits: RateLimits,
        oauth: OAuth,
        faults: FaultBoard,
        calls: CallLog,
    ) -> None:
        self.app = app
        self.account = account
        self.limits = limits
        self.oauth = oauth
        self.faults = faults
        self.calls = calls

    def route(
        self,
        method: str,
        rule: str,
        operation: str,
        *,
        scope: str | None = None,
        fields_scope: str | None = None,
        any_scope: bool = False,
        admin: bool = False,
        anonymous: bool = False,
        locked: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Register `handler(call, **url_parts)` below `/api`.

        `scope` is the resource's name in OAuth scopes, None for broad scopes only;
        `fields_scope` names it too, but counts only when the account's options say so.
        `locked=False` is for handlers that call out and must not hold the account meanwhile.
        """

        def register(handler: Handler) -> Handler:
            def process(parts: dict[str, Any]) -> Response:
                charge = Charge()
                try:
                    call = self._authenticated(charge, anonymous=anonymous)
                    resource = scope
                    if fields_scope and self.account.options.field_endpoints_scope == "named":
                        resource = fields_scope
                    if call.token is not None and not any_scope:
                        check_scope(call.token, resource, writes=method != "GET")
                    if call.token is not None and any_scope and not call.token.scopes:
                        raise forbidden()
                    if not anonymous and not call.actor.is_staff:
                        raise forbidden()
                    if admin and call.actor.role != "admin":
                        raise forbidden()
                    with self.account.lock if locked else nullcontext():
                        response = _as_response(handler(call, **parts))
                except ApiError as error:
                    response = error.response()
                for name, value in charge.headers.items():
                    response.headers[name] = value
                return response

            def view(**parts: Any) -> Response:
                subject = str(next(iter(parts.values()), ""))
                return self.under_faults(operation, subject, lambda: process(parts))

            self.app.add_url_rule(
                f"/api{rule}", f"{operation} {method} {rule}", view, methods=[method]
            )
            return handler

        return register

    def under_faults(
        self, operation: str, subject: str, process: Callable[[], Response]
    ) -> Response:
        """Answer and log one request; a fault that waits for `operation` hits it."""
        fault = self.faults.take(operation)
        if fault is not None and fault.kind == "http_429":
            given = fault.retry_after or ""
            seconds = int(given) if given.isdigit() else 1
            response = too_many(seconds).response()
            response.headers.pop("Retry-After", None)
            if fault.retry_after is not None:
                response.headers["Retry-After"] = fault.retry_after
        else:
            response = answer_with_fault(fault, process)
        self.calls.record(operation, status=logged_status(response), subject=subject)
        return response

    def _authenticated(self, charge: Charge, *, anonymous: bool) -> Call:
        header = request.headers.get("Authorization", "")
        token: Token | None = None
        actor = self.account.users[min(self.account.users)]
        if header:
            actor, token = self.oauth.user_of(header)
        elif not anonymous:
            raise not_authenticated()
        self.limits.charge(charge, "account")
        return Call(self.account, self.limits, charge, actor, token, request.args)


def _as_response(result: Any) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status=204)
    if isinstance(result, tuple):
        return json_response(*result)
    return json_response(result)
