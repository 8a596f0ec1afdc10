"""The policy that a new account starts with.

Delivered within 30 days; damaged or wrong within 60 days; final sale excluded unless it arrived
damaged or wrong; up to 100 (in the shop's currency) an agent's click releases what could be
automatic, up to 500 an agent, up to 2,000 a team lead, above that a manager.
"""

from __future__ import annotations

from decimal import Decimal

from app.domain.people import Tier
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


def _yes(fact: str) -> Test:
    return Test(fact=fact, operator=Operator.IS, threshold=True)


def _within_days(days: int) -> AllOf:
    return AllOf(
        parts=(
            _yes("item.is_delivered"),
            Test(fact="item.days_since_delivery", operator=Operator.AT_MOST, threshold=days),
        )
    )


DEFAULT_POLICY = Policy(
    id="default",
    version=1,
    title="30 days, 60 days when damaged or wrong",
    clauses=(
        Clause(
            id="final_sale",
            title="Final sale items are not refunded",
            effect=Effect.EXCLUDE,
            when=AllOf(parts=(_yes("item.is_final_sale"), Not(part=_yes("request.states_fault")))),
            because="Final sale items can't be returned for money.",
            alternatives=(Alternative.STORE_CREDIT, Alternative.EXCHANGE),
            is_exception=True,
        ),
        Clause(
            id="not_arrived",
            title="A parcel that never arrived is looked into by a person",
            effect=Effect.REVIEW,
            when=_yes("request.states_not_arrived"),
            because="The customer says it never arrived: check the tracking first.",
            is_exception=True,
            priority=10,
        ),
        Clause(
            id="duplicate_charge",
            title="A double charge is looked into by a person",
            effect=Effect.REVIEW,
            when=_yes("request.states_duplicate_charge"),
            because="The customer says they were charged twice: compare the payments first.",
            is_exception=True,
            priority=10,
        ),
        Clause(
            id="not_shipped",
            title="Not shipped yet",
            effect=Effect.REFUND,
            when=Not(part=_yes("item.is_shipped")),
            because="Not shipped yet, so it can be called off.",
            outcome=Outcome(shipping=True),
            priority=5,
        ),
        Clause(
            id="damaged_or_wrong",
            title="Damaged or wrong, delivered within 60 days",
            effect=Effect.REFUND,
            when=AllOf(parts=(_yes("request.states_fault"), _within_days(60))),
            because="Arrived damaged or wrong, and was delivered within 60 days.",
            outcome=Outcome(shipping=True),
            alternatives=(Alternative.EXCHANGE, Alternative.REPAIR),
            priority=10,
        ),
        Clause(
            id="within_30_days",
            title="Delivered within 30 days",
            effect=Effect.REFUND,
            when=_within_days(30),
            because="Delivered within 30 days.",
            alternatives=(Alternative.STORE_CREDIT, Alternative.EXCHANGE),
        ),
    ),
    tiers=(
        TierLimit(tier=Tier.AUTOMATIC, up_to=Decimal(100)),
        TierLimit(tier=Tier.AGENT, up_to=Decimal(500)),
        TierLimit(tier=Tier.TEAM_LEAD, up_to=Decimal(2000)),
        TierLimit(tier=Tier.MANAGER, up_to=None),
    ),
)
