"""Invoices and shipments: what they bill, and what they leave behind on the order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from integrations.sandbox.magento.errors import MagentoError
from integrations.sandbox.magento.model import (
    DocumentItem,
    History,
    Invoice,
    Order,
    OrderItem,
    Shipment,
    Track,
    Transaction,
)
from integrations.sandbox.magento.money import NOTHING, ZERO, Carry, formatted, total
from integrations.sandbox.magento.site import Site
from integrations.sandbox.magento.states import state_after


def add_history(
    site: Site, order: Order, comment: str, entity_name: str, *, notified: int | None = 0
) -> History:
    """Add a line with the order's present status."""
    line = History(
        entity_id=site.numbers.take("history"),
        comment=comment,
        status=order.status,
        entity_name=entity_name,
        created_at=site.now(),
        is_customer_notified=notified,
    )
    order.histories.append(line)
    return line


def document_quantities(order: Order, asked: Mapping[int, Decimal] | None) -> dict[int, Decimal]:
    """Units by row id for an invoice: `asked`, or everything open; children follow parents."""
    quantities: dict[int, Decimal] = {}
    for item in order.items:
        if item.is_dummy:
            continue
        quantity = item.qty_to_invoice if asked is None else asked.get(item.item_id, ZERO)
        if quantity > item.qty_to_invoice:
            raise MagentoError(
                400, 'We found an invalid quantity to invoice item "%1".', [item.name]
            )
        if quantity > 0:
            quantities[item.item_id] = quantity
    for item in order.items:
        if item.is_dummy and item.parent_id in quantities:
            quantities[item.item_id] = quantities[item.parent_id] * item.per_parent
        elif item.is_dummy and any(child in quantities for child in item.child_ids):
            quantities[item.item_id] = item.qty_ordered - item.qty_invoiced
    return quantities


def create_invoice(
    site: Site,
    order: Order,
    asked: Mapping[int, Decimal] | None = None,
    *,
    online: bool = False,
    paid: bool = True,
    entity_id: int | None = None,
    created_at: datetime | None = None,
    by_checkout: bool = False,
) -> Invoice:
    """Bill `asked` units by row id (None: all that is open), `paid` or still open.

    `online` captures at the gateway. The first invoice bills the whole shipping. Raises
    MagentoError for more units than are open or none at all.
    """
    quantities = document_quantities(order, asked)
    if not quantities:
        raise MagentoError(
            400,
            "Invoice Document Validation Error(s):\nYou can't create an invoice without products.",
        )
    moment = created_at or site.now()
    carry, including = Carry(), Carry()
    rows = [
        _billed(site, order_item, quantities[order_item.item_id], carry, including)
        for order_item in order.items
        if order_item.item_id in quantities
    ]
    bills_shipping = "shipping_invoiced" not in order.sums
    shipping = order.shipping_amount if bills_shipping else None
    shipping_tax = order.shipping_tax if bills_shipping else NOTHING
    shipping_compensation = order.shipping_compensation if bills_shipping else NOTHING
    discount = total([row.discount_amount or NOTHING for row in rows])
    if bills_shipping:
        discount += order.shipping_discount
    subtotal = total([row.row_total or NOTHING for row in rows])
    tax = total([row.tax_amount or NOTHING for row in rows]) + shipping_tax
    compensation = total([row.compensation or NOTHING for row in rows])
    invoice = Invoice(
        entity_id=site.numbers.take("invoice", entity_id),
        increment_id=site.numbers.increment_id("invoice", order.store_id),
        order_id=order.entity_id,
        created_at=moment,
        updated_at=moment,
        items=rows,
        subtotal=subtotal,
        subtotal_incl_tax=total([row.row_total_incl_tax or NOTHING for row in rows]),
        tax_amount=tax,
        discount_amount=discount,
        compensation=compensation,
        shipping=shipping,
        shipping_tax=shipping_tax,
        shipping_incl_tax=order.shipping_incl_tax if bills_shipping else NOTHING,
        shipping_compensation=shipping_compensation,
        grand_total=subtotal
        - discount
        + tax
        + compensation
        + shipping_compensation
        + (shipping or NOTHING),
        state=2 if paid else 1,
        email_sent=by_checkout,
    )
    _book_invoice(order, invoice, quantities)
    if online:
        _capture(site, order, invoice)
    order.state = state_after(order, in_progress=True)
    order.status = site_status(order.state)
    if online:
        line = add_history(
            site,
            order,
            f"Captured amount of {formatted(invoice.grand_total.base, order.base_currency)} "
            f'online. Transaction ID: "{invoice.transaction_id}"',
            "invoice",
            notified=None,
        )
        line.created_at = moment
    site.invoices[invoice.entity_id] = invoice
    return invoice


def site_status(state: str) -> str:
    """The status a state has by default."""
    return "pending" if state == "new" else state


def _billed(
    site: Site, item: OrderItem, quantity: Decimal, carry: Carry, including: Carry
) -> DocumentItem:
    row = DocumentItem(site.numbers.take("invoice_item"), item.item_id, quantity)
    if item.is_dummy:
        return row
    left = item.qty_to_invoice
    amounts = (
        item.row_gross - item.row_invoiced,
        item.tax_amount - item.tax_invoiced,
        item.discount_amount - item.discount_invoiced,
        item.compensation - item.compensation_invoiced,
    )
    if quantity < left:
        _, tax, discount, compensation = amounts
        amounts = (
            carry.round(item.price.times(quantity)),
            carry.round(tax.times(quantity / left)),
            carry.round(discount.times(quantity / left), negative=True),
            carry.round(compensation.times(quantity / left)),
        )
    row.row_total, row.tax_amount, row.discount_amount, row.compensation = amounts
    row.row_total_incl_tax = including.round(item.gross_incl_tax.times(quantity / item.qty_ordered))
    return row


def _book_invoice(order: Order, invoice: Invoice, quantities: Mapping[int, Decimal]) -> None:
    by_id = {row.order_item_id: row for row in invoice.items}
    for item in order.items:
        item.qty_invoiced += quantities.get(item.item_id, ZERO)
        row = by_id.get(item.item_id)
        if row is not None and not item.is_dummy:
            item.row_invoiced += row.row_total or NOTHING
            item.tax_invoiced += row.tax_amount or NOTHING
            item.discount_invoiced += row.discount_amount or NOTHING
            item.compensation_invoiced += row.compensation or NOTHING
    order.add("subtotal_invoiced", invoice.subtotal)
    order.add("tax_invoiced", invoice.tax_amount)
    order.add("discount_invoiced", -invoice.discount_amount)
    order.add("discount_tax_compensation_invoiced", invoice.compensation)
    order.add("shipping_invoiced", invoice.shipping or NOTHING)
    order.add("total_invoiced", invoice.grand_total)
    if invoice.state != 2:
        return
    order.add("total_paid", invoice.grand_total)
    payment = order.payment
    payment.amount_paid = (payment.amount_paid or NOTHING) + invoice.grand_total
    payment.shipping_captured = (payment.shipping_captured or NOTHING) + (
        invoice.shipping or NOTHING
    )


def _capture(site: Site, order: Order, invoice: Invoice) -> None:
    if site.is_offline(order.payment.method):
        raise MagentoError(400, "The capture action is not available.")
    invoice.transaction_id = site.gateway.new_id("cap")
    payment = order.payment
    payment.last_trans_id = invoice.transaction_id
    payment.amount_authorized = payment.amount_authorized or order.grand_total
    payment.amount_paid_online = (payment.amount_paid_online or NOTHING) + invoice.grand_total
    add_transaction(site, order, invoice.transaction_id, "capture", invoice.created_at)


def add_transaction(
    site: Site,
    order: Order,
    txn_id: str,
    kind: str,
    moment: datetime,
    parent: Transaction | None = None,
) -> Transaction:
    """Record what the gateway answered."""
    transaction = Transaction(
        transaction_id=site.numbers.take("transaction"),
        order_id=order.entity_id,
        txn_id=txn_id,
        txn_type=kind,
        created_at=moment,
        parent_txn_id=parent.txn_id if parent else None,
        parent_id=parent.transaction_id if parent else None,
        is_closed=kind == "refund",
    )
    site.transactions[transaction.transaction_id] = transaction
    return transaction


def create_shipment(
    site: Site,
    order: Order,
    asked: Mapping[int, Decimal] | None = None,
    *,
    tracks: list[Mapping[str, str]] | None = None,
    created_at: datetime | None = None,
    entity_id: int | None = None,
) -> Shipment:
    """Ship `asked` units by row id (None: all that is open). Raises MagentoError if none is."""
    moment = created_at or site.now()
    rows = []
    for item in order.items:
        quantity = item.qty_to_ship if asked is None else asked.get(item.item_id, ZERO)
        if quantity <= 0:
            continue
        if quantity > item.qty_to_ship:
            raise MagentoError(
                400,
                "Shipment Document Validation Error(s):\nYou can't create a shipment "
                "without products.",
            )
        item.qty_shipped += quantity
        rows.append(DocumentItem(site.numbers.take("shipment_item"), item.item_id, quantity))
        for child_id in item.child_ids:
            child = order.item(child_id)
            # The child of a configurable product keeps qty_shipped 0, those of bundles don't.
            if child is not None and item.product_type == "bundle":
                child.qty_shipped += quantity * child.per_parent
    if not rows:
        raise MagentoError(
            400,
            "Shipment Document Validation Error(s):\nYou can't create a shipment without products.",
        )
    shipment = Shipment(
        entity_id=site.numbers.take("shipment", entity_id),
        increment_id=site.numbers.increment_id("shipment", order.store_id),
        order_id=order.entity_id,
        created_at=moment,
        items=rows,
        tracks=[
            Track(
                site.numbers.take("track"),
                str(one.get("track_number", "")),
                str(one.get("title", "")),
                str(one.get("carrier_code", "custom")),
                moment,
            )
            for one in tracks or []
        ],
    )
    site.shipments[shipment.entity_id] = shipment
    order.state = state_after(order, in_progress=True)
    order.status = site_status(order.state)
    return shipment
