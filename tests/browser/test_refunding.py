"""The buttons that move money, pressed in the desk; afterwards the store's own books are read."""

from __future__ import annotations

import re
import time
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.house import AGENT, TEAM_LEAD, House
from tests.browser.sidebar import SETTLES_MS, Seat

pytestmark = pytest.mark.browser


def test_one_click_refunds_once_and_everybody_sees_it(house: House, sit_down: SitDown) -> None:
    ticket = house.write("dollars_tax_on_top")
    seat = sit_down(ticket)
    expect(seat.verdict).to_have_text("Eligible")
    expect(seat.pay).to_contain_text("Refund $25.92")
    expect(seat.form_field("Refund status")).to_have_value("makegood_eligible")
    seat.pay.click()
    expect(seat.verdict).to_have_text("Refunding…")
    expect(seat.find("[data-hold-left]")).to_have_text(re.compile(r"^\d s to cancel$"))
    assert house.refunds(ticket.order) == []
    seat.expect_settled("$25.92")
    expect(seat.pay).to_have_count(0)
    assert house.refunds(ticket.order) == [Decimal("25.92")]
    # The agent's open form would write old values over ours when it is saved.
    expect(seat.form_field("Refund status")).to_have_value("makegood_refunded")
    expect(seat.form_field("Refund amount")).to_have_value("25.92")
    expect(seat.form_field("Refund order")).to_have_value(ticket.order)
    house.wait(lambda: len(house.notes(ticket)) == 2, "the note about the outcome")
    assert house.notes(ticket)[1].startswith(f"Refunded 25.92 USD for {ticket.order}")
    expect(seat.page.locator(".comment.note").last).to_contain_text("Refunded 25.92 USD")
    assert house.field_values(ticket)["Refund status"] == "makegood_refunded"
    assert Decimal(str(house.field_values(ticket)["Refund amount"])) == Decimal("25.92")


def test_a_double_click_is_one_refund(house: House, sit_down: SitDown) -> None:
    ticket = house.write("damaged_within_60_days")
    seat = sit_down(ticket)
    expect(seat.pay).to_contain_text("Refund $75.12")
    seat.pay.dblclick()
    seat.expect_settled("$75.12")
    assert house.refunds(ticket.order) == [Decimal("75.12")]


def test_two_agents_at_once_are_one_refund(house: House, sit_down: SitDown) -> None:
    ticket = house.write("yen")
    seats = [sit_down(ticket, agent) for agent in (AGENT, TEAM_LEAD)]
    for seat in seats:
        expect(seat.pay).to_contain_text("Refund ¥6,028")
        # Somebody else's click is a conflict for those who come second.
        seat.watch.expect("status of 409")
    _click_at_the_same_moment(seats)
    for seat in seats:
        seat.expect_settled("¥6,028")
    assert house.refunds(ticket.order) == [Decimal(6028)]
    house.wait(lambda: len(house.notes(ticket)) == 2, "the note about the outcome")


def _click_at_the_same_moment(seats: list[Seat]) -> None:
    moment = (time.time() + 1) * 1000
    for seat in seats:
        seat.frame.evaluate(
            """(moment) => {
              const button = document.querySelector('.pay .button-money');
              setTimeout(() => button.click(), moment - Date.now()); }""",
            moment,
        )


def test_stopped_while_it_holds_nothing_moves(house: House, sit_down: SitDown) -> None:
    # A hold so long that a busy machine can't miss it.
    with house.another_web(MAKEGOOD_HOLD_SECONDS="4"):
        stopped = []
        for how in ("button", "escape"):
            ticket = house.write("not_shipped")
            seat = sit_down(ticket)
            expect(seat.pay).to_contain_text("Refund $43.74")
            seat.pay.click()
            if how == "button":
                seat.cancel.click()
            else:
                expect(seat.cancel).to_be_focused()
                seat.page.keyboard.press("Escape")
            expect(seat.find(".refund")).to_contain_text("No money moved.")
            expect(seat.cancel).to_have_count(0)
            expect(seat.pay).to_have_count(0)
            stopped.append((ticket, seat))
        # Past the moment at which they would have been sent.
        seat.page.wait_for_timeout(4_500)
        for ticket, seat in stopped:
            expect(seat.find(".refund")).to_contain_text("Cancelled")
            assert house.refunds(ticket.order) == []


def test_a_part_is_chosen_priced_and_refunded_once(house: House, sit_down: SitDown) -> None:
    ticket = house.write("several_lines_discount_tax")
    seat = sit_down(ticket)
    expect(seat.pay).to_contain_text("Refund $69.49")
    part = seat.unfold("part")
    button = part.locator("[type=submit]")
    expect(button).to_contain_text("Refund $69.49")
    bowls, spoon, towel = part.locator(".step").all()
    spoon.locator(".step-count").fill("0")
    towel.locator("[data-step='-1']").click()
    bowls.locator("[data-step='-1']").click()
    expect(button).to_contain_text("Refund $23.33")
    bowls.locator("[data-step='-1']").click()
    expect(button).to_contain_text("Refund $11.66")
    button.dblclick()
    seat.expect_settled("$11.66")
    assert house.refunds(ticket.order) == [Decimal("11.66")]
    # What is left may go back as well, but only on purpose.
    expect(seat.pay).not_to_be_visible()
    seat.unfold("rest")
    expect(seat.find("#fold-rest")).to_be_visible()


def test_nothing_chosen_is_no_button(house: House, sit_down: SitDown) -> None:
    ticket = house.write("several_lines_discount_tax")
    part = sit_down(ticket).unfold("part")
    for count in part.locator(".step-count").all():
        count.fill("0")
    button = part.locator("[type=submit]")
    expect(button).to_have_text("Choose items, shipping or an amount")
    expect(button).to_be_disabled()
    part.locator("[data-shipping]").check()
    expect(button).to_contain_text("Refund $4.90")
    assert house.refunds(ticket.order) == []


def test_a_bank_that_takes_its_time_is_not_called_refunded(house: House, sit_down: SitDown) -> None:
    ticket = house.write("bank_takes_its_time")
    seat = sit_down(ticket)
    seat.pay.click()
    expect(seat.verdict).to_have_text("On its way", timeout=SETTLES_MS)
    expect(seat.reason).to_have_text("$32.40 is on its way")
    expect(seat.pay).to_have_count(0)
    assert house.refunds(ticket.order) == [Decimal(0)]


def test_cash_is_recorded_and_said_to_be_unpaid(house: House, sit_down: SitDown) -> None:
    ticket = house.write("cash_on_delivery")
    seat = sit_down(ticket)
    expect(seat.pay).to_have_text("Record $22.00, pay by hand")
    seat.pay.click()
    expect(seat.verdict).to_have_text("Recorded", timeout=SETTLES_MS)
    expect(seat.find(".refund")).to_contain_text("Somebody must pay $22.00 by hand")
