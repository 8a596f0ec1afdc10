"""Writing: one call, never repeated, and found again after a lost answer."""

from __future__ import annotations

from datetime import date

import pytest

from app.domain.classification import Reason
from app.domain.crm import (
    CHECKED_TAG,
    CustomerFields,
    Note,
    RefundStatus,
    TicketFields,
    TicketWrite,
)
from app.domain.errors import (
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StaleWrite,
    Unavailable,
)
from app.domain.money import Money
from tests.support.helpdesk_bench import HelpdeskBench, outcome_of

NOTE = Note(headline="Eligible", facts=(("Amount", "48.60 EUR"),), bullets=("Within 30 days",))


def write_for(ticket_id: str, marker: str = "w-1", **changes: object) -> TicketWrite:
    values: dict[str, object] = {
        "note": NOTE,
        "add_tags": (CHECKED_TAG,),
        "fields": TicketFields(
            status=RefundStatus.ELIGIBLE,
            amount=Money.of("48.60", "EUR"),
            order="#1001",
            reason=Reason.DAMAGED,
        ),
    }
    return TicketWrite.model_validate(
        {"ticket_id": ticket_id, "marker": marker, **values, **changes}
    )


@pytest.fixture
def ticket_id(bench: HelpdeskBench) -> str:
    return bench.ticket(bench.person("customer"), "Order #1001, money back please", ("vip",))


def test_note_tags_and_fields_are_one_call(bench: HelpdeskBench, ticket_id: str) -> None:
    helpdesk = bench.helpdesk()
    receipt = helpdesk.write_ticket(write_for(ticket_id), helpdesk.read_ticket(ticket_id))
    assert receipt.change_id
    assert bench.calls() == {"read": 1, "write": 1}
    (note,) = bench.comments(ticket_id)
    assert not note.is_public
    assert note.marker == "w-1"
    assert "48.60 EUR" in note.text and "Within 30 days" in note.text
    assert "vip" in bench.tags(ticket_id) and bench.is_marked(ticket_id)
    fields = bench.fields(ticket_id)
    assert set(fields) == {"status", "amount", "order", "reason"}
    assert (fields["amount"], fields["order"]) == ("48.60", "#1001")


def test_a_note_is_internal_whatever_the_ticket_was(bench: HelpdeskBench, ticket_id: str) -> None:
    helpdesk = bench.helpdesk()
    for number in range(3):
        write = write_for(ticket_id, f"w-{number}")
        helpdesk.write_ticket(write, helpdesk.read_ticket(ticket_id))
    assert [one.is_public for one in bench.comments(ticket_id)] == [False, False, False]


def test_a_later_status_replaces_the_earlier(bench: HelpdeskBench, ticket_id: str) -> None:
    helpdesk = bench.helpdesk()
    helpdesk.write_ticket(write_for(ticket_id), helpdesk.read_ticket(ticket_id))
    before = bench.fields(ticket_id)
    later = write_for(
        ticket_id, "w-2", note=None, fields=TicketFields(status=RefundStatus.REFUNDED)
    )
    helpdesk.write_ticket(later, helpdesk.read_ticket(ticket_id))
    after = bench.fields(ticket_id)
    assert after["status"] != before["status"]
    assert {name: after[name] for name in ("amount", "order", "reason")} == {
        name: before[name] for name in ("amount", "order", "reason")
    }
    assert {"vip", CHECKED_TAG} <= bench.tags(ticket_id)
    assert len(bench.comments(ticket_id)) == 1


def test_a_change_by_somebody_else_is_not_overwritten(closing_bench: HelpdeskBench) -> None:
    bench = closing_bench
    ticket_id = bench.ticket(bench.person("customer"), "Order #1001")
    helpdesk = bench.helpdesk()
    seen = helpdesk.read_ticket(ticket_id)
    bench.edit(ticket_id)
    assert outcome_of(lambda: helpdesk.write_ticket(write_for(ticket_id), seen)) is StaleWrite
    assert bench.comments(ticket_id) == []
    assert not bench.is_marked(ticket_id)
    helpdesk.write_ticket(write_for(ticket_id), helpdesk.read_ticket(ticket_id))
    assert len(bench.comments(ticket_id)) == 1


@pytest.mark.parametrize("kind", ["disconnect_after", "timeout_after", "malformed"])
def test_a_lost_answer_is_unknown_and_found_again(
    bench: HelpdeskBench, ticket_id: str, kind: str
) -> None:
    seen = bench.helpdesk().read_ticket(ticket_id)
    bench.fault("write", kind, seconds=1.0)
    impatient = bench.helpdesk(read_timeout_seconds=0.3)
    write = write_for(ticket_id)
    assert outcome_of(lambda: impatient.write_ticket(write, seen)) is OutcomeUnknown
    assert len(bench.comments(ticket_id)) == 1
    found = bench.helpdesk().find_write(ticket_id, write.marker)
    assert found is not None and found.change_id
    assert bench.helpdesk().find_write(ticket_id, "w-9") is None
    assert bench.calls() == {"read": 1, "write": 1, "find": 2}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("disconnect_before", OutcomeUnknown),
        ("http_500", OutcomeUnknown),
        ("html_502", OutcomeUnknown),
        ("http_503", OutcomeUnknown),
        ("http_429", RateLimited),
    ],
)
def test_a_failed_write_is_sent_once_and_was_not_made(
    bench: HelpdeskBench, ticket_id: str, kind: str, expected: type[Exception]
) -> None:
    helpdesk = bench.helpdesk()
    seen = helpdesk.read_ticket(ticket_id)
    bench.fault("write", kind)
    write = write_for(ticket_id)
    assert outcome_of(lambda: helpdesk.write_ticket(write, seen)) is expected
    assert bench.comments(ticket_id) == []
    assert bench.calls()["write"] == 1
    assert helpdesk.find_write(ticket_id, write.marker) is None
    helpdesk.write_ticket(write, seen)
    assert len(bench.comments(ticket_id)) == 1


def test_a_write_is_found_far_back_in_a_long_history(bench: HelpdeskBench, ticket_id: str) -> None:
    helpdesk = bench.helpdesk()
    bench.edit(ticket_id, times=115)
    receipt = helpdesk.write_ticket(write_for(ticket_id), helpdesk.read_ticket(ticket_id))
    bench.edit(ticket_id, times=115)
    found = helpdesk.find_write(ticket_id, "w-1")
    assert found is not None and found.change_id == receipt.change_id
    assert bench.calls()["find"] > 1


def test_a_closed_ticket_refuses(closing_bench: HelpdeskBench) -> None:
    bench = closing_bench
    ticket_id = bench.ticket(bench.person("customer"), "Order #1001")
    helpdesk = bench.helpdesk()
    seen = helpdesk.read_ticket(ticket_id)
    bench.close(ticket_id)
    assert outcome_of(lambda: helpdesk.write_ticket(write_for(ticket_id), seen)) is Rejected


def test_a_ticket_that_is_gone_is_not_found(bench: HelpdeskBench, ticket_id: str) -> None:
    seen = bench.helpdesk().read_ticket(ticket_id)
    gone = write_for(bench.no_ticket)
    assert outcome_of(lambda: bench.helpdesk().write_ticket(gone, seen)) is NotFound


def test_customer_fields_are_set_and_set_again(bench: HelpdeskBench) -> None:
    customer = bench.person("customer")
    fields = CustomerFields(
        refund_count=2,
        refunded_total=Money.of("1048.60", "EUR"),
        last_refund_on=date(2026, 11, 21),
    )
    bench.helpdesk().write_customer(customer, fields)
    assert bench.calls() == {"customer": 1}
    expected = {"count": 2, "total": "1048.60", "day": "2026-11-21"}
    assert bench.customer_fields(customer) == expected


def test_unknown_customer_fields_stay_as_they_are(bench: HelpdeskBench) -> None:
    customer = bench.person("customer")
    bench.helpdesk().write_customer(customer, CustomerFields(refund_count=0))
    assert bench.customer_fields(customer) == {"count": 0}
    bench.helpdesk().write_customer(customer, CustomerFields())
    assert bench.calls() == {"customer": 1}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("http_429", RateLimited), ("disconnect_after", OutcomeUnknown), ("http_500", OutcomeUnknown)],
)
def test_a_failed_customer_write_is_not_repeated(
    bench: HelpdeskBench, kind: str, expected: type[Exception]
) -> None:
    bench.fault("customer", kind)
    fields = CustomerFields(refund_count=1)
    customer = bench.person("customer")
    assert outcome_of(lambda: bench.helpdesk().write_customer(customer, fields)) is expected
    assert bench.calls() == {"customer": 1}


def test_a_helpdesk_that_refuses_connections_was_not_written_to(
    bench: HelpdeskBench, ticket_id: str
) -> None:
    helpdesk = bench.helpdesk()
    seen = helpdesk.read_ticket(ticket_id)
    bench.stop()
    assert outcome_of(lambda: helpdesk.write_ticket(write_for(ticket_id), seen)) is Unavailable
    assert outcome_of(lambda: helpdesk.read_ticket(ticket_id)) is Unavailable
