"""Figures and statuses that follow from an order's lines, payments and refunds.

Amounts are Decimals in the order's presentment currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from integrations.sandbox.shopify.model import Order, Transaction
from integrations.sandbox.shopify.money import ZERO, share


def total_price(order: Order) -> Decimal:
    """What the customer owed: lines, shipping, tax, duties and tip."""
    lines = sum((line.total for line in order.line_items), ZERO)
    shipping = sum((s.discounted for s in order.shipping_lines), ZERO)
    duties = sum((duty.amount for duty in order.duties()), ZERO)
    tax = ZERO if order.taxes_included else total_tax(order)
    return lines + shipping + tax + (ZERO if order.duties_included else duties) + order.tip


def total_tax(order: Order) -> Decimal:
    lines = sum((line.tax for line in order.line_items), ZERO)
    return lines + sum((s.tax for s in order.shipping_lines), ZERO)


def current_total_price(order: Order) -> Decimal:
    """The price of what is left after refunded and removed units, shipping and duties."""
    gone = ZERO
    for line in order.line_items:
        # Removed units are taken from the end, so they never shift the refunded ones.
        kept = line.quantity - line.removed_quantity
        parts = [line.total] if order.taxes_included else [line.total, line.tax]
        for total in parts:
            gone += share(total, line.refunded_quantity, line.quantity, order.currency)
            gone += total - share(total, kept, line.quantity, order.currency)
    for refund in order.refunds:
        gone += refund.shipping + refund.duties
        if not order.taxes_included:
            gone += refund.shipping_tax
    return total_price(order) - gone


def received(order: Order) -> Decimal:
    """What was really paid: successful sales and captures."""
    return sum((t.amount for t in order.transactions if t.is_payment), ZERO)


def refunded(order: Order) -> Decimal:
    """What was really paid back: successful refund transactions only."""
    return sum(
        (t.amount for t in order.transactions if t.is_refund and t.status == "SUCCESS"), ZERO
    )


def pending_refunds(order: Order) -> Decimal:
    """Refunds on their way, which `refunded` doesn't count yet."""
    return sum((t.amount for t in order.transactions if t.is_open_refund), ZERO)


def net_payment(order: Order) -> Decimal:
    """What the merchant still holds."""
    return received(order) - refunded(order)


def maximum_refundable(order: Order) -> Decimal:
    """What can still be refunded: the net payment less refunds on their way."""
    return max(ZERO, net_payment(order) - pending_refunds(order))


def left_on(order: Order, payment: Transaction) -> Decimal:
    """What is left of one payment after the refunds made from it."""
    back = (
        t.amount
        for t in order.transactions
        if t.is_refund and t.parent_id == payment.id and t.status not in ("FAILURE", "ERROR")
    )
    return payment.amount - sum(back, ZERO)


def outstanding(order: Order) -> Decimal:
    """What the customer still owes; negative when the merchant owes."""
    if order.cancelled_at is not None:
        return ZERO
    return current_total_price(order) - net_payment(order) + refund_discrepancy(order)


def refund_discrepancy(order: Order) -> Decimal:
    """Sum of the adjustments; positive is in the merchant's favour."""
    return sum((a.amount for refund in order.refunds for a in refund.adjustments), ZERO)


def shipping_price(order: Order) -> Decimal:
    return sum((s.discounted for s in order.shipping_lines), ZERO)


def shipping_tax(order: Order) -> Decimal:
    return sum((s.tax for s in order.shipping_lines), ZERO)


def refunded_shipping(order: Order) -> Decimal:
    return sum((refund.shipping for refund in order.refunds), ZERO)


def financial_status(order: Order) -> str:
    """`displayFinancialStatus`, from the payments alone."""
    paid, back = received(order), refunded(order)
    if paid > 0:
        if back >= paid:
            return "REFUNDED"
        if back > 0:
            return "PARTIALLY_REFUNDED"
        return "PAID" if paid >= total_price(order) else "PARTIALLY_PAID"
    kinds = {t.kind for t in order.transactions if t.status == "SUCCESS"}
    if "VOID" in kinds:
        return "VOIDED"
    if "AUTHORIZATION" in kinds:
        return "AUTHORIZED"
    if total_price(order) == 0:
        return "PAID"
    return "PENDING"


def fulfillment_status(order: Order) -> str:
    """`displayFulfillmentStatus`, from what was shipped and what is still to ship."""
    shipped = sum(line.fulfilled_quantity for line in order.line_items)
    to_ship = sum(line.unfulfilled_quantity for line in order.line_items)
    if shipped == 0:
        return "UNFULFILLED" if to_ship else "RESTOCKED"
    return "PARTIALLY_FULFILLED" if to_ship else "FULFILLED"


def return_status(order: Order) -> str:
    """A summary only: a declined or cancelled return counts as none."""
    statuses = {r.status for r in order.returns}
    if "OPEN" in statuses:
        return "IN_PROGRESS"
    if "REQUESTED" in statuses:
        return "RETURN_REQUESTED"
    return "RETURNED" if "CLOSED" in statuses else "NO_RETURN"


def returnable_units(order: Order, line_item_id: str) -> int:
    """Shipped units of a line that neither a refund nor an open return has taken."""
    line = order.line(line_item_id)
    if line is None:
        return 0
    in_returns = sum(
        entry.quantity
        for r in order.returns
        if r.status in ("OPEN", "REQUESTED", "CLOSED")
        for entry in r.lines
        if entry.fulfillment_line.line_item is line
    )
    refunded_after_shipping = line.refunded_quantity - line.refunded_unfulfilled
    return max(0, line.fulfilled_quantity - refunded_after_shipping - in_returns)


def spent(orders: Iterable[Order]) -> Decimal:
    """What these orders brought in shop currency, net of refunds, test orders left out."""
    return sum(
        (order.bag(net_payment(order)).shop_money.amount for order in orders if not order.test),
        ZERO,
    )
