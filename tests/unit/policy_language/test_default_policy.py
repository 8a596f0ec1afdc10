"""The default policy's text decides as the policy that it replaced, written out here."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings

from app.domain.classification import Request
from app.domain.order import Order
from app.domain.people import Tier
from app.domain.policy.default import DEFAULT_POLICY
from app.domain.policy.evaluate import decide
from app.domain.policy.model import (
    AllOf,
    Alternative,
    Clause,
    Effect,
    Not,
    Operator,
    Outcome,
    Policy,
    Test,
    TierLimit,
)
from tests.strategies import NOW, orders, requests


def _yes(fact: str) -> Test:
    return Test(fact=fact, operator=Operator.IS, threshold=True)


def _within_days(days: int) -> AllOf:
    age = Test(fact="item.days_since_delivery", operator=Operator.AT_MOST, threshold=days)
    return AllOf(parts=(_yes("item.is_delivered"), age))


EARLIER = Policy(
    id="default",
    version=1,
    title="30 days, 60 days when damaged or wrong",
    clauses=(
        Clause(
            id="final_sale",
            title="Final sale",
            effect=Effect.EXCLUDE,
            when=AllOf(parts=(_yes("item.is_final_sale"), Not(part=_yes("request.states_fault")))),
            because="Final sale items can't be returned for money.",
            alternatives=(Alternative.STORE_CREDIT, Alternative.EXCHANGE),
            is_exception=True,
        ),
        Clause(
            id="not_arrived",
            title="Not arrived",
            effect=Effect.REVIEW,
            when=_yes("request.states_not_arrived"),
            because="The customer says it never arrived: check the tracking first.",
            is_exception=True,
            priority=10,
        ),
        Clause(
            id="duplicate_charge",
            title="Duplicate charge",
            effect=Effect.REVIEW,
            when=_yes("request.states_duplicate_charge"),
            because="The customer says they were charged twice: compare the payments first.",
            is_exception=True,
            priority=10,
        ),
        Clause(
            id="not_shipped",
            title="Not shipped",
            effect=Effect.REFUND,
            when=Not(part=_yes("item.is_shipped")),
            because="Not shipped yet, so it can be called off.",
            outcome=Outcome(shipping=True),
            priority=5,
        ),
        Clause(
            id="damaged_or_wrong",
            title="Damaged or wrong",
            effect=Effect.REFUND,
            when=AllOf(parts=(_yes("request.states_fault"), _within_days(60))),
            because="Arrived damaged or wrong, and was delivered within 60 days.",
            outcome=Outcome(shipping=True),
            alternatives=(Alternative.EXCHANGE, Alternative.REPAIR),
            priority=10,
        ),
        Clause(
            id="within_30_days",
            title="Within 30 days",
            effect=Effect.REFUND,
            when=_within_days(30),
            because="Delivered within 30 days.",
            alternatives=(Alternative.STORE_CREDIT, Alternative.EXCHANGE),
        ),
    ),
    tiers=(
        TierLimit(tier=Tier.AGENT, up_to=Decimal(500)),
        TierLimit(tier=Tier.TEAM_LEAD, up_to=Decimal(2000)),
        TierLimit(tier=Tier.MANAGER, up_to=None),
    ),
)


@settings(max_examples=60, deadline=None)
@given(orders(), requests)
def test_both_decide_the_same(order: Order, request: Request) -> None:
    text = decide(DEFAULT_POLICY, order, request, NOW)
    model = decide(EARLIER, order, request, NOW)
    assert (text.verdict, text.headline, text.lines) == (model.verdict, model.headline, model.lines)
    assert (text.plan, text.tier, text.release_tier) == (model.plan, model.tier, model.release_tier)
    assert (text.is_money_allowed, text.blocked_because) == (
        model.is_money_allowed,
        model.blocked_because,
    )
