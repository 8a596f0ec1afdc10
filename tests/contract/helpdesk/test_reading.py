"""Reading tickets and people, and what a failure to read means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.crm import CHECKED_TAG
from app.domain.errors import Malformed, NotFound, RateLimited, Unavailable
from app.domain.people import Tier, TierMap
from app.domain.ticket import TicketEvent, TicketEventKind
from app.ports import CheckStatus, Helpdesk
from tests.support.helpdesk_bench import HelpdeskBench, outcome_of

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def swept(helpdesk: Helpdesk, since: datetime = LONG_AGO) -> list[TicketEvent]:
    """All events of a sweep, in order."""
    events: list[TicketEvent] = []
    cursor: str | None = None
    for _ in range(100):
        page = helpdesk.recent_tickets(since, cursor)
        events += page.events
        cursor = page.cursor
        if cursor is None:
            return events
    raise AssertionError("the sweep doesn't end")


def test_a_ticket_is_read_in_one_call(bench: HelpdeskBench) -> None:
    customer = bench.customer("nora@example.com", "0151 12345678")
    ticket_id = bench.ticket(customer, "Order #1001, money back please", ("vip",))
    ticket = bench.helpdesk().read_ticket(ticket_id)
    assert ticket.id == ticket_id
    assert ticket.description == "Order #1001, money back please"
    assert ticket.requester.id == customer
    assert [one.value for one in ticket.requester.emails] == ["nora@example.com"]
    assert [one.value for one in ticket.requester.phones] == ["+4915112345678"]
    assert not ticket.is_closed and not ticket.is_from_agent
    assert ticket.created_at.utcoffset() == timedelta(0)
    assert bench.calls() == {"read": 1}


def test_the_messages_of_a_ticket_are_read_in_one_call(bench: HelpdeskBench) -> None:
    customer = bench.customer("nora@example.com", None)
    ticket_id = bench.ticket(customer, "Where is order #1001?")
    (message,) = bench.helpdesk().read_messages(ticket_id)
    assert (message.text, message.is_from_customer) == ("Where is order #1001?", True)
    assert message.created_at.utcoffset() == timedelta(0)
    assert sum(bench.calls().values()) == 1


def test_what_staff_wrote_is_known(closing_bench: HelpdeskBench) -> None:
    ticket_id = closing_bench.ticket(closing_bench.person("agent"), "A note to myself")
    assert closing_bench.helpdesk().read_ticket(ticket_id).is_from_agent


def test_a_closed_ticket_is_known(closing_bench: HelpdeskBench) -> None:
    ticket_id = closing_bench.ticket(closing_bench.person("customer"), "Hello")
    closing_bench.close(ticket_id)
    assert closing_bench.helpdesk().read_ticket(ticket_id).is_closed


def test_a_requester_is_read_with_all_addresses_in_one_call(bench: HelpdeskBench) -> None:
    customer = bench.customer("nora@example.com", None, "n.berg@example.com")
    found = bench.helpdesk().read_requester(customer)
    assert found.id == customer
    assert {one.value for one in found.emails} == {"nora@example.com", "n.berg@example.com"}
    assert bench.calls() == {"requester": 1}


@pytest.mark.parametrize(
    ("kind", "tier"),
    [
        ("agent", Tier.AGENT),
        ("team_lead", Tier.TEAM_LEAD),
        ("manager", Tier.MANAGER),
        ("looks_only", None),
    ],
)
def test_a_persons_tier_is_the_servers_word(
    bench: HelpdeskBench, kind: str, tier: Tier | None
) -> None:
    agent = bench.helpdesk().read_agent(bench.person(kind))
    assert TierMap.of(bench.account.config["tiers"]).applied_to(agent).tier is tier
    assert agent.is_active
    assert bench.calls() == {"agent": 1}


def test_a_customer_is_nobody_of_the_merchant(bench: HelpdeskBench) -> None:
    try:
        person = bench.helpdesk().read_agent(bench.person("customer"))
    except NotFound:
        return  # some helpdesks keep customers and staff apart
    assert person.tier is None


READS: dict[str, Callable[[HelpdeskBench], object]] = {
    "read": lambda bench: bench.helpdesk().read_ticket(bench.no_ticket),
    "requester": lambda bench: bench.helpdesk().read_requester(bench.no_person),
    "agent": lambda bench: bench.helpdesk().read_agent(bench.no_person),
    "find": lambda bench: bench.helpdesk().find_write(bench.no_ticket, "m"),
}


@pytest.mark.parametrize("step", READS)
def test_what_is_not_there_is_not_found(bench: HelpdeskBench, step: str) -> None:
    assert outcome_of(lambda: READS[step](bench)) is NotFound


@pytest.mark.parametrize("hostile", ["../users/1", "1?x=1", "", "１", "1" * 40, "a"])
def test_an_id_that_is_none_is_never_sent(bench: HelpdeskBench, hostile: str) -> None:
    helpdesk = bench.helpdesk()
    assert outcome_of(lambda: helpdesk.read_ticket(hostile)) is NotFound
    assert outcome_of(lambda: helpdesk.read_requester(hostile)) is NotFound
    assert outcome_of(lambda: helpdesk.read_agent(hostile)) is NotFound
    assert bench.calls() == {}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("http_429", RateLimited),
        ("http_500", Unavailable),
        ("http_503", Unavailable),
        ("html_502", Unavailable),
        ("disconnect_before", Unavailable),
        ("disconnect_after", Unavailable),
        ("malformed", Malformed),
    ],
)
@pytest.mark.parametrize("step", [*READS, "recent"])
def test_a_failed_read_may_be_tried_again(
    bench: HelpdeskBench, step: str, kind: str, expected: type[Exception]
) -> None:
    bench.ticket(bench.person("customer"), "Hello")
    bench.fault(step, kind)
    act = READS.get(step, lambda bench: bench.helpdesk().recent_tickets(LONG_AGO, None))
    assert outcome_of(lambda: act(bench)) is expected
    assert sum(bench.calls().values()) == 1


def test_a_read_that_hangs_is_given_up(bench: HelpdeskBench) -> None:
    ticket_id = bench.ticket(bench.person("customer"), "Hello")
    bench.fault("read", "timeout_before", seconds=2)
    helpdesk = bench.helpdesk(read_timeout_seconds=0.2)
    assert outcome_of(lambda: helpdesk.read_ticket(ticket_id)) is Unavailable


def test_the_waiting_time_of_a_limit_is_passed_on(bench: HelpdeskBench) -> None:
    bench.fault("read", "http_429", retry_after="17")
    with pytest.raises(RateLimited) as limited:
        bench.helpdesk().read_ticket(bench.no_ticket)
    assert limited.value.retry_after_seconds == 17


def test_a_sweep_finds_unmarked_tickets_oldest_first(bench: HelpdeskBench) -> None:
    customer = bench.person("customer")
    first, second = bench.ticket(customer, "One"), bench.ticket(customer, "Two")
    bench.ticket(customer, "Known", (CHECKED_TAG,))
    events = swept(bench.helpdesk())
    assert [one.ticket_id for one in events] == [first, second]
    assert {one.kind for one in events} == {TicketEventKind.SWEPT}
    assert len({one.dedupe_key for one in events}) == 2
    assert events[0].occurred_at is not None


def test_a_sweep_begins_where_it_is_told(bench: HelpdeskBench) -> None:
    bench.ticket(bench.person("customer"), "One")
    assert swept(bench.helpdesk(), datetime.now(UTC) + timedelta(hours=1)) == []


def test_a_sweep_of_many_tickets_loses_none(bench: HelpdeskBench) -> None:
    customer = bench.person("customer")
    made = {bench.ticket(customer, f"Number {number}") for number in range(230)}
    assert {one.ticket_id for one in swept(bench.helpdesk())} == made


def test_a_connection_that_is_whole_has_only_good_checks(bench: HelpdeskBench) -> None:
    checks = bench.helpdesk().check()
    assert len(checks) >= 5
    assert {one.status for one in checks} == {CheckStatus.OK}


def test_checks_name_the_mend_and_never_raise(bench: HelpdeskBench) -> None:
    config = {**bench.account.config, "webhook_id": "unknown", "ticket_fields": {}}
    bench.account = bench.account.model_copy(update={"config": config})
    failed = [one for one in bench.helpdesk().check() if one.status is CheckStatus.FAILED]
    assert failed
    assert all(one.mend and one.detail for one in failed)
