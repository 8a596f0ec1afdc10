"""The sidebar's interface: reading, choosing, searching, fields, deliveries, errors."""

from __future__ import annotations

import pytest

from app.domain.case import Case
from app.domain.errors import OutcomeUnknown, RateLimited, Rejected, Unavailable
from app.domain.money import Money
from app.records import DeliveryState
from tests.support.fakes import World, make_line, make_order
from tests.web.conftest import Desk, Person, body_of

UNKNOWN = OutcomeUnknown("no answer came", vendor="shopify", operation="refund")


# --- reading ------------------------------------------------------------------------------------


def test_a_ticket_with_its_plan(agent: Person, eligible: Case) -> None:
    agent.get("/api/v1/me")
    found = body_of(agent.get("/api/v1/tickets/501?locale=de"))
    assert found["status"] == "eligible"
    assert found["order"]["name"] == "#1042"
    plan = found["plan"]
    assert isinstance(plan, dict)
    assert plan["total"] == {"amount": "60.00", "currency": "USD"}
    assert plan["button"] == "Refund 60,00\xa0$ to Visa •••• 4242"
    assert plan["agrees"] is True
    assert plan["may_release"] is True
    assert found["mirror"] == {"ticket.customField:custom_field_81": "makegood_eligible"}


def test_reading_calls_no_vendor(agent: Person, eligible: Case, world: World) -> None:
    reads, agent_reads = world.store.reads, world.helpdesk.agent_reads
    agent.get("/api/v1/tickets/501")
    agent.get("/sidebar/tickets/501")
    assert (world.store.reads, world.helpdesk.agent_reads) == (reads, agent_reads)


def test_a_ticket_that_nobody_read(agent: Person) -> None:
    found = body_of(agent.get("/api/v1/tickets/77"))
    assert (found["is_triaged"], found["is_refund"], found["case_id"]) == (False, False, None)


def test_a_role_is_read_once_in_a_while(agent: Person, world: World) -> None:
    for _ in range(3):
        assert agent.get("/api/v1/me").status_code == 200
    assert world.helpdesk.agent_reads == 1
    world.clock.advance(16 * 60)
    agent.get("/api/v1/me")
    assert world.helpdesk.agent_reads == 2


# --- choosing and searching ---------------------------------------------------------------------


def test_an_order_is_searched_and_chosen_by_hand(agent: Person, world: World, desk: Desk) -> None:
    world.add_order(make_order("#3001", (make_line(1, "Candle", "18.00"),)), "else@example.com")
    desk.receive("503", "refund for #9999", "nobody@example.com")
    case = desk.case("503")
    assert body_of(agent.get("/api/v1/tickets/503"))["status"] == "no_order"
    found = body_of(agent.get(f"/api/v1/cases/{case.id}/orders?search=%233001"))["orders"]
    assert isinstance(found, list)
    assert [(order["name"], order["store"]) for order in found] == [("#3001", "Linden & Vale")]
    assert "else@example.com" not in agent.get(f"/api/v1/cases/{case.id}/orders?search=3001").text
    chosen = agent.post(
        f"/api/v1/cases/{case.id}/order",
        {"store_id": found[0]["store_id"], "order_id": found[0]["order_id"]},
    )
    assert (chosen.status_code, body_of(chosen)["status"]) == (200, "eligible")
    acts = [event["action"] for event in body_of(agent.get("/api/v1/tickets/503"))["history"]]
    assert "order_searched_by_hand" in acts
    assert "order_chosen" in acts


@pytest.mark.parametrize("query", ["", "?search=", "?search=%20", "?search=" + "9" * 65])
def test_a_search_needs_a_number(agent: Person, eligible: Case, query: str) -> None:
    assert agent.get(f"/api/v1/cases/{eligible.id}/orders{query}").status_code == 400


def test_an_order_or_store_that_is_not_there(agent: Person, eligible: Case) -> None:
    url = f"/api/v1/cases/{eligible.id}/order"
    wrong_order = agent.post(url, {"store_id": "store-1", "order_id": "order-0"})
    assert (wrong_order.status_code, body_of(wrong_order)["code"]) == (404, "vendor_not_found")
    wrong_store = agent.post(url, {"store_id": "store-9", "order_id": "order-1042"})
    assert wrong_store.status_code == 404


def test_a_case_is_started_by_hand(agent: Person, world: World) -> None:
    world.add_order(make_order("#1042", (make_line(1, "Candle", "18.00"),)))
    world.helpdesk.add_ticket("504", "it does not please me")
    answer = agent.post("/api/v1/tickets/504/triage")
    assert (answer.status_code, body_of(answer)["status"]) == (200, "eligible")
    assert agent.post("/api/v1/tickets/505/triage").status_code == 404


# --- fields -------------------------------------------------------------------------------------


def test_fields_are_saved_by_one_click(agent: Person, eligible: Case, world: World) -> None:
    answer = agent.put(
        f"/api/v1/cases/{eligible.id}/fields",
        {
            "ticket": {
                "reason": "damaged",
                "amount": {"amount": "12.50", "currency": "USD"},
            },
            "customer": {"refund_count": 2, "last_refund_on": "2026-11-19"},
        },
    )
    assert (answer.status_code, body_of(answer)["state"]) == (200, "sent")
    fields = world.helpdesk.written[-1].fields
    assert fields.reason == "damaged"
    assert fields.amount == Money.of("12.50", "USD")
    assert world.helpdesk.customers[-1][1].refund_count == 2


@pytest.mark.parametrize(
    "body",
    [
        {"ticket": {"status": "paid twice"}},
        {"ticket": {"amount": "12.50"}},
        {"ticket": {"amount": {"amount": "12.505", "currency": "USD"}}},
        {"ticket": {"order": "x" * 101}},
        {"customer": {"refund_count": -1}},
        {"customer": {"last_refund_on": "2026-13-40"}},
        {"other": {}},
    ],
)
def test_fields_that_cannot_be(agent: Person, eligible: Case, world: World, body: object) -> None:
    before = len(world.helpdesk.written)
    answer = agent.put(f"/api/v1/cases/{eligible.id}/fields", body)
    assert (answer.status_code, body_of(answer)["code"]) == (422, "invalid_body"), answer.text
    assert len(world.helpdesk.written) == before


# --- deliveries ---------------------------------------------------------------------------------


def test_a_parked_delivery_is_replayed_by_a_team_lead(
    agent: Person, lead: Person, stranger: Person, world: World, desk: Desk
) -> None:
    world.store.fault = Rejected("no", vendor="shopify", operation="find orders")
    world.helpdesk.fault = Rejected("broken", vendor="zendesk", operation="read a ticket")
    desk.receive("506", "refund please")
    world.helpdesk.fault = world.store.fault = None
    assert agent.get("/api/v1/deliveries").status_code == 403
    found = body_of(lead.get("/api/v1/deliveries?state=parked"))["deliveries"]
    assert isinstance(found, list)
    assert [(item["ticket_id"], item["state"]) for item in found] == [("506", "parked")]
    number = found[0]["id"]
    assert agent.post(f"/api/v1/deliveries/{number}/replay").status_code == 403
    assert lead.post("/api/v1/deliveries/999/replay").status_code == 404
    assert lead.post(f"/api/v1/deliveries/{number}/replay").status_code == 200
    assert lead.post(f"/api/v1/deliveries/{number}/replay").status_code == 404
    assert world.notifier.heard[-1] == ("triage", str(number))
    assert world.deps.inbox.with_state("acme", DeliveryState.PARKED, 9) == []


def test_a_delivery_state_that_does_not_exist(lead: Person) -> None:
    assert lead.get("/api/v1/deliveries?state=lost").status_code == 400


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Unavailable("down", vendor="shopify", operation="read"), 503, "vendor_unreachable"),
        (Rejected("no", vendor="shopify", operation="read"), 422, "vendor_refused"),
        (UNKNOWN, 502, "vendor_unclear"),
        (
            RateLimited("slow", vendor="shopify", operation="read", retry_after_seconds=2.4),
            503,
            "vendor_busy",
        ),
        (RuntimeError("secret words"), 500, "fault"),
        (TimeoutError("lock"), 503, "busy"),
    ],
)
def test_every_fault_says_what_happened_and_what_to_do(
    agent: Person, eligible: Case, world: World, fault: Exception, status: int, code: str
) -> None:
    world.store.fault = fault
    answer = agent.post(f"/api/v1/cases/{eligible.id}/refresh")
    assert answer.mimetype == "application/problem+json"
    body = body_of(answer)
    assert (answer.status_code, body["code"], body["money_moved"]) == (status, code, "no")
    assert body["type"] == f"urn:makegood:problem:{code}"
    assert body["next"]
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert "secret words" not in answer.text
    assert (answer.headers.get("Retry-After") == "3") == (code == "vendor_busy")


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"plan=1", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 422),
        (b"", "application/json", 422),
        (b"[1]", "application/json", 422),
        (b'{"plan": ""}', "application/json", 422),
        (b'{"plan": "x", "amount": "1"}', "application/json", 422),
        (b'{"plan": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    ],
)
def test_bodies_that_cannot_be_read(agent: Person, data: bytes, kind: str, status: int) -> None:
    answer = agent.client.post(
        "/api/v1/refunds",
        data=data,
        content_type=kind,
        headers={"Authorization": f"Bearer {agent.session}"},
    )
    assert answer.status_code == status, answer.text


def test_ids_that_do_not_exist(agent: Person) -> None:
    assert agent.get("/api/v1/refunds/refund_0").status_code == 404
    assert agent.post("/api/v1/refunds/refund_0/cancel").status_code == 404
    assert agent.post("/api/v1/cases/case_0/refresh").status_code == 404
    assert agent.post("/api/v1/cases/case_0/price", {"shipping": True}).status_code == 404
    assert agent.get("/api/v1/nothing").status_code == 404
