"""The API's error answers, in the four JSON shapes that the vendor mixes.

Shapes seen in https://developer.zendesk.com/api-reference/introduction/responses/ and in the
webhooks API, which follows JSON:API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Response

FORBIDDEN_PAGE = (
    "You do not have access to this page. "
    "Please contact the account owner of this help desk for further help."
)


class ApiError(Exception):
    """An answer other than success. `body` is JSON-ready."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def response(self) -> Response:
        return json_response(self.body, self.status, self.headers)


def json_response(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer with the content type that the vendor sends."""
    response = Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_number),
        status,
        content_type="application/json; charset=utf-8",
    )
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def _number(value: Any) -> float:
    # Only metadata that a client sent as a bare JSON number comes back as one.
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def record_not_found() -> ApiError:
    return ApiError(404, {"error": "RecordNotFound", "description": "Not found"})


def invalid_endpoint() -> ApiError:
    return ApiError(404, {"error": "InvalidEndpoint", "description": "Not found"})


def not_authenticated() -> ApiError:
    return ApiError(401, {"error": "Couldn't authenticate you"})


def invalid_token() -> ApiError:
    return ApiError(
        401,
        {
            "error": "invalid_token",
            "error_description": "The access token provided is expired, revoked, "
            "malformed or invalid for other reasons.",
        },
        {"WWW-Authenticate": 'Bearer realm="api", error="invalid_token"'},
    )


def forbidden() -> ApiError:
    """What a user without the permission gets: `error` is an object here."""
    return ApiError(403, {"error": {"title": "Forbidden", "message": FORBIDDEN_PAGE}})


def missing_scope(scopes: tuple[str, ...]) -> ApiError:
    return ApiError(
        403,
        {
            "error": "Forbidden",
            "description": f"You are missing the following required scopes: {', '.join(scopes)}",
        },
    )


def record_invalid(field: str, text: str, code: str = "InvalidValue") -> ApiError:
    return ApiError(
        422,
        {
            "error": "RecordInvalid",
            "description": "Record validation errors",
            "details": {field: [{"description": text, "error": code}]},
        },
    )


def invalid_attribute(name: str, must_be: str) -> ApiError:
    return ApiError(
        400,
        {
            "error": {
                "title": "Invalid attribute",
                "message": f"You passed an invalid value for the {name} attribute. "
                f"Invalid parameter: {name} must be {must_be}",
            }
        },
    )


def missing_parameter(name: str) -> ApiError:
    return ApiError(
        400,
        {"error": "RequiredParameterMissing", "description": f"Required parameter missing: {name}"},
    )


def json_api_error(status: int, code: str, title: str, detail: str) -> ApiError:
    """The JSON:API shape of the webhooks family."""
    return ApiError(
        status,
        {"errors": [{"code": code, "title": title, "detail": detail, "status": str(status)}]},
    )


def oauth_error(status: int, code: str, description: str) -> ApiError:
    return ApiError(status, {"error": code, "error_description": description})


def too_many(retry_after: int) -> ApiError:
    return ApiError(
        429,
        {
            "error": "APIRateLimitExceeded",
            "description": f"Number of allowed API requests exceeded, "
            f"try again after {retry_after} seconds",
        },
        {"Retry-After": str(retry_after)},
    )
