"""Versions of a policy over the interface: every step, and each refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.cli.brands import with_brand
from app.domain.decision import Verdict
from app.domain.people import Tier
from app.replaying import run_replay
from app.storage.tables import policies
from app.usecases.reminders import rhythm
from tests.support.fakes import World, make_line, make_order
from tests.web.conftest import Desk, Person, body_of, plan_token, sign_in

TEXT = """The policy is called "Strict".

Rule "Within 5 days": refund the item if the item was delivered within the last 5 days, because
    "Delivered within 5 days.".

Up to 500 an agent may refund alone; above that a manager.
"""
BROKEN = TEXT.replace("delivered within", "blessed within")


@pytest.fixture
def manager(app: Flask) -> Person:
    return sign_in(app, "14")


def draft(person: Person, text: str = TEXT, scope: str = "account") -> int:
    answer = person.post("/api/v1/policies", {"text": text, "scope": scope})
    assert answer.status_code == 201, answer.text
    return int(body_of(answer)["version"])


def state(person: Person, number: int) -> str:
    return str(body_of(person.get(f"/api/v1/policies/{number}"))["state"])


def run_job(world: World) -> None:
    """What a worker does with the replay that was announced."""
    job = next(item for item in reversed(world.notifier.heard) if item[0] == "policy_replay")
    url = world.database.engine.url.render_as_string(hide_password=False)
    assert run_replay(world.deps, url, *job[1:]) == "done"


def test_from_a_draft_to_what_is_in_force_and_back(
    world: World, desk: Desk, eligible: object, manager: Person
) -> None:
    number = draft(manager)
    assert state(manager, number) == "draft"
    path = f"/api/v1/policies/{number}"
    assert manager.post(f"{path}/replay").status_code == 409
    assert manager.post(f"{path}/activate").status_code == 409
    assert body_of(manager.post(f"{path}/check"))["state"] == "checked"
    assert "Replay" in body_of(manager.post(f"{path}/activate"))["detail"]
    assert manager.post(f"{path}/replay").status_code == 202
    assert body_of(manager.get(f"{path}/replay"))["state"] == "waiting"
    run_job(world)
    refused = manager.post(f"{path}/activate")
    assert refused.status_code == 409
    assert "looked at" in body_of(refused)["detail"]
    seen = body_of(manager.get(f"{path}/replay"))
    assert (seen["state"], seen["changed_verdicts"]) == ("done", 1)
    [change] = seen["result"]["changes"]
    assert (change["before"], change["after"]) == ("eligible", "not_eligible")
    assert change["ticket_id"] == "501"
    assert seen["result"]["money"][0]["before"]["amount"] == "60.00"
    active = body_of(manager.post(f"{path}/activate"))
    assert active["is_in_force"]
    assert [step["act"] for step in active["steps"]] == [
        "written",
        "checked",
        "replayed",
        "looked_at",
        "activated",
    ]
    desk.receive("502", "I want a refund for my order #1042")
    decision = desk.case("502").decision
    assert decision is not None
    assert (decision.verdict, decision.policy_version) == (Verdict.NOT_ELIGIBLE, number)
    back = body_of(manager.post("/api/v1/policies/1/roll-back"))
    assert back["is_in_force"] and back["version"] == number + 1
    assert not body_of(manager.get(path))["is_in_force"]
    actions = [event.action for event in world.deps.audit.of_subject("acme", f"policy:{number}")]
    assert actions == [
        "policy_written",
        "policy_checked",
        "policy_replayed",
        "policy_looked_at",
        "policy_activated",
    ]


def test_an_edit_makes_a_draft_again(world: World, manager: Person) -> None:
    number = draft(manager)
    path = f"/api/v1/policies/{number}"
    manager.post(f"{path}/check")
    manager.post(f"{path}/replay")
    run_job(world)
    manager.get(f"{path}/replay")
    assert (
        body_of(manager.put(path, {"text": TEXT.replace("last 5", "last 6")}))["state"] == "draft"
    )
    assert manager.post(f"{path}/activate").status_code == 409
    assert manager.get(f"{path}/replay").status_code == 404


def test_a_text_with_errors_is_kept_and_goes_no_further(manager: Person) -> None:
    number = draft(manager, BROKEN)
    refused = manager.post(f"/api/v1/policies/{number}/check")
    assert refused.status_code == 409
    assert "Line 3" in body_of(refused)["detail"]
    found = body_of(manager.post("/api/v1/policies/check", {"text": BROKEN}))
    assert not found["ok"]
    assert found["problems"][0]["line"] == 3
    assert body_of(manager.get(f"/api/v1/policies/{number}"))["text"] == BROKEN


def test_only_managers_change_the_policy(
    world: World, agent: Person, lead: Person, onlooker: Person, stranger: Person
) -> None:
    with world.database.read() as tx:
        before = tx.execute(select(policies)).all()
    for person in (agent, lead, onlooker):
        assert person.post("/api/v1/policies", {"text": TEXT}).status_code == 403
        for act in ("check", "replay", "activate", "roll-back", "retire"):
            assert person.post(f"/api/v1/policies/1/{act}").status_code == 403
        assert person.put("/api/v1/policies/1", {"text": TEXT}).status_code == 403
    assert onlooker.get("/api/v1/policies").status_code == 403
    assert agent.get("/api/v1/policies").status_code == 200
    assert stranger.get("/api/v1/policies/2").status_code == 404
    with world.database.read() as tx:
        assert tx.execute(select(policies)).all() == before


def test_an_agents_look_at_a_replay_is_not_the_managers(
    world: World, agent: Person, manager: Person
) -> None:
    number = draft(manager)
    manager.post(f"/api/v1/policies/{number}/check")
    manager.post(f"/api/v1/policies/{number}/replay")
    run_job(world)
    assert agent.get(f"/api/v1/policies/{number}/replay").status_code == 200
    assert manager.post(f"/api/v1/policies/{number}/activate").status_code == 409


def test_a_stores_policy_goes_before_the_accounts_from_its_day_on(
    world: World, manager: Person
) -> None:
    number = draft(manager, scope="store:store-1")
    path = f"/api/v1/policies/{number}"
    manager.post(f"{path}/check")
    manager.post(f"{path}/replay")
    run_job(world)
    manager.get(f"{path}/replay")
    start = world.clock.now() + timedelta(days=2)
    assert (
        manager.post(f"{path}/activate", {"effective_from": "2020-01-01T00:00:00Z"}).status_code
        == 409
    )
    answer = manager.post(f"{path}/activate", {"effective_from": start.isoformat()})
    assert not body_of(answer)["is_in_force"]
    shelf, now = world.deps.policies, world.clock.now()
    assert shelf.in_force("acme", "store-1", now).version == 1
    assert shelf.in_force("acme", "store-1", start).version == number
    assert shelf.in_force("acme", "another", start).version == 1
    assert manager.post(f"{path}/retire").status_code == 200
    assert shelf.in_force("acme", "store-1", start).version == 1
    for scope in ("store:nobody", "brand:nobody", "everywhere"):
        refused = manager.post("/api/v1/policies", {"text": TEXT, "scope": scope})
        assert refused.status_code == 409
    assert manager.post("/api/v1/policies/1/retire").status_code == 409


def test_a_brands_policy_decides_about_its_stores_orders(
    world: World, desk: Desk, agent: Person, eligible: object, manager: Person
) -> None:
    """And about who may release what, and what a waiting request is told by."""
    strict = f"{TEXT}\nRemind every 2 hours.\n".replace(
        "Up to 500 an agent may refund alone; above that a manager.",
        "Up to 10 an agent may refund alone; above that a manager.",
    ).replace("within the last 5 days", "within the last 20 days")
    record = world.deps.accounts.store("acme", "store-1")
    assert record is not None
    branded = record.model_copy(update={"config": with_brand(record.config, "Harbour")})
    world.deps.accounts.save_store(branded, "tests", world.clock.now())
    number = draft(manager, strict, scope="brand:Harbour")
    path = f"/api/v1/policies/{number}"
    assert manager.post(f"{path}/check").status_code == 200
    manager.post(f"{path}/replay")
    run_job(world)
    manager.get(f"{path}/replay")
    assert body_of(manager.post(f"{path}/activate"))["is_in_force"]
    # Ticket 501 was decided before. Who may release it is told by what is in force now.
    plan = body_of(agent.get("/api/v1/tickets/501"))["plan"]
    assert plan["needed_tier"] == "manager"
    world.add_order(make_order("#1043", (make_line(1, "Wool socks", "20.00"),)))
    desk.receive("502", "I want a refund for my order #1043")
    decision = desk.case("502").decision
    assert decision is not None
    assert (decision.policy_version, decision.release_tier) == (number, Tier.MANAGER)
    assert rhythm(world.deps, "acme", "store-1").every == timedelta(hours=2)
    # The account's own policy decides about the shops of no brand.
    assert rhythm(world.deps, "acme", "store-9").every != timedelta(hours=2)
    unbranded = record.model_copy(update={"config": with_brand(branded.config, "")})
    world.deps.accounts.save_store(unbranded, "tests", world.clock.now())
    assert body_of(agent.get("/api/v1/tickets/501"))["plan"]["needed_tier"] == "agent"


def test_a_limit_by_address_counts_what_was_refunded_to_that_address(
    world: World, desk: Desk, agent: Person, manager: Person
) -> None:
    text = (
        f"{TEXT.replace('the last 5 days', 'the last 20 days')}\n"
        'Limit "Address": allow at most 1 refund per address in 30 days; beyond that a team lead '
        "must approve.\n"
    )
    number = draft(manager, text)
    path = f"/api/v1/policies/{number}"
    # No store is named that couldn't tell addresses.
    checked = body_of(manager.post("/api/v1/policies/check", {"text": text}))
    assert [one for one in checked["problems"] if "address" in one["message"]] == []
    assert manager.post(f"{path}/check").status_code == 200
    manager.post(f"{path}/replay")
    run_job(world)
    manager.get(f"{path}/replay")
    assert manager.post(f"{path}/activate").status_code == 200
    for name, address in (("#1042", "a"), ("#1043", "a"), ("#1044", "b"), ("#1045", None)):
        key = address and address * 64
        world.add_order(make_order(name, (make_line(1, "Socks", "20.00"),), address_key=key))
        desk.receive(f"5{name[3:]}", f"I want a refund for my order {name}")
    assert agent.get("/api/v1/me").status_code == 200
    answer = agent.post("/api/v1/refunds", {"plan": plan_token(agent, "542")})
    assert answer.status_code == 201
    assert desk.work(str(body_of(answer)["id"])) == "settled"
    needed = {
        ticket: body_of(agent.get(f"/api/v1/tickets/{ticket}"))["plan"] for ticket in ("543", "544")
    }
    assert {ticket: plan["needed_tier"] for ticket, plan in needed.items()} == {
        "543": "team_lead",
        "544": "agent",
    }
    # An address that nobody knows isn't a new one.
    unknown = desk.case("545").decision
    assert unknown is not None and unknown.release_tier is not Tier.AGENT
