"""Order numbers and amounts as people write them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.classify.amounts import find_amounts
from app.domain.classify.numbers import MAX_FOUND
from app.domain.classify.orders import find_orders


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("order #1001", ["1001"]),
        ("My order 1001 and 1002", ["1001", "1002"]),
        ("orders #1001, #1002 & #1003.", ["1001", "1002", "1003"]),
        ("Bestellung Nr. EN1001", ["EN1001"]),
        ("Meine Bestellnummer lautet: 4512", ["4512"]),
        ("commande n° 000000123", ["000000123"]),
        ("pedido número SO-2231", ["SO-2231"]),
        ("ordine DE-2231, 1002 e 1003", ["DE-2231", "1002", "1003"]),
        ("bestelling 10045", ["10045"]),
        ("n.º de encomenda 1001", ["1001"]),
        ("about SO-2231 please", ["SO-2231"]),
        ("000000123 came broken", ["000000123"]),
        ("orders 1001-1003", ["1001", "1002", "1003"]),
        ("#1001/#1002", ["1001", "1002"]),
        ("#en1001 and again #EN1001", ["en1001"]),
        ("invoice 20231 for order 1001", ["1001"]),
        ("order 1001, tracking number 1234567890", ["1001"]),
        ("order 1001 $48.60", ["1001"]),
    ],
)
def test_order_numbers(text: str, orders: list[str]) -> None:
    assert list(find_orders(text)) == orders


@pytest.mark.parametrize(
    "text",
    [
        "tracking 1Z999AA10123456784",
        "tracking number 1234567890",
        "Sendungsnummer: 00340434161094015902",
        "numéro de suivi 6A12345678901",
        "call me on +49 151 2345 6789",
        "Tel. 030 1234567",
        "invoice no. 20231",
        "Rechnung Nr. 20231",
        "VAT DE123456789",
        "CIF B12345678, partita IVA IT01234567890",
        "order from 2024",
        "El pedido de 2024",
        "order of 12.05.2024",
        "ordered on 2024-05-12",
        "an order for 1200 EUR",
        "order of $1200",
        "ticket #5512",
        "customer number 55123",
        "the order took 120 days",
        "https://shop.example.com/orders/1001",
        "order mail from a1001@example.com",
        "my RTX4090 broke",
    ],
)
def test_other_numbers_are_no_orders(text: str) -> None:
    assert find_orders(text) == ()


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$48.60", "48.60", "USD"),
        ("48,60 €", "48.60", "EUR"),
        ("EUR 1.234,50", "1234.50", "EUR"),
        ("1 234,50 kr", "1234.50", None),
        ("1 234,50 SEK", "1234.50", "SEK"),
        ("CHF 12.-", "12", "CHF"),
        ("12,- Euro", "12", "EUR"),
        ("£1,200", "1200", "GBP"),
        ("1'234.50 CHF", "1234.50", "CHF"),
        ("R$ 89,90", "89.90", "BRL"),
        ("CA$ 20", "20", "CAD"),
        ("100 dollars", "100", "USD"),
        ("12.500 KWD", "12.500", "KWD"),
        ("48€60", "48.60", "EUR"),
        ("refund the 48.60 please", "48.60", None),
        ("I paid 19.99.", "19.99", None),
        ("1.234.567,89 EUR", "1234567.89", "EUR"),
    ],
)
def test_amounts(text: str, amount: str, currency: str | None) -> None:
    assert [(str(a.amount), a.currency) for a in find_amounts(text)] == [(amount, currency)]


@pytest.mark.parametrize(
    "text",
    ["order 1001", "12.05.2024", "on 12.05 we", "at 10.30", "50 %", "3.5 kg", "version 2.10", ""],
)
def test_other_numbers_are_no_amounts(text: str) -> None:
    assert find_amounts(text) == ()


def test_several_amounts_each_once() -> None:
    found = find_amounts("48,60 € and 20,00 €, again 48,60 €")
    assert [str(a.amount) for a in found] == ["48.60", "20.00"]


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    assert len(find_orders(text)) <= MAX_FOUND
    assert all(amount.amount.is_finite() for amount in find_amounts(text))


def _calls(work: Callable[[], object]) -> int:
    """How many Python calls a piece of work makes: the same on every machine."""
    count = 0

    def counter(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    previous = sys.getprofile()
    sys.setprofile(counter)
    try:
        work()
    finally:
        sys.setprofile(previous)
    return count


HOSTILE = [
    "1 ",
    "1.",
    "#",
    "order ",
    "order 1 ",
    "1,",
    "€",
    "a@",
    "1'",
    "EN-",
    "1001, ",
    "> ",
    "<a",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("find", [find_orders, find_amounts])
def test_work_grows_no_faster_than_the_text(find: Callable[[str], object], piece: str) -> None:
    small = piece * (2_000 // len(piece))
    large = small * 10
    assert _calls(lambda: find(large)) <= 12 * _calls(lambda: find(small)) + 200
    find(piece * (200_000 // len(piece)))
