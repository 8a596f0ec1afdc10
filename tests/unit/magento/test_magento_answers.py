"""What each kind of answer means for money."""

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
from integrations.stores.magento.answers import Reading, Reply, message_of
from integrations.stores.magento.config import AuthMode
from tests.unit.magento.answers import recorded

READ = Reading("order", AuthMode.OAUTH)
PAY = Reading("refund", AuthMode.OAUTH, is_money=True)
PAGE = b"<!doctype html><title>no</title>"


def json_reply(status: int, body: Any) -> Reply:
    return Reply(status, json.dumps(body).encode(), "application/json")


def page(status: int) -> Reply:
    return Reply(status, PAGE, "text/html")


def raised(reading: Reading, reply: Reply) -> VendorError:
    with pytest.raises(VendorError) as caught:
        reading.read(reply)
    return caught.value


REFUNDS = {
    name: one
    for name, one in recorded("refusals").items()
    if one["path"].endswith("/refund") and one["method"] == "POST"
}


@pytest.mark.parametrize("name", sorted(REFUNDS))
def test_recorded_refusals_of_refunds_moved_nothing_and_say_why(name: str) -> None:
    one = REFUNDS[name]
    error = raised(PAY, json_reply(one["status"], one["body"]))
    if "Could not save" in one["body"]["message"]:
        assert type(error) is OutcomeUnknown
    else:
        assert isinstance(error, Rejected)
        assert "%" not in str(error)
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "reply",
    [
        json_reply(400, {"message": "Could not save a Creditmemo, see error log for details"}),
        json_reply(400, {"message": "Die Gutschrift konnte nicht gespeichert werden"}),
        json_reply(400, {}),
        json_reply(500, {"message": "Internal Error. Report ID: webapi-1"}),
        json_reply(503, {"message": "x"}),
        json_reply(302, {}),
        json_reply(403, {"message": "x"}),
        page(200),
        page(403),
        page(404),
        page(502),
        page(503),
        Reply(200, b'"1', "application/json"),
        Reply(504, b"", ""),
    ],
)
def test_everything_else_may_have_paid(reply: Reply) -> None:
    assert type(raised(PAY, reply)) is OutcomeUnknown


def test_a_refund_without_an_answer_may_have_paid() -> None:
    with pytest.raises(OutcomeUnknown):
        PAY.lost("ReadTimeout")
    with pytest.raises(Unavailable):
        READ.lost("ReadTimeout")


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (page(503), Unavailable, "maintenance"),
        (page(502), Unavailable, "proxy"),
        (page(403), AccessDenied, "firewall"),
        (page(404), Rejected, "no Magento API"),
        (page(301), Rejected, "redirects"),
        (page(200), Malformed, "web page"),
        (Reply(200, b"{", "application/json"), Malformed, "can't be read"),
        (Reply(500, b"", ""), Unavailable, "failed"),
        (json_reply(500, {"message": "Report ID: webapi-1"}), Unavailable, "webapi-1"),
        (json_reply(404, {"message": "Request does not match any route."}), Rejected, "route"),
        (json_reply(404, {"message": "The entity doesn't exist."}), NotFound, "no such record"),
        (json_reply(429, {}), RateLimited, "fewer calls"),
    ],
)
def test_reads_say_what_is_wrong(reply: Reply, kind: type[VendorError], words: str) -> None:
    error = raised(READ, reply)
    assert type(error) is kind
    assert words in str(error)


def test_a_missing_permission_is_named() -> None:
    one = recorded("refusals")["auth-10-acl-missing"]
    error = raised(PAY, json_reply(401, one["body"]))
    assert type(error) is AccessDenied
    assert "Magento_Sales::creditmemo" in str(error)


def test_a_refused_bearer_token_names_the_setting() -> None:
    one = recorded("refusals")["auth-03-integration-bearer-disabled"]
    error = raised(Reading("order", AuthMode.BEARER), json_reply(401, one["body"]))
    assert "standalone Bearer tokens" in str(error)


def test_a_refused_signature_names_clock_and_proxy() -> None:
    one = recorded("refusals")["auth-04-oauth-bad-secret"]
    error = raised(READ, json_reply(401, one["body"]))
    assert "clock" in str(error)
    assert "proxy" in str(error)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"message": "most is %1 of %2", "parameters": ["$6.00", 7]}, "most is $6.00 of 7"),
        ({"message": '"%fieldName" no', "parameters": {"fieldName": "Qty"}}, '"Qty" no'),
        ({"message": "a\n     b"}, "a b"),
        ({"message": "%1 and 100%"}, "%1 and 100%"),
        ([], "no reason given"),
    ],
)
def test_messages_are_filled_and_on_one_line(body: object, text: str) -> None:
    assert message_of(body) == text


def test_amounts_are_exact() -> None:
    data = READ.read(Reply(200, b'{"a": 81.86, "b": 15}', "application/json"))
    assert str(data["a"]) == "81.86"
