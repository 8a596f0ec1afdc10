"""Lines that a customer names, matched only where there is no doubt."""

from __future__ import annotations

import pytest

from app.domain.classification import Kind, Reason, Request, Wants
from app.domain.named_lines import lines_meant
from tests.support.fakes import make_line, make_order

ORDER = make_order(
    "#1001",
    (
        make_line(1, "Blue rain jacket", "49.00"),
        make_line(2, "Desk lamp", "30.00"),
        make_line(3, "Floor lamp", "60.00"),
    ),
)


@pytest.mark.parametrize(
    ("items", "wants", "meant"),
    [
        (("rain jacket",), Wants.UNKNOWN, [1]),
        (("jackets",), Wants.PART, [1]),
        (("desk lamp", "zip"), Wants.UNKNOWN, [2]),
        (("lamp",), Wants.PART, []),
        (("floor lamp", "jacket"), Wants.UNKNOWN, [3, 1]),
        (("rain jacket",), Wants.WHOLE, []),
        (("teapot",), Wants.PART, []),
        ((), Wants.PART, []),
    ],
)
def test_lines(items: tuple[str, ...], wants: Wants, meant: list[int]) -> None:
    request = Request(kind=Kind.REFUND_ITEM, reason=Reason.UNKNOWN, items_named=items, wants=wants)
    ids = [ORDER.lines[number - 1].id for number in meant]
    assert sorted(lines_meant(request, ORDER)) == sorted(ids)
