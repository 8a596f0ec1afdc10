"""Errors name the place, what was understood, and the nearest thing that can be written."""

from __future__ import annotations

import pytest

from app.domain.policy.language.compile import compile_policy
from app.domain.policy.language.problems import Problem


def problems(text: str) -> tuple[Problem, ...]:
    return compile_policy(text).problems


def only(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, [one.in_words("text") for one in found]
    return found[0]


@pytest.mark.parametrize(
    ("text", "column", "message", "suggestion"),
    [
        ("Refnd the item.", 1, 'Did you mean "refund"?', "refund"),
        ("Refund the itm.", 12, 'Did you mean "item"?', "item"),
        ("Refund the item if the item is on finl sale.", 35, '"final"', "final sale"),
        ("Refund the item if the item is a giftcard.", 34, '"gift"', "gift card"),
        (
            "Refund the item if the item was delivered within 30 days.",
            50,
            '"30" doesn\'t fit',
            "the item was delivered within the last 30 days",
        ),
        (
            "Refund the item if the customer placed at least 3 orders.",
            33,
            '"placed" doesn\'t fit',
            "the customer has placed at least 3 orders",
        ),
        (
            "Refund the item if the item was received.",
            33,
            'For "received" this language says: was delivered.',
            "the item was delivered",
        ),
        ("Refund the item if the item has the tag sale.", 41, "quotation marks", 'has the tag "…"'),
        ("Rule late: refund the item.", 6, 'quotation marks: "late"', "quoted"),
        ("Up to $50 an agent may refund alone.", 7, '"50 USD"', "a number"),
        ("Refund the item if the fact item.pric is more than 5 EUR.", 29, "no fact", "item.price"),
        ("Refund 120% of the item.", 8, "120% is more than all.", ""),
        ("Refund the item less a restocking fee of 5.", 42, "needs a currency", "5 EUR"),
        (
            "Refund the item if the item costs more than 3.999 EUR.",
            45,
            "3.999 EUR has more decimals than the currency.",
            "",
        ),
        (
            "Refund the item if the order was placed on 31 April 2026.",
            44,
            "no day 31 April 2026",
            "",
        ),
        (
            "Refund the item if the order was placed from 1 November 2026 to 24 December.",
            46,
            "a year at both ends",
            "",
        ),
        ('All dates are in the time zone "Europe/Berln".', 32, "not a time zone", "Europe/Berlin"),
        ("Refund the item if is digital.", 20, "It isn't said of what", "the item"),
        (
            "Refund the item if the customer has an account and is digital.",
            52,
            "only of the item",
            "the item …",
        ),
        (
            "Refund the item if the item is digital and is perishable or is discounted.",
            58,
            '"and" and "or" are mixed',
            "",
        ),
        ("Refund the item if the item is digital", 32, "no full stop", "digital."),
        ("Refund the item if.", 19, "ends too early", ""),
        ('Rule "a: refund the item.', 6, "never closed", ""),
    ],
)
def test_one_fault(text: str, column: int, message: str, suggestion: str) -> None:
    found = problems(text)[0]
    assert (found.place.line, found.place.column) == (1, column), found
    assert message in found.message
    assert any(suggestion in one for one in found.suggestions) or not suggestion, found.suggestions


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Refund the order if the item is digital.", 'Say "the item" instead'),
        ("Refund the item if the decision uses an exception.", "rules make the decision"),
        ("If the item is digital, a manager must approve.", "can't depend on a single item"),
        ("Up to 50 EUR an agent; up to 9 EUR a manager.", "from the smaller to the larger"),
        ("Up to 50 EUR an agent; up to 100 USD a manager.", "in one currency"),
        ('Exception "a" to "b": refund the item.', 'No rule or exception is called "b"'),
        ('Exception "a" to "A": refund the item.', "an exception to itself"),
        ('Rule "a" to "b": refund the item. Rule "b": refund it.', "Only an exception"),
        ('Rule "a": refund it. Rule "A": refund it.', 'Two rules are called "A"'),
        ('The policy is called "a". The policy is called "b".', "said before, in line 1"),
        ("Refund the item with a bonus of 5%.", "store credit only"),
        ("Exchange the item in full.", "no money moves"),
        ("Refund it with the shipping without the shipping.", "both given and kept"),
        ("Refund it once it has come back and let the customer keep it.", "both kept and sent"),
        ("Refund it pro rata by days pro rata by completion.", "not by both"),
        ("Refund the item in full in full.", '"in full" is said twice'),
        ("Refund 0% of the item.", "Nothing would be refunded"),
        ("Release refunds up to 20 automatically.", "needs a currency"),
        (
            "Allow at most 3 refunds per agent in 24 hours; beyond that ask a person to review.",
            "say who must approve",
        ),
        ("All amounts are in EUR. Up to 50 USD an agent.", "all amounts are in EUR"),
        ('Tier "x": an agent must approve.', "have a name"),
        ('Rule "x" with priority 2000: refund it.', "from 0 to 1,000"),
        ("Remind every 0 hours.", "from 1 to"),
        ("Refund it if the customer had at least 3 refunds in the last 5,000 days.", "3,660"),
        ("", "no sentence"),
        ("# only a note", "no sentence"),
        (".", "full stop alone"),
    ],
)
def test_what_is_grammatical_and_cannot_be_meant(text: str, message: str) -> None:
    assert message in only(text).message


def test_every_error_is_reported_with_its_line_not_only_the_first() -> None:
    text = """# Notes count as lines.
Refund the item if the item is digitl.

Refund the item if the item is digital
Rule "b": refund the item
Rule "c": refund the itm.
Rule "d" refund the item.

Up to 100 EUR an agent may refund alone; above that a manger.
"""
    found = problems(text)
    assert [(one.place.line, one.code) for one in found] == [
        (2, "not_understood"),
        (4, "no_full_stop"),
        (5, "no_full_stop"),
        (6, "not_understood"),
        (7, "not_understood"),
        (9, "not_understood"),
    ]


def test_an_error_says_what_was_understood() -> None:
    found = only('Rule "a": refund the item in full if the item is brokn.')
    assert found.understood == 'Rule "a": refund the item in full if the item is'
    words = found.in_words("shop.policy")
    assert words.startswith('shop.policy:1:50: error: "brokn" doesn\'t fit here.')
    assert "you can write: " in words


def test_a_forgotten_full_stop_spoils_nothing_else() -> None:
    found = problems('Rule "a": refund the item\nRule "b": exchange the item.')
    assert [(one.code, one.suggestions) for one in found] == [("no_full_stop", ("item.",))]
