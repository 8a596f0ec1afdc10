"""Which clause decides: exceptions, priorities, the more specific one, and real conflicts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Decision, LineVerdict, Verdict
from app.domain.money import Money
from app.domain.people import Tier
from app.domain.plan import Destination
from app.domain.policy.evaluate import decide
from app.domain.policy.model import (
    AllOf,
    Clause,
    Condition,
    DayOfYear,
    Effect,
    Operator,
    Outcome,
    Policy,
    ProRataBasis,
    Resolution,
    Season,
    TierLimit,
)
from app.domain.policy.model import Test as Comparison
from app.domain.policy.precedence import find_cycle, rank
from app.domain.policy.rates import Rates
from tests.strategies import NOW, make_line, make_order

REQUEST = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)


def within(days: int) -> Condition:
    return Comparison(fact="item.days_since_delivery", operator=Operator.AT_MOST, threshold=days)


def tagged(tag: str) -> Condition:
    return Comparison(fact="item.tags", operator=Operator.CONTAINS_ANY, threshold=(tag,))


def rule(name: str, when: Condition, percent: int = 100, **changes: Any) -> Clause:
    values: dict[str, Any] = {
        "id": name,
        "title": name.title(),
        "effect": Effect.REFUND,
        "when": when,
        "because": f"Because of {name}.",
        "outcome": Outcome(percent=Decimal(percent)),
    }
    return Clause(**{**values, **changes})


def decided(*clauses: Clause, request: Request = REQUEST, **line: Any) -> Decision:
    policy = Policy(id="p", version=1, title="p", clauses=clauses, tiers=())
    values = {"delivered_at": NOW - timedelta(days=10), "tags": ("sale",), **line}
    return decide(policy, make_order((make_line(**values),)), request, NOW)


def first(*clauses: Clause, **line: Any) -> LineVerdict:
    return decided(*clauses, **line).lines[0]


def no(name: str, when: Condition, **changes: Any) -> Clause:
    return rule(name, when, effect=Effect.EXCLUDE, **changes)


def test_an_exception_beats_a_rule_whatever_its_priority() -> None:
    found = first(
        rule("window", within(30), priority=99), no("sale", tagged("sale"), is_exception=True)
    )
    assert (found.verdict, found.decided_by) == (Verdict.NOT_ELIGIBLE, "sale")


def test_an_exception_that_names_a_clause_beats_that_one_only() -> None:
    window, final = rule("window", within(5)), no("final", tagged("sale"), is_exception=True)
    vip = rule("vip", within(60), is_exception=True, excepts=("window",))
    assert first(window, final, vip).decided_by == "final"
    assert first(window, vip).decided_by == "vip"
    strict = no("window", within(30), priority=9)
    assert first(strict, vip).decided_by == "vip"


def test_the_narrower_window_and_the_added_condition_are_more_specific() -> None:
    wide, narrow = rule("wide", within(30), 50), rule("narrow", within(14), 100)
    assert first(wide, narrow).decided_by == "narrow"
    assert first(wide, narrow, delivered_at=NOW - timedelta(days=20)).decided_by == "wide"
    both = rule("both", AllOf(parts=(within(30), tagged("sale"))), 10)
    assert first(wide, both).decided_by == "both"


def test_a_conflict_needs_review_and_names_both() -> None:
    found = first(rule("window", within(30)), no("sale", tagged("sale")))
    assert found.verdict is Verdict.NEEDS_REVIEW
    assert found.conflict == ("sale", "window")
    assert "“Sale”" in found.because and "“Window”" in found.because
    same = first(rule("a", within(30), 50), rule("b", tagged("sale"), 50))
    assert same.verdict is Verdict.ELIGIBLE


def test_what_cannot_be_told_only_matters_where_it_would_change_the_answer() -> None:
    unknown = Comparison(fact="item.type", operator=Operator.IS, threshold="Shoes")
    weak, strong = no("weak", unknown, priority=-1), no("strong", unknown, priority=1)
    window = rule("window", within(30))
    assert decided(window, weak).verdict is Verdict.ELIGIBLE
    blocked = decided(window, strong)
    assert blocked.verdict is Verdict.NEEDS_REVIEW
    assert blocked.missing == ("product type: not known (the store gave no product type)",)
    assert decided(window, weak).missing == ()


def test_an_exception_stands_where_the_clauses_it_names_stand() -> None:
    a = rule("a", within(30), 100, priority=3)
    b = rule("b", within(30), 50, priority=2)
    c = rule("c", within(30), 10, priority=1, is_exception=True, excepts=("a",))
    assert first(a, b, c).decided_by == "c"
    assert find_cycle(rank((a, b, c))) == ()


def test_a_ring_of_exceptions_decides_nothing() -> None:
    wide, narrow = rule("wide", within(30), 50), rule("narrow", within(20), 100)
    back = rule("back", within(40), 10, is_exception=True, excepts=("narrow",))
    # The narrower window beats the wider, which beats the widest, which excepts the narrowest.
    clauses = (wide, narrow, back)
    assert [one.id for one in find_cycle(rank(clauses))] == ["back", "narrow", "wide"]
    assert first(*clauses).verdict is Verdict.NEEDS_REVIEW
    assert find_cycle(rank((wide, narrow))) == ()


def test_evidence_is_asked_for_until_it_is_there() -> None:
    ask = rule("photo", within(30), effect=Effect.ASK_EVIDENCE, because="Send a photo.", priority=1)
    window = rule("window", within(30))
    for has, verdict in ((False, "needs_review"), (None, "needs_review"), (True, "eligible")):
        request = REQUEST.model_copy(update={"has_evidence": has})
        found = decided(ask, window, request=request)
        assert found.verdict == verdict
        assert found.evidence_wanted == (() if has else ("Send a photo.",))


# --- outcomes -----------------------------------------------------------------------------------


def outcome(**values: Any) -> Decision:
    return decided(rule("given", within(30), outcome=Outcome(**values)))


def test_fees_bonus_and_keeping_go_into_the_terms() -> None:
    plan = outcome(restocking_percent=Decimal(10), return_shipping_fee=Money.of("4", "EUR")).plan
    assert plan is not None
    # Two units at 10.00 with 2.00 tax: 22.00, less 2.20 and 4.00.
    assert plan.total == Money.of("15.80", "EUR")
    kept = outcome(keeps_item=True).lines[0].terms
    assert kept.keeps_item


def test_an_exchange_is_eligible_and_moves_no_money() -> None:
    found = outcome(resolution=Resolution.EXCHANGE)
    assert (found.verdict, found.plan, found.is_money_allowed) == (Verdict.ELIGIBLE, None, False)
    assert found.lines[0].resolution is Resolution.EXCHANGE
    assert found.blocked_because == ("The policy gives an exchange for this, no money.",)


def test_store_credit_has_its_destination_and_bonus() -> None:
    order = make_order((make_line(),), can_store_credit=True)
    given = Outcome(resolution=Resolution.STORE_CREDIT, bonus_percent=Decimal(10))
    policy = Policy(
        id="p", version=1, title="p", clauses=(rule("c", within(30), outcome=given),), tiers=()
    )
    found = decide(policy, order, REQUEST, NOW)
    assert found.lines[0].terms.destination is Destination.STORE_CREDIT
    assert found.lines[0].terms.bonus_percent == 10


def test_a_fee_without_a_rate_needs_review() -> None:
    found = outcome(restocking_fee=Money.of("4", "USD"))
    assert found.verdict is Verdict.NEEDS_REVIEW
    assert "no rate from USD to EUR" in found.headline
    assert found.plan is None


def test_pro_rata_gives_the_unused_share_and_nothing_once_it_is_used_up() -> None:
    clause = rule("days", within(30), outcome=Outcome(pro_rata=ProRataBasis.DAYS))
    service = {"starts_at": NOW - timedelta(days=10), "ends_at": NOW + timedelta(days=20)}
    found = decided(clause, service=service)
    assert found.plan is not None
    # 20 of 30 days of 20.00 and of 2.00 tax.
    assert found.plan.total == Money.of("14.66", "EUR")
    used = decided(clause, service={**service, "ends_at": NOW - timedelta(days=1)})
    assert used.verdict is Verdict.NOT_ELIGIBLE
    assert used.headline == "All 9 days that were paid for are used."
    assert decided(clause).verdict is Verdict.NEEDS_REVIEW


# --- money and dates ----------------------------------------------------------------------------


def test_money_is_compared_by_the_rates_that_the_admin_set() -> None:
    cheap = Comparison(
        fact="item.price", operator=Operator.AT_MOST, threshold=Money.of("11", "USD")
    )
    policy = Policy(id="p", version=1, title="p", clauses=(rule("c", cheap),), tiers=())
    order = make_order((make_line(),))
    assert decide(policy, order, REQUEST, NOW).verdict is Verdict.NEEDS_REVIEW
    for rate, verdict in (("0.95", Verdict.ELIGIBLE), ("0.5", Verdict.NOT_ELIGIBLE)):
        rates = Rates.model_validate({"base": "EUR", "per_unit": {"USD": rate}})
        assert decide(policy, order, REQUEST, NOW, rates=rates).verdict is verdict


@pytest.mark.parametrize(
    ("ordered", "today", "holds"),
    [
        (date(2024, 11, 1), date(2025, 1, 31), True),
        (date(2024, 12, 24), date(2025, 1, 31), True),
        (date(2024, 12, 24), date(2025, 2, 1), False),
        (date(2024, 12, 25), date(2025, 1, 2), False),
        (date(2024, 10, 31), date(2024, 11, 2), False),
    ],
)
def test_a_holiday_window_of_every_year(ordered: date, today: date, holds: bool) -> None:
    season = Season(
        first=DayOfYear(month=11, day=1),
        last=DayOfYear(month=12, day=24),
        until=DayOfYear(month=1, day=31),
    )
    policy = Policy(
        id="p", version=1, title="p", time_zone="Asia/Tokyo", clauses=(rule("c", season),), tiers=()
    )
    order = make_order((make_line(),), created_at=NOW.replace(**_parts(ordered)))
    decision = decide(policy, order, REQUEST, NOW.replace(**_parts(today)))
    assert (decision.verdict is Verdict.ELIGIBLE) is holds
    if today == date(2025, 2, 1):
        assert decision.headline.endswith("until 31 January 2025, 1 day late")


def _parts(day: date) -> dict[str, Any]:
    return {"year": day.year, "month": day.month, "day": day.day}


def test_a_season_may_pass_over_the_new_year() -> None:
    season = Season(first=DayOfYear(month=12, day=20), last=DayOfYear(month=1, day=6))
    assert season.window_of(date(2025, 1, 3)) == (date(2024, 12, 20), date(2025, 1, 6), None)
    assert season.window_of(date(2025, 1, 7)) is None


def test_limits_must_run_upwards_in_rules_too() -> None:
    with pytest.raises(ValueError, match="smallest"):
        Policy(
            id="p",
            version=1,
            title="p",
            clauses=(),
            tiers=(
                TierLimit(tier=Tier.MANAGER, up_to=Decimal(1)),
                TierLimit(tier=Tier.AGENT, up_to=Decimal(2)),
            ),
        )
