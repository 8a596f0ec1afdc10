"""The sandbox's own ledger, independent of what callers believe.

The documents are what the shop would show; `paid_out` is what the gateway really paid.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.sandbox.magento.model import Creditmemo, Order
from integrations.sandbox.magento.money import ZERO, cents, plain_text
from integrations.sandbox.magento.site import Site


def read_books(site: Site) -> dict[str, Any]:
    """Every credit memo of every order, payouts and counters. Amounts are texts, base currency."""
    with site.lock:
        orders = [_order(site, order) for _, order in sorted(site.orders.items())]
        memos = list(site.creditmemos.values())
        payouts = list(site.gateway.payouts)
    return {
        "site": site.name,
        "orders": orders,
        "counters": {
            "orders": len(orders),
            "refunds": len(memos),
            "refunds_by_api": sum(memo.source == "api" for memo in memos),
            "refunds_by_admin": sum(memo.source == "admin" for memo in memos),
            "refunds_online": sum(memo.online for memo in memos),
            "orders_refunded": sum(bool(order["refunds"]) for order in orders),
            "gateway_asked": site.gateway.asked,
            "gateway_payouts": len(payouts),
            "payouts_without_memo": len(
                {one.txn_id for one in payouts} - {memo.transaction_id for memo in memos}
            ),
        },
    }


def _order(site: Site, order: Order) -> dict[str, Any]:
    memos = sorted(site.memos_of(order.entity_id), key=lambda memo: memo.entity_id)
    by_memos = sum((memo.grand_total.base for memo in memos), ZERO)
    payouts = [one for one in site.gateway.payouts if one.order_id == order.entity_id]
    return {
        "id": order.entity_id,
        "increment_id": order.increment_id,
        "state": order.state,
        "base_currency": order.base_currency,
        "order_currency": order.order_currency,
        "received": _text(order.summed("total_paid").base),
        "refunded_by_order": _text(order.summed("total_refunded").base),
        "refunded_by_memos": _text(by_memos),
        "paid_out": _text(sum((one.amount for one in payouts), ZERO)),
        "refunds": [_memo(memo) for memo in memos],
        "payouts": [
            {"invoice_id": one.invoice_id, "amount": _text(one.amount), "txn_id": one.txn_id}
            for one in payouts
        ],
    }


def _memo(memo: Creditmemo) -> dict[str, Any]:
    return {
        "id": memo.entity_id,
        "created_at": memo.created_at.isoformat(),
        "comment": memo.comments[0].comment if memo.comments else None,
        "source": memo.source,
        "online": memo.online,
        "invoice_id": memo.invoice_id,
        "transaction_id": memo.transaction_id,
        "base_grand_total": _text(memo.grand_total.base),
        "grand_total": _text(memo.grand_total.order),
        "shipping": _text(memo.shipping_amount.base),
        "lines": [
            {"order_item_id": row.order_item_id, "quantity": plain_text(row.qty)}
            for row in memo.items
        ],
    }


def _text(amount: Decimal) -> str:
    return f"{cents(amount):f}"
