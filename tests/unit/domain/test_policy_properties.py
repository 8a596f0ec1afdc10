"""Properties of every policy that can be written, also of such as contradict themselves."""

from __future__ import annotations

import multiprocessing
from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.cli.policy_bench import digest_of_share
from app.cli.policy_faults import faults_of
from app.cli.policy_samples import (
    NOW,
    random_condition,
    random_order,
    random_policy,
    random_request,
)
from app.domain.classification import Wants
from app.domain.decision import Decision, Truth, Verdict
from app.domain.money import Money
from app.domain.order import FulfilmentStatus, Order
from app.domain.policy.evaluate import apply_clause, decide, rerun
from app.domain.policy.facts import Fact
from app.domain.policy.history import UNKNOWN_HISTORY, History, HistoryFigure
from app.domain.policy.limits import Subject
from app.domain.policy.model import Clause, Condition, Effect, Not, Operator, Policy
from app.domain.policy.model import Test as Comparison
from app.domain.policy.rates import NO_RATES, Rates
from app.domain.policy.specificity import Demands

seeds = st.integers(0, 10**9)
RATES = Rates.model_validate(
    {"base": "EUR", "per_unit": {"USD": "0.9", "JPY": "0.006", "KWD": "3"}}
)
HISTORY = History(
    figures=(
        HistoryFigure(subject=Subject.CUSTOMER, hours=24, count=1, orders=1),
        HistoryFigure(
            subject=Subject.ORDER, hours=720, count=1, orders=1, amounts=(Money.of("20", "EUR"),)
        ),
    )
)


def answer(decision: Decision) -> object:
    """What a decision comes to, without the findings' order."""
    lines = [(one.verdict, one.decided_by, one.conflict, one.terms) for one in decision.lines]
    return decision.verdict, lines, decision.plan, decision.release_tier, decision.blocked_because


@settings(max_examples=50)
@given(seeds)
def test_no_policy_makes_a_plan_that_exceeds_what_is_left(seed: int) -> None:
    random = Random(seed)
    policy, order, request = random_policy(random), random_order(random), random_request(random)
    decision = decide(policy, order, request, NOW, history=HISTORY, rates=RATES)
    assert faults_of(order, decision) == []


@settings(max_examples=50)
@given(seeds, st.randoms())
def test_the_order_of_clauses_changes_nothing(seed: int, random: Random) -> None:
    made = Random(seed)
    policy, order, request = random_policy(made), random_order(made), random_request(made)
    clauses = list(policy.clauses)
    random.shuffle(clauses)
    other = policy.model_copy(update={"clauses": tuple(clauses)})
    one = decide(policy, order, request, NOW, history=HISTORY, rates=RATES)
    two = decide(other, order, request, NOW, history=HISTORY, rates=RATES)
    assert answer(one) == answer(two)


@settings(max_examples=50)
@given(seeds)
def test_a_stored_decision_is_made_again_with_the_same_answer(seed: int) -> None:
    random = Random(seed)
    policy, order, request = random_policy(random), random_order(random), random_request(random)
    decision = decide(policy, order, request, NOW, history=HISTORY, rates=RATES)
    kept = Decision.from_json(decision.to_json())
    again = rerun(
        Policy.from_json(policy.to_json()), kept, Order.from_json(order.to_json()), request
    )
    assert again == decision
    quick = decide(policy, order, request, NOW, history=HISTORY, rates=RATES, keeps_all_facts=False)
    assert answer(quick) == answer(decision)


LESS_OF_ORDER: list[dict[str, Any]] = [
    {"country": None},
    {"is_disputed": None},
    {"has_open_return": None},
    {"fulfilment_status": FulfilmentStatus.UNKNOWN},
    {"risk": None},
]
LESS_OF_LINE: list[dict[str, Any]] = [
    {"is_final_sale": None},
    {"was_shipped": None},
    {"shipped_at": None},
    {"product_type": None},
    {"sku": None},
    {"service": None},
]
LESS_OF_REQUEST: list[dict[str, Any]] = [
    {"wants": Wants.UNKNOWN},
    {"has_evidence": None},
    {"states_opened": None},
]


@settings(max_examples=50)
@given(seeds, st.data())
def test_less_information_never_makes_another_verdict_eligible(seed: int, data: Any) -> None:
    random = Random(seed)
    policy, order, request = random_policy(random), random_order(random), random_request(random)
    before = decide(policy, order, request, NOW, history=HISTORY, rates=RATES)
    assume(before.verdict is not Verdict.ELIGIBLE)
    history, rates = HISTORY, RATES
    for kind in data.draw(
        st.sets(st.sampled_from(["order", "line", "request", "history", "rates"]), min_size=1)
    ):
        if kind == "order":
            order = order.model_copy(update=data.draw(st.sampled_from(LESS_OF_ORDER)))
        elif kind == "line":
            lines = list(order.lines)
            number = data.draw(st.integers(0, len(lines) - 1))
            change = data.draw(st.sampled_from(LESS_OF_LINE))
            lines[number] = lines[number].model_copy(update=change)
            order = order.model_copy(update={"lines": tuple(lines)})
        elif kind == "request":
            request = request.model_copy(update=data.draw(st.sampled_from(LESS_OF_REQUEST)))
        elif kind == "history":
            history = UNKNOWN_HISTORY
        else:
            rates = NO_RATES
    after = decide(policy, order, request, NOW, history=history, rates=rates)
    assert after.verdict is not Verdict.ELIGIBLE
    assert not after.is_money_allowed


def test_another_process_answers_the_same() -> None:
    task = (5, 30, 0, 5)
    here = digest_of_share(task)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.map(digest_of_share, [task])[0]
    assert here == there == digest_of_share(task)
    assert here[1] == []


@settings(max_examples=50)
@given(seeds, seeds, seeds)
def test_more_specific_is_a_strict_order(one: int, two: int, three: int) -> None:
    a, b, c = (Demands(random_condition(Random(seed))) for seed in (one, two, three))
    assert not a.is_more_specific_than(a)
    assert not (a.is_more_specific_than(b) and b.is_more_specific_than(a))
    if a.is_more_specific_than(b) and b.is_more_specific_than(c):
        assert a.is_more_specific_than(c)


def test_what_implies_another_comparison_never_holds_without_it() -> None:
    numbers = (
        Operator.IS,
        Operator.IS_NOT,
        Operator.AT_MOST,
        Operator.AT_LEAST,
        Operator.LESS_THAN,
        Operator.MORE_THAN,
    )
    values: dict[str, tuple[Any, ...]] = {
        "item.quantity": (0, 1, 2, 3),
        "item.sku": ("a", "b", "c"),
    }
    tests: list[tuple[str, Condition]] = [
        ("item.quantity", Comparison(fact="item.quantity", operator=operator, threshold=number))
        for operator in numbers
        for number in (1, 2)
    ]
    tests += [
        ("item.sku", Comparison(fact="item.sku", operator=operator, threshold=some))
        for operator in (Operator.ONE_OF, Operator.NONE_OF)
        for some in (("a",), ("a", "b"), ("b", "c"))
    ]
    tests += [(fact, Not(part=condition)) for fact, condition in tests]

    def table(fact: str, condition: Condition) -> list[bool]:
        clause = Clause(id="c", title="c", effect=Effect.REVIEW, when=condition, because="c")
        return [
            apply_clause(clause, {fact: Fact(name=fact, value=value)}).truth is Truth.TRUE
            for value in values[fact]
        ]

    known = [(fact, Demands(condition), table(fact, condition)) for fact, condition in tests]
    compared = 0
    for fact, one, holds in known:
        for other, two, also in known:
            if fact == other and one.implies(two):
                compared += 1
                assert all(not mine or theirs for mine, theirs in zip(holds, also, strict=True))
            if fact == other and one.excludes(two):
                assert not any(mine and theirs for mine, theirs in zip(holds, also, strict=True))
    assert compared > len(known)
