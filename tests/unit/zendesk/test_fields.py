"""Field values and tags: a dropdown is its tag."""

from __future__ import annotations

from datetime import date

import pytest

from app.domain.classification import Reason
from app.domain.crm import CustomerFields, RefundStatus, TicketFields
from app.domain.money import Money
from integrations.helpdesks.zendesk.fields import (
    OPTION_PREFIXES,
    TICKET_FIELDS,
    tags_after,
    ticket_field_values,
    user_field_values,
)


def test_only_what_is_set_is_written() -> None:
    assert ticket_field_values(TicketFields()) == {}
    assert user_field_values(CustomerFields()) == {}


def test_all_values_are_written_exactly() -> None:
    fields = TicketFields(
        status=RefundStatus.NOT_ELIGIBLE,
        amount=Money.of("1234567.80", "EUR"),
        order="#1001",
        reason=Reason.UNKNOWN,
    )
    assert ticket_field_values(fields) == {
        "status": "makegood_not_eligible",
        "amount": "1234567.80",
        "order": "#1001",
        "reason": "makegood_reason_unknown",
    }
    customer = CustomerFields(
        refund_count=0, refunded_total=Money.of("1200", "JPY"), last_refund_on=date(2026, 1, 2)
    )
    assert user_field_values(customer) == {
        "makegood_refund_count": 0,
        "makegood_refunded_total": "1200",
        "makegood_last_refund": "2026-01-02",
    }


@pytest.mark.parametrize("status", list(RefundStatus))
def test_the_prefixes_in_the_config_give_the_written_values(status: RefundStatus) -> None:
    written = ticket_field_values(TicketFields(status=status))["status"]
    assert written == OPTION_PREFIXES["status"] + status.value
    spec = next(spec for spec in TICKET_FIELDS if spec.name == "status")
    assert written in {tag for tag, _ in spec.options}


def test_a_new_status_takes_the_old_ones_tag_away() -> None:
    tags = ("vip", "makegood_eligible", "makegood_reason_damaged", "makegood_checked")
    values = ticket_field_values(TicketFields(status=RefundStatus.REFUNDED))
    assert tags_after(tags, ("makegood_checked",), values) == [
        "vip",
        "makegood_reason_damaged",
        "makegood_checked",
        "makegood_refunded",
    ]


def test_tags_of_others_stay_as_they_are() -> None:
    assert tags_after(("b", "a"), (), {}) == ["b", "a"]
