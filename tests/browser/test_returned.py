"""Goods that have to come back: the money waits, somebody says that they are here, and it goes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.house import AGENT, House
from tests.browser.readable import NARROW, assert_readable
from tests.browser.sidebar import SETTLES_MS, Seat
from tests.support.other_policy import another_policy

pytestmark = pytest.mark.browser

POLICY = """
Otherwise refund the item once it has come back, because "Please send it back first.".
Up to 500 an agent may refund alone; above that a manager.
"""
STORY = "several_lines_discount_tax"


@pytest.fixture(scope="module", autouse=True)
def policy(house: House) -> Iterator[None]:
    stage = house.stage
    with another_policy(stage.services.deps, stage.account.id, "shopify", POLICY):
        yield


def _look(seat: Seat, name: str) -> None:
    """A picture for people, where somebody wants one."""
    folder = os.environ.get("MAKEGOOD_PICTURES")
    if folder:
        seat.find("body").screenshot(path=f"{folder}/{name}.png")


def test_no_button_is_on_until_it_is_back_and_then_at_once(house: House, sit_down: SitDown) -> None:
    ticket = house.write(STORY)
    assert "have come back." in house.notes(ticket)[0]
    seat = sit_down(ticket)
    expect(seat.verdict).to_have_text("Eligible once it is back")
    expect(seat.reason).to_contain_text("69.49 USD once ")
    expect(seat.pay).to_be_disabled()
    expect(seat.pay).to_contain_text("Refund $69.49")
    _look(seat, "waits")
    # Whatever a page sends, the server refuses, and the store has paid nothing.
    person = house.sidebar(AGENT)
    shown = person.ticket(str(ticket.id))
    lines = [{"line_id": one["line_id"], "quantity": 1} for one in shown["returns"]]
    url = f"/api/v1/cases/{shown['case_id']}/plans"
    for choice in ({"lines": lines}, {"amount": {"amount": "1.00", "currency": "USD"}}):
        answer = person.call("POST", str(ticket.id), url, choice)
        assert answer.status_code == 403
    assert house.refunds(ticket.order) == []

    seat.find("[data-action=returned_all]").focus()
    seat.page.keyboard.press("Enter")
    expect(seat.pay).to_be_enabled()
    # Not in focus: a key that is held down must not press it. It is the next but what undoes.
    expect(seat.find("#back-title")).to_be_focused()
    expect(seat.find("#back-title")).to_have_text("It has come back")
    expect(seat.find("#live")).to_contain_text("Noted. Refund $69.49")
    assert house.refunds(ticket.order) == []
    for _ in range(10):
        seat.page.keyboard.press("Tab")
        if seat.pay.evaluate("(one) => one === document.activeElement"):
            break
    expect(seat.pay).to_be_focused()
    _look(seat, "back")
    seat.page.keyboard.press("Enter")
    seat.expect_settled("$69.49")
    assert house.refunds(ticket.order) == [Decimal("69.49")]
    expect(seat.find(".back")).to_have_count(0)
    expect(seat.unfold("history")).to_contain_text(
        "Said that it has come back: 3 × Bowl, 1 × Serving spoon, 1 × Tea towel"
    )


def test_the_pieces_that_are_back_go_and_the_others_wait_on(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write(STORY)
    seat = sit_down(ticket)
    bowls = seat.find(".back-line").first
    count = bowls.get_by_role("spinbutton")
    expect(count).to_have_value("3")
    count.fill("1")
    count.press("Enter")
    expect(seat.pay).to_be_enabled()
    expect(seat.pay).to_contain_text("Refund $11.66")
    expect(seat.find(".amount")).to_contain_text("57.83 USD more once ")
    expect(bowls).to_contain_text("1 of 3 came back: ")
    # In the what-if no more than that can be chosen.
    part = seat.unfold("part")
    expect(part.locator(".step-count")).to_have_attribute("max", "1")
    _look(seat, "part")
    seat.pay.click()
    seat.expect_settled("$11.66")
    assert house.refunds(ticket.order) == [Decimal("11.66")]
    # What is still awaited stays in sight, and its refund comes on as before.
    expect(seat.find("#back-title")).to_have_text("Has it come back?")
    _look(seat, "rest")
    seat.find("[data-action=returned_all]").click()
    expect(seat.find("#back-title")).to_have_text("It has come back")
    rest = seat.unfold("rest")
    expect(rest.locator(".pay .button-money")).to_contain_text("Refund $57.83")
    rest.locator(".pay .button-money").click()
    expect(seat.reason).to_contain_text("$57.83 refunded", timeout=SETTLES_MS)
    assert house.refunds(ticket.order) == [Decimal("11.66"), Decimal("57.83")]


def test_what_was_said_can_be_taken_back(house: House, sit_down: SitDown) -> None:
    ticket = house.write(STORY)
    seat = sit_down(ticket)
    seat.find("[data-action=returned_all]").click()
    expect(seat.pay).to_be_enabled()
    for left in (2, 1, 0):
        seat.find("[data-action=unreturned]").first.click()
        expect(seat.find("[data-action=unreturned]")).to_have_count(left)
    expect(seat.pay).to_be_disabled()
    expect(seat.verdict).to_have_text("Eligible once it is back")
    assert house.refunds(ticket.order) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_in_a_narrow_frame(house: House, sit_down: SitDown, scheme: str) -> None:
    seat = sit_down(house.write(STORY), scheme=scheme)
    seat.narrow(NARROW)
    _look(seat, f"narrow-{scheme}")
    assert_readable(seat)
    seat.find("[data-line] [type=submit]").first.click()
    expect(seat.find(".back-told")).to_have_count(1)
    expect(seat.pay).to_be_enabled()
    _look(seat, f"narrow-back-{scheme}")
    assert_readable(seat)
