"""Field resolvers of refunds and of `Order.suggestedRefund`."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.shopify.model import Order, Refund, RefundLine
from integrations.sandbox.shopify.money import ZERO
from integrations.sandbox.shopify.paging import connection
from integrations.sandbox.shopify.resolve_order import In, Resolver, all_in, gateway_name
from integrations.sandbox.shopify.session import bad_request
from integrations.sandbox.shopify.suggestions import (
    BadChoice,
    DutyChoice,
    LineChoice,
    Suggestion,
    suggest,
)


def _suggested_refund(order: Order, info: Any, **arguments: Any) -> In:
    try:
        suggestion = suggest(
            info.context.shop,
            order,
            lines=[
                LineChoice(
                    one["lineItemId"],
                    one["quantity"],
                    one.get("restockType"),
                    one.get("locationId"),
                )
                for one in arguments.get("refundLineItems") or []
            ],
            duties=[
                DutyChoice(one["dutyId"], one.get("refundType") or "FULL")
                for one in arguments.get("refundDuties") or []
            ],
            refund_shipping=bool(arguments.get("refundShipping")),
            shipping_amount=arguments.get("shippingAmount"),
            full=bool(arguments.get("suggestFullRefund")),
            store_credit=arguments.get("refundMethodAllocation") == "STORE_CREDIT",
        )
    except BadChoice as error:
        raise bad_request(error.message) from None
    return In(order, suggestion)


def _shipping(one: In, info: Any) -> dict[str, Any]:
    suggestion: Suggestion = one.part
    return {
        "amount_set": one.bag(suggestion.shipping),
        "maximum_refundable_set": one.bag(suggestion.shipping_maximum),
        "tax_set": one.bag(suggestion.shipping_tax),
    }


def _suggested_transactions(one: In, info: Any) -> list[dict[str, Any]]:
    suggestion: Suggestion = one.part
    return [
        {
            "kind": "SUGGESTED_REFUND",
            "gateway": part.payment.gateway,
            "formatted_gateway": gateway_name(part.payment.gateway),
            "amount_set": one.bag(part.amount),
            "maximum_refundable_set": one.bag(part.maximum),
            "parent_transaction": In(one.order, part.payment),
        }
        for part in suggestion.transactions
    ]


def _suggested_methods(one: In, info: Any) -> list[dict[str, Any]]:
    suggestion: Suggestion = one.part
    shop, order = info.context.shop, one.order
    can_credit = shop.store_credit_enabled and order.customer is not None and not order.company
    if not suggestion.store_credit or not can_credit:
        return []
    return [
        {
            "__typename": "SuggestedStoreCreditRefund",
            "amount": one.bag(suggestion.amount),
            "maximum_refundable": one.bag(suggestion.maximum),
            "expires_at": None,
        }
    ]


def _refunded_subtotal(one: In, info: Any) -> Any:
    """0 for units that were not restocked, in a refund that was made: the vendor does so too."""
    line: RefundLine = one.part
    is_booked = any(line in refund.lines for refund in one.order.refunds)
    return one.bag(ZERO if is_booked and line.restock_type == "NO_RESTOCK" else line.subtotal)


def _refund_transactions(one: In, info: Any, **arguments: Any) -> Any:
    refund: Refund = one.part
    return connection(all_in(one.order, refund.transactions), **arguments)


def _shipping_lines(one: In, info: Any, **arguments: Any) -> Any:
    refund: Refund = one.part
    lines = []
    if refund.shipping or refund.shipping_tax:
        lines.append(
            {
                "id": f"{refund.id}/shipping",
                "subtotal_amount_set": one.bag(refund.shipping),
                "tax_amount_set": one.bag(refund.shipping_tax),
            }
        )
    return connection(lines, **arguments)


def _adjustments(one: In, info: Any, **arguments: Any) -> Any:
    refund: Refund = one.part
    lines = [
        {
            "id": adjustment.id,
            "reason": adjustment.reason,
            "amount_set": one.bag(adjustment.amount),
            "tax_amount_set": one.bag(ZERO),
        }
        for adjustment in refund.adjustments
    ]
    return connection(lines, **arguments)


def _return(one: In, info: Any) -> In | None:
    found = next((r for r in one.order.returns if r.id == one.part.return_id), None)
    return In(one.order, found) if found else None


SUGGESTED_REFUND: dict[str, Resolver] = {
    "amountSet": lambda x, info: x.bag(x.part.amount),
    "maximumRefundableSet": lambda x, info: x.bag(x.part.maximum),
    "subtotalSet": lambda x, info: x.bag(x.part.discounted_subtotal + x.part.cart_discount),
    "discountedSubtotalSet": lambda x, info: x.bag(x.part.discounted_subtotal),
    "totalCartDiscountAmountSet": lambda x, info: x.bag(x.part.cart_discount),
    "totalTaxSet": lambda x, info: x.bag(x.part.tax),
    "totalDutiesSet": lambda x, info: x.bag(x.part.duties_total),
    "shipping": _shipping,
    "refundLineItems": lambda x, info: all_in(x.order, x.part.lines),
    "refundDuties": lambda x, info: [
        {
            "amount_set": x.bag(amount),
            "original_duty": {"id": duty.id, "price": x.bag(duty.amount)},
        }
        for duty, amount in x.part.duties
    ],
    "suggestedTransactions": _suggested_transactions,
    "suggestedRefundMethods": _suggested_methods,
}

REFUND: dict[str, Resolver] = {
    "order": lambda x, info: x.order,
    "totalRefundedSet": lambda x, info: x.bag(x.part.paid()),
    "refundLineItems": lambda x, info, **a: connection(all_in(x.order, x.part.lines), **a),
    "refundShippingLines": _shipping_lines,
    "orderAdjustments": _adjustments,
    "transactions": _refund_transactions,
    "return": _return,
}

REFUND_LINE_ITEM: dict[str, Resolver] = {
    "lineItem": lambda x, info: In(x.order, x.part.line_item),
    "subtotalSet": _refunded_subtotal,
    "totalTaxSet": lambda x, info: x.bag(x.part.tax),
}

RESOLVERS: dict[str, dict[str, Resolver]] = {
    "Order": {"suggestedRefund": _suggested_refund},
    "Refund": REFUND,
    "RefundLineItem": REFUND_LINE_ITEM,
    "SuggestedRefund": SUGGESTED_REFUND,
}
