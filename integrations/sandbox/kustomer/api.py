"""Routing of the REST API: faults, the key, limits, roles, then the handler."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request
from werkzeug.datastructures import MultiDict

from integrations.sandbox.faults import CallLog, FaultBoard
from integrations.sandbox.kustomer import roles
from integrations.sandbox.kustomer.errors import (
    ApiError,
    bad_request,
    json_response,
    missing_role,
    too_many,
    unauthorized,
    wrong_pod,
)
from integrations.sandbox.kustomer.limits import Charge, RateLimits
from integrations.sandbox.kustomer.model import ApiKey, User
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.paging import page_of
from integrations.sandbox.server import answer_with_fault, logged_status

VENDOR_FAULTS = ("wrong_pod",)
MAX_BODY_BYTES = 1024 * 1024

Handler = Callable[..., Any]


@dataclass(slots=True)
class Call:
    """One authenticated request, as handlers see it."""

    org: Org
    limits: RateLimits
    charge: Charge
    actor: User
    key: ApiKey
    args: MultiDict[str, str]
    path: str

    @property
    def roles(self) -> tuple[str, ...]:
        return self.key.roles

    def limit(self, name: str, *key: Any) -> None:
        """Count against a limit beside the org's. Raises ApiError 429."""
        self.limits.charge(self.charge, name, key)

    def need(self, *needed: str) -> None:
        """Raises ApiError 403 unless the key has one of these roles."""
        if not roles.opens(self.roles, needed):
            raise missing_role(needed, self.roles)

    def body(self) -> Any:
        """The request's JSON. Raises ApiError 400."""
        if request.mimetype != "application/json":
            raise bad_request("Content-Type must be application/json")
        raw = request.get_data()
        if len(raw) > MAX_BODY_BYTES:
            raise ApiError(413, "payload_too_large", "The request body is too large")
        try:
            return json.loads(raw)
        except ValueError:
            raise bad_request("The request body is not valid JSON") from None

    def json(self, *known: str) -> dict[str, Any]:
        """The request's JSON object with none but the `known` keys. Raises ApiError 400."""
        body = self.body()
        if not isinstance(body, dict):
            raise bad_request("The request body must be an object")
        unknown = sorted(set(body) - set(known)) if known else []
        if unknown:
            raise bad_request(
                f"Additional properties are not allowed: {', '.join(unknown)}",
                pointer=f"/{unknown[0]}",
            )
        return body

    def page(
        self, records: Sequence[Any], render: Callable[[Org, Any], dict[str, Any]], **more: Any
    ) -> dict[str, Any]:
        """One page of records, rendered."""
        return page_of(self.args, self.path, records, lambda one: render(self.org, one), **more)


class Api:
    """Registers handlers on the Flask app, each under an operation's name for faults and logs."""

    def __init__(
        self, app: Flask, org: Org, limits: RateLimits, faults: FaultBoard, calls: CallLog
    ) -> None:
        self.app = app
        self.org = org
        self.limits = limits
        self.faults = faults
        self.calls = calls
        self._registered: set[str] = set()

    def route(
        self,
        method: str,
        rule: str,
        operation: str,
        *needed: str,
        locked: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Register `handler(call, **url_parts)` below `/v1`; `needed` are the roles that open it.

        `locked=False` is for handlers that call out and must not hold the org meanwhile.
        """

        def register(handler: Handler) -> Handler:
            def process(parts: dict[str, Any]) -> Response:
                charge = Charge()
                try:
                    call = self._authenticated(charge)
                    if needed:
                        call.need(*needed)
                    with self.org.lock if locked else nullcontext():
                        response = _as_response(handler(call, **parts))
                except ApiError as error:
                    response = error.response(self.org.switches.error_shape)
                for name, value in charge.headers.items():
                    response.headers[name] = value
                return response

            def view(**parts: Any) -> Response:
                subject = str(next(iter(parts.values()), ""))
                return self.under_faults(operation, subject, lambda: process(parts))

            self.app.add_url_rule(
                f"/v1{rule}", f"{operation} {method} {rule}", view, methods=[method]
            )
            return handler

        return register

    def under_faults(
        self, operation: str, subject: str, process: Callable[[], Response]
    ) -> Response:
        """Answer and log one request; a fault that waits for `operation` hits it."""
        fault = self.faults.take(operation)
        if fault is not None and fault.kind == "wrong_pod":
            response = wrong_pod().response(self.org.switches.error_shape)
        elif fault is not None and fault.kind == "http_429":
            charge = Charge()
            headers = {"x-ratelimit-limit": "1000", "x-ratelimit-remaining": "0"}
            if fault.retry_after is not None:
                headers["Retry-After"] = fault.retry_after
            charge.headers |= headers
            response = too_many("org", headers).response(self.org.switches.error_shape)
        else:
            response = answer_with_fault(fault, process)
        self.calls.record(operation, status=logged_status(response), subject=subject)
        return response

    def _authenticated(self, charge: Charge) -> Call:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        key = self.org.keys.get(token.strip()) if scheme.lower() == "bearer" else None
        is_live = key is not None and not key.revoked
        if key is not None and key.expires_at is not None:
            is_live = is_live and self.org.clock.now() < key.expires_at
        # Whoever sends no valid key is counted too: the headers are on every answer.
        self.limits.charge(charge, "people" if key and key.is_session else "org")
        if key is None or not is_live:
            raise unauthorized()
        actor = self.org.users[key.user_id]
        return Call(self.org, self.limits, charge, actor, key, request.args, request.path)


def _as_response(result: Any) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status=204)
    if isinstance(result, tuple):
        return json_response(*result)
    return json_response(result)
