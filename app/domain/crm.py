"""What Makegood writes into the helpdesk: a note, tags, and ticket and customer fields.

All of it is structured. An adapter renders it in its helpdesk's own form and does the escaping.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from app.domain.base import Value
from app.domain.classification import Reason
from app.domain.money import Money

# Set in the same write as the first note, so that our own write never starts a triage.
CHECKED_TAG = "makegood_checked"
# On tickets whose refund became store credit.
STORE_CREDIT_TAG = "makegood_store_credit"


class RefundStatus(StrEnum):
    """The value of the ticket field "Refund status", for views, reports and triggers."""

    NO_ORDER = "no_order"
    CHOOSE_ORDER = "choose_order"
    STORE_UNAVAILABLE = "store_unavailable"
    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    NEEDS_REVIEW = "needs_review"
    AWAITING_APPROVAL = "awaiting_approval"
    DECLINED = "declined"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    FAILED = "failed"
    UNKNOWN = "unknown"


REFUND_STATUS_LABELS: dict[RefundStatus, str] = {
    RefundStatus.NO_ORDER: "No order found",
    RefundStatus.CHOOSE_ORDER: "Order to be chosen",
    RefundStatus.STORE_UNAVAILABLE: "Store not reachable",
    RefundStatus.ELIGIBLE: "Eligible",
    RefundStatus.NOT_ELIGIBLE: "Not eligible",
    RefundStatus.NEEDS_REVIEW: "Needs review",
    RefundStatus.AWAITING_APPROVAL: "Awaiting approval",
    RefundStatus.DECLINED: "Declined",
    RefundStatus.REFUNDING: "Refund on its way",
    RefundStatus.REFUNDED: "Refunded",
    RefundStatus.FAILED: "Refund failed",
    RefundStatus.UNKNOWN: "Check in the store",
}

REASON_LABELS: dict[Reason, str] = {
    Reason.CHANGED_MIND: "Changed mind",
    Reason.DAMAGED: "Damaged",
    Reason.WRONG_ITEM: "Wrong item",
    Reason.NOT_ARRIVED: "Never arrived",
    Reason.NOT_AS_DESCRIBED: "Not as described",
    Reason.DUPLICATE_CHARGE: "Charged twice",
    Reason.CANCELLED: "Order cancelled",
    Reason.UNKNOWN: "Not stated",
}


class TicketFields(Value):
    """Values for the ticket's fields. None leaves a field as it is."""

    status: RefundStatus | None = None
    amount: Money | None = None
    order: str | None = None
    reason: Reason | None = None


class CustomerFields(Value):
    """Values for the customer's fields. None leaves a field as it is."""

    refund_count: int | None = None
    refunded_total: Money | None = None
    last_refund_on: date | None = None


class Note(Value):
    """An internal note: a headline, sentences, then labelled facts, then a closing line.

    Plain text throughout; a line is never raw text of the customer.
    """

    headline: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    bullets: tuple[str, ...] = ()
    footer: str | None = None

    def as_text(self) -> str:
        """The note as plain text, for helpdesks without formatting and for logs of tests."""
        lines = [self.headline, *self.paragraphs]
        lines += [f"{label}: {value}" for label, value in self.facts]
        lines += [f"- {bullet}" for bullet in self.bullets]
        if self.footer:
            lines.append(self.footer)
        return "\n".join(lines)


class TicketWrite(Value):
    """One change of a ticket, written in one call. `marker` finds it again in the helpdesk."""

    ticket_id: str
    marker: str
    note: Note | None = None
    add_tags: tuple[str, ...] = ()
    fields: TicketFields = TicketFields()
