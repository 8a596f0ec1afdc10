"""Narrow, light, dark, and without a mouse: every state stays readable and reachable."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.house import House
from tests.browser.sidebar import Seat

pytestmark = pytest.mark.browser

NARROW = 320

# Each text on screen with the contrast to what is behind it, translucent layers mixed in.
# https://www.w3.org/TR/WCAG22/#contrast-minimum
_POOR_CONTRAST = """() => {
  const parse = (colour) => {
    const parts = colour.match(/[\\d.]+/g).map(Number);
    return parts.length === 3 ? [...parts, 1] : parts;
  };
  const over = ([r, g, b, a], under) =>
    [r, g, b].map((part, i) => part * a + under[i] * (1 - a));
  const behind = (node) => {
    const layers = [];
    for (let one = node; one; one = one.parentElement) {
      layers.push(parse(getComputedStyle(one).backgroundColor));
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const poor = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility({ opacityProperty: true })
        || node.closest('.unseen, option')) { continue; }
    seen += 1;
    const under = behind(node);
    const ink = over(parse(getComputedStyle(node).color), under);
    const [bright, dark] = [light(ink), light(under)].sort((a, b) => b - a);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < 4.5) { poor.push(`${ratio.toFixed(2)}: ${walker.currentNode.data.trim()}`); }
  }
  return { seen, poor };
}"""

_WIDER = """() => {
  const page = document.documentElement;
  return [page, ...document.body.querySelectorAll('*')]
    .filter((one) => one.getBoundingClientRect().right > page.clientWidth + 0.5
      && !one.closest('.unseen'))
    .map((one) => `${one.tagName}.${one.className}`)
    .concat(page.scrollWidth > page.clientWidth ? ['the page scrolls sideways'] : []);
}"""

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


def assert_readable(seat: Seat) -> None:
    """Nothing wider than a frame of 320 px, no pale text; in both colour schemes."""
    seat.narrow(NARROW)
    assert seat.frame.evaluate(_WIDER) == []
    for scheme in ("light", "dark"):
        if seat.page.locator("html").get_attribute("data-scheme") != scheme:
            seat.page.locator("#scheme").click()
        expect(seat.find("html")).to_have_attribute("data-scheme", scheme)
        looked: dict[str, Any] = seat.frame.evaluate(_POOR_CONTRAST)
        assert looked["seen"] >= 3
        assert looked["poor"] == [], scheme


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
