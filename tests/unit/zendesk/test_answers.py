"""Error answers in every shape, and what each means for the next step."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import (
    AccessDenied,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StaleWrite,
    Unavailable,
    VendorError,
)
from integrations.helpdesks.zendesk.answers import error_for, read_complaint

SHAPES = [
    ({"error": "RecordNotFound", "description": "Not found"}, "RecordNotFound: Not found"),
    (
        {
            "error": "RecordInvalid",
            "description": "Record validation errors",
            "details": {"status": [{"description": "Status: is closed", "error": "Invalid"}]},
        },
        "RecordInvalid: Record validation errors; Status: is closed",
    ),
    ({"error": {"title": "Forbidden", "message": "No access"}}, "Forbidden: No access"),
    (
        {"errors": [{"code": "A", "title": "Bad", "detail": "no name", "status": "400"}]},
        "A: Bad; no name",
    ),
    ({"error": "Couldn't authenticate you"}, "Couldn't authenticate you"),
    (
        {"error": "invalid_grant", "error_description": "The token is used up"},
        "invalid_grant: The token is used up",
    ),
]


def error(
    status: int, body: object = None, headers: dict[str, str] | None = None, is_write: bool = False
):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_for(status, headers or {}, raw, operation="PUT /x", is_write=is_write)


@pytest.mark.parametrize(("body", "text"), SHAPES)
def test_every_shape_of_error_is_understood(body: object, text: str) -> None:
    assert str(read_complaint(json.dumps(body).encode())) == text


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b"[]", b"5", b'{"errors": [1]}', b'{"details": 1}']
)
def test_what_says_nothing_says_so(body: bytes) -> None:
    assert str(read_complaint(body)) == "no explanation"


@given(st.binary(max_size=200) | st.from_type(type(None)).map(lambda _: b"null"))
def test_no_body_makes_reading_fail(body: bytes) -> None:
    assert isinstance(str(read_complaint(body)), str)


def test_addresses_do_not_reach_the_message() -> None:
    body = {"error": "RecordInvalid", "description": "Email: mona@example.com is used already"}
    assert "mona" not in str(error(422, body))


@pytest.mark.parametrize(
    ("status", "is_write", "kind"),
    [
        (400, True, Rejected),
        (401, False, AccessDenied),
        (403, True, AccessDenied),
        (404, False, NotFound),
        (409, True, StaleWrite),
        (422, True, Rejected),
        (429, True, RateLimited),
        (429, False, RateLimited),
        (302, True, Rejected),
        (500, False, Unavailable),
        (503, False, Unavailable),
        (500, True, OutcomeUnknown),
        (502, True, OutcomeUnknown),
        (503, True, OutcomeUnknown),
    ],
)
def test_statuses_mean_the_right_thing(
    status: int, is_write: bool, kind: type[VendorError]
) -> None:
    found = error(status, b"<html></html>", is_write=is_write)
    assert type(found) is kind
    assert (found.status, found.vendor, found.operation) == (status, "zendesk", "PUT /x")


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0", 0.0), (None, 30.0), ("soon", 30.0), ("-1", 30.0)]
)
def test_the_waiting_time_is_read(header: str | None, seconds: float) -> None:
    headers = {} if header is None else {"Retry-After": header}
    found = error(429, {}, headers)
    assert isinstance(found, RateLimited)
    assert found.retry_after_seconds == seconds


def test_a_missing_function_is_told_from_a_missing_record() -> None:
    assert "plan" in str(error(404, {"error": "InvalidEndpoint", "description": "Not found"}))
    assert "no such record" in str(error(404, {"error": "RecordNotFound"}))


def test_the_request_id_is_kept() -> None:
    assert error(422, {}, {"X-Request-Id": "r-1"}).request_id == "r-1"
