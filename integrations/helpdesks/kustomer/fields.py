"""Our attributes on conversation and customer: their names and what the domain's values become.

The app definition that an admin installs creates them, and the adapter writes them, both from here.
What they are called in the org is read back after the installation: Kustomer puts the app's
identifier in front of some names.
https://developer.kustomer.com/docs/concepts/custom-attributes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.crm import REASON_LABELS, REFUND_STATUS_LABELS, CustomerFields, TicketFields

CONVERSATION = "conversation"
CUSTOMER = "customer"
TEXT_LIMIT = 1024


@dataclass(frozen=True)
class AttributeSpec:
    """One attribute. `name` is ours (in an account's config), `key` has the suffix of its type."""

    name: str
    key: str
    title: str


CONVERSATION_ATTRIBUTES = (
    AttributeSpec("status", "refundStatusStr", "Refund status"),
    AttributeSpec("amount", "refundAmountNum", "Refund amount"),
    AttributeSpec("currency", "refundCurrencyStr", "Refund currency"),
    AttributeSpec("order", "refundOrderStr", "Refund order"),
    AttributeSpec("reason", "refundReasonStr", "Refund reason"),
)
CUSTOMER_ATTRIBUTES = (
    AttributeSpec("refund_count", "refundCountNum", "Refunds (count)"),
    AttributeSpec("refunded_total", "refundedTotalNum", "Refunds (total)"),
    AttributeSpec("refunded_currency", "refundedCurrencyStr", "Refunds (currency)"),
    AttributeSpec("last_refund", "lastRefundAt", "Last refund"),
)
ATTRIBUTES: dict[str, tuple[AttributeSpec, ...]] = {
    CONVERSATION: CONVERSATION_ATTRIBUTES,
    CUSTOMER: CUSTOMER_ATTRIBUTES,
}

JsonValue = str | float | int


def conversation_values(fields: TicketFields) -> dict[str, JsonValue]:
    """The values to write, by our names; what is to stay as it is, is left out.

    Status and reason are written in words: agents read them in the timeline as they stand.
    """
    values: dict[str, JsonValue] = {}
    if fields.status is not None:
        values["status"] = REFUND_STATUS_LABELS[fields.status]
    if fields.amount is not None:
        # A JSON number: every amount below ten trillion is written to the cent.
        values["amount"] = float(fields.amount.amount)
        values["currency"] = fields.amount.currency
    if fields.order is not None:
        values["order"] = fields.order[:TEXT_LIMIT]
    if fields.reason is not None:
        values["reason"] = REASON_LABELS[fields.reason]
    return values


def customer_values(fields: CustomerFields) -> dict[str, JsonValue]:
    """The values to write, by our names."""
    values: dict[str, JsonValue] = {}
    if fields.refund_count is not None:
        values["refund_count"] = fields.refund_count
    if fields.refunded_total is not None:
        values["refunded_total"] = float(fields.refunded_total.amount)
        values["refunded_currency"] = fields.refunded_total.currency
    if fields.last_refund_on is not None:
        values["last_refund"] = f"{fields.last_refund_on.isoformat()}T00:00:00.000Z"
    return values


def stored_as(values: Mapping[str, JsonValue], names: Mapping[str, str]) -> dict[str, JsonValue]:
    """`values` by the names that the org has for them; an attribute that it lacks is left out."""
    return {names[name]: value for name, value in values.items() if name in names}
