"""Our ticket and customer fields: what they are called and what the domain's values become there.

The package that an admin installs creates them, and the adapter writes them, both from here.
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.classification import Reason
from app.domain.crm import (
    REASON_LABELS,
    REFUND_STATUS_LABELS,
    CustomerFields,
    RefundStatus,
    TicketFields,
)
from app.ports import Account

# Option tags must be unique across all fields of an account: hence the two prefixes.
STATUS_PREFIX = "makegood_"
REASON_PREFIX = "makegood_reason_"
# Kept in an account's config, where the sidebar finds how a value is written in the form.
OPTION_PREFIXES = {"status": STATUS_PREFIX, "reason": REASON_PREFIX}


@dataclass(frozen=True)
class FieldSpec:
    """One field. `name` is ours (in an account's config); `key` exists on user fields only.

    `options` are (tag, label) pairs of a dropdown.
    """

    name: str
    title: str
    type: str
    description: str
    key: str | None = None
    options: tuple[tuple[str, str], ...] = ()

    def body(self) -> dict[str, object]:
        """The field as the REST API and requirements.json take it."""
        body: dict[str, object] = {
            "type": self.type,
            "title": self.title,
            "description": self.description,
        }
        if self.key is not None:
            body["key"] = self.key
        if self.options:
            body["custom_field_options"] = [
                {"name": label, "value": tag} for tag, label in self.options
            ]
        return body


def status_tag(status: RefundStatus) -> str:
    """The option of the field "Refund status" for a status."""
    return STATUS_PREFIX + status.value


def reason_tag(reason: Reason) -> str:
    """The option of the field "Refund reason" for a reason."""
    return REASON_PREFIX + reason.value


TICKET_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "status",
        "Refund status",
        "tagger",
        "Where the refund of this ticket stands. Kept up to date by Makegood.",
        options=tuple((status_tag(one), REFUND_STATUS_LABELS[one]) for one in RefundStatus),
    ),
    FieldSpec(
        "amount",
        "Refund amount",
        "decimal",
        "The refund's amount in the order's currency. Kept up to date by Makegood.",
    ),
    FieldSpec("order", "Refund order", "text", "The order's number. Kept up to date by Makegood."),
    FieldSpec(
        "reason",
        "Refund reason",
        "tagger",
        "Why the customer wants money back. Kept up to date by Makegood.",
        options=tuple((reason_tag(one), REASON_LABELS[one]) for one in Reason),
    ),
)

USER_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec(
        "refund_count",
        "Refunds (count)",
        "integer",
        "How many refunds this customer has had. Kept up to date by Makegood.",
        key="makegood_refund_count",
    ),
    FieldSpec(
        "refunded_total",
        "Refunds (total)",
        "decimal",
        "What was refunded to this customer altogether. Kept up to date by Makegood.",
        key="makegood_refunded_total",
    ),
    FieldSpec(
        "last_refund",
        "Last refund",
        "date",
        "The day of this customer's latest refund. Kept up to date by Makegood.",
        key="makegood_last_refund",
    ),
)

_USER_KEYS = {spec.name: str(spec.key) for spec in USER_FIELDS}
_OPTION_TAGS = {spec.name: {tag for tag, _ in spec.options} for spec in TICKET_FIELDS}


def ticket_field_values(fields: TicketFields) -> dict[str, str]:
    """The values to write, by our names of the fields; what is to stay as it is, is left out."""
    values: dict[str, str] = {}
    if fields.status is not None:
        values["status"] = status_tag(fields.status)
    if fields.amount is not None:
        values["amount"] = format(fields.amount.amount, "f")
    if fields.order is not None:
        values["order"] = fields.order
    if fields.reason is not None:
        values["reason"] = reason_tag(fields.reason)
    return values


def tags_after(tags: Iterable[str], added: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """All tags that a ticket is to have once `values` are written.

    A dropdown is its tag: the old option's tag must go, or it would bring the old value back.
    """
    replaced = {tag for name in values for tag in _OPTION_TAGS.get(name, set())}
    options = [value for name, value in values.items() if value in _OPTION_TAGS.get(name, set())]
    kept = [tag for tag in tags if tag not in replaced]
    return list(dict.fromkeys([*kept, *options, *added]))


def user_field_values(fields: CustomerFields) -> dict[str, int | str]:
    """The values to write, by the keys of the user fields."""
    values: dict[str, int | str] = {}
    if fields.refund_count is not None:
        values[_USER_KEYS["refund_count"]] = fields.refund_count
    if fields.refunded_total is not None:
        values[_USER_KEYS["refunded_total"]] = format(fields.refunded_total.amount, "f")
    if fields.last_refund_on is not None:
        values[_USER_KEYS["last_refund"]] = fields.last_refund_on.isoformat()
    return values


def field_ids(account: Account) -> dict[str, str]:
    """The account's own ids of our ticket fields, by our names of them."""
    known = account.config.get("ticket_fields")
    if not isinstance(known, dict):
        return {}
    return {str(name): str(one) for name, one in known.items() if one is not None}
