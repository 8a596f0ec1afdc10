"""Invoices, shipments, credit memos, transactions and stock as the API answers them."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.magento.clock import stamp
from integrations.sandbox.magento.model import (
    Comment,
    Creditmemo,
    DocumentItem,
    Invoice,
    Order,
    Shipment,
    Transaction,
)
from integrations.sandbox.magento.money import Pair
from integrations.sandbox.magento.render_order import put, without_nulls
from integrations.sandbox.magento.site import Site, StockItem


def _shared_head(order: Order) -> dict[str, Any]:
    address = order.shipping_address
    return {
        "base_currency_code": order.base_currency,
        "base_to_global_rate": 1,
        "base_to_order_rate": order.rate,
        "billing_address_id": order.billing.entity_id,
        "global_currency_code": order.base_currency,
        "order_currency_code": order.order_currency,
        "order_id": order.entity_id,
        "shipping_address_id": address.entity_id if address else None,
        "store_currency_code": order.base_currency,
        "store_id": order.store_id,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
    }


def render_invoice(site: Site, invoice: Invoice) -> dict[str, Any]:
    """An invoice; one that billed no shipping has no shipping keys."""
    order = site.orders[invoice.order_id]
    body: dict[str, Any] = _shared_head(order) | {
        "base_total_refunded": invoice.base_total_refunded,
        "can_void_flag": 0 if site.is_offline(order.payment.method) else None,
        "created_at": stamp(invoice.created_at),
        "email_sent": 1 if invoice.email_sent else None,
        "entity_id": invoice.entity_id,
        "increment_id": invoice.increment_id,
        "is_used_for_refund": 1 if invoice.is_used_for_refund else None,
        "state": invoice.state,
        "total_qty": sum(
            row.qty
            for row in invoice.items
            if (item := order.item(row.order_item_id)) is not None and not item.is_dummy
        ),
        "transaction_id": invoice.transaction_id,
        "updated_at": stamp(invoice.updated_at),
    }
    has_shipping = invoice.shipping is not None
    put(
        body,
        {
            "discount_amount": -invoice.discount_amount,
            "grand_total": invoice.grand_total,
            "discount_tax_compensation_amount": invoice.compensation,
            "shipping_amount": invoice.shipping,
            "shipping_discount_tax_compensation_amount": _if(
                has_shipping, invoice.shipping_compensation
            ),
            "shipping_incl_tax": _if(has_shipping, invoice.shipping_incl_tax),
            "shipping_tax_amount": _if(has_shipping, invoice.shipping_tax),
            "subtotal": invoice.subtotal,
            "subtotal_incl_tax": invoice.subtotal_incl_tax,
            "tax_amount": invoice.tax_amount,
        },
    )
    body = without_nulls(body)
    body["items"] = [_row(order, row, invoice.entity_id) for row in invoice.items]
    body["comments"] = [render_comment(one, invoice.entity_id) for one in invoice.comments]
    return body


def render_creditmemo(site: Site, memo: Creditmemo) -> dict[str, Any]:
    """A credit memo. A negative `grand_total` is possible."""
    order = site.orders[memo.order_id]
    body: dict[str, Any] = _shared_head(order) | {
        "created_at": stamp(memo.created_at),
        "email_sent": 1 if memo.email_sent else None,
        "entity_id": memo.entity_id,
        "increment_id": memo.increment_id,
        "invoice_id": memo.invoice_id,
        "state": memo.state,
        "transaction_id": memo.transaction_id,
        "updated_at": stamp(memo.created_at),
    }
    put(
        body,
        {
            "adjustment": memo.adjustment,
            "adjustment_positive": memo.adjustment_positive,
            "adjustment_negative": memo.adjustment_negative,
            "discount_amount": -memo.discount_amount,
            "grand_total": memo.grand_total,
            "discount_tax_compensation_amount": memo.compensation,
            "shipping_amount": memo.shipping_amount,
            "shipping_incl_tax": memo.shipping_incl_tax,
            "shipping_tax_amount": memo.shipping_tax,
            "subtotal": memo.subtotal,
            "subtotal_incl_tax": memo.subtotal_incl_tax,
            "tax_amount": memo.tax_amount,
        },
    )
    body = without_nulls(body)
    body["items"] = [
        _row(order, row, memo.entity_id)
        | {"base_cost": None}
        | (
            {
                "base_weee_tax_row_disposition": 0,
                "weee_tax_applied": "[]",
                "weee_tax_applied_row_amount": 0,
                "weee_tax_row_disposition": 0,
            }
            if row.row_total is not None
            else {}
        )
        for row in memo.items
    ]
    body["comments"] = [render_comment(one, memo.entity_id) for one in memo.comments]
    return body


def _row(order: Order, row: DocumentItem, parent_id: int) -> dict[str, Any]:
    """A row; one that carries no money has no totals."""
    item = order.item(row.order_item_id)
    if item is None:
        raise LookupError(f"row {row.order_item_id} is not in order {order.entity_id}")
    body: dict[str, Any] = {
        "entity_id": row.entity_id,
        "name": item.name,
        "order_item_id": item.item_id,
        "parent_id": parent_id,
        "product_id": item.product_id,
        "qty": row.qty,
        "sku": item.sku,
    }
    is_child_without_money = item.is_dummy and item.parent_id is not None
    discount = row.discount_amount if row.discount_amount else None
    put(
        body,
        {
            "discount_amount": discount,
            "discount_tax_compensation_amount": row.compensation,
            "price": item.price,
            "price_incl_tax": None if is_child_without_money else item.price_incl_tax,
            "row_total": row.row_total,
            "row_total_incl_tax": row.row_total_incl_tax,
            "tax_amount": row.tax_amount,
        },
    )
    return body


def render_comment(comment: Comment, parent_id: int) -> dict[str, Any]:
    return {
        "comment": comment.comment,
        "created_at": stamp(comment.created_at),
        "entity_id": comment.entity_id,
        "is_customer_notified": comment.is_customer_notified,
        "is_visible_on_front": comment.is_visible_on_front,
        "parent_id": parent_id,
    }


def render_shipment(site: Site, shipment: Shipment) -> dict[str, Any]:
    """A shipment with its tracks. There is no time of delivery anywhere."""
    order = site.orders[shipment.order_id]
    address = order.shipping_address
    body = without_nulls(
        {
            "billing_address_id": order.billing.entity_id,
            "created_at": stamp(shipment.created_at),
            "customer_id": order.customer_id,
            "entity_id": shipment.entity_id,
            "increment_id": shipment.increment_id,
            "order_id": order.entity_id,
            "packages": [],
            "shipping_address_id": address.entity_id if address else None,
            "store_id": order.store_id,
            "total_qty": sum(row.qty for row in shipment.items),
            "updated_at": stamp(shipment.created_at),
        }
    )
    body["items"] = [
        {
            "entity_id": row.entity_id,
            "name": item.name,
            "parent_id": shipment.entity_id,
            "price": item.price.order,
            "product_id": item.product_id,
            "sku": item.sku,
            "weight": item.weight,
            "order_item_id": item.item_id,
            "qty": row.qty,
        }
        for row in shipment.items
        if (item := order.item(row.order_item_id)) is not None
    ]
    body["tracks"] = [
        {
            "order_id": order.entity_id,
            "created_at": stamp(track.created_at),
            "entity_id": track.entity_id,
            "parent_id": shipment.entity_id,
            "updated_at": stamp(track.created_at),
            "weight": None,
            "qty": None,
            "description": None,
            "track_number": track.track_number,
            "title": track.title,
            "carrier_code": track.carrier_code,
        }
        for track in shipment.tracks
    ]
    body["comments"] = [render_comment(one, shipment.entity_id) for one in shipment.comments]
    return body


def render_transaction(site: Site, transaction: Transaction) -> dict[str, Any]:
    """A transaction with those that followed from it."""
    children = [
        {"parent_id": transaction.transaction_id} | _transaction(child) | {"child_transactions": []}
        for child in site.transactions.values()
        if child.parent_id == transaction.transaction_id
    ]
    own: dict[str, Any] = {"parent_id": transaction.parent_id} if transaction.parent_id else {}
    return own | _transaction(transaction) | {"child_transactions": children}


def _transaction(transaction: Transaction) -> dict[str, Any]:
    return {
        "transaction_id": transaction.transaction_id,
        "order_id": transaction.order_id,
        "payment_id": transaction.order_id,
        "txn_id": transaction.txn_id,
        "parent_txn_id": transaction.parent_txn_id,
        "txn_type": transaction.txn_type,
        "is_closed": int(transaction.is_closed),
        "additional_information": [],
        "created_at": stamp(transaction.created_at),
    }


def render_stock(stock: StockItem) -> dict[str, Any]:
    """A stock item with the factory settings; only its quantity lives."""
    return {
        "item_id": stock.item_id,
        "product_id": stock.item_id,
        "stock_id": 1,
        "qty": stock.qty,
        "is_in_stock": stock.qty > 0,
        "is_qty_decimal": stock.is_qty_decimal,
        "show_default_notification_message": False,
        "use_config_min_qty": True,
        "min_qty": 0,
        "use_config_min_sale_qty": 1,
        "min_sale_qty": 1,
        "use_config_max_sale_qty": True,
        "max_sale_qty": 10000,
        "use_config_backorders": True,
        "backorders": 0,
        "use_config_notify_stock_qty": True,
        "notify_stock_qty": 1,
        "use_config_qty_increments": True,
        "qty_increments": 0,
        "use_config_enable_qty_inc": True,
        "enable_qty_increments": False,
        "use_config_manage_stock": True,
        "manage_stock": True,
        "low_stock_date": None,
        "is_decimal_divided": False,
        "stock_status_changed_auto": 1,
    }


def _if(condition: bool, pair: Pair) -> Pair | None:
    return pair if condition else None
