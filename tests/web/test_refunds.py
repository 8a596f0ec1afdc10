"""Refunds over the interface: one click is one refund, and nobody moves what they may not."""

from __future__ import annotations

import pytest
from flask import Flask

from app.domain.case import Case
from app.domain.errors import OutcomeUnknown, Unavailable
from app.domain.money import Money
from app.domain.order import TransactionStatus
from app.domain.refund import RefundState
from tests.support.fakes import World, make_line, make_order
from tests.web.conftest import Desk, Person, body_of, plan_token, sign_in

UNKNOWN = OutcomeUnknown("no answer came", vendor="shopify", operation="refund")


def refunds_of(world: World, case: Case) -> list[RefundState]:
    return [refund.state for refund in world.deps.ledger.of_case("acme", case.id)]


# --- one click, one refund ----------------------------------------------------------------------


def test_a_click_starts_one_refund(agent: Person, eligible: Case, world: World, desk: Desk) -> None:
    answer = agent.post("/api/v1/refunds", {"plan": plan_token(agent), "notify_customer": True})
    assert answer.status_code == 201
    started = body_of(answer)
    assert (started["state"], started["money_moved"], started["hold_ms"]) == ("holding", "no", 5000)
    assert desk.work(str(started["id"])) == "settled"
    after = body_of(agent.get(f"/api/v1/refunds/{started['id']}"))
    assert (after["state"], after["money_moved"], after["is_final"]) == ("settled", "yes", True)
    assert [refund.plan.total for refund in world.store.sent] == [Money.of("60.00", "USD")]
    assert world.store.sent[0].notify_customer is True


def test_two_clicks_are_one_refund(agent: Person, eligible: Case, world: World) -> None:
    token = plan_token(agent)
    first = agent.post("/api/v1/refunds", {"plan": token})
    second = agent.post("/api/v1/refunds", {"plan": token})
    assert (first.status_code, second.status_code) == (201, 200)
    assert body_of(first)["id"] == body_of(second)["id"]
    assert refunds_of(world, eligible) == [RefundState.HOLDING]


def test_two_people_with_the_same_plan_are_one_refund(
    agent: Person, lead: Person, eligible: Case, world: World
) -> None:
    mine, theirs = plan_token(agent), plan_token(lead)
    assert mine != theirs
    ids = {
        body_of(person.post("/api/v1/refunds", {"plan": token}))["id"]
        for person, token in ((agent, mine), (lead, theirs))
    }
    assert len(ids) == 1
    assert refunds_of(world, eligible) == [RefundState.HOLDING]


def test_a_refund_can_be_cancelled_while_it_holds(
    agent: Person, eligible: Case, world: World, desk: Desk
) -> None:
    started = body_of(agent.post("/api/v1/refunds", {"plan": plan_token(agent)}))
    for _ in range(2):
        cancelled = agent.post(f"/api/v1/refunds/{started['id']}/cancel")
        assert body_of(cancelled)["state"] == "cancelled"
    assert desk.work(str(started["id"])) == "done"
    assert world.store.sent == []


def test_cancelling_too_late_says_so(agent: Person, eligible: Case, desk: Desk) -> None:
    started = body_of(agent.post("/api/v1/refunds", {"plan": plan_token(agent)}))
    desk.work(str(started["id"]))
    answer = agent.post(f"/api/v1/refunds/{started['id']}/cancel")
    assert answer.status_code == 409
    assert body_of(answer)["code"] == "conflict"


def test_a_lost_answer_is_told_as_unknown(
    agent: Person, eligible: Case, world: World, desk: Desk
) -> None:
    started = body_of(agent.post("/api/v1/refunds", {"plan": plan_token(agent)}))
    world.store.answer = UNKNOWN
    desk.work(str(started["id"]))
    after = body_of(agent.get(f"/api/v1/refunds/{started['id']}"))
    assert (after["state"], after["money_moved"], after["is_final"]) == ("unknown", "maybe", False)
    assert "Don't refund it again" in str(after["next"])


def test_the_pending_refund_is_not_called_paid(
    agent: Person, eligible: Case, world: World, desk: Desk
) -> None:
    started = body_of(agent.post("/api/v1/refunds", {"plan": plan_token(agent)}))
    world.store.answer = TransactionStatus.PENDING
    desk.work(str(started["id"]))
    after = body_of(agent.get(f"/api/v1/refunds/{started['id']}"))
    assert (after["state"], after["money_moved"], after["is_final"]) == ("pending", "maybe", False)


def test_a_fault_after_a_click_says_that_money_may_move(
    agent: Person, eligible: Case, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = plan_token(agent)

    def fail(*_: object) -> None:
        raise RuntimeError("lost connection")

    monkeypatch.setattr(world.deps.ledger, "open", fail)
    answer = agent.post("/api/v1/refunds", {"plan": token})
    assert (answer.status_code, body_of(answer)["money_moved"]) == (500, "maybe")
    assert "Don't start another one" in str(body_of(answer)["next"])


# --- what nobody can ----------------------------------------------------------------------------


@pytest.mark.parametrize("forged", ["{token}x", "x{token}", "plan_1", "a.b.c"])
def test_a_made_up_plan_moves_nothing(
    agent: Person, eligible: Case, world: World, forged: str
) -> None:
    plan = forged.format(token=plan_token(agent))
    answer = agent.post("/api/v1/refunds", {"plan": plan})
    assert answer.status_code == 403
    assert (body_of(answer)["code"], body_of(answer)["money_moved"]) == ("bad_plan", "no")
    assert refunds_of(world, eligible) == []


def test_a_session_is_no_plan(agent: Person, eligible: Case, world: World) -> None:
    assert agent.post("/api/v1/refunds", {"plan": agent.session}).status_code == 403
    assert refunds_of(world, eligible) == []


def test_somebody_elses_plan_token_moves_nothing(
    agent: Person, lead: Person, eligible: Case, world: World
) -> None:
    answer = lead.post("/api/v1/refunds", {"plan": plan_token(agent)})
    assert answer.status_code == 403
    assert refunds_of(world, eligible) == []


def test_a_plan_of_another_account_moves_nothing(
    app: Flask, stranger: Person, agent: Person, eligible: Case, world: World
) -> None:
    signer = app.extensions["makegood"].signer
    offered = world.deps.cases.current_offer("acme", eligible.id)
    assert offered is not None
    token = signer.sign_plan(signer.read_session(stranger.session), eligible.id, offered.id)
    assert stranger.post("/api/v1/refunds", {"plan": token}).status_code == 404
    assert refunds_of(world, eligible) == []


def test_an_old_plan_token_moves_nothing(
    app: Flask, agent: Person, eligible: Case, world: World
) -> None:
    token = plan_token(agent)
    world.clock.advance(31 * 60)
    answer = sign_in(app).post("/api/v1/refunds", {"plan": token})
    assert answer.status_code == 403
    assert refunds_of(world, eligible) == []


def test_a_plan_of_an_older_revision_moves_nothing(
    agent: Person, eligible: Case, world: World
) -> None:
    token = plan_token(agent)
    assert agent.post(f"/api/v1/cases/{eligible.id}/refresh").status_code == 200
    answer = agent.post("/api/v1/refunds", {"plan": token})
    assert (answer.status_code, body_of(answer)["code"]) == (409, "conflict")
    assert refunds_of(world, eligible) == []


def test_who_may_only_look_moves_nothing(
    app: Flask, onlooker: Person, eligible: Case, world: World
) -> None:
    onlooker.get("/api/v1/me")
    plan = body_of(onlooker.get("/api/v1/tickets/501"))["plan"]
    assert isinstance(plan, dict)
    assert (plan["plan"], plan["may_release"]) == (None, False)
    signer = app.extensions["makegood"].signer
    offered = world.deps.cases.current_offer("acme", eligible.id)
    assert offered is not None
    token = signer.sign_plan(signer.read_session(onlooker.session), eligible.id, offered.id)
    answer = onlooker.post("/api/v1/refunds", {"plan": token})
    assert (answer.status_code, body_of(answer)["code"]) == (403, "not_allowed")
    for path in (f"cases/{eligible.id}/refresh", "tickets/77/triage"):
        assert onlooker.post(f"/api/v1/{path}").status_code == 403
    assert refunds_of(world, eligible) == []


def test_an_amount_above_the_tier_needs_somebody_else(
    app: Flask, agent: Person, lead: Person, world: World, desk: Desk
) -> None:
    world.add_order(make_order("#2000", (make_line(1, "Walnut desk", "1240.00"),)))
    desk.receive("502", "refund please")
    agent.get("/api/v1/me")
    plan = body_of(agent.get("/api/v1/tickets/502"))["plan"]
    assert isinstance(plan, dict)
    assert (plan["plan"], plan["needed_tier"]) == (None, "team_lead")
    assert plan["why_not"] == "A team lead can release this amount."
    case = desk.case("502")
    signer = app.extensions["makegood"].signer
    offered = world.deps.cases.current_offer("acme", case.id)
    assert offered is not None
    token = signer.sign_plan(signer.read_session(agent.session), case.id, offered.id)
    assert agent.post("/api/v1/refunds", {"plan": token}).status_code == 403
    assert refunds_of(world, case) == []
    answer = lead.post("/api/v1/refunds", {"plan": plan_token(lead, "502")})
    assert answer.status_code == 201


def test_a_role_that_was_taken_away_counts_within_a_minute(
    agent: Person, eligible: Case, world: World
) -> None:
    token = plan_token(agent)
    world.helpdesk.agents["11"] = world.helpdesk.agents["13"].model_copy(update={"id": "11"})
    world.clock.advance(61)
    assert agent.post("/api/v1/refunds", {"plan": token}).status_code == 403
    assert refunds_of(world, eligible) == []


def test_nothing_of_another_account_exists(
    stranger: Person, agent: Person, eligible: Case, world: World
) -> None:
    started = body_of(agent.post("/api/v1/refunds", {"plan": plan_token(agent)}))
    case, refund = eligible.id, started["id"]
    assert stranger.get(f"/api/v1/refunds/{refund}").status_code == 404
    assert stranger.post(f"/api/v1/refunds/{refund}/cancel").status_code == 404
    assert stranger.post(f"/api/v1/cases/{case}/refresh").status_code == 404
    assert stranger.get(f"/api/v1/cases/{case}/orders?search=1042").status_code == 404
    order = {"store_id": "store-1", "order_id": "order-1042"}
    assert stranger.post(f"/api/v1/cases/{case}/order", order).status_code == 404
    choice = {"shipping": False, "lines": [{"line_id": "line-1", "quantity": 1}]}
    assert stranger.post(f"/api/v1/cases/{case}/price", choice).status_code == 404
    assert stranger.post(f"/api/v1/cases/{case}/plans", choice).status_code == 404
    assert stranger.put(f"/api/v1/cases/{case}/fields", {}).status_code == 404
    assert body_of(stranger.get("/api/v1/tickets/501"))["case_id"] is None
    assert refunds_of(world, eligible) == [RefundState.HOLDING]


# --- a part of it -------------------------------------------------------------------------------

ONE = {"lines": [{"line_id": "line-1", "quantity": 1}]}


def test_a_part_is_priced_without_the_store_and_offered_with_it(
    agent: Person, eligible: Case, world: World, desk: Desk
) -> None:
    agent.get("/api/v1/me")
    world.store.fault = Unavailable("down", vendor="shopify", operation="any")
    priced = agent.post(f"/api/v1/cases/{eligible.id}/price", ONE)
    assert priced.status_code == 200
    assert (body_of(priced)["total_text"], body_of(priced)["plan"]) == ("$20.00", None)
    world.store.fault = None
    offered = agent.post(f"/api/v1/cases/{eligible.id}/plans", ONE)
    assert offered.status_code == 201
    started = agent.post("/api/v1/refunds", {"plan": body_of(offered)["plan"]})
    assert started.status_code == 201
    assert desk.work(str(body_of(started)["id"])) == "settled"
    assert [refund.plan.total for refund in world.store.sent] == [Money.of("20.00", "USD")]


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"lines": []}, "invalid_choice"),
        ({"lines": [{"line_id": "line-1", "quantity": 3}]}, "invalid_choice"),
        ({"lines": [{"line_id": "line-9", "quantity": 1}]}, "invalid_choice"),
        ({"amount": {"amount": "60.01", "currency": "USD"}}, "invalid_choice"),
        ({"amount": {"amount": "-5.00", "currency": "USD"}}, "invalid_choice"),
        ({"amount": {"amount": "5.00", "currency": "EUR"}}, "invalid_choice"),
        ({"amount": {"amount": "5.001", "currency": "USD"}}, "invalid_body"),
        ({"amount": {"amount": 5.0, "currency": "USD"}}, "invalid_body"),
        ({"lines": [{"line_id": "line-1", "quantity": 0}]}, "invalid_body"),
        ({"lines": [{"line_id": "line-1", "quantity": "2"}]}, "invalid_body"),
        ({"lines": [{"line_id": "line-1", "quantity": 1.5}]}, "invalid_body"),
        ({"lines": [ONE["lines"][0], ONE["lines"][0]]}, "invalid_body"),
        ({"lines": [{**ONE["lines"][0], "percent": "0"}]}, "invalid_body"),
        ({"shipping": "yes"}, "invalid_body"),
        ({"total": "60.00"}, "invalid_body"),
        ([], "invalid_body"),
    ],
)
def test_a_choice_that_cannot_be(agent: Person, eligible: Case, choice: object, code: str) -> None:
    for what in ("price", "plans"):
        answer = agent.post(f"/api/v1/cases/{eligible.id}/{what}", choice)
        assert (answer.status_code, body_of(answer)["code"]) == (422, code), answer.text


def test_figures_that_differ_give_no_plan(agent: Person, eligible: Case, world: World) -> None:
    world.store.skew = Money.of("-1.00", "USD")
    answer = agent.post(f"/api/v1/cases/{eligible.id}/plans", ONE)
    assert (answer.status_code, body_of(answer)["code"]) == (409, "conflict")
    assert refunds_of(world, eligible) == []
