"""What a headless run found, as numbers and promises, and how they are worked out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from app.domain.base import Value

# What one refund ticket may cost until its note is posted.
MOST_READS = {"zendesk": 1, "kustomer": 2}
MOST_WRITES = {"zendesk": 1, "kustomer": 2}
MOST_STORE_CALLS = {"shopify": 2, "magento": 3}
_FAULTS_SHOWN = 3


class Promise(Value):
    """One promise and whether it held; `detail` says what was compared, or what broke it."""

    held: bool
    detail: str


class Percentiles(Value):
    """Milliseconds; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None
    count: int = 0


def percentiles(milliseconds: Iterable[float]) -> Percentiles:
    """By the nearest rank: a value that was really measured, never one in between."""
    ordered = sorted(milliseconds)

    def rank(share: float) -> float | None:
        if not ordered:
            return None
        return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)

    return Percentiles(p50=rank(0.50), p95=rank(0.95), p99=rank(0.99), count=len(ordered))


class Spread(Value):
    """Mean and maximum of a count per ticket."""

    mean: float
    max: int


def spread(counts: Sequence[int]) -> Spread:
    """Zero for no tickets at all."""
    if not counts:
        return Spread(mean=0.0, max=0)
    return Spread(mean=round(sum(counts) / len(counts), 3), max=max(counts))


class TicketCalls(Value):
    """Vendor calls that one ticket caused until its note was posted; `stores` by kind of store.

    `looked_at_profile`: the ticket's own addresses found nothing, so that the other ones on the
    requester's profile were read (one more call to the helpdesk) and tried (one more to the store).
    `was_swept`: no delivery brought it, so that, where it begins with something else than a wish
    for a refund, its later messages were read as well (one more call to the helpdesk).
    """

    helpdesk: str
    is_refund: bool
    reads: int
    writes: int
    stores: dict[str, int]
    looked_at_profile: bool = False
    was_swept: bool = False

    @property
    def is_within_budget(self) -> bool:
        """The budget of its kind."""
        most_reads = MOST_READS[self.helpdesk]
        if not self.is_refund:
            most_reads += self.was_swept
            return self.reads <= most_reads and self.writes == 0 and not any(self.stores.values())
        extra = 1 if self.looked_at_profile else 0
        return (
            self.reads <= most_reads + extra
            and self.writes <= MOST_WRITES[self.helpdesk]
            and all(n <= MOST_STORE_CALLS[kind] + extra for kind, n in self.stores.items())
        )


def calls_summary(calls: Sequence[TicketCalls]) -> dict[str, Any]:
    """Mean and maximum by vendor: refund tickets, those that needed the profile, all others.

    A helpdesk's figures are over its own tickets; every store is asked about all of them.
    """

    def of(group: list[TicketCalls]) -> dict[str, Any]:
        summary: dict[str, Any] = {"tickets": len(group)}
        for desk in sorted({one.helpdesk for one in calls}):
            own = [one for one in group if one.helpdesk == desk]
            summary[f"{desk}_reads"] = spread([one.reads for one in own]).model_dump()
            summary[f"{desk}_writes"] = spread([one.writes for one in own]).model_dump()
        for kind in sorted({kind for one in calls for kind in one.stores}):
            summary[kind] = spread([one.stores.get(kind, 0) for one in group]).model_dump()
        return summary

    refunds = [one for one in calls if one.is_refund]
    return {
        "refund": of([one for one in refunds if not one.looked_at_profile]),
        "refund_with_profile_lookup": of([one for one in refunds if one.looked_at_profile]),
        "not_about_refunds": of([one for one in calls if not one.is_refund]),
    }


def promise_of(faults: list[str], good: str) -> Promise:
    """Held without faults, with what was found good; else with the first faults."""
    if not faults:
        return Promise(held=True, detail=good)
    more = f" (and {len(faults) - _FAULTS_SHOWN} more)" if len(faults) > _FAULTS_SHOWN else ""
    return Promise(held=False, detail="; ".join(faults[:_FAULTS_SHOWN]) + more)


class Report(Value):
    """The JSON document of a headless run."""

    helpdesk: str
    store: str
    tickets: int
    tickets_by_pair: dict[str, int]
    deliveries_sent: int
    deliveries_acked: int
    deliveries_duplicated: int
    deliveries_lost_by_vendor: int
    tickets_found_by_sweep: int
    tickets_triaged: int
    refund_tickets: int
    notes_posted: int
    duplicate_notes: int
    refunds_requested: int
    refunds_settled: int
    refunds_pending: int
    refunds_cancelled: int
    bonuses_given: int
    store_refunds: int
    double_refunds: int
    ledger_equals_store: bool
    refunded: dict[str, str]
    answers_lost_on_purpose: int
    vendor_calls_per_ticket: dict[str, Any]
    ack_ms: Percentiles
    triage_ms: Percentiles
    seconds: float
    promises: dict[str, Promise]

    @property
    def held(self) -> bool:
        """Whether every promise held."""
        return all(promise.held for promise in self.promises.values())

    def as_json(self) -> dict[str, Any]:
        """Promises are true or false; what broke one stands in `broken`, the rest in `details`."""
        document = self.model_dump(mode="json")
        document["promises"] = {name: one.held for name, one in self.promises.items()}
        document["details"] = {name: one.detail for name, one in self.promises.items()}
        document["broken"] = [name for name, one in self.promises.items() if not one.held]
        return document


def table(report: Report) -> str:
    """The report for a person."""
    lines = []
    for name, value in report.model_dump(mode="json").items():
        if name in {"promises", "vendor_calls_per_ticket"}:
            continue
        shown = (
            ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        )
        lines.append(f"{name.replace('_', ' '):28} {shown}")
    for group, numbers in report.vendor_calls_per_ticket.items():
        parts = [
            f"{vendor.replace('_', ' ')} {one['mean']:g} (at most {one['max']})"
            for vendor, one in numbers.items()
            if isinstance(one, dict)
        ]
        label = f"calls, {group.replace('_', ' ')} ({numbers['tickets']})"
        lines.append(f"{label:28} {', '.join(parts)}")
    lines.append("")
    for name, promise in report.promises.items():
        mark = "held  " if promise.held else "BROKEN"
        lines.append(f"{mark} {name.replace('_', ' ')}: {promise.detail}")
    return "\n".join(lines)
