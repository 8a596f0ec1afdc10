"""Two people of different tiers press it: asking, approving, declining, withdrawing, and each
refusal. Afterwards the store's own books are read."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.house import ADMIN, AGENT, TEAM_LEAD, House
from tests.browser.sidebar import Seat

pytestmark = pytest.mark.browser


def _ask(seat: Seat, reason: str = "") -> None:
    """Ask for the plan that the ticket proposes."""
    if reason:
        seat.find(".ask textarea").fill(reason)
    seat.find("form[data-action=ask] [type=submit]").click()
    expect(seat.verdict).to_have_text("Waiting for approval")


def test_an_agent_asks_and_a_team_lead_approves(house: House, sit_down: SitDown) -> None:
    ticket = house.write("over_500")
    agent = sit_down(ticket)
    expect(agent.pay).to_have_text("Ask a team lead to release $702.00")
    expect(agent.find(".ask textarea")).to_have_value(re.compile("^Changed mind. Delivered"))
    _ask(agent, "The desk doesn't fit; a loyal customer")
    expect(agent.told).to_contain_text("Asked: $702.00")
    expect(agent.find(".approval")).to_contain_text("Waiting for a team lead since")
    expect(agent.find(".approval")).to_contain_text("a loyal customer")
    expect(agent.find("button[data-action=approve]")).to_have_count(0)
    expect(agent.form_field("Refund status")).to_have_value("makegood_awaiting_approval")
    assert house.refunds(ticket.order) == []
    house.wait(lambda: len(house.notes(ticket)) == 2, "the note about the request")
    assert house.notes(ticket)[1].startswith("Approval needed: refund of 702.00 USD")
    lead = sit_down(ticket, TEAM_LEAD)
    expect(lead.find("button[data-action=withdraw]")).to_have_count(0)
    lead.find("summary", has_text="Approve $702.00").click()
    lead.find("button[data-action=approve]").click()
    lead.expect_settled("$702.00")
    assert house.refunds(ticket.order) == [Decimal("702.00")]
    agent.expect_settled("$702.00")
    house.wait(lambda: len(house.notes(ticket)) == 4, "the notes about approval and outcome")
    assert house.notes(ticket)[2].startswith("Approved: refund of 702.00 USD")


def test_the_queue_is_decided_from_in_the_frame(house: House, sit_down: SitDown) -> None:
    tickets = [house.write("over_500") for _ in range(2)]
    for ticket in tickets:
        _ask(sit_down(ticket))
    lead = sit_down(tickets[0], TEAM_LEAD)
    expect(lead.find("button.to-queue")).to_contain_text("Approvals (")
    lead.find("button.to-queue").click()
    mine = [
        lead.find(".approval", has=lead.page.get_by_role("heading", name=re.compile(one.order)))
        for one in tickets
    ]
    expect(mine[0]).to_contain_text("Asked by")
    expect(mine[0]).to_contain_text("Oak desk")
    mine[0].get_by_text("Evidence").click()
    expect(mine[0]).to_contain_text("Customer's refunds so far")
    mine[0].locator("summary", has_text="Decline…").click()
    # A reason is needed: the browser says so, and nothing is sent.
    mine[0].get_by_role("button", name="Decline", exact=True).click()
    expect(mine[0]).to_have_count(1)
    mine[0].get_by_label("Why? Mira Holt reads this").fill("Please send a photo first")
    mine[0].get_by_role("button", name="Decline", exact=True).click()
    expect(lead.told).to_contain_text("Declined: $702.00")
    expect(mine[0]).to_have_count(0)
    mine[1].locator("summary", has_text="Approve $702.00").click()
    mine[1].get_by_role("button", name="Release $702.00 now").click()
    expect(lead.told).to_contain_text("Approved: $702.00")
    house.wait(lambda: house.refunds(tickets[1].order), "the refund")
    assert house.refunds(tickets[0].order) == []
    lead.find("button.choice", has_text="Decided lately").click()
    expect(mine[0]).to_contain_text("Please send a photo first")
    lead.find("button[data-action=ticket]").click()
    expect(lead.find(".refund")).to_contain_text("Declined by Dario Venn: Please send a photo")
    house.wait(lambda: len(house.notes(tickets[0])) == 3, "the note about the refusal")
    assert "Please send a photo first" in house.notes(tickets[0])[2]
    assert house.field_values(tickets[0])["Refund status"] == "makegood_declined"


def test_the_requester_withdraws_and_asks_again(house: House, sit_down: SitDown) -> None:
    ticket = house.write("over_500")
    agent = sit_down(ticket)
    _ask(agent)
    agent.find("button[data-action=withdraw]").click()
    expect(agent.told).to_contain_text("Withdrawn: $702.00")
    agent.find("button[data-action=refresh]").first.click()
    _ask(agent)
    assert house.refunds(ticket.order) == []


def test_each_tier_is_told_what_it_may_not(house: House, sit_down: SitDown) -> None:
    ticket = house.write("over_2000")
    lead = sit_down(ticket, TEAM_LEAD)
    expect(lead.pay).to_have_text("Ask a manager to release $2,592.00")
    _ask(lead)
    # The requester may not decide about it, nor may somebody of a lower tier.
    expect(lead.find(".decide")).to_have_count(0)
    agent = sit_down(ticket, AGENT)
    expect(agent.find(".approval .why-not")).to_have_text(
        "To decide about this amount, a manager is needed; you are an agent."
    )
    expect(agent.find(".decide")).to_have_count(0)
    expect(agent.find("button[data-action=withdraw]")).to_have_count(0)
    manager = sit_down(ticket, ADMIN)
    manager.find("summary", has_text="Approve $2,592.00").click()
    manager.find("button[data-action=approve]").click()
    manager.expect_settled("$2,592.00")
    assert house.refunds(ticket.order) == [Decimal("2592.00")]


def test_a_changed_order_voids_the_request_and_says_what_changed(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("over_500")
    _ask(sit_down(ticket))
    lead = sit_down(ticket, TEAM_LEAD)
    lead.watch.expect("status of 409")
    house.refund_by_hand(ticket.order, "50.00")
    lead.find("summary", has_text="Approve $702.00").click()
    lead.find("button[data-action=approve]").click()
    expect(lead.told).to_contain_text("Nothing was released: the order changed")
    expect(lead.find(".decide")).to_have_count(0)
    house.wait(lambda: len(house.notes(ticket)) == 3, "the note about what changed")
    assert house.notes(ticket)[2].startswith("Request void: refund of 702.00 USD")
    assert house.refunds(ticket.order) == [Decimal("50.00")]


def test_the_page_of_its_own_takes_the_session_from_the_sidebar(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("over_500")
    _ask(sit_down(ticket))
    lead = sit_down(ticket, TEAM_LEAD)
    lead.find("button.to-queue").click()
    with lead.page.context.expect_page() as opened:
        lead.find("button[data-action=own_page]").click()
    page: Page = opened.value
    mine = page.locator(".approval", has=page.get_by_role("heading", name=re.compile(ticket.order)))
    expect(mine).to_contain_text("Waiting for a team lead since")
    assert "session" not in page.url
    page.reload()
    expect(mine).to_contain_text("Waiting for a team lead since")
    mine.locator("summary", has_text="Approve $702.00").click()
    mine.get_by_role("button", name="Release $702.00 now").click()
    expect(page.locator(".notice")).to_contain_text("Approved: $702.00")
    house.wait(lambda: house.refunds(ticket.order), "the refund")
    page.close()


def test_the_page_alone_says_how_to_open_it(house: House, sit_down: SitDown) -> None:
    seat = sit_down(house.write("over_500"))
    page = seat.page.context.new_page()
    page.goto(f"{house.stage.url}/approvals")
    expect(page.locator("#notice")).to_contain_text("Open this page from your helpdesk")
    page.close()


def test_a_lead_lends_authority_for_days(house: House, sit_down: SitDown) -> None:
    ticket = house.write("over_2000")
    lead = sit_down(ticket, TEAM_LEAD)
    _ask(lead)
    manager = sit_down(ticket, ADMIN)
    manager.find("button.to-queue").click()
    manager.unfold("lend")
    form = manager.find("form[data-action=lend]")
    form.get_by_label("Who stands in").select_option(label="Mira Holt")
    form.get_by_role("button", name="Lend my authority").click()
    expect(manager.find(".lent")).to_contain_text("Mira Holt for Ines Okafor")
    agent = sit_down(ticket, AGENT)
    expect(agent.find("summary", has_text="Approve $2,592.00")).to_be_visible()
    manager.find("button[data-action=end_lend]").click()
    expect(manager.find(".lent")).to_have_count(0)
    agent.watch.expect("status of 403")
    agent.find("summary", has_text="Approve $2,592.00").click()
    agent.find("button[data-action=approve]").click()
    expect(agent.told).to_contain_text("a manager is needed")
    assert house.refunds(ticket.order) == []
