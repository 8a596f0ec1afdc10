"""Every refusal about an approval, as the person in question meets it: the button isn't there, what
is pressed all the same is refused in words, and the store's books stay as they were.

Each is tried in the page, then once more at the interface without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from app.cli.agents import zendesk_session
from app.domain.approval import Delegation
from app.domain.people import Tier
from tests.browser.conftest import SitDown
from tests.browser.house import ADMIN, AGENT, LIGHT_AGENT, TEAM_LEAD, House, Written
from tests.browser.readable import assert_page_readable, assert_readable
from tests.browser.sidebar import FORCE, HAND_OVER, Seat, Watch

pytestmark = pytest.mark.browser

# Mira Holt's other account: another address for people, the same mailbox.
SECOND_ACCOUNT = "Mira.Holt+lead@example.com"
COLLEAGUE = "tove.lund@example.com"
MONEY = "Your click moved no money."


@dataclass(frozen=True)
class Waiting:
    """A request of Mira Holt's for 702.00, which takes a team lead."""

    ticket: Written
    id: str


@pytest.fixture(scope="module")
def waiting(house: House) -> Waiting:
    house.hire("Mira Holt (lead)", SECOND_ACCOUNT, "admin")
    house.hire("Tove Lund", COLLEAGUE)
    ticket = house.write("over_500")
    return Waiting(ticket, house.ask(ticket, AGENT))


def refused(place: Seat | Page, title: str, why: str, next_step: str, money: str = MONEY) -> None:
    """What was refused, why, whether money moved and what to do next: in one notice."""
    notice: Locator = place.told if isinstance(place, Seat) else place.locator(".notice")
    # Pressed in a request's card, the notice names the request: the card may be gone by then.
    expect(notice.get_by_role("heading")).to_have_text(
        re.compile(rf"^{re.escape(title)}(: \$[\d,.]+ for #\d+)?$")
    )
    expect(notice).to_contain_text(why)
    expect(notice).to_contain_text(f"{money} {next_step}".strip())


def at_the_interface(
    house: House, email: str, waiting: Waiting, act: str, body: dict[str, Any] | None = None
) -> tuple[int, str]:
    """Status and sentence of the same call without the page."""
    path = f"/api/v1/approvals/{waiting.id}/{act}"
    answer = house.sidebar(email).call("POST", str(waiting.ticket.id), path, body or {})
    assert answer.json()["money_moved"] == "no"
    return answer.status_code, answer.json()["detail"]


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (AGENT, "You asked for this yourself: somebody else has to decide."),
        (
            SECOND_ACCOUNT,
            "You asked for this yourself, as Mira Holt with the same e-mail address: somebody else "
            "has to decide.",
        ),
        (LIGHT_AGENT, "Your role (Light agent) may look, but not decide about requests."),
        (COLLEAGUE, "To decide about this amount, a team lead is needed; you are an agent."),
    ],
    ids=["requester", "second account", "look only", "tier too low"],
)
def test_who_may_not_decide(
    house: House, sit_down: SitDown, waiting: Waiting, who: str, why: str
) -> None:
    seat = sit_down(waiting.ticket, who)
    seat.watch.expect("status of 403")
    expect(seat.find(".approval")).to_contain_text(why)
    expect(seat.find(".decide")).to_have_count(0)
    for act, title in (("approve", "Not approved"), ("deny", "Not declined")):
        seat.force(act, waiting.id, "No photo")
        refused(seat, title, why, "Ask somebody who may.")
        found = at_the_interface(
            house, who, waiting, act, {"reason": "No"} if act == "deny" else {}
        )
        assert found == (403, why)
    assert_readable(seat)
    assert house.approval(waiting.id).is_open
    assert house.refunds(waiting.ticket.order) == []
    if who == LIGHT_AGENT:
        expect(seat.find("button.to-queue")).to_have_count(0)
        return
    # The queue offers it no more than the ticket does.
    seat.find("button.to-queue").click()
    seat.find("button.choice", has_text="All that wait").click()
    entry = seat.find(f".approval[data-approval={waiting.id}]")
    expect(entry).to_contain_text(why)
    expect(entry.locator("[data-action=approve], [data-action=deny]")).to_have_count(0)


def test_only_the_requester_withdraws(house: House, sit_down: SitDown, waiting: Waiting) -> None:
    lead = sit_down(waiting.ticket, TEAM_LEAD)
    lead.watch.expect("status of 403")
    expect(lead.find("[data-action=withdraw]")).to_have_count(0)
    lead.force("withdraw", waiting.id)
    why = "Only Mira Holt may withdraw this request. Whoever may release it can decline it."
    refused(lead, "Not withdrawn", why, "Ask somebody who may.")
    assert at_the_interface(house, TEAM_LEAD, waiting, "withdraw") == (403, why)
    assert house.approval(waiting.id).is_open


def test_a_refusal_needs_a_reason(house: House, sit_down: SitDown, waiting: Waiting) -> None:
    lead = sit_down(waiting.ticket, TEAM_LEAD)
    lead.watch.expect("status of 422")
    lead.find("summary", has_text="Decline…").click()
    reason = lead.find(".decide textarea")
    lead.find(".decide").get_by_role("button", name="Decline", exact=True).click()
    # The browser itself holds it back.
    assert reason.evaluate("(one) => one.matches(':user-invalid')")
    expect(lead.told).to_have_count(0)
    # Blanks are something to a browser.
    reason.fill("   ")
    lead.find(".decide").get_by_role("button", name="Decline", exact=True).click()
    refused(lead, "Not declined", "A reason is needed.", "Correct it and try again.")
    # It is said where it was pressed, and what was written is still there.
    expect(lead.find(".approval .notice")).to_have_count(1)
    expect(reason).to_have_value("   ")
    assert at_the_interface(house, TEAM_LEAD, waiting, "deny", {"reason": " "}) == (
        422,
        "A reason is needed.",
    )
    assert house.approval(waiting.id).is_open


@pytest.fixture
def stranger(house: House) -> Iterator[str]:
    """The session of a manager in another installation, proven by a token for that one."""
    deps, account = house.stage.services.deps, house.stage.account
    now = deps.clock.now()
    config = {**account.config, "subdomain": "other"}
    other = account.model_copy(update={"id": "account_other", "name": "Other", "config": config})
    deps.accounts.save(other, "tests", now)
    manager = deps.helpdesk(account).read_agent(str(house.people[ADMIN]))
    deps.accounts.remember_agent(other.id, manager, now)
    installation = account.config["installation_id"]
    claims = {
        "iss": "other.zendesk.com",
        "aud": f"https://other.zendesk.com/api/v2/apps/installations/{installation}.json",
    }
    asked = {"agent": ADMIN, "claims": claims}
    token = house.stage.zendesk.post("sidebar-token", asked)["token"]
    yield zendesk_session(house.stage.url, token)
    deps.accounts.save(other.model_copy(update={"is_active": False}), "tests", deps.clock.now())


def test_somebody_of_another_installation(
    house: House, browser_context: BrowserContext, waiting: Waiting, stranger: str
) -> None:
    opener = browser_context.new_page()
    opener.goto(f"{house.stage.url}/approvals")
    with browser_context.expect_page() as opened:
        opener.evaluate(HAND_OVER, ["/approvals", stranger])
    page = opened.value
    watch = Watch(page)
    watch.expect("status of 404")
    page.locator("button.choice", has_text="All that wait").click()
    expect(page.locator(".empty")).to_have_text("Nothing waits for approval.")
    for act, title in (
        ("approve", "Not approved"),
        ("deny", "Not declined"),
        ("withdraw", "Not withdrawn"),
    ):
        page.evaluate(FORCE, {"action": act, "approval": waiting.id, "reason": "No"})
        refused(page, title, "There is no such record", "Reload the app.")
    assert_page_readable(page)
    assert watch.unexpected() == []
    assert house.approval(waiting.id).is_open
    assert house.refunds(waiting.ticket.order) == []
    opener.close()
    page.close()


def test_a_request_that_somebody_else_has_answered(house: House, sit_down: SitDown) -> None:
    tickets = [house.write("over_500") for _ in range(2)]
    ids = [house.ask(ticket, AGENT) for ticket in tickets]
    manager = sit_down(tickets[0], ADMIN)
    manager.watch.expect("status of 409")
    manager.find("button.to-queue").click()
    lead = house.sidebar(TEAM_LEAD)
    nothing_left = "Nothing is left to decide. The ticket says what became of it."
    answers = [("approve", {}, "approved"), ("deny", {"reason": "No photo"}, "declined")]
    for ticket, one, (act, body, became) in zip(tickets, ids, answers, strict=True):
        entry = manager.find(f".approval[data-approval={one}]")
        entry.locator("summary", has_text="Approve $702.00").click()
        answer = lead.call("POST", str(ticket.id), f"/api/v1/approvals/{one}/{act}", body)
        assert answer.status_code == 200
        # The queue in the manager's hands is older than that.
        why = f"This request is closed: it was {became} by Dario Venn."
        entry.get_by_role("button", name="Release $702.00 now").click()
        refused(manager, f"Not approved: $702.00 for {ticket.order}", why, nothing_left)
        # It isn't offered any more; another request's button isn't in focus instead.
        expect(entry).to_have_count(0)
        assert manager.frame.evaluate("document.activeElement.dataset.action") is None
    manager.force("deny", ids[0], "Too late")
    why = "This request is closed: it was approved by Dario Venn."
    refused(manager, "Not declined", why, nothing_left)
    found = at_the_interface(house, ADMIN, Waiting(tickets[0], ids[0]), "approve")
    assert found == (409, why)
    house.wait(lambda: house.refunds(tickets[0].order), "the refund")
    assert [str(one) for one in house.refunds(tickets[0].order)] == ["702.00"]
    assert house.refunds(tickets[1].order) == []


def test_a_request_that_the_order_has_made_void(house: House, sit_down: SitDown) -> None:
    ticket = house.write("over_500")
    asked = Waiting(ticket, house.ask(ticket, AGENT))
    lead = sit_down(ticket, TEAM_LEAD)
    lead.watch.expect("status of 409")
    house.refund_by_hand(ticket.order, "50.00")
    lead.find("summary", has_text="Approve $702.00").click()
    lead.find("button[data-action=approve]").click()
    why = "Nothing was released: the order changed since this was asked."
    next_step = "Nothing is left to decide. It can be asked for again with the new figures."
    refused(lead, "Not approved", why, next_step)
    expect(lead.told).to_contain_text("50.00 USD")
    assert_readable(lead)
    expect(lead.find(".decide")).to_have_count(0)
    why = "This request is closed: it was voided, because the order changed."
    for act, title in (("approve", "Not approved"), ("deny", "Not declined")):
        lead.force(act, asked.id, "No")
        refused(lead, title, why, "Nothing is left to decide.")
    assert at_the_interface(house, ADMIN, asked, "approve") == (409, why)
    agent = sit_down(ticket, AGENT)
    agent.watch.expect("status of 409")
    agent.force("withdraw", asked.id)
    refused(agent, "Not withdrawn", why, "Nothing is left to decide.")
    assert [str(one) for one in house.refunds(ticket.order)] == ["50.00"]


def test_authority_that_was_lent_for_other_days(house: House, sit_down: SitDown) -> None:
    house.hire("Tove Lund", COLLEAGUE)
    ticket = house.write("over_2000")
    asked = Waiting(ticket, house.ask(ticket, TEAM_LEAD))
    deps, account = house.stage.services.deps, house.stage.account
    now = deps.clock.now()
    lent = [
        Delegation(
            id=f"delegation_{name}",
            account_id=account.id,
            from_id=str(house.people[ADMIN]),
            from_name="Ines Okafor",
            to_id=str(house.people[COLLEAGUE]),
            to_name="Tove Lund",
            tier=Tier.MANAGER,
            starts_at=now + timedelta(days=begins),
            ends_at=now + timedelta(days=begins + 1),
            created_at=now,
        )
        for name, begins in (("over", -2), ("to_come", 1))
    ]
    for one in lent:
        deps.delegations.add(one, "tests", now)
    seat = sit_down(ticket, COLLEAGUE)
    seat.watch.expect("status of 403")
    why = "To decide about this amount, a manager is needed; you are an agent."
    expect(seat.find(".approval")).to_contain_text(why)
    expect(seat.find(".decide")).to_have_count(0)
    seat.force("approve", asked.id)
    refused(seat, "Not approved", why, "Ask somebody who may.")
    assert at_the_interface(house, COLLEAGUE, asked, "approve") == (403, why)
    assert house.refunds(ticket.order) == []
    deps.delegations.end(lent[1], "tests", deps.clock.now())


def test_days_that_can_not_be_lent(house: House, sit_down: SitDown, waiting: Waiting) -> None:
    # A colleague can be chosen once they have opened Makegood.
    house.sidebar(COLLEAGUE)
    lead = sit_down(waiting.ticket, TEAM_LEAD)
    lead.watch.expect("status of 422")
    lead.find("button.to-queue").click()
    form = lead.unfold("lend").locator("form[data-action=lend]")
    form.get_by_label("Who stands in").select_option(label="Tove Lund")
    form.get_by_label("First day").fill("2026-01-01")
    form.get_by_label("Last day").fill("2026-01-02")
    form.get_by_role("button", name="Lend my authority").click()
    # The browser knows that a day is over; who gets around that is told by the server.
    expect(lead.told).to_have_count(0)
    form.evaluate("(one) => { one.noValidate = true; }")
    form.get_by_role("button", name="Lend my authority").click()
    next_step = "Correct it and try again."
    refused(lead, "Nothing was lent", "The last day is over already.", next_step, "")
    expect(lead.find("#fold-lend .notice")).to_be_visible()
    assert_readable(lead)
    form.get_by_label("Last day").fill("2025-12-31")
    form.get_by_role("button", name="Lend my authority").click()
    refused(lead, "Nothing was lent", "The last day lies before the first.", next_step, "")
    assert (
        house.stage.services.deps.delegations.present(
            house.stage.account.id, house.stage.services.deps.clock.now()
        )
        == []
    )
