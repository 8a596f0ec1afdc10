"""The benchmark's checks notice a wrong plan, whichever way it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from app.cli.policy_faults import faults_of
from app.cli.policy_samples import NOW, random_order, random_policy, random_request
from app.domain.decision import Decision, Verdict
from app.domain.money import Money
from app.domain.order import Order
from app.domain.plan import Plan
from app.domain.policy.evaluate import decide


def a_plan_with_tax_and_shipping() -> tuple[Order, Decision, Plan]:
    for seed in range(5000):
        random = Random(seed)
        order, request = random_order(random), random_request(random)
        decision = decide(random_policy(random), order, request, NOW)
        plan = decision.plan
        if plan is not None and plan.shipping and plan.lines[0].tax and plan.tenders:
            return order, decision, plan
    raise AssertionError("no random plan with tax and shipping")


ORDER, DECISION, PLAN = a_plan_with_tax_and_shipping()


def more(amount: Money) -> Money:
    return amount + Money.from_minor_units(1, amount.currency)


def huge(amount: Money) -> Money:
    return Money.from_minor_units(10**9, amount.currency)


def with_line(**changes: Any) -> dict[str, Any]:
    line = PLAN.lines[0].model_copy(update=changes)
    return {"lines": (line, *PLAN.lines[1:])}


def with_tender(change: Callable[[Money], Money]) -> dict[str, Any]:
    tender = PLAN.tenders[0]
    changed = tender.model_copy(update={"amount": change(tender.amount)})
    return {"tenders": (changed, *PLAN.tenders[1:])}


def test_a_right_plan_has_no_fault() -> None:
    assert faults_of(ORDER, DECISION) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"total": Money.zero(PLAN.total.currency)}, "a plan of 0"),
        ({"total": -PLAN.total}, "a plan of -"),
        ({"total": huge(PLAN.total)}, " left"),
        ({"total": more(PLAN.total)}, "parts of"),
        ({"shipping": more(PLAN.shipping)}, "parts of"),
        ({"shipping": huge(PLAN.shipping)}, "shipping "),
        ({"shipping_tax": more(PLAN.shipping_tax)}, "parts of"),
        ({"adjustment": more(PLAN.adjustment)}, "parts of"),
        ({"duties": more(Money.zero(PLAN.total.currency))}, "parts of"),
        ({"tenders": ()}, "payments of 0"),
        (with_tender(more), "payments of"),
        (with_tender(huge), "which takes"),
        (with_line(quantity=0), "0 of line-"),
        (with_line(quantity=99), "99 of line-"),
        (with_line(amount=more(PLAN.lines[0].amount)), "parts of"),
        (with_line(amount=-PLAN.lines[0].amount), "and tax"),
        (with_line(amount=huge(PLAN.lines[0].amount)), "and tax"),
    ],
)
def test_a_wrong_plan_is_named(changes: dict[str, Any], says: str) -> None:
    wrong = PLAN.model_copy(update=changes)
    found = faults_of(ORDER, DECISION.model_copy(update={"plan": wrong}))
    assert any(says in fault for fault in found)


def test_money_without_a_yes_is_named() -> None:
    no = {"verdict": Verdict.NOT_ELIGIBLE, "is_money_allowed": True}
    assert len(faults_of(ORDER, DECISION.model_copy(update=no))) == 2
    nothing = {"plan": None, "is_money_allowed": True}
    assert len(faults_of(ORDER, DECISION.model_copy(update=nothing))) == 1
    lines = tuple(one.model_copy(update=no) for one in DECISION.lines)
    assert faults_of(ORDER, DECISION.model_copy(update={"lines": lines}))
