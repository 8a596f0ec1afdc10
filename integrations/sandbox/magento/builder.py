"""Builds orders from plain specs, the way a checkout would.

    {"email": "ida@example.com", "firstname": "Ida", "lastname": "Example",
     "store": "default", "currency": "EUR", "rate": "0.9",      # rate: order per base unit
     "items": [{"sku": "MUG-BLUE", "name": "Mug Blue", "price": "12.50", "qty": 2,
                "tax_percent": "10", "discount": "2.50"},
               {"sku": "TEE-M", "name": "Tee", "type": "configurable", "price": "30", "qty": 1,
                "children": [{"sku": "TEE-M", "name": "Tee M"}]},
               {"sku": "SET", "type": "bundle", "dynamic": True,
                "children": [{"sku": "MUG-BLUE", "price": "12.50", "qty": 2}]}],
     "shipping": {"amount": "10", "tax_percent": "10"},
     "payment": {"method": "fakepay"},                          # default checkmo
     "invoices": [{"rows": {"0": 1}}],                          # left out: all; []: not paid
     "shipments": [{"tracks": [{"track_number": "1Z999"}]}]}    # left out: none

Prices, discounts and shipping are in base currency; they include tax in a site whose
`prices_include_tax` is set. `rows` maps a row's place in the order (children count) to units and
is left out for everything; an invoice with `"paid": False` stays open. A child's `qty` is per unit
of its parent. What is paid by a method with a gateway behind it is captured there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.sandbox.magento.errors import MagentoError
from integrations.sandbox.magento.invoicing import (
    add_history,
    add_transaction,
    create_invoice,
    create_shipment,
    site_status,
)
from integrations.sandbox.magento.model import Address, Order, OrderItem, Payment
from integrations.sandbox.magento.money import (
    NOTHING,
    ONE,
    ZERO,
    Carry,
    Pair,
    at_rate,
    formatted,
    total,
)
from integrations.sandbox.magento.site import Site
from integrations.sandbox.magento.spec import (
    INVOICE_KEYS,
    ITEM_KEYS,
    ORDER_KEYS,
    PAYMENT_KEYS,
    SHIPMENT_KEYS,
    SHIPPING_KEYS,
    BadSpec,
    read_amount,
    read_time,
    refuse_unknown,
)

METHOD_TITLES = {
    "checkmo": "Check / Money order",
    "banktransfer": "Bank Transfer Payment",
    "cashondelivery": "Cash On Delivery",
    "free": "No Payment Information Required",
    "fakepay": "Card (test gateway)",
}
HUNDRED = Decimal(100)


def build_order(site: Site, spec: Mapping[str, Any]) -> Order:
    """Build and store an order with its invoices and shipments. Raises BadSpec."""
    refuse_unknown("order", spec, ORDER_KEYS)
    code = str(spec.get("store", "default"))
    if code not in site.stores:
        raise BadSpec(f"no store view {code!r}")
    view = site.stores[code]
    rate = read_amount(spec.get("rate", "1"), "rate")
    moment = read_time(spec.get("created_at")) or site.now()
    entity_id = site.numbers.take("order", spec.get("entity_id"))
    items = _items(site, spec, rate, moment)
    order = _assemble(site, spec, items, rate, moment, entity_id)
    order.store_id = view.store_id
    order.increment_id = str(
        spec.get("increment_id") or site.numbers.increment_id("order", view.store_id)
    )
    site.orders[entity_id] = order
    for item in items:
        site.take_from_stock(item)
    try:
        _add_documents(site, order, spec, moment)
    except MagentoError as error:
        del site.orders[entity_id]
        raise BadSpec(f"order refused: {error.message}") from error
    if "state" in spec:
        order.state = str(spec["state"])
        order.status = site_status(order.state)
    if "status" in spec:
        order.status = str(spec["status"])
    return order


def _assemble(
    site: Site,
    spec: Mapping[str, Any],
    items: list[OrderItem],
    rate: Decimal,
    moment: datetime,
    entity_id: int,
) -> Order:
    email = str(spec.get("email", "guest@example.com"))
    given = spec.get("shipping")
    shipping = given if isinstance(given, Mapping) else {"amount": given or "0"}
    refuse_unknown("shipping", shipping, SHIPPING_KEYS)
    amount, tax, incl, discount, compensation = _taxed(
        site,
        read_amount(shipping.get("amount", "0"), "shipping amount"),
        ONE,
        read_amount(shipping.get("tax_percent", "0"), "shipping tax_percent"),
        read_amount(shipping.get("discount", "0"), "shipping discount"),
        rate,
        Carry(),
    )
    is_virtual = all(item.is_virtual for item in items)
    if is_virtual and amount:
        raise BadSpec("shipping: a virtual order has none")
    paying = [item for item in items if not item.is_dummy]
    subtotal = total([item.row_gross for item in paying])
    tax_amount = total([item.tax_amount for item in paying]) + tax
    discounts = total([item.discount_amount for item in paying]) + discount
    compensations = total([item.compensation for item in paying])
    grand = subtotal - discounts + tax_amount + compensations + compensation + amount
    payment = spec.get("payment") or {}
    refuse_unknown("payment", payment, PAYMENT_KEYS)
    method = str(payment.get("method", "checkmo" if grand else "free"))
    shipped = not is_virtual
    customer_id = spec.get("customer_id")
    return Order(
        entity_id=entity_id,
        increment_id="",
        store_id=1,
        base_currency=site.settings.base_currency,
        order_currency=str(spec.get("currency", site.settings.base_currency)),
        rate=rate,
        state="new",
        status="pending",
        email=email,
        firstname=str(spec.get("firstname", "Jane")),
        lastname=str(spec.get("lastname", "Doe")),
        customer_id=None if customer_id is None else int(customer_id),
        created_at=moment,
        updated_at=moment,
        items=items,
        shipping_address=_address(site, spec) if shipped else None,
        billing=_address(site, spec),
        payment=Payment(
            entity_id,
            method,
            str(payment.get("title") or METHOD_TITLES.get(method, method)),
            cc_last4=payment.get("cc_last4"),
        ),
        subtotal=subtotal,
        subtotal_incl_tax=total([item.gross_incl_tax for item in paying]),
        tax_amount=tax_amount,
        discount_amount=discounts,
        compensation=compensations,
        shipping_amount=amount,
        shipping_tax=tax,
        shipping_discount=discount,
        shipping_compensation=compensation,
        shipping_incl_tax=incl,
        grand_total=grand,
        shipping_method=str(shipping.get("method", "flatrate_flatrate")) if shipped else None,
        shipping_description=str(shipping.get("description", "Flat Rate - Fixed"))
        if shipped
        else None,
        coupon_code=spec.get("coupon_code"),
        protect_code=hashlib.sha256(f"{site.name}/{entity_id}".encode()).hexdigest()[:32],
        extension_attributes=dict(spec.get("extension_attributes", {})),
        customer_note=spec.get("customer_note"),
    )


def _address(site: Site, spec: Mapping[str, Any]) -> Address:
    return Address(
        entity_id=site.numbers.take("address"),
        firstname=str(spec.get("firstname", "Jane")),
        lastname=str(spec.get("lastname", "Doe")),
        street=[str(line) for line in spec.get("street", ["1 Main St"])],
        city=str(spec.get("city", "Los Angeles")),
        postcode=str(spec.get("postcode", "90001")),
        country_id=str(spec.get("country", "US")),
        telephone=str(spec.get("telephone", "5550100")),
        region="California",
        region_code="CA",
        region_id=12,
    )


def _taxed(
    site: Site,
    price: Decimal,
    qty: Decimal,
    percent: Decimal,
    discount: Decimal,
    rate: Decimal,
    carry: Carry,
) -> tuple[Pair, Pair, Pair, Pair, Pair]:
    """Row without tax, its tax, unit with tax, discount, and discount tax compensation.

    With prices that include tax, a discount is given on the price with tax; the compensation is
    the tax that the discount took away.
    """
    factor = percent / HUNDRED
    reduction = at_rate(discount, rate)
    if not site.settings.prices_include_tax:
        unit = at_rate(price, rate)
        gross = unit.times(qty).rounded()
        tax = carry.round((gross - reduction).times(factor))
        return gross, tax, unit.times(1 + factor).rounded(), reduction, NOTHING
    unit_incl = at_rate(price, rate)
    row_incl = unit_incl.times(qty).rounded()
    full_tax = carry.round(row_incl.times(factor / (1 + factor)))
    if not reduction:
        return row_incl - full_tax, full_tax, unit_incl, reduction, NOTHING
    tax = (row_incl - reduction).times(factor / (1 + factor)).rounded()
    return row_incl - full_tax, tax, unit_incl, reduction, full_tax - tax


def _items(site: Site, spec: Mapping[str, Any], rate: Decimal, moment: datetime) -> list[OrderItem]:
    carry = Carry()
    items: list[OrderItem] = []
    for one in spec.get("items", []):
        children = one.get("children", [])
        is_dynamic = bool(one.get("dynamic", False))
        parent = _item(site, one, rate, moment, carry, free=is_dynamic)
        parent.children_calculated = is_dynamic
        items.append(parent)
        for child_spec in children:
            per_parent = read_amount(child_spec.get("qty", 1), "qty")
            child = _item(
                site,
                {**child_spec, "qty": parent.qty_ordered * per_parent},
                rate,
                moment,
                carry,
                free=not is_dynamic,
            )
            child.parent_id = parent.item_id
            child.per_parent = per_parent
            child.parent_calculates_children = is_dynamic
            parent.child_ids.append(child.item_id)
            items.append(child)
        if is_dynamic:
            _sum_up(parent, [item for item in items if item.parent_id == parent.item_id])
    if not items:
        raise BadSpec("items: an order needs at least one")
    return items


def _sum_up(parent: OrderItem, children: list[OrderItem]) -> None:
    """The parent of a dynamic bundle shows what its children cost; they carry the money."""
    parent.row_gross = total([child.row_gross for child in children])
    parent.row_total = total([child.row_total for child in children])
    parent.row_total_incl_tax = total([child.row_total_incl_tax for child in children])
    parent.tax_amount = total([child.tax_amount for child in children])
    parent.price = parent.row_gross.times(1 / parent.qty_ordered).rounded()
    parent.original_price = parent.price
    incl = total([child.price_incl_tax.times(child.qty_ordered) for child in children])
    parent.price_incl_tax = incl.times(1 / parent.qty_ordered).rounded()
    parent.tax_percent = None


def _item(
    site: Site,
    spec: Mapping[str, Any],
    rate: Decimal,
    moment: datetime,
    carry: Carry,
    *,
    free: bool,
) -> OrderItem:
    refuse_unknown("item", spec, ITEM_KEYS)
    sku = str(spec.get("sku", "SKU"))
    qty = read_amount(spec.get("qty", 1), "qty")
    if qty <= 0:
        raise BadSpec(f"qty: {qty} is not a quantity")
    kind = str(spec.get("type", "virtual" if spec.get("virtual") else "simple"))
    price = ZERO if free else read_amount(spec.get("price", "10"), "price")
    percent = ZERO if free else read_amount(spec.get("tax_percent", "0"), "tax_percent")
    discount = read_amount(spec.get("discount", "0"), "discount")
    gross, tax, unit_incl, reduction, compensation = _taxed(
        site, price, qty, percent, discount, rate, carry
    )
    if gross.base < reduction.base - compensation.base - tax.base:
        raise BadSpec("discount: a row is discounted below zero")
    unit = at_rate(price, rate)
    if site.settings.prices_include_tax:
        unit = gross.times(1 / qty).rounded()
    is_virtual = kind in ("virtual", "downloadable")
    gross_incl_tax = (gross + gross.times(percent / HUNDRED)).rounded()
    if site.settings.prices_include_tax:
        gross_incl_tax = unit_incl.times(qty).rounded()
    original = spec.get("original_price")
    weight = None if is_virtual else read_amount(spec.get("weight", 1), "weight")
    return OrderItem(
        item_id=site.numbers.take("order_item", spec.get("item_id")),
        product_type=kind,
        product_id=site.product_id(
            f"{kind}:{sku}" if spec.get("children") else sku, spec.get("product_id")
        ),
        sku=sku,
        name=str(spec.get("name", sku)),
        qty_ordered=qty,
        price=unit,
        original_price=unit if original is None else at_rate(read_amount(original, "price"), rate),
        price_incl_tax=unit_incl,
        row_gross=gross,
        row_total=gross - reduction,
        row_total_incl_tax=gross - reduction + tax + compensation,
        gross_incl_tax=gross_incl_tax,
        tax_amount=tax,
        discount_amount=reduction,
        compensation=compensation,
        tax_percent=percent,
        discount_percent=read_amount(spec.get("discount_percent", "0"), "discount_percent"),
        weight=weight,
        is_virtual=is_virtual,
        is_qty_decimal=bool(spec.get("decimal", False)),
        created_at=moment,
        updated_at=moment,
        product_option=spec.get("product_option"),
    )


def _rows(order: Order, given: Mapping[Any, Any] | None) -> dict[int, Decimal] | None:
    """Units by row id from units by place in the order; None stays None: everything."""
    if given is None:
        return None
    try:
        return {
            order.items[int(index)].item_id: read_amount(units, "rows")
            for index, units in given.items()
        }
    except (IndexError, ValueError) as error:
        raise BadSpec(f"rows: {given!r} names no rows of this order") from error


def _add_documents(site: Site, order: Order, spec: Mapping[str, Any], moment: datetime) -> None:
    online = not site.is_offline(order.payment.method)
    invoices = spec.get("invoices")
    if spec.get("authorized"):
        order.payment.amount_authorized = order.grand_total
        order.payment.last_trans_id = site.gateway.new_id("auth")
        add_transaction(site, order, order.payment.last_trans_id, "authorization", moment)
        order.state = order.status = "processing"
        shown = formatted(order.grand_total.base, order.base_currency)
        add_history(site, order, f"Authorized amount of {shown}.", "order", notified=None)
    for one in [{}] if invoices is None else invoices:
        refuse_unknown("invoice", one, INVOICE_KEYS)
        create_invoice(
            site,
            order,
            _rows(order, one.get("rows")),
            online=bool(one.get("online", online and one.get("paid", True))),
            paid=bool(one.get("paid", True)),
            entity_id=one.get("entity_id"),
            created_at=read_time(one.get("created_at")) or moment,
            by_checkout=online and not spec.get("authorized"),
        )
    for one in spec.get("shipments", []):
        refuse_unknown("shipment", one, SHIPMENT_KEYS)
        create_shipment(
            site,
            order,
            _rows(order, one.get("rows")),
            tracks=list(one.get("tracks", [])),
            created_at=read_time(one.get("created_at")) or moment,
            entity_id=one.get("entity_id"),
        )
