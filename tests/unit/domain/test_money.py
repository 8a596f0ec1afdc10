"""Money: exact, in one currency, with the currency's own decimals."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.money import Money, minor_unit_digits
from tests.strategies import money, money_in


@given(st.lists(money_in("EUR", -1000), max_size=8))
def test_a_total_is_the_sum_of_minor_units(parts: list[Money]) -> None:
    assert Money.total(parts, "EUR").minor_units == sum(part.minor_units for part in parts)


@given(money)
def test_adding_and_taking_away_ends_where_it_began(amount: Money) -> None:
    assert amount + amount - amount == amount
    assert amount + -amount == Money.zero(amount.currency)
    assert not amount - amount


@given(money)
def test_json_gives_the_same_value_back_as_text(amount: Money) -> None:
    assert Money.from_json(amount.to_json()) == amount
    assert isinstance(json.loads(amount.to_json())["amount"], str)


@pytest.mark.parametrize(
    ("text", "currency", "written", "units"),
    [
        ("48.6", "EUR", "48.60", 4860),
        ("500", "JPY", "500", 500),
        ("500.0", "JPY", "500", 500),
        ("1.5", "KWD", "1.500", 1500),
        ("-0", "EUR", "0.00", 0),
        ("1E+2", "EUR", "100.00", 10000),
    ],
)
def test_decimals_are_the_currencys_own(text: str, currency: str, written: str, units: int) -> None:
    amount = Money.of(text, currency)
    assert str(amount) == f"{written} {currency}"
    assert amount.minor_units == units


def test_equal_sums_are_equal_values() -> None:
    assert len({Money.of("0", "EUR"), Money.of("-0.00", "EUR"), Money.zero("EUR")}) == 1


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0.005", "EUR"),
        ("0.5", "JPY"),
        ("0.0005", "KWD"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("1e40", "EUR"),
        ("twelve", "EUR"),
        ("1", "eur"),
        (1.5, "EUR"),
        (None, "EUR"),
    ],
)
def test_what_is_no_exact_amount_is_refused(amount: Any, currency: str) -> None:
    with pytest.raises(ValidationError):
        Money.of(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.005", "EUR", "0.01"),
        ("0.004", "EUR", "0.00"),
        ("0.5", "JPY", "1"),
        ("-0.005", "EUR", "-0.01"),
    ],
)
def test_rounding_is_half_up_away_from_zero(amount: str, currency: str, rounded: str) -> None:
    assert Money.rounded(Decimal(amount), currency) == Money.of(rounded, currency)


@given(money, st.integers(1, 50), st.data())
def test_differences_of_shares_sum_to_the_whole(amount: Money, whole: int, data: Any) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, whole), max_size=6)))
    bounds = [0, *cuts, whole]
    pieces = [
        amount.share(end, whole) - amount.share(start, whole) for start, end in pairwise(bounds)
    ]
    assert Money.total(pieces, amount.currency) == amount


@given(money, st.integers(0, 50), st.integers(1, 50))
def test_a_share_is_off_by_half_a_minor_unit_at_most(amount: Money, part: int, whole: int) -> None:
    exact = amount.amount * part / whole
    step = Decimal(1).scaleb(-minor_unit_digits(amount.currency))
    assert abs(amount.share(part, whole).amount - exact) <= step / 2


def test_a_share_needs_a_positive_whole() -> None:
    with pytest.raises(ValueError, match="positive whole"):
        Money.of("1", "EUR").share(1, 0)


def test_currencies_dont_mix() -> None:
    euro, yen = Money.of("1", "EUR"), Money.of("1", "JPY")
    for mix in (
        lambda: euro + yen,
        lambda: euro - yen,
        lambda: euro < yen,
        lambda: euro >= yen,
        lambda: Money.total([euro, yen], "EUR"),
    ):
        with pytest.raises(ValueError, match="can't mix"):
            mix()
    assert euro != yen
