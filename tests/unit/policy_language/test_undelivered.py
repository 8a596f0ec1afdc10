"""Where windows start with the delivery alone, orders not sent or never arrived are told."""

from __future__ import annotations

import pytest

from app.domain.policy.language.analysing import analyse
from app.domain.policy.language.problems import Problem, Severity
from tests.support.policy_language import compiled

WINDOW = 'Rule "30 days": refund it if the item was delivered within the last 30 days. '
REST = "Otherwise do not refund the item."
UNSENT = 'Rule "Not sent": refund the item in full if the item has not shipped. '
LOST = (
    'Exception "Never arrived": ask a person to review the item if the customer says it never '
    "arrived. "
)


def told(text: str) -> list[Problem]:
    return [one for one in analyse(compiled(text)) if one.code == "not_delivered"]


def test_a_policy_with_windows_since_the_delivery_alone_is_told_once_what_falls_through() -> None:
    late = "Give store credit for the item if the order was delivered within the last 60 days. "
    (warning,) = told(WINDOW + late + REST)
    assert warning.severity is Severity.WARNING
    assert warning.message.startswith(
        "Orders not yet sent and orders that never arrived fall under "
        '"Otherwise do not refund the item" (line 1)'
    )
    assert told("\n".join([WINDOW, *warning.suggestions, REST])) == []


def test_without_a_rest_they_have_no_sentence() -> None:
    (warning,) = told(WINDOW)
    assert "have no sentence of their own" in warning.message


@pytest.mark.parametrize(
    ("spoken_of", "left"),
    [
        (UNSENT, "Orders that never arrived fall"),
        (LOST, "Orders not yet sent fall"),
        ("Exchange it if the reason is cancelled. ", "Orders that never arrived fall"),
        ("Do not refund it if the item was not delivered. ", ""),
        ("Exchange it if the order was placed within the last 9 days. ", ""),
        (UNSENT + LOST, ""),
    ],
)
def test_what_a_sentence_speaks_of_is_left_out(spoken_of: str, left: str) -> None:
    messages = [one.message for one in told(WINDOW + spoken_of + REST)]
    assert [message.startswith(left) for message in messages] == ([True] if left else [])


@pytest.mark.parametrize(
    "text",
    [
        WINDOW + "Otherwise ask a person to review the item.",
        "Refund it if the order was placed within the last 30 days. " + REST,
        "Do not refund it if the item was delivered within the last 2 days. Otherwise refund it.",
    ],
)
def test_nothing_is_told_where_nothing_falls_through(text: str) -> None:
    assert told(text) == []
