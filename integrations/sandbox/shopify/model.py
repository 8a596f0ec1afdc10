"""What a shop holds: customers, orders, payments, fulfilments, refunds.

Amounts inside an order are Decimals in its presentment currency. Nothing here decides whether
a refund is allowed; `totals.py` derives figures, `refunds.py` changes them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from integrations.sandbox.shopify.money import ZERO, Bag

OPEN_REFUND_STATUSES = ("PENDING", "AWAITING_RESPONSE", "UNKNOWN")
PARENTLESS_GATEWAYS = ("store-credit", "exchange-credit", "cash")
STORE_CREDIT_GATEWAY = "shopify_store_credit"


class GidFactory:
    """Hands out ids of the form `gid://shopify/Order/1001`, unique within one shop."""

    def __init__(self, start: int = 5_000_000_001) -> None:
        self._numbers = itertools.count(start)

    def new(self, kind: str, number: int | None = None) -> str:
        return f"gid://shopify/{kind}/{next(self._numbers) if number is None else number}"


def gid_number(gid: str) -> int:
    """The numeric tail of a gid. Raises ValueError when there is none."""
    return int(gid.rsplit("/", 1)[-1])


@dataclass(slots=True)
class StoreCreditAccount:
    id: str
    currency: str
    balance: Decimal = ZERO
    transactions: list[StoreCreditTransaction] = field(default_factory=list)


@dataclass(slots=True)
class StoreCreditTransaction:
    """A credit. It has neither a note nor a key: the vendor's record has none."""

    id: str
    account: StoreCreditAccount = field(repr=False)
    amount: Decimal
    balance_after: Decimal
    created_at: datetime
    event: str


@dataclass(slots=True)
class Customer:
    """A person's account in the shop. `email` and `phone` are unique within it."""

    id: str
    display_name: str
    email: str | None
    phone: str | None
    created_at: datetime
    tags: list[str] = field(default_factory=list)
    product_subscriber_status: str = "NEVER_SUBSCRIBED"
    rfm_group: str | None = None
    predicted_spend_tier: str | None = None
    store_credit: list[StoreCreditAccount] = field(default_factory=list)


@dataclass(slots=True)
class Location:
    id: str
    name: str
    is_active: bool = True
    is_primary: bool = False


@dataclass(slots=True)
class Product:
    id: str
    product_type: str = ""
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Duty:
    id: str
    amount: Decimal
    refunded: Decimal = ZERO


@dataclass(slots=True)
class TaxLine:
    title: str
    rate: Decimal
    amount: Decimal


@dataclass(slots=True)
class LineItem:
    """What was ordered. `total` is for all units after every discount; it contains the tax
    exactly when the order's prices do."""

    id: str
    title: str
    quantity: int
    unit_price: Decimal
    line_discount: Decimal
    order_discount: Decimal
    tax_lines: list[TaxLine]
    sku: str | None = None
    vendor: str | None = None
    is_gift_card: bool = False
    requires_shipping: bool = True
    restockable: bool = True
    taxable: bool = True
    custom_attributes: list[tuple[str, str]] = field(default_factory=list)
    selling_plan: str | None = None
    product: Product | None = None
    duties: list[Duty] = field(default_factory=list)
    removed_quantity: int = 0
    refunded_quantity: int = 0
    refunded_unfulfilled: int = 0
    fulfilled_quantity: int = 0

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.quantity - self.line_discount - self.order_discount

    @property
    def tax(self) -> Decimal:
        return sum((t.amount for t in self.tax_lines), ZERO)

    @property
    def refundable_quantity(self) -> int:
        return self.quantity - self.removed_quantity - self.refunded_quantity

    @property
    def current_quantity(self) -> int:
        return self.quantity - self.removed_quantity - self.refunded_quantity

    @property
    def unfulfilled_quantity(self) -> int:
        return (
            self.quantity
            - self.removed_quantity
            - self.fulfilled_quantity
            - self.refunded_unfulfilled
        )


@dataclass(slots=True)
class ShippingLine:
    """`discounted` is the price paid; it contains the tax exactly when the order's prices do."""

    id: str
    title: str
    price: Decimal
    discount: Decimal
    tax_lines: list[TaxLine]

    @property
    def discounted(self) -> Decimal:
        return self.price - self.discount

    @property
    def tax(self) -> Decimal:
        return sum((t.amount for t in self.tax_lines), ZERO)


@dataclass(slots=True)
class Transaction:
    """A movement of money. `amount` is in presentment currency, always positive."""

    id: str
    kind: str
    status: str
    gateway: str
    amount: Decimal
    created_at: datetime
    processed_at: datetime | None
    parent_id: str | None = None
    manual: bool = False
    test: bool = False
    error_code: str | None = None
    rounding: Decimal | None = None
    settles_at: datetime | None = None
    settles_as: str = "SUCCESS"

    @property
    def is_payment(self) -> bool:
        return self.kind in ("SALE", "CAPTURE") and self.status == "SUCCESS"

    @property
    def is_refund(self) -> bool:
        return self.kind == "REFUND"

    @property
    def is_open_refund(self) -> bool:
        return self.is_refund and self.status in OPEN_REFUND_STATUSES


@dataclass(slots=True)
class FulfillmentEvent:
    id: str
    status: str
    happened_at: datetime


@dataclass(slots=True)
class FulfillmentLine:
    id: str
    line_item: LineItem
    quantity: int


@dataclass(slots=True)
class Fulfillment:
    id: str
    status: str
    display_status: str | None
    created_at: datetime
    lines: list[FulfillmentLine]
    in_transit_at: datetime | None = None
    estimated_delivery_at: datetime | None = None
    delivered_at: datetime | None = None
    tracking: list[dict[str, str | None]] = field(default_factory=list)
    events: list[FulfillmentEvent] = field(default_factory=list)


@dataclass(slots=True)
class RefundLine:
    line_item: LineItem
    quantity: int
    restock_type: str
    subtotal: Decimal
    tax: Decimal
    location: Location | None = None
    restocked: bool = False


@dataclass(slots=True)
class Adjustment:
    """A difference between what the lines were worth and what was paid; positive means that
    the merchant kept something back."""

    id: str
    amount: Decimal
    reason: str


@dataclass(slots=True)
class Refund:
    id: str
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    note: str | None
    lines: list[RefundLine]
    transactions: list[Transaction]
    shipping: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    duties: Decimal = ZERO
    adjustments: list[Adjustment] = field(default_factory=list)
    idempotency_key: str | None = None
    source: str = "api"
    notified: bool = False
    return_id: str | None = None

    def paid(self) -> Decimal:
        """What this refund has really paid out: successful transactions only."""
        return sum((t.amount for t in self.transactions if t.status == "SUCCESS"), ZERO)


@dataclass(slots=True)
class Dispute:
    id: str
    initiated_as: str
    status: str


@dataclass(slots=True)
class ReturnLine:
    id: str
    fulfillment_line: FulfillmentLine
    quantity: int


@dataclass(slots=True)
class Return:
    id: str
    name: str
    status: str
    created_at: datetime
    lines: list[ReturnLine]


@dataclass(slots=True)
class CancelJob:
    id: str
    status: str
    order_id: str
    errors: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    """One order. `rate` is shop currency per presentment currency."""

    id: str
    name: str
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    indexed_at: datetime
    shop_currency: str
    currency: str
    rate: Decimal
    taxes_included: bool
    line_items: list[LineItem]
    shipping_lines: list[ShippingLine]
    confirmation_number: str | None = None
    customer: Customer | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    tip: Decimal = ZERO
    tags: list[str] = field(default_factory=list)
    note: str | None = None
    source_name: str | None = "web"
    customer_locale: str | None = "en"
    discount_codes: list[str] = field(default_factory=list)
    country: str | None = None
    address: dict[str, str] = field(default_factory=dict)
    test: bool = False
    edited: bool = False
    duties_included: bool = False
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    closed_at: datetime | None = None
    transactions: list[Transaction] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    risk_levels: list[str] = field(default_factory=list)
    risk_recommendation: str = "NONE"
    payment_rounding: Decimal = ZERO
    refund_rounding: Decimal = ZERO

    def bag(self, amount: Decimal) -> Bag:
        """An amount of this order in both currencies."""
        return Bag.of(amount, self.currency, self.shop_currency, self.rate)

    def line(self, line_item_id: str) -> LineItem | None:
        return next((line for line in self.line_items if line.id == line_item_id), None)

    def transaction(self, transaction_id: str | None) -> Transaction | None:
        return next((t for t in self.transactions if t.id == transaction_id), None)

    def duties(self) -> Iterable[Duty]:
        return (duty for line in self.line_items for duty in line.duties)
