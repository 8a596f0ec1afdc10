"""Money that waits for the goods, in panel and interface: refused by the server, whoever asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.domain.case import Case
from app.domain.policy.version import Act, PolicyVersion, Step, VersionState
from tests.support.fakes import NOON, World, make_line, make_order
from tests.support.policy_language import compiled
from tests.web.conftest import Desk, Person, body_of

TEXT = """
Otherwise refund the item once it has come back, because "Send it back.".
Up to 500 an agent may refund alone; above that a manager.
"""


@pytest.fixture
def waiting(world: World, desk: Desk) -> Case:
    """Ticket 501: two mugs and a lamp, 70.00 in all, of which nothing is back."""
    world.deps.policies.add(
        PolicyVersion(
            account_id="acme",
            version=1,
            title="Crockery",
            state=VersionState.ACTIVE,
            policy=compiled(TEXT),
            log=(Step(act=Act.WRITTEN, by="14", by_name="Ines", at=NOON - timedelta(days=2)),),
            effective_from=NOON - timedelta(days=1),
        ),
        NOON,
    )
    lines = (make_line(1, "Mug", "20.00", quantity=2), make_line(2, "Lamp", "30.00"))
    world.add_order(make_order("#1042", lines))
    desk.receive("501", "I want a refund for my order")
    return desk.case("501")


def say(person: Person, case: Case, *lines: tuple[str, int]) -> dict[str, object]:
    body = {"lines": [{"line_id": line_id, "quantity": count} for line_id, count in lines]}
    answer = person.post(f"/api/v1/cases/{case.id}/returned", body)
    assert answer.status_code == 200, answer.text
    return body_of(answer)


def test_the_panel_says_it_in_a_sentence_with_the_button_off(agent: Person, waiting: Case) -> None:
    agent.get("/api/v1/me")
    panel = agent.get("/sidebar/tickets/501").text
    assert "Eligible once it is back" in panel
    assert "70.00 USD once 2 × Mug and Lamp have come back." in panel
    assert 'data-action="refund" disabled' in panel
    assert panel.count('data-action="returned"') == 2
    assert "All of it has come back" in panel
    ticket = body_of(agent.get("/api/v1/tickets/501"))
    assert ticket["plan"] is None
    assert ticket["blocked_because"] == ["70.00 USD once 2 × Mug and Lamp have come back."]
    assert [(one["name"], one["units"], one["back"]) for one in ticket["returns"]] == [
        ("Mug", 2, 0),
        ("Lamp", 1, 0),
    ]


def test_the_server_refuses_every_choice(agent: Person, waiting: Case, world: World) -> None:
    agent.get("/api/v1/me")
    url = f"/api/v1/cases/{waiting.id}"
    for choice in (
        {"lines": [{"line_id": "line-2", "quantity": 1}]},
        {"lines": [{"line_id": "line-2", "quantity": 1}], "destination": "store_credit"},
        {"amount": {"amount": "1.00", "currency": "USD"}},
    ):
        for road in ("price", "plans"):
            answer = agent.post(f"{url}/{road}", choice)
            assert answer.status_code == 403, answer.text
            assert "have come back" in body_of(answer)["detail"]
    assert world.deps.ledger.of_case("acme", waiting.id) == []


def test_a_plan_of_before_is_refused_by_click_and_by_asking(
    app: Flask, agent: Person, waiting: Case, world: World, desk: Desk
) -> None:
    say(agent, waiting, ("line-2", 1))
    offered = world.deps.cases.current_offer("acme", waiting.id)
    assert offered is not None
    say(agent, waiting, ("line-2", 0))
    case = desk.case("501")
    early = offered.model_copy(update={"id": "plan-early", "case_revision": case.revision})
    world.deps.cases.offer(early)
    web = app.extensions["makegood"]
    token = web.signer.sign_plan(web.signer.read_session(agent.session), case.id, early.id)
    answer = agent.post("/api/v1/refunds", {"plan": token})
    assert answer.status_code == 403
    assert "until Lamp has come back" in body_of(answer)["detail"]
    assert body_of(answer)["money_moved"] == "no"
    answer = agent.post("/api/v1/approvals", {"plan": token})
    assert answer.status_code == 403
    assert world.deps.ledger.of_case("acme", case.id) == []


def test_what_was_decided_before_such_money_waited_is_off_as_well(
    app: Flask, agent: Person, waiting: Case, world: World, desk: Desk
) -> None:
    """A case of an earlier version: its decision allows the money, and its plan was kept."""
    say(agent, waiting, ("line-1", 2), ("line-2", 1))
    allowed = desk.case("501")
    offered = world.deps.cases.current_offer("acme", allowed.id)
    assert allowed.decision is not None and offered is not None
    lines = tuple(one.model_copy(update={"units_back": 0}) for one in allowed.decision.lines)
    old = allowed.decision.model_copy(update={"lines": lines, "returns": ()})
    assert old.is_money_allowed
    changes = {"decision": old, "returns": (), "revision": allowed.revision + 1}
    case = allowed.model_copy(update=changes)
    early = offered.model_copy(update={"id": "plan-early", "case_revision": case.revision})
    assert world.deps.cases.save_decision(case, early, "tests", "case_refreshed", NOON)
    agent.get("/api/v1/me")
    panel = agent.get("/sidebar/tickets/501").text
    assert "Eligible once it is back" in panel
    assert 'data-action="refund" disabled' in panel
    assert "Refresh first" in panel
    assert body_of(agent.get("/api/v1/tickets/501"))["plan"] is None
    web = app.extensions["makegood"]
    token = web.signer.sign_plan(web.signer.read_session(agent.session), case.id, early.id)
    assert agent.post("/api/v1/refunds", {"plan": token}).status_code == 403
    assert world.deps.ledger.of_case("acme", case.id) == []


def test_said_to_be_back_the_button_comes_on_for_that(agent: Person, waiting: Case) -> None:
    agent.get("/api/v1/me")
    answer = say(agent, waiting, ("line-2", 1))
    assert answer["revision"] == waiting.revision + 1
    ticket = body_of(agent.get("/api/v1/tickets/501"))
    assert ticket["plan"]["total_text"] == "$30.00"
    assert ticket["plan"]["warnings"] == ["40.00 USD more once 2 × Mug have come back."]
    panel = agent.get("/sidebar/tickets/501").text
    assert "Refund $30.00 to Visa •••• 4242" in panel
    assert "Came back: Noor" in panel
    assert "Said that it has come back: 1 × Lamp" in panel
    # Of the mugs nothing can be chosen yet, of the lamp one.
    assert "2 of 2 not back yet" in panel
    assert panel.count('data-action="unreturned"') == 1


def test_it_can_be_taken_back_by_anybody_who_may_refund(
    agent: Person, lead: Person, waiting: Case
) -> None:
    say(agent, waiting, ("line-1", 1), ("line-2", 1))
    lead.get("/api/v1/me")
    panel = lead.get("/sidebar/tickets/501").text
    assert "1 of 2 came back: Noor" in panel
    say(lead, waiting, ("line-1", 0), ("line-2", 0))
    panel = lead.get("/sidebar/tickets/501").text
    assert "Undid that it has come back: Mug, Lamp" in panel
    assert 'data-action="refund" disabled' in panel


def test_who_may_only_look_sees_it_and_says_nothing(onlooker: Person, waiting: Case) -> None:
    onlooker.get("/api/v1/me")
    panel = onlooker.get("/sidebar/tickets/501").text
    assert "Has it come back?" in panel
    assert 'data-action="returned"' not in panel
    body = {"lines": [{"line_id": "line-2", "quantity": 1}]}
    assert onlooker.post(f"/api/v1/cases/{waiting.id}/returned", body).status_code == 403


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([], 422),
        ([{"line_id": "line-2", "quantity": -1}], 422),
        ([{"line_id": "line-2", "quantity": "1"}], 422),
        ([{"line_id": "line-2", "quantity": 1}, {"line_id": "line-2", "quantity": 0}], 422),
        ([{"line_id": "line-2", "quantity": 2}], 422),
        ([{"line_id": "line-9", "quantity": 1}], 422),
    ],
)
def test_what_cannot_be_is_refused(
    agent: Person, waiting: Case, desk: Desk, lines: list[dict[str, object]], status: int
) -> None:
    answer = agent.post(f"/api/v1/cases/{waiting.id}/returned", {"lines": lines})
    assert answer.status_code == status, answer.text
    assert desk.case("501") == waiting


def test_another_accounts_case_is_not_there(stranger: Person, waiting: Case) -> None:
    body = {"lines": [{"line_id": "line-2", "quantity": 1}]}
    assert stranger.post(f"/api/v1/cases/{waiting.id}/returned", body).status_code == 404
