"""Signatures: the vendor's form to the byte, and nothing else.

Vectors computed with openssl from the published test secret.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BadDelivery
from integrations.helpdesks.zendesk.signature import (
    MAX_BODY_BYTES,
    PUBLIC_TEST_SECRET,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    sign,
    verify,
)

SECRET = "Zm9yIHRoaXMgdGVzdCBvbmx5"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STAMP = "2026-11-21T12:00:00Z"
BODY = b'{"v":1,"kind":"ticket_created","ticket_id":"35436"}'


def headers(secret: str = SECRET, stamp: str = STAMP, body: bytes = BODY) -> dict[str, str]:
    return {SIGNATURE_HEADER: sign(secret, stamp, body), TIMESTAMP_HEADER: stamp}


@pytest.mark.parametrize(
    ("stamp", "body", "signature"),
    [
        (
            "2021-03-25T05:09:27Z",
            b'{"event":"ticket.updated","id":123}',
            "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=",
        ),
        (STAMP, b'{"ticket_id":"35436"}', "3BjKG+OswJUzdIeFnc2dMymTZFzpRxnjFEw5UgKsrgE="),
        (STAMP, b"", "1XQ8JbRl2BZ78gCIzGc5I5ycjIo5L42fYld0VOhZK4w="),
    ],
)
def test_signatures_are_the_vendors(stamp: str, body: bytes, signature: str) -> None:
    assert sign(PUBLIC_TEST_SECRET, stamp, body) == signature


@given(body=st.binary(max_size=2000), secret=st.text("abcdefXYZ012+/=", min_size=1))
def test_what_was_signed_is_accepted_and_one_changed_byte_is_not(body: bytes, secret: str) -> None:
    verify(headers(secret, body=body), body, [secret], NOW)
    with pytest.raises(BadDelivery) as refused:
        verify(headers(secret, body=body), body + b" ", [secret], NOW)
    assert refused.value.status == 401


def test_header_names_have_no_case() -> None:
    verify({name.upper(): value for name, value in headers().items()}, BODY, [SECRET], NOW)


@pytest.mark.parametrize("position", [0, 1])
def test_both_secrets_of_a_rotation_are_accepted(position: int) -> None:
    secrets = ["another", "another"]
    secrets[position] = SECRET
    verify(headers(), BODY, secrets, NOW)


def test_the_secret_is_taken_as_it_is_written() -> None:
    decoded = base64.b64decode(SECRET).decode()
    with pytest.raises(BadDelivery, match="wrong"):
        verify(headers(decoded), BODY, [SECRET], NOW)


def test_the_published_test_secret_opens_nothing() -> None:
    with pytest.raises(BadDelivery, match="wrong"):
        verify(headers(PUBLIC_TEST_SECRET), BODY, [PUBLIC_TEST_SECRET, SECRET], NOW)


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_secret_nothing_is_accepted(secrets: list[str]) -> None:
    with pytest.raises(BadDelivery) as refused:
        verify(headers(""), BODY, secrets, NOW)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({SIGNATURE_HEADER: ""}, "missing"),
        ({TIMESTAMP_HEADER: ""}, "missing"),
        ({SIGNATURE_HEADER: "not base64!"}, "base64"),
        ({SIGNATURE_HEADER: "ä"}, "base64"),
        ({SIGNATURE_HEADER: "AAAA"}, "wrong"),
        ({TIMESTAMP_HEADER: "yesterday"}, "can't be read"),
        ({TIMESTAMP_HEADER: "2026-11-21T12:00:01Z"}, "wrong"),
    ],
)
def test_headers_that_do_not_fit_are_refused(change: dict[str, str], reason: str) -> None:
    with pytest.raises(BadDelivery, match=reason) as refused:
        verify({**headers(), **change}, BODY, [SECRET], NOW)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("age", "accepted"),
    [
        (timedelta(hours=1), True),
        (timedelta(hours=1, seconds=1), False),
        (timedelta(minutes=-10), True),
        (timedelta(minutes=-10, seconds=-1), False),
    ],
)
def test_the_limits_of_age(age: timedelta, accepted: bool) -> None:
    stamp = (NOW - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    if accepted:
        verify(headers(stamp=stamp), BODY, [SECRET], NOW)
        return
    with pytest.raises(BadDelivery) as refused:
        verify(headers(stamp=stamp), BODY, [SECRET], NOW)
    assert refused.value.status == 401


def test_a_timestamp_without_zone_is_utc() -> None:
    verify(headers(stamp="2026-11-21T12:00:00"), BODY, [SECRET], NOW)


def test_a_body_above_the_limit_is_refused_before_it_is_signed() -> None:
    body = b"x" * (MAX_BODY_BYTES + 1)
    with pytest.raises(BadDelivery) as refused:
        verify({}, body, [SECRET], NOW)
    assert refused.value.status == 413
    at_limit = body[1:]
    verify(headers(body=at_limit), at_limit, [SECRET], NOW)
