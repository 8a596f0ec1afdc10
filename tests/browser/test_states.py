"""What the sidebar says about every kind of ticket, and to whom."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.house import AGENT, LIGHT_AGENT, TEAM_LEAD, House

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("story", "verdict", "why"),
    [
        ("two_days_late", "Not eligible", "Delivered 32 days ago, limit 30: 2 days late"),
        ("final_sale", "Not eligible", "Final sale items can't be returned for money."),
        ("fully_refunded", "Not eligible", "The whole order was refunded before."),
        ("delivery_date_unknown", "Needs review", "the store has no delivery date for it"),
        ("disputed", "Needs review", "could pay the customer twice"),
        ("test_order", "Needs review", "This is a test order"),
        ("open_return", "Needs review", "return is open"),
        ("charged_twice", "Needs review", "compare the payments first"),
    ],
)
def test_no_button_and_the_reason(
    house: House, sit_down: SitDown, story: str, verdict: str, why: str
) -> None:
    ticket = house.write(story)
    seat = sit_down(ticket)
    expect(seat.verdict).to_have_text(verdict)
    expect(seat.reason).to_contain_text(why)
    expect(seat.find("#fold-why")).to_have_attribute("open", "")
    # To go against the policy takes a rule, a reason and more than one person.
    expect(seat.find(".pay .button-money")).to_have_count(0)


def test_the_nearest_miss_has_its_figures(house: House, sit_down: SitDown) -> None:
    seat = sit_down(house.write("damaged_too_late"))
    nearest = seat.find(".finding-nearest").first
    expect(nearest).to_contain_text("Damaged or wrong")
    expect(nearest.locator(".comparison-false")).to_have_text(
        "Delivered 62 days ago, limit 60: 2 days late"
    )
    expect(seat.find("#fold-why")).to_contain_text("Exchange")


def test_who_may_only_look_sees_everything_and_can_press_nothing(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("gift_card_and_card")
    seat = sit_down(ticket, LIGHT_AGENT)
    expect(seat.verdict).to_have_text("Eligible")
    expect(seat.pay).to_contain_text("Refund $56.16")
    expect(seat.pay).to_be_disabled()
    expect(seat.find("#why-not")).to_have_text(
        "Your role may look but not refund. An agent can release this amount."
    )
    expect(seat.find("#fold-why")).to_have_count(1)
    for acting in ("[data-action=refresh]", "#fold-part", "#fold-fields", "#search-text"):
        expect(seat.find(acting)).to_have_count(0)
    # The browser's word counts for nothing: the server asks the helpdesk for the role.
    refused = seat.frame.evaluate(
        """async (url) => (await fetch(url, {method: 'POST', body: '{}',
            headers: {'Content-Type': 'application/json'}})).status""",
        f"/api/v1/cases/{seat.panel.get_attribute('data-case')}/refresh",
    )
    seat.watch.expect("status of 401")
    assert refused == 401
    assert house.refunds(ticket.order) == []


def test_over_500_an_agent_is_told_who_and_the_team_lead_can(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("over_500")
    seat = sit_down(ticket, AGENT)
    expect(seat.pay).to_have_text("Ask a team lead to release $702.00")
    expect(seat.find(".why-not")).to_have_text("A team lead can release this amount.")
    lead = sit_down(ticket, TEAM_LEAD)
    expect(lead.pay).to_be_enabled()
    lead.pay.click()
    lead.expect_settled("$702.00")
    assert house.refunds(ticket.order) == [Decimal("702.00")]


def test_over_2000_even_a_team_lead_is_told_who(house: House, sit_down: SitDown) -> None:
    seat = sit_down(house.write("over_2000"), TEAM_LEAD)
    expect(seat.pay).to_have_text("Ask a manager to release $2,592.00")
    expect(seat.find(".why-not")).to_have_text("A manager can release this amount.")


def test_not_about_a_refund_is_quiet_until_an_agent_says_otherwise(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("invoice")
    seat = sit_down(ticket)
    expect(seat.verdict).to_have_text("Not about a refund")
    expect(seat.find(".card")).to_have_count(0)
    assert house.notes(ticket) == []
    seat.find("[data-action=triage]").click()
    expect(seat.find(".order h2")).to_have_text(ticket.order)
    house.wait(lambda: house.notes(ticket), "the note of the case started by hand")
    expect(seat.unfold("history")).to_contain_text("Started the case by hand")


def test_several_orders_are_chosen_among_by_keyboard(house: House, sit_down: SitDown) -> None:
    ticket = house.write("several_orders_none_named")
    jug, glass = ticket.scene.order_names
    seat = sit_down(ticket)
    expect(seat.verdict).to_have_text("Choose the order")
    expect(seat.find(".candidate")).to_have_count(2)
    use = seat.find(".choose [type=submit]")
    expect(use).to_be_disabled()
    keyboard = seat.page.keyboard
    seat.find(".candidate input").first.focus()
    keyboard.press("ArrowDown")

    chosen = seat.find(".candidate:has(:checked) strong")
    expect(chosen).to_have_text(jug)
    keyboard.press("Enter")
    expect(seat.verdict).to_have_text("Eligible")
    expect(seat.find(".order h2")).to_have_text(jug)
    expect(seat.find(".order")).to_contain_text("Chosen by hand")
    expect(seat.pay).to_contain_text("Refund $19.44")
    house.wait(lambda: len(house.notes(ticket)) == 2, "the note about the chosen order")
    assert "chosen by hand" in house.notes(ticket)[1]
    expect(seat.page.locator(".comment.note").last).to_contain_text("chosen by hand")
    assert house.refunds(jug) == house.refunds(glass) == []


def test_an_order_is_looked_for_by_its_number(house: House, sit_down: SitDown) -> None:
    ticket = house.write("number_of_a_stranger")
    seat = sit_down(ticket)
    expect(seat.verdict).to_have_text("No order found")
    expect(seat.reason).to_contain_text("isn't this requester's order")
    search = seat.find(".search")
    search.locator("input").fill("#999999")
    search.locator("input").press("Enter")
    expect(search.locator("[data-found]")).to_have_text("No order has exactly this number.")
    search.locator("input").fill(ticket.order)
    search.locator("input").press("Enter")
    expect(search.locator(".card strong")).to_have_text(ticket.order)
    search.locator(".card button").click()
    expect(seat.find(".order")).to_contain_text("Chosen by hand")
    history = seat.unfold("history")
    expect(history).to_contain_text("Searched for an order")
    expect(history).to_contain_text("Chose the order by hand")


def test_fields_are_edited_in_place_and_saved_with_one_click(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("known_by_second_address")
    seat = sit_down(ticket)
    fields = seat.unfold("fields")
    fields.locator("[name=status]").select_option(label="Needs review")
    fields.locator("[name=amount]").fill("12.30")
    fields.locator("[name=reason]").select_option(label="Damaged")
    fields.locator("[name=refund_count]").fill("3")
    fields.locator("[name=last_refund_on]").fill("2026-05-04")
    fields.locator("[type=submit]").click()
    expect(seat.find("#live")).to_have_text("Saved.")
    expect(fields.locator("[name=amount]")).to_have_value("12.30")
    expect(fields.locator("[type=submit]")).to_be_focused()
    stored = house.field_values(ticket)
    assert Decimal(str(stored["Refund amount"])) == Decimal("12.30")
    assert stored["Refund status"] == "makegood_needs_review"
    assert stored["Refund reason"] == "makegood_reason_damaged"
    customer = house.customer_values(ticket)
    assert 3 in customer.values()
    assert any(str(value).startswith("2026-05-04") for value in customer.values())
    expect(seat.form_field("Refund status")).to_have_value("makegood_needs_review")
    expect(seat.form_field("Refund amount")).to_have_value("12.30")
    expect(seat.form_field("Refund reason")).to_have_value("makegood_reason_damaged")
