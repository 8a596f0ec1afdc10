"""From Magento's order to ours. Pure: what isn't known stays unknown and is named."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.domain.money import Money
from app.domain.order import (
    Customer,
    FulfilmentStatus,
    LineItem,
    Order,
    OrderSummary,
    PastRefund,
    PaymentStatus,
    Transaction,
    TransactionKind,
    TransactionStatus,
)
from integrations.stores.magento.facts import Facts
from integrations.stores.magento.memos import memo_amount, memo_note, memo_status
from integrations.stores.magento.payloads import OrderRow, ShipmentPayload
from integrations.stores.magento.rows import Row
from integrations.stores.magento.vocabulary import STATES, VENDOR


def to_summary(row: OrderRow, store_id: str) -> OrderSummary:
    """An order of a list. Its payment status is only rough: the decision reads it again."""
    currency = row.order_currency_code
    return OrderSummary(
        store_id=store_id,
        order_id=str(row.entity_id),
        name=row.increment_id,
        created_at=row.created_at,
        total=Money.rounded(row.grand_total, currency),
        refunded=Money.rounded(row.total_refunded, currency),
        email=row.customer_email,
        customer_id=str(row.customer_id) if row.customer_id is not None else None,
        payment_status=_rough_status(row),
        is_cancelled=row.state == "canceled",
    )


def _rough_status(row: OrderRow) -> PaymentStatus:
    if row.state not in STATES or not row.total_paid:
        return PaymentStatus.UNKNOWN
    if row.total_refunded >= row.total_paid:
        return PaymentStatus.REFUNDED
    return PaymentStatus.PARTIALLY_REFUNDED if row.total_refunded else PaymentStatus.PAID


def to_order(
    facts: Facts,
    *,
    store_id: str,
    read_at: datetime,
    shipments: tuple[ShipmentPayload, ...] | None,
    is_complete: bool,
    address_key: str | None = None,
) -> Order:
    """The order of a decision. Raises ValueError for what can't be read."""
    payload, currency = facts.order, facts.currency
    zero = Money.zero(currency)
    lines = tuple(_line(row, facts, shipments) for row in facts.rows if row.is_whole)
    return Order(
        store_id=store_id,
        store_kind=VENDOR,
        order_id=str(payload.entity_id),
        name=payload.increment_id,
        created_at=payload.created_at,
        updated_at=payload.updated_at,
        read_at=read_at,
        email=payload.customer_email,
        country=payload.billing_address.country_id if payload.billing_address else None,
        address_key=address_key,
        currency=currency,
        shop_currency=facts.base_currency,
        payment_status=facts.payment_status,
        fulfilment_status=_fulfilment(lines),
        is_cancelled=payload.state == "canceled",
        is_refundable=facts.is_refundable,
        # Magento has neither disputes nor, in its open edition, returns.
        is_disputed=False,
        has_open_return=False,
        is_complete=is_complete,
        can_notify_customer=payload.customer_email is not None,
        # Neither refund route gives store credit, in any edition.
        can_store_credit=False,
        # An order without units left is closed, whatever was kept back of it.
        closes_when_returned=True,
        prices_include_tax=False,
        total=Money.rounded(payload.grand_total, currency),
        paid=facts.paid,
        refunded=facts.refunded,
        refund_pending=facts.pending,
        tip=zero,
        duties=zero,
        shipping=facts.shipping,
        shipping_tax=facts.shipping_tax,
        refunded_shipping=facts.shipping - facts.shipping_left,
        customer=_customer(facts),
        lines=lines,
        transactions=tuple(_transactions(facts)),
        refunds=tuple(_past_refunds(facts)),
        suggestion=facts.everything(),
        unknown_values=tuple(_unknown(facts)),
        missing=tuple(_missing(facts)),
    )


def _line(row: Row, facts: Facts, shipments: tuple[ShipmentPayload, ...] | None) -> LineItem:
    currency = facts.currency
    charged = row.charged(currency)
    delivered_at = _delivered_at(row, facts, shipments or ())
    return LineItem(
        id=row.id,
        name=row.name,
        sku=row.item.sku or None,
        quantity=row.quantity,
        refundable_quantity=int(row.units_left),
        unfulfilled_quantity=row.units_to_ship,
        unit_price=Money.rounded(row.item.price, currency),
        discount=charged.discount,
        total=charged.price - charged.discount,
        tax=charged.tax,
        is_gift_card=row.item.product_type == "giftcard",
        is_final_sale=facts.config.is_final_sale(row.item.sku),
        requires_shipping=row.requires_shipping,
        was_shipped=row.was_shipped,
        delivered_at=delivered_at,
        is_delivery_estimated=delivered_at is not None,
        restock=facts.restock(row),
        remaining=row.left(currency) if row.units_left else None,
    )


def _delivered_at(row: Row, facts: Facts, shipments: Iterable[ShipmentPayload]) -> datetime | None:
    """An estimate from the day of shipping, where the merchant set one; None otherwise."""
    days = facts.config.delivered_after_days
    if days is None or row.was_shipped is not True:
        return None
    sent = [
        one.created_at
        for one in shipments
        if any(item.order_item_id in row.ids and item.qty > 0 for item in one.items)
    ]
    return max(sent) + timedelta(days=days) if sent else None


def _fulfilment(lines: Iterable[LineItem]) -> FulfilmentStatus:
    states = {line.was_shipped for line in lines if line.requires_shipping}
    if not states:
        return FulfilmentStatus.NOT_REQUIRED
    if states == {True}:
        return FulfilmentStatus.FULFILLED
    return FulfilmentStatus.UNFULFILLED if states == {False} else FulfilmentStatus.PARTIAL


def _customer(facts: Facts) -> Customer | None:
    order = facts.order
    if order.customer_id is None:
        return None
    names = (order.customer_firstname, order.customer_lastname)
    return Customer(
        id=str(order.customer_id),
        name=" ".join(name for name in names if name) or None,
        email=order.customer_email,
    )


def _transactions(facts: Facts) -> Iterable[Transaction]:
    for invoice in facts.invoices or ():
        yield Transaction(
            id=f"invoice-{invoice.entity_id}",
            kind=TransactionKind.CAPTURE,
            status=TransactionStatus.SUCCESS if invoice.state == 2 else TransactionStatus.UNKNOWN,
            gateway=facts.method,
            label=facts.label,
            amount=Money.rounded(invoice.grand_total, facts.currency),
            is_manual=invoice.transaction_id is None,
            created_at=invoice.created_at,
        )
    for memo in facts.memos or ():
        yield Transaction(
            id=f"memo-{memo.entity_id}",
            kind=TransactionKind.REFUND,
            status=memo_status(memo),
            gateway=facts.method,
            label=facts.label,
            amount=memo_amount(memo),
            is_manual=memo.transaction_id is None,
            created_at=memo.created_at,
        )


def _past_refunds(facts: Facts) -> Iterable[PastRefund]:
    ours = {row.id for row in facts.rows}
    for memo in facts.memos or ():
        yield PastRefund(
            id=str(memo.entity_id),
            created_at=memo.created_at,
            amount=memo_amount(memo),
            note=memo_note(memo),
            status=memo_status(memo),
            lines={
                str(one.order_item_id): int(one.qty)
                for one in memo.items
                if str(one.order_item_id) in ours and one.qty >= 1
            },
        )


def _unknown(facts: Facts) -> Iterable[str]:
    if facts.order.state not in STATES:
        yield f"state={facts.order.state}"
    for memo in facts.memos or ():
        if memo_status(memo) is TransactionStatus.UNKNOWN:
            yield f"creditmemo.state={memo.state}"


def _missing(facts: Facts) -> Iterable[str]:
    """What keeps a decision from being made without a person, in words."""
    order = facts.order
    if order.state in {"holded", "payment_review"} and order.total_paid:
        what = "on hold" if order.state == "holded" else "in payment review"
        yield f"whether it may be refunded: the order is {what} in Magento"
    if not facts.is_route_known:
        yield f"how {facts.label} was paid: through a gateway, or by hand"
    if facts.books_differ is not None:
        yield f"agreeing figures: {facts.books_differ}. Look at the payment provider"
    odd = [row.name for row in facts.rows if not row.is_whole]
    if odd:
        yield f"whole units of {', '.join(odd)}"
    if order.total_paid and not _adds_up(facts):
        yield "all parts of the total (store credit, gift cards or fees of an extension, perhaps)"


def _adds_up(facts: Facts) -> bool:
    """Whether lines, shipping and tax make up what was charged."""
    currency = facts.currency
    parts = facts.shipping + facts.shipping_tax
    for row in facts.rows:
        if row.item.qty_invoiced:
            charged = row.charged(currency)
            parts = parts + charged.price - charged.discount + charged.tax
    charged_in_all = Money.rounded(facts.order.total_invoiced, currency)
    return parts == charged_in_all and facts.paid <= charged_in_all
