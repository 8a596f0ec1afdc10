"""From the ticket to the money, with the product's own use cases: at Magento money moves once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.decision import Verdict
from app.domain.errors import Conflict
from app.domain.refund import Refund, RefundState
from app.ports import Store, StoreRecord, Surroundings
from app.usecases.reconcile import reconcile
from tests.support.bench import MARA, Bench, make_bench
from tests.support.magento_bench import MagentoBench


@dataclass
class MagentoOnly:
    """`app.ports.StoreIntegration` that opens the sandbox's site for any store."""

    shop: MagentoBench
    name: str = "shopify"

    def open(self, store: StoreRecord, surroundings: Surroundings) -> Store:
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        self.shop.vault.put(store.id, {n: self.shop.vault.get("store_1", n) for n in names})
        config = self.shop.record.config
        self.shop.record = store.model_copy(update={"kind": "magento", "config": config})
        return self.shop.store(read_timeout_seconds=0.3)


@dataclass
class Desk:
    """A helpdesk with a Magento site behind it."""

    desk: Bench
    shop: MagentoBench

    def sell(self, kind: str = "plain", **changes: Any) -> str:
        """An order of the ticket's requester, sent out six days ago."""
        now = self.desk.clock.now()
        changes.setdefault("shipments", [{"created_at": now - timedelta(days=6)}])
        return self.shop.sell(kind, email=MARA, created_at=now - timedelta(days=8), **changes)

    def held(self) -> Refund:
        """A clicked refund of everything, whose hold is over."""
        return self.desk.held()


@pytest.fixture
def world(bench: MagentoBench, tmp_path: Path) -> Iterator[Desk]:
    made = make_bench(tmp_path)
    deps = replace(made.deps, stores={"shopify": MagentoOnly(bench)})
    bench.configure(delivered_after_days=2, final_sale_skus=[])
    yield Desk(replace(made, deps=deps), bench)
    made.database.dispose()


def test_a_ticket_becomes_a_refund_that_the_gateway_paid(world: Desk) -> None:
    order_id = world.sell()
    case = world.desk.triage()
    assert sum(world.shop.calls().values()) <= 3
    assert case.decision is not None
    assert case.decision.verdict is Verdict.ELIGIBLE, case.decision.findings
    refund = world.desk.click(case)
    world.desk.clock.advance(6)
    settled = world.desk.work(refund)
    assert settled.state is RefundState.SETTLED, settled.explanation
    assert settled.settled_amount == refund.plan.total
    assert world.shop.paid_out(order_id) == refund.plan.total.amount
    assert reconcile(world.desk.deps, "acme").agrees


def test_a_payment_by_hand_is_recorded_and_says_so(world: Desk) -> None:
    order_id = world.sell("by_hand")
    case = world.desk.triage()
    assert case.decision is not None
    assert case.decision.plan is not None
    assert case.decision.plan.is_manual
    refund = world.desk.click(case)
    world.desk.clock.advance(6)
    assert world.desk.work(refund).state is RefundState.SETTLED
    assert world.shop.paid_out(order_id) == 0


@pytest.mark.parametrize("fault", ["timeout_after", "could_not_save_after", "html_500_after"])
def test_a_lost_answer_is_found_and_never_sent_again(world: Desk, fault: str) -> None:
    order_id = world.sell()
    refund = world.held()
    world.shop.fault("send", fault, **({"seconds": 5} if fault == "timeout_after" else {}))
    assert world.desk.work(refund).state is RefundState.UNKNOWN
    world.desk.clock.advance(61)
    settled = world.desk.work(refund)
    assert settled.state is RefundState.SETTLED, settled.explanation
    assert world.shop.count("send") == 1
    assert world.shop.paid_out(order_id) == refund.plan.total.amount


@pytest.mark.parametrize("fault", ["disconnect_before", "http_500", "html_502"])
def test_what_isnt_found_is_read_for_ten_minutes_and_then_shown_to_a_person(
    world: Desk, fault: str
) -> None:
    order_id = world.sell()
    refund = world.held()
    world.shop.fault("send", fault)
    world.desk.work(refund)
    world.desk.pass_time(seconds=61, rounds=14)
    asked = world.desk.refund(refund)
    assert asked.state is RefundState.UNKNOWN
    assert "payment provider" in (asked.explanation or "")
    assert world.shop.count("send") == 1
    assert world.shop.paid_out(order_id) == 0


def test_a_gateway_that_answers_late_is_waited_for(world: Desk) -> None:
    """The first reading finds nothing, as the call is still at work; the next one finds it."""
    order_id = world.sell()
    refund = world.held()
    world.shop.site.gateway.seconds = 2.0
    assert world.desk.work(refund).state is RefundState.UNKNOWN
    world.desk.clock.advance(6)
    assert world.desk.work(refund).state is RefundState.UNKNOWN
    _wait_for_payout(world.shop, order_id)
    world.desk.clock.advance(61)
    assert world.desk.work(refund).state is RefundState.SETTLED
    assert world.shop.count("send") == 1
    assert world.shop.paid_out(order_id) == refund.plan.total.amount


def _wait_for_payout(shop: MagentoBench, order_id: str) -> None:
    import time

    for _ in range(200):
        if shop.books(order_id):
            return
        time.sleep(0.05)
    raise AssertionError("the gateway never paid")


def test_what_surely_never_arrived_has_failed_and_can_be_clicked_again(world: Desk) -> None:
    order_id = world.sell()
    refund = world.held()
    world.shop.fault("send", "http_429", retry_after="5")
    failed = world.desk.work(refund)
    assert failed.state is RefundState.FAILED
    assert "no money moved" in (failed.explanation or "")
    case = world.desk.deps.cases.case_of_ticket("acme", "7")
    assert case is not None
    again = world.desk.click(case)
    assert again.id != refund.id
    world.desk.clock.advance(6)
    assert world.desk.work(again).state is RefundState.SETTLED
    assert world.shop.paid_out(order_id) == again.plan.total.amount


def test_two_tickets_about_one_order_pay_it_once(world: Desk) -> None:
    """Nothing at Magento would stop the second call: our own ledger does."""
    order_id = world.sell()
    first = world.desk.triage("7")
    # Long enough for the second one to be a wish of its own.
    world.desk.clock.advance(15 * 24 * 3600)
    second = world.desk.triage("8")
    refund = world.desk.click(first)
    with pytest.raises(Conflict):
        world.desk.click(second)
    world.desk.clock.advance(6)
    world.desk.work(refund)
    assert world.shop.paid_out(order_id) == refund.plan.total.amount


def test_what_was_refunded_in_the_shop_meanwhile_stops_the_click(world: Desk) -> None:
    order_id = world.sell()
    refund = world.held()
    world.shop.refund_elsewhere(order_id, "10.00")
    failed = world.desk.work(refund)
    assert failed.state is RefundState.FAILED
    assert "10.00 EUR was refunded meanwhile" in (failed.explanation or "")
    assert world.shop.count("send") == 0
    assert world.shop.paid_out(order_id) == Decimal(10)
