"""How the headless report works its numbers out."""

from __future__ import annotations

from typing import Any

import pytest

from app.cli.report import (
    Percentiles,
    Promise,
    Report,
    TicketCalls,
    calls_summary,
    percentiles,
    spread,
    table,
)


def test_percentiles_are_measured_values_by_nearest_rank():
    found = percentiles(float(n) for n in range(100, 0, -1))
    assert (found.p50, found.p95, found.p99, found.count) == (50.0, 95.0, 99.0, 100)


def test_percentiles_of_one_value_and_of_none():
    assert percentiles([7.25]) == Percentiles(p50=7.2, p95=7.2, p99=7.2, count=1)
    assert percentiles([]) == Percentiles(p50=None, p95=None, p99=None, count=0)


def test_a_rare_slow_one_is_seen_by_p99_only_when_there_are_few_enough():
    assert percentiles([1.0] * 99 + [900.0]).p99 == 1.0
    assert percentiles([1.0] * 49 + [900.0]).p99 == 900.0


def test_spread():
    assert spread([1, 1, 4]).model_dump() == {"mean": 2.0, "max": 4}
    assert spread([]).model_dump() == {"mean": 0.0, "max": 0}


@pytest.mark.parametrize(
    ("calls", "is_within"),
    [
        (("zendesk", True, 1, 1, {"shopify": 2}, False), True),
        (("zendesk", True, 2, 1, {"shopify": 2}, False), False),
        (("zendesk", True, 1, 2, {"shopify": 2}, False), False),
        (("zendesk", True, 1, 1, {"shopify": 3}, False), False),
        (("zendesk", True, 1, 1, {"shopify": 2, "magento": 3}, False), True),
        (("zendesk", True, 1, 1, {"shopify": 2, "magento": 4}, False), False),
        (("zendesk", True, 2, 1, {"shopify": 3}, True), True),
        (("zendesk", True, 3, 1, {"shopify": 3}, True), False),
        (("zendesk", False, 1, 0, {"shopify": 0}, False), True),
        (("zendesk", False, 1, 0, {"shopify": 0, "magento": 1}, False), False),
        (("zendesk", False, 1, 1, {"shopify": 0}, False), False),
        (("kustomer", True, 2, 2, {"magento": 3}, False), True),
        (("kustomer", True, 3, 2, {"magento": 3}, False), False),
        (("kustomer", True, 2, 3, {"magento": 3}, False), False),
        (("kustomer", False, 2, 0, {}, False), True),
        (("kustomer", False, 2, 1, {}, False), False),
    ],
)
def test_budget_of_one_ticket(calls, is_within):
    helpdesk, is_refund, reads, writes, stores, profile = calls
    ticket = TicketCalls(
        helpdesk=helpdesk,
        is_refund=is_refund,
        reads=reads,
        writes=writes,
        stores=stores,
        looked_at_profile=profile,
    )
    assert ticket.is_within_budget is is_within


def ticket_calls(helpdesk: str, reads: int, writes: int, shopify: int, **more: bool) -> TicketCalls:
    values: dict[str, Any] = {"is_refund": True, **more}
    return TicketCalls(
        helpdesk=helpdesk, reads=reads, writes=writes, stores={"shopify": shopify}, **values
    )


def test_what_the_sweep_found_may_be_read_once_more_where_it_asks_for_nothing():
    swept = {"is_refund": False, "was_swept": True}
    assert ticket_calls("zendesk", 2, 0, 0, **swept).is_within_budget
    assert not ticket_calls("zendesk", 3, 0, 0, **swept).is_within_budget
    assert not ticket_calls("zendesk", 2, 0, 1, **swept).is_within_budget
    assert not ticket_calls("zendesk", 2, 1, 1, was_swept=True).is_within_budget


def test_calls_are_summed_up_by_kind_of_ticket():
    summary = calls_summary(
        [
            ticket_calls("zendesk", 1, 1, 2),
            ticket_calls("kustomer", 2, 2, 1),
            ticket_calls("zendesk", 2, 1, 3, looked_at_profile=True),
            ticket_calls("zendesk", 1, 0, 0, is_refund=False),
        ]
    )
    assert summary["refund"]["tickets"] == 2
    assert summary["refund"]["shopify"] == {"mean": 1.5, "max": 2}
    # Each helpdesk's figures are over its own tickets.
    assert summary["refund"]["zendesk_reads"] == {"mean": 1.0, "max": 1}
    assert summary["refund"]["kustomer_writes"] == {"mean": 2.0, "max": 2}
    assert summary["refund_with_profile_lookup"]["zendesk_reads"] == {"mean": 2.0, "max": 2}
    assert summary["not_about_refunds"]["shopify"] == {"mean": 0.0, "max": 0}


def report(**promises: bool) -> Report:
    nothing = percentiles([])
    return Report(
        helpdesk="zendesk",
        store="shopify",
        tickets=1,
        tickets_by_pair={"zendesk+shopify": 1},
        deliveries_sent=2,
        deliveries_acked=2,
        deliveries_duplicated=1,
        deliveries_lost_by_vendor=0,
        tickets_found_by_sweep=0,
        tickets_triaged=1,
        refund_tickets=1,
        notes_posted=1,
        duplicate_notes=0,
        refunds_requested=0,
        refunds_settled=0,
        refunds_pending=0,
        refunds_cancelled=0,
        bonuses_given=0,
        store_refunds=0,
        double_refunds=0,
        ledger_equals_store=True,
        refunded={"EUR": "48.60"},
        answers_lost_on_purpose=0,
        vendor_calls_per_ticket=calls_summary([]),
        ack_ms=nothing,
        triage_ms=nothing,
        seconds=1.0,
        promises={name: Promise(held=held, detail=name) for name, held in promises.items()},
    )


def test_one_broken_promise_breaks_the_report():
    broken = report(first=True, second=False)
    assert not broken.held
    assert broken.as_json()["promises"] == {"first": True, "second": False}
    assert broken.as_json()["broken"] == ["second"]
    assert report(first=True, second=True).held


def test_the_table_shows_what_broke():
    text = table(report(ledger_equals_store=False, audit_chain_whole=True))
    assert "BROKEN ledger equals store" in text
    assert "held   audit chain whole" in text
    assert "EUR 48.60" in text
