"""The helpdesk's fields, with the values that Makegood proposes, as an editable form."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.case import Case
from app.domain.classification import Reason
from app.domain.crm import RefundStatus
from app.usecases.cases import TicketView
from app.usecases.fields import shown_fields
from app.web.texts import text


@dataclass(frozen=True)
class FieldView:
    """One input. `options` (value, label) make it a list; `currency` makes it an amount."""

    name: str
    label: str
    value: str
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    currency: str = ""


@dataclass(frozen=True)
class FieldGroup:
    """The fields of the ticket, or those of the customer."""

    name: str
    label: str
    fields: tuple[FieldView, ...]


def fields_view(view: TicketView, case: Case) -> tuple[FieldGroup, ...]:
    """Both groups, filled with what stands in the helpdesk or is proposed now."""
    shown = shown_fields(case, view.refunds, view.writes)
    customer = view.customer_fields
    currency = case.order.currency if case.order else ""
    ticket: list[FieldView] = [
        FieldView(
            "status",
            text("fields.status"),
            shown.status.value if shown.status else "",
            "select",
            tuple((item.value, text(f"status.{item.value}")) for item in RefundStatus),
        )
    ]
    amount_currency = shown.amount.currency if shown.amount else currency
    if amount_currency:
        ticket.append(
            FieldView(
                "amount",
                text("fields.amount", currency=amount_currency),
                f"{shown.amount.amount:f}" if shown.amount else "",
                "money",
                currency=amount_currency,
            )
        )
    ticket.append(FieldView("order", text("fields.order"), shown.order or ""))
    ticket.append(
        FieldView(
            "reason",
            text("fields.reason"),
            shown.reason.value if shown.reason else "",
            "select",
            tuple((item.value, text(f"reason.{item.value}")) for item in Reason),
        )
    )
    count = customer.refund_count
    about_customer: list[FieldView] = [
        FieldView(
            "refund_count",
            text("fields.refund_count"),
            "" if count is None else str(count),
            "number",
        )
    ]
    total = customer.refunded_total
    total_currency = total.currency if total else currency
    if total_currency:
        about_customer.append(
            FieldView(
                "refunded_total",
                text("fields.refunded_total", currency=total_currency),
                f"{total.amount:f}" if total else "",
                "money",
                currency=total_currency,
            )
        )
    last = customer.last_refund_on
    about_customer.append(
        FieldView(
            "last_refund_on",
            text("fields.last_refund_on"),
            last.isoformat() if last else "",
            "date",
        )
    )
    return (
        FieldGroup("ticket", text("fields.ticket"), tuple(ticket)),
        FieldGroup("customer", text("fields.customer"), tuple(about_customer)),
    )
