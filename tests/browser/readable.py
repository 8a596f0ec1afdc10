"""Whether what is on screen can be read: in 320 px, by its contrast, in light and in dark."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Frame, Page, expect

from tests.browser.sidebar import Seat

NARROW = 320
SCHEMES = ("light", "dark")

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


def assert_readable(seat: Seat) -> None:
    """Nothing wider than a frame of 320 px, no pale text; in both colour schemes."""
    seat.narrow(NARROW)
    assert seat.frame.evaluate(_WIDER) == []
    for scheme in SCHEMES:
        if seat.page.locator("html").get_attribute("data-scheme") != scheme:
            seat.page.locator("#scheme").click()
        expect(seat.find("html")).to_have_attribute("data-scheme", scheme)
        assert_contrast(seat.frame, scheme)


def assert_page_readable(page: Page) -> None:
    """The same for a page of our own."""
    page.set_viewport_size({"width": NARROW, "height": 700})
    assert page.evaluate(_WIDER) == []
    page.emulate_media(color_scheme="light")
    assert_contrast(page, "light")
    page.emulate_media(color_scheme="dark")
    assert_contrast(page, "dark")


def assert_contrast(document: Frame | Page, scheme: str) -> None:
    """No text is paler against what is behind it than WCAG's level AA allows."""
    looked: dict[str, Any] = document.evaluate(_POOR_CONTRAST)
    assert looked["seen"] >= 3
    assert looked["poor"] == [], scheme
