"""What a seed may hold, and how its values are read. Anything else is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.shopify.money import has_valid_precision

ORDER_KEYS = frozenset(
    {
        "id",
        "name",
        "confirmation_number",
        "email",
        "phone",
        "customer",
        "company",
        "created_at",
        "processed_at",
        "currency",
        "rate",
        "taxes_included",
        "duties_included",
        "line_items",
        "shipping",
        "order_discount",
        "discount_codes",
        "tip",
        "tags",
        "note",
        "source_name",
        "customer_locale",
        "country",
        "address",
        "test",
        "edited",
        "cancelled_at",
        "cancel_reason",
        "closed_at",
        "transactions",
        "fulfillments",
        "returns",
        "disputes",
        "risk_levels",
        "risk_recommendation",
        "payment_rounding",
        "refund_rounding",
        "refunds",
    }
)
LINE_KEYS = frozenset(
    {
        "id",
        "title",
        "sku",
        "vendor",
        "quantity",
        "price",
        "discount",
        "tax_rate",
        "tax_title",
        "taxable",
        "gift_card",
        "requires_shipping",
        "restockable",
        "custom_attributes",
        "selling_plan",
        "product",
        "duties",
        "removed_quantity",
    }
)
SHIPPING_KEYS = frozenset(("id", "title", "price", "discount", "tax_rate", "tax_title"))
TRANSACTION_KEYS = frozenset(
    {
        "id",
        "kind",
        "status",
        "gateway",
        "amount",
        "parent",
        "manual",
        "test",
        "error_code",
        "rounding",
        "created_at",
        "processed_at",
    }
)
FULFILLMENT_KEYS = frozenset(
    {
        "id",
        "status",
        "display_status",
        "created_at",
        "in_transit_at",
        "estimated_delivery_at",
        "delivered_at",
        "lines",
        "tracking",
        "events",
    }
)
CUSTOMER_KEYS = frozenset(
    {
        "id",
        "name",
        "email",
        "phone",
        "created_at",
        "tags",
        "product_subscriber_status",
        "rfm_group",
        "predicted_spend_tier",
        "store_credit",
    }
)
MERCHANT_REFUND_KEYS = frozenset(("lines", "shipping", "amount", "note"))
RETURN_KEYS = frozenset(("id", "name", "status", "created_at", "lines"))


class BadSpec(ValueError):
    """A seed that can't be built. The text names the key."""


def read_gid(kind: str, value: Any) -> str:
    text = str(value)
    return text if text.startswith("gid://") else f"gid://shopify/{kind}/{int(text)}"


def read_amount(value: Any, key: str) -> Decimal:
    if isinstance(value, float):
        raise BadSpec(f"{key}: amounts are texts, not floats")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise BadSpec(f"{key}: {value!r} is not an amount") from None


def read_money(value: Any, currency: str, key: str) -> Decimal:
    amount = read_amount(value, key)
    if amount < 0 or not has_valid_precision(amount, currency):
        raise BadSpec(f"{key}: {value!r} is not an amount of {currency}")
    return amount


def read_time(value: Any) -> datetime | None:
    return None if value is None else read_needed_time(value)


def read_needed_time(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise BadSpec(f"time {value!r} has no offset")
    return moment.astimezone(UTC)


def refuse_unknown(what: str, spec: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = set(spec) - known
    if unknown:
        raise BadSpec(f"unknown {what} keys: {', '.join(sorted(unknown))}")
