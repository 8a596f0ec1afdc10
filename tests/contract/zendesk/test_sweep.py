"""A sweep while other workers mark the tickets that it found."""

from __future__ import annotations

from datetime import timedelta

from app.domain.crm import CHECKED_TAG
from tests.support.helpdesk_bench import ZendeskBench

HOUR = timedelta(hours=1)


def tickets(bench: ZendeskBench, count: int, seconds_apart: float) -> list[str]:
    customer = bench.person("customer")
    made = []
    for number in range(count):
        made.append(bench.ticket(customer, f"Number {number}"))
        bench.sandbox.clock.advance(seconds_apart)
    return made


def test_tickets_that_are_marked_meanwhile_hide_no_others(bench: ZendeskBench) -> None:
    since = bench.sandbox.clock.now() - timedelta(minutes=1)
    made = tickets(bench, 250, seconds_apart=1)
    helpdesk = bench.helpdesk()
    found: list[str] = []
    cursor: str | None = None
    for _ in range(10):
        page = helpdesk.recent_tickets(since, cursor)
        for event in page.events:
            found.append(event.ticket_id)
            ticket = bench.sandbox.account.tickets[int(event.ticket_id)]
            bench.sandbox.engine.change_tags(ticket, [CHECKED_TAG], bench.sandbox.agent)
        cursor = page.cursor
        if cursor is None:
            break
    assert found == made
    assert bench.calls() == {"recent": 3}


def test_more_tickets_than_a_search_gives_are_all_found(bench: ZendeskBench) -> None:
    """A search ends at 1,000 results; the sweep doesn't."""
    since = bench.sandbox.clock.now() - timedelta(minutes=1)
    made = tickets(bench, 1150, seconds_apart=0.5)
    helpdesk = bench.helpdesk()
    found: set[str] = set()
    cursor: str | None = None
    for _ in range(40):
        page = helpdesk.recent_tickets(since, cursor)
        found |= {event.ticket_id for event in page.events}
        cursor = page.cursor
        if cursor is None:
            break
    assert found == set(made)


def test_a_customers_later_message_brings_the_ticket_up_again(bench: ZendeskBench) -> None:
    (ticket_id,) = tickets(bench, 1, seconds_apart=1)
    [first] = bench.helpdesk().recent_tickets(bench.sandbox.clock.now() - HOUR, None).events
    bench.sandbox.clock.advance(7200)
    since = bench.sandbox.clock.now() - HOUR
    assert bench.helpdesk().recent_tickets(since, None).events == ()
    ticket = bench.sandbox.account.tickets[int(ticket_id)]
    bench.sandbox.engine.reply_as_requester(ticket, "I want my money back.")
    [again] = bench.helpdesk().recent_tickets(since, None).events
    assert (first.ticket_id, again.ticket_id) == (ticket_id, ticket_id)
    assert first.dedupe_key != again.dedupe_key
    assert first.awaits_answer and again.awaits_answer
    assert again.occurred_at is not None and again.occurred_at > since
