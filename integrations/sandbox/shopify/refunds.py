"""`refundCreate`: checks an input as the vendor does at run time, then books it.

Amounts in inputs are in presentment currency. The refusal texts are those a real shop answers
where they are known; they are what callers see, never codes.
https://shopify.dev/docs/api/admin-graphql/2026-10/mutations/refundCreate
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.sandbox.shopify import totals
from integrations.sandbox.shopify.model import (
    PARENTLESS_GATEWAYS,
    STORE_CREDIT_GATEWAY,
    Adjustment,
    Order,
    Refund,
    RefundLine,
    Transaction,
)
from integrations.sandbox.shopify.money import ZERO, has_valid_precision
from integrations.sandbox.shopify.shop import GatewayRule, Shop
from integrations.sandbox.shopify.store_credit import add_credit
from integrations.sandbox.shopify.suggestions import (
    BadChoice,
    DutyChoice,
    LineChoice,
    price_duties,
    price_lines,
    price_shipping_tax,
    refund_worth,
    split_over_payments,
)

_DISCREPANCY_REASONS = {"CUSTOMER": "CUSTOMER", "DAMAGE": "DAMAGE", "RESTOCK": "RESTOCK"}


class Refusal(Exception):
    """A user error of `refundCreate`: a message and the path of the input, or None."""

    def __init__(self, message: str, path: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = list(path) if path is not None else None


@dataclass(slots=True)
class _Payout:
    """One movement of a refund that was found to be in order."""

    amount: Decimal
    gateway: str
    parent: Transaction | None


def create_refund(
    shop: Shop,
    values: Mapping[str, Any],
    *,
    all_orders: bool,
    idempotency_key: str | None = None,
    source: str = "api",
) -> tuple[Order, Refund]:
    """Check `values` (a coerced `RefundInput`) and book it. Hold the shop's lock.

    Raises Refusal with nothing changed.
    """
    order = shop.find_order(values["orderId"], all_orders=all_orders)
    if order is None:
        raise Refusal("Order does not exist", ["orderId"])
    _check_currency(order, values.get("currency"))
    try:
        lines = _lines(shop, order, values.get("refundLineItems") or [])
        duties = price_duties(
            order,
            [
                DutyChoice(d["dutyId"], d.get("refundType") or "FULL")
                for d in values.get("refundDuties") or []
            ],
            lines,
        )
    except BadChoice as error:
        raise Refusal(error.message, error.path) from None
    shipping = _shipping(order, values.get("shipping"))
    shipping_tax = price_shipping_tax(order, shipping)
    payouts = [_payout(order, one) for one in values.get("transactions") or []]
    credits = [m["storeCreditRefund"] for m in values.get("refundMethods") or []]
    for credit in credits:
        _check_store_credit(shop, order, credit)
    worth = refund_worth(order, lines, shipping, shipping_tax, duties)
    paid = sum((p.amount for p in payouts), ZERO)
    paid += sum((c["amount"]["amount"] for c in credits), ZERO)
    _check_amount(order, payouts, paid, has_credit=bool(credits), worth=worth, lines=lines)

    now = shop.clock.now()
    refund = Refund(
        id=shop.gids.new("Refund"),
        created_at=now,
        processed_at=values.get("processedAt") or now,
        updated_at=now,
        note=values.get("note"),
        lines=lines,
        transactions=[_book_payout(shop, order, p, now) for p in payouts],
        shipping=shipping,
        shipping_tax=shipping_tax,
        duties=sum((amount for _, amount in duties), ZERO),
        idempotency_key=idempotency_key,
        source=source,
        notified=bool(values.get("notify")),
    )
    refund.transactions += [_book_store_credit(shop, order, c, now) for c in credits]
    if worth != paid:
        reason = _DISCREPANCY_REASONS.get(
            str(values.get("discrepancyReason")), "REFUND_DISCREPANCY"
        )
        refund.adjustments.append(
            Adjustment(shop.gids.new("OrderAdjustment"), worth - paid, reason)
        )
    for line in lines:
        line.line_item.refunded_unfulfilled += _never_shipped(line)
        line.line_item.refunded_quantity += line.quantity
    for duty, amount in duties:
        duty.refunded += amount
    order.transactions += refund.transactions
    order.refunds.append(refund)
    order.updated_at = now
    return order, refund


def refund_everything(
    shop: Shop, order: Order, *, note: str, source: str, restock: bool
) -> Refund | None:
    """Refund all that is left to the original payments, as a cancellation does.

    Returns None when there is nothing left. Hold the shop's lock.
    """
    left = totals.maximum_refundable(order)
    if left == 0:
        return None
    values: dict[str, Any] = {
        "orderId": order.id,
        "currency": order.currency,
        "note": note,
        "refundLineItems": [
            {
                "lineItemId": item.id,
                "quantity": item.refundable_quantity,
                "restockType": "CANCEL"
                if restock and item.unfulfilled_quantity >= item.refundable_quantity
                else "NO_RESTOCK",
            }
            for item in order.line_items
            if item.refundable_quantity
        ],
        "shipping": {"fullRefund": True},
        "transactions": [
            {
                "orderId": order.id,
                "parentId": part.payment.id,
                "gateway": part.payment.gateway,
                "kind": "REFUND",
                "amount": part.amount,
            }
            for part in split_over_payments(order, left)
            if part.amount
        ],
    }
    return create_refund(shop, values, all_orders=True, source=source)[1]


def _check_currency(order: Order, currency: str | None) -> None:
    if currency is None and order.currency != order.shop_currency:
        raise Refusal("Currency must be specified for multi-currency orders", ["currency"])
    if currency is not None and currency != order.currency:
        raise Refusal("Currency must match the order's presentment currency", ["currency"])


def _lines(shop: Shop, order: Order, given: Sequence[Mapping[str, Any]]) -> list[RefundLine]:
    for index, one in enumerate(given):
        if one.get("restockType") == "LEGACY_RESTOCK":
            raise Refusal(
                "Restock type LEGACY_RESTOCK is not accepted",
                ["refundLineItems", str(index), "restockType"],
            )
    choices = [
        LineChoice(
            one["lineItemId"],
            one["quantity"],
            one.get("restockType") or "NO_RESTOCK",
            one.get("locationId"),
        )
        for one in given
    ]
    return price_lines(shop, order, choices, change_impossible_restock=False)


def _shipping(order: Order, given: Mapping[str, Any] | None) -> Decimal:
    """The shipping to refund; what is left of it at most."""
    left = totals.shipping_price(order) - totals.refunded_shipping(order)
    if given is None:
        return ZERO
    if given.get("fullRefund"):
        return left
    amount = given.get("amount")
    if amount is None:
        return ZERO
    if amount < 0 or not has_valid_precision(amount, order.currency):
        raise Refusal("Shipping amount is invalid", ["shipping", "amount"])
    if amount > left:
        raise Refusal(
            "Shipping amount cannot be greater than the shipping left to refund",
            ["shipping", "amount"],
        )
    return Decimal(amount)


def _payout(order: Order, one: Mapping[str, Any]) -> _Payout:
    kind, amount = one["kind"], Decimal(one["amount"])
    if kind != "REFUND":
        raise Refusal(f"Kind {str(kind).lower()} is not a valid transaction")
    wrong_parent = Refusal(
        "Transactions require a parent_id associated with the order", ["transactions"]
    )
    if one["orderId"] != order.id:
        raise wrong_parent
    if amount <= 0 or not has_valid_precision(amount, order.currency):
        raise Refusal("Transaction amount is invalid", ["transactions"])
    parent = order.transaction(one.get("parentId"))
    if parent is None:
        if one.get("parentId") is None and one["gateway"] in PARENTLESS_GATEWAYS:
            return _Payout(amount, one["gateway"], None)
        raise wrong_parent
    if not parent.is_payment:
        raise wrong_parent
    # The parent's gateway counts, whatever `gateway` says.
    return _Payout(amount, parent.gateway, parent)


def _check_store_credit(shop: Shop, order: Order, credit: Mapping[str, Any]) -> None:
    path = ["refundMethods"]
    if order.customer is None:
        raise Refusal("Store credit refunds require an order with a customer", path)
    if order.company is not None:
        raise Refusal("Store credit refunds are not supported for B2B orders", path)
    if not shop.store_credit_enabled:
        raise Refusal("Store credit is not enabled for this shop", path)
    money = credit["amount"]
    if money["currencyCode"] != order.currency:
        raise Refusal("Store credit currency must match the order's presentment currency", path)
    if money["amount"] <= 0 or not has_valid_precision(money["amount"], order.currency):
        raise Refusal("Store credit amount is invalid", path)
    expires_at = credit.get("expiresAt")
    if expires_at is not None and expires_at <= shop.clock.now():
        raise Refusal("Store credit expiration date must be in the future", path)


def _check_amount(
    order: Order,
    payouts: Sequence[_Payout],
    paid: Decimal,
    *,
    has_credit: bool,
    worth: Decimal,
    lines: Sequence[RefundLine],
) -> None:
    left = totals.maximum_refundable(order)
    if paid > left:
        raise _over_refund(paid, left)
    by_parent: dict[str, Decimal] = {}
    for payout in payouts:
        if payout.parent is None:
            continue
        asked = by_parent.get(payout.parent.id, ZERO) + payout.amount
        by_parent[payout.parent.id] = asked
        left_on_parent = totals.left_on(order, payout.parent)
        if asked > left_on_parent:
            raise _over_refund(asked, left_on_parent)
    if not payouts and not has_credit and (worth > 0 or not lines):
        raise Refusal("Transactions can't be blank", ["transactions"])


def _over_refund(asked: Decimal, left: Decimal) -> Refusal:
    return Refusal(
        f"Refund amount ${asked:.2f} is greater than net payment received ${left:.2f}", None
    )


def _never_shipped(line: RefundLine) -> int:
    """How many of the refunded units will now never be shipped; shipped ones are taken first."""
    if line.restock_type == "CANCEL":
        return line.quantity
    item = line.line_item
    return max(0, line.quantity - (item.refundable_quantity - item.unfulfilled_quantity))


def _book_payout(shop: Shop, order: Order, payout: _Payout, now: datetime) -> Transaction:
    # A manual payment is refunded by hand: the entry is bookkeeping and final at once.
    manual = payout.parent is not None and payout.parent.manual
    rule = GatewayRule() if manual else shop.gateways.get(payout.gateway, GatewayRule())
    is_open = rule.status == "PENDING"
    transaction = Transaction(
        id=shop.gids.new("OrderTransaction"),
        kind="REFUND",
        status=rule.status,
        gateway=payout.gateway,
        amount=payout.amount,
        created_at=now,
        processed_at=None if is_open else now,
        parent_id=payout.parent.id if payout.parent else None,
        manual=manual,
        test=order.test,
        error_code=rule.error_code if rule.status in ("FAILURE", "ERROR") else None,
        settles_at=now + rule.settles_after if is_open and rule.settles_after else None,
        settles_as=rule.settles_as,
    )
    if transaction.settles_at is not None:
        shop.await_provider(order, transaction)
    return transaction


def _book_store_credit(
    shop: Shop, order: Order, credit: Mapping[str, Any], now: datetime
) -> Transaction:
    amount = credit["amount"]["amount"]
    if order.customer is None:
        raise Refusal("The order has no customer to credit", ["refundMethods"])
    add_credit(shop, order.customer, amount, order.currency, "ORDER_REFUND")
    return Transaction(
        id=shop.gids.new("OrderTransaction"),
        kind="REFUND",
        status="SUCCESS",
        gateway=STORE_CREDIT_GATEWAY,
        amount=amount,
        created_at=now,
        processed_at=now,
        test=order.test,
    )
