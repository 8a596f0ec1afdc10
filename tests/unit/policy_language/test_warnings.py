"""What a policy's author should think about before switching it on."""

from __future__ import annotations

import pytest

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Verdict
from app.domain.policy.evaluate import decide
from app.domain.policy.language.analysing import analyse
from app.domain.policy.language.problems import Problem, Severity
from tests.strategies import NOW, make_line, make_order
from tests.support.policy_language import compiled

STORES = ("shopify", "magento")


def found(text: str, code: str, stores: tuple[str, ...] = STORES) -> list[Problem]:
    return [one for one in analyse(compiled(text), stores) if one.code == code]


# --- conflicts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'Rule "a": refund it if the item is digital. '
        'Rule "b": do not refund it if the item is discounted.',
        'Rule "a": refund it if the item is digital. '
        'Rule "b": refund 50% of the item if the item costs more than 10 EUR.',
        'Exception "a": refund it if the item is digital. '
        'Exception "b": do not refund it if the item was delivered within the last 5 days.',
        'Rule "a": refund it if the reason is damaged. '
        'Rule "b": do not refund it if the customer reports a fault and the item is digital.',
        'Rule "a": refund it if the order was placed from 1 November to 24 December. '
        'Rule "b": do not refund it if the item is digital.',
    ],
)
def test_two_that_want_different_things_and_neither_goes_first_are_an_error(text: str) -> None:
    (conflict,) = found(text, "conflict")
    assert conflict.severity is Severity.ERROR
    assert '"a" (line 1)' in conflict.message and '"b" (line 1)' in conflict.message
    assert "for instance if " in conflict.message
    assert any("with priority" in one for one in conflict.suggestions)


@pytest.mark.parametrize(
    "text",
    [
        # One goes first: an exception, a priority, a named exception, the more specific.
        'Rule "a": refund it if the item is digital. '
        'Exception "b": do not refund it if the item is discounted.',
        'Rule "a" with priority 1: refund it if the item is digital. '
        'Rule "b": do not refund it if the item is discounted.',
        'Exception "a": refund it if the item is digital. '
        'Exception "b" to "a": do not refund it if the item is discounted.',
        'Rule "a": refund it if the item is digital. '
        'Rule "b": do not refund it if the item is digital and is discounted.',
        'Rule "a": refund it if the item was delivered within the last 30 days. '
        'Rule "b": refund the item in full if the item was delivered within the last 10 days.',
        # They never meet.
        'Rule "a": refund it if the item is digital. '
        'Rule "b": do not refund it if the item is not digital and is discounted.',
        'Rule "a": refund it if the item costs at most 10 EUR. '
        'Rule "b": do not refund it if the item costs more than 10 EUR.',
        'Rule "a": refund it if the customer reports a fault. '
        'Rule "b": do not refund it if the reason is changed mind.',
        'Rule "a": refund it if the item has not shipped. '
        'Rule "b": do not refund it if the item was delivered within the last 9 days.',
        'Rule "a": refund it if the order has not shipped. '
        'Rule "b": do not refund it if the item was delivered within the last 9 days.',
        # They agree.
        'Rule "a": refund it if the item is digital. '
        'Rule "b": refund it if the item is discounted.',
    ],
)
def test_no_conflict_where_one_goes_first_or_both_never_meet(text: str) -> None:
    assert found(text, "conflict") == []


def test_where_one_of_both_asks_a_person_anyway_it_is_only_a_warning() -> None:
    text = (
        'Rule "a": refund it if the item is digital. '
        'Rule "b": ask a person to review it if the item is discounted.'
    )
    (conflict,) = found(text, "conflict")
    assert conflict.severity is Severity.WARNING


def test_what_check_calls_a_conflict_the_evaluator_gives_to_a_person() -> None:
    text = (
        'Rule "a": refund it if the item is not digital. '
        'Rule "b": do not refund it if the item was delivered within the last 30 days.'
    )
    assert found(text, "conflict")
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
    decision = decide(compiled(text), make_order((make_line(),)), request, NOW)
    assert decision.verdict is Verdict.NEEDS_REVIEW
    assert decision.lines[0].conflict == ("a", "b")


def test_what_is_needed_and_missed_is_said_so() -> None:
    text = (
        'Rule "dear": refund it if the item costs more than 5,000 EUR. '
        'Rule "old": exchange it if the order was placed more than 900 days ago.'
    )
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
    decision = decide(compiled(text), make_order((make_line(),)), request, NOW)
    findings = [one for _, one in decision.tested()]
    dear = next(one.sentence for one in findings if one.title == "dear")
    old = next(one.sentence for one in findings if one.title == "old")
    assert "needs more than 5000.00 EUR" in dear and dear.endswith(" too little")
    assert "needs more than 900: " in old and old.endswith(" days early")


def test_exceptions_in_a_ring_are_an_error() -> None:
    text = (
        'Exception "a" to "b": refund it if the item is digital. '
        'Exception "b" to "c": do not refund it if the item is discounted. '
        'Exception "c" to "a": ask a person to review it if the item is perishable.'
    )
    (ring,) = found(text, "ring")
    assert ring.severity is Severity.ERROR


def test_many_conflicts_are_told_rule_by_rule_and_cut_short() -> None:
    text = "\n".join(
        f'Rule "r{n}": refund {n + 1}% of the item if the item has the tag "t{n}".'
        for n in range(60)
    )
    conflicts = found(text, "conflict")
    assert len(conflicts) == 51
    assert any("9 more sentences conflict" in one.message for one in conflicts)
    assert '"r0" (line 1), "r1" (line 2)' in conflicts[9].message
    assert not any(one.suggestions for one in conflicts)


@pytest.mark.parametrize(
    ("season", "severity"),
    [
        # A season that comes round surely meets what is young enough.
        (
            "the order was placed from 1 November to 24 December with returns until 31 January",
            Severity.ERROR,
        ),
        ("the order was placed within the last 30 days", Severity.ERROR),
        # That year may be over.
        ("the order was placed from 1 November 2026 to 24 December 2026", Severity.WARNING),
    ],
)
def test_a_season_and_an_age_conflict_like_two_ages(season: str, severity: Severity) -> None:
    text = (
        'Rule "Faulty": refund the item in full if the reason is damaged and the item was '
        "delivered within the last 90 days. "
        f'Rule "Holiday": refund the item less a restocking fee of 15% if {season}.'
    )
    (conflict,) = found(text, "conflict")
    assert conflict.severity is severity


def test_returns_that_end_before_something_is_old_enough_are_no_sure_conflict() -> None:
    text = (
        'Rule "a": refund it if the item was delivered more than 200 days ago. Rule "b": do not '
        "refund it if the order was placed from 1 June to 9 June with returns until 20 June."
    )
    (conflict,) = found(text, "conflict")
    assert conflict.severity is Severity.WARNING


# --- dead clauses and gaps ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Refund it if the item costs more than 20 EUR and costs less than 10 EUR.",
        "Refund it if the item is digital and is not digital.",
        "Refund it if the item was delivered within the last 9 days and was not delivered.",
        "Refund it if the customer reports a fault and the reason is changed mind.",
        "Refund it if the reason is damaged and the reason is wrong item.",
        "Refund it if (the item is digital or is perishable) and the item is not digital "
        "and is not perishable.",
    ],
)
def test_a_clause_that_can_never_fire(text: str) -> None:
    (dead,) = found(text, "never_fires")
    assert dead.severity is Severity.WARNING
    assert "can't all hold" in dead.message


def test_a_clause_that_another_always_precedes() -> None:
    text = (
        'Rule "small": refund it if the item is digital and costs at most 5 EUR. '
        'Exception "no downloads": do not refund it if the item is digital.'
    )
    (dead,) = found(text, "never_fires")
    assert '"small"' in dead.message and '"no downloads"' in dead.message


@pytest.mark.parametrize(
    "text",
    [
        "Refund it if the item was delivered within the last 30 days.",
        'Exception "x" to "y": refund it if the item is digital. '
        'Rule "y": do not refund it if the item is not digital and is discounted.',
    ],
)
def test_a_clause_that_can_fire_is_left_alone(text: str) -> None:
    assert found(text, "never_fires") == []


def test_a_case_that_nothing_covers_is_named() -> None:
    text = (
        "Refund it if the item was delivered within the last 30 days. "
        'Rule "not sent": refund the item in full if the item was not delivered.'
    )
    (gap,) = found(text, "gap")
    assert "the item was delivered more than 30 days ago" in gap.message
    assert gap.suggestions[0].startswith("Otherwise do not refund")


@pytest.mark.parametrize(
    "text",
    [
        "Refund it if the item is digital. Otherwise do not refund it.",
        "Refund it if the item is digital. Do not refund it if the item is not digital.",
        'Rule "a": refund it if the item costs at most 5 EUR. '
        'Rule "b": do not refund it if the item costs more than 5 EUR.',
    ],
)
def test_no_gap_where_every_case_is_covered(text: str) -> None:
    assert found(text, "gap") == []


# --- facts and people ---------------------------------------------------------------------------


def test_a_fact_that_a_connected_store_cannot_supply() -> None:
    text = 'Refund it if the item has the tag "x" and the service has at least 3 days left.'
    both = [one.message for one in found(text, "no_store_has_it")]
    assert any("magento can't tell" in one and "item.tags" in one for one in both)
    assert any(one.startswith("No connected store can tell") for one in both)
    shopify = [one.message for one in found(text, "no_store_has_it", ("shopify",))]
    assert not any("item.tags" in one for one in shopify)


def test_a_policy_without_tiers() -> None:
    assert found("Refund it.", "no_tiers")
    assert not found("Refund it. An agent must approve.", "no_tiers")


def test_amounts_that_may_be_automatic_and_never_are() -> None:
    text = "Refund it. Up to 9 EUR a refund may be automatic; above that an agent. "
    (problem,) = found(text, "never_automatic")
    assert problem.severity is Severity.WARNING and "has to click" in problem.message
    assert not found(text + problem.suggestions[0], "never_automatic")
    assert not found("Refund it. An agent must approve.", "never_automatic")


def test_problems_stand_in_the_order_of_lines() -> None:
    text = """Refund it if the item is digital and is not digital.
Refund it if the item has the tag "x".
Rule "n": do not refund it if the item costs more than 3 EUR."""
    lines = [one.place.line for one in analyse(compiled(text), STORES)]
    assert lines == sorted(lines) and len(set(lines)) > 1
