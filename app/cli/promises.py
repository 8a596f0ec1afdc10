"""Holds what the product says it did against the sandbox vendors' own books."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from sqlalchemy import select

from app.cli.bonus_books import bonus_faults
from app.cli.desks import BookedNote
from app.cli.headless import Played, all_bonuses, all_refunds
from app.cli.judging import act_faults, holds_number, scene_faults
from app.cli.report import (
    MOST_READS,
    MOST_STORE_CALLS,
    MOST_WRITES,
    Percentiles,
    Promise,
    Report,
    TicketCalls,
    calls_summary,
    percentiles,
    promise_of,
)
from app.cli.stage import Stage
from app.domain.bonus import BonusState
from app.domain.refund import Refund, RefundState
from app.storage.tables import decisions, deliveries, metadata, ticket_writes, tickets
from app.usecases.reconcile import reconcile


def examine(stage: Stage, played: Played) -> Report:
    """Read all books once, and compare."""
    return _Examination(stage, played).report()


class _Examination:
    def __init__(self, stage: Stage, played: Played) -> None:
        self.stage, self.played = stage, played
        self.told = played.told
        self.deliveries = {name: desk.deliveries() for name, desk in stage.desks.items()}
        self.notes: dict[str, list[BookedNote]] = {}
        for desk in stage.desks.values():
            self.notes |= desk.notes()
        self.orders = [order for shop in stage.shops.values() for order in shop.orders()]
        self.credits = [credit for shop in stage.shops.values() for credit in shop.credits()]
        self.refunds: list[Refund] = all_refunds(stage)
        self.bonuses = all_bonuses(stage)
        self.store_kinds = {
            record.id: record.kind
            for account in stage.accounts.values()
            for record in stage.services.deps.accounts.stores(account.id)
        }
        self.by_ticket = {one.ticket_id: one for one in self.told}
        self._asked: dict[str, Counter[str]] = {}
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
        results = [
            reconcile(self.stage.services.deps, account.id)
            for account in self.stage.accounts.values()
        ]
        doubles = self.double_refunds()
        ledger = self.ledger_faults()
        ledger += bonus_faults(self.bonuses, self.credits, self.store_kinds)
        for result in results:
            ledger += [item.what for item in result.differences] + list(result.unread)
        refunds_checked = sum(result.refunds_checked for result in results)
        orders_checked = sum(result.orders_checked for result in results)
        given = sum(bonus.state is BonusState.GIVEN for bonus in self.bonuses)
        calls = self.calls()
        states = Counter(refund.state for refund in self.refunds)
        promises = {
            "no_delivery_lost": self.no_delivery_lost(),
            "answers_as_expected": self.answers_as_expected(),
            "one_note_per_decision": self.one_note_per_decision(),
            "own_writes_trigger_nothing": self.own_writes_trigger_nothing(),
            "money_moves_once": promise_of(
                doubles, f"{len(self.refunds)} intents, none paid twice"
            ),
            "everything_settled": self.everything_settled(),
            "only_eligible_refunded": self.only_eligible_refunded(),
            "ledger_equals_store": promise_of(
                ledger,
                f"{refunds_checked} refunds on {orders_checked} orders, {given} bonuses",
            ),
            "audit_chain_whole": self.audit_chain_whole(),
            "no_card_number_kept": self.no_card_number_kept(),
            "calls_within_budget": self.calls_within_budget(calls),
            "rate_limits_respected": self.rate_limits_respected(),
        }
        return Report(
            helpdesk=",".join(self.stage.desks),
            store=",".join(self.stage.shops),
            tickets=len(self.told),
            tickets_by_pair=dict(Counter(f"{one.helpdesk}+{one.store}" for one in self.told)),
            deliveries_sent=self.delivered("sent"),
            deliveries_acked=self.delivered("acked"),
            deliveries_duplicated=self.delivered("duplicated"),
            deliveries_lost_by_vendor=self.delivered("lost"),
            tickets_found_by_sweep=sum('"swept"' in row["event"] for row in self.kept),
            tickets_triaged=len(self.triaged),
            refund_tickets=sum(self.triaged.values()),
            notes_posted=sum(len(notes) for notes in self.notes.values()),
            duplicate_notes=len(self.duplicate_notes()),
            refunds_requested=len(self.refunds),
            refunds_settled=states[RefundState.SETTLED],
            refunds_pending=states[RefundState.PENDING],
            refunds_cancelled=states[RefundState.CANCELLED],
            bonuses_given=given,
            store_refunds=sum(len(order.by_api) for order in self.orders),
            double_refunds=len(doubles),
            ledger_equals_store=not ledger,
            refunded=self.refunded(),
            answers_lost_on_purpose=self.played.answers_lost,
            vendor_calls_per_ticket=calls_summary(list(calls.values())),
            ack_ms=percentiles(
                time for one in self.deliveries.values() for time in one["answer_ms"]
            ),
            triage_ms=self.triage_times(),
            seconds=self.played.seconds,
            promises=promises,
        )

    def delivered(self, count: str) -> int:
        """One of the senders' counts, over all helpdesks."""
        return sum(int(one[count]) for one in self.deliveries.values())

    def order_key(self, refund: Refund) -> tuple[str, str]:
        """Kind of store and order: ids of two stores may be the same."""
        return self.store_kinds[refund.store_id], refund.order_id

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
            f"{one.where} was never triaged"
            for one in self.told
            if one.ticket_id not in self.triaged
        ]
        open_ones = [row for row in self.kept if row["state"] != "done"]
        faults += [f"delivery {row['id']} is {row['state']}: {row['outcome']}" for row in open_ones]
        lost = sum(one.is_lost for one in self.told)
        for name, desk in self.stage.desks.items():
            if given_up := desk.refused_for_good():
                faults.append(f"{given_up} deliveries of {name} were refused for good")
        return promise_of(
            faults, f"{len(self.triaged)} of {len(self.told)} triaged, {lost} of them by the sweep"
        )

    def answers_as_expected(self) -> Promise:
        faults = [fault for one in self.told for fault in scene_faults(one, self.triaged)]
        return promise_of(faults, f"{len(self.told)} verdicts and amounts, to the cent")

    def duplicate_notes(self) -> list[str]:
        """Notes with one marker, or with one text, more than once on a ticket."""
        found = []
        for ticket_id, notes in self.notes.items():
            for what in ("marker", "text"):
                values = Counter(getattr(note, what) for note in notes)
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
        markers = {note.marker for notes in self.notes.values() for note in notes}
        faults += [f"no note says {marker}" for marker in sorted(outcomes - markers)]
        return promise_of(faults, f"{len(markers)} notes, each with a marker of its own")

    def own_writes_trigger_nothing(self) -> Promise:
        faults = []
        made = 0
        for name, desk in self.stage.desks.items():
            counts = self.deliveries[name]
            sent = counts["invocations"] - counts["duplicated"]
            wanted = desk.events_per_ticket * sum(one.helpdesk == name for one in self.told)
            made += sent
            if sent != wanted:
                faults.append(f"{name}: {sent} deliveries, {wanted} were to be expected")
        return promise_of(
            faults,
            f"{len(self.writes)} writes of ours, {made} deliveries for {len(self.told)} tickets",
        )

    # --- money ---

    def double_refunds(self) -> list[str]:
        """Orders with more refunds than intents, keys used twice, intents answered with two ids."""
        intents: Counter[tuple[str, str]] = Counter()
        for refund in self.refunds:
            if refund.state not in {RefundState.CANCELLED, RefundState.DECLINED}:
                intents[self.order_key(refund)] += 1
        faults = []
        for order in self.orders:
            wanted = intents[order.kind, order.id]
            if len(order.by_api) > wanted:
                faults.append(f"{order.name}: {len(order.by_api)} refunds for {wanted} intents")
            if order.paid_back > order.received:
                faults.append(f"{order.name}: {order.paid_back} of {order.received} back")
        for shop in self.stage.shops.values():
            faults += shop.faults()
        for one in self.told:
            ids = {body["id"] for status, body in one.answers if status in {200, 201}}
            if len(ids) > 1:
                faults.append(f"{one.where}: one button gave {len(ids)} refunds")
        return faults

    def ledger_faults(self) -> list[str]:
        """Sums per order, ours beside the store's own."""
        ours: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for refund in self.refunds:
            if refund.state in {RefundState.SETTLED, RefundState.PENDING}:
                amount = (refund.settled_amount or refund.plan.total).amount
                ours[self.order_key(refund)] += amount
        faults = []
        for order in self.orders:
            theirs = sum((one.requested for one in order.by_api), Decimal(0))
            if theirs != ours[order.kind, order.id]:
                faults.append(f"{order.name}: ledger {ours[order.kind, order.id]}, store {theirs}")
        return faults

    def everything_settled(self) -> Promise:
        """Each act came to what it should, and nothing is called settled that isn't paid."""
        by_ticket: dict[str, list[Refund]] = defaultdict(list)
        for refund in self.refunds:
            by_ticket[refund.ticket_id].append(refund)
        paid = {
            (order.kind, order.id): sum((one.paid for one in order.by_api), Decimal(0))
            for order in self.orders
        }
        faults = []
        for one in self.told:
            faults += [f"{one.where}: {text}" for text in one.problems]
            of_store = {order: sum_ for (kind, order), sum_ in paid.items() if kind == one.store}
            faults += [
                f"{one.where}: {text}"
                for text in act_faults(one, by_ticket[one.ticket_id], of_store)
            ]
        return promise_of(faults, "each click came to what it should, in ledger and store")

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
            f"{order.name} should never have been refunded"
            for order in self.orders
            if order.name not in allowed and order.by_api
        ]
        return promise_of(faults, f"{len(self.refunds)} refunds, each of an eligible decision")

    # --- audit, privacy, vendors ---

    def audit_chain_whole(self) -> Promise:
        entries, faults = 0, []
        for account in self.stage.accounts.values():
            count, fault = self.stage.services.deps.audit.verify(account.id)
            entries += count
            faults += [f"{account.name}: {fault}"] if fault else []
        return promise_of(faults, f"{entries} entries")

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
        return promise_of(list(dict.fromkeys(faults)), f"{written} tickets had one in their text")

    def calls(self) -> dict[str, TicketCalls]:
        """Vendor calls of the triage phase by ticket."""
        counted = {
            name: desk.counts(self.played.desk_calls[name])
            for name, desk in self.stage.desks.items()
        }
        found = {}
        for one in self.told:
            mine = counted[one.helpdesk](one.ticket_id)
            found[one.ticket_id] = TicketCalls(
                helpdesk=one.helpdesk,
                is_refund=self.triaged.get(one.ticket_id, False),
                reads=mine.reads,
                writes=mine.writes,
                stores={name: self.asked(name)[one.ticket_id] for name in self.stage.shops},
                looked_at_profile=mine.profile > 0,
                was_swept=one.is_lost,
            )
        return found

    def asked(self, store: str) -> Counter[str]:
        """Calls to a store by the ticket that they were about."""
        if store not in self._asked:
            tickets_of = self._subjects(store)
            self._asked[store] = Counter(
                next((tickets_of[part] for part in parts if part in tickets_of), "")
                for parts in self.played.shop_calls[store]
            )
        return self._asked[store]

    def _subjects(self, store: str) -> dict[str, str]:
        """Ticket by everything that a call may be about: an address, a number, an order's id."""
        ids = {order.name: order.id for order in self.orders if order.kind == store}
        found: dict[str, str] = {}
        for one in self.told:
            for name in one.scene.order_names:
                # Stores are asked by other forms of a number too.
                forms = (name, name.lstrip("#"), name.lstrip("#0"), name.lstrip("#").zfill(9))
                found |= dict.fromkeys(forms, one.ticket_id)
                if name in ids:
                    found[ids[name]] = one.ticket_id
            found |= dict.fromkeys(one.scene.addresses, one.ticket_id)
        return found

    def calls_within_budget(self, calls: dict[str, TicketCalls]) -> Promise:
        faults = [
            f"{self.by_ticket[ticket_id].where}: {one.reads} reads, {one.writes} writes, "
            + ", ".join(f"{n} calls of {kind}" for kind, n in one.stores.items())
            for ticket_id, one in calls.items()
            if not one.is_within_budget
        ]
        for store in self.stage.shops:
            if strays := self.asked(store)[""]:
                faults.append(f"{strays} calls of {store} belong to no ticket")
        budget = [
            f"{name}: {MOST_READS[name]} read, {MOST_WRITES[name]} write"
            for name in self.stage.desks
        ]
        budget += [f"{name}: {MOST_STORE_CALLS[name]}" for name in self.stage.shops]
        return promise_of(faults, f"at most {'; '.join(budget)}")

    def rate_limits_respected(self) -> Promise:
        faults = [
            f"{name} refused {limit} {count} times"
            for name, desk in self.stage.desks.items()
            for limit, count in desk.limits_refused().items()
        ]
        return promise_of(faults, "no helpdesk refused a call")
