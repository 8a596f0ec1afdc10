"""One order, several outcomes: a refund holds one of them, and says what it leaves out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.domain.decision import Decision, Verdict
from app.domain.money import Money
from app.domain.policy.document import DecideDocument
from app.domain.policy.evaluate import rerun
from tests.support.policy_language import compiled

TEXT = """
All amounts are in EUR.
Exception "Gift cards": do not refund the item if the item is a gift card, because "Never a gift
    card.".
Rule "Photo" with priority 60: ask for evidence of the item if the item has the tag "photo",
    because "Please send us a photo.".
Rule "Swap" with priority 50: exchange the item if the item has the tag "swap", because "We swap
    it.".
Rule "In time" with priority 20: refund the item less a restocking fee of 3 EUR if the item was
    delivered within the last 30 days, because "In time.".
Rule "Late" with priority 10: give store credit for the item with a bonus of 10% if the item was
    delivered within the last 60 days and is not discounted, because "Late: credit.".
Rule "Late, sale" with priority 10: give store credit for the item if the item was delivered
    within the last 60 days and is discounted, because "Late sale: credit.".
Otherwise do not refund the item, because "Too late.".
Up to 100 EUR an agent may refund alone; above that a manager.
"""
EARLY, LATE, OVER = "2026-06-20T12:00:00Z", "2026-05-21T12:00:00Z", "2026-01-01T12:00:00Z"
SADDLE = {"id": "1", "name": "Saddle", "quantity": 1, "unit_price": "40.00", "delivered_at": LATE}
LOCK = {"id": "2", "name": "Lock", "quantity": 1, "unit_price": "30.00", "delivered_at": EARLY}


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


POLICY = compiled(TEXT)


def document(*lines: dict[str, Any], **order: Any) -> DecideDocument:
    return DecideDocument.model_validate(
        {
            "order": {
                "order_id": "36",
                "created_at": "2026-05-01T10:00:00Z",
                "currency": "EUR",
                "payment_status": "paid",
                "fulfilment_status": "fulfilled",
                "prices_include_tax": True,
                "can_store_credit": True,
                "lines": [{"was_shipped": True, **line} for line in lines],
                **order,
            },
            "request": {
                "kind": "refund_item",
                "reason": "changed_mind",
                "wants": "whole",
                "channel": "email",
                "has_evidence": False,
            },
            "now": "2026-06-30T15:00:00Z",
        }
    )


def decided(*lines: dict[str, Any], **order: Any) -> Decision:
    return document(*lines, **order).decide(POLICY).decision


def test_what_becomes_store_credit_beside_a_refund_is_named_with_its_amount() -> None:
    decision = decided(SADDLE, LOCK)
    plan = decision.plan
    assert plan is not None
    assert [line.name for line in plan.lines] == ["Lock"]
    assert plan.total == eur("27.00")
    (apart,) = plan.left_out
    assert (apart.line_ids, apart.amount) == (("1",), eur("44.00"))
    assert apart.sentence == (
        "Saddle gets store credit (44.00 EUR): release it as a refund of its own, by choosing "
        "that item alone."
    )
    assert decision.warnings == (apart.sentence,)
    assert apart.sentence in plan.warnings
    assert decision.headline == "1 of 2 items: In time."


def test_items_that_go_together_are_left_out_together_and_bonuses_apart() -> None:
    pump = {**SADDLE, "id": "3", "name": "Pump", "unit_price": "10.00"}
    sale = {**SADDLE, "id": "4", "name": "Bell", "unit_price": "9.00", "discount": "1.00"}
    decision = decided(SADDLE, LOCK, pump, sale)
    assert decision.warnings == (
        "Saddle and Pump get store credit (55.00 EUR): release it as a refund of its own, by "
        "choosing these items alone.",
        "Bell gets store credit (8.00 EUR): release it as a refund of its own, by choosing that "
        "item alone.",
    )


def test_an_exchange_beside_a_refund_is_said() -> None:
    swapped = {**LOCK, "id": "3", "name": "Helmet", "tags": ["swap"]}
    decision = decided(swapped, LOCK)
    assert decision.is_money_allowed
    assert decision.plan is not None
    assert decision.plan.left_out[0].amount is None
    assert decision.warnings == (
        "Helmet gets an exchange, no money: arrange it beside this refund.",
    )
    assert decision.headline == "1 of 2 items: In time."


def test_store_credit_that_the_store_cannot_give_is_not_lost_silently() -> None:
    decision = decided(SADDLE, LOCK, can_store_credit=False)
    assert decision.plan is not None
    assert decision.plan.left_out[0].amount is None
    assert "can't be made: the store can't give store credit" in decision.warnings[0]


def test_one_outcome_for_all_leaves_nothing_out() -> None:
    decision = decided(LOCK, {**LOCK, "id": "3"})
    assert decision.plan is not None
    assert (decision.warnings, decision.plan.left_out, decision.plan.warnings) == ((), (), ())
    assert decision.headline == "In time."


def test_a_decision_with_two_outcomes_is_made_again_the_same() -> None:
    asked = document(SADDLE, LOCK)
    decision = asked.decide(POLICY).decision
    order = asked.order.to_order(asked.customer, asked.now)
    assert rerun(POLICY, decision, order, asked.request) == decision
    assert Decision.from_json(decision.to_json()) == decision


# --- gift cards -----------------------------------------------------------------------------------

CARD = {**LOCK, "id": "9", "name": "Gift card", "is_gift_card": True}


def test_a_policys_no_to_gift_cards_stands_and_the_stores_finding_is_kept() -> None:
    decision = decided(CARD)
    assert decision.verdict is Verdict.NOT_ELIGIBLE
    assert decision.lines[0].decided_by == "gift_cards"
    assert decision.headline == "Never a gift card."
    assert "store_gift_card" in decision.titles()


@pytest.mark.parametrize(
    ("delivered", "verdict"), [(EARLY, "needs_review"), (OVER, "not_eligible")]
)
def test_a_person_looks_at_a_gift_card_only_where_the_policy_would_pay(
    delivered: str, verdict: str
) -> None:
    policy = compiled(TEXT[TEXT.index('Rule "Photo"') :])
    decision = document({**CARD, "delivered_at": delivered}).decide(policy).decision
    assert decision.verdict == verdict
    assert "store_gift_card" in decision.titles()
    assert (decision.lines[0].decided_by == "store_gift_card") is (verdict == "needs_review")


# --- what blocks, bonuses, fees -------------------------------------------------------------------


def test_an_eligible_item_is_no_reason_why_money_is_blocked() -> None:
    decision = decided({**SADDLE, "tags": ["photo"]}, LOCK)
    assert decision.verdict is Verdict.NEEDS_REVIEW
    assert decision.blocked_because == ("Please send us a photo.",)


def test_a_document_that_grants_store_credit_grants_its_bonus() -> None:
    plan = decided(SADDLE).plan
    assert plan is not None
    assert (plan.bonus, plan.credit_total, plan.warnings) == (eur("4.00"), eur("44.00"), ())


def test_a_bonus_that_must_be_added_by_hand_is_named_in_money() -> None:
    plan = decided(SADDLE, can_give_bonus=False).plan
    assert plan is not None
    assert (plan.bonus, plan.credit_total) == (None, eur("40.00"))
    assert len(plan.warnings) == 1
    assert "add the bonus of 4.00 EUR by hand" in plan.warnings[0]


def test_a_fee_of_an_amount_is_kept_back_once_for_a_refund() -> None:
    bells = {**LOCK, "name": "Bell", "quantity": 2, "unit_price": "9.00"}
    plan = decided(bells).plan
    assert plan is not None
    assert (plan.fee_total.amount, plan.total.amount) == (Decimal("3.00"), Decimal("15.00"))
    several = decided(bells, {**LOCK, "id": "3", "name": "Pump"}).plan
    assert several is not None
    assert several.fee_total.amount == Decimal("3.00")
