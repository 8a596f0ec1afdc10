"""JSON as Shopify answers it, to be changed by each test."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.domain.order import Order
from integrations.stores.shopify.mapping import DEFAULT_FINAL_SALE_TAGS, to_order
from integrations.stores.shopify.payloads import OrderPayload
from integrations.stores.shopify.words import Notes

READ_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
LINE_1 = "gid://shopify/LineItem/11"
LINE_2 = "gid://shopify/LineItem/12"
SALE = "gid://shopify/OrderTransaction/21"


def bag(amount: str, currency: str = "EUR", shop_amount: str | None = None) -> dict[str, Any]:
    """A MoneyBag; the shop's own currency is EUR."""
    return {
        "presentmentMoney": {"amount": amount, "currencyCode": currency},
        "shopMoney": {"amount": shop_amount or amount, "currencyCode": "EUR"},
    }


def page(*nodes: Any, more: bool = False) -> dict[str, Any]:
    """A connection."""
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": more}}


def line(line_id: str = LINE_1, **changes: Any) -> dict[str, Any]:
    """A line item of two mugs at 12.00."""
    return {
        "id": line_id,
        "name": "Mug - Blue",
        "sku": "MUG-BLUE",
        "quantity": 2,
        "refundableQuantity": 2,
        "unfulfilledQuantity": 0,
        "isGiftCard": False,
        "requiresShipping": True,
        "customAttributes": [],
        "sellingPlan": None,
        "originalUnitPriceSet": bag("12.0"),
        "discountAllocations": [],
        "taxLines": [{"priceSet": bag("3.83")}],
        "duties": [],
        "product": {"id": "gid://shopify/Product/1", "productType": "Mugs", "tags": ["kitchen"]},
        **changes,
    }


def shipment(number: int = 1, *lines: tuple[str, int], **changes: Any) -> dict[str, Any]:
    """A fulfilment with units of lines; left out, two of the first line."""
    units = lines or ((LINE_1, 2),)
    return {
        "id": f"gid://shopify/Fulfillment/{number}",
        "status": "SUCCESS",
        "createdAt": "2026-10-28T08:00:00Z",
        "deliveredAt": "2026-11-01T10:00:00Z",
        "fulfillmentLineItems": page(
            *(
                {"id": f"f{number}{n}", "quantity": count, "lineItem": {"id": line_id}}
                for n, (line_id, count) in enumerate(units)
            )
        ),
        "events": {"nodes": []},
        **changes,
    }


def payment(**changes: Any) -> dict[str, Any]:
    """The sale that paid the order."""
    return {
        "id": SALE,
        "kind": "SALE",
        "status": "SUCCESS",
        "gateway": "shopify_payments",
        "formattedGateway": "Shopify Payments",
        "manualPaymentGateway": False,
        "createdAt": "2026-10-27T09:00:00Z",
        "amountSet": bag("28.9"),
        "parentTransaction": None,
        **changes,
    }


def refund(*payments: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A refund with its payments."""
    return {
        "id": "gid://shopify/Refund/31",
        "createdAt": "2026-11-05T09:00:00Z",
        "processedAt": "2026-11-05T09:00:00Z",
        "note": "R-7Q2KXW9PHM ticket 4711",
        "order": {"id": "gid://shopify/Order/1", "presentmentCurrencyCode": "EUR"},
        "refundLineItems": page(),
        "transactions": page(*payments),
        **changes,
    }


def money_back(status: str = "SUCCESS", amount: str = "5.0", **changes: Any) -> dict[str, Any]:
    """A payment of a refund."""
    return payment(
        **{
            "id": f"gid://shopify/OrderTransaction/{status}",
            "kind": "REFUND",
            "status": status,
            "amountSet": bag(amount),
            "parentTransaction": {"id": SALE},
            **changes,
        }
    )


def suggestion(**changes: Any) -> dict[str, Any]:
    """The store's own figure for everything."""
    return {
        "amountSet": bag("28.9"),
        "maximumRefundableSet": bag("28.9"),
        "shipping": {
            "amountSet": bag("4.9"),
            "maximumRefundableSet": bag("4.9"),
            "taxSet": bag("0.78"),
        },
        "refundLineItems": [
            {
                "quantity": 2,
                "restockType": "NO_RESTOCK",
                "lineItem": {"id": LINE_1},
                "subtotalSet": bag("24.0"),
                "totalTaxSet": bag("3.83"),
            }
        ],
        "suggestedTransactions": [
            {
                "kind": "SUGGESTED_REFUND",
                "gateway": "shopify_payments",
                "formattedGateway": "Shopify Payments",
                "amountSet": bag("28.9"),
                "maximumRefundableSet": bag("28.9"),
                "parentTransaction": {"id": SALE, "manualPaymentGateway": False},
            }
        ],
        **changes,
    }


_ORDER: dict[str, Any] = {
    "id": "gid://shopify/Order/1",
    "legacyResourceId": "1",
    "name": "#1001",
    "email": "ida@example.com",
    "phone": None,
    "createdAt": "2026-10-27T09:00:00Z",
    "updatedAt": "2026-11-01T10:00:00Z",
    "cancelledAt": None,
    "test": False,
    "displayFinancialStatus": "PAID",
    "displayFulfillmentStatus": "FULFILLED",
    "returnStatus": "NO_RETURN",
    "refundable": True,
    "canNotifyCustomer": True,
    "taxesIncluded": True,
    "currencyCode": "EUR",
    "presentmentCurrencyCode": "EUR",
    "shippingAddress": {"countryCodeV2": "DE"},
    "purchasingEntity": {"__typename": "Customer"},
    "totalPriceSet": bag("28.9"),
    "totalReceivedSet": bag("28.9"),
    "totalRefundedSet": bag("0.0"),
    "totalRefundedShippingSet": bag("0.0"),
    "totalTipReceivedSet": bag("0.0"),
    "customer": {
        "id": "gid://shopify/Customer/1",
        "displayName": "Ida Example",
        "numberOfOrders": "3",
        "amountSpent": {"amount": "86.7", "currencyCode": "EUR"},
        "tags": ["regular"],
        "defaultEmailAddress": {"emailAddress": "ida@example.com"},
    },
    "lineItems": page(line()),
    "shippingLines": page(
        {
            "id": "gid://shopify/ShippingLine/1",
            "discountedPriceSet": bag("4.9"),
            "taxLines": [{"priceSet": bag("0.78")}],
        }
    ),
    "fulfillmentsCount": {"count": 1},
    "fulfillments": [shipment()],
    "transactionsCount": {"count": 1},
    "transactions": [payment()],
    "refunds": [],
    "returns": page(),
    "risk": {"recommendation": "ACCEPT", "assessments": [{"riskLevel": "LOW"}]},
    "disputes": [],
    "everything": suggestion(),
}


def order_json(**changes: Any) -> dict[str, Any]:
    """A paid and delivered order of two mugs and shipping, 28.90 EUR."""
    return {**copy.deepcopy(_ORDER), **changes}


def read(raw: dict[str, Any], notes: Notes | None = None) -> Order:
    """The order in our words, through the same JSON reading as a real answer."""
    parsed = json.loads(json.dumps(raw), parse_float=Decimal)
    return to_order(
        OrderPayload.model_validate(parsed),
        store_id="store_1",
        shop="demo.myshopify.com",
        read_at=READ_AT,
        final_sale_tags=DEFAULT_FINAL_SALE_TAGS,
        notes=notes or Notes(),
    )
