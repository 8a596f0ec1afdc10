"""Holds what the product says it did against the sandbox vendors' own books."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.cli.headless import Played, Told, all_refunds, expected_refund
from app.cli.report import (
    Percentiles,
    Promise,
    Report,
    TicketCalls,
    calls_summary,
    percentiles,
)
from app.cli.stage import Stage
from app.domain.refund import Refund, RefundState
from app.storage.tables import decisions, deliveries, metadata, ticket_writes, tickets
from app.usecases.reconcile import reconcile
from integrations.sandbox.scenario import Act

_PROFILE = "identities"
_SHOWN = 3


def examine(stage: Stage, played: Played) -> Report:
    """Read all books once, and compare."""
    return _Examination(stage, played).report()


def _promise(faults: list[str], good: str) -> Promise:
    if not faults:
        return Promise(held=True, detail=good)
    more = f" (and {len(faults) - _SHOWN} more)" if len(faults) > _SHOWN else ""
    return Promise(held=False, detail="; ".join(faults[:_SHOWN]) + more)


class _Examination:
    def __init__(self, stage: Stage, played: Played) -> None:
        self.stage, self.played = stage, played
        self.told = played.told
        self.deliveries: dict[str, Any] = stage.zendesk.get("deliveries", times="1")
        self.desk: dict[str, Any] = stage.zendesk.get("state")
        self.notes: dict[str, list[dict[str, Any]]] = stage.zendesk.get("notes")["notes"]
        self.books: dict[str, Any] = stage.shopify.get("books")
        self.refunds: list[Refund] = all_refunds(stage)
        self.by_ticket = {one.ticket_id: one for one in self.told}
        with stage.services.database.read() as tx:
            self.triaged = {
                row.ticket_id: bool(row.is_refund)
                for row in tx.execute(select(tickets.c.ticket_id, tickets.c.is_refund))
            }
            self.kept = list(tx.execute(select(deliveries)).mappings())
            self.writes = list(tx.execute(select(ticket_writes)).mappings())
            self.eligible_cases = set(
                tx.execute(
                    select(decisions.c.case_id).where(decisions.c.verdict == "eligible")
                ).scalars()
            )

    # --- the report ---

    def report(self) -> Report:
        result = reconcile(self.stage.services.deps, self.stage.account.id)
        doubles = self.double_refunds()
        ledger = self.ledger_faults()
        ledger += [item.what for item in result.differences] + list(result.unread)
        calls = self.calls()
        states = Counter(refund.state for refund in self.refunds)
        promises = {
            "no_delivery_lost": self.no_delivery_lost(),
            "answers_as_expected": self.answers_as_expected(),
            "one_note_per_decision": self.one_note_per_decision(),
            "own_writes_trigger_nothing": self.own_writes_trigger_nothing(),
            "money_moves_once": _promise(doubles, f"{len(self.refunds)} intents, none paid twice"),
            "everything_settled": self.everything_settled(),
            "only_eligible_refunded": self.only_eligible_refunded(),
            "ledger_equals_store": _promise(
                ledger, f"{result.refunds_checked} refunds on {result.orders_checked} orders"
            ),
            "audit_chain_whole": self.audit_chain_whole(),
            "no_card_number_kept": self.no_card_number_kept(),
            "calls_within_budget": self.calls_within_budget(calls),
            "rate_limits_respected": self.rate_limits_respected(),
        }
        return Report(
            helpdesk="zendesk",
            store="shopify",
            tickets=len(self.told),
            deliveries_sent=self.deliveries["sent"],
            deliveries_acked=self.deliveries["acked"],
            deliveries_duplicated=self.deliveries["duplicated"],
            deliveries_lost_by_vendor=self.deliveries["lost"],
            tickets_found_by_sweep=sum('"swept"' in row["event"] for row in self.kept),
            tickets_triaged=len(self.triaged),
            refund_tickets=sum(self.triaged.values()),
            notes_posted=sum(len(notes) for notes in self.notes.values()),
            duplicate_notes=len(self.duplicate_notes()),
            refunds_requested=len(self.refunds),
            refunds_settled=states[RefundState.SETTLED],
            refunds_pending=states[RefundState.PENDING],
            refunds_cancelled=states[RefundState.CANCELLED],
            store_refunds=self.books["counters"]["refunds_by_api"],
            double_refunds=len(doubles),
            ledger_equals_store=not ledger,
            refunded=self.refunded(),
            answers_lost_on_purpose=self.played.answers_lost,
            vendor_calls_per_ticket=calls_summary(list(calls.values())),
            ack_ms=percentiles(self.deliveries["answer_ms"]),
            triage_ms=self.triage_times(),
            seconds=self.played.seconds,
            promises=promises,
        )

    def refunded(self) -> dict[str, str]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for refund in self.refunds:
            if refund.settled_amount is not None:
                sums[refund.settled_amount.currency] += refund.settled_amount.amount
        return {currency: f"{amount:f}" for currency, amount in sorted(sums.items())}

    def triage_times(self) -> Percentiles:
        """From the first kept delivery of a ticket until its note is in the helpdesk, or until it
        was put aside. Tickets that only the sweep found are left out."""
        sent = {
            row["ticket_id"]: row["sent_at"] for row in self.writes if row["purpose"] == "decision"
        }
        times: dict[str, float] = {}
        for row in self.kept:
            ends = sent.get(row["ticket_id"]) or row["done_at"]
            if '"swept"' in row["event"] or ends is None or row["ticket_id"] in times:
                continue
            times[row["ticket_id"]] = (ends - row["received_at"]).total_seconds() * 1000
        return percentiles(times.values())

    # --- deliveries and notes ---

    def no_delivery_lost(self) -> Promise:
        faults = [
            f"ticket {one.ticket_id} ({one.scene.story.key}) was never triaged"
            for one in self.told
            if one.ticket_id not in self.triaged
        ]
        open_ones = [row for row in self.kept if row["state"] != "done"]
        faults += [f"delivery {row['id']} is {row['state']}: {row['outcome']}" for row in open_ones]
        lost = sum(one.is_lost for one in self.told)
        if self.deliveries["failed"] or self.deliveries["circuit_broken"]:
            faults.append(f"{self.deliveries['failed']} deliveries were refused for good")
        return _promise(
            faults, f"{len(self.triaged)} of {len(self.told)} triaged, {lost} of them by the sweep"
        )

    def answers_as_expected(self) -> Promise:
        faults = [fault for one in self.told for fault in scene_faults(one, self.triaged)]
        return _promise(faults, f"{len(self.told)} verdicts and amounts, to the cent")

    def duplicate_notes(self) -> list[str]:
        """Notes with one marker, or with one text, more than once on a ticket."""
        found = []
        for ticket_id, notes in self.notes.items():
            for what in ("makegood", "html_body"):
                values = Counter(
                    note["custom"].get(what) if what == "makegood" else note[what] for note in notes
                )
                found += [f"ticket {ticket_id}: {n} x {v}" for v, n in values.items() if n > 1]
        return list(dict.fromkeys(found))

    def one_note_per_decision(self) -> Promise:
        faults = self.duplicate_notes()
        for one in self.told:
            first = len(self.played.notes_after_triage.get(one.ticket_id, []))
            wanted = 1 if self.triaged.get(one.ticket_id) else 0
            if first != wanted:
                faults.append(f"ticket {one.ticket_id} had {first} notes after triage")
        outcomes = {
            f"refund-{refund.id}-{refund.state.value}"
            for refund in self.refunds
            if refund.state in {RefundState.SETTLED, RefundState.PENDING, RefundState.FAILED}
        }
        markers = {note["custom"].get("makegood") for ns in self.notes.values() for note in ns}
        faults += [f"no note says {marker}" for marker in sorted(outcomes - markers)]
        return _promise(faults, f"{len(markers)} notes, each with a marker of its own")

    def own_writes_trigger_nothing(self) -> Promise:
        made = self.deliveries["invocations"] - self.deliveries["duplicated"]
        faults = []
        if made != len(self.told):
            faults.append(f"{made} deliveries for {len(self.told)} tickets")
        return _promise(
            faults, f"{len(self.writes)} writes of ours, {made} deliveries for {made} tickets"
        )

    # --- money ---

    def double_refunds(self) -> list[str]:
        """Orders with more refunds than intents, keys used twice, intents answered with two ids."""
        intents: Counter[str] = Counter()
        for refund in self.refunds:
            if refund.state not in {RefundState.CANCELLED, RefundState.DECLINED}:
                intents[refund.order_id] += 1
        faults = []
        for order in self.books["orders"]:
            ours = [one for one in order["refunds"] if one["source"] == "api"]
            if len(ours) > intents[order["id"]]:
                faults.append(
                    f"{order['name']}: {len(ours)} refunds for {intents[order['id']]} intents"
                )
            if Decimal(order["paid_back"]) > Decimal(order["received"]):
                faults.append(f"{order['name']}: {order['paid_back']} of {order['received']} back")
        if self.books["counters"]["keys_used_twice"]:
            faults.append("an idempotency key stands on two refunds")
        for one in self.told:
            ids = {body["id"] for status, body in one.answers if status in {200, 201}}
            if len(ids) > 1:
                faults.append(f"ticket {one.ticket_id}: one button gave {len(ids)} refunds")
        return faults

    def ledger_faults(self) -> list[str]:
        """Sums per order, ours beside the store's own."""
        ours: dict[str, Decimal] = defaultdict(Decimal)
        for refund in self.refunds:
            if refund.state in {RefundState.SETTLED, RefundState.PENDING}:
                ours[refund.order_id] += (refund.settled_amount or refund.plan.total).amount
        faults = []
        for order in self.books["orders"]:
            theirs = sum(
                (Decimal(one["requested"]) for one in order["refunds"] if one["source"] == "api"),
                Decimal(0),
            )
            if theirs != ours[order["id"]]:
                faults.append(f"{order['name']}: ledger {ours[order['id']]}, store {theirs}")
        return faults

    def everything_settled(self) -> Promise:
        """Each act came to what it should, and nothing is called settled that isn't paid."""
        by_ticket: dict[str, list[Refund]] = defaultdict(list)
        for refund in self.refunds:
            by_ticket[refund.ticket_id].append(refund)
        paid = {
            order["id"]: sum(
                (Decimal(one["paid"]) for one in order["refunds"] if one["source"] == "api"),
                Decimal(0),
            )
            for order in self.books["orders"]
        }
        faults = []
        for one in self.told:
            faults += [f"ticket {one.ticket_id}: {text}" for text in one.problems]
            faults += [
                f"ticket {one.ticket_id} ({one.scene.story.key}): {text}"
                for text in act_faults(one, by_ticket[one.ticket_id], paid)
            ]
        return _promise(faults, "each click came to what it should, in ledger and store")

    def only_eligible_refunded(self) -> Promise:
        faults = [
            f"{refund.order_name} was refunded without an eligible decision"
            for refund in self.refunds
            if refund.case_id not in self.eligible_cases
        ]
        allowed = {
            name
            for one in self.told
            if one.scene.story.expected.verdict == "eligible"
            for name in one.scene.order_names
        }
        faults += [
            f"{order['name']} should never have been refunded"
            for order in self.books["orders"]
            if order["name"] not in allowed
            and any(one["source"] == "api" for one in order["refunds"])
        ]
        return _promise(faults, f"{len(self.refunds)} refunds, each of an eligible decision")

    # --- audit, privacy, vendors ---

    def audit_chain_whole(self) -> Promise:
        count, fault = self.stage.services.deps.audit.verify(self.stage.account.id)
        return _promise([fault] if fault else [], f"{count} entries")

    def no_card_number_kept(self) -> Promise:
        """Looks for the digits in every text of every table, and in what our processes logged."""
        numbers = {one.scene.story.card_number for one in self.told} - {""}
        faults = []
        with self.stage.services.database.read() as tx:
            for table in metadata.sorted_tables:
                for row in tx.execute(select(table)):
                    if holds_number(numbers, " ".join(str(value) for value in row)):
                        faults.append(f"a card number stands in the table {table.name}")
        log_file = self.stage.show.log_file
        if log_file is not None and holds_number(numbers, log_file.read_text(errors="replace")):
            faults.append("a card number stands in the log")
        written = sum(bool(one.scene.story.card_number) for one in self.told)
        return _promise(list(dict.fromkeys(faults)), f"{written} tickets had one in their text")

    def calls(self) -> dict[str, TicketCalls]:
        """Vendor calls of the triage phase by ticket."""
        zendesk: dict[str, Counter[str]] = defaultdict(Counter)
        for call in self.played.zendesk_calls:
            zendesk[call["subject"]][call["operation"]] += 1
        shopify = Counter(call["subject"] for call in self.played.shopify_calls)
        names = {order["name"]: order["id"] for order in self.books["orders"]}
        requesters = {str(one["id"]): str(one["requester_id"]) for one in self.desk["tickets"]}
        found = {}
        for one in self.told:
            mine = zendesk[one.ticket_id]
            profile = sum(
                count
                for name, count in zendesk[requesters[one.ticket_id]].items()
                if _PROFILE in name
            )
            subjects = [*one.scene.addresses, *(names[name] for name in one.scene.order_names)]
            found[one.ticket_id] = TicketCalls(
                is_refund=self.triaged.get(one.ticket_id, False),
                zendesk_reads=sum(n for name, n in mine.items() if name != "tickets.update")
                + profile,
                zendesk_writes=mine["tickets.update"],
                shopify=sum(shopify[subject] for subject in subjects),
                looked_at_profile=profile > 0,
            )
        return found

    def calls_within_budget(self, calls: dict[str, TicketCalls]) -> Promise:
        faults = [
            f"ticket {ticket_id} ({self.by_ticket[ticket_id].scene.story.key}): "
            f"{one.zendesk_reads} reads, {one.zendesk_writes} writes, {one.shopify} store calls"
            for ticket_id, one in calls.items()
            if not one.is_within_budget
        ]
        seen = sum(one.shopify for one in calls.values())
        orders = [c for c in self.played.shopify_calls if c["operation"] != "oauth"]
        if seen != len(orders):
            faults.append(f"{len(orders) - seen} store calls belong to no ticket")
        return _promise(faults, "1 read and 1 write at the helpdesk, at most 2 at the store")

    def rate_limits_respected(self) -> Promise:
        refused = self.desk["limits_refused"]
        faults = [f"{name}: refused {count} times" for name, count in refused.items()]
        return _promise(faults, "the helpdesk refused no call")


def holds_number(numbers: set[str], text: str) -> bool:
    """Whether one of the card numbers stands in a text, however it is spaced."""
    digits = re.sub(r"(?<=\d)[ \-.]+(?=\d)", "", text)
    return any(number in digits for number in numbers)


def scene_faults(told: Told, triaged: dict[str, bool]) -> list[str]:
    """Where triage's answer differs from what the story says it should be."""
    expected, case = told.scene.story.expected, told.case
    name = told.scene.story.key
    if told.ticket_id not in triaged:
        return []
    if triaged[told.ticket_id] != expected.is_refund:
        return [f"{name}: {'a' if expected.is_refund else 'no'} refund ticket was expected"]
    if case is None:
        return [] if not expected.is_refund else [f"{name}: it has no case"]
    plan = case.decision.plan if case.decision else None
    tier = case.decision.release_tier if case.decision else None
    reason = case.match.explanation
    if case.decision is not None:
        parts = [case.decision.headline, *case.decision.missing]
        parts += [finding.sentence for finding in case.decision.findings]
        reason = " | ".join(parts)
    pairs = {
        "match": (expected.match, case.match.outcome.value),
        "verdict": (expected.verdict, case.decision.verdict.value if case.decision else None),
        "amount": (
            f"{expected.amount} {expected.currency}" if expected.amount else None,
            f"{plan.total.amount:f} {plan.total.currency}" if plan else None,
        ),
    }
    if plan is not None:
        pairs["tier"] = (expected.tier, tier.value if tier else None)
    faults = [
        f"{name}: {what} is {actual}, {wanted} was expected"
        for what, (wanted, actual) in pairs.items()
        if wanted != actual
    ]
    if expected.why.casefold() not in reason.casefold():
        faults.append(f"{name}: {expected.why!r} isn't among the reasons ({reason[:200]})")
    return faults


def act_faults(told: Told, refunds: list[Refund], paid: dict[str, Decimal]) -> list[str]:
    """Where the outcome of the clicks differs from what the scene's act should come to."""
    act = told.scene.act
    if act is Act.NOTHING:
        return [f"{len(refunds)} refunds without a click"] if refunds else []
    if told.problems:
        return []
    if len(refunds) != 1:
        return [f"{len(refunds)} refunds in the ledger"]
    refund = refunds[0]
    wanted = {
        Act.CANCEL: {RefundState.CANCELLED},
        # Its provider may have paid before we look.
        Act.SETTLES_LATER: {RefundState.PENDING, RefundState.SETTLED},
    }.get(act, {RefundState.SETTLED})
    if refund.state not in wanted:
        return [f"the refund is {refund.state.value}: {refund.explanation}"]
    amount = expected_refund(told)
    if amount is None:
        return []
    faults = []
    if refund.settled_amount is None or refund.settled_amount.amount != amount:
        faults.append(f"{refund.settled_amount} was refunded, {amount} was expected")
    if paid[refund.order_id] != amount:
        faults.append(f"the store paid {paid[refund.order_id]}, {amount} is right")
    return faults
