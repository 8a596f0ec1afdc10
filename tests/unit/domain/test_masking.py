"""Masking: card numbers never survive, order and phone numbers do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from app.domain.masking import mask_payment_data

digits = st.text("0123456789", min_size=12, max_size=18)
cards = digits.map(lambda body: body + luhn.calc_check_digit(body))
cards_of_sixteen = st.from_regex(r"[1-9][0-9]{14}", fullmatch=True).map(
    lambda body: body + luhn.calc_check_digit(body)
)
around = st.sampled_from(["", " ", "no.", "card:", "(", "\n", "x", "-", "1001 ", ", ", "/"])
behind = st.sampled_from(["", " ", ".", ")", "\n", " 12/27", "/27", "-", " 123", ", 1001"])
separators = st.sampled_from(["", " ", "-", ".", "\u00a0", "  ", " - "])


@given(cards, around, behind)
def test_no_card_number_survives(card: str, before: str, after: str) -> None:
    masked = mask_payment_data(f"{before}{card}{after}")
    assert card not in masked
    assert not any(luhn.is_valid(run) for run in re.findall(r"\d{13,19}", masked))


@given(cards_of_sixteen, separators, behind)
def test_no_card_number_in_groups_survives(card: str, separator: str, after: str) -> None:
    written = separator.join(card[i : i + 4] for i in range(0, 16, 4))
    masked = mask_payment_data(f"my card {written}{after}")
    assert written not in masked
    assert card not in re.sub(r"\D", "", masked)


@given(st.integers(1, 999_999_999), st.sampled_from(["#{}", "{:09d}", "SO-{}", "EN{}"]))
def test_order_numbers_survive(number: int, form: str) -> None:
    text = f"Order {form.format(number)} of 2024-05-12, order 1001, 48.60 EUR."
    assert mask_payment_data(text) == text


@given(st.integers(10_000_000, 99_999_999_999_999))
def test_phone_numbers_in_international_form_survive(number: int) -> None:
    for text in (f"call +{number}", f"call +{str(number)[:2]} {str(number)[2:]}, thanks"):
        assert mask_payment_data(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("4111 1111 1111 1111 12/27", "[card ending 1111] 12/27"),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "[card ending 1111]"),
        ("４１１１１１１１１１１１１１１１", "[card ending 1111]"),
        ("de89 3704 0044 0532 0130 00 bitte", "[bank account] bitte"),
        ("BE68 5390 0754 7034 IBAN", "[bank account] IBAN"),
        ("cvv is 123", "cvv is [removed]"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("DE12 is my size", "DE12 is my size"),
    ],
)
def test_examples(text: str, masked: str) -> None:
    assert mask_payment_data(text) == masked


@given(st.text(max_size=300))
def test_any_text_is_masked_once_and_for_all(text: str) -> None:
    once = mask_payment_data(text)
    assert mask_payment_data(once) == once
