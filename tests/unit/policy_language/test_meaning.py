"""Sentences and the model that they mean."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.domain.money import Money
from app.domain.people import Tier
from app.domain.policy.model import (
    ALWAYS,
    AllOf,
    Alternative,
    AnyOf,
    AutomaticRelease,
    Condition,
    DayOfYear,
    Effect,
    LimitEffect,
    Not,
    Operator,
    Outcome,
    ProRataBasis,
    Resolution,
    Scope,
    Season,
    Subject,
    Test,
    TierLimit,
)
from tests.support.policy_language import compiled


def yes(fact: str, threshold: bool = True) -> Test:
    return Test(fact=fact, operator=Operator.IS, threshold=threshold)


def compare(fact: str, operator: Operator, threshold: Any) -> Test:
    return Test(fact=fact, operator=operator, threshold=threshold)


def day(month: int, number: int, year: int | None = None) -> DayOfYear:
    return DayOfYear(month=month, day=number, year=year)


DELIVERED_30 = AllOf(
    parts=(yes("item.is_delivered"), compare("item.days_since_delivery", Operator.AT_MOST, 30))
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("the item is on final sale", yes("item.is_final_sale")),
        ("it is on final sale", yes("item.is_final_sale")),
        ("it is not on final sale", yes("item.is_final_sale", False)),
        ("the item is not on final sale", yes("item.is_final_sale", False)),
        ("the item is unopened", yes("request.states_opened", False)),
        ("the item was delivered within the last 30 days", DELIVERED_30),
        ("the item arrived within the last 30 days", DELIVERED_30),
        ("the item is within 30 days", DELIVERED_30),
        ("the item is within 30 days of the delivery", DELIVERED_30),
        (
            "the item is within 14 days of the order",
            compare("item.days_since_order", Operator.AT_MOST, 14),
        ),
        (
            "the order was placed more than 5 days ago",
            compare("order.age_days", Operator.MORE_THAN, 5),
        ),
        (
            "the item costs more than 1,250.50 EUR",
            compare("item.price", Operator.MORE_THAN, Money.of("1250.50", "EUR")),
        ),
        ("the item costs at most 5", compare("item.price", Operator.AT_MOST, Decimal(5))),
        ("the item has the tag “sale”", compare("item.tags", Operator.CONTAINS_ANY, ("sale",))),
        (
            'the item does not have the tag "sale"',
            Not(part=compare("item.tags", Operator.CONTAINS_ANY, ("sale",))),
        ),
        ('the item has the SKU "TV-*"', compare("item.sku", Operator.LIKE, ("TV-*",))),
        (
            'the order ships to one of "DE" or "AT"',
            compare("order.country", Operator.ONE_OF, ("DE", "AT")),
        ),
        ("the reason is not arrived", compare("request.reason", Operator.IS, "not_arrived")),
        (
            "the reason is none of damaged or wrong item",
            compare("request.reason", Operator.NONE_OF, ("damaged", "wrong_item")),
        ),
        (
            "the customer wants a part of the order back",
            compare("request.wants", Operator.IS, "part"),
        ),
        (
            "the customer had more than 3 refunds in the last 90 days",
            compare("history.customer_refunds_90d", Operator.MORE_THAN, 3),
        ),
        (
            "the customer had a refund rate of at least 40% in the last 24 hours",
            compare("history.customer_refund_rate_24h", Operator.AT_LEAST, 40),
        ),
        (
            "the order was placed on or before December 24, 2026",
            compare("order.created_on", Operator.AT_MOST, date(2026, 12, 24)),
        ),
        (
            "the order was placed from 1 November to 24 December with returns until 31 January",
            Season(
                fact="order.created_on",
                first=day(11, 1),
                last=day(12, 24),
                until=day(1, 31),
            ),
        ),
        (
            "today is from 2026-12-24 to 2026-12-26",
            Season(fact="calendar.today", first=day(12, 24, 2026), last=day(12, 26, 2026)),
        ),
        (
            "the item is digital and is discounted",
            AllOf(parts=(yes("item.is_digital"), yes("item.is_discounted"))),
        ),
        (
            "(the item is digital or is discounted) and the order is disputed",
            AllOf(
                parts=(
                    AnyOf(parts=(yes("item.is_digital"), yes("item.is_discounted"))),
                    yes("order.is_disputed"),
                )
            ),
        ),
        (
            "the item is digital unless the order is disputed",
            AllOf(parts=(yes("item.is_digital"), Not(part=yes("order.is_disputed")))),
        ),
        (
            "it is not true that (the item is digital)",
            Not(part=yes("item.is_digital")),
        ),
    ],
)
def test_a_condition(said: str, meant: Condition) -> None:
    assert compiled(f"Refund the item if {said}.").clauses[0].when == meant


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("refund the item", Outcome()),
        ("refund the item in full", Outcome(shipping=True)),
        ("refund the item in full without the shipping", Outcome()),
        ("refund 80% of the item", Outcome(percent=Decimal(80))),
        (
            "refund the item less a restocking fee of 15%",
            Outcome(restocking_percent=Decimal(15)),
        ),
        (
            "refund the item less a return shipping fee of 6.95 USD",
            Outcome(return_shipping_fee=Money.of("6.95", "USD")),
        ),
        ("refund the item pro rata by days", Outcome(pro_rata=ProRataBasis.DAYS)),
        ("refund the item pro rata by completion", Outcome(pro_rata=ProRataBasis.COMPLETION)),
        ("refund the item and let the customer keep it", Outcome(keeps_item=True)),
        ("refund the item once it has come back", Outcome(requires_return=True)),
        (
            "give store credit for the item with a bonus of 10%",
            Outcome(resolution=Resolution.STORE_CREDIT, bonus_percent=Decimal(10)),
        ),
        ("exchange the item", Outcome(resolution=Resolution.EXCHANGE)),
        ("repair the item", Outcome(resolution=Resolution.REPAIR)),
    ],
)
def test_an_outcome(said: str, outcome: Outcome) -> None:
    clause = compiled(f"If the item is digital, {said}.").clauses[0]
    assert (clause.effect, clause.outcome) == (Effect.REFUND, outcome)


@pytest.mark.parametrize(
    ("said", "effect"),
    [
        ("do not refund the order", Effect.EXCLUDE),
        ("ask a person to review the order", Effect.REVIEW),
        ("ask for evidence of the order", Effect.ASK_EVIDENCE),
    ],
)
def test_an_effect_on_the_whole_order(said: str, effect: Effect) -> None:
    clause = compiled(f"If the order is disputed, {said}.").clauses[0]
    assert (clause.effect, clause.scope) == (effect, Scope.ORDER)


def test_it_is_the_order_where_the_rule_is_about_that() -> None:
    clause = compiled("Ask a person to review the order if it was refunded before.").clauses[0]
    assert clause.when == yes("order.has_refunds")


def test_names_reasons_alternatives_and_ranks() -> None:
    policy = compiled(
        'Rule "Final sale!": do not refund it if the item is on final sale, because "Final.", and '
        "offer store credit, exchange or a manager review instead.\n"
        'Exception "Ours" to "final SALE!" with priority 7: refund it if the item is digital.\n'
        "Otherwise do not refund it."
    )
    final, ours, rest = policy.clauses
    assert (final.id, final.title, final.because) == ("final_sale", "Final sale!", "Final.")
    assert final.alternatives == (
        Alternative.STORE_CREDIT,
        Alternative.EXCHANGE,
        Alternative.MANAGER_REVIEW,
    )
    assert (ours.is_exception, ours.excepts, ours.priority) == (True, ("final_sale",), 7)
    assert (rest.when, rest.title) == (ALWAYS, "Otherwise do not refund it")
    assert [one.source_line for one in policy.clauses] == [1, 2, 3]


def test_the_clock_can_start_elsewhere_wherever_that_is_said() -> None:
    policy = compiled("Refund the item if the item is within 9 days. "
                      "Return windows start with the shipment.")  # fmt: skip
    age = compare("item.days_since_shipment", Operator.AT_MOST, 9)
    assert policy.clauses[0].when == AllOf(parts=(yes("item.is_shipped"), age))


def test_the_currency_of_plain_amounts() -> None:
    policy = compiled("All amounts are in USD. Refund the item if the item costs at most 5. "
                      "Up to 100 an agent.")  # fmt: skip
    assert policy.clauses[0].when == compare("item.price", Operator.AT_MOST, Money.of("5", "USD"))
    assert policy.currency == "USD"


def test_tiers_as_people_say_them() -> None:
    policy = compiled(
        "Up to 100 USD an agent may refund alone; up to 500 a team lead; above that a manager; "
        "remind every 24 hours, after 3 reminders tell the owner. "
        'Tier "New": if the customer is ordering for the first time, a team lead must approve. '
        'Rule "Gift": refund it if the item is digital. '
        'If the decision is made by "gift", up to 5 USD an agent; above that a manager.'
    )
    assert policy.tiers == (
        TierLimit(tier=Tier.AGENT, up_to=Decimal(100)),
        TierLimit(tier=Tier.TEAM_LEAD, up_to=Decimal(500)),
        TierLimit(tier=Tier.MANAGER, up_to=None),
    )
    assert policy.currency == "USD"
    assert (policy.remind_every_hours, policy.escalate_after_reminders) == (24, 3)
    new, gift = policy.tier_rules
    assert new.limits == (TierLimit(tier=Tier.TEAM_LEAD, up_to=None),)
    assert gift.when == compare("decision.clauses", Operator.CONTAINS_ANY, ("gift",))


def test_automatic_release_is_off_unless_written() -> None:
    assert compiled("Refund it. Up to 9 a refund may be automatic.").automatic is None
    policy = compiled(
        "Release refunds up to 25 EUR automatically, at most 40 refunds a day, at most 500 EUR a "
        "day, at most 1 refund per customer in 60 days, if the item is digital."
    )
    assert policy.automatic == AutomaticRelease(
        up_to=Money.of("25", "EUR"),
        when=yes("item.is_digital"),
        per_day_count=40,
        per_day_amount=Money.of("500", "EUR"),
        per_customer_count=1,
        per_customer_days=60,
        source_line=1,
    )


def test_limits_against_abuse() -> None:
    policy = compiled(
        "Allow at most 3 refunds per customer in 30 days; beyond that ask a person to review. "
        'Limit "Agent": allow at most 1,000 EUR of refunds per agent in 24 hours; beyond that a '
        "team lead must approve. Refunds for the same customer within 7 days count as one amount."
    )
    customer, agent = policy.abuse_limits
    assert (customer.subject, customer.max_count, customer.hours) == (Subject.CUSTOMER, 3, 720)
    assert customer.effect is LimitEffect.REVIEW
    assert (agent.id, agent.max_amount, agent.hours) == ("agent", Money.of("1000", "EUR"), 24)
    assert (agent.effect, agent.tier) == (LimitEffect.TIER, Tier.TEAM_LEAD)
    assert (policy.split_subject, policy.split_days) == (Subject.CUSTOMER, 7)
