"""Ledger against store: every kind of difference is found, and none is made up."""

from __future__ import annotations

from app.domain.order import TransactionStatus
from app.domain.refund import Refund, RefundState
from app.usecases.reconcile import Reconciliation, reconcile
from app.usecases.refunds import cancel_refund
from tests.support.bench import Bench
from tests.support.scripted import limited, lost, rejected, unavailable, usd


def found(result: Reconciliation) -> list[str]:
    return [item.what for item in result.differences]


def settled(bench: Bench) -> Refund:
    bench.add_order("#1001", "48.60")
    refund = bench.work(bench.held())
    assert refund.state is RefundState.SETTLED
    return refund


def test_a_settled_refund_agrees(bench: Bench) -> None:
    settled(bench)
    result = reconcile(bench.deps, "acme")
    assert result.agrees
    assert (result.refunds_checked, result.orders_checked) == (1, 1)
    assert result.ledger_total == result.store_total == (usd("48.60"),)


def test_an_account_without_refunds_agrees(bench: Bench) -> None:
    result = reconcile(bench.deps, "other")
    assert result.agrees
    assert (result.refunds_checked, result.ledger_total) == (0, ())


def test_somebody_elses_refunds_are_left_out(bench: Bench) -> None:
    refund = settled(bench)
    bench.store.book(refund.order_id, usd("1.00"), note="by hand", plan=None)
    result = reconcile(bench.deps, "acme")
    assert result.agrees
    assert result.store_total == (usd("48.60"),)


def test_a_refund_that_the_store_does_not_have(bench: Bench) -> None:
    refund = settled(bench)
    bench.store.books.clear()
    result = reconcile(bench.deps, "acme")
    assert found(result) == [f"{refund.marker} (48.60 USD) is not in the store"]
    assert result.store_total == ()


def test_a_refund_that_was_paid_twice(bench: Bench) -> None:
    refund = settled(bench)
    bench.store.book(refund.order_id, usd("48.60"), note=f"again {refund.marker}", plan=None)
    result = reconcile(bench.deps, "acme")
    assert found(result) == [f"{refund.marker} stands 2 times in the store: paid twice"]
    assert result.store_total == (usd("97.20"),)


def test_another_amount(bench: Bench) -> None:
    settled(bench)
    bench.store.books[0].amount = usd("48.59")
    assert found(reconcile(bench.deps, "acme")) == ["ledger 48.60 USD, store 48.59 USD"]


def test_an_amount_that_we_knew_of_is_no_difference(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.store.pays = usd("48.59")
    bench.work(refund)
    result = reconcile(bench.deps, "acme")
    assert result.agrees
    assert result.ledger_total == (usd("48.59"),)


def test_another_status(bench: Bench) -> None:
    settled(bench)
    bench.store.books[0].status = TransactionStatus.PENDING
    assert found(reconcile(bench.deps, "acme")) == ["ledger settled, store pending"]


def test_pending_here_and_paid_there(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.store.status = TransactionStatus.PENDING
    bench.work(refund)
    assert reconcile(bench.deps, "acme").agrees
    bench.store.settle(bench.store.books[0], TransactionStatus.SUCCESS)
    assert found(reconcile(bench.deps, "acme")) == ["ledger pending, store success"]


def test_failed_or_cancelled_here_but_paid_there(bench: Bench) -> None:
    bench.add_order("#1001")
    failed = bench.held("7")
    bench.script.fail("send_refund", rejected())
    bench.work(failed)
    case = bench.deps.cases.case("acme", failed.case_id)
    assert case is not None
    stopped = cancel_refund(bench.deps, bench.account, bench.click(case).id, bench.agent)
    assert reconcile(bench.deps, "acme").agrees
    for refund in (failed, stopped):
        bench.store.book(refund.order_id, usd("1.00"), note=refund.marker, plan=None)
    assert found(reconcile(bench.deps, "acme")) == [
        f"{failed.marker}: ledger failed, but paid by the store",
        f"{stopped.marker}: ledger cancelled, but paid by the store",
    ]


def test_still_unknown(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", lost())
    bench.work(refund)
    assert found(reconcile(bench.deps, "acme")) == [f"{refund.marker} is still unknown"]


def test_a_reference_of_ours_that_the_ledger_has_lost(bench: Bench) -> None:
    refund = settled(bench)
    bench.store.book(refund.order_id, usd("2.00"), note="R-23456789AB ticket 9", plan=None)
    assert found(reconcile(bench.deps, "acme")) == [
        "R-23456789AB (2.00 USD) is in the store, but not in the ledger"
    ]


def test_what_cannot_be_read_is_said(bench: Bench) -> None:
    refund = settled(bench)
    bench.script.fail("refunds_of", unavailable())
    result = reconcile(bench.deps, "acme")
    assert not result.agrees
    assert result.differences == ()
    assert result.unread == (f"store-1 {refund.order_id}: connection refused",)


def test_a_busy_store_is_waited_for(bench: Bench) -> None:
    settled(bench)
    bench.script.fail("refunds_of", limited(7))
    waited: list[float] = []
    assert reconcile(bench.deps, "acme", waited.append).agrees
    assert waited == [7]


def test_a_store_that_stays_busy_is_said_to_be_unread(bench: Bench) -> None:
    refund = settled(bench)
    bench.script.fail("refunds_of", limited(600), times=99)
    waited: list[float] = []
    result = reconcile(bench.deps, "acme", waited.append)
    assert result.unread == (f"store-1 {refund.order_id}: slow down",)
    assert waited == [60] * 6
