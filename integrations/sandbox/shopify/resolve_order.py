"""Field resolvers of orders, their lines, fulfilments, payments and customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.sandbox.shopify import totals
from integrations.sandbox.shopify.model import (
    Customer,
    Fulfillment,
    LineItem,
    Order,
    Return,
    ShippingLine,
    Transaction,
    gid_number,
)
from integrations.sandbox.shopify.money import ZERO, MoneyV2, round_half_up
from integrations.sandbox.shopify.paging import connection, plain_list
from integrations.sandbox.shopify.search import parse_search, sort_key
from integrations.sandbox.shopify.session import Session

Resolver = Callable[..., Any]

GATEWAY_NAMES = {
    "shopify_payments": "Shopify Payments",
    "gift_card": "Gift Card",
    "paypal": "PayPal Express Checkout",
    "manual": "Manual",
    "bank_deposit": "Bank Deposit",
}


class In:
    """A part of an order together with the order, whose currency and rate it needs."""

    __slots__ = ("order", "part")

    def __init__(self, order: Order, part: Any) -> None:
        self.order, self.part = order, part

    def __getattr__(self, name: str) -> Any:
        return getattr(self.part, name)

    def bag(self, amount: Any) -> Any:
        return self.order.bag(amount)


def all_in(order: Order, parts: Any) -> list[In]:
    return [In(order, part) for part in parts]


def gateway_name(gateway: str) -> str:
    return GATEWAY_NAMES.get(gateway, gateway.replace("_", " ").title())


def orders_page(session: Session, orders: list[Order], arguments: dict[str, Any]) -> Any:
    """A sorted page of orders."""
    ordered = sorted(orders, key=sort_key(arguments.get("sortKey")))
    return connection(ordered, **arguments)


def search_orders(session: Session, path: list[Any], arguments: dict[str, Any]) -> Any:
    """`QueryRoot.orders`: served from the search index, which lags behind."""
    shop, query = session.shop, arguments.get("query")
    search = parse_search(shop, query)
    if search.warnings:
        session.search_warnings.append(
            {
                "path": path,
                "query": query,
                "warnings": [warning.as_dict() for warning in search.warnings],
            }
        )
    now = shop.clock.now()
    candidates = shop.orders.values() if search.candidates is None else search.candidates
    found = [
        order
        for order in shop.only_visible(candidates, all_orders=session.sees_all_orders)
        if order.indexed_at <= now and search.matches(order)
    ]
    return orders_page(session, found, arguments)


def _customer_orders(customer: Customer, info: Any, **arguments: Any) -> Any:
    session: Session = info.context
    shop = session.shop
    search = parse_search(shop, arguments.get("query"))
    own = [
        order
        for order in shop.orders_of(customer)
        if shop.find_order(order.id, all_orders=session.sees_all_orders) and search.matches(order)
    ]
    return orders_page(session, own, arguments)


def _amount_spent(customer: Customer, info: Any) -> MoneyV2:
    shop = info.context.shop
    return MoneyV2(totals.spent(shop.orders_of(customer)), shop.currency)


def _number_of_orders(customer: Customer, info: Any) -> int:
    return len(info.context.shop.orders_of(customer))


def _protected(read: Callable[[Any], Any]) -> Resolver:
    def resolve(source: Any, info: Any) -> Any:
        info.context.require_protected(info.field_name)
        return read(source)

    return resolve


def _total(read: Callable[[Order], Any]) -> Resolver:
    return lambda order, info: order.bag(read(order))


def _unit_price(line: In, info: Any) -> Any:
    item: LineItem = line.part
    price = item.total / item.quantity if item.quantity else ZERO
    return line.bag(round_half_up(price, line.order.currency))


def _discounts(line: In, info: Any) -> list[dict[str, Any]]:
    item: LineItem = line.part
    return [
        {"allocated_amount_set": line.bag(amount)}
        for amount in (item.line_discount, item.order_discount)
        if amount
    ]


def _tax_lines(line: In, info: Any, first: int | None = None) -> list[dict[str, Any]]:
    return [
        {"title": tax.title, "rate": float(tax.rate), "price_set": line.bag(tax.amount)}
        for tax in plain_list(line.part.tax_lines, first)
    ]


def _duties(line: In, info: Any) -> list[dict[str, Any]]:
    return [{"id": d.id, "price": line.bag(d.amount)} for d in line.part.duties]


def _current_shipping_price(line: In, info: Any) -> Any:
    shipping: ShippingLine = line.part
    order = line.order
    gone = totals.refunded_shipping(order)
    for earlier in order.shipping_lines:
        part = min(gone, earlier.discounted)
        if earlier is shipping:
            return line.bag(shipping.discounted - part)
        gone -= part
    return line.bag(shipping.discounted)


def _transactions(
    order: Order, info: Any, first: int | None = None, capturable: bool | None = None
) -> list[In]:
    chosen = order.transactions
    if capturable is not None:
        chosen = [t for t in chosen if _is_capturable(order, t) is capturable]
    return all_in(order, plain_list(chosen, first))


def _is_capturable(order: Order, transaction: Transaction) -> bool:
    used = any(t.parent_id == transaction.id for t in order.transactions)
    return transaction.kind == "AUTHORIZATION" and transaction.status == "SUCCESS" and not used


def _parent(transaction: In, info: Any) -> In | None:
    parent = transaction.order.transaction(transaction.part.parent_id)
    return In(transaction.order, parent) if parent else None


def _rounding(transaction: In, info: Any) -> Any:
    amount = transaction.part.rounding
    return None if amount is None else transaction.bag(amount)


def _purchasing_entity(order: Order, info: Any) -> Any:
    if order.company is not None:
        return {"__typename": "PurchasingCompany", "name": order.company}
    return order.customer


def _fulfillment_lines(fulfillment: In, info: Any, **arguments: Any) -> Any:
    return connection(all_in(fulfillment.order, fulfillment.part.lines), **arguments)


def _fulfillment_events(fulfillment: In, info: Any, **arguments: Any) -> Any:
    events = fulfillment.part.events
    if arguments.get("sortKey", "HAPPENED_AT") == "HAPPENED_AT":
        events = sorted(events, key=lambda event: event.happened_at)
    return connection(events, **arguments)


def _tracking(fulfillment: In, info: Any, first: int | None = None) -> list[Any]:
    whole: Fulfillment = fulfillment.part
    return plain_list(whole.tracking, first)


def _returns(order: Order, info: Any, **arguments: Any) -> Any:
    return connection(all_in(order, order.returns), **arguments)


def _return_lines(one: In, info: Any, **arguments: Any) -> Any:
    source: Return = one.part
    lines = [
        {
            "__typename": "ReturnLineItem",
            "id": line.id,
            "quantity": line.quantity,
            "processable_quantity": line.quantity if source.status == "OPEN" else 0,
            "fulfillment_line_item": In(one.order, line.fulfillment_line),
        }
        for line in source.lines
    ]
    return connection(lines, **arguments)


ORDER: dict[str, Resolver] = {
    "legacyResourceId": lambda o, info: gid_number(o.id),
    "email": _protected(lambda o: o.email),
    "phone": _protected(lambda o: o.phone),
    "closed": lambda o, info: o.closed_at is not None,
    "displayFinancialStatus": lambda o, info: totals.financial_status(o),
    "displayFulfillmentStatus": lambda o, info: totals.fulfillment_status(o),
    "returnStatus": lambda o, info: totals.return_status(o),
    "refundable": lambda o, info: totals.maximum_refundable(o) > 0,
    "restockable": lambda o, info: any(x.restockable for x in o.line_items),
    "capturable": lambda o, info: any(_is_capturable(o, t) for t in o.transactions),
    "fullyPaid": lambda o, info: totals.received(o) >= totals.total_price(o),
    "unpaid": lambda o, info: totals.received(o) == 0 and totals.total_price(o) > 0,
    "canNotifyCustomer": lambda o, info: bool(o.email),
    "requiresShipping": lambda o, info: any(x.requires_shipping for x in o.line_items),
    "currencyCode": lambda o, info: o.shop_currency,
    "presentmentCurrencyCode": lambda o, info: o.currency,
    "paymentGatewayNames": lambda o, info: list(dict.fromkeys(t.gateway for t in o.transactions)),
    "shippingAddress": lambda o, info: (
        {"id": f"{o.id}/address", "country_code_v2": o.country, **o.address}
        if o.country and o.shipping_lines
        else None
    ),
    "purchasingEntity": _purchasing_entity,
    "subtotalPriceSet": _total(lambda o: sum((x.total for x in o.line_items), ZERO)),
    "totalPriceSet": _total(totals.total_price),
    "totalTaxSet": _total(totals.total_tax),
    "totalShippingPriceSet": _total(totals.shipping_price),
    "currentTotalPriceSet": _total(totals.current_total_price),
    "totalReceivedSet": _total(totals.received),
    "totalRefundedSet": _total(totals.refunded),
    "totalRefundedShippingSet": _total(totals.refunded_shipping),
    "totalOutstandingSet": _total(totals.outstanding),
    "netPaymentSet": _total(totals.net_payment),
    "refundDiscrepancySet": _total(totals.refund_discrepancy),
    "totalTipReceivedSet": _total(lambda o: o.tip),
    "totalCashRoundingAdjustment": lambda o, info: {
        "payment_set": o.bag(o.payment_rounding),
        "refund_set": o.bag(o.refund_rounding),
    },
    "lineItems": lambda o, info, **a: connection(all_in(o, o.line_items), **a),
    "shippingLines": lambda o, info, **a: connection(all_in(o, o.shipping_lines), **a),
    "fulfillmentsCount": lambda o, info: {"count": len(o.fulfillments)},
    "fulfillments": lambda o, info, first=None: all_in(o, plain_list(o.fulfillments, first)),
    "transactionsCount": lambda o, info: {"count": len(o.transactions)},
    "transactions": _transactions,
    "refunds": lambda o, info, first=None: all_in(o, plain_list(o.refunds, first)),
    "returns": _returns,
    "risk": lambda o, info: {
        "recommendation": o.risk_recommendation,
        "assessments": [{"risk_level": level} for level in o.risk_levels],
    },
}

CUSTOMER: dict[str, Resolver] = {
    "displayName": lambda c, info: c.display_name if info.context.sees_protected_data else "",
    "amountSpent": _amount_spent,
    "numberOfOrders": _number_of_orders,
    "defaultEmailAddress": _protected(lambda c: c.email and {"email_address": c.email}),
    "defaultPhoneNumber": _protected(lambda c: c.phone and {"phone_number": c.phone}),
    "orders": _customer_orders,
    "statistics": lambda c, info: {
        "rfm_group": c.rfm_group,
        "predicted_spend_tier": c.predicted_spend_tier,
    },
    "storeCreditAccounts": lambda c, info, **a: connection(c.store_credit, **a),
}

MAILING_ADDRESS: dict[str, Resolver] = {
    "address1": _protected(lambda a: a.get("address1")),
    "address2": _protected(lambda a: a.get("address2")),
    "city": _protected(lambda a: a.get("city")),
    "zip": _protected(lambda a: a.get("zip")),
}

LINE_ITEM: dict[str, Resolver] = {
    "name": lambda x, info: x.part.title,
    "originalUnitPriceSet": lambda x, info: x.bag(x.part.unit_price),
    "discountedUnitPriceAfterAllDiscountsSet": _unit_price,
    "discountAllocations": _discounts,
    "taxLines": _tax_lines,
    "duties": _duties,
    "customAttributes": lambda x, info: [
        {"key": key, "value": value} for key, value in x.part.custom_attributes
    ],
    "sellingPlan": lambda x, info: x.part.selling_plan and {"name": x.part.selling_plan},
}

SHIPPING_LINE: dict[str, Resolver] = {
    "originalPriceSet": lambda x, info: x.bag(x.part.price),
    "discountedPriceSet": lambda x, info: x.bag(x.part.discounted),
    "currentDiscountedPriceSet": _current_shipping_price,
    "taxLines": _tax_lines,
}

FULFILLMENT: dict[str, Resolver] = {
    "fulfillmentLineItems": _fulfillment_lines,
    "events": _fulfillment_events,
    "trackingInfo": _tracking,
}

TRANSACTION: dict[str, Resolver] = {
    "amountSet": lambda x, info: x.bag(x.part.amount),
    "amountRoundingSet": _rounding,
    "parentTransaction": _parent,
    "formattedGateway": lambda x, info: gateway_name(x.part.gateway),
    "manualPaymentGateway": lambda x, info: x.part.manual,
}

RETURN: dict[str, Resolver] = {
    "totalQuantity": lambda x, info: sum(line.quantity for line in x.part.lines),
    "returnLineItems": _return_lines,
    "refunds": lambda x, info, **a: connection(
        all_in(x.order, [r for r in x.order.refunds if r.return_id == x.part.id]), **a
    ),
}

RESOLVERS: dict[str, dict[str, Resolver]] = {
    "Order": ORDER,
    "Customer": CUSTOMER,
    "LineItem": LINE_ITEM,
    "MailingAddress": MAILING_ADDRESS,
    "ShippingLine": SHIPPING_LINE,
    "Fulfillment": FULFILLMENT,
    "FulfillmentLineItem": {"lineItem": lambda x, info: In(x.order, x.part.line_item)},
    "OrderTransaction": TRANSACTION,
    "Return": RETURN,
    "StoreCreditAccount": {
        "balance": lambda a, info: MoneyV2(a.balance, a.currency),
        "transactions": lambda a, info, **arguments: connection(a.transactions, **arguments),
    },
    "StoreCreditAccountCreditTransaction": {
        "amount": lambda t, info: MoneyV2(t.amount, t.account.currency),
        "balanceAfterTransaction": lambda t, info: MoneyV2(t.balance_after, t.account.currency),
    },
}
