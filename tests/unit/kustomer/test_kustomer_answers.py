"""Answers of every shape, and what each means for the next step."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

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
from app.ports import VendorPace
from integrations.helpdesks.kustomer.answers import error_for, read_complaint, seconds_until_reset
from integrations.helpdesks.kustomer.pace import Pacer
from tests.support.surroundings import CallableClock, RecordingPace

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SIMPLE = json.dumps({"errors": [{"code": "bad_request", "message": "no such field", "meta": {}}]})
JSON_API = json.dumps(
    {
        "errors": [
            {
                "status": 400,
                "code": "validation",
                "title": "Invalid",
                "detail": "custom.refundAmountNum must be a number, jo@example.com",
                "source": {"pointer": "/custom"},
            }
        ]
    }
)


def error(status: int, body: str = "", *, is_write: bool = False, **headers: str) -> VendorError:
    return error_for(status, headers, body.encode(), operation="x", is_write=is_write, now=NOW)


def test_both_shapes_of_errors_are_understood() -> None:
    assert str(read_complaint(SIMPLE.encode())) == "bad_request: no such field"
    found = read_complaint(JSON_API.encode())
    assert found.code == "validation"
    assert found.text.startswith("Invalid; custom.refundAmountNum must be a number")
    assert "/custom" in found.text


def test_addresses_of_customers_stay_out_of_messages() -> None:
    assert "jo@example.com" not in str(error(400, JSON_API))


@pytest.mark.parametrize(
    "body", ["", "<html>502</html>", "[]", '"x"', '{"errors": {}}', '{"errors": [1]}', "\x00"]
)
def test_anything_else_explains_nothing_and_breaks_nothing(body: str) -> None:
    assert str(read_complaint(body.encode())) == "no explanation"


@pytest.mark.parametrize(
    ("status", "is_write", "kind"),
    [
        (400, True, Rejected),
        (401, False, AccessDenied),
        (403, True, AccessDenied),
        (404, False, NotFound),
        (409, True, StaleWrite),
        (413, True, Rejected),
        (301, False, Rejected),
        (500, False, Unavailable),
        (500, True, OutcomeUnknown),
        (503, True, OutcomeUnknown),
    ],
)
def test_each_status_has_its_meaning(status: int, is_write: bool, kind: type[VendorError]) -> None:
    found = error(status, SIMPLE, is_write=is_write)
    assert type(found) is kind
    assert found.status == status


def test_a_key_of_another_region_is_told_apart() -> None:
    body = json.dumps({"errors": [{"code": "unauthorized", "message": "token for another pod"}]})
    assert "another region" in str(error(401, body))
    assert "make a new one" in str(error(401, SIMPLE))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 40)}, 40),
        ({"x-ratelimit-reset": str((int(NOW.timestamp()) + 40) * 1000)}, 40),
        ({"x-ratelimit-reset": "40"}, 40),
        ({"Retry-After": "7", "x-ratelimit-reset": "40"}, 7),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) - 5)}, 1),
        ({"x-ratelimit-reset": "99999"}, 120),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-reset": "nan"}, None),
        ({}, None),
    ],
)
def test_the_end_of_a_limit_is_understood_in_every_unit(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert seconds_until_reset(headers, NOW) == seconds


def test_a_limit_without_a_word_spreads_those_who_come_back() -> None:
    waits = set()
    for _ in range(20):
        found = error(429)
        assert isinstance(found, RateLimited)
        assert 5 <= found.retry_after_seconds <= 30
        waits.add(found.retry_after_seconds)
    assert len(waits) > 1


# --- pace ---------------------------------------------------------------------------------------


class Steady:
    """Our own steady time, moved by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def pacer(time: Steady, pace: VendorPace, base: str, per_minute: int = 300) -> Pacer:
    clock = CallableClock(lambda: NOW)
    return Pacer(pace, clock, base, per_minute, sleep=time.sleep, steady=lambda: time.now)


def test_nothing_left_holds_every_job_of_the_org_until_the_reset() -> None:
    time, base = Steady(), "https://held.example.com"
    first = pacer(time, RecordingPace(), base)
    first.heard({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"})
    with pytest.raises(RateLimited) as limited:
        pacer(time, RecordingPace(), base).wait_for("users/current", "x")
    assert limited.value.retry_after_seconds == 30
    pacer(time, RecordingPace(), "https://other.example.com").wait_for("users/current", "x")
    time.now += 28
    pacer(time, RecordingPace(), base).wait_for("users/current", "x")
    assert time.slept == [2]


@pytest.mark.parametrize(
    "headers", [{}, {"x-ratelimit-remaining": "1"}, {"x-ratelimit-remaining": "none"}]
)
def test_an_answer_that_leaves_something_holds_nobody(headers: dict[str, str]) -> None:
    time, base = Steady(), "https://free.example.com"
    made = pacer(time, RecordingPace(), base)
    made.heard({**headers, "x-ratelimit-reset": "30"})
    made.wait_for("users/current", "x")
    assert time.slept == []


def test_searches_have_a_budget_of_their_own_and_half_of_each_is_ours() -> None:
    asked: list[tuple[str, int]] = []

    class Pace(RecordingPace):
        def acquire(self, key: str, *, limit: int, per_seconds: int, cost: int = 1) -> float:
            asked.append((key.rpartition(":")[2], limit))
            return 0.0

    made = pacer(Steady(), Pace(), "https://half.example.com", 1000)
    made.wait_for("customers/search?page=1", "x")
    made.wait_for("conversations/1", "x")
    assert asked == [("searches", 50), ("requests", 500), ("requests", 500)]
