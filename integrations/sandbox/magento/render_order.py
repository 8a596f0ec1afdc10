"""The order as `GET /V1/orders/:id` answers it.

Keys whose value is null are mostly left out, as the vendor does; amounts stay Decimals until
`wire.py` writes them. https://developer.adobe.com/commerce/webapi/rest/modules/sales/
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sandbox.magento.clock import stamp
from integrations.sandbox.magento.model import Address, History, Order, OrderItem
from integrations.sandbox.magento.money import NOTHING, ZERO, Pair, total
from integrations.sandbox.magento.site import Site

BASE_NAMES = {
    "shipping_discount_tax_compensation_amount": "base_shipping_discount_tax_compensation_amnt"
}


def put(body: dict[str, Any], amounts: Mapping[str, Pair | None]) -> None:
    """Write each amount under its name and with `base_`; None is left out."""
    for name, pair in amounts.items():
        if pair is not None:
            body[BASE_NAMES.get(name, f"base_{name}")] = pair.base
            body[name] = pair.order


def without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}


def render_order(site: Site, order: Order) -> dict[str, Any]:
    """The whole order."""
    items = [render_item(order, item) for item in order.items]
    body = order_head(site, order)
    body["items"] = items
    body["billing_address"] = _address(order, order.billing, "billing")
    body["payment"] = _payment(order)
    body["status_histories"] = [render_history(order, line) for line in reversed(order.histories)]
    body["extension_attributes"] = _extension(order, items)
    return body


def order_head(site: Site, order: Order) -> dict[str, Any]:
    """The columns of the order itself, without rows, addresses, payment and history."""
    body: dict[str, Any] = {
        "applied_rule_ids": "1" if order.coupon_code else None,
        "base_currency_code": order.base_currency,
        "base_to_global_rate": 1,
        "base_to_order_rate": order.rate,
        "billing_address_id": order.billing.entity_id,
        "coupon_code": order.coupon_code,
        "created_at": stamp(order.created_at),
        "customer_email": order.email,
        "customer_firstname": order.firstname,
        "customer_group_id": 0 if order.customer_id is None else 1,
        "customer_id": order.customer_id,
        "customer_is_guest": int(order.customer_id is None),
        "customer_lastname": order.lastname,
        "customer_note": order.customer_note,
        "customer_note_notify": 1,
        "discount_description": order.coupon_code,
        "email_sent": 1,
        "entity_id": order.entity_id,
        "global_currency_code": order.base_currency,
        "increment_id": order.increment_id,
        "is_virtual": int(order.is_virtual),
        "order_currency_code": order.order_currency,
        "protect_code": order.protect_code,
        "quote_id": order.entity_id,
        "remote_ip": "192.0.2.10",
        "shipping_description": order.shipping_description,
        "state": order.state,
        "status": order.status,
        "store_currency_code": order.base_currency,
        "store_id": order.store_id,
        "store_name": site.store_view(order.store_id).full_name,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
        "total_item_count": sum(
            item.parent_id is None or not item.is_dummy for item in order.items
        ),
        "total_qty_ordered": sum(
            (item.qty_ordered for item in order.items if item.parent_id is None), ZERO
        ),
        "updated_at": stamp(order.updated_at),
        "weight": sum((_row_weight(item) for item in order.items), ZERO),
    }
    put(
        body,
        {
            "discount_amount": -order.discount_amount,
            "grand_total": order.grand_total,
            "discount_tax_compensation_amount": order.compensation,
            "shipping_amount": order.shipping_amount,
            "shipping_discount_amount": order.shipping_discount,
            "shipping_discount_tax_compensation_amount": order.shipping_compensation,
            "shipping_incl_tax": order.shipping_incl_tax,
            "shipping_tax_amount": order.shipping_tax,
            "subtotal": order.subtotal,
            "subtotal_incl_tax": order.subtotal_incl_tax,
            "tax_amount": order.tax_amount,
            "total_due": order.total_due,
            **order.sums,
        },
    )
    if "total_invoiced" in order.sums:
        body["base_total_invoiced_cost"] = 0
    return without_nulls(body)


def render_item(order: Order, item: OrderItem, *, with_parent: bool = True) -> dict[str, Any]:
    """One row. Child rows repeat their parent whole."""
    is_child_without_money = item.is_dummy and item.parent_id is not None
    billed = item.qty_invoiced > 0
    refunded = item.qty_refunded > 0
    body: dict[str, Any] = {
        "applied_rule_ids": "1" if order.coupon_code else None,
        "created_at": stamp(item.created_at),
        "discount_percent": item.discount_percent,
        "free_shipping": 0,
        "is_qty_decimal": int(item.is_qty_decimal),
        "is_virtual": int(item.is_virtual),
        "item_id": item.item_id,
        "name": item.name,
        "no_discount": 0,
        "order_id": order.entity_id,
        "parent_item_id": item.parent_id,
        "product_id": item.product_id,
        "product_type": item.product_type,
        "qty_canceled": item.qty_canceled,
        "qty_invoiced": item.qty_invoiced,
        "qty_ordered": item.qty_ordered,
        "qty_refunded": item.qty_refunded,
        "qty_shipped": item.qty_shipped,
        "quote_item_id": item.item_id,
        "row_weight": _row_weight(item),
        "sku": item.sku,
        "store_id": order.store_id,
        "tax_percent": item.tax_percent,
        "updated_at": stamp(item.updated_at),
        "weee_tax_applied": "[]" if billed and not item.is_dummy else None,
        "weight": item.weight,
        "product_option": item.product_option,
    }
    put(
        body,
        {
            "amount_refunded": item.amount_refunded,
            "discount_amount": item.discount_amount,
            "discount_invoiced": item.discount_invoiced,
            "discount_refunded": item.discount_refunded if refunded else None,
            "discount_tax_compensation_amount": None if item.is_dummy else item.compensation,
            "discount_tax_compensation_invoiced": item.compensation_invoiced if billed else None,
            "discount_tax_compensation_refunded": item.compensation_refunded if refunded else None,
            "original_price": item.original_price,
            "price": item.price,
            "price_incl_tax": None if is_child_without_money else item.price_incl_tax,
            "row_invoiced": item.row_invoiced,
            "row_total": item.row_total,
            "row_total_incl_tax": item.row_total_incl_tax,
            "tax_amount": item.tax_amount,
            "tax_invoiced": item.tax_invoiced,
            "tax_refunded": item.tax_refunded if refunded else None,
        },
    )
    if is_child_without_money:
        del body["base_original_price"]
    body["extension_attributes"] = {"itemized_taxes": _itemized(order, item)}
    parent = order.item(item.parent_id) if with_parent else None
    if parent is not None:
        body["parent_item"] = render_item(order, parent, with_parent=False)
    return without_nulls(body)


def _row_weight(item: OrderItem) -> Decimal:
    if item.parent_id is not None or item.weight is None:
        return ZERO
    return item.weight * item.qty_ordered


def _tax_code(percent: Decimal) -> str:
    return f"TAX-{percent.normalize():f}"


def _itemized(order: Order, item: OrderItem) -> list[dict[str, Any]]:
    if item.is_dummy or not item.tax_percent:
        return []
    return [
        {
            "tax_item_id": item.item_id,
            "tax_id": order.entity_id,
            "item_id": item.item_id,
            "tax_code": _tax_code(item.tax_percent),
            "tax_percent": item.tax_percent,
            "amount": item.tax_amount.order,
            "base_amount": item.tax_amount.base,
            "real_amount": item.tax_amount.order,
            "real_base_amount": item.tax_amount.base,
            "taxable_item_type": "product",
        }
    ]


def _applied(percent: Decimal, amount: Pair) -> dict[str, Any]:
    code = _tax_code(percent)
    return {
        "code": code,
        "title": code,
        "percent": percent,
        "amount": amount.order,
        "base_amount": amount.base,
    }


def _extension(order: Order, items: list[dict[str, Any]]) -> dict[str, Any]:
    taxed = [item for item in order.items if item.tax_percent and not item.is_dummy]
    percents = sorted({item.tax_percent for item in taxed if item.tax_percent})
    sums = {
        percent: total([item.tax_amount for item in taxed if item.tax_percent == percent])
        for percent in percents
    }
    if order.shipping_tax and percents:
        sums[percents[-1]] += order.shipping_tax
    shipping: dict[str, Any] = {"total": _shipping_total(order)}
    if order.shipping_address is not None:
        shipping["address"] = _address(order, order.shipping_address, "shipping")
        shipping["method"] = order.shipping_method
    body: dict[str, Any] = {"shipping_assignments": [{"shipping": shipping, "items": items}]}
    body |= {
        "payment_additional_info": [{"key": "method_title", "value": order.payment.title}],
        "applied_taxes": [_applied(percent, amount) for percent, amount in sums.items()],
        "item_applied_taxes": [
            {
                "type": "product",
                "item_id": item.item_id,
                "applied_taxes": [_applied(item.tax_percent or ZERO, item.tax_amount)],
            }
            for item in taxed
        ],
        "converting_from_quote": False,
        "taxes": [
            {
                "tax_id": order.entity_id,
                "order_id": order.entity_id,
                **_applied(percent, amount),
                "base_real_amount": amount.base,
                "priority": 0,
                "position": 0,
                "process": 0,
            }
            for percent, amount in sums.items()
        ],
        "additional_itemized_taxes": [],
    }
    return body | order.extension_attributes


def _shipping_total(order: Order) -> dict[str, Any]:
    body: dict[str, Any] = {}
    put(
        body,
        {
            "shipping_amount": order.shipping_amount,
            "shipping_discount_amount": order.shipping_discount,
            "shipping_discount_tax_compensation_amount": order.shipping_compensation,
            "shipping_incl_tax": order.shipping_incl_tax,
            "shipping_invoiced": order.sums.get("shipping_invoiced"),
            "shipping_refunded": order.sums.get("shipping_refunded"),
            "shipping_tax_amount": order.shipping_tax,
            "shipping_tax_refunded": order.sums.get("shipping_tax_refunded"),
        },
    )
    return body


def _address(order: Order, address: Address, kind: str) -> dict[str, Any]:
    return without_nulls(
        {
            "address_type": kind,
            "city": address.city,
            "country_id": address.country_id,
            "email": order.email,
            "entity_id": address.entity_id,
            "firstname": address.firstname,
            "lastname": address.lastname,
            "parent_id": order.entity_id,
            "postcode": address.postcode,
            "region": address.region,
            "region_code": address.region_code,
            "region_id": address.region_id,
            "street": address.street,
            "telephone": address.telephone,
        }
    )


def _payment(order: Order) -> dict[str, Any]:
    payment = order.payment
    body: dict[str, Any] = without_nulls(
        {
            "entity_id": payment.entity_id,
            "last_trans_id": payment.last_trans_id,
            "method": payment.method,
            "parent_id": order.entity_id,
            "additional_information": [payment.title],
        }
    )
    body |= {"account_status": None, "cc_last4": payment.cc_last4}
    put(
        body,
        {
            "amount_authorized": payment.amount_authorized,
            "amount_ordered": order.grand_total,
            "amount_paid": payment.amount_paid,
            "amount_refunded": payment.amount_refunded,
            "shipping_amount": order.shipping_amount,
            "shipping_captured": payment.shipping_captured,
            "shipping_refunded": payment.shipping_refunded
            if (payment.shipping_refunded or NOTHING)
            else None,
        },
    )
    if payment.amount_paid_online is not None:
        body["base_amount_paid_online"] = payment.amount_paid_online.base
    if payment.amount_refunded_online is not None:
        body["base_amount_refunded_online"] = payment.amount_refunded_online.base
    return body


def render_history(order: Order, line: History, *, as_comment: bool = False) -> dict[str, Any]:
    """A history line; the comments route leaves `entity_name` out."""
    body: dict[str, Any] = {
        "comment": line.comment,
        "created_at": stamp(line.created_at),
        "entity_id": line.entity_id,
        "entity_name": line.entity_name,
        "is_customer_notified": line.is_customer_notified,
        "is_visible_on_front": line.is_visible_on_front,
        "parent_id": order.entity_id,
        "status": line.status,
    }
    if as_comment:
        del body["entity_name"]
    return body
