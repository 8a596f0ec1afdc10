"""The card in the desk, pressed by agents; then the books of store and desk are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from integrations.helpdesks.kustomer.config import UserHeader
from integrations.helpdesks.kustomer.connect import Options
from integrations.sandbox.kustomer.model import User
from integrations.sandbox.kustomer.org import Switches
from tests.browser.sidebar import PanelPage, close_all
from tests.support.card_house import CardHouse, open_card_house
from tests.support.other_policy import another_policy

pytestmark = pytest.mark.browser
SETTLES_MS = 20_000


@pytest.fixture(scope="module")
def card_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardHouse]:
    with open_card_house(tmp_path_factory.mktemp("card")) as house:
        yield house


@pytest.fixture(autouse=True)
def as_it_was(card_house: CardHouse) -> Iterator[None]:
    """Each test changes what it wants about the org."""
    yield
    card_house.sandbox.org.switches = Switches()
    card_house.sandbox.faults.clear()
    card_house.connect(Options(user_header=UserHeader.CHECKED))


class Seat(PanelPage):
    """One agent before the desk, with our card beside the conversation."""

    def __init__(self, house: CardHouse, page: Page, agent: User) -> None:
        super().__init__(page, house.wait)
        self.house, self.agent = house, agent
        self.asked: list[str] = []
        ours = urlsplit(house.server.url).netloc
        page.on(
            "request",
            lambda one: self.asked.append(one.url) if urlsplit(one.url).netloc == ours else None,
        )

    def open(self, conversation_id: str | None) -> None:
        """The conversation in the desk, with the card's panel drawn and the role known."""
        self.show(self.house.sandbox.desk_url(conversation_id, self.agent.id))

    def expect_settled(self) -> None:
        expect(self.verdict).to_have_text("Refunded", timeout=SETTLES_MS)


SitDown = Callable[..., Seat]


@pytest.fixture
def sit_down(browser_context: BrowserContext, card_house: CardHouse) -> Iterator[SitDown]:
    """An agent opens a conversation."""
    seats: list[Seat] = []

    def opener(conversation_id: str | None, agent: User | None = None) -> Seat:
        page = browser_context.new_page()
        seat = Seat(card_house, page, agent or card_house.sandbox.agent)
        seats.append(seat)
        seat.open(conversation_id)
        return seat

    yield opener
    close_all(seats)


def who(house: CardHouse, conversation_id: str, action: str) -> list[str]:
    return [one.actor for one in house.history(conversation_id) if one.action == action]


def test_a_double_click_refunds_once_in_the_agents_own_name(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    conversation, order = card_house.write("48.60")
    seat = sit_down(conversation)
    expect(seat.verdict).to_have_text("Eligible")
    expect(seat.pay).to_contain_text("Refund $48.60")
    assert card_house.refunds(order) == []
    seat.pay.dblclick()
    seat.expect_settled()
    assert card_house.refunds(order) == ["48.60 USD"]
    assert who(card_house, conversation, "refund_requested") == [card_house.sandbox.agent.id]
    card_house.wait(lambda: len(card_house.sandbox.notes(conversation)) == 2, "the outcome's note")
    # The page itself asked for nothing but its own scripts.
    paths = {urlsplit(one).path for one in seat.asked}
    assert {path for path in paths if not path.startswith("/static/")} == {"/kustomer/card"}
    # What proved the agent is gone again.
    assert card_house.sandbox.org.kobjects == {}


def test_goods_that_have_to_come_back_are_said_to_be_back_in_the_card(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    deps, account = card_house.world.deps, card_house.account
    text = (
        'Otherwise refund the item once it has come back, because "Please send it back first.".\n'
        "Up to 500 an agent may refund alone; above that a manager.\n"
    )
    with another_policy(deps, account.id, "shopify", text):
        conversation, order = card_house.write("48.60")
        assert "48.60 USD once Item 1 has come back." in str(
            card_house.sandbox.notes(conversation)[0]
        )
        seat = sit_down(conversation)
        expect(seat.verdict).to_have_text("Eligible once it is back")
        expect(seat.pay).to_be_disabled()
        seat.find(".back [type=submit]").click()
        expect(seat.pay).to_be_enabled()
        expect(seat.find(".back")).to_contain_text("Came back: ")
        assert card_house.refunds(order) == []
        seat.pay.click()
        seat.expect_settled()
    assert card_house.refunds(order) == ["48.60 USD"]
    assert who(card_house, conversation, "return_said") == [card_house.sandbox.agent.id]


def test_who_may_only_look_sees_why_the_button_is_off(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    conversation, order = card_house.write("20.00")
    # A role that may write the sign-in, but doesn't answer customers.
    onlooker = card_house.sandbox.org.add_user(
        "Uma Reyes", "uma@example.com", ("org.permission.kobject.create",)
    )
    seat = sit_down(conversation, onlooker)
    expect(seat.find(".why-not")).to_contain_text("may look")
    expect(seat.pay).to_be_disabled()
    assert card_house.refunds(order) == []


def test_who_cannot_be_proven_may_look_and_no_more(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    conversation, order = card_house.write("21.00")
    seat = sit_down(conversation, card_house.sandbox.viewer)
    # Kustomer itself refuses to let this person write anything.
    seat.watch.expect("status of 403")
    expect(seat.find(".why-not")).to_contain_text("didn't confirm who you are")
    expect(seat.pay).to_be_disabled()
    assert card_house.refunds(order) == []


def test_without_headers_of_identity_the_proof_alone_suffices(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    card_house.sandbox.org.switches.identity_headers = "absent"
    conversation, order = card_house.write("22.00")
    seat = sit_down(conversation, card_house.sandbox.team_lead)
    seat.pay.click()
    seat.expect_settled()
    assert card_house.refunds(order) == ["22.00 USD"]
    assert who(card_house, conversation, "refund_requested") == [card_house.sandbox.team_lead.id]


def test_a_trusted_header_suffices_where_nothing_can_be_written(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    card_house.connect(Options(user_header=UserHeader.TRUSTED))
    card_house.sandbox.faults.add("kobjects.create", "http_500", times=None)
    conversation, order = card_house.write("23.00")
    seat = sit_down(conversation)
    seat.watch.expect("status of 500")
    seat.pay.click()
    seat.expect_settled()
    assert card_house.refunds(order) == ["23.00 USD"]


def test_the_card_hands_the_token_in_where_commands_may_not(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    card_house.sandbox.org.switches.default_headers = "literal"
    conversation, order = card_house.write("24.00")
    seat = sit_down(conversation)
    seat.pay.click()
    seat.expect_settled()
    assert card_house.refunds(order) == ["24.00 USD"]


def test_a_late_answer_is_not_shown_beside_another_conversation(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    first, first_order = card_house.write("31.00", "first@example.com")
    second, second_order = card_house.write("32.00", "second@example.com")
    seat = sit_down(first)
    expect(seat.pay).to_contain_text("$31.00")
    card_house.sandbox.faults.add("commands.run", "slow", seconds=1.5)
    seat.find(".foot [data-action=refresh]").click()
    seat.page.locator(f"[data-id='{second}'], a[href*='{second}']").first.click()
    expect(seat.pay).to_contain_text("$32.00", timeout=SETTLES_MS)
    seat.page.wait_for_timeout(1800)
    expect(seat.pay).to_contain_text("$32.00")
    expect(seat.panel).to_have_attribute("data-ticket", second)
    seat.pay.click()
    seat.expect_settled()
    assert card_house.refunds(first_order) == []
    assert card_house.refunds(second_order) == ["32.00 USD"]


def test_a_lost_answer_to_the_click_shows_where_the_refund_stands(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    conversation, order = card_house.write("33.00")
    seat = sit_down(conversation)
    expect(seat.pay).to_be_enabled()
    seat.watch.expect("Failed to load")
    seat.watch.expect("net::")
    card_house.sandbox.faults.add("commands.run", "disconnect_after")
    seat.pay.click()
    seat.expect_settled()
    assert card_house.refunds(order) == ["33.00 USD"]


def test_without_a_conversation_the_card_says_so_and_comes_back(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    conversation, _ = card_house.write("34.00")
    seat = sit_down(conversation)
    seat.page.get_by_text("Collapse", exact=True).click()
    expect(seat.find("#notice")).to_contain_text("No conversation is open")
    expect(seat.panel).to_have_count(0)
    seat.page.get_by_text("Expand", exact=True).click()
    expect(seat.pay).to_contain_text("$34.00", timeout=SETTLES_MS)
    expect(seat.find("#notice")).to_be_empty()


def test_orders_kept_as_custom_objects_are_shown_beside_the_stores(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    card_house.connect(Options(order_klass="order"))
    conversation, _ = card_house.write("35.00")
    customer = card_house.sandbox.org.conversations[conversation].customer_id
    card_house.sandbox.add_kobject(
        "order", customer, title="Shop order 77", external_id="77", data={"orderTotal": "18.00 EUR"}
    )
    seat = sit_down(conversation)
    assert card_house.sandbox.calls.count("kobjects.of_customer") == 0
    seat.find("#fold-kept > summary").click()
    expect(seat.find("[data-kept-order]")).to_contain_text("Shop order 77")
    expect(seat.find("[data-kept-order] dl")).to_contain_text("18.00 EUR")
    expect(seat.find("[data-kept-order] button")).to_have_count(0)
    assert card_house.sandbox.calls.count("kobjects.of_customer") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_panel(
    card_house: CardHouse, sit_down: SitDown, scheme: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    conversation, _ = card_house.write("36.00")
    seat = sit_down(conversation)
    seat.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    seat.narrow(320)
    document = seat.frame
    assert document.evaluate("document.documentElement.scrollWidth") <= 320
    dark = document.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark is (scheme == "dark")


def test_four_eyes_hold_in_the_card_as_well(card_house: CardHouse, sit_down: SitDown) -> None:
    conversation, order = card_house.write("702.00")
    agent = sit_down(conversation)
    expect(agent.pay).to_contain_text("Ask a team lead")
    agent.find("form[data-action=ask] [type=submit]").click()
    expect(agent.verdict).to_have_text("Waiting for approval", timeout=SETTLES_MS)
    assert card_house.refunds(order) == []
    lead = sit_down(conversation, card_house.sandbox.team_lead)
    lead.find("summary").get_by_text("Approve $702.00").click()
    lead.find("button[data-action=approve]").click()
    lead.expect_settled()
    assert card_house.refunds(order) == ["702.00 USD"]
    assert who(card_house, conversation, "refund_requested") != [card_house.sandbox.team_lead.id]
    agent.expect_settled()
    # The queue is read in the card itself, by commands.
    lead.find("button.to-queue").click()
    expect(lead.find("button.choice").first).to_be_visible()
    for seat in (agent, lead):
        paths = {urlsplit(one).path for one in seat.asked}
        assert {one for one in paths if not one.startswith("/static/")} == {"/kustomer/card"}


def test_the_queue_as_a_page_goes_through_the_card(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    conversation, order = card_house.write("703.00")
    agent = sit_down(conversation)
    agent.find("form[data-action=ask] [type=submit]").click()
    expect(agent.verdict).to_have_text("Waiting for approval", timeout=SETTLES_MS)
    lead = sit_down(conversation, card_house.sandbox.team_lead)
    lead.find("button.to-queue").click()
    asked: list[str] = []
    lead.page.context.on("request", lambda one: asked.append(urlsplit(one.url).path))
    with lead.page.context.expect_page() as opened:
        lead.find("button[data-action=own_page]").click()
    page = opened.value
    mine = page.locator(".approval", has_text=f"$703.00 for {order.name}")
    mine.locator("summary", has_text="Approve $703.00").click()
    mine.get_by_role("button", name="Release $703.00 now").click()
    expect(page.locator(".notice")).to_contain_text("Approved: $703.00", timeout=SETTLES_MS)
    card_house.wait(lambda: card_house.refunds(order), "the refund")
    assert who(card_house, conversation, "approval_approved") == [card_house.sandbox.team_lead.id]
    # Neither card nor page called us by themselves; each look and act was a command.
    assert [path for path in asked if path.startswith(("/api/", "/sidebar/"))] == []
    # Without its card the page can't do anything, and says so.
    lead.page.close()
    page.locator("button.choice", has_text="All that wait").click()
    expect(page.locator("#notice")).to_contain_text("The card is closed")
    page.close()


def test_the_policys_page_goes_through_the_card_as_well(
    card_house: CardHouse, sit_down: SitDown
) -> None:
    conversation, _ = card_house.write("37.00")
    manager = sit_down(conversation, card_house.sandbox.admin)
    manager.find("#fold-why > summary").click()
    with manager.page.context.expect_page() as opened:
        manager.find("button[data-page='/policy']").click()
    page = opened.value
    text = page.get_by_label("The policy, in plain English")
    page.get_by_role("button", name="Start a new version").click()
    # The first text that a process reads makes its grammar ready, which takes a while.
    expect(text).not_to_have_attribute("readonly", "", timeout=60_000)
    page.close()
