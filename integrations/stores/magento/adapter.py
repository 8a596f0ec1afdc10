"""`app.ports.Store` for one Magento site."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from app.domain.bonus import Bonus
from app.domain.errors import Malformed, OutcomeUnknown, Rejected, Unavailable
from app.domain.matching import Lookup, OrderQuery
from app.domain.order import Order, TransactionStatus
from app.domain.plan import RefundChoice
from app.domain.refund import Refund
from app.ports import Check, Recheck, StoreCredit, StoreRecord, StoreRefund, Surroundings
from integrations.addresses import address_key
from integrations.stores.magento import lookup, refund_input
from integrations.stores.magento.checks import run_checks
from integrations.stores.magento.client import MagentoClient
from integrations.stores.magento.config import MagentoConfig
from integrations.stores.magento.facts import Facts, rejected
from integrations.stores.magento.mapping import to_order
from integrations.stores.magento.memos import carries, memo_note, memo_status, to_store_refund
from integrations.stores.magento.payloads import (
    INVOICE_FIELDS,
    MEMO_FIELDS,
    MEMO_ONE_FIELDS,
    ORDER_FIELDS,
    SHIPMENT_FIELDS,
    Found,
    InvoicePayload,
    MemoPayload,
    OrderPayload,
    OrderRow,
    ShipmentPayload,
)
from integrations.stores.magento.vocabulary import VENDOR

log = logging.getLogger(__name__)

PAGE = 100  # invoices, credit memos and parcels of one order

P = TypeVar("P")


class Magento:
    """One connected site. Made per job; not shared between threads.

    An order is read in two calls, since Magento keeps invoices, credit memos and parcels apart;
    which of the three a decision needs is seen from the order itself. The re-check reads three.
    """

    # Magento has no keys: the same call twice pays twice.
    resend_is_safe = False

    def __init__(
        self, record: StoreRecord, client: MagentoClient, surroundings: Surroundings
    ) -> None:
        self.record = record
        self._config = MagentoConfig.of(record)
        self._client = client
        self._surroundings = surroundings

    # --- reading --------------------------------------------------------------------------------

    def find_orders(self, query: OrderQuery) -> Lookup:
        """Orders by all addresses and numbers in one call; a second one only when a customer has
        more orders than fit and the named one isn't among them."""
        plan = lookup.plan_lookup(query, self._config)
        store_id = self.record.id
        if not plan.emails and not plan.numbers:
            return Lookup(store_id=store_id, problems=tuple(plan.problems))
        pages = [self._find(plan.emails, plan.numbers)]
        has_more = pages[0].total_count > len(pages[0].items)
        if lookup.is_cut_short(plan, pages[0]):
            pages.append(self._find([], plan.numbers))
        return lookup.read_lookup(plan, pages, store_id=store_id, has_more=has_more)

    def _find(self, emails: list[str], numbers: list[str]) -> Found[OrderRow]:
        operation = "find_orders"
        data = self._client.get(operation, "orders", lookup.search(emails, numbers))
        return self._readable(operation, lambda: Found[OrderRow].model_validate(data))

    def read_order(self, order_id: str) -> Order:
        """The order and what it calls for: its credit memos once something was refunded, else its
        parcels where delivery is estimated from them, else its invoices if a gateway was paid."""
        payload = self._order(order_id)
        invoices: Found[InvoicePayload] | None = None
        memos: Found[MemoPayload] | None = None
        shipments: Found[ShipmentPayload] | None = None
        if payload.total_refunded or any(item.qty_refunded for item in payload.items):
            memos = self._memos(order_id)
        elif self._config.delivered_after_days is not None and any(
            item.qty_shipped for item in payload.items
        ):
            shipments = self._list("shipments", order_id, SHIPMENT_FIELDS, ShipmentPayload)
        elif payload.total_paid and not self._config.is_offline(payload.payment.method):
            invoices = self._list("invoices", order_id, INVOICE_FIELDS, InvoicePayload)
        facts = self._facts(payload, invoices, memos)
        whole = all(
            page.total_count <= len(page.items) for page in (invoices, memos, shipments) if page
        )
        shipped_to = payload.shipped_to
        key = (
            address_key(shipped_to.to_postal(), self.record.account_id, self._surroundings)
            if shipped_to
            else None
        )
        return self._readable(
            "read_order",
            lambda: to_order(
                facts,
                address_key=key,
                store_id=self.record.id,
                read_at=self._surroundings.clock.now(),
                shipments=shipments.items if shipments else None,
                is_complete=whole,
            ),
        )

    def recheck(self, order: Order, choice: RefundChoice) -> Recheck:
        """Order, credit memos and (for a gateway's payment) invoices, read again; the price is
        Magento's arithmetic.

        Raises Rejected when no single call can refund the choice, or when order and credit memos
        don't agree about what was refunded.
        """
        payload = self._order(order.order_id)
        invoices: Found[InvoicePayload] | None = None
        if not self._config.is_offline(payload.payment.method):
            invoices = self._list("invoices", order.order_id, INVOICE_FIELDS, InvoicePayload)
        memos = self._memos(order.order_id)
        for page in (invoices, memos):
            if page and page.total_count > len(page.items):
                raise rejected("recheck", "the order is too long to be checked: use the shop")
        facts = self._facts(payload, invoices, memos)
        if facts.books_differ is not None:
            raise rejected("recheck", f"{facts.books_differ}. Look at the payment provider first")
        if not facts.is_route_known:
            raise rejected("recheck", f"it isn't clear how {facts.label} was paid: use the shop")
        if any(memo_status(memo) is TransactionStatus.UNKNOWN for memo in memos.items):
            raise rejected("recheck", "a credit memo has a state that we don't know")
        return self._readable(
            "recheck",
            lambda: Recheck(
                suggestion=facts.price(choice),
                refundable={row.id: int(row.units_left) for row in facts.rows if row.is_whole},
                refunded=facts.refunded,
                payment_status=facts.payment_status,
                is_refundable=facts.is_refundable,
                is_cancelled=payload.state == "canceled",
                is_disputed=False,
                notes=tuple(note for note in map(memo_note, memos.items) if note),
            ),
        )

    def find_refund(self, refund: Refund) -> StoreRefund | None:
        """By the marker in a credit memo's comment: comments can't be searched for, so the order's
        memos are read. Raises Unavailable when there are more than can be read."""
        memos = self._memos(refund.order_id)
        found = [one for one in memos.items if carries(memo_note(one), refund.marker)]
        if not found:
            if memos.total_count > len(memos.items):
                raise Unavailable(
                    "the order has more credit memos than can be searched",
                    vendor=VENDOR,
                    operation="creditmemos",
                )
            return None
        kept = self._readable("creditmemos", lambda: to_store_refund(found[0]))
        if len(found) == 1:
            return kept
        log.error("magento refund made twice", extra={"order": refund.order_id})
        sentence = f"{len(found)} credit memos of this order carry the reference {refund.marker}."
        explanation = f"{sentence} {kept.explanation or ''}".strip()
        return kept.model_copy(update={"explanation": explanation})

    def read_refund(self, store_refund_id: str) -> StoreRefund:
        """A credit memo, by its id."""
        operation = "creditmemo"
        path = f"creditmemo/{_entity_id(operation, store_refund_id)}"
        data = self._client.get(operation, path, [("fields", MEMO_ONE_FIELDS)])
        return self._readable(operation, lambda: to_store_refund(MemoPayload.model_validate(data)))

    def refunds_of(self, order_id: str) -> tuple[StoreRefund, ...]:
        """All credit memos of an order. Raises Rejected when there are more than are read."""
        memos = self._memos(order_id)
        if memos.total_count > len(memos.items):
            raise rejected("creditmemos", "the order has more credit memos than can be listed")
        return self._readable(
            "creditmemos", lambda: tuple(to_store_refund(memo) for memo in memos.items)
        )

    def check(self) -> list[Check]:
        """Connection, permissions, version and currency, each with its mend."""
        return run_checks(self._client, self._config)

    # --- moving money ---------------------------------------------------------------------------

    def prepare_refund(self, refund: Refund, recheck: Recheck) -> str:
        """The exact call, as text to be stored before it is sent. No call."""
        return refund_input.prepare(
            refund, recheck, shipping_includes_tax=self._config.shipping_includes_tax
        )

    def send_refund(self, refund: Refund) -> StoreRefund:
        """Send the stored call once. Moves money where it goes through the gateway.

        Magento answers only the new credit memo's id. What the memo says counts, so until it is
        read the refund is pending. Raises as `app.ports.Store` says.
        """
        call = refund_input.stored_call(refund)
        memo_id = self._client.post("refund", call.path, call.body, is_money=True)
        if isinstance(memo_id, bool) or not str(memo_id).isdigit() or int(str(memo_id)) == 0:
            raise OutcomeUnknown(
                "Magento may have made the refund: it didn't name its credit memo",
                vendor=VENDOR,
                operation="refund",
                status=200,
            )
        return StoreRefund(
            id=str(memo_id),
            order_id=refund.order_id,
            created_at=self._surroundings.clock.now(),
            amount=refund.plan.total,
            status=TransactionStatus.PENDING,
            note=f"[{refund.marker}] ticket {refund.ticket_id}",
            is_manual=refund.plan.is_manual,
        )

    # --- store credit: neither refund route gives any, in any edition ----------------------------

    def prepare_credit(self, bonus: Bonus) -> str:
        """Refused."""
        raise self._no_credit()

    def send_credit(self, bonus: Bonus) -> StoreCredit:
        """Refused."""
        raise self._no_credit()

    def find_credits(self, bonus: Bonus) -> tuple[StoreCredit, ...]:
        """Refused."""
        raise self._no_credit()

    def read_credit(self, store_credit_id: str) -> StoreCredit:
        """Refused."""
        raise self._no_credit()

    def _no_credit(self) -> Rejected:
        return rejected("store credit", "its API gives no store credit")

    # --- documents ------------------------------------------------------------------------------

    def _order(self, order_id: str) -> OrderPayload:
        operation = "order"
        path = f"orders/{_entity_id(operation, order_id)}"
        data = self._client.get(operation, path, [("fields", ORDER_FIELDS)])
        return self._readable(operation, lambda: OrderPayload.model_validate(data))

    def _memos(self, order_id: str) -> Found[MemoPayload]:
        return self._list("creditmemos", order_id, MEMO_FIELDS, MemoPayload)

    def _list(self, path: str, order_id: str, fields: str, model: type[P]) -> Found[P]:
        """What Magento keeps of one kind about an order, oldest first."""
        order = _entity_id(path, order_id)
        query = [*lookup.criteria([("order_id", "eq", order)], page=PAGE), ("fields", fields)]
        data = self._client.get(path, path, query)
        return self._readable(path, lambda: Found[model].model_validate(data))  # type: ignore[valid-type]

    def _facts(
        self,
        order: OrderPayload,
        invoices: Found[InvoicePayload] | None,
        memos: Found[MemoPayload] | None,
    ) -> Facts:
        return Facts(
            order=order,
            config=self._config,
            invoices=invoices.items if invoices else None,
            memos=memos.items if memos else None,
        )

    def _readable(self, operation: str, read: Callable[[], P]) -> P:
        """`read()`, with everything unreadable as Malformed; never quotes the answer."""
        try:
            return read()
        except ValidationError as error:
            places = {".".join(str(part) for part in one["loc"]) for one in error.errors()}
            what = ", ".join(sorted(places)[:5])
        except (ValueError, ArithmeticError, TypeError) as error:
            what = str(error)
        raise Malformed(
            f"Magento's answer to {operation} can't be read: {what}",
            vendor=VENDOR,
            operation=operation,
        )


def _entity_id(operation: str, text: str) -> str:
    """An id for a path. Anything else would be cast by Magento, and name a stranger's record."""
    if not text.isascii() or not text.isdigit() or text.startswith("0"):
        raise rejected(operation, f"{text[:40]!r} is no id of a record")
    return text
