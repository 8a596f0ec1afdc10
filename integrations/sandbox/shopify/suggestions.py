"""`Order.suggestedRefund`: what the shop itself would refund for a choice of lines and shipping.

Computed on read, without side effect. Amounts are Decimals in presentment currency.
https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Order
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from integrations.sandbox.shopify import totals
from integrations.sandbox.shopify.model import (
    Duty,
    LineItem,
    Location,
    Order,
    RefundLine,
    Transaction,
)
from integrations.sandbox.shopify.money import ZERO, round_half_up, units_amount
from integrations.sandbox.shopify.shop import Shop

GIFT_CARD_GATEWAY = "gift_card"


@dataclass(frozen=True, slots=True)
class LineChoice:
    """One entry of `refundLineItems`."""

    line_item_id: str
    quantity: int
    restock_type: str | None = None
    location_id: str | None = None


@dataclass(frozen=True, slots=True)
class DutyChoice:
    """One entry of `refundDuties`; `FULL` takes what is left, `PROPORTIONAL` the share of the
    refunded units."""

    duty_id: str
    refund_type: str = "FULL"


@dataclass(frozen=True, slots=True)
class SuggestedTransaction:
    payment: Transaction
    amount: Decimal
    maximum: Decimal


@dataclass(slots=True)
class Suggestion:
    """`amount` is the proposal, `maximum` the ceiling of the whole order."""

    amount: Decimal
    maximum: Decimal
    lines: list[RefundLine]
    shipping: Decimal
    shipping_tax: Decimal
    shipping_maximum: Decimal
    duties: list[tuple[Duty, Decimal]]
    cart_discount: Decimal
    store_credit: bool
    transactions: list[SuggestedTransaction] = field(default_factory=list)

    @property
    def discounted_subtotal(self) -> Decimal:
        return sum((line.subtotal for line in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((line.tax for line in self.lines), self.shipping_tax)

    @property
    def duties_total(self) -> Decimal:
        return sum((amount for _, amount in self.duties), ZERO)


class BadChoice(ValueError):
    """A choice that can't be priced. `field` is the path of the input that is wrong."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.message = message
        self.path = list(path)


def suggest(
    shop: Shop,
    order: Order,
    *,
    lines: Sequence[LineChoice] = (),
    duties: Sequence[DutyChoice] = (),
    refund_shipping: bool = False,
    shipping_amount: Decimal | None = None,
    full: bool = False,
    store_credit: bool = False,
) -> Suggestion:
    """Price a choice. `full` takes every unit left and ignores `lines`; `shipping_amount`
    overrides `refund_shipping`. Raises BadChoice."""
    if full:
        lines = [LineChoice(item.id, item.refundable_quantity) for item in order.line_items
                 if item.refundable_quantity > 0]  # fmt: skip
        duties = [DutyChoice(duty.id) for duty in order.duties() if duty.amount > duty.refunded]
    priced = price_lines(shop, order, lines, change_impossible_restock=True)
    shipping_left = totals.shipping_price(order) - totals.refunded_shipping(order)
    if shipping_amount is not None:
        if shipping_amount < 0 or shipping_amount > shipping_left:
            raise BadChoice("Shipping amount exceeds what is left to refund", "shippingAmount")
        shipping = shipping_amount
    else:
        shipping = shipping_left if refund_shipping else ZERO
    shipping_tax = price_shipping_tax(order, shipping)
    priced_duties = price_duties(order, duties, priced)
    worth = refund_worth(order, priced, shipping, shipping_tax, priced_duties)
    if full and shop.full_refund_includes_tip and not order.refunds:
        worth += order.tip
    maximum = totals.maximum_refundable(order)
    suggestion = Suggestion(
        amount=min(worth, maximum),
        maximum=maximum,
        lines=priced,
        shipping=shipping,
        shipping_tax=shipping_tax,
        shipping_maximum=shipping_left,
        duties=priced_duties,
        cart_discount=_cart_discount(order, priced),
        store_credit=store_credit,
    )
    if not store_credit:
        suggestion.transactions = split_over_payments(order, suggestion.amount)
    return suggestion


def price_lines(
    shop: Shop, order: Order, choices: Sequence[LineChoice], *, change_impossible_restock: bool
) -> list[RefundLine]:
    """The chosen units with subtotal and tax. A line may appear more than once.

    With `change_impossible_restock` a restock type that doesn't fit the units is corrected as
    the calculation does; otherwise it raises BadChoice like every other mistake.
    """
    priced: list[RefundLine] = []
    taken: dict[str, int] = {}
    cancelled: dict[str, int] = {}
    for index, choice in enumerate(choices):
        at = ("refundLineItems", str(index))
        item = order.line(choice.line_item_id)
        if item is None:
            raise BadChoice("Line item does not exist", *at, "lineItemId")
        if choice.quantity < 1:
            raise BadChoice("Quantity must be greater than 0", *at, "quantity")
        before = taken.get(item.id, 0)
        if before + choice.quantity > item.refundable_quantity:
            raise BadChoice(
                "Quantity cannot refund more items than were purchased", *at, "quantity"
            )
        taken[item.id] = before + choice.quantity
        open_units = item.unfulfilled_quantity - cancelled.get(item.id, 0)
        restock = _restock_type(item, choice, open_units)
        if restock != (choice.restock_type or restock) and not change_impossible_restock:
            raise BadChoice(
                f"Restock type {choice.restock_type} is not possible for this quantity",
                *at,
                "restockType",
            )
        if restock == "CANCEL":
            cancelled[item.id] = cancelled.get(item.id, 0) + choice.quantity
        location = _location(shop, choice, restock, at)
        priced.append(
            RefundLine(
                item,
                choice.quantity,
                restock,
                _slice(item, item.total, before, choice.quantity, order.currency),
                sum(
                    (
                        _slice(item, t.amount, before, choice.quantity, order.currency)
                        for t in item.tax_lines
                    ),
                    ZERO,
                ),
                location,
                restocked=restock in ("CANCEL", "RETURN"),
            )
        )
    return priced


def price_shipping_tax(order: Order, amount: Decimal) -> Decimal:
    """The tax that belongs to the next `amount` of shipping; all steps sum to the whole tax."""
    whole, tax = totals.shipping_price(order), totals.shipping_tax(order)
    before = totals.refunded_shipping(order)
    if whole == 0 or amount == 0:
        return ZERO
    reached = tax if before + amount == whole else tax * (before + amount) / whole
    start = tax * before / whole
    return round_half_up(reached, order.currency) - round_half_up(start, order.currency)


def price_duties(
    order: Order, choices: Sequence[DutyChoice], lines: Sequence[RefundLine]
) -> list[tuple[Duty, Decimal]]:
    """The chosen duties with their amounts. Raises BadChoice for an unknown one."""
    priced = []
    for index, choice in enumerate(choices):
        found = [
            (item, duty)
            for item in order.line_items
            for duty in item.duties
            if duty.id == choice.duty_id
        ]
        if not found:
            raise BadChoice("Duty does not exist", "refundDuties", str(index), "dutyId")
        item, duty = found[0]
        left = duty.amount - duty.refunded
        if choice.refund_type == "PROPORTIONAL":
            units = sum(line.quantity for line in lines if line.line_item is item)
            part = _slice(item, duty.amount, 0, units, order.currency)
            left = min(left, part)
        priced.append((duty, left))
    return priced


def refund_worth(
    order: Order,
    lines: Sequence[RefundLine],
    shipping: Decimal,
    shipping_tax: Decimal,
    duties: Sequence[tuple[Duty, Decimal]],
) -> Decimal:
    """What the chosen parts cost the customer; tax is added only where prices lack it."""
    worth = sum((line.subtotal for line in lines), shipping)
    if not order.taxes_included:
        worth += sum((line.tax for line in lines), shipping_tax)
    return worth + sum((amount for _, amount in duties), ZERO)


def split_over_payments(order: Order, amount: Decimal) -> list[SuggestedTransaction]:
    """Gift cards first, then the payments in their order, each up to what is left of it."""
    payments = sorted(
        (t for t in order.transactions if t.is_payment),
        key=lambda t: t.gateway != GIFT_CARD_GATEWAY,
    )
    suggested = []
    for payment in payments:
        left = totals.left_on(order, payment)
        part = min(amount, left)
        amount -= part
        suggested.append(SuggestedTransaction(payment, part, left))
    return suggested


def _restock_type(item: LineItem, choice: LineChoice, open_units: int) -> str:
    """The asked type where it is possible, else the one that fits the units."""
    fits_cancel = choice.quantity <= open_units
    asked = choice.restock_type
    if asked == "NO_RESTOCK":
        return asked
    if asked == "CANCEL" and fits_cancel:
        return asked
    if asked == "RETURN" and choice.quantity <= item.refundable_quantity - open_units:
        return asked
    if asked in ("CANCEL", "RETURN"):
        return "CANCEL" if fits_cancel else "NO_RESTOCK"
    return "CANCEL" if fits_cancel and item.restockable else "NO_RESTOCK"


def _location(shop: Shop, choice: LineChoice, restock: str, at: tuple[str, str]) -> Location | None:
    if restock == "NO_RESTOCK":
        return None
    if choice.location_id is None:
        return next(place for place in shop.locations if place.is_primary)
    for place in shop.locations:
        if place.id == choice.location_id:
            return place
    raise BadChoice("Location does not exist", *at, "locationId")


def _cart_discount(order: Order, lines: Sequence[RefundLine]) -> Decimal:
    total, taken = ZERO, dict[str, int]()
    for line in lines:
        item = line.line_item
        before = taken.get(item.id, 0)
        total += _slice(item, item.order_discount, before, line.quantity, order.currency)
        taken[item.id] = before + line.quantity
    return total


def _slice(item: LineItem, total: Decimal, before: int, units: int, currency: str) -> Decimal:
    return units_amount(total, item.refunded_quantity + before, units, item.quantity, currency)
