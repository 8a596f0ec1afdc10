"""What an agent sees when the store, the connection or the session fails: words, and no money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Route, expect

from app.web.session import Signer
from tests.browser.conftest import SitDown
from tests.browser.house import AGENT, House
from tests.browser.sidebar import SETTLES_MS

pytestmark = pytest.mark.browser

_STORE_READS = ("DecisionContext", "RefundPreview")


@pytest.mark.parametrize("operation", _STORE_READS)
def test_a_store_that_is_down_is_said_and_no_money_moves(
    house: House, sit_down: SitDown, operation: str
) -> None:
    ticket = house.write("shipping_goes_back")
    seat = sit_down(ticket)
    seat.watch.expect("status of 503")
    with house.store_fault(operation, "http_503"):
        if operation == "DecisionContext":
            seat.press_until_told(seat.find(".foot [data-action=refresh]"), "No answer")
        else:
            seat.press_until_told(seat.unfold("part").locator("[type=submit]"), "No answer")
        expect(seat.notice).to_contain_text("Shopify gave no answer")
        expect(seat.notice).to_contain_text("No money moved. Try again in a moment.")
        assert operation not in seat.notice.inner_text()
    assert house.refunds(ticket.order) == []
    # The stored figures are still there, and the store is read again before money moves.
    expect(seat.pay.first).to_contain_text("Refund $40.93")
    seat.pay.first.click()
    seat.expect_settled("$40.93")
    expect(seat.notice).to_be_empty()
    assert house.refunds(ticket.order) == [Decimal("40.93")]


def test_an_answer_that_is_lost_is_looked_for_and_not_paid_twice(
    house: House, sit_down: SitDown
) -> None:
    ticket = house.write("not_shipped_with_codes")
    seat = sit_down(ticket)
    expect(seat.pay).to_contain_text("Refund $62.50")
    with (
        house.store_fault("RefundCreate", "timeout_after", times=1, seconds=0.3),
        house.store_fault("RefundFind", "slow", times=1, seconds=2.5),
    ):
        seat.pay.click()
        expect(seat.verdict).to_have_text("Check in the store", timeout=SETTLES_MS)
        expect(seat.reason).to_have_text("Not known whether $62.50 went back")
        expect(seat.find(".refund")).to_contain_text("Don't refund it again")
        expect(seat.pay).to_have_count(0)
        # It had been paid, and only the answer was lost.
        assert house.refunds(ticket.order) == [Decimal("62.50")]
        expect(seat.verdict).to_have_text("Refunded", timeout=60_000)
    assert house.refunds(ticket.order) == [Decimal("62.50")]
    expect(seat.unfold("history")).to_contain_text("The store's answer is missing")


def test_an_expired_session_is_said_and_a_reload_mends_it(house: House, sit_down: SitDown) -> None:
    ticket = house.write("tipped")
    seat = sit_down(ticket)
    seat.watch.expect("status of 401")
    old = _session_of(house, minutes_ago=house.stage.services.settings.session_minutes + 1)

    def hours_later(route: Route) -> None:
        route.continue_(headers={**route.request.headers, "authorization": f"Bearer {old}"})

    seat.page.route("**/api/v1/**", hours_later)
    seat.pay.click()
    expect(seat.notice).to_contain_text("Your session has expired")
    expect(seat.notice).to_contain_text("Reload the apps")
    expect(seat.panel).to_have_count(0)
    assert house.refunds(ticket.order) == []
    seat.page.unroute("**/api/v1/**")
    seat.page.locator("#reload-app").click()
    expect(seat.pay).to_contain_text("Refund $30.24")


def _session_of(house: House, minutes_ago: int) -> str:
    """A session as the server itself would have issued it at that time."""

    class Past:
        def now(self) -> datetime:
            return datetime.now(UTC) - timedelta(minutes=minutes_ago)

    settings = house.stage.services.settings
    signer = Signer(house.stage.services.session_keys, Past(), settings.session_minutes * 60)
    return signer.issue_session(house.stage.account.id, str(house.people[AGENT]), "1")


def test_offline_is_said_and_mends_itself(house: House, sit_down: SitDown) -> None:
    ticket = house.write("tipped")
    seat = sit_down(ticket)
    seat.watch.expect("ERR_INTERNET_DISCONNECTED")
    seat.page.context.set_offline(True)
    seat.pay.click()
    expect(seat.notice).to_contain_text("You are offline")
    seat.page.context.set_offline(False)
    expect(seat.notice).to_be_empty()
    expect(seat.pay).to_be_enabled()
    assert house.refunds(ticket.order) == []
