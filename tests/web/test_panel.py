"""The panel: one fragment for every state a ticket can be in, with nothing in it that runs."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from app.domain.case import Case
from app.domain.errors import OutcomeUnknown, Rejected, Unavailable
from app.domain.money import Money
from app.domain.order import TransactionStatus
from tests.support.fakes import NOON, World, make_line, make_order
from tests.web.conftest import Desk, Person

SHIRT = make_line(1, "Linen shirt", "48.60")


def panel(person: Person, ticket_id: str = "501", query: str = "") -> str:
    person.get("/api/v1/me")
    answer = person.get(f"/sidebar/tickets/{ticket_id}{query}")
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert "Set-Cookie" not in answer.headers
    return answer.text


def code(html: str) -> str:
    found = re.search(r'data-code="(\w+)"', html)
    assert found is not None
    return found[1]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


def money_buttons(html: str) -> list[str]:
    """Labels of buttons that would move money when clicked."""
    found = re.findall(r'<button[^>]*data-action="refund"[^>]*data-plan="[^"]+"[^>]*>([^<]*)', html)
    return [label.strip() for label in found]


def start_refund(person: Person, ticket_id: str = "501") -> str:
    html = panel(person, ticket_id)
    token = re.search(r'data-plan="([^"]+)"', html)
    assert token is not None
    answer = person.post("/api/v1/refunds", {"plan": token[1]})
    assert answer.json is not None
    return str(answer.json["id"])


def test_eligible(agent: Person, eligible: Case) -> None:
    html = panel(agent)
    assert code(html) == "eligible"
    assert money_buttons(html) == ["Refund $60.00 to Visa •••• 4242"]
    said = words(html)
    for expected in ("#1042", "Linden & Vale".replace("&", "&amp;"), "Delivered within 30 days"):
        assert expected in said
    assert "The store's figure agrees" in said
    assert "Change items, amount or method…" in said


def test_amounts_and_dates_in_the_readers_way(agent: Person, eligible: Case) -> None:
    html = panel(agent, query="?locale=de&tz=Europe/Berlin")
    assert money_buttons(html) == ["Refund 60,00\xa0$ to Visa •••• 4242"]
    assert "02.11.2026" in html
    assert "Figures from 13:03" in words(html)


@pytest.mark.parametrize("query", ["?locale=xx&tz=Nowhere/Else", "?locale=%00&tz=../../etc/passwd"])
def test_an_unknown_locale_or_zone_is_no_error(agent: Person, eligible: Case, query: str) -> None:
    assert money_buttons(panel(agent, query=query)) == ["Refund $60.00 to Visa •••• 4242"]


def test_the_role_must_be_known_before_the_button_is_on(agent: Person, eligible: Case) -> None:
    html = agent.get("/sidebar/tickets/501").text
    assert 'data-needs-role="yes"' in html
    assert money_buttons(html) == []
    assert "Checking what you may release" in words(html)


def test_who_may_only_look_sees_no_way_to_act(onlooker: Person, eligible: Case) -> None:
    html = panel(onlooker)
    assert money_buttons(html) == []
    assert "Your role may look but not refund" in words(html)
    assert not re.search(r'data-action="(?!refund")', html)


def test_not_eligible_names_the_nearest_miss(agent: Person, world: World, desk: Desk) -> None:
    late = SHIRT.model_copy(update={"delivered_at": NOON - timedelta(days=32)})
    world.add_order(make_order("#1", (late,)))
    desk.receive("501", "refund")
    html = panel(agent)
    assert code(html) == "not_eligible"
    assert money_buttons(html) == []
    assert "2 days late" in words(html)
    assert "finding-nearest" in html


def test_needs_review_says_what_is_not_known(agent: Person, world: World, desk: Desk) -> None:
    unsure = SHIRT.model_copy(update={"delivered_at": None, "was_shipped": None})
    world.add_order(make_order("#1", (unsure,)))
    desk.receive("501", "refund")
    html = panel(agent)
    assert code(html) == "needs_review"
    assert money_buttons(html) == []
    assert "Not known" in words(html)


def test_several_orders_are_offered_and_none_is_picked(
    agent: Person, world: World, desk: Desk
) -> None:
    for name in ("#1", "#2"):
        world.add_order(make_order(name, (SHIRT,)))
    desk.receive("501", "refund")
    html = panel(agent)
    assert code(html) == "choose"
    assert html.count('type="radio"') == 2
    assert " checked" not in html
    assert "recorded with your name" in words(html)


def test_no_order_says_what_was_tried(agent: Person, desk: Desk) -> None:
    desk.receive("501", "refund for #9999")
    html = panel(agent)
    assert code(html) == "none"
    assert "order #9999" in words(html)
    assert 'data-action="search"' in html


def test_a_store_that_does_not_answer(agent: Person, world: World, desk: Desk) -> None:
    world.store.fault = Rejected("no answer", vendor="shopify", operation="find orders")
    desk.receive("501", "refund")
    html = panel(agent)
    assert code(html) == "unavailable"
    assert money_buttons(html) == []
    assert 'data-action="refresh"' in html


def test_tickets_that_are_no_case(agent: Person, desk: Desk) -> None:
    assert code(panel(agent, "77")) == "not_read"
    desk.receive("78", "where is my parcel?")
    assert code(panel(agent, "78")) == "not_refund"


def test_figures_that_differ_turn_the_button_off(agent: Person, world: World, desk: Desk) -> None:
    world.add_order(make_order("#1", (SHIRT,), skew=Money.of("-2.00", "USD")))
    desk.receive("501", "refund")
    html = panel(agent)
    assert code(html) == "held_back"
    assert money_buttons(html) == []
    assert "The store says $46.60" in words(html)


def test_a_manual_payment_is_only_recorded(agent: Person, world: World, desk: Desk) -> None:
    world.add_order(make_order("#1", (SHIRT,), payment="Bank transfer", is_manual=True))
    desk.receive("501", "refund")
    assert money_buttons(panel(agent)) == ["Record $48.60, pay by hand"]
    refund = start_refund(agent)
    desk.work(refund)
    said = words(panel(agent))
    assert "recorded, not paid" in said
    assert "Somebody must pay $48.60 by hand" in said


def test_an_amount_above_the_tier_says_who_may(agent: Person, world: World, desk: Desk) -> None:
    world.add_order(make_order("#1", (make_line(1, "Walnut desk", "1240.00"),)))
    desk.receive("501", "refund")
    html = panel(agent)
    assert money_buttons(html) == []
    assert "A team lead can release this amount." in words(html)


def test_holding_can_be_cancelled(agent: Person, eligible: Case) -> None:
    start_refund(agent)
    html = panel(agent)
    assert code(html) == "holding"
    assert 'data-hold-ms="5000"' in html
    assert 'data-action="cancel"' in html
    assert money_buttons(html) == []
    assert "Nothing was sent yet" in words(html)


AFTER_SENDING: list[tuple[TransactionStatus | Exception, str, str]] = [
    (TransactionStatus.SUCCESS, "settled", "$60.00 refunded"),
    (TransactionStatus.PENDING, "pending", "Don't refund it again"),
    (TransactionStatus.FAILED, "failed", "No money moved"),
    (Rejected("too old", vendor="shopify", operation="r"), "failed", "No money moved"),
    (OutcomeUnknown("?", vendor="shopify", operation="r"), "unknown", "Money may have moved"),
    (Unavailable("down", vendor="shopify", operation="r"), "unknown", "Money may have moved"),
]


@pytest.mark.parametrize(("answer", "expected", "sentence"), AFTER_SENDING)
def test_what_became_of_it(
    agent: Person,
    eligible: Case,
    world: World,
    desk: Desk,
    answer: TransactionStatus | Exception,
    expected: str,
    sentence: str,
) -> None:
    refund = start_refund(agent)
    world.store.answer = answer
    desk.work(refund)
    html = panel(agent)
    assert code(html) == expected
    assert sentence.lower() in words(html).lower()
    if expected in {"pending", "unknown"}:
        assert money_buttons(html) == []
        assert 'data-action="part"' not in html


def test_a_cancelled_refund_needs_a_fresh_look(agent: Person, eligible: Case) -> None:
    refund = start_refund(agent)
    agent.post(f"/api/v1/refunds/{refund}/cancel")
    html = panel(agent)
    assert code(html) == "eligible"
    assert money_buttons(html) == []
    assert "Check again to refund" in words(html)
    agent.post(f"/api/v1/cases/{eligible.id}/refresh")
    assert money_buttons(panel(agent)) == ["Refund $60.00 to Visa •••• 4242"]


def test_fields_are_proposed(agent: Person, eligible: Case) -> None:
    html = panel(agent)
    assert re.search(r'<option value="eligible" selected>', html)
    assert re.search(r'name="amount" data-currency="USD"[^>]*value="60.00"', html)
    assert re.search(r'name="refund_count"[^>]*value="0"', html)


def test_history_names_people(agent: Person, lead: Person, eligible: Case, desk: Desk) -> None:
    desk.work(start_refund(agent))
    assert "You · " in words(panel(agent))
    assert "Noor Haddad · " in words(panel(lead))
    assert "The store paid it back" in words(panel(lead))


EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"


@pytest.mark.parametrize("place", ["line", "order", "payment"])
def test_what_stores_and_customers_write_is_only_text(
    agent: Person, world: World, desk: Desk, place: str
) -> None:
    line = make_line(1, EVIL if place == "line" else "Shirt", "48.60")
    payment = EVIL if place == "payment" else "Visa"
    order = make_order("#1", (line,), payment=payment)
    if place == "order":
        order = order.model_copy(update={"name": EVIL})
    world.add_order(order)
    desk.receive("501", "refund")
    html = panel(agent)
    assert "<script" not in html
    assert "<img" not in html
    assert "{{7*7}}" in html
    assert dangers(html) == []


def dangers(html: str) -> list[str]:
    """Tags and attributes that run something, as a browser's parser sees them."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            names = [name for name, value in attributes if name.startswith("on")]
            found.extend(names + ([tag] if tag in {"script", "img", "iframe", "base"} else []))

    Reader().feed(html)
    return found


def test_an_order_link_is_only_a_web_address(agent: Person, world: World, desk: Desk) -> None:
    order = make_order("#1", (SHIRT,), admin_url="javascript:alert(1)")
    world.add_order(order)
    desk.receive("501", "refund")
    assert "javascript:" not in panel(agent)


def test_ids_and_forms_of_the_panel_are_whole(agent: Person, eligible: Case) -> None:
    html = panel(agent)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert "style=" not in html
    for control in re.findall(r"<(?:input|select)[^>]*>", html):
        named = "aria-label" in control or "id=" in control or "name=" in control
        assert named or "data-notify" in control or "data-shipping" in control, control


def test_server_timing_tells_where_the_time_went(agent: Person, eligible: Case) -> None:
    agent.get("/api/v1/me")
    header = agent.get("/sidebar/tickets/501").headers["Server-Timing"]
    assert re.fullmatch(r"db;dur=\d+\.\d, draw;dur=\d+\.\d", header)


def mirror_of(html: str) -> dict[str, Any]:
    found = re.search(r'data-mirror="([^"]*)"', html)
    assert found is not None
    mirror: dict[str, Any] = json.loads(unescape(found[1]))
    return mirror


def test_the_open_form_is_told_what_to_show(agent: Person, eligible: Case, desk: Desk) -> None:
    path = "ticket.customField:custom_field_81"
    before = mirror_of(panel(agent))
    assert before["values"] == {path: "makegood_eligible"}
    desk.work(start_refund(agent))
    after = mirror_of(panel(agent))
    assert after["values"] == {path: "makegood_refunded"}
    assert {"makegood_checked", "makegood_refunded"} <= set(after["add_tags"])
    assert "makegood_eligible" in after["remove_tags"]
    assert not set(after["add_tags"]) & set(after["remove_tags"])
