"""`once it has come back`: the amount is told, and no money goes for what isn't back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.cli.policy_replay import in_words as replay_words
from app.cli.policy_words import answer_words
from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Decision, Verdict
from app.domain.order import Order
from app.domain.people import Tier
from app.domain.plan import Plan
from app.domain.policy.document import DecideDocument
from app.domain.policy.evaluate import decide, rerun
from app.domain.policy.language.explaining import explain, in_words
from app.domain.policy.model import Policy
from app.domain.policy.replay import PastCase, Tally, replay_case
from app.domain.policy.waiting import held_back
from app.domain.pricing import build_plan, everything_left
from app.domain.returns import Returned
from app.domain.terms import choice_by_terms
from tests.support.policy_language import compiled
from tests.unit.policy_language.test_left_out import EARLY, document, eur

POLICY = compiled(
    """
All amounts are in EUR.
Rule "Swap" with priority 60: exchange the item once it has come back if the item has the tag
    "swap", because "We swap it.".
Rule "Credit" with priority 50: give store credit for the item once it has come back if the item
    has the tag "credit", because "Credit only.".
Rule "At once" with priority 40: refund the item if the item has the tag "now", because "At once.".
Rule "Fee" with priority 30: refund the item less a restocking fee of 8 EUR once it has come back
    if the item has the tag "fee", because "With a fee.".
Otherwise refund the item in full once it has come back, because "Send it back.".
Up to 100 EUR an agent may refund alone; above that a manager.
Release refunds up to 50 EUR automatically.
"""
)
NOW = datetime(2026, 6, 30, 15, 0, tzinfo=UTC)
MUG = {"id": "1", "name": "Mug", "quantity": 2, "unit_price": "10.01", "delivered_at": EARLY}
PUMP = {
    "id": "2",
    "name": "Pump",
    "quantity": 1,
    "unit_price": "30.00",
    "delivered_at": EARLY,
    "tags": ["now"],
}


def asked(*lines: dict[str, Any], **order: Any) -> DecideDocument:
    return document(*lines, **order)


def decided(*lines: dict[str, Any], **order: Any) -> Decision:
    return asked(*lines, **order).decide(POLICY).decision


def plan_of(decision: Decision) -> Plan:
    assert decision.plan is not None
    return decision.plan


def units(decision: Decision) -> dict[str, int]:
    return {line.name: line.quantity for line in plan_of(decision).lines}


def test_the_amount_is_told_and_nothing_can_be_released() -> None:
    decision = decided(MUG, shipping="4.90")
    assert decision.verdict is Verdict.ELIGIBLE
    assert plan_of(decision).total == eur("24.92")
    assert decision.headline == "24.92 EUR once 2 × Mug have come back."
    assert decision.blocked_because == (decision.headline,)
    assert not decision.is_money_allowed
    assert decision.waits_for_return
    # Within the limits of automatic release, and yet somebody has to click, once it is back.
    assert decision.release_tier is Tier.AGENT


@pytest.mark.parametrize(
    "back", [{"return_received_at": "2026-06-29T10:00:00Z"}, {"returned_quantity": 2}]
)
def test_once_all_of_it_is_back_it_goes(back: dict[str, Any]) -> None:
    decision = decided({**MUG, **back}, shipping="4.90")
    assert plan_of(decision).total == eur("24.92")
    assert decision.headline == "Send it back."
    assert decision.is_money_allowed
    assert not decision.waits_for_return
    assert decision.release_tier is Tier.AUTOMATIC


def test_the_pieces_that_are_back_go_and_the_rest_is_told_to_the_cent() -> None:
    decision = decided({**MUG, "returned_quantity": 1}, shipping="4.90")
    assert units(decision) == {"Mug": 1}
    assert decision.is_money_allowed
    # The shipping goes with the last goods.
    assert plan_of(decision).total == eur("10.01")
    assert decision.warnings == ("14.91 EUR more once 1 × Mug has come back.",)
    [rest] = plan_of(decision).left_out
    assert rest.amount == eur("14.91")


def test_odd_cents_of_parts_make_the_whole() -> None:
    line = {"id": "1", "name": "Cup", "quantity": 3, "unit_price": "3.34", "discount": "0.02"}
    decision = decided({**line, "returned_quantity": 2})
    [rest] = plan_of(decision).left_out
    assert rest.amount is not None
    assert plan_of(decision).total + rest.amount == eur("10.00")


def test_what_needs_no_return_goes_at_once() -> None:
    decision = decided(MUG, PUMP)
    assert units(decision) == {"Pump": 1}
    assert decision.is_money_allowed
    assert decision.warnings == ("20.02 EUR more once 2 × Mug have come back.",)


def test_store_credit_and_exchange_beside_it_are_told_apart() -> None:
    credit = {**MUG, "id": "3", "name": "Lamp", "quantity": 1, "tags": ["credit"]}
    swap = {**MUG, "id": "4", "name": "Bowl", "quantity": 1, "tags": ["swap"]}
    decision = decided(MUG, credit, swap)
    assert units(decision) == {"Mug": 2}
    assert not decision.is_money_allowed
    assert decision.warnings == (
        "10.01 EUR more, as store credit, once Lamp has come back.",
        "Bowl gets an exchange, no money: arrange it beside this refund.",
    )


def test_a_part_of_which_fees_leave_nothing_waits_for_the_rest() -> None:
    line = {**MUG, "unit_price": "7.00", "tags": ["fee"], "returned_quantity": 1}
    decision = decided(line)
    assert decision.verdict is Verdict.ELIGIBLE
    assert decision.headline == "6.00 EUR once 1 × Mug has come back."
    assert not decision.is_money_allowed


def test_fewer_than_none_and_more_than_all_are_no_more_than_there_is() -> None:
    decision = decided({**MUG, "refundable_quantity": 1, "returned_quantity": 2})
    assert units(decision) == {"Mug": 1}
    with pytest.raises(ValueError, match="returned_quantity"):
        asked({**MUG, "returned_quantity": -1})


def test_a_decision_is_made_again_with_what_was_said() -> None:
    order = asked(MUG).order.to_order(None, NOW)
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
    said = Returned(
        line_id="1", quantity=1, refundable=2, said_at=NOW, said_by="11", said_by_name="Noor"
    )
    decision = decide(POLICY, order, request, NOW, returns=(said,))
    assert units(decision) == {"Mug": 1}
    kept = Decision.from_json(decision.to_json())
    assert rerun(POLICY, kept, order, request) == decision


def test_units_that_went_back_since_count_no_second_time() -> None:
    order = asked(MUG).order.to_order(None, NOW)
    said = Returned(
        line_id="1", quantity=1, refundable=2, said_at=NOW, said_by="11", said_by_name="Noor"
    )
    [line] = order.lines
    assert said.units_left(line) == 1
    assert said.units_left(line.model_copy(update={"refundable_quantity": 1})) == 0
    assert said.units_left(line.model_copy(update={"refundable_quantity": 3})) == 1


def test_rules_that_ask_whether_it_is_back_know_it() -> None:
    policy = compiled(
        'Refund the item if the item has come back, because "Back.".\n'
        'Otherwise do not refund the item, because "Not back.".\n'
        "Up to 100 EUR an agent may refund alone; above that a manager.\n"
    )
    order = asked(MUG).order.to_order(None, NOW)
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
    assert decide(policy, order, request, NOW).verdict is Verdict.NEEDS_REVIEW

    def saying(count: int) -> Verdict:
        one = Returned(
            line_id="1",
            quantity=count,
            refundable=2,
            said_at=NOW - timedelta(days=1),
            said_by="11",
            said_by_name="Noor",
        )
        return decide(policy, order, request, NOW, returns=(one,)).verdict

    assert saying(1) is Verdict.NOT_ELIGIBLE
    assert saying(2) is Verdict.ELIGIBLE


def _held(order: Order, policy: Policy, **choice: Any) -> str | None:
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
    decision = decide(policy, order, request, NOW)
    terms = {line.line_id: line.terms for line in decision.lines}
    plan = build_plan(order, choice_by_terms(choice.pop("units"), terms, **choice))
    return held_back(decision, order, plan)


def test_no_plan_goes_around_it() -> None:
    order = asked(MUG, PUMP, shipping="5.00").order.to_order(None, NOW)
    assert _held(order, POLICY, units={"2": 1}) is None
    assert _held(order, POLICY, units={"1": 1}) == "the money waits until 1 × Mug has come back"
    # As a plain amount, or on top of another item's price, the mugs' money waits all the same.
    assert _held(order, POLICY, units={}, amount_override=eur("35.00")) is None
    assert _held(order, POLICY, units={}, amount_override=eur("35.01")) == (
        "20.02 EUR waits until 2 × Mug have come back: at most 35.00 EUR can go now"
    )
    assert _held(order, POLICY, units={"2": 1}, amount_override=eur("40.00")) is not None
    assert _held(order, POLICY, units={}, shipping=eur("5.00")) is None
    whole = build_plan(order, everything_left(order))
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
    assert held_back(decide(POLICY, order, request, NOW), order, whole) is not None


def test_of_an_item_that_is_back_in_part_no_more_than_that_goes() -> None:
    order = asked({**MUG, "returned_quantity": 1}).order.to_order(None, NOW)
    assert _held(order, POLICY, units={"1": 1}) is None
    assert _held(order, POLICY, units={"1": 2}) is not None
    # The one that is back, at the price of both.
    assert _held(order, POLICY, units={"1": 1}, amount_override=eur("10.01")) is None
    assert _held(order, POLICY, units={"1": 1}, amount_override=eur("10.02")) == (
        "10.01 EUR waits until 1 × Mug has come back: at most 10.01 EUR can go now"
    )


def test_a_replay_counts_what_waits_and_all_that_is_promised() -> None:
    at_once = compiled(
        "All amounts are in EUR.\n"
        'Otherwise refund the item in full, because "Keep it simple.".\n'
        "Up to 100 EUR an agent may refund alone; above that a manager.\n"
        "Release refunds up to 50 EUR automatically.\n"
    )
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
    said = Returned(
        line_id="1", quantity=1, refundable=2, said_at=NOW, said_by="11", said_by_name="Noor"
    )
    tally = Tally()
    for returns in ((), (said,)):
        order = asked(MUG, shipping="4.90").order.to_order(None, NOW)
        before = decide(at_once, order, request, NOW, returns=returns)
        past = PastCase(
            case_id="case-1",
            ticket_id="501",
            decision=before.to_json(),
            order=order.to_json(),
            request=request.to_json(),
        )
        replay_case(POLICY, past, tally)
    result = tally.result()
    assert result.moves == {"eligible>eligible": 2}
    assert result.waiting == 1
    # The piece that is back now and the other one then make the same as both at once.
    assert [(one.before, one.after) for one in result.money] == [(eur("49.84"), eur("49.84"))]
    assert result.tiers_after == {"agent": 1, "automatic": 1}
    assert "wait until the goods are back: 1 cases" in replay_words(result, 0.1)


@pytest.mark.parametrize(
    ("back", "says"),
    [
        (0, "  The money waits until it has come back.\n"),
        (1, "  The money goes for what has come back: 1 piece.\n"),
        (2, "  The money goes for what has come back: 2 pieces.\n"),
    ],
)
def test_the_answer_in_words_tells_what_is_back(back: int, says: str) -> None:
    text = answer_words(decided({**MUG, "returned_quantity": back}), POLICY)
    assert says in text
    assert ("Nothing can be paid yet" in text) == (back == 0)


def test_explain_says_what_it_does() -> None:
    said = in_words(explain(POLICY))
    line = "its money waits until it is known to be back: somebody says so in the sidebar"
    # Neither the exchange, which moves none, nor what goes at once.
    assert said.count(line) == 3
