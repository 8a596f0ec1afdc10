"""What each kind of answer means, for a read and for a mutation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.domain.errors import (
    AccessDenied,
    Malformed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    VendorError,
)
from integrations.stores.shopify.answers import Reading, Reply, speaks_of_keys

READ = Reading("DecisionContext", is_mutation=False)
SEND = Reading("RefundCreate", is_mutation=True)


def reply(body: Any, status: int = 200, **more: Any) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, body=raw, **more)


def failure(code: str | None, message: str = "no", data: Any = None) -> dict[str, Any]:
    extensions = {} if code is None else {"code": code}
    return {"data": data, "errors": [{"message": message, "extensions": extensions}]}


@pytest.mark.parametrize(
    ("status", "for_read", "for_mutation"),
    [
        (204, Unavailable, OutcomeUnknown),
        (301, Rejected, Rejected),
        (400, Rejected, Rejected),
        (402, AccessDenied, AccessDenied),
        (403, AccessDenied, AccessDenied),
        (404, NotFound, NotFound),
        (408, Unavailable, OutcomeUnknown),
        (415, Rejected, Rejected),
        (423, AccessDenied, AccessDenied),
        (429, RateLimited, RateLimited),
        (430, AccessDenied, AccessDenied),
        (500, Unavailable, OutcomeUnknown),
        (502, Unavailable, OutcomeUnknown),
        (504, Unavailable, OutcomeUnknown),
    ],
)
def test_http_statuses(
    status: int, for_read: type[VendorError], for_mutation: type[VendorError]
) -> None:
    for reading, expected in ((READ, for_read), (SEND, for_mutation)):
        with pytest.raises(VendorError) as caught:
            reading.read(reply({"errors": "x"}, status, request_id="req-1"))
        assert type(caught.value) is expected
        assert (caught.value.status, caught.value.request_id) == (status, "req-1")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[1]", b"null", b'{"data": {"or', b"{}", b'{"data": null}', b"\xff\xfe"],
)
def test_bodies_that_cant_be_read(body: bytes) -> None:
    with pytest.raises(Malformed):
        READ.read(reply(body))
    with pytest.raises(OutcomeUnknown):
        SEND.read(reply(body))


def test_not_a_number_is_not_json() -> None:
    with pytest.raises(Malformed):
        READ.read(reply(b'{"data": {"order": NaN}}'))


@pytest.mark.parametrize(
    ("body", "for_read", "for_mutation"),
    [
        (failure("ACCESS_DENIED"), AccessDenied, AccessDenied),
        (failure("BAD_REQUEST"), Rejected, Rejected),
        (failure("INVALID_VARIABLE"), Rejected, Rejected),
        (failure("undefinedField"), Rejected, Rejected),
        (failure("MAX_COST_EXCEEDED"), Rejected, Rejected),
        (failure("RESOURCE_NOT_FOUND"), NotFound, Rejected),
        (failure("THROTTLED"), RateLimited, RateLimited),
        (failure("INTERNAL_SERVER_ERROR"), Unavailable, OutcomeUnknown),
        (failure("TIMEOUT"), Unavailable, OutcomeUnknown),
        (failure("SOMETHING_NEW"), Rejected, OutcomeUnknown),
        (failure(None), Rejected, OutcomeUnknown),
        ({"errors": "a text"}, Rejected, OutcomeUnknown),
        (failure("IDEMPOTENCY_CONCURRENT_REQUEST"), Rejected, OutcomeUnknown),
        (failure("BAD_REQUEST", "The idempotency key is in use"), Rejected, OutcomeUnknown),
        (failure("BAD_REQUEST", "The @idempotent directive is required"), Rejected, Rejected),
    ],
)
def test_errors_that_come_with_http_200(
    body: dict[str, Any], for_read: type[VendorError], for_mutation: type[VendorError]
) -> None:
    for reading, expected in ((READ, for_read), (SEND, for_mutation)):
        with pytest.raises(VendorError) as caught:
            reading.read(reply(body))
        assert type(caught.value) is expected, reading.operation


def test_data_next_to_an_error_is_kept_with_it() -> None:
    body = failure("ACCESS_DENIED", data={"order": {"id": "1", "customer": None}})
    body["errors"][0]["path"] = ["order", "lineItems", "nodes", 0, "product"]
    answer = READ.read(reply(body))
    assert answer.data == {"order": {"id": "1", "customer": None}}
    (error,) = answer.errors
    assert (error.is_denied, error.place) == (True, "order.lineItems.nodes.product")


def test_data_next_to_an_internal_error_is_not_believed() -> None:
    with pytest.raises(Unavailable):
        READ.read(reply(failure("INTERNAL_SERVER_ERROR", data={"order": {"id": "1"}})))
    with pytest.raises(OutcomeUnknown):
        SEND.read(reply(failure("INTERNAL_SERVER_ERROR", data={"refundCreate": {}})))


def test_a_denied_scope_is_named() -> None:
    body = failure("ACCESS_DENIED")
    body["errors"][0]["extensions"]["requiredAccess"] = "`read_customers` access scope."
    with pytest.raises(AccessDenied, match="the app lacks read_customers"):
        READ.read(reply(body))


@pytest.mark.parametrize(
    ("requested", "available", "restore", "seconds"),
    [(250, 50.0, 100.0, 2.0), (250, 249, 100, 1.0), (None, 50, 100, 1.0), (250, 50, 0, 1.0)],
)
def test_the_wait_after_a_throttled_call_is_computed(
    requested: int | None, available: float, restore: float, seconds: float
) -> None:
    body = failure("THROTTLED") | {
        "extensions": {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": None,
                "throttleStatus": {
                    "maximumAvailable": 2000.0,
                    "currentlyAvailable": available,
                    "restoreRate": restore,
                },
            }
        }
    }
    with pytest.raises(RateLimited) as caught:
        SEND.read(reply(body))
    assert caught.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("2.0", 2), ("7", 7), (None, 1), ("soon", 1), ("-3", 1), ("nan", 1), ("1e9", 1)],
)
def test_a_retry_after_header_may_be_a_decimal(header: str | None, seconds: float) -> None:
    with pytest.raises(RateLimited) as caught:
        READ.read(reply(b"", 429, retry_after=header))
    assert caught.value.retry_after_seconds == seconds


def test_ignored_search_filters_are_told_by_their_alias() -> None:
    warning = {"field": "emial", "message": "m", "code": "invalid_field"}
    body = {
        "data": {"ordersByEmail1": {"nodes": []}},
        "extensions": {
            "search": [
                {"path": ["ordersByEmail1"], "query": "q", "warnings": [warning]},
                {"path": ["ordersByName1"], "query": "q", "warnings": []},
            ]
        },
    }
    warnings = READ.read(reply(body)).search_warnings
    assert warnings is not None
    assert {alias: [w.code for w in ws] for alias, ws in warnings.items()} == {
        "ordersByEmail1": ["invalid_field"]
    }


def test_numbers_stay_exact() -> None:
    answer = READ.read(reply(b'{"data": {"order": {"amount": 0.1}}}'))
    assert str(answer.data["order"]["amount"]) == "0.1"


@pytest.mark.parametrize(
    ("text", "is_about_keys"),
    [
        ("A request with the same idempotency key is already in progress.", True),
        ("The same idempotency key cannot be used with different parameters.", True),
        ("Refund amount $25.00 is greater than net payment received $15.00", False),
        ("Quantity cannot refund more items than were purchased", False),
        ("The @idempotent directive is required for this mutation", False),
    ],
)
def test_refusals_about_keys_are_not_refusals_of_the_refund(text: str, is_about_keys: bool) -> None:
    assert speaks_of_keys(text) is is_about_keys
