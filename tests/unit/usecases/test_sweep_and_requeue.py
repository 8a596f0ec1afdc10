"""What no delivery brought is found; what Redis lost is announced again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.domain.refund import RefundState
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import TicketPage
from app.usecases.resume import requeue_unfinished
from app.usecases.sweep import sweep
from app.usecases.triage import triage_delivery
from tests.support.bench import Bench
from tests.support.scripted import unavailable


def swept(ticket_id: str, at: datetime | None) -> TicketEvent:
    return TicketEvent(
        ticket_id=ticket_id,
        kind=TicketEventKind.SWEPT,
        dedupe_key=f"{ticket_id}:swept",
        vendor_kind="sweep",
        occurred_at=at,
    )


def test_a_ticket_that_no_delivery_brought_is_triaged(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    bench.clock.advance(300)
    old = bench.clock.now() - timedelta(seconds=300)
    bench.helpdesk.pages = [TicketPage(events=(swept("7", old),))]
    assert sweep(bench.deps, "acme") == 1
    assert sweep(bench.deps, "acme") == 0
    bench.pass_time(rounds=1)
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]
    assert sweep(bench.deps, "acme") == 0


def test_triaged_and_too_young_tickets_are_left_alone(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.triage("7")
    young = bench.clock.now() - timedelta(seconds=59)
    bench.helpdesk.pages = [
        TicketPage(events=(swept("7", bench.clock.now() - timedelta(hours=1)), swept("8", young)))
    ]
    assert sweep(bench.deps, "acme") == 0


def test_a_delivery_that_comes_after_the_sweep_makes_no_second_note(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    bench.helpdesk.pages = [TicketPage(events=(swept("7", None),))]
    assert sweep(bench.deps, "acme") == 1
    bench.pass_time(rounds=1)
    late = bench.deliver("7")
    assert late is not None
    assert triage_delivery(bench.deps, late) == "triaged before"
    assert len(bench.helpdesk.notes("7")) == 1


def test_each_sweep_looks_a_little_into_the_last_ones_time(bench: Bench) -> None:
    bench.helpdesk.pages = [TicketPage(events=())]
    sweep(bench.deps, "acme")
    first = bench.clock.now()
    bench.clock.advance(600)
    sweep(bench.deps, "acme")
    assert bench.helpdesk.asked_since == [
        first - timedelta(hours=1, minutes=15),
        first - timedelta(minutes=16),
    ]


def test_a_sweep_that_fails_half_way_looks_at_the_same_time_again(bench: Bench) -> None:
    old = bench.clock.now() - timedelta(minutes=30)
    bench.helpdesk.pages = [
        TicketPage(events=(swept("7", old),), cursor="1"),
        TicketPage(events=(swept("8", old),)),
    ]
    bench.script.during("recent_tickets", lambda: None)
    bench.script.fail("recent_tickets", unavailable())
    with pytest.raises(Exception, match="refused"):
        sweep(bench.deps, "acme")
    assert bench.deps.accounts.sweep_mark("acme") is None
    assert sweep(bench.deps, "acme") == 1
    assert bench.helpdesk.asked_since[0] == bench.helpdesk.asked_since[1]


def test_more_tickets_than_one_sweep_can_look_through_are_all_found_in_the_end(
    bench: Bench,
) -> None:
    start = bench.clock.now() - timedelta(minutes=60)
    everything = [
        swept(str(number), start + timedelta(seconds=10 * number)) for number in range(300)
    ]

    class Searching:
        """Pages of ten, oldest first, as the helpdesk's search answers."""

        def open(self, *_: object) -> Searching:
            return self

        def recent_tickets(self, since: datetime, cursor: str | None) -> TicketPage:
            first = int(cursor or 0)
            found = [item for item in everything if item.occurred_at and item.occurred_at >= since]
            page = found[first : first + 10]
            more = first + 10 < len(found)
            return TicketPage(events=tuple(page), cursor=str(first + 10) if more else None)

    deps = replace(bench.deps, helpdesks={"zendesk": Searching()})  # type: ignore[dict-item]
    assert [sweep(deps, "acme") for _ in range(3)] == [200, 100, 0]
    assert len(bench.deps.inbox.due(bench.clock.now(), 1000)) == 300


def test_everything_unfinished_is_announced_and_nothing_else(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage("7")
    refund = bench.click(case)
    bench.helpdesk.add_ticket("8", "refund please")
    waiting = bench.deliver("8")
    bench.notifier.heard.clear()
    assert set(requeue_unfinished(bench.deps).values()) == {0}
    bench.clock.advance(bench.deps.patience_seconds)
    assert requeue_unfinished(bench.deps) == {
        "deliveries": 1,
        "ticket_writes": 0,
        "refunds": 1,
        "customers": 0,
        "bonuses": 0,
        "reminders": 0,
    }
    assert bench.notifier.heard == [("refund", refund.id), ("triage", str(waiting))]


def test_with_every_announcement_lost_it_all_gets_done(bench: Bench) -> None:
    """The database is the truth: an emptied Redis only costs time."""
    bench.add_order("#1001")
    bench.helpdesk.add_ticket("7", "refund please")
    bench.deliver("7")
    bench.notifier.heard.clear()
    bench.pass_time(seconds=100, rounds=2)
    case = bench.deps.cases.case_of_ticket("acme", "7")
    assert case is not None
    refund = bench.click(case)
    bench.notifier.heard.clear()
    bench.pass_time(seconds=100, rounds=1)
    assert bench.refund(refund).state is RefundState.SETTLED
    bench.notifier.heard.clear()
    bench.pass_time(seconds=100, rounds=2)
    assert len(bench.helpdesk.notes("7")) == 2
    assert len(bench.helpdesk.customers) == 1
