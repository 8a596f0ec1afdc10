"""Orders as every store has them: what was bought, paid, sent, delivered and given back.

Amounts are in the currency that the customer paid in (`Order.currency`) unless a name says
`in_shop_currency`. Unknown vendor values survive as `UNKNOWN` here and as text in
`Order.unknown_values`, which keeps a decision from ever reading them as a yes.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, Field

from app.domain.base import Value
from app.domain.money import Currency, Money


class PaymentStatus(StrEnum):
    """How far the order is paid."""

    PAID = "paid"
    PARTIALLY_PAID = "partially_paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    AUTHORIZED = "authorized"
    PENDING = "pending"
    VOIDED = "voided"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class FulfilmentStatus(StrEnum):
    """How far the order was sent out."""

    UNFULFILLED = "unfulfilled"
    PARTIAL = "partial"
    FULFILLED = "fulfilled"
    NOT_REQUIRED = "not_required"
    UNKNOWN = "unknown"


class TransactionKind(StrEnum):
    """What a payment transaction does."""

    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    SALE = "sale"
    REFUND = "refund"
    VOID = "void"
    CHANGE = "change"
    UNKNOWN = "unknown"


class TransactionStatus(StrEnum):
    """How a payment transaction stands. Only SUCCESS means that money moved."""

    SUCCESS = "success"
    PENDING = "pending"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Restock(StrEnum):
    """What happens to the goods of a refunded line at the store."""

    NONE = "none"
    RETURN = "return"
    CANCEL = "cancel"


class Transaction(Value):
    """One payment movement. `is_manual` means: the store only keeps books, a person pays."""

    id: str
    kind: TransactionKind
    status: TransactionStatus
    gateway: str
    label: str
    amount: Money
    parent_id: str | None = None
    is_manual: bool = False
    created_at: AwareDatetime | None = None


class Remaining(Value):
    """What a store counts as left for a line's refundable units, where it tells.

    `price` is before discounts. `app.domain.remainder` prices the next refund from it.
    """

    price: Money
    discount: Money
    tax: Money


class ServiceUse(Value):
    """How far a service that a line stands for was used; None is what nobody told.

    The paid period runs from `starts_at` to `ends_at`. `sla_missed_minutes` is by how much the
    agreed service level was missed, 0 when it was kept.
    """

    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    percent_completed: Decimal | None = Field(default=None, ge=0, le=100)
    sla_missed_minutes: int | None = Field(default=None, ge=0)


class Duty(Value):
    """An import duty that was paid on a line, for its whole quantity."""

    id: str
    amount: Money


class LineItem(Value):
    """One line of an order.

    `total` is for the whole `quantity`, after every discount, without the tax that the store adds
    on top (with it where the order's prices include tax). `tax` is the tax of the whole quantity.
    `delivered_at` is the last delivery among the shipments of this line, `shipped_at` the last
    shipment, `return_received_at` when the goods were back; None when not known.
    `returned_quantity` is how many of the units that can still be refunded are known to be back;
    None: nobody told, or `return_received_at` tells that all are.
    `is_final_sale` and `was_shipped` are None where the store can't tell. With `remaining`, units
    are priced as shares of that; without it, as shares of the whole line.
    """

    id: str
    name: str
    sku: str | None = None
    quantity: int = Field(ge=0)
    refundable_quantity: int = Field(ge=0)
    unfulfilled_quantity: int = Field(ge=0, default=0)
    unit_price: Money
    discount: Money
    total: Money
    tax: Money
    product_type: str | None = None
    tags: tuple[str, ...] = ()
    is_gift_card: bool = False
    is_final_sale: bool | None = None
    is_subscription: bool = False
    requires_shipping: bool = True
    was_shipped: bool | None = None
    shipped_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    return_received_at: AwareDatetime | None = None
    returned_quantity: int | None = Field(default=None, ge=0)
    service: ServiceUse | None = None
    is_delivery_estimated: bool = False
    restock: Restock = Restock.NONE
    remaining: Remaining | None = None
    duties: tuple[Duty, ...] = ()

    @property
    def refunded_quantity(self) -> int:
        """Units that were refunded or taken off the order before."""
        return max(0, self.quantity - self.refundable_quantity)

    @property
    def units_back(self) -> int:
        """Units still refundable that are known to have come back; 0 where nobody told."""
        if self.returned_quantity is not None:
            return min(self.returned_quantity, self.refundable_quantity)
        return self.refundable_quantity if self.return_received_at is not None else 0


class Tender(Value):
    """A payment that money can go back to: up to `maximum`; `amount` is the store's proposal."""

    transaction_id: str | None
    gateway: str
    label: str
    amount: Money
    maximum: Money
    is_manual: bool = False


class SuggestedLine(Value):
    """The store's own figure for one line of a suggestion.

    `location_id` is where the store would put the goods, where it tells.
    """

    line_id: str
    quantity: int
    subtotal: Money
    tax: Money
    restock: Restock = Restock.NONE
    location_id: str | None = None


class SuggestedDuty(Value):
    """The store's own figure for a duty of a suggestion."""

    duty_id: str
    amount: Money


class Suggestion(Value):
    """What the store itself would refund for a choice of lines and shipping.

    `amount` is in the customer's currency, `amount_in_shop_currency` in the shop's books;
    `maximum` is the ceiling for the whole order.
    """

    amount: Money
    amount_in_shop_currency: Money
    maximum: Money
    shipping: Money
    shipping_maximum: Money
    shipping_tax: Money
    lines: tuple[SuggestedLine, ...] = ()
    duties: tuple[SuggestedDuty, ...] = ()
    tenders: tuple[Tender, ...] = ()
    store_credit_maximum: Money | None = None


class PastRefund(Value):
    """A refund that the store already has, whoever made it."""

    id: str
    created_at: AwareDatetime
    amount: Money
    note: str | None = None
    status: TransactionStatus = TransactionStatus.UNKNOWN
    lines: dict[str, int] = Field(default_factory=dict)


class Customer(Value):
    """The store's customer of an order; None fields are what the store didn't tell."""

    id: str
    name: str | None = None
    email: str | None = None
    orders_count: int | None = None
    lifetime_value: Money | None = None
    tags: tuple[str, ...] = ()


class OrderSummary(Value):
    """An order as a search finds it: enough to list it and to check whose it is."""

    store_id: str
    order_id: str
    name: str
    created_at: AwareDatetime
    total: Money
    refunded: Money
    email: str | None = None
    phone: str | None = None
    customer_id: str | None = None
    payment_status: PaymentStatus = PaymentStatus.UNKNOWN
    is_cancelled: bool = False
    is_test: bool = False


class Order(Value):
    """One order with everything that a decision uses, read at `read_at`.

    `is_complete` is False when the store cut a list short; then nothing is decided automatically.
    `can_store_credit`: the store offers store credit for this very order; `can_give_bonus`: and we
    may add to it.
    `closes_when_returned`: once no unit is left, the store refunds nothing more of it.
    `address_key` is equal for equal shipping addresses and tells nothing else about them.
    `unknown_values` holds `field=value` for each vendor value that isn't in our vocabulary.
    """

    store_id: str
    store_kind: str
    order_id: str
    name: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    read_at: AwareDatetime
    admin_url: str | None = None
    email: str | None = None
    phone: str | None = None
    country: str | None = None
    address_key: str | None = None
    currency: Currency
    shop_currency: Currency
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    is_cancelled: bool = False
    is_test: bool = False
    is_refundable: bool = True
    is_disputed: bool | None = False
    has_open_return: bool | None = False
    is_business_order: bool = False
    is_complete: bool = True
    can_notify_customer: bool = False
    can_store_credit: bool = False
    can_give_bonus: bool = False
    closes_when_returned: bool = False
    prices_include_tax: bool = False
    total: Money
    paid: Money
    refunded: Money
    refund_pending: Money
    tip: Money
    duties: Money
    shipping: Money
    shipping_tax: Money
    refunded_shipping: Money
    customer: Customer | None = None
    lines: tuple[LineItem, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    refunds: tuple[PastRefund, ...] = ()
    suggestion: Suggestion | None = None
    risk: str | None = None
    unknown_values: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def line(self, line_id: str) -> LineItem:
        """The line with this id; raises KeyError with the ids that exist."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise KeyError(f"order {self.name} has no line {line_id}")
