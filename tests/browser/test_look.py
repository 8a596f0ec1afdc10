"""Narrow, light, dark, and without a mouse: every state stays readable and reachable."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.house import House
from tests.browser.readable import assert_readable
from tests.browser.sidebar import Seat

pytestmark = pytest.mark.browser

STORIES = [
    "several_lines_discount_tax",
    "gift_card_and_card",
    "pounds_in_a_dollar_shop",
    "cash_on_delivery",
    "part_refunded_before",
    "over_2000",
    "two_days_late",
    "disputed",
    "several_orders_none_named",
    "nothing_found",
    "text_that_gives_orders",
    "thanks",
]


def _unfold_everything(seat: Seat) -> None:
    seat.frame.evaluate(
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
    )


@pytest.mark.parametrize("story", STORIES)
def test_every_kind_of_ticket_is_readable(house: House, sit_down: SitDown, story: str) -> None:
    seat = sit_down(house.write(story))
    _unfold_everything(seat)
    assert_readable(seat)
    # The frame is as high as what is in it: no scrolling inside a page that scrolls.
    house.wait(
        lambda: seat.frame.evaluate(
            "document.documentElement.scrollHeight <= document.documentElement.clientHeight"
        ),
        "a frame as high as its content",
    )


def test_a_refund_is_readable_from_click_to_end(house: House, sit_down: SitDown) -> None:
    seat = sit_down(house.write("business_order"))
    with house.store_fault("RefundCreate", "slow", times=1, seconds=2.0):
        seat.pay.click()
        for verdict in ("Refunding…", "Refunded"):
            expect(seat.verdict).to_have_text(verdict, timeout=30_000)
            assert_readable(seat)
    seat.watch.expect("status of 503")
    with house.store_fault("DecisionContext", "http_503"):
        seat.find(".foot [data-action=refresh]").click()
        expect(seat.notice).to_contain_text("No answer")
        assert_readable(seat)


def test_a_whole_refund_without_a_mouse(house: House, sit_down: SitDown) -> None:
    other, ticket = house.write("thanks"), house.write("dollars_tax_on_top")
    seat = sit_down(other)
    keyboard = seat.page.keyboard
    seat.page.locator("body").press("/")
    keyboard.type(str(ticket.id))
    expect(seat.page.locator("#tickets .row")).to_have_count(1)
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(seat.pay).to_be_enabled()
    for _ in range(60):
        if seat.pay.evaluate("(one) => one === document.activeElement"):
            break
        keyboard.press("Tab")
        _expect_visible_focus(seat)
    expect(seat.pay).to_be_focused()
    keyboard.press("Enter")
    expect(seat.cancel).to_be_focused()
    _expect_visible_focus(seat)
    seat.expect_settled("$25.92")
    # Where the focus was is gone; what became of the refund is read out and in focus.
    expect(seat.verdict).to_be_focused()
    expect(seat.find("#live")).to_contain_text("$25.92 refunded")
    assert house.refunds(ticket.order) == [Decimal("25.92")]


def _expect_visible_focus(seat: Seat) -> None:
    """What has the focus in the sidebar, if anything has, is outlined."""
    outline = seat.frame.evaluate(
        """() => {
          const one = document.activeElement;
          if (!document.hasFocus() || one === document.body) { return null; }
          const style = getComputedStyle(one);
          return [one.outerHTML.slice(0, 80), style.outlineStyle, parseFloat(style.outlineWidth)];
        }"""
    )
    if outline is not None:
        assert outline[1] == "solid" and outline[2] >= 2, outline
