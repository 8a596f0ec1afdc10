"""What a customer's silence about use means: a person looks, or the policy takes it as unopened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.classification import Classification, Kind, Reason, Request
from app.domain.decision import Decision, Verdict
from app.domain.order import Order
from app.domain.policy.evaluate import decide, rerun
from app.domain.policy.language.compile import compile_policy
from app.domain.policy.language.explaining import explain
from app.domain.policy.language.printing import print_policy
from app.domain.policy.replay import PastCase, Tally, replay_case
from tests.support.fakes import NOON, make_line, make_order
from tests.support.policy_language import compiled, without_lines

TAKEN = "Where the customer does not say whether it was opened or used, take it as unopened."
ASKED = "Where the customer does not say whether it was opened or used, ask a person."
RULES = """
Rule "30 days": refund the item if the item was not opened or used and was delivered within the
    last 30 days, because "Unused: 30 days.".
Otherwise do not refund the item, because "Used, or too late.".
Up to 100 an agent may refund alone; above that a manager.
"""
NOTHING_SAID = "taken as unopened: the customer said nothing"


def bought() -> Order:
    return make_order("#1", (make_line(1, "Lock", "30.00"),))


def asked(opened: bool | None) -> Request:
    return Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND, states_opened=opened)


def decided(text: str, opened: bool | None, **more: Classification) -> Decision:
    return decide(compiled(text), bought(), asked(opened), NOON, more.get("classification"))


@pytest.mark.parametrize(
    ("text", "opened", "verdict"),
    [
        (RULES, None, Verdict.NEEDS_REVIEW),
        (ASKED + RULES, None, Verdict.NEEDS_REVIEW),
        (TAKEN + RULES, None, Verdict.ELIGIBLE),
        (TAKEN.replace("does not", "doesn't") + RULES, None, Verdict.ELIGIBLE),
        (TAKEN + RULES, True, Verdict.NOT_ELIGIBLE),
        (TAKEN + RULES, False, Verdict.ELIGIBLE),
    ],
)
def test_silence_means_what_the_policy_says(
    text: str, opened: bool | None, verdict: Verdict
) -> None:
    assert decided(text, opened).verdict is verdict


def test_what_was_assumed_is_told_as_such() -> None:
    decision = decided(TAKEN + RULES, None)
    fact = next(one for one in decision.facts if one.name == "request.states_opened")
    assert (fact.value, fact.unknown_because, fact.assumed_because) == (False, None, NOTHING_SAID)
    finding = next(one for _, one in decision.tested() if one.code == "rule_30_days")
    told = next(one for one in finding.comparisons if one.fact == "request.states_opened")
    assert told.sentence == f"says that it was opened or used: no ({NOTHING_SAID})"
    assert f'"assumed_because":"{NOTHING_SAID}"' in decision.to_json()


def test_where_nothing_is_assumed_nothing_is_told_of_it() -> None:
    for decision in (decided(TAKEN + RULES, False), decided(RULES, None)):
        assert "assumed" not in decision.to_json()
    _, said = next(decided(TAKEN + RULES, False).tested())
    assert said.comparisons[0].sentence == "says that it was opened or used: no"


def test_a_text_that_cannot_be_read_does_not_say_nothing() -> None:
    unsure = Classification(
        refund=True,
        refund_related=True,
        kind=Kind.REFUND_ITEM,
        confidence=0.4,
        needs_human=True,
        classifier="rules",
    )
    decision = decided(TAKEN + RULES, None, classification=unsure)
    assert decision.verdict is Verdict.NEEDS_REVIEW


def test_a_decision_is_made_again_the_same_and_a_replay_honours_the_sentence() -> None:
    order, request = bought(), asked(None)
    old, new = compiled(RULES), compiled(TAKEN + RULES)
    before = decide(old, order, request, NOON)
    after = decide(new, order, request, NOON)
    assert rerun(old, Decision.from_json(before.to_json()), order, request) == before
    assert rerun(new, Decision.from_json(after.to_json()), order, request) == after
    tally = Tally()
    past = PastCase(
        case_id="case-1",
        ticket_id="501",
        decision=before.to_json(),
        order=order.to_json(),
        request=request.to_json(),
    )
    replay_case(new, past, tally)
    assert dict(tally.moves) == {"needs_review>eligible": 1}


def test_the_sentence_is_said_back_and_said_once() -> None:
    policy = compiled(TAKEN + RULES)
    assert TAKEN in " ".join(print_policy(policy).split())
    assert without_lines(compiled(print_policy(policy))) == without_lines(policy)
    twice = compile_policy(f"{TAKEN}\n{ASKED}\n{RULES}")
    assert [problem.place.line for problem in twice.problems] == [2]
    assert "Say it once" in twice.problems[0].message


def test_explain_hints_at_requests_that_wait() -> None:
    hint = "Requests that don't say whether it was opened wait for a person"
    said = explain(compiled(RULES)).settings
    assert [one for one in said if one.startswith(hint)] == [
        f"{hint}, unless you write: {TAKEN} (usual)"
    ]
    taken = explain(compiled(TAKEN + RULES)).settings
    assert TAKEN in taken
    assert not any(one.startswith(hint) for one in taken)
    silent = explain(compiled("Refund the item.")).settings
    assert not any(one.startswith(hint) for one in silent)


def test_a_used_item_that_came_late_is_still_declined() -> None:
    late = make_order("#1", (make_line(1, "Lock", "30", delivered_at=NOON - timedelta(days=31)),))
    decision = decide(compiled(TAKEN + RULES), late, asked(None), NOON)
    assert decision.headline == "Used, or too late."
