"""Whoever may release an amount: knowing less never asks for less."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.policy_samples import random_condition
from app.domain.money import Money
from app.domain.people import Tier
from app.domain.policy.authority import required_tier
from app.domain.policy.compiled import prepare
from app.domain.policy.conditions import Condition
from app.domain.policy.conditions import Test as Comparison
from app.domain.policy.facts import Fact
from app.domain.policy.history import History, HistoryFigure
from app.domain.policy.model import (
    AbuseLimit,
    AutomaticRelease,
    LimitEffect,
    Policy,
    Subject,
    TierLimit,
    TierRule,
)
from app.domain.policy.rates import NO_RATES, Rates

CURRENCIES = ("EUR", "USD")
RATES = Rates.model_validate({"base": "EUR", "per_unit": {"USD": "0.9", "JPY": "0.006"}})
# The items and the order are named: an agent's figures are only there once somebody clicks.
SUBJECTS = [one for one in Subject if one is not Subject.AGENT]


def money(random: Random) -> Money:
    return Money.from_minor_units(random.randint(0, 60_000), random.choice(CURRENCIES))


def limits(random: Random) -> tuple[TierLimit, ...]:
    ends = sorted(random.randint(0, 500) for _ in range(3))
    tiers = sorted(random.choices(list(Tier), k=3), key=lambda one: one.rank)
    made = [TierLimit(tier=tier, up_to=Decimal(end)) for tier, end in zip(tiers, ends, strict=True)]
    return (*made, TierLimit(tier=Tier.MANAGER, up_to=None))


def condition(random: Random) -> Condition:
    if random.random() < 0.5:
        return random_condition(random, depth=1)
    return Comparison.model_validate(
        {"fact": "order.country", "operator": "one_of", "threshold": ("DE", "FR")}
    )


def random_authority(random: Random) -> Policy:
    currency = random.choice([None, *CURRENCIES])
    rules = tuple(
        TierRule(id=f"r{n}", title=f"r{n}", when=condition(random), limits=limits(random),
                 currency=random.choice([None, *CURRENCIES]))
        for n in range(random.randint(0, 3))
    )  # fmt: skip
    abuse = tuple(
        AbuseLimit.model_validate(
            {
                "id": f"l{n}", "title": f"l{n}", "subject": random.choice(SUBJECTS), "hours": 24,
                "effect": random.choice(list(LimitEffect)), "tier": random.choice(list(Tier)),
                **({"max_count": random.randint(0, 4)} if random.random() < 0.5
                   else {"max_amount": money(random)}),
            }
        )
        for n in range(random.randint(0, 2))
    )  # fmt: skip
    automatic = None
    if random.random() < 0.6:
        automatic = AutomaticRelease(
            up_to=random.choice([None, money(random)]),
            when=random.choice([None, condition(random)]),
            per_day_count=random.choice([None, 3]),
            per_customer_amount=random.choice([None, money(random)]),
        )
    return Policy(
        id="p", version=1, title="p", clauses=(), tiers=limits(random), currency=currency,
        tier_rules=rules, abuse_limits=abuse, automatic=automatic,
        split_days=random.choice([0, 1, 30]), split_subject=random.choice(SUBJECTS),
    )  # fmt: skip


def random_history(random: Random, policy: Policy) -> History:
    found = []
    for subject, hours in sorted(prepare(policy).windows):
        for key in ("mug", "vase") if subject is Subject.ITEM else ("",):
            count = random.randint(0, 4)
            # Of an order the store itself tells at least as much as the ledger.
            is_told = count and subject is not Subject.ORDER
            amounts = (money(random),) if is_told else ()
            found.append(HistoryFigure(subject=subject, hours=hours, key=key, count=count,
                                       orders=count, amounts=amounts))  # fmt: skip
    return History(figures=tuple(found))


@settings(max_examples=300)
@given(st.integers(0, 10**9), st.data())
def test_knowing_less_never_asks_for_a_lower_tier(seed: int, data: Any) -> None:
    random = Random(seed)
    policy = random_authority(random)
    amount, history = money(random), random_history(random, policy)
    facts = {
        "order.country": Fact(name="order.country", value=random.choice(["DE", "US"])),
        "order.refunded": Fact(
            name="order.refunded", value=money(random).amount, unit=random.choice(CURRENCIES)
        ),
    }
    before = required_tier(policy, facts, amount, history, RATES)
    hidden = data.draw(st.sets(st.sampled_from(["country", "refunded", "history", "rates"])))
    known = {name: fact for name, fact in facts.items() if name.split(".")[1] not in hidden}
    after = required_tier(
        policy,
        known,
        amount,
        History() if "history" in hidden else history,
        NO_RATES if "rates" in hidden else RATES,
    )
    assert after.tier.rank >= before.tier.rank
    assert after.release_tier.rank >= before.release_tier.rank
