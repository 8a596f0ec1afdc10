"""The demo's check of bonuses on store credit: every way in which ledger and store may differ."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.cli.bonus_books import bonus_faults
from app.cli.shops import BookedCredit
from app.domain.bonus import Bonus, BonusState
from app.domain.money import Money

KINDS = {"store-1": "shopify"}


def bonus(
    credit_id: str | None, state: BonusState = BonusState.GIVEN, amount: str = "5.91"
) -> Bonus:
    return Bonus(
        id=f"bonus-{credit_id}",
        account_id="acme",
        refund_id="refund-1",
        case_id="case-1",
        ticket_id="501",
        store_id="store-1",
        order_id="1",
        order_name="#1042",
        customer_id="7",
        amount=Money.of(amount, "USD"),
        state=state,
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
        store_credit_id=credit_id,
    )


def booked(credit_id: str, amount: str = "5.91", currency: str = "USD") -> BookedCredit:
    return BookedCredit(kind="shopify", id=credit_id, amount=Decimal(amount), currency=currency)


def test_what_stands_once_with_its_amount_is_right() -> None:
    bonuses = [bonus("c1"), bonus("c2", amount="4.00"), bonus(None, BonusState.REFUSED)]
    assert bonus_faults(bonuses, [booked("c2", "4.0000"), booked("c1")], KINDS) == []
    assert bonus_faults([], [], KINDS) == []


@pytest.mark.parametrize(
    ("bonuses", "credits", "fault"),
    [
        ([bonus("c1")], [], "bonus of 5.91 USD for #1042: the store has none"),
        ([bonus("c1")], [booked("c1", "5.90")], "the store has 5.90 USD"),
        ([bonus("c1")], [booked("c1", currency="EUR")], "the store has 5.91 EUR"),
        ([], [booked("c1")], "store credit c1 of 5.91 USD is nobody's bonus"),
        ([bonus("c1")], [booked("c1"), booked("c2")], "c2 of 5.91 USD is nobody's bonus"),
        ([bonus("c1"), bonus("c1")], [booked("c1")], "the store has none"),
        ([bonus(None, BonusState.UNKNOWN)], [], "still unknown"),
        ([bonus(None, BonusState.QUEUED)], [], "still queued"),
        ([bonus(None, BonusState.REFUSED)], [booked("c1")], "nobody's bonus"),
    ],
)
def test_each_difference_is_named(
    bonuses: list[Bonus], credits: list[BookedCredit], fault: str
) -> None:
    [found] = bonus_faults(bonuses, credits, KINDS)
    assert fault in found
