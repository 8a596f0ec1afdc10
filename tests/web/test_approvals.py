"""The interface of approvals without the page: what is answered, and every refusal."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.domain.case import Case
from tests.support.fakes import World, make_line, make_order
from tests.web.conftest import Desk, Person, body_of, sign_in


@pytest.fixture
def dear(world: World, desk: Desk) -> Case:
    """Ticket 601: 640.00, which takes a team lead."""
    world.add_order(make_order("#1077", (make_line(1, "Road bike", "640.00"),)))
    desk.receive("601", "I want a refund for my order")
    return desk.case("601")


@pytest.fixture
def second(app: Flask, world: World) -> Person:
    """The agent's second account, with the same mailbox and a manager's tier."""
    world.helpdesk.agents["11"] = world.helpdesk.agents["11"].model_copy(
        update={"email": "noor.h@gmail.com"}
    )
    world.helpdesk.agents["15"] = world.helpdesk.agents["14"].model_copy(
        update={"id": "15", "email": "NoorH+boss@googlemail.com"}
    )
    return sign_in(app, "15")


def token_of(app: Flask, person: Person, world: World, case: Case) -> str:
    """The plan's token as the person's page holds it."""
    web = app.extensions["makegood"]
    offered = world.deps.cases.current_offer("acme", case.id)
    assert offered is not None
    signed: str = web.signer.sign_plan(web.signer.read_session(person.session), case.id, offered.id)
    return signed


@pytest.fixture
def asked(app: Flask, agent: Person, world: World, dear: Case) -> dict[str, Any]:
    answer = agent.post(
        "/api/v1/approvals", {"plan": token_of(app, agent, world, dear), "reason": "Frame broke"}
    )
    assert answer.status_code == 201, answer.text
    return body_of(answer)


def url(asked: dict[str, Any], act: str) -> str:
    return f"/api/v1/approvals/{asked['id']}/{act}"


def test_asking_answers_what_waits(app: Flask, agent: Person, world: World, dear: Case) -> None:
    wanted = {"plan": token_of(app, agent, world, dear)}
    first = agent.post("/api/v1/approvals", wanted)
    again = agent.post("/api/v1/approvals", wanted)
    assert (first.status_code, again.status_code) == (201, 200)
    found = body_of(first)
    assert found["id"] == body_of(again)["id"]
    assert (found["state"], found["needed_tier"], found["is_own"]) == ("open", "team_lead", True)
    assert (found["may_decide"], found["may_withdraw"]) == (False, True)
    assert found["reason"].startswith("Changed mind")
    ticket = body_of(agent.get("/api/v1/tickets/601"))
    assert ticket["status"] == "awaiting_approval"
    assert ticket["plan"] is None


def test_the_queue_shows_what_one_may_decide(
    agent: Person, lead: Person, asked: dict[str, Any]
) -> None:
    found = body_of(lead.get("/api/v1/approvals"))
    assert [one["id"] for one in found["approvals"]] == [asked["id"]]
    assert found["waiting"] == 1
    assert body_of(agent.get("/api/v1/approvals"))["approvals"] == []
    mine = body_of(agent.get("/api/v1/approvals?show=mine"))["approvals"]
    assert [one["is_own"] for one in mine] == [True]
    assert agent.get("/api/v1/approvals?show=all").status_code == 400


def test_approving_sends_it(lead: Person, desk: Desk, world: World, asked: dict[str, Any]) -> None:
    answer = lead.post(url(asked, "approve"))
    assert answer.status_code == 200, answer.text
    assert body_of(answer)["state"] == "approved"
    assert lead.post(url(asked, "approve")).status_code == 200
    assert desk.work(asked["refund_id"], 0) == "settled"
    assert len(world.store.sent) == 1
    shown = body_of(lead.get("/api/v1/approvals?show=decided"))["approvals"]
    assert [(one["decided_by"], one["state"]) for one in shown] == [("Ines Prado", "approved")]


@pytest.mark.parametrize("act", ["approve", "deny"])
@pytest.mark.parametrize("who", ["agent", "onlooker", "second"])
def test_who_may_not_decide_is_refused(
    act: str, who: str, request: pytest.FixtureRequest, world: World, asked: dict[str, Any]
) -> None:
    """The requester, somebody who may only look, and the requester's second account."""
    person: Person = request.getfixturevalue(who)
    if who == "second":
        # The address was not known when it was asked: it is read again now.
        world.clock.advance(120)
        asked = _asked_again(request, world)
    answer = person.post(url(asked, act), {"reason": "no"} if act == "deny" else {})
    assert answer.status_code == 403, answer.text
    assert body_of(answer)["money_moved"] == "no"
    found = world.deps.approvals.find(asked["id"])
    assert found is not None
    assert found.is_open
    assert world.store.sent == []


def _asked_again(request: pytest.FixtureRequest, world: World) -> dict[str, Any]:
    app: Flask = request.getfixturevalue("app")
    agent: Person = request.getfixturevalue("agent")
    desk: Desk = request.getfixturevalue("desk")
    world.add_order(
        make_order("#1078", (make_line(1, "Road bike", "640.00"),)), "ute.brand@example.com"
    )
    desk.receive("602", "I want a refund for my order", "ute.brand@example.com")
    answer = agent.post(
        "/api/v1/approvals", {"plan": token_of(app, agent, world, desk.case("602"))}
    )
    return body_of(answer)


def test_another_account_sees_nothing(stranger: Person, asked: dict[str, Any]) -> None:
    for answer in (
        stranger.get(f"/api/v1/approvals/{asked['id']}"),
        stranger.post(url(asked, "approve")),
        stranger.post(url(asked, "withdraw")),
    ):
        assert answer.status_code == 404


def test_a_token_of_somebody_else_asks_nothing(
    app: Flask, agent: Person, lead: Person, world: World, dear: Case
) -> None:
    answer = lead.post("/api/v1/approvals", {"plan": token_of(app, agent, world, dear)})
    assert (answer.status_code, body_of(answer)["code"]) == (403, "bad_plan")
    assert world.deps.approvals.count_waiting("acme") == 0


def test_who_may_release_need_not_ask(app: Flask, lead: Person, world: World, dear: Case) -> None:
    answer = lead.post("/api/v1/approvals", {"plan": token_of(app, lead, world, dear)})
    assert answer.status_code == 403
    assert "yourself" in body_of(answer)["detail"]


def test_releasing_it_alone_is_refused(app: Flask, agent: Person, world: World, dear: Case) -> None:
    answer = agent.post("/api/v1/refunds", {"plan": token_of(app, agent, world, dear)})
    assert answer.status_code == 403
    assert world.store.sent == []
    assert world.deps.ledger.of_case("acme", dear.id) == []


def test_declining_needs_a_reason(lead: Person, world: World, asked: dict[str, Any]) -> None:
    assert lead.post(url(asked, "deny"), {}).status_code == 422
    empty = lead.post(url(asked, "deny"), {"reason": "  "})
    assert (empty.status_code, body_of(empty)["detail"]) == (422, "A reason is needed.")
    denied = lead.post(url(asked, "deny"), {"reason": "No photo"})
    assert (denied.status_code, body_of(denied)["answer"]) == (200, "No photo")
    assert lead.post(url(asked, "approve")).status_code == 409
    assert world.store.sent == []


def test_only_the_requester_withdraws(agent: Person, lead: Person, asked: dict[str, Any]) -> None:
    assert lead.post(url(asked, "withdraw")).status_code == 403
    assert body_of(agent.post(url(asked, "withdraw")))["state"] == "withdrawn"
    assert lead.post(url(asked, "approve")).status_code == 409
    assert agent.post(f"/api/v1/refunds/{asked['refund_id']}/cancel").status_code == 200


def test_a_changed_order_makes_it_void(lead: Person, world: World, asked: dict[str, Any]) -> None:
    [(order_id, order)] = world.store.orders.items()
    world.store.orders[order_id] = order.model_copy(update={"is_cancelled": True})
    answer = lead.post(url(asked, "approve"))
    assert answer.status_code == 409
    assert body_of(answer)["changes"] == ["the order was cancelled"]
    assert body_of(lead.get(f"/api/v1/approvals/{asked['id']}"))["state"] == "void"
    assert world.store.sent == []


def test_a_refresh_that_finds_the_order_changed_makes_it_void(
    agent: Person, lead: Person, world: World, dear: Case, asked: dict[str, Any]
) -> None:
    [(order_id, order)] = world.store.orders.items()
    world.store.orders[order_id] = order.model_copy(update={"is_cancelled": True})
    assert agent.post(f"/api/v1/cases/{dear.id}/refresh").status_code == 200
    seen = body_of(lead.get(f"/api/v1/approvals/{asked['id']}"))
    assert (seen["state"], seen["changes"]) == ("void", ["the order was cancelled"])
    assert body_of(lead.get("/api/v1/approvals?show=open"))["approvals"] == []
    assert lead.post(url(asked, "approve")).status_code == 409
    assert world.store.sent == []


def test_authority_is_lent_and_taken_back(
    app: Flask, lead: Person, world: World, asked: dict[str, Any]
) -> None:
    world.helpdesk.agents["16"] = world.helpdesk.agents["11"].model_copy(
        update={"id": "16", "name": "Tove Lund", "email": "tove@example.com"}
    )
    substitute = sign_in(app, "16")
    assert substitute.get("/api/v1/me").status_code == 200
    named = body_of(lead.get("/api/v1/delegations"))["colleagues"]
    assert {"id": "16", "name": "Tove Lund"} in named
    days = {"first_day": "2026-11-20", "last_day": "2026-11-21"}
    assert substitute.post("/api/v1/delegations", {"to": "12", **days}).status_code == 403
    refused = lead.post("/api/v1/delegations", {"to": "13", **days})
    assert (refused.status_code, "look only" in body_of(refused)["detail"]) == (403, True)
    bad = lead.post("/api/v1/delegations", {"to": "16", **days, "last_day": "2026-02-31"})
    assert bad.status_code == 422
    made = lead.post("/api/v1/delegations", {"to": "16", **days})
    assert made.status_code == 201
    lent = body_of(made)
    assert (lent["first_day"], lent["last_day"], lent["holds_now"]) == (
        "2026-11-20",
        "2026-11-21",
        True,
    )
    assert body_of(substitute.get("/api/v1/approvals"))["approvals"][0]["may_decide"]
    assert lead.post(f"/api/v1/delegations/{lent['id']}/end").status_code == 200
    assert substitute.post(url(asked, "approve")).status_code == 403
    assert world.store.sent == []


def test_the_queue_is_drawn_for_who_is_signed_in(
    agent: Person, lead: Person, asked: dict[str, Any]
) -> None:
    shown = lead.get("/sidebar/approvals").text
    assert "$640.00 for #1077" in shown
    assert f'data-action="approve" data-approval="{asked["id"]}"' in shown
    assert "Frame broke" in shown
    assert "Nothing waits for you." in agent.get("/sidebar/approvals").text
    mine = agent.get("/sidebar/approvals?show=mine").text
    assert f'data-action="withdraw" data-approval="{asked["id"]}"' in mine
    assert 'data-action="approve"' not in mine
    assert agent.client.get("/sidebar/approvals").status_code == 401


def test_the_page_of_its_own_holds_nothing_and_is_framed_by_nobody(agent: Person) -> None:
    page = agent.client.get("/approvals")
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert agent.session not in page.text
