"""A shop's returns page written in the language, and twenty orders made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.classification import Kind, Reason, Request
from app.domain.decision import Decision, Verdict
from app.domain.money import Money
from app.domain.plan import Destination
from app.domain.policy.evaluate import decide
from app.domain.policy.language.analysing import analyse
from tests.strategies import make_line, make_order
from tests.support.policy_language import compiled

POLICY = compiled((Path(__file__).parent / "cookware.policy").read_text())
NOW = datetime(2025, 6, 15, 18, 0, tzinfo=UTC)

ELIGIBLE, DECLINED, REVIEW = Verdict.ELIGIBLE, Verdict.NOT_ELIGIBLE, Verdict.NEEDS_REVIEW


@dataclass(frozen=True)
class Case:
    """One order: two pans at 10 USD with 2 USD tax, 5 USD shipping, changed as asked."""

    name: str
    verdict: Verdict
    total: str | None = None
    by: str | None = None
    line: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    days: int | None = 10
    now: datetime = NOW


BROKEN = {"reason": Reason.DAMAGED, "kind": Kind.DAMAGED_WRONG}
LARGE = {
    "unit_price": Money.of("40", "USD"),
    "total": Money.of("80", "USD"),
    "tax": Money.of("8", "USD"),
}
CHRISTMAS = datetime(2024, 12, 20, 12, 0, tzinfo=UTC)
UNOPENED, OPENED = {"states_opened": False}, {"states_opened": True}

CASES = [
    Case("gift card", DECLINED, by="gift_cards_and_engravings", line={"is_gift_card": True}),
    Case("engraved", DECLINED, by="gift_cards_and_engravings", line={"tags": ("Engraved",)}),
    Case("never arrived", REVIEW, by="lost", request={"reason": Reason.NOT_ARRIVED}, days=None),
    Case("not shipped", ELIGIBLE, "27.00", "cancelled_in_time", {"was_shipped": False}, days=None),
    Case(
        "broken, no photo", REVIEW, by="broken_no_photo", line=LARGE, days=3,
        request={**BROKEN, "has_evidence": False},
    ),
    Case(
        "broken, with photo", ELIGIBLE, "93.00", "broken_large", LARGE, days=3,
        request={**BROKEN, "has_evidence": True},
    ),
    Case("broken and small", ELIGIBLE, "27.00", "broken", days=3, request=BROKEN),
    Case(
        "broken, told on the eighth day", ELIGIBLE, "81.05", "unopened", LARGE, days=8,
        request={**BROKEN, "has_evidence": True, **UNOPENED},
    ),
    Case("clearance, ten days", ELIGIBLE, "22.00", "clearance", {"is_final_sale": True}),
    Case(
        "clearance, late", DECLINED, by="clearance_is_final", line={"is_final_sale": True}, days=15
    ),
    Case(
        "present on the last day", ELIGIBLE, "15.05", "presents", days=39,
        order={"created_at": CHRISTMAS}, now=datetime(2025, 1, 31, 18, 0, tzinfo=UTC),
    ),
    Case(
        "present a day late", DECLINED, days=40, request=UNOPENED,
        order={"created_at": CHRISTMAS}, now=datetime(2025, 2, 1, 18, 0, tzinfo=UTC),
    ),
    Case("unopened, day 30", ELIGIBLE, "15.05", "unopened", days=30, request=UNOPENED),
    Case("unopened, day 31", DECLINED, days=31, request=UNOPENED),
    Case("opened", ELIGIBLE, "11.75", "opened", request=OPENED),
    Case("opened or not, not said", REVIEW),
    Case("opened, day 31", DECLINED, days=31, request=OPENED),
    Case("final sale not known", REVIEW, line={"is_final_sale": None}, request=UNOPENED),
    Case("no delivery date", REVIEW, days=None, request=UNOPENED),
    Case("fault on day 40", DECLINED, days=40, request={**BROKEN, **OPENED}),
]  # fmt: skip


def decision_of(case: Case) -> Decision:
    delivered = None if case.days is None else case.now - timedelta(days=case.days)
    line = make_line("USD", **{"delivered_at": delivered, **case.line})
    created = case.now - timedelta(days=(case.days or 3) + 3)
    order = make_order(
        (line,),
        **{"currency": "USD", "created_at": created, "can_store_credit": True, **case.order},
    )
    asked = {"kind": Kind.REFUND_ITEM, "reason": Reason.CHANGED_MIND, **case.request}
    return decide(POLICY, order, Request(**asked), case.now)


def test_the_policy_has_no_conflict_and_no_gap() -> None:
    assert analyse(POLICY, ("shopify",)) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_order_is_decided_as_the_page_says(case: Case) -> None:
    decision = decision_of(case)
    assert decision.verdict is case.verdict, decision.headline
    if case.by is not None:
        assert [line.decided_by for line in decision.lines] == [case.by]
    if case.total is None:
        assert decision.plan is None
        assert not decision.is_money_allowed
    else:
        assert decision.plan is not None
        assert decision.plan.total == Money.of(case.total, "USD")


def test_twenty_orders_are_decided() -> None:
    assert len(CASES) == 20


def test_what_the_page_promises_beside_the_money() -> None:
    by_name = {case.name: decision_of(case) for case in CASES}
    credit = by_name["clearance, ten days"].plan
    assert credit is not None and credit.destination is Destination.STORE_CREDIT
    assert by_name["broken and small"].lines[0].terms.keeps_item
    assert by_name["broken, no photo"].evidence_wanted
    late = next(f for _, f in by_name["unopened, day 31"].tested() if f.is_nearest_miss)
    assert "31 days ago, limit 30: 1 day late" in late.sentence
    assert [one.value for one in by_name["opened, day 31"].alternatives] == ["repair"]
