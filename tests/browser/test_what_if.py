"""Items, amount and method are changed, and the panel says at once what that comes to."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from app.cli.bonus_books import bonus_faults
from app.cli.headless import all_bonuses
from app.domain.plan import ChosenFee, Destination, FeeKind, Terms
from tests.browser.conftest import SitDown
from tests.browser.house import TEAM_LEAD, House
from tests.browser.sidebar import SETTLES_MS

pytestmark = pytest.mark.browser


def test_the_method_is_chosen_and_store_credit_is_given_once(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("several_lines_discount_tax")
    seat = sit_down(ticket)
    part = seat.unfold("part")
    button, told = part.locator("[type=submit]"), part.locator("[data-priced]")
    expect(button).to_contain_text("Refund $69.49 to ")
    expect(told).to_contain_text("Eligible")
    expect(told).to_contain_text("An agent can release it.")
    part.get_by_label("Store credit").check()
    expect(button).to_have_text("Give $69.49 store credit")
    bowls = part.locator(".step").first
    bowls.locator("[data-step='-1']").click()
    expect(button).to_have_text("Give $57.83 store credit")
    button.dblclick()
    expect(seat.verdict).to_have_text("Store credit given", timeout=SETTLES_MS)
    expect(seat.reason).to_have_text("$57.83 store credit given")
    assert house.refunds(ticket.order) == [Decimal("57.83")]
    house.wait(lambda: len(house.notes(ticket)) == 2, "the note about the outcome")
    assert house.notes(ticket)[1].startswith(f"Store credit of 57.83 USD given for {ticket.order}")


def test_fees_and_a_bonus_are_lines_and_each_moves_once(house: House, sit_down: SitDown) -> None:
    ticket = house.write("several_lines_discount_tax")
    fee = ChosenFee(kind=FeeKind.RESTOCKING, label="Restocking fee", percent=Decimal(15))
    house.decide_by(ticket, Terms(fees=(fee,), bonus_percent=Decimal(10)))
    seat = sit_down(ticket)
    part = seat.unfold("part")
    button, told = part.locator("[type=submit]"), part.locator("[data-priced]")
    # 69.49 less 15 per cent.
    expect(button).to_contain_text("Refund $59.07 to ")
    expect(told).to_contain_text("Restocking fee (15 %)")
    expect(told).to_contain_text("-$10.42")
    part.get_by_label("Store credit, 10 % bonus").check()
    expect(button).to_have_text("Give $64.98 store credit")
    expect(told).to_contain_text("Bonus (10 %)")
    expect(told).to_contain_text("$5.91")
    button.click()
    expect(seat.reason).to_have_text("$64.98 store credit given", timeout=SETTLES_MS)
    expect(seat.find(".refund")).to_contain_text("The bonus of $5.91 is in it.")
    assert house.refunds(ticket.order) == [Decimal("59.07")]
    credits = house.stage.shops["shopify"].credits()
    assert [one.amount for one in credits] == [Decimal("5.91")]
    # The demo's own check of the books sees the same.
    kinds = {one.store_id: "shopify" for one in all_bonuses(house.stage)}
    assert bonus_faults(all_bonuses(house.stage), credits, kinds) == []
    assert len(bonus_faults([], credits, kinds)) == 1


def test_an_item_that_only_becomes_store_credit_chooses_its_method(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("several_lines_discount_tax")
    house.decide_by(ticket, Terms(destination=Destination.STORE_CREDIT), first_only=True)
    part = sit_down(ticket).unfold("part")
    button, credit = part.locator("[type=submit]"), part.get_by_label("Store credit")
    bowls, towel = part.locator(".step").nth(0), part.locator(".step").nth(1)
    expect(credit).not_to_be_checked()
    bowls.locator("[data-step='1']").click()
    expect(credit).to_be_checked()
    expect(button).to_contain_text("store credit")
    # Another item isn't paid out as credit because of the first one.
    bowls.locator("[data-step='-1']").click()
    expect(credit).not_to_be_checked()
    towel.locator("[data-step='1']").click()
    expect(credit).not_to_be_checked()
    expect(button).to_contain_text("Refund $")


def test_another_amount_shows_its_tier_and_what_cant_be_is_said(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("over_500")
    seat = sit_down(ticket)
    part = seat.unfold("part")
    button, told = part.locator("[type=submit]"), part.locator("[data-priced]")
    expect(told).to_contain_text("A team lead can release this amount.")
    expect(button).to_have_text("Ask a team lead to release $702.00")
    expect(part.get_by_label("Reason for the request")).to_have_value(re.compile("^Changed mind"))
    amount = part.get_by_label("Another amount (USD)")
    amount.fill("120.50")
    expect(button).to_contain_text("Refund $120.50 to ")
    expect(button).to_be_enabled()
    expect(told).to_contain_text("Adjustment")
    seat.watch.expect("status of 422")
    amount.fill("99999")
    expect(told).to_contain_text("can still be refunded")
    expect(button).to_be_disabled()
    amount.fill("a lot")
    expect(button).to_have_text("Write the amount like 12.50")
    expect(button).to_be_disabled()
    amount.fill("12,5")
    expect(button).to_contain_text("Refund $12.50 to ")
    assert house.refunds(ticket.order) == []


def test_where_there_is_one_way_nobody_has_to_choose(house: House, sit_down: SitDown) -> None:
    part = sit_down(house.write("guest_order")).unfold("part")
    expect(part.locator("[type=submit]")).to_contain_text("Refund $")
    expect(part.locator("[data-method]")).to_have_count(0)


def test_an_exception_needs_a_rule_and_a_reason_and_says_so(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("two_days_late")
    seat = sit_down(ticket, TEAM_LEAD)
    expect(seat.verdict).to_have_text("Not eligible")
    exception = seat.unfold("override")
    button = exception.locator("[type=submit]")
    expect(button).to_have_text("Choose items, shipping or an amount")
    exception.locator("[data-step='1']").first.click()
    expect(button).to_have_text("Name the rule and say why")
    exception.get_by_label("Which rule is set aside").select_option(index=1)
    exception.get_by_label("Why").fill("Storm kept the parcel for a week")
    told = exception.locator("[data-priced]")
    expect(told).to_contain_text("Against the policy: ")
    expect(button).to_be_enabled()
    amount = (button.text_content() or "").split(" to ")[0].removeprefix("Refund ")
    button.click()
    seat.expect_settled(amount)
    assert len(house.refunds(ticket.order)) == 1
    house.wait(lambda: len(house.notes(ticket)) == 2, "the note about the outcome")
    assert "Storm kept the parcel for a week" in house.notes(ticket)[1]
