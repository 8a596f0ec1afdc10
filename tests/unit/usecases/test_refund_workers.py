"""Payment providers that take their time, two workers, and workers that died."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import (
    NotAllowed,
)
from app.domain.order import TransactionStatus
from app.domain.people import Tier
from app.domain.plan import RefundChoice
from app.domain.refund import Refund, RefundState
from app.records import RefundLedger
from app.usecases.plans import offer_choice
from app.usecases.refunds import request_refund, work_on_refund
from tests.support.bench import MARA, Bench, outcome_writes
from tests.support.scripted import unavailable, usd

# --- the payment provider takes its time ---


def test_pending_is_not_settled_and_becomes_so(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.store.status = TransactionStatus.PENDING
    pending = bench.work(refund)
    assert pending.state is RefundState.PENDING
    assert pending.settled_at is None
    assert bench.deps.ledger.totals_of_requester("acme", f"customer-{MARA}")[0] == 0
    looks = bench.script.count("read_refund")
    bench.pass_time(seconds=30, rounds=60)
    # 1 minute and 10 minutes, no more.
    assert bench.script.count("read_refund") - looks == 2
    assert bench.refund(refund).state is RefundState.PENDING
    bench.store.settle(bench.store.books[0], TransactionStatus.SUCCESS)
    bench.pass_time(seconds=3600, rounds=3)
    assert bench.refund(refund).state is RefundState.SETTLED
    assert bench.script.count("send_refund") == 1
    assert outcome_writes(bench, refund) == ["pending", "settled"]


def test_pending_that_the_provider_refuses_is_failed(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.store.status = TransactionStatus.PENDING
    bench.work(refund)
    bench.store.books[0].explanation = "card expired"
    bench.store.settle(bench.store.books[0], TransactionStatus.FAILED)
    bench.pass_time(seconds=60, rounds=3)
    failed = bench.refund(refund)
    assert failed.state is RefundState.FAILED
    assert failed.explanation == "card expired"
    assert outcome_writes(bench, refund) == ["pending", "failed"]


def test_a_pending_refund_outlasts_a_store_that_cannot_be_read(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.store.status = TransactionStatus.PENDING
    bench.work(refund)
    bench.script.fail("read_refund", unavailable(), times=3)
    bench.pass_time(seconds=600, rounds=5)
    assert bench.refund(refund).state is RefundState.PENDING
    bench.store.settle(bench.store.books[0], TransactionStatus.SUCCESS)
    bench.pass_time(seconds=12 * 3600, rounds=10)
    assert bench.refund(refund).state is RefundState.SETTLED


def test_a_refund_that_the_provider_refused_at_once_is_failed(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.store.status = TransactionStatus.FAILED
    assert bench.work(refund).state is RefundState.FAILED


# --- two workers, and workers that died ---


def test_a_second_worker_at_the_same_moment_does_nothing(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    answers: list[str] = []
    bench.script.during("recheck", lambda: answers.append(work_on_refund(bench.deps, refund.id)))
    bench.script.during(
        "send_refund", lambda: answers.append(work_on_refund(bench.deps, refund.id))
    )
    assert bench.work(refund).state is RefundState.SETTLED
    assert answers == ["later", "later"]
    assert len(bench.store.books) == 1


def test_a_worker_whose_time_is_over_does_not_send(bench: Bench) -> None:
    """Stopped between its last commit and the call: another one may be at work by now."""
    bench.add_order("#1001")
    refund = bench.held()

    class Slow:
        def __init__(self, ledger: RefundLedger) -> None:
            self._ledger = ledger

        def __getattr__(self, name: str) -> Any:
            return getattr(self._ledger, name)

        def move(self, *args: Any, **more: Any) -> Refund:
            moved = bench.deps.ledger.move(*args, **more)
            bench.clock.advance(bench.deps.patience_seconds)
            return moved

    work_on_refund(replace(bench.deps, ledger=Slow(bench.deps.ledger)), refund.id)
    assert bench.script.count("send_refund") == 0
    assert bench.refund(refund).state is RefundState.SENDING
    assert bench.work(refund).state is RefundState.SETTLED
    assert bench.script.count("find_refund") == 1
    assert len(bench.store.books) == 1


def test_while_a_sender_may_be_at_work_nobody_touches_it(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("send_refund", KeyboardInterrupt(), after=True)
    with pytest.raises(KeyboardInterrupt):
        work_on_refund(bench.deps, refund.id)
    assert bench.refund(refund).state is RefundState.SENDING
    bench.script.calls.clear()
    bench.clock.advance(bench.deps.patience_seconds - 1)
    bench.work(refund)
    assert bench.script.calls == []
    bench.clock.advance(1)
    assert bench.work(refund).state is RefundState.SETTLED
    assert bench.script.count("send_refund") == 0


def test_a_database_that_lost_its_last_commits_does_not_pay_twice(bench: Bench) -> None:
    """The ledger says `holding`, but the store has the refund: it is read, nothing is sent."""
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.store.book(
        refund.order_id, usd("48.60"), note=f"{refund.marker} ticket 7", plan=refund.plan
    )
    settled = bench.work(refund)
    assert settled.state is RefundState.SETTLED
    assert bench.script.count("send_refund") == 0
    assert len(bench.store.books) == 1


def test_the_same_for_a_plain_amount(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    case = bench.triage()
    goodwill = RefundChoice(amount_override=usd("10.00"))
    plan = offer_choice(bench.deps, bench.account, case.id, goodwill, bench.agent)
    refund, _ = request_refund(bench.deps, bench.account, plan.id, bench.agent, False)
    bench.clock.advance(6)
    bench.store.book(refund.order_id, usd("10.00"), note=f"{refund.marker} ticket 7", plan=None)
    assert bench.work(refund).state is RefundState.SETTLED
    assert bench.script.count("send_refund") == 0
    assert len(bench.store.books) == 1


def test_an_agent_without_the_tier_for_a_part_is_refused(bench: Bench) -> None:
    bench.add_order("#1001", "600.00")
    case = bench.triage()
    offered = bench.deps.cases.current_offer("acme", case.id)
    assert offered is not None
    manager = bench.agent.model_copy(update={"tier": Tier.MANAGER})
    with pytest.raises(NotAllowed):
        request_refund(bench.deps, bench.account, offered.id, bench.agent, True)
    refund, _ = request_refund(bench.deps, bench.account, offered.id, manager, True)
    assert refund.plan.total == usd("600.00")
