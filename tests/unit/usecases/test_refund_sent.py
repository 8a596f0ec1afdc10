"""A refund whose hold is over: read once more, sent once, read back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import (
    ConfigurationError,
    Malformed,
)
from app.domain.money import Money
from app.domain.order import PaymentStatus, TransactionStatus
from app.domain.plan import ChosenLine, RefundChoice
from app.domain.refund import Refund, RefundState
from app.records import RefundLedger
from app.usecases.cases import choose_order
from app.usecases.plans import offer_choice
from app.usecases.refunds import request_refund, work_on_refund
from tests.support.bench import MARA, Bench, outcome_writes
from tests.support.scripted import limited, rejected, unavailable, usd

# --- settled ---


def test_the_plan_that_was_seen_is_sent_once_and_settles(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    refund = bench.work(bench.held())
    assert refund.state is RefundState.SETTLED
    assert refund.settled_amount == usd("48.60")
    assert refund.store_refund_id == "1"
    assert bench.store.paid() == [usd("48.60")]
    assert bench.script.calls[:4] == ["recheck", "prepare_refund", "send_refund", "read_refund"]
    assert bench.store.inputs == [(refund.idempotency_key, refund.store_input)]
    bench.pass_time()
    assert outcome_writes(bench, refund) == ["settled"]
    assert bench.helpdesk.notes("7") == ["Refund: eligible", "Refunded 48.60 USD for #1001"]
    # The order was read anew: nothing is left on it.
    case = bench.deps.cases.case("acme", refund.case_id)
    assert case is not None and case.order is not None
    assert case.order.refunded == usd("48.60")
    assert case.decision is not None and not case.decision.is_money_allowed


def test_the_intent_is_stored_before_the_store_is_called(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    seen: list[Refund] = []
    bench.script.during("send_refund", lambda: seen.append(bench.refund(refund)))
    bench.work(refund)
    assert seen[0].state is RefundState.SENDING
    assert seen[0].store_input is not None
    assert json.loads(seen[0].store_input)["key"] == refund.idempotency_key
    assert seen[0].sent_at == bench.clock.now()


def test_working_again_on_a_settled_refund_does_nothing(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.work(bench.held())
    bench.script.calls.clear()
    for _ in range(3):
        bench.clock.advance(100)
        assert work_on_refund(bench.deps, refund.id) == "done"
    assert bench.script.calls == []
    assert work_on_refund(bench.deps, "refund_of_nobody") == "gone"


def test_what_the_store_keeps_counts_not_what_it_answered(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    refund = bench.held()
    bench.store.pays = usd("48.59")
    settled = bench.work(refund)
    assert settled.state is RefundState.SETTLED
    assert settled.settled_amount == usd("48.59")
    assert settled.explanation == "The store refunded 48.59 USD, the plan was 48.60 USD."
    # The customer's total is what was paid, not what was planned.
    count, total, last = bench.deps.ledger.totals_of_requester("acme", f"customer-{MARA}")
    assert (count, total, last) == (1, usd("48.59"), bench.clock.now())


def test_an_unreadable_read_back_takes_the_answer(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("read_refund", unavailable())
    assert bench.work(refund).state is RefundState.SETTLED


def test_a_store_that_cannot_be_read_afterwards_changes_nothing(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("read_order", unavailable())
    assert bench.work(refund).state is RefundState.SETTLED
    assert outcome_writes(bench, refund) == ["settled"]


# --- facts that changed: nothing is sent ---


def change_order(bench: Bench, **changes: object) -> None:
    for order_id, order in bench.store.orders.items():
        bench.store.orders[order_id] = order.model_copy(update=changes)


def change_line(bench: Bench) -> None:
    order = next(iter(bench.store.orders.values()))
    line = order.lines[0].model_copy(update={"refundable_quantity": 1})
    change_order(bench, lines=(line, *order.lines[1:]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda b: change_order(b, is_disputed=True), "opened a dispute"),
        (lambda b: change_order(b, is_disputed=None), "no longer tells about disputes"),
        (lambda b: change_order(b, is_cancelled=True), "the order was cancelled"),
        (lambda b: change_order(b, refunded=usd("5.00")), "5.00 USD was refunded meanwhile"),
        (lambda b: change_order(b, refunded=Money.of("5.00", "EUR")), "the order is in EUR now"),
        (lambda b: change_order(b, is_refundable=False), "nothing can be refunded any more"),
        (
            lambda b: change_order(b, payment_status=PaymentStatus.UNKNOWN),
            "nothing can be refunded any more",
        ),
        (
            lambda b: change_order(b, lines=b.store.orders["order-1001"].lines[:1]),
            "line-2",
        ),
        (lambda b: setattr(b.store, "skew", usd("0.01")), "the store's figure is"),
    ],
    ids=[
        "dispute",
        "dispute unknown",
        "cancelled",
        "refunded by hand",
        "other currency",
        "not refundable",
        "unknown payment status",
        "line gone",
        "store's figure differs",
    ],
)
def test_changed_facts_fail_it_and_nothing_is_sent(bench: Bench, change, says: str) -> None:
    bench.add_order("#1001", "30.00", "18.60")
    refund = bench.held()
    change(bench)
    failed = bench.work(refund)
    assert failed.state is RefundState.FAILED
    assert failed.explanation is not None
    assert failed.explanation.startswith("Not sent, no money moved: ")
    assert says in failed.explanation
    assert bench.script.count("send_refund") == 0
    assert bench.store.books == []
    assert outcome_writes(bench, refund) == ["failed"]
    assert bench.deps.ledger.of_case("acme", refund.case_id) == [failed]


def test_units_refunded_by_hand_meanwhile_fail_it(bench: Bench) -> None:
    order = bench.add_order("#1001", "30.00", "18.60")
    case = bench.triage()
    choice = RefundChoice(lines=(ChosenLine(line_id=order.lines[1].id, quantity=1),))
    part = offer_choice(bench.deps, bench.account, case.id, choice, bench.agent)
    refund, _ = request_refund(bench.deps, bench.account, part.id, bench.agent, False)
    bench.clock.advance(6)
    first = order.lines[0].model_copy(update={"refundable_quantity": 0})
    change_order(bench, lines=(first, order.lines[1]))
    failed = bench.work(refund)
    assert failed.state is RefundState.FAILED
    assert "an item has 0 refundable units now, not 1" in (failed.explanation or "")
    assert bench.store.books == []


def test_another_order_chosen_meanwhile_fails_it(bench: Bench) -> None:
    bench.add_order("#1001", "30.00")
    other = bench.add_order("#1002", "30.00", email="else@example.com")
    refund = bench.held()
    # An agent's choice that read the ledger before the click was stored.
    free = replace(bench.deps, ledger=NoRefunds(bench.deps.ledger))
    choose_order(free, bench.account, refund.case_id, "store-1", other.order_id, bench.agent)
    bench.script.calls.clear()
    failed = bench.work(refund)
    assert failed.state is RefundState.FAILED
    assert bench.script.count("send_refund") == 0


class NoRefunds:
    """A ledger as it was read before the click."""

    def __init__(self, ledger: RefundLedger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def of_case(self, account_id: str, case_id: str) -> list[Refund]:
        return []


def test_money_that_waits_for_the_provider_counts_as_spent(bench: Bench) -> None:
    """A plain amount takes no units off the order and, while pending, isn't in its total."""
    bench.add_order("#1001", "48.60")
    first = bench.triage("7")
    # Long enough for the second one to be a wish of its own.
    bench.clock.advance(15 * 24 * 3600)
    second = bench.triage("8")
    goodwill = RefundChoice(amount_override=usd("10.00"))
    plans = [
        offer_choice(bench.deps, bench.account, case.id, goodwill, bench.agent)
        for case in (first, second)
    ]
    bench.store.status = TransactionStatus.PENDING
    bench.clock.advance(1)
    refund, _ = request_refund(bench.deps, bench.account, plans[0].id, bench.agent, False)
    bench.clock.advance(6)
    assert bench.work(refund).state is RefundState.PENDING
    late, _ = request_refund(bench.deps, bench.account, plans[1].id, bench.agent, False)
    bench.clock.advance(6)
    failed = bench.work(late)
    assert failed.state is RefundState.FAILED
    assert refund.marker in (failed.explanation or "")
    assert len(bench.store.books) == 1


def test_a_store_that_refuses_the_recheck_fails_it(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("recheck", Malformed("strange", vendor="fake", operation="recheck"))
    failed = bench.work(refund)
    assert failed.state is RefundState.FAILED
    assert failed.explanation == "Not sent, no money moved: strange"
    assert bench.store.books == []


def test_an_input_that_cannot_be_made_fails_it(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("prepare_refund", rejected("no payment to go back to"))
    failed = bench.work(refund)
    assert failed.state is RefundState.FAILED
    assert bench.script.count("send_refund") == 0


# --- the store doesn't answer the re-check ---


def test_a_store_that_is_away_is_asked_again_for_a_quarter_of_an_hour(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("recheck", unavailable(), times=500)
    waiting = bench.work(refund)
    assert waiting.state is RefundState.HOLDING
    assert waiting.next_check_at == bench.clock.now() + timedelta(seconds=10)
    bench.pass_time(seconds=30, rounds=40)
    failed = bench.refund(refund)
    assert failed.state is RefundState.FAILED
    assert bench.script.count("send_refund") == 0
    assert bench.store.books == []


def test_a_store_that_comes_back_gets_it_once(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("recheck", unavailable(), times=3)
    bench.pass_time(seconds=20, rounds=6)
    assert bench.refund(refund).state is RefundState.SETTLED
    assert bench.store.paid() == [usd("48.60")]


def test_a_rate_limited_recheck_waits_as_told(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("recheck", limited(37))
    waiting = bench.work(refund)
    assert waiting.next_check_at == bench.clock.now() + timedelta(seconds=37)
    bench.clock.advance(36)
    bench.script.calls.clear()
    bench.work(refund)
    assert bench.script.calls == []
    bench.clock.advance(1)
    assert bench.work(refund).state is RefundState.SETTLED


@pytest.mark.parametrize(
    "fault",
    [ConfigurationError("no key opens the secret"), KeyError("x"), ValueError("y")],
    ids=["configuration", "key", "value"],
)
def test_a_fault_of_our_own_neither_sends_nor_holds_for_ever(
    bench: Bench, fault: Exception
) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    bench.script.fail("recheck", fault, times=500)
    assert bench.work(refund).state is RefundState.HOLDING
    bench.pass_time(seconds=60, rounds=20)
    assert bench.refund(refund).state is RefundState.FAILED
    assert bench.store.books == []


def test_a_store_that_was_disconnected_fails_it_in_the_end(bench: Bench) -> None:
    bench.add_order("#1001")
    refund = bench.held()
    gone = replace(bench.deps, stores={})
    work_on_refund(gone, refund.id)
    assert bench.refund(refund).state is RefundState.HOLDING
    bench.clock.advance(16 * 60)
    work_on_refund(gone, refund.id)
    assert bench.refund(refund).state is RefundState.FAILED
