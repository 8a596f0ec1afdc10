"""A ticket that was read wrongly is put right in the sidebar, and team leads see how often."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.house import TEAM_LEAD, House
from tests.browser.readable import assert_contrast

pytestmark = pytest.mark.browser


def test_set_aside_taken_back_and_seen_by_a_team_lead(house: House, sit_down: SitDown) -> None:
    seat = sit_down(house.write("several_lines_discount_tax"), TEAM_LEAD)
    expect(seat.find(".words blockquote")).to_be_visible()
    seat.find("#fold-feedback summary").click()
    if folder := os.environ.get("LOOK_AT"):
        seat.page.screenshot(path=f"{folder}/panel.png", full_page=True)
    seat.find("button[data-action=aside]").click()
    expect(seat.panel).to_have_attribute("data-code", "set_aside", timeout=20_000)
    expect(seat.find("[data-plan]")).to_have_count(0)
    seat.find("button[data-action=reading]").click()
    expect(seat.verdict).to_have_text("How well tickets are read")
    expect(seat.find(".bars li").first).to_be_visible()
    assert_contrast(seat.frame, "light")
    if folder := os.environ.get("LOOK_AT"):
        seat.page.screenshot(path=f"{folder}/page.png", full_page=True)
    seat.find("button[data-action=ticket]").click()
    seat.find("button[data-action=triage]").click()
    expect(seat.panel).to_have_attribute("data-code", "eligible", timeout=20_000)
