"""An account with two stores: both are asked at once, and neither holds the other up."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from app.domain.matching import Lookup, MatchOutcome, OrderQuery
from app.domain.money import Money
from app.domain.ticket import Contact, Requester
from app.ports import StoreRecord
from app.usecases.lookup import ask_stores, find_order, is_worth_waiting
from app.usecases.triage import triage_delivery
from tests.support.bench import MARA, Bench
from tests.support.fakes import make_line, make_order
from tests.support.scripted import Script, ScriptedStore, limited, rejected, unavailable

WHO = Requester(id="r", emails=(Contact(value=MARA, is_verified=True),))


class TwoStores:
    def __init__(self, bench: Bench) -> None:
        self.second = ScriptedStore(bench.clock, Script())
        record = StoreRecord(id="store-2", account_id="acme", kind="other", name="Second shop")
        bench.deps.accounts.save_store(record, "tests", bench.clock.now())
        self.deps = replace(bench.deps, stores={**bench.deps.stores, "other": self.second})
        self.bench = bench

    def add_second(self, name: str, price: str = "20.00") -> None:
        order = make_order(name, (make_line(1, "Item", price),), store_id="store-2")
        self.second.orders[order.order_id] = order
        self.second.owners[order.order_id] = MARA


@pytest.fixture
def both(bench: Bench) -> TwoStores:
    return TwoStores(bench)


def test_they_are_asked_at_the_same_time(both: TwoStores) -> None:
    together = threading.Barrier(2, timeout=20)
    # Each waits for the other: one after the other would never end.
    both.bench.script.during("find_orders", together.wait)
    both.second.script.during("find_orders", together.wait)
    lookups, errors = ask_stores(both.deps, both.bench.account, OrderQuery(emails=(MARA,)))
    assert [lookup.store_id for lookup in lookups] == ["store-1", "store-2"]
    assert errors == []


def test_the_named_order_is_found_in_whichever_store(both: TwoStores) -> None:
    both.bench.add_order("#1001")
    both.add_second("#B77")
    match, _ = find_order(both.deps, both.bench.account, WHO, ("B77",))
    assert match.order is not None
    assert (match.order.store_id, match.order.name) == ("store-2", "#B77")


def test_one_order_in_each_store_is_a_choice(both: TwoStores) -> None:
    both.bench.add_order("#1001")
    both.add_second("#B77")
    match, _ = find_order(both.deps, both.bench.account, WHO, ())
    assert match.outcome is MatchOutcome.CHOOSE
    assert {order.store_id for order in match.candidates} == {"store-1", "store-2"}


def test_one_store_away_is_no_proof_that_the_other_ones_order_is_the_only_one(
    both: TwoStores,
) -> None:
    both.bench.add_order("#1001")
    both.second.script.fail("find_orders", unavailable())
    match, errors = find_order(both.deps, both.bench.account, WHO, ())
    assert match.outcome is MatchOutcome.CHOOSE
    assert match.order is None
    assert "Second shop didn't answer" in match.explanation
    assert is_worth_waiting(errors)


def test_a_named_order_of_the_requester_needs_no_other_store(both: TwoStores) -> None:
    both.bench.add_order("#1001")
    both.second.script.fail("find_orders", unavailable())
    match, _ = find_order(both.deps, both.bench.account, WHO, ("1001",))
    assert match.outcome is MatchOutcome.MATCHED


def test_waiting_helps_only_when_every_failed_store_may_come_back(both: TwoStores) -> None:
    both.bench.script.fail("find_orders", limited(3))
    both.second.script.fail("find_orders", rejected("no scope"))
    _, errors = find_order(both.deps, both.bench.account, WHO, ())
    assert len(errors) == 2
    assert not is_worth_waiting(errors)
    assert not is_worth_waiting([])


def test_the_note_names_the_shop(both: TwoStores) -> None:
    both.add_second("#B77", "20.00")
    both.bench.helpdesk.add_ticket("7", "refund please")
    number = both.bench.deliver("7")
    assert number is not None
    assert triage_delivery(both.deps, number) == "triaged"
    note = both.bench.helpdesk.written[0].note
    assert note is not None
    assert "Second shop" in note.as_text()
    case = both.deps.cases.case_of_ticket("acme", "7")
    assert case is not None and case.decision is not None and case.decision.plan is not None
    assert case.decision.plan.total == Money.of("20.00", "USD")


def test_an_account_without_a_store_says_so(bench: Bench) -> None:
    lookups, errors = ask_stores(bench.deps, bench.deps.account("other"), OrderQuery())
    assert lookups == [Lookup(store_id="", problems=("no store is connected",))]
    assert errors == []
