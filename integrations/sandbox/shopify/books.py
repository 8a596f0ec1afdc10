"""The sandbox's own ledger, independent of what callers believe: every refund of every order."""

from __future__ import annotations

from collections import Counter
from typing import Any

from integrations.sandbox.shopify import totals
from integrations.sandbox.shopify.model import Order, Refund, StoreCreditTransaction
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.shopify.store_credit import all_credits


def read_books(shop: Shop) -> dict[str, Any]:
    """Refunds per order and counters. Amounts are texts in presentment currency.

    `requested` counts every refund transaction that hasn't failed, `paid` the settled ones.
    """
    with shop.lock:
        shop.settle_due()
        orders = [_order(order) for order in shop.orders.values()]
        credits = [_credit(credit) for credit in all_credits(shop)]
        refunds = [refund for order in shop.orders.values() for refund in order.refunds]
        statuses = Counter(t.status for refund in refunds for t in refund.transactions)
        keys = Counter(r.idempotency_key for r in refunds if r.idempotency_key)
    return {
        "shop": shop.domain,
        "orders": orders,
        "store_credit": credits,
        "counters": {
            "orders": len(orders),
            "refunds": len(refunds),
            "refunds_by_api": sum(refund.source == "api" for refund in refunds),
            "refunds_by_admin": sum(refund.source == "admin" for refund in refunds),
            "orders_refunded": sum(bool(order["refunds"]) for order in orders),
            "transactions_by_status": dict(statuses),
            "keys_used_twice": sum(count > 1 for count in keys.values()),
        },
    }


def _credit(credit: StoreCreditTransaction) -> dict[str, Any]:
    return {
        "id": credit.id,
        "amount": str(credit.amount),
        "currency": credit.account.currency,
        "event": credit.event,
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "name": order.name,
        "currency": order.currency,
        "received": str(totals.received(order)),
        "paid_back": str(totals.refunded(order)),
        "pending": str(totals.pending_refunds(order)),
        "cancelled": order.cancelled_at is not None,
        "refunds": [_refund(refund) for refund in order.refunds],
    }


def _refund(refund: Refund) -> dict[str, Any]:
    requested = sum(t.amount for t in refund.transactions if t.status not in ("FAILURE", "ERROR"))
    return {
        "id": refund.id,
        "created_at": refund.created_at.isoformat(),
        "note": refund.note,
        "source": refund.source,
        "key": refund.idempotency_key,
        "requested": str(requested),
        "paid": str(refund.paid()),
        "shipping": str(refund.shipping),
        "lines": [
            {
                "line_item_id": line.line_item.id,
                "quantity": line.quantity,
                "restock_type": line.restock_type,
                "subtotal": str(line.subtotal),
                "tax": str(line.tax),
            }
            for line in refund.lines
        ],
        "transactions": [
            {
                "id": t.id,
                "gateway": t.gateway,
                "amount": str(t.amount),
                "status": t.status,
                "parent_id": t.parent_id,
                "error_code": t.error_code,
            }
            for t in refund.transactions
        ],
    }
