"""A helpdesk and a store in memory that lose answers, collide and keep books, as a test says.

Built on `fakes.py`: the same data, but every call is logged and may be made to fail before or
after it was processed, or to have something else happen in between.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from app.domain.bonus import Bonus
from app.domain.crm import CustomerFields, TicketWrite
from app.domain.errors import (
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StaleWrite,
    Unavailable,
)
from app.domain.matching import Lookup, OrderQuery
from app.domain.money import Money
from app.domain.order import Order, PaymentStatus, TransactionStatus
from app.domain.plan import InvalidChoice, Plan, RefundChoice
from app.domain.pricing import build_plan
from app.domain.refund import Refund
from app.domain.ticket import Message, Requester, Ticket
from app.ports import Recheck, StoreCredit, StoreRefund, TicketPage, WriteReceipt
from tests.support.fakes import (
    HandClock,
    MemoryHelpdesk,
    MemoryStore,
)


def lost(operation: str = "call") -> OutcomeUnknown:
    """An answer that never came."""
    return OutcomeUnknown("no answer came", vendor="fake", operation=operation)


def rejected(text: str = "no") -> Rejected:
    """A final no."""
    return Rejected(text, vendor="fake", operation="call", status=200)


def limited(seconds: float) -> RateLimited:
    """Too many calls."""
    return RateLimited("slow down", vendor="fake", operation="call", retry_after_seconds=seconds)


def unavailable() -> Unavailable:
    """Surely not processed."""
    return Unavailable("connection refused", vendor="fake", operation="call")


def usd(text: str) -> Money:
    """An amount in the bench's currency."""
    return Money.of(text, "USD")


class Script:
    """What shall happen at which call. Operations are the ports' method names."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._before: dict[str, list[BaseException | Callable[[], object]]] = defaultdict(list)
        self._after: dict[str, list[BaseException]] = defaultdict(list)

    def fail(
        self, operation: str, error: BaseException, *, after: bool = False, times: int = 1
    ) -> None:
        """Let the next calls fail: before the vendor took notice, or `after` it did all."""
        if after:
            self._after[operation] += [error] * times
        else:
            self._before[operation] += [error] * times

    def during(self, operation: str, action: Callable[[], object]) -> None:
        """Let something happen at the moment of the next call, before it is processed."""
        self._before[operation].append(action)

    @contextmanager
    def step(self, operation: str) -> Iterator[None]:
        self.calls.append(operation)
        if self._before[operation]:
            first = self._before[operation].pop(0)
            if isinstance(first, BaseException):
                raise first
            first()
        yield
        if self._after[operation]:
            raise self._after[operation].pop(0)

    def count(self, operation: str) -> int:
        return self.calls.count(operation)


class ScriptedHelpdesk(MemoryHelpdesk):
    """A ticket has a revision: who writes on an older one is refused, as Zendesk does."""

    def __init__(self, clock: HandClock, script: Script) -> None:
        super().__init__(clock)
        self.script = script
        self.profiles: dict[str, Requester] = {}
        self.pages: list[TicketPage] = []
        self.asked_since: list[datetime] = []

    def read_ticket(self, ticket_id: str) -> Ticket:
        with self.script.step("read_ticket"):
            return super().read_ticket(ticket_id)

    def read_messages(self, ticket_id: str) -> tuple[Message, ...]:
        with self.script.step("read_messages"):
            return super().read_messages(ticket_id)

    def read_requester(self, requester_id: str) -> Requester:
        with self.script.step("read_requester"):
            if requester_id in self.profiles:
                return self.profiles[requester_id]
            return super().read_requester(requester_id)

    def write_ticket(self, write: TicketWrite, seen: Ticket) -> WriteReceipt:
        with self.script.step("write_ticket"):
            present = self.tickets[write.ticket_id]
            if present.revision != seen.revision:
                raise StaleWrite("the ticket changed", vendor="fake", operation="write_ticket")
            receipt = super().write_ticket(write, seen)
            self.touch(write.ticket_id, *write.add_tags)
        return receipt

    def touch(self, ticket_id: str, *tags: str) -> None:
        """Somebody changes the ticket."""
        present = self.tickets[ticket_id]
        self.tickets[ticket_id] = present.model_copy(
            update={
                "revision": str(int(present.revision) + 1),
                "tags": tuple(dict.fromkeys([*present.tags, *tags])),
            }
        )

    def find_write(self, ticket_id: str, marker: str) -> WriteReceipt | None:
        with self.script.step("find_write"):
            return super().find_write(ticket_id, marker)

    def write_customer(self, requester_id: str, fields: CustomerFields) -> None:
        with self.script.step("write_customer"):
            super().write_customer(requester_id, fields)

    def recent_tickets(self, since: datetime, cursor: str | None) -> TicketPage:
        with self.script.step("recent_tickets"):
            if cursor is None:
                self.asked_since.append(since)
            return self.pages[int(cursor or 0)]

    def notes(self, ticket_id: str) -> list[str]:
        """The headlines of all notes on a ticket."""
        return [
            write.note.headline
            for write in self.written
            if write.ticket_id == ticket_id and write.note is not None
        ]


@dataclass
class Booked:
    """One refund in the store's books."""

    id: str
    key: str
    order_id: str
    note: str
    amount: Money
    status: TransactionStatus
    explanation: str | None = None


class ScriptedStore(MemoryStore):
    """Keeps books: refunds take units off the order, and the same key never pays twice."""

    def __init__(self, clock: HandClock, script: Script) -> None:
        super().__init__(clock)
        self.script = script
        self.books: list[Booked] = []
        self.status = TransactionStatus.SUCCESS
        self.pays: Money | None = None
        self.inputs: list[tuple[str, str | None]] = []

    def find_orders(self, query: OrderQuery) -> Lookup:
        with self.script.step("find_orders"):
            return super().find_orders(query)

    def read_order(self, order_id: str) -> Order:
        with self.script.step("read_order"):
            return super().read_order(order_id)

    def recheck(self, order: Order, choice: RefundChoice) -> Recheck:
        with self.script.step("recheck"):
            present = self.orders[order.order_id]
            suggestion = present.suggestion
            assert suggestion is not None
            # A store prices units, whatever the rest of the order looks like.
            plain = present.model_copy(
                update={
                    "refunded": Money.zero(present.currency),
                    "suggestion": suggestion.model_copy(update={"maximum": present.paid}),
                }
            )
            try:
                figure = build_plan(plain, choice).total
            except InvalidChoice as error:
                raise Rejected(str(error), vendor="fake", operation="recheck") from error
            figure = figure + self.skew if self.skew else figure
            tenders = tuple(
                tender.model_copy(update={"amount": figure}) for tender in suggestion.tenders
            )
            return Recheck(
                suggestion=suggestion.model_copy(
                    update={
                        "amount": figure,
                        "amount_in_shop_currency": figure,
                        "tenders": tenders,
                    }
                ),
                refundable={line.id: line.refundable_quantity for line in present.lines},
                refunded=present.refunded,
                payment_status=present.payment_status,
                is_refundable=present.is_refundable,
                is_cancelled=present.is_cancelled,
                is_disputed=present.is_disputed,
                notes=tuple(one.note for one in self.books if one.order_id == order.order_id),
            )

    def prepare_refund(self, refund: Refund, recheck: Recheck) -> str:
        with self.script.step("prepare_refund"):
            return json.dumps(
                {"key": refund.idempotency_key, "amount": str(refund.plan.total)}, sort_keys=True
            )

    def send_refund(self, refund: Refund) -> StoreRefund:
        with self.script.step("send_refund"):
            self.inputs.append((refund.idempotency_key, refund.store_input))
            booked = next((one for one in self.books if one.key == refund.idempotency_key), None)
            if booked is None:
                booked = self.book(
                    refund.order_id,
                    self.pays or refund.plan.total,
                    note=f"{refund.marker} ticket {refund.ticket_id}",
                    key=refund.idempotency_key,
                    plan=refund.plan,
                )
            answer = self._as_refund(booked)
        return answer

    def book(
        self, order_id: str, amount: Money, *, note: str = "", key: str = "", plan: Plan | None
    ) -> Booked:
        """Enter a refund; `plan` None is a plain amount, as a merchant gives it by hand."""
        booked = Booked(
            id=str(len(self.books) + 1),
            key=key or f"by hand {len(self.books)}",
            order_id=order_id,
            note=note,
            amount=amount,
            status=self.status,
        )
        self.books.append(booked)
        if booked.status is not TransactionStatus.FAILED:
            self.orders[order_id] = _after(self.orders[order_id], booked, plan)
        return booked

    def settle(self, booked: Booked, status: TransactionStatus) -> None:
        """The payment provider's answer to a pending refund."""
        booked.status = status
        order = self.orders[booked.order_id]
        if status is TransactionStatus.SUCCESS:
            self.orders[booked.order_id] = order.model_copy(
                update={"refunded": order.refunded + booked.amount}
            )

    def prepare_credit(self, bonus: Bonus) -> str:
        with self.script.step("prepare_credit"):
            return super().prepare_credit(bonus)

    def send_credit(self, bonus: Bonus) -> StoreCredit:
        with self.script.step("send_credit"):
            return super().send_credit(bonus)

    def find_credits(self, bonus: Bonus) -> tuple[StoreCredit, ...]:
        with self.script.step("find_credits"):
            return super().find_credits(bonus)

    def find_refund(self, refund: Refund) -> StoreRefund | None:
        with self.script.step("find_refund"):
            found = [one for one in self.books if refund.marker in one.note]
            return self._as_refund(found[0]) if found else None

    def read_refund(self, store_refund_id: str) -> StoreRefund:
        with self.script.step("read_refund"):
            for one in self.books:
                if one.id == store_refund_id:
                    return self._as_refund(one)
            raise NotFound("no such refund", vendor="fake", operation="read_refund")

    def refunds_of(self, order_id: str) -> tuple[StoreRefund, ...]:
        with self.script.step("refunds_of"):
            return tuple(self._as_refund(one) for one in self.books if one.order_id == order_id)

    def _as_refund(self, one: Booked) -> StoreRefund:
        return StoreRefund(
            id=one.id,
            order_id=one.order_id,
            created_at=self.clock.now(),
            amount=one.amount,
            status=one.status,
            note=one.note,
            explanation=one.explanation,
        )

    def paid(self) -> list[Money]:
        """What really left the store, refund by refund."""
        return [one.amount for one in self.books if one.status is TransactionStatus.SUCCESS]


def _after(order: Order, booked: Booked, plan: Plan | None) -> Order:
    units = {line.line_id: line.quantity for line in plan.lines} if plan else {}
    lines = tuple(
        line.model_copy(
            update={"refundable_quantity": line.refundable_quantity - units.get(line.id, 0)}
        )
        for line in order.lines
    )
    is_paid = booked.status is TransactionStatus.SUCCESS
    refunded = order.refunded + booked.amount if is_paid else order.refunded
    left = order.paid - refunded
    suggestion = order.suggestion
    assert suggestion is not None
    parts = tuple(
        part.model_copy(
            update={
                "quantity": line.refundable_quantity,
                "subtotal": line.total.share(line.refundable_quantity, line.quantity),
                "tax": line.tax.share(line.refundable_quantity, line.quantity),
            }
        )
        for line in lines
        for part in suggestion.lines
        if part.line_id == line.id and line.refundable_quantity
    )
    amount = Money.total((part.subtotal + part.tax for part in parts), order.currency)
    gave_shipping = plan is not None and bool(plan.shipping)
    shipping = Money.zero(order.currency) if gave_shipping else suggestion.shipping
    return order.model_copy(
        update={
            "lines": lines,
            "refunded": refunded,
            "payment_status": PaymentStatus.PARTIALLY_REFUNDED if left else PaymentStatus.REFUNDED,
            "suggestion": suggestion.model_copy(
                update={
                    "amount": amount + shipping,
                    "amount_in_shop_currency": amount + shipping,
                    "maximum": left,
                    "shipping": shipping,
                    "shipping_maximum": shipping,
                    "lines": parts,
                    "tenders": tuple(
                        tender.model_copy(update={"amount": amount + shipping, "maximum": left})
                        for tender in suggestion.tenders
                    ),
                }
            ),
        }
    )
