"""Refunded piece by piece, every cent comes back, and not one more."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.sandbox.magento import Clock, MagentoSandbox, Site
from integrations.sandbox.magento.books import read_books
from integrations.sandbox.magento.builder import build_order
from integrations.sandbox.magento.creditmemos import Request
from integrations.sandbox.magento.refunds import refund_order
from integrations.sandbox.magento.site import Settings
from tests.sandbox.magento.recorded_shop import RecordedShop, rows_of

cents = st.integers(1, 20_000).map(lambda number: Decimal(number) / 100)
rates = st.sampled_from(["0", "7", "8.25", "10", "19", "25"])


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    items = []
    for number in range(draw(st.integers(1, 3))):
        price, qty = draw(cents), draw(st.integers(1, 4))
        discount = (price * qty * draw(st.integers(0, 100)) / 100).quantize(Decimal("0.01"))
        items.append(
            {
                "sku": f"P{number}",
                "price": price,
                "qty": qty,
                "tax_percent": draw(rates),
                "discount": discount,
            }
        )
    return {
        "items": items,
        "shipping": {"amount": draw(cents), "tax_percent": draw(rates)},
        "rate": draw(st.sampled_from(["1", "0.9", "1.3712"])),
    }


@settings(max_examples=60, deadline=None)
@given(orders(), st.booleans(), st.randoms(use_true_random=False))
def test_units_refunded_one_by_one_sum_to_the_order(
    spec: dict[str, Any], with_tax: bool, random: Any
) -> None:
    site = Site("demo", Clock(), Settings(prices_include_tax=with_tax))
    order = build_order(site, spec)
    assert order.summed("total_paid") == order.grand_total

    units = [item.item_id for item in order.items for _ in range(int(item.qty_ordered))]
    random.shuffle(units)
    for item_id in units[:-1]:
        one = Decimal(1)
        asked = Request({item_id: one}, [(item_id, one)], shipping=Decimal(0))
        refund_order(site, order.entity_id, asked)
    refund_order(site, order.entity_id, Request())

    after = site.orders[order.entity_id]
    assert after.summed("total_refunded") == order.grand_total
    assert after.summed("tax_refunded") == order.tax_amount
    assert after.summed("discount_refunded") == -order.discount_amount
    books = read_books(site)["orders"][0]
    assert books["refunded_by_memos"] == books["received"]
    assert after.state == "closed" or not order.grand_total


def test_discount_and_tax_of_one_unit_of_three() -> None:
    """The vendor's own figures: 12.38 for one of three mugs, 69.48 for the rest."""
    shop = RecordedShop()
    shop.place(4)
    shop.refund(4, items=rows_of((12, 1)), arguments={"shipping_amount": 0})
    shop.refund(4)
    memos = shop.client.get("/rest/V1/creditmemos?searchCriteria=&fields=items%5Bgrand_total%5D")
    assert [memo["grand_total"] for memo in memos["items"]] == [Decimal("12.38"), Decimal("69.48")]


def test_prices_with_tax_and_a_discount() -> None:
    """119.00 with 19 % tax, 10 % off: the customer pays 107.10, and the tax falls with it."""
    sandbox = MagentoSandbox()
    site = sandbox.add_site("demo", base_currency="EUR", prices_include_tax=True)
    item = {"sku": "LAMP", "price": "119", "tax_percent": "19", "discount": "11.90"}
    order = sandbox.add_order(site, {"items": [item]})
    assert order.subtotal.base == 100
    assert order.tax_amount.base == Decimal("17.10")
    assert order.compensation.base == Decimal("1.90")
    assert order.grand_total.base == Decimal("107.10")


def test_shipping_without_tax_gets_its_tax_on_top() -> None:
    shop = RecordedShop()
    shop.place(37)
    items = rows_of((48, 0))
    memo_id = shop.refund(37, items=items, arguments={"shipping_amount": 5})
    memo = shop.client.get(f"/rest/V1/creditmemo/{memo_id}")
    assert memo["shipping_amount"] == 5
    assert memo["grand_total"] == Decimal("5.5")
