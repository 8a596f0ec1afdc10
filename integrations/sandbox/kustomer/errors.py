"""The API's error answers, in the two shapes that the vendor mixes.

https://developer.kustomer.com/docs/concepts/errors.md
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from flask import Response

Shape = Literal["simple", "json_api"]

_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Payload Too Large",
    429: "Too Many Requests",
}


class ApiError(Exception):
    """An answer other than success. `pointer` or `parameter` says where the fault lies."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        pointer: str = "",
        parameter: str = "",
        meta: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.pointer = pointer
        self.parameter = parameter
        self.meta = dict(meta or {})
        self.headers = dict(headers or {})

    def body(self, shape: str = "mixed") -> dict[str, Any]:
        """The answer. In the mixed world faults with a place are JSON:API, all others simple."""
        is_json_api = shape == "json_api" or (
            shape == "mixed" and bool(self.pointer or self.parameter)
        )
        if not is_json_api:
            return {"errors": [{"code": self.code, "message": self.message, "meta": self.meta}]}
        source = {}
        if self.pointer:
            source["pointer"] = self.pointer
        if self.parameter:
            source["parameter"] = self.parameter
        return {
            "errors": [
                {
                    "status": self.status,
                    "code": self.code,
                    "title": _TITLES.get(self.status, "Error"),
                    "detail": self.message,
                    "source": source,
                    "meta": self.meta,
                }
            ]
        }

    def response(self, shape: str = "mixed") -> Response:
        return json_response(self.body(shape), self.status, self.headers)


def json_response(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer with the content type that the vendor sends."""
    response = Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status,
        content_type="application/json; charset=utf-8",
    )
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def bad_request(
    message: str, *, pointer: str = "", parameter: str = "", meta: Mapping[str, Any] | None = None
) -> ApiError:
    return ApiError(400, "bad_request", message, pointer=pointer, parameter=parameter, meta=meta)


def not_found(what: str) -> ApiError:
    return ApiError(404, "not_found", f"{what} not found")


def unauthorized(message: str = "Invalid or missing authorization token") -> ApiError:
    return ApiError(401, "unauthorized", message)


def wrong_pod() -> ApiError:
    """What a token gets in another region than its own."""
    return ApiError(
        401,
        "unauthorized",
        "Token is not valid for this pod. The org of this token is served by another pod.",
        meta={"pod": "prod1"},
    )


def missing_role(needed: tuple[str, ...], had: tuple[str, ...]) -> ApiError:
    """403: an operation needs any one of its roles."""
    return ApiError(
        403,
        "forbidden",
        f"Access denied. One of the following roles is required: {', '.join(needed)}",
        meta={"requiredRoles": list(needed), "roles": list(had)},
    )


def conflict(message: str, meta: Mapping[str, Any] | None = None) -> ApiError:
    return ApiError(409, "conflict", message, meta=meta)


def too_many(what: str, headers: Mapping[str, str]) -> ApiError:
    return ApiError(429, "rate_limit_exceeded", f"Rate limit exceeded: {what}", headers=headers)
