"""The policy evaluator: three-valued, order-blind, explained, and never yes on a guess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.classification import Classification, Kind, Reason, Request
from app.domain.decision import Decision, Finding, Truth, Verdict
from app.domain.order import FulfilmentStatus, Order, PaymentStatus
from app.domain.people import Tier
from app.domain.policy.default import DEFAULT_POLICY
from app.domain.policy.evaluate import apply_clause, decide, order_level_blocks
from app.domain.policy.facts import Fact, days_between
from app.domain.policy.model import (
    AllOf,
    AnyOf,
    Clause,
    Condition,
    Effect,
    Not,
    Operator,
    Outcome,
    Policy,
    Scope,
    TierLimit,
)
from app.domain.policy.model import Test as Comparison
from tests.strategies import NOW, conditions, make_line, make_order, orders, policies, requests

PLAIN = Request(kind=Kind.REFUND_ITEM, reason=Reason.CHANGED_MIND)
DAY_60, DAY_61 = NOW - timedelta(days=60), NOW - timedelta(days=61)
UNSENT: dict[str, Any] = {"was_shipped": False, "delivered_at": None}
T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def delivered(days: int, **changes: Any) -> Order:
    return make_order((make_line(delivered_at=NOW - timedelta(days=days), **changes),))


def yes(fact: str) -> Comparison:
    return Comparison(fact=fact, operator=Operator.IS, threshold=True)


def clause(when: Condition, effect: Effect = Effect.REFUND, **changes: Any) -> Clause:
    values = {"id": "tested", "title": "Tested", "because": "It holds."}
    return Clause.model_validate({**values, "effect": effect, "when": when, **changes})


def apply(when: Condition, **values: Any) -> Finding:
    facts = {
        name: Fact(name=name, value=value, unknown_because=None if value is not None else "unread")
        for name, value in values.items()
    }
    return apply_clause(clause(when), facts)


# --- properties ---------------------------------------------------------------------------------


@given(policies(), orders(), requests, st.randoms())
def test_the_order_of_clauses_changes_no_verdict(
    policy: Policy, order: Order, request: Request, random: Random
) -> None:
    shuffled = list(policy.clauses)
    random.shuffle(shuffled)
    other = policy.model_copy(update={"clauses": tuple(shuffled)})
    one, two = decide(policy, order, request, NOW), decide(other, order, request, NOW)
    assert one.verdict is two.verdict
    assert [(v.verdict, v.percent) for v in one.lines] == [
        (v.verdict, v.percent) for v in two.lines
    ]
    assert one.plan == two.plan


@given(policies(), orders(), requests)
def test_every_clause_is_among_the_findings_of_every_line(
    policy: Policy, order: Order, request: Request
) -> None:
    decision = decide(policy, order, request, NOW)
    tested = {(finding.code, line_id) for line_id, finding in decision.tested()}
    for line, rule in product(order.lines, policy.clauses):
        assert (rule.id, line.id) in tested
    assert all(finding.sentence for _, finding in decision.tested())


@given(policies(), orders(), requests)
def test_a_decision_is_the_same_again_and_after_json(
    policy: Policy, order: Order, request: Request
) -> None:
    decision = decide(policy, order, request, NOW)
    stored = Policy.from_json(policy.to_json()), Order.from_json(order.to_json())
    assert decide(*stored, request, NOW) == decision
    assert Decision.from_json(decision.to_json()) == decision


UNKNOWN_ORDER: list[dict[str, Any]] = [
    {"is_disputed": None},
    {"has_open_return": None},
    {"payment_status": PaymentStatus.UNKNOWN},
    {"fulfilment_status": FulfilmentStatus.UNKNOWN},
    {"country": None},
    {"is_complete": False},
    {"unknown_values": ("financial_status=new",)},
    {"missing": ("transactions",)},
]
UNKNOWN_LINE: list[dict[str, Any]] = [
    {"is_final_sale": None},
    {"was_shipped": None},
    {"delivered_at": None},
    {"product_type": None},
    {"sku": None},
]


@given(st.just(DEFAULT_POLICY) | policies(), orders(), requests, st.data())
def test_an_unknown_fact_never_makes_an_order_eligible(
    policy: Policy, order: Order, request: Request, data: Any
) -> None:
    assume(decide(policy, order, request, NOW).verdict is not Verdict.ELIGIBLE)
    if data.draw(st.booleans()):
        less = order.model_copy(update=data.draw(st.sampled_from(UNKNOWN_ORDER)))
    else:
        change = data.draw(st.sampled_from(UNKNOWN_LINE))
        number = data.draw(st.integers(0, len(order.lines) - 1))
        # A line without a date is "not delivered" when it surely wasn't sent: that is known.
        assume("delivered_at" not in change or order.lines[number].was_shipped is not False)
        lines = list(order.lines)
        lines[number] = lines[number].model_copy(update=change)
        less = order.model_copy(update={"lines": tuple(lines)})
    decision = decide(policy, less, request, NOW)
    assert decision.verdict is not Verdict.ELIGIBLE
    assert not decision.is_money_allowed


@given(st.just(DEFAULT_POLICY) | policies(), orders(), requests)
def test_an_unsure_classifier_never_makes_an_order_eligible(
    policy: Policy, order: Order, request: Request
) -> None:
    assume(decide(policy, order, request, NOW).verdict is not Verdict.ELIGIBLE)
    assert decide(policy, order, request, NOW, unsure()).verdict is not Verdict.ELIGIBLE


def unsure() -> Classification:
    return Classification(
        refund=True,
        refund_related=True,
        kind=Kind.REFUND_ITEM,
        confidence=0.4,
        needs_human=True,
        classifier="test",
    )


@given(st.integers(0, 120), st.integers(0, 50), st.sampled_from(["UTC", "Asia/Tokyo", "US/Hawaii"]))
def test_once_outside_the_window_always_outside(hours: int, later: int, zone: str) -> None:
    policy = DEFAULT_POLICY.model_copy(update={"time_zone": zone})
    start = NOW + timedelta(days=18, hours=hours)
    if decide(policy, delivered(10), PLAIN, start).verdict is Verdict.NOT_ELIGIBLE:
        after = decide(policy, delivered(10), PLAIN, start + timedelta(hours=later))
        assert after.verdict is Verdict.NOT_ELIGIBLE


@given(orders(), requests)
def test_money_is_allowed_only_with_an_exact_plan(order: Order, request: Request) -> None:
    decision = decide(DEFAULT_POLICY, order, request, NOW)
    assert decision.is_money_allowed == (not decision.blocked_because)
    if decision.is_money_allowed:
        assert decision.verdict is Verdict.ELIGIBLE
        assert decision.plan is not None and decision.plan.is_exact
    if decision.plan is not None:
        eligible = {v.line_id for v in decision.lines if v.verdict is Verdict.ELIGIBLE}
        assert {line.line_id for line in decision.plan.lines} == eligible


# --- truth --------------------------------------------------------------------------------------

VALUES: dict[Truth, bool | None] = {T: True, F: False, U: None}
AND = {(T, T): T, (T, U): U, (U, U): U}
OR = {(F, F): F, (F, U): U, (U, U): U}


@pytest.mark.parametrize(("left", "right"), list(product(Truth, Truth)))
def test_truth_tables(left: Truth, right: Truth) -> None:
    values = {"a": VALUES[left], "b": VALUES[right]}
    pair = (yes("a"), yes("b"))
    both = apply(AllOf(parts=pair), **values).truth
    either = apply(AnyOf(parts=pair), **values).truth
    assert both is AND.get((left, right), AND.get((right, left), F))
    assert either is OR.get((left, right), OR.get((right, left), T))
    assert apply(Not(part=yes("a")), **values).truth is {T: F, F: T, U: U}[left]


@given(conditions)
def test_with_nothing_known_nothing_is_true_or_false(condition: Condition) -> None:
    assert apply(condition).truth is U


@pytest.mark.parametrize(
    ("operator", "threshold", "value", "truth"),
    [
        (Operator.AT_MOST, 30, 30, T),
        (Operator.AT_MOST, 30, 31, F),
        (Operator.AT_LEAST, 30, 30, T),
        (Operator.LESS_THAN, 30, 30, F),
        (Operator.MORE_THAN, Decimal("29.99"), 30, T),
        (Operator.IS, "DE", "DE", T),
        (Operator.IS_NOT, "DE", "FR", T),
        (Operator.ONE_OF, ("DE", "FR"), "FR", T),
        (Operator.NONE_OF, ("DE", "FR"), "FR", F),
        (Operator.CONTAINS_ANY, ("Sale",), ("sale", "new"), T),
        (Operator.CONTAINS_ANY, ("Sale",), (), F),
        (Operator.AT_MOST, "30", 20, U),
        (Operator.AT_MOST, True, 1, U),
        (Operator.IS, True, 1, U),
        (Operator.IS_NOT, True, "yes", U),
        (Operator.NONE_OF, "DE", "DE", U),
        (Operator.CONTAINS_ANY, ("a",), "a", U),
    ],
)
def test_operators_and_thresholds_of_the_wrong_kind(
    operator: Operator, threshold: Any, value: Any, truth: Truth
) -> None:
    when = Comparison(fact="a", operator=operator, threshold=threshold)
    assert apply(when, a=value).truth is truth
    assert apply(Not(part=when), a=value).truth is {T: F, F: T, U: U}[truth]


# --- explanations -------------------------------------------------------------------------------


def test_the_nearest_miss_says_by_how_much() -> None:
    decision = decide(DEFAULT_POLICY, delivered(32), PLAIN, NOW)
    assert decision.verdict is Verdict.NOT_ELIGIBLE
    assert decision.headline == "delivered 32 days ago, limit 30: 2 days late"
    assert [f.code for _, f in decision.tested() if f.is_nearest_miss] == ["within_30_days"]
    assert decision.alternatives


def test_a_negated_test_is_no_miss_when_it_is_met() -> None:
    late = Comparison(fact="days", operator=Operator.AT_MOST, threshold=30)
    found = apply(AllOf(parts=(Not(part=yes("final")), late)), final=False, days=32)
    assert (found.truth, found.missed_by) == (F, Decimal(2))
    cheap = Not(part=Comparison(fact="price", operator=Operator.MORE_THAN, threshold=100))
    found = apply(AllOf(parts=(cheap, Not(part=yes("gift")))), price=50, gift=True)
    assert (found.truth, found.missed_by) == (F, None)
    assert found.sentence == "gift: yes"


def test_missing_facts_are_named() -> None:
    order = make_order((make_line(delivered_at=None),))
    decision = decide(DEFAULT_POLICY, order, PLAIN, NOW)
    assert decision.verdict is Verdict.NEEDS_REVIEW
    assert any("no delivery date" in text for text in decision.missing)


@pytest.mark.parametrize(("days", "verdict"), [(30, Verdict.ELIGIBLE), (31, Verdict.NOT_ELIGIBLE)])
def test_the_last_day_of_a_window_counts(days: int, verdict: Verdict) -> None:
    assert decide(DEFAULT_POLICY, delivered(days), PLAIN, NOW).verdict is verdict


@pytest.mark.parametrize(
    ("zone", "days"), [("UTC", 30), ("Europe/Berlin", 30), ("Asia/Tokyo", 30), ("US/Hawaii", 31)]
)
def test_days_are_calendar_days_of_the_time_zone(zone: str, days: int) -> None:
    earlier = datetime(2025, 6, 1, 0, 30, tzinfo=UTC)
    later = datetime(2025, 7, 1, 14, 0, tzinfo=UTC)
    assert days_between(earlier, later, zone) == days


def test_a_delivery_in_the_future_is_today() -> None:
    assert days_between(NOW + timedelta(days=3), NOW, "UTC") == 0


@pytest.mark.parametrize(
    ("reason", "line", "verdict", "code"),
    [
        (Reason.DAMAGED, {"delivered_at": DAY_60}, "eligible", "damaged_or_wrong"),
        (Reason.DAMAGED, {"delivered_at": DAY_61}, "not_eligible", "damaged_or_wrong"),
        (Reason.NOT_ARRIVED, {}, "needs_review", "not_arrived"),
        (Reason.DUPLICATE_CHARGE, {}, "needs_review", "duplicate_charge"),
        (Reason.CHANGED_MIND, {"is_final_sale": True}, "not_eligible", "final_sale"),
        (Reason.DAMAGED, {"is_final_sale": True}, "eligible", "damaged_or_wrong"),
        (Reason.CHANGED_MIND, UNSENT, "eligible", "not_shipped"),
    ],
)  # fmt: skip
def test_the_default_policy(reason: Reason, line: Any, verdict: str, code: str) -> None:
    request = Request(kind=Kind.REFUND_ITEM, reason=reason)
    decision = decide(DEFAULT_POLICY, make_order((make_line(**line),)), request, NOW)
    assert decision.verdict == verdict
    assert decision.lines[0].decided_by == code


def test_the_highest_priority_decides_and_a_tie_is_no_luck() -> None:
    always = Not(part=yes("item.is_final_sale"))

    def among(*rules: tuple[str, int, int]) -> Decision:
        clauses = tuple(
            clause(always, id=name, outcome=Outcome(percent=Decimal(percent)), priority=priority)
            for name, percent, priority in rules
        )
        policy = Policy(id="p", version=1, title="p", clauses=clauses, tiers=())
        return decide(policy, make_order(), PLAIN, NOW)

    decision = among(("a", 100, 0), ("b", 50, 5))
    assert (decision.lines[0].decided_by, decision.lines[0].percent) == ("b", Decimal(50))
    decision = among(("a", 100, 0), ("b", 50, 5), ("c", 80, 5))
    assert decision.verdict is Verdict.NEEDS_REVIEW
    assert decision.lines[0].conflict == ("b", "c")
    assert not decision.is_money_allowed


# --- the model ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "tier"),
    [("500", "agent"), ("500.01", "team_lead"), ("2000", "team_lead"), ("2000.01", "manager")],
)
def test_tiers_include_their_limit(amount: str, tier: str) -> None:
    assert DEFAULT_POLICY.tier_for(Decimal(amount)) == tier


def test_automatic_amounts_wait_for_an_agent_unless_the_merchant_wrote_otherwise() -> None:
    assert DEFAULT_POLICY.release_tier(Tier.AUTOMATIC) is Tier.AGENT
    trusting = DEFAULT_POLICY.model_copy(update={"releases_automatically": True})
    assert trusting.release_tier(Tier.AUTOMATIC) is Tier.AUTOMATIC
    assert DEFAULT_POLICY.release_tier(Tier.MANAGER) is Tier.MANAGER
    assert not Tier.AGENT.covers(Tier.TEAM_LEAD) and Tier.MANAGER.covers(Tier.AGENT)


@pytest.mark.parametrize(
    "change",
    [
        {"clauses": (clause(yes("a")), clause(yes("b")))},
        {"clauses": (clause(yes("a"), id="store_payment", scope=Scope.ORDER),)},
        {"time_zone": "Mars/Olympus"},
        {
            "tiers": (
                TierLimit(tier=Tier.AGENT, up_to=Decimal(500)),
                TierLimit(tier=Tier.AUTOMATIC, up_to=Decimal(100)),
            )
        },
    ],
)
def test_an_ambiguous_policy_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Policy.model_validate({**dict(DEFAULT_POLICY), **change})


def test_the_stores_own_rules_come_first() -> None:
    order = make_order(is_disputed=True)
    decision = decide(DEFAULT_POLICY, order, PLAIN, NOW)
    assert decision.verdict is Verdict.NEEDS_REVIEW
    assert not decision.is_money_allowed
    assert order_level_blocks(decision) == decision.blocked_because
    assert "dispute" in decision.headline
