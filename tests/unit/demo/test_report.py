"""How the headless report works its numbers out."""

from __future__ import annotations

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
        ((True, 1, 1, 2, False), True),
        ((True, 2, 1, 2, False), False),
        ((True, 1, 2, 2, False), False),
        ((True, 1, 1, 3, False), False),
        ((True, 2, 1, 3, True), True),
        ((True, 3, 1, 3, True), False),
        ((False, 1, 0, 0, False), True),
        ((False, 1, 0, 1, False), False),
        ((False, 1, 1, 0, False), False),
    ],
)
def test_budget_of_one_ticket(calls, is_within):
    is_refund, reads, writes, store, profile = calls
    ticket = TicketCalls(
        is_refund=is_refund,
        zendesk_reads=reads,
        zendesk_writes=writes,
        shopify=store,
        looked_at_profile=profile,
    )
    assert ticket.is_within_budget is is_within


def test_calls_are_summed_up_by_kind_of_ticket():
    summary = calls_summary(
        [
            TicketCalls(is_refund=True, zendesk_reads=1, zendesk_writes=1, shopify=2),
            TicketCalls(is_refund=True, zendesk_reads=1, zendesk_writes=1, shopify=1),
            TicketCalls(
                is_refund=True,
                zendesk_reads=2,
                zendesk_writes=1,
                shopify=3,
                looked_at_profile=True,
            ),
            TicketCalls(is_refund=False, zendesk_reads=1, zendesk_writes=0, shopify=0),
        ]
    )
    assert summary["refund"]["tickets"] == 2
    assert summary["refund"]["shopify"] == {"mean": 1.5, "max": 2}
    assert summary["refund_with_profile_lookup"]["zendesk_reads"] == {"mean": 2.0, "max": 2}
    assert summary["not_about_refunds"]["shopify"] == {"mean": 0.0, "max": 0}


def report(**promises: bool) -> Report:
    nothing = percentiles([])
    return Report(
        helpdesk="zendesk",
        store="shopify",
        tickets=1,
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
