"""What a shop stores: orders with their rows, invoices, shipments, credit memos, transactions.

Documents refer to each other by id, so that a refund can work on a copy of its order and write it
back as a whole, the way a database transaction does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.sandbox.magento.money import NOTHING, ONE, ZERO, Pair

REFUSING_STATES = ("payment_review", "holded", "canceled", "closed")


@dataclass
class Address:
    entity_id: int
    firstname: str
    lastname: str
    street: list[str]
    city: str
    postcode: str
    country_id: str
    telephone: str
    region: str | None = None
    region_code: str | None = None
    region_id: int | None = None


@dataclass
class OrderItem:
    """One row. Composite products have a parent row and child rows; see `is_dummy`."""

    item_id: int
    product_type: str
    product_id: int
    sku: str
    name: str
    qty_ordered: Decimal
    price: Pair
    original_price: Pair
    price_incl_tax: Pair
    row_gross: Pair
    row_total: Pair
    row_total_incl_tax: Pair
    gross_incl_tax: Pair
    tax_amount: Pair
    discount_amount: Pair
    compensation: Pair
    tax_percent: Decimal | None
    discount_percent: Decimal
    weight: Decimal | None
    is_virtual: bool
    is_qty_decimal: bool
    created_at: datetime
    updated_at: datetime
    parent_id: int | None = None
    child_ids: list[int] = field(default_factory=list)
    # Of a composite: its children carry the money (a bundle with a dynamic price).
    children_calculated: bool = False
    # Of a child: is its parent such a bundle, and how many of it go into one parent.
    parent_calculates_children: bool = False
    per_parent: Decimal = ONE
    product_option: dict[str, Any] | None = None
    qty_invoiced: Decimal = ZERO
    qty_shipped: Decimal = ZERO
    qty_refunded: Decimal = ZERO
    qty_canceled: Decimal = ZERO
    row_invoiced: Pair = NOTHING
    tax_invoiced: Pair = NOTHING
    discount_invoiced: Pair = NOTHING
    compensation_invoiced: Pair = NOTHING
    amount_refunded: Pair = NOTHING
    tax_refunded: Pair = NOTHING
    discount_refunded: Pair = NOTHING
    compensation_refunded: Pair = NOTHING

    @property
    def is_dummy(self) -> bool:
        """True for the row of a composite that carries no money: it can't be refunded by its id.

        That is the parent of a dynamic bundle, and the children of anything else.
        """
        if self.child_ids:
            return self.children_calculated
        return self.parent_id is not None and not self.parent_calculates_children

    @property
    def qty_to_invoice(self) -> Decimal:
        if self.is_dummy:
            return ZERO
        return max(self.qty_ordered - self.qty_invoiced - self.qty_canceled, ZERO)

    @property
    def qty_to_refund(self) -> Decimal:
        return ZERO if self.is_dummy else max(self.qty_invoiced - self.qty_refunded, ZERO)

    @property
    def qty_to_ship(self) -> Decimal:
        """Units still to ship. Composites ship as one, so their children never count."""
        if self.is_virtual or self.parent_id is not None:
            return ZERO
        open_units = self.qty_ordered - max(self.qty_shipped, self.qty_refunded)
        return max(open_units - self.qty_canceled, ZERO)


@dataclass
class History:
    """A line of the order's comments history."""

    entity_id: int
    comment: str
    status: str
    entity_name: str
    created_at: datetime
    is_customer_notified: int | None = 0
    is_visible_on_front: int = 0


@dataclass
class Payment:
    entity_id: int
    method: str
    title: str
    cc_last4: str | None = None
    last_trans_id: str | None = None
    amount_authorized: Pair | None = None
    amount_paid: Pair | None = None
    amount_paid_online: Pair | None = None
    amount_refunded: Pair | None = None
    amount_refunded_online: Pair | None = None
    shipping_captured: Pair | None = None
    shipping_refunded: Pair | None = None


@dataclass
class Order:
    """`sums` holds the running totals by their order-currency name, absent until first set."""

    entity_id: int
    increment_id: str
    store_id: int
    base_currency: str
    order_currency: str
    rate: Decimal
    state: str
    status: str
    email: str
    firstname: str
    lastname: str
    customer_id: int | None
    created_at: datetime
    updated_at: datetime
    items: list[OrderItem]
    billing: Address
    shipping_address: Address | None
    payment: Payment
    subtotal: Pair
    subtotal_incl_tax: Pair
    tax_amount: Pair
    discount_amount: Pair
    compensation: Pair
    shipping_amount: Pair
    shipping_tax: Pair
    shipping_discount: Pair
    shipping_compensation: Pair
    shipping_incl_tax: Pair
    grand_total: Pair
    shipping_method: str | None
    shipping_description: str | None
    coupon_code: str | None
    protect_code: str
    sums: dict[str, Pair] = field(default_factory=dict)
    histories: list[History] = field(default_factory=list)
    held_from: tuple[str, str] | None = None
    extension_attributes: dict[str, Any] = field(default_factory=dict)
    customer_note: str | None = None
    # Raised by every save, so that a writer can see that another one came first.
    version: int = 0

    @property
    def is_virtual(self) -> bool:
        return all(item.is_virtual for item in self.items)

    def summed(self, name: str) -> Pair:
        """A running total, nothing when it was never set."""
        return self.sums.get(name, NOTHING)

    def add(self, name: str, amount: Pair) -> None:
        self.sums[name] = self.summed(name) + amount

    def item(self, item_id: int | None) -> OrderItem | None:
        return next((item for item in self.items if item.item_id == item_id), None)

    @property
    def total_due(self) -> Pair:
        return self.grand_total - self.summed("total_paid")

    @property
    def can_invoice(self) -> bool:
        if self.state in ("payment_review", "holded", "canceled", "complete", "closed"):
            return False
        return any(item.qty_to_invoice > 0 for item in self.items)

    @property
    def can_ship(self) -> bool:
        if self.state in ("payment_review", "holded", "canceled") or self.is_virtual:
            return False
        return any(item.qty_to_ship > 0 for item in self.items)


@dataclass
class DocumentItem:
    """A row of an invoice, shipment or credit memo.

    The amounts are None on rows that carry no money (see `OrderItem.is_dummy`).
    """

    entity_id: int
    order_item_id: int
    qty: Decimal
    row_total: Pair | None = None
    row_total_incl_tax: Pair | None = None
    tax_amount: Pair | None = None
    discount_amount: Pair | None = None
    compensation: Pair | None = None


@dataclass
class Comment:
    entity_id: int
    comment: str
    created_at: datetime
    is_customer_notified: int = 0
    is_visible_on_front: int = 0


@dataclass
class Invoice:
    """State 1 is open, 2 paid, 3 canceled. `shipping` is None on an invoice that billed none."""

    entity_id: int
    increment_id: str
    order_id: int
    created_at: datetime
    updated_at: datetime
    items: list[DocumentItem]
    subtotal: Pair
    subtotal_incl_tax: Pair
    tax_amount: Pair
    discount_amount: Pair
    compensation: Pair
    shipping: Pair | None
    shipping_tax: Pair
    shipping_incl_tax: Pair
    shipping_compensation: Pair
    grand_total: Pair
    state: int = 2
    transaction_id: str | None = None
    email_sent: bool = False
    is_used_for_refund: bool = False
    base_total_refunded: Decimal | None = None
    comments: list[Comment] = field(default_factory=list)


@dataclass
class Creditmemo:
    """State 2 is refunded. `adjustment_*` are None when the request didn't name them."""

    order_id: int
    created_at: datetime
    invoice_id: int | None = None
    entity_id: int = 0
    increment_id: str = ""
    items: list[DocumentItem] = field(default_factory=list)
    subtotal: Pair = NOTHING
    subtotal_incl_tax: Pair = NOTHING
    tax_amount: Pair = NOTHING
    discount_amount: Pair = NOTHING
    compensation: Pair = NOTHING
    shipping_amount: Pair = NOTHING
    shipping_tax: Pair = NOTHING
    shipping_incl_tax: Pair = NOTHING
    adjustment_positive: Pair | None = None
    adjustment_negative: Pair | None = None
    grand_total: Pair = NOTHING
    state: int = 2
    transaction_id: str | None = None
    online: bool = False
    email_sent: bool = False
    source: str = "api"
    comments: list[Comment] = field(default_factory=list)

    @property
    def adjustment(self) -> Pair:
        return (self.adjustment_positive or NOTHING) - (self.adjustment_negative or NOTHING)


@dataclass
class Track:
    entity_id: int
    track_number: str
    title: str
    carrier_code: str
    created_at: datetime


@dataclass
class Shipment:
    entity_id: int
    increment_id: str
    order_id: int
    created_at: datetime
    items: list[DocumentItem]
    tracks: list[Track] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)


@dataclass
class Transaction:
    """`txn_type` is authorization, capture, refund or void."""

    transaction_id: int
    order_id: int
    txn_id: str
    txn_type: str
    created_at: datetime
    parent_txn_id: str | None = None
    parent_id: int | None = None
    is_closed: bool = False
