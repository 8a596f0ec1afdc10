"""Builds orders from plain data, in Python or as JSON.

`build_order(shop, spec)` takes a dict; `spec.py` lists what it may hold, and anything else
is refused. Amounts are texts in the order's presentment currency ("48.60"), times
are ISO 8601 with an offset. A small example:

    {"name": "#1001", "email": "ida@example.com",
     "customer": {"name": "Ida Example", "email": "ida@example.com"},
     "line_items": [{"title": "Mug", "quantity": 2, "price": "12.00", "tax_rate": "0.19"}],
     "shipping": {"title": "Parcel", "price": "4.90", "tax_rate": "0.19"},
     "fulfillments": [{"delivered_at": "2026-11-01T10:00:00Z"}]}

Left out, `transactions` is one successful sale of the whole total by `shopify_payments`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from integrations.sandbox.shopify.model import (
    Customer,
    Dispute,
    Duty,
    Fulfillment,
    FulfillmentEvent,
    FulfillmentLine,
    LineItem,
    Order,
    Product,
    Refund,
    Return,
    ReturnLine,
    ShippingLine,
    StoreCreditAccount,
    TaxLine,
    Transaction,
    gid_number,
)
from integrations.sandbox.shopify.money import ZERO, round_half_up, spread
from integrations.sandbox.shopify.refunds import Refusal, create_refund
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.shopify.spec import (
    CUSTOMER_KEYS,
    FULFILLMENT_KEYS,
    LINE_KEYS,
    MERCHANT_REFUND_KEYS,
    ORDER_KEYS,
    RETURN_KEYS,
    SHIPPING_KEYS,
    TRANSACTION_KEYS,
    BadSpec,
    read_amount,
    read_gid,
    read_money,
    read_needed_time,
    read_time,
    refuse_unknown,
)
from integrations.sandbox.shopify.suggestions import (
    BadChoice,
    LineChoice,
    split_over_payments,
    suggest,
)
from integrations.sandbox.shopify.totals import total_price

_ADDRESS = {"address1": "Lindenweg 4", "city": "Musterstadt", "zip": "12345"}


def build_customer(shop: Shop, spec: Mapping[str, Any]) -> Customer:
    """Add a customer, or return the one that already has this id or e-mail address."""
    refuse_unknown("customer", spec, CUSTOMER_KEYS)
    known = shop.customers.get(read_gid("Customer", spec["id"])) if "id" in spec else None
    if known is None and spec.get("email"):
        known = shop.customer_by_email(str(spec["email"]))
    if known is not None:
        return known
    customer = Customer(
        id=read_gid("Customer", spec["id"]) if "id" in spec else shop.gids.new("Customer"),
        display_name=str(spec.get("name") or spec.get("email") or "Customer"),
        email=spec.get("email"),
        phone=spec.get("phone"),
        created_at=read_time(spec.get("created_at")) or shop.clock.now(),
        tags=list(spec.get("tags", [])),
        product_subscriber_status=spec.get("product_subscriber_status", "NEVER_SUBSCRIBED"),
        rfm_group=spec.get("rfm_group"),
        predicted_spend_tier=spec.get("predicted_spend_tier"),
    )
    for currency, balance in dict(spec.get("store_credit", {})).items():
        account = StoreCreditAccount(
            shop.gids.new("StoreCreditAccount"), currency, read_amount(balance, "store_credit")
        )
        customer.store_credit.append(account)
    shop.add_customer(customer)
    return customer


def build_order(shop: Shop, spec: Mapping[str, Any]) -> Order:
    """Add an order. Raises BadSpec for unknown keys, bad amounts or a taken id."""
    refuse_unknown("order", spec, ORDER_KEYS)
    now = shop.clock.now()
    created_at = read_time(spec.get("created_at")) or now
    currency = str(spec.get("currency", shop.currency))
    rate = read_amount(spec.get("rate", "1"), "rate")
    if currency != shop.currency and "rate" not in spec:
        raise BadSpec("rate is needed when currency differs from the shop's")
    order_id = read_gid("Order", spec["id"]) if "id" in spec else shop.gids.new("Order")
    if order_id in shop.orders:
        raise BadSpec(f"id {order_id} is taken")
    taxes_included = bool(spec.get("taxes_included", shop.taxes_included))
    email = spec.get("email")
    customer_spec = spec.get("customer")
    order = Order(
        id=order_id,
        name=str(spec.get("name") or f"#{1001 + len(shop.orders)}"),
        created_at=created_at,
        processed_at=read_time(spec.get("processed_at")) or created_at,
        updated_at=now,
        indexed_at=now + shop.search_index_lag,
        shop_currency=shop.currency,
        currency=currency,
        rate=rate,
        taxes_included=taxes_included,
        line_items=_lines(shop, spec, currency, taxes_included),
        shipping_lines=_shipping(shop, spec.get("shipping"), currency, taxes_included),
        confirmation_number=spec.get("confirmation_number") or f"XC{gid_number(order_id):X}",
        customer=build_customer(shop, customer_spec) if customer_spec else None,
        email=email,
        phone=spec.get("phone"),
        company=spec.get("company"),
        tip=read_amount(spec.get("tip", "0"), "tip"),
        tags=list(spec.get("tags", [])),
        note=spec.get("note"),
        source_name=spec.get("source_name", "web"),
        customer_locale=spec.get("customer_locale", "en"),
        discount_codes=list(spec.get("discount_codes", [])),
        country=spec.get("country", "DE"),
        address=dict(spec.get("address", _ADDRESS)),
        test=bool(spec.get("test", False)),
        edited=bool(spec.get("edited", False)),
        duties_included=bool(spec.get("duties_included", False)),
        cancelled_at=read_time(spec.get("cancelled_at")),
        cancel_reason=spec.get("cancel_reason"),
        closed_at=read_time(spec.get("closed_at")),
        risk_levels=list(spec.get("risk_levels", ["LOW"])),
        risk_recommendation=spec.get("risk_recommendation", "ACCEPT"),
        payment_rounding=read_amount(spec.get("payment_rounding", "0"), "payment_rounding"),
        refund_rounding=read_amount(spec.get("refund_rounding", "0"), "refund_rounding"),
    )
    _add_transactions(shop, order, spec.get("transactions"))
    for one in spec.get("fulfillments", []):
        _add_fulfillment(shop, order, one)
    for one in spec.get("returns", []):
        _add_return(shop, order, one)
    for one in spec.get("disputes", []):
        add_dispute(shop, order, one.get("type", "CHARGEBACK"), one.get("status", "NEEDS_RESPONSE"))
    with shop.lock:
        shop.add_order(order)
        for one in spec.get("refunds", []):
            refund_by_merchant(shop, order, one)
    return order


def refund_by_merchant(shop: Shop, order: Order, spec: Mapping[str, Any]) -> Refund:
    """A refund made in the shop's own admin: `lines` maps a line's index to units, `shipping`
    is an amount, `amount` what is paid (left out: what the parts are worth), `note` the note.

    Raises BadSpec, also when the shop refuses it.
    """
    refuse_unknown("refund", spec, MERCHANT_REFUND_KEYS)
    choices = [
        LineChoice(order.line_items[int(index)].id, int(units), "NO_RESTOCK")
        for index, units in dict(spec.get("lines", {})).items()
    ]
    shipping = read_amount(spec.get("shipping", "0"), "shipping")
    try:
        with shop.lock:
            worth = suggest(shop, order, lines=choices, shipping_amount=shipping).amount
            amount = read_amount(spec["amount"], "amount") if "amount" in spec else worth
            return create_refund(
                shop,
                {
                    "orderId": order.id,
                    "currency": order.currency,
                    "note": spec.get("note"),
                    "refundLineItems": [
                        {
                            "lineItemId": choice.line_item_id,
                            "quantity": choice.quantity,
                            "restockType": "NO_RESTOCK",
                        }
                        for choice in choices
                    ],
                    "shipping": {"amount": shipping},
                    "transactions": [
                        {
                            "orderId": order.id,
                            "parentId": part.payment.id,
                            "gateway": part.payment.gateway,
                            "kind": "REFUND",
                            "amount": part.amount,
                        }
                        for part in split_over_payments(order, amount)
                        if part.amount
                    ],
                },
                all_orders=True,
                source="admin",
            )[1]
    except (BadChoice, Refusal) as error:
        raise BadSpec(f"refund refused: {error.message}") from error


def add_dispute(shop: Shop, order: Order, initiated_as: str, status: str) -> Dispute:
    """Open a chargeback or inquiry on an order."""
    dispute = Dispute(shop.gids.new("OrderDisputeSummary"), initiated_as, status)
    order.disputes.append(dispute)
    return dispute


def _lines(
    shop: Shop, spec: Mapping[str, Any], currency: str, taxes_included: bool
) -> list[LineItem]:
    lines: list[LineItem] = []
    for one in spec.get("line_items", []):
        refuse_unknown("line item", one, LINE_KEYS)
        product = one.get("product")
        line = LineItem(
            id=read_gid("LineItem", one["id"]) if "id" in one else shop.gids.new("LineItem"),
            title=str(one.get("title", "Item")),
            quantity=int(one.get("quantity", 1)),
            unit_price=read_money(one.get("price", "10.00"), currency, "price"),
            line_discount=read_money(one.get("discount", "0"), currency, "discount"),
            order_discount=ZERO,
            tax_lines=[],
            sku=one.get("sku"),
            vendor=one.get("vendor"),
            is_gift_card=bool(one.get("gift_card", False)),
            requires_shipping=bool(one.get("requires_shipping", not one.get("gift_card", False))),
            restockable=bool(one.get("restockable", True)),
            taxable=bool(one.get("taxable", True)),
            custom_attributes=[(str(k), str(v)) for k, v in one.get("custom_attributes", [])],
            selling_plan=one.get("selling_plan"),
            product=_product(shop, product) if product is not None else None,
            removed_quantity=int(one.get("removed_quantity", 0)),
        )
        line.duties = [
            Duty(shop.gids.new("Duty"), read_money(amount, currency, "duties"))
            for amount in one.get("duties", [])
        ]
        lines.append(line)
    discounts = spread(
        read_money(spec.get("order_discount", "0"), currency, "order_discount"),
        [line.total for line in lines],
        currency,
    )
    for line, discount, one in zip(lines, discounts, spec.get("line_items", []), strict=True):
        line.order_discount = discount
        if line.total < 0:
            raise BadSpec("a line is discounted below zero")
        if line.taxable and "tax_rate" in one:
            line.tax_lines = _tax(line.total, one, currency, taxes_included)
    return lines


def _shipping(shop: Shop, given: Any, currency: str, taxes_included: bool) -> list[ShippingLine]:
    if not given:
        return []
    shipping_lines = []
    for one in given if isinstance(given, list) else [given]:
        refuse_unknown("shipping", one, SHIPPING_KEYS)
        line = ShippingLine(
            id=shop.gids.new("ShippingLine"),
            title=str(one.get("title", "Standard")),
            price=read_money(one.get("price", "0"), currency, "shipping price"),
            discount=read_money(one.get("discount", "0"), currency, "shipping discount"),
            tax_lines=[],
        )
        if "tax_rate" in one:
            line.tax_lines = _tax(line.discounted, one, currency, taxes_included)
        shipping_lines.append(line)
    return shipping_lines


def _tax(
    total: Decimal, one: Mapping[str, Any], currency: str, taxes_included: bool
) -> list[TaxLine]:
    rate = read_amount(one["tax_rate"], "tax_rate")
    exact = total * rate / (1 + rate) if taxes_included else total * rate
    return [TaxLine(str(one.get("tax_title", "VAT")), rate, round_half_up(exact, currency))]


def _add_transactions(shop: Shop, order: Order, given: Sequence[Mapping[str, Any]] | None) -> None:
    if given is None:
        given = [{"amount": str(total_price(order))}]
    names: dict[str, str] = {}
    for one in given:
        refuse_unknown("transaction", one, TRANSACTION_KEYS)
        at = read_time(one.get("created_at")) or order.created_at
        status = str(one.get("status", "SUCCESS"))
        parent = one.get("parent")
        transaction = Transaction(
            id=shop.gids.new("OrderTransaction"),
            kind=str(one.get("kind", "SALE")),
            status=status,
            gateway=str(one.get("gateway", "shopify_payments")),
            amount=read_money(one["amount"], order.currency, "transaction amount"),
            created_at=at,
            processed_at=read_time(one.get("processed_at")) or at,
            # `parent` names an earlier entry of the same list by its own "id".
            parent_id=names[str(parent)] if parent is not None else None,
            manual=bool(one.get("manual", False)),
            test=order.test or bool(one.get("test", False)),
            error_code=one.get("error_code"),
            rounding=read_amount(one["rounding"], "rounding") if "rounding" in one else None,
        )
        if "id" in one:
            names[str(one["id"])] = transaction.id
        order.transactions.append(transaction)


def _add_fulfillment(shop: Shop, order: Order, spec: Mapping[str, Any]) -> None:
    """`lines` maps a line's index to units; left out, everything still open is shipped."""
    refuse_unknown("fulfillment", spec, FULFILLMENT_KEYS)
    status = str(spec.get("status", "SUCCESS"))
    units = {int(k): int(v) for k, v in dict(spec.get("lines", {})).items()} or {
        index: line.unfulfilled_quantity
        for index, line in enumerate(order.line_items)
        if line.unfulfilled_quantity
    }
    lines = []
    for index, quantity in units.items():
        line = order.line_items[index]
        if quantity > line.unfulfilled_quantity:
            raise BadSpec(f"fulfillment ships more of line {index} than is open")
        if status == "SUCCESS":
            line.fulfilled_quantity += quantity
        lines.append(FulfillmentLine(shop.gids.new("FulfillmentLineItem"), line, quantity))
    delivered_at = read_time(spec.get("delivered_at"))
    order.fulfillments.append(
        Fulfillment(
            id=shop.gids.new("Fulfillment"),
            status=status,
            display_status=spec.get("display_status", "DELIVERED" if delivered_at else "FULFILLED"),
            created_at=read_time(spec.get("created_at")) or order.created_at,
            lines=lines,
            in_transit_at=read_time(spec.get("in_transit_at")),
            estimated_delivery_at=read_time(spec.get("estimated_delivery_at")),
            delivered_at=delivered_at,
            tracking=[dict(t) for t in spec.get("tracking", [])],
            events=[
                FulfillmentEvent(
                    shop.gids.new("FulfillmentEvent"), str(e["status"]), read_needed_time(e["at"])
                )
                for e in spec.get("events", [])
            ],
        )
    )


def _add_return(shop: Shop, order: Order, spec: Mapping[str, Any]) -> None:
    """`lines` maps a line's index to units, which must have been shipped."""
    refuse_unknown("return", spec, RETURN_KEYS)
    lines = []
    for index, quantity in dict(spec.get("lines", {})).items():
        item = order.line_items[int(index)]
        shipped = next(
            (fl for f in order.fulfillments for fl in f.lines if fl.line_item is item), None
        )
        if shipped is None:
            raise BadSpec(f"return of line {index}, which was not shipped")
        lines.append(ReturnLine(shop.gids.new("ReturnLineItem"), shipped, int(quantity)))
    order.returns.append(
        Return(
            id=shop.gids.new("Return"),
            name=str(spec.get("name", f"{order.name}-R{len(order.returns) + 1}")),
            status=str(spec.get("status", "OPEN")),
            created_at=read_time(spec.get("created_at")) or shop.clock.now(),
            lines=lines,
        )
    )


def _product(shop: Shop, spec: Mapping[str, Any]) -> Product:
    return Product(
        read_gid("Product", spec["id"]) if "id" in spec else shop.gids.new("Product"),
        str(spec.get("type", "")),
        list(spec.get("tags", [])),
    )
