"""Who may release what: rules, rates, earlier refunds, limits against abuse, automatic release."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Verdict
from app.domain.money import Money
from app.domain.people import Tier
from app.domain.policy.authority import Required, required_tier
from app.domain.policy.evaluate import decide
from app.domain.policy.facts import Fact, Measure, fact_spec, history_fact, label_of
from app.domain.policy.history import UNKNOWN_HISTORY, History, HistoryFigure
from app.domain.policy.model import (
    AbuseLimit,
    AutomaticRelease,
    Clause,
    Effect,
    LimitEffect,
    Operator,
    Policy,
    Subject,
    TierLimit,
    TierRule,
)
from app.domain.policy.model import Test as Comparison
from app.domain.policy.rates import NO_RATES, Rates
from tests.strategies import NOW, make_line, make_order

LIMITS = (
    TierLimit(tier=Tier.AGENT, up_to=Decimal(100)),
    TierLimit(tier=Tier.TEAM_LEAD, up_to=Decimal(500)),
    TierLimit(tier=Tier.MANAGER, up_to=None),
)
RATES = Rates.model_validate({"base": "EUR", "per_unit": {"USD": "0.5"}})


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def policy(**changes: Any) -> Policy:
    return Policy(
        **{"id": "p", "version": 1, "title": "p", "clauses": (), "tiers": LIMITS, **changes}
    )


def figure(subject: Subject, hours: int, count: int = 0, *amounts: Money) -> HistoryFigure:
    return HistoryFigure(subject=subject, hours=hours, count=count, orders=count, amounts=amounts)


def needs(
    made: Policy,
    amount: Money,
    *figures: HistoryFigure,
    rates: Rates = NO_RATES,
    reason: str | None = None,
) -> Required:
    known: dict[str, Any] = {"calendar.today": date(2026, 11, 28)}
    if reason is not None:
        known["request.reason"] = reason
    given = {name: Fact(name=name, value=value) for name, value in known.items()}
    given["order.refunded"] = Fact(name="order.refunded", value=Decimal(0), unit="EUR")
    return required_tier(made, given, amount, History(figures=figures), rates)


@pytest.mark.parametrize(
    ("amount", "tier"), [("100", Tier.AGENT), ("100.01", Tier.TEAM_LEAD), ("501", Tier.MANAGER)]
)
def test_the_default_limits(amount: str, tier: Tier) -> None:
    assert needs(policy(), eur(amount)).release_tier is tier


def test_small_parts_are_summed() -> None:
    before = figure(Subject.ORDER, 720, 3, eur("80"))
    found = needs(policy(), eur("30"), before)
    assert (found.tier, found.compared, found.earlier) == (Tier.TEAM_LEAD, eur("110"), eur("80"))
    assert "80.00 EUR was refunded before" in found.because[0]
    of_store = {"order.refunded": Decimal("90")}
    facts = {name: Fact(name=name, value=value, unit="EUR") for name, value in of_store.items()}
    assert required_tier(policy(), facts, eur("30")).tier is Tier.TEAM_LEAD
    assert needs(policy(split_days=0), eur("30"), before).tier is Tier.AGENT
    by_customer = policy(split_subject=Subject.CUSTOMER, split_days=1)
    assert needs(by_customer, eur("30"), figure(Subject.CUSTOMER, 24, 1, eur("470.01"))).tier == (
        Tier.MANAGER
    )


def test_earlier_refunds_that_are_not_known_ask_for_a_manager() -> None:
    by_customer = policy(split_subject=Subject.CUSTOMER)
    untold = needs(by_customer, eur("1"))
    assert untold.release_tier is Tier.MANAGER
    assert untold.because[-1] == (
        "earlier refunds for this customer in the last 30 days: not known "
        "(the history of refunds was not read): a manager"
    )
    dollars = figure(Subject.CUSTOMER, 720, 1, Money.of("1", "USD"))
    no_rate = needs(by_customer, eur("1"), dollars)
    assert (no_rate.release_tier, no_rate.because[-1]) == (
        Tier.MANAGER,
        "earlier refunds for this customer in the last 30 days: not known "
        "(a rate to EUR is missing): a manager",
    )
    assert needs(by_customer, eur("1"), dollars, rates=RATES).release_tier is Tier.AGENT
    # The store itself tells what was refunded of an order.
    assert needs(policy(), eur("1")).release_tier is Tier.AGENT
    assert required_tier(policy(), {}, eur("1")).release_tier is Tier.MANAGER
    refunded = Fact(name="order.refunded", value=Decimal(0), unit="USD")
    assert required_tier(policy(), {refunded.name: refunded}, eur("1")).tier is Tier.AGENT
    some = refunded.model_copy(update={"value": Decimal(1)})
    assert required_tier(policy(), {some.name: some}, eur("1")).tier is Tier.MANAGER
    # Nobody has clicked yet.
    assert needs(policy(split_subject=Subject.AGENT), eur("1")).release_tier is Tier.AGENT


def test_of_several_items_the_one_with_most_counts() -> None:
    by_item = policy(split_subject=Subject.ITEM)
    items = [
        figure(Subject.ITEM, 720, 1, eur(amount)).model_copy(update={"key": key})
        for key, amount in (("mug", "20"), ("vase", "80"))
    ]
    assert needs(by_item, eur("20"), *items).compared == eur("100")
    assert needs(by_item, eur("20.01"), *items).tier is Tier.TEAM_LEAD


def test_limits_in_another_currency_need_a_rate() -> None:
    dollars = policy(currency="USD")
    assert needs(dollars, eur("50"), rates=RATES).tier is Tier.AGENT
    assert needs(dollars, eur("50.01"), rates=RATES).tier is Tier.TEAM_LEAD
    unknown = needs(dollars, eur("1"))
    assert unknown.tier is Tier.MANAGER
    assert unknown.because == ("no rate from EUR to USD is set",)


def reason_rule(tier: Tier, reason: str = "damaged") -> TierRule:
    when = Comparison(fact="request.reason", operator=Operator.IS, threshold=reason)
    limits = (TierLimit(tier=tier, up_to=None),)
    return TierRule(id=f"{reason}_{tier.value}", title="Damaged", when=when, limits=limits)


def test_rules_replace_the_default_and_the_strictest_counts() -> None:
    lenient = policy(tier_rules=(reason_rule(Tier.AGENT),))
    assert needs(lenient, eur("900"), reason="damaged").tier is Tier.AGENT
    assert needs(lenient, eur("900"), reason="wrong_item").tier is Tier.MANAGER
    assert needs(lenient, eur("9")).tier is Tier.AGENT
    both = policy(tier_rules=(reason_rule(Tier.AGENT), reason_rule(Tier.TEAM_LEAD)))
    assert needs(both, eur("9"), reason="damaged").tier is Tier.TEAM_LEAD
    # The reason isn't known: the stricter of both answers.
    assert needs(policy(tier_rules=(reason_rule(Tier.MANAGER),)), eur("9")).tier is Tier.MANAGER


def limit(effect: LimitEffect = LimitEffect.REVIEW, **changes: Any) -> AbuseLimit:
    values = {"id": "often", "title": "Often", "subject": Subject.CUSTOMER, "hours": 24}
    return AbuseLimit.model_validate({**values, "max_count": 3, "effect": effect, **changes})


def always(**changes: Any) -> Policy:
    when = Comparison(fact="item.is_gift_card", operator=Operator.IS, threshold=False)
    clause = Clause(id="c", title="c", effect=Effect.REFUND, when=when, because="Yes.")
    return policy(clauses=(clause,), **changes)


@pytest.mark.parametrize(
    ("before", "verdict"),
    [(2, Verdict.ELIGIBLE), (3, Verdict.NEEDS_REVIEW), (None, "needs_review")],
)
def test_a_passed_limit_needs_review_and_an_unknown_count_does(before: Any, verdict: Any) -> None:
    history = (
        UNKNOWN_HISTORY
        if before is None
        else History(figures=(figure(Subject.CUSTOMER, 24, before),))
    )
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
    made = always(abuse_limits=(limit(),))
    found = decide(made, make_order((make_line(),)), request, NOW, history=history)
    assert found.verdict == verdict
    assert found.is_money_allowed is (before == 2)
    [finding] = [one for one in found.findings if one.code == "limit_often"]
    if before == 3:
        assert (
            finding.sentence == "refunds for this customer in the last 24 hours: 4 with this "
            "one, limit 3"
        )
        assert found.headline == finding.sentence or finding.sentence in found.blocked_because


def test_a_limit_may_ask_for_a_higher_tier_instead() -> None:
    made = policy(abuse_limits=(limit(LimitEffect.TIER, tier=Tier.TEAM_LEAD),))
    assert needs(made, eur("5"), figure(Subject.CUSTOMER, 24, 2)).tier is Tier.AGENT
    assert needs(made, eur("5"), figure(Subject.CUSTOMER, 24, 3)).tier is Tier.TEAM_LEAD
    assert needs(made, eur("5")).tier is Tier.TEAM_LEAD


def test_an_agents_limit_counts_once_somebody_clicks() -> None:
    made = policy(abuse_limits=(limit(subject=Subject.AGENT, hours=1),))
    assert needs(made, eur("5")).tier is Tier.AGENT
    assert needs(made, eur("5"), figure(Subject.AGENT, 1, 3)).tier is Tier.MANAGER


def test_amounts_are_limited_with_the_refund_at_hand() -> None:
    made = policy(abuse_limits=(limit(LimitEffect.TIER, max_count=None, max_amount=eur("100")),))
    so_far = figure(Subject.CUSTOMER, 24, 1, eur("60"))
    assert needs(made, eur("40"), so_far).tier is Tier.AGENT
    assert needs(made, eur("40.01"), so_far).tier is Tier.MANAGER


def test_nothing_is_released_by_itself_unless_every_limit_holds() -> None:
    assert needs(policy(), eur("1")).release_tier is Tier.AGENT
    made = policy(
        automatic=AutomaticRelease(up_to=eur("50"), per_day_count=10, per_customer_count=1)
    )
    quiet = (figure(Subject.STORE, 24, 3), figure(Subject.CUSTOMER, 720, 0))
    assert needs(made, eur("50"), *quiet).release_tier is Tier.AUTOMATIC
    assert needs(made, eur("50.01"), *quiet).release_tier is Tier.AGENT
    assert needs(made, eur("50")).release_tier is Tier.AGENT
    busy = (figure(Subject.STORE, 24, 10), figure(Subject.CUSTOMER, 720, 0))
    assert needs(made, eur("5"), *busy).release_tier is Tier.AGENT
    again = (figure(Subject.STORE, 24, 3), figure(Subject.CUSTOMER, 720, 1))
    assert needs(made, eur("5"), *again).release_tier is Tier.AGENT
    split = (*quiet, figure(Subject.ORDER, 720, 1, eur("30")))
    assert needs(made, eur("30"), *split).release_tier is Tier.AGENT


def test_history_facts_have_any_window() -> None:
    name = history_fact(Subject.CUSTOMER, Measure.REFUNDS, 24 * 90)
    assert name == "history.customer_refunds_90d"
    assert label_of(name) == "refunds to this customer in the last 90 days"
    assert history_fact(Subject.ITEM, Measure.REFUNDED, 24) == "history.item_refunded_24h"
    assert fact_spec("history.agent_refund_rate_30d") is None
    assert fact_spec("history.customer_refunds_0d") is None
