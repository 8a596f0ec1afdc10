"""What a seed may hold, and how its values are read. Anything else is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

ORDER_KEYS = frozenset(
    {
        "entity_id",
        "increment_id",
        "store",
        "email",
        "firstname",
        "lastname",
        "telephone",
        "country",
        "street",
        "city",
        "postcode",
        "customer_id",
        "created_at",
        "currency",
        "rate",
        "items",
        "shipping",
        "coupon_code",
        "payment",
        "authorized",
        "invoices",
        "shipments",
        "state",
        "status",
        "customer_note",
        "extension_attributes",
    }
)
ITEM_KEYS = frozenset(
    {
        "item_id",
        "sku",
        "name",
        "type",
        "product_id",
        "qty",
        "price",
        "original_price",
        "tax_percent",
        "discount",
        "discount_percent",
        "weight",
        "virtual",
        "decimal",
        "dynamic",
        "children",
        "product_option",
    }
)
SHIPPING_KEYS = frozenset(("amount", "tax_percent", "discount", "method", "description"))
PAYMENT_KEYS = frozenset(("method", "title", "cc_last4"))
INVOICE_KEYS = frozenset(("entity_id", "rows", "online", "paid", "created_at"))
SHIPMENT_KEYS = frozenset(("entity_id", "rows", "tracks", "created_at"))


class BadSpec(ValueError):
    """A seed that can't be built. The text names the key."""


def read_amount(value: Any, key: str) -> Decimal:
    """An exact amount from a text, a whole number or a Decimal."""
    if isinstance(value, float | bool):
        raise BadSpec(f"{key}: amounts are texts, not floats")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise BadSpec(f"{key}: {value!r} is not an amount") from None


def read_time(value: Any) -> datetime | None:
    """An aware UTC time without fractions, None for None."""
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise BadSpec(f"time {value!r} has no offset")
    return moment.astimezone(UTC).replace(microsecond=0)


def refuse_unknown(what: str, spec: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = set(spec) - known
    if unknown:
        raise BadSpec(f"unknown {what} keys: {', '.join(sorted(unknown))}")
