"""The shipped examples decide what their sentences say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Decision, Verdict
from app.domain.money import Money
from app.domain.order import LineItem, ServiceUse
from app.domain.plan import Destination
from app.domain.policy.compiled import prepare
from app.domain.policy.evaluate import decide
from app.domain.policy.history import History, HistoryFigure, item_key
from app.domain.policy.model import Policy, Subject
from app.domain.policy.shipped import shipped_policy
from tests.strategies import make_line, make_order

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
ELIGIBLE, DECLINED, REVIEW = Verdict.ELIGIBLE, Verdict.NOT_ELIGIBLE, Verdict.NEEDS_REVIEW
FAULT = {"reason": Reason.DAMAGED}
PROVEN = {**FAULT, "has_evidence": True}


def quiet_past(policy: Policy, line: LineItem) -> History:
    """A history in which nobody had a refund."""
    return History(
        figures=tuple(
            HistoryFigure(
                subject=subject,
                hours=hours,
                key=item_key(line) if subject is Subject.ITEM else "",
                count=0,
                orders=0,
            )
            for subject, hours in prepare(policy).windows
        )
    )


def decided(
    name: str,
    line: dict[str, Any] | None = None,
    request: dict[str, Any] | None = None,
    order: dict[str, Any] | None = None,
    days: int | None = 10,
    now: datetime = NOW,
) -> Decision:
    """One line of two units at 10.00 with 2.00 tax in the policy's currency; 5.00 shipping."""
    policy = shipped_policy(name)
    currency = policy.currency or "EUR"
    delivered = None if days is None else now - timedelta(days=days)
    item = make_line(currency, delivered_at=delivered, **{"product_type": "Goods", **(line or {})})
    bought = make_order(
        (item,),
        **{
            "currency": currency,
            "created_at": now - timedelta(days=(days or 0) + 2),
            "can_store_credit": True,
            **(order or {}),
        },
    )
    asked = {"kind": Kind.REFUND_ITEM, "reason": Reason.CHANGED_MIND, **(request or {})}
    return decide(policy, bought, Request(**asked), now, history=quiet_past(policy, item))


def check(decision: Decision, verdict: Verdict, total: str | None) -> None:
    assert decision.verdict is verdict, decision.headline
    if total is None:
        assert decision.plan is None and not decision.is_money_allowed
    else:
        assert decision.plan is not None, decision.blocked_because
        assert format(decision.plan.total.amount, "f") == total


def used(days: int, of: int) -> ServiceUse:
    start = NOW - timedelta(days=days)
    return ServiceUse(starts_at=start, ends_at=start + timedelta(days=of))


SUBSCRIPTION = {"is_subscription": True, "requires_shipping": False}


@pytest.mark.parametrize(
    ("name", "changes", "verdict", "total"),
    [
        # Fashion: unworn within 30 days less the return label, store credit until day 45.
        ("fashion", {"request": {"states_opened": False}}, ELIGIBLE, "17.05"),
        ("fashion", {"request": {"states_opened": False}, "days": 40}, ELIGIBLE, "22.00"),
        ("fashion", {"request": {"states_opened": False}, "days": 46}, DECLINED, None),
        ("fashion", {"request": {"states_opened": True}}, DECLINED, None),
        # Who says nothing is believed to send it back unworn; electronics want to know.
        ("fashion", {"request": {"states_opened": None}}, ELIGIBLE, "17.05"),
        ("electronics", {"request": {"states_opened": None}}, REVIEW, None),
        ("fashion", {"line": {"tags": ("swimwear",)}}, DECLINED, None),
        ("fashion", {"request": FAULT, "days": 59}, ELIGIBLE, "27.00"),
        ("fashion", {"request": FAULT, "days": 61}, DECLINED, None),
        # Electronics: sealed in full, opened less 15 %, faults by age.
        ("electronics", {"request": {"states_opened": False}, "days": 30}, ELIGIBLE, "22.00"),
        ("electronics", {"request": {"states_opened": True}, "days": 14}, ELIGIBLE, "18.70"),
        ("electronics", {"request": {"states_opened": True}, "days": 15}, DECLINED, None),
        ("electronics", {"request": {**FAULT, "has_evidence": False}}, REVIEW, None),
        ("electronics", {"request": PROVEN}, ELIGIBLE, "27.00"),
        ("electronics", {"request": PROVEN, "days": 200}, ELIGIBLE, None),
        # Groceries: fresh goods for three days, everything else for fourteen.
        ("groceries", {"line": {"tags": ("perishable",)}, "request": PROVEN, "days": 3},
         ELIGIBLE, "22.00"),
        ("groceries", {"line": {"tags": ("perishable",)}, "request": PROVEN, "days": 4},
         DECLINED, None),
        ("groceries", {"request": FAULT, "days": 14}, ELIGIBLE, "22.00"),
        ("groceries", {"line": {"product_type": "Tobacco"}}, DECLINED, None),
        # Subscriptions: the first fortnight wholly, then the days that are left.
        ("saas", {"line": {**SUBSCRIPTION, "service": used(14, 365)}}, ELIGIBLE, "27.00"),
        ("saas", {"line": {**SUBSCRIPTION, "service": used(73, 365)}}, ELIGIBLE, "17.60"),
        ("saas", {"line": {**SUBSCRIPTION, "service": used(15, 30)}}, DECLINED, None),
        ("saas", {"line": SUBSCRIPTION}, REVIEW, None),
        # Field service: credits by how late, else the work that wasn't done.
        ("field-service", {"line": {"service": ServiceUse(sla_missed_minutes=240)}},
         ELIGIBLE, "27.00"),
        ("field-service", {"line": {"service": ServiceUse(sla_missed_minutes=239)}},
         ELIGIBLE, "11.00"),
        ("field-service", {"line": {"service": ServiceUse(sla_missed_minutes=5)}},
         ELIGIBLE, "4.40"),
        ("field-service",
         {"line": {"service": ServiceUse(sla_missed_minutes=0, percent_completed=Decimal(25))}},
         ELIGIBLE, "16.50"),
        ("field-service",
         {"line": {"service": ServiceUse(sla_missed_minutes=0, percent_completed=Decimal(100))}},
         DECLINED, None),
        # Marketplace: buyers are protected, made to order isn't taken back.
        ("marketplace", {"request": FAULT, "days": 30}, ELIGIBLE, "27.00"),
        ("marketplace", {"request": FAULT, "days": 31}, DECLINED, None),
        ("marketplace", {"order": {"country": "DE"}}, ELIGIBLE, "16.10"),
        ("marketplace", {"order": {"country": "US"}}, DECLINED, None),
        ("marketplace", {"line": {"tags": ("made-to-order",)}}, DECLINED, None),
        ("marketplace", {"request": {"reason": Reason.NOT_ARRIVED}}, REVIEW, None),
    ],
)  # fmt: skip
def test_an_example(
    name: str, changes: dict[str, Any], verdict: Verdict, total: str | None
) -> None:
    check(decided(name, **changes), verdict, total)


def test_presents_may_come_back_until_the_end_of_january() -> None:
    bought = {"created_at": datetime(2026, 12, 20, 9, 0, tzinfo=UTC)}
    unworn = {"states_opened": False}
    january = datetime(2027, 1, 31, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
    check(decided("fashion", request=unworn, order=bought, days=38, now=january), ELIGIBLE, "17.05")
    february = january + timedelta(hours=1)
    late = decided("fashion", request=unworn, order=bought, days=46, now=february)
    check(late, DECLINED, None)


def test_late_fashion_goes_to_store_credit_and_second_thoughts_get_a_bonus() -> None:
    late = decided("fashion", request={"states_opened": False}, days=40).plan
    assert late is not None and late.destination is Destination.STORE_CREDIT
    credit = decided("groceries", days=5).lines[0]
    assert credit.terms.destination is Destination.STORE_CREDIT
    assert credit.terms.bonus_percent == 5


@pytest.mark.parametrize(("amount", "tier"), [("500", "agent"), ("2000", "team_lead"),
                                              ("2000.01", "manager")])  # fmt: skip
def test_field_service_has_the_tiers_of_the_trade(amount: str, tier: str) -> None:
    assert shipped_policy("field-service").tier_for(Decimal(amount)).value == tier


def test_amounts_are_in_the_currency_of_the_policy() -> None:
    plan = decided("fashion", request={"states_opened": False}).plan
    assert plan is not None and plan.total == Money.of("17.05", "EUR")
