"""One order whose items go back in different ways: note, panel and choice tell of each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.case import Case
from app.domain.order import Customer
from app.domain.policy.version import Act, PolicyVersion, Step, VersionState
from app.usecases.notes import triage_note
from tests.support.fakes import NOON, World, make_line, make_order
from tests.support.policy_language import compiled
from tests.web.conftest import Desk, Person, body_of, plan_token

TEXT = """
Rule "In time" with priority 20: refund the item if the item was delivered within the last 30 days,
    because "In time.".
Rule "Late" with priority 10: give store credit for the item with a bonus of 10% if the item was
    delivered within the last 60 days, because "Late: credit.".
Otherwise do not refund the item, because "Too late.".
Up to 500 an agent may refund alone; above that a manager.
"""
APART = (
    "Saddle gets store credit (44.00 USD): release it as a refund of its own, by choosing that "
    "item alone."
)


@pytest.fixture
def mixed(world: World, desk: Desk) -> Case:
    """A saddle that becomes store credit, and a lock that goes back to the card."""
    world.deps.policies.add(
        PolicyVersion(
            account_id="acme",
            version=1,
            title="Bicycles",
            state=VersionState.ACTIVE,
            policy=compiled(TEXT),
            log=(Step(act=Act.WRITTEN, by="14", by_name="Ines", at=NOON - timedelta(days=2)),),
            effective_from=NOON - timedelta(days=1),
        ),
        NOON,
    )
    late = make_line(1, "Saddle", "40.00", delivered_at=NOON - timedelta(days=40))
    world.add_order(
        make_order(
            "#1042",
            (late, make_line(2, "Lock", "30.00")),
            can_store_credit=True,
            can_give_bonus=True,
            customer=Customer(id="customer-1"),
        )
    )
    desk.receive("501", "I want a refund for my order")
    return desk.case("501")


def test_the_note_and_the_panel_say_what_the_refund_leaves_out(agent: Person, mixed: Case) -> None:
    note = triage_note(mixed, {})
    assert note.paragraphs == ("1 of 2 items: In time.", APART)
    assert dict(note.facts)["Amount"] == "1 × Lock 30.00 USD = 30.00 USD"
    agent.get("/api/v1/me")
    body = body_of(agent.get("/api/v1/tickets/501"))
    assert body["plan"]["warnings"] == [APART]
    assert APART in agent.get("/sidebar/tickets/501").text


def test_each_item_chosen_alone_has_its_own_plan(agent: Person, mixed: Case) -> None:
    agent.get("/api/v1/me")
    totals = {}
    for line_id in ("line-1", "line-2"):
        choice = {"lines": [{"line_id": line_id, "quantity": 1}]}
        plan = body_of(agent.post(f"/api/v1/cases/{mixed.id}/price", choice))
        totals[line_id] = (plan["destination"], plan["given_text"])
    assert totals == {
        "line-1": ("store_credit", "$44.00"),
        "line-2": ("original_payment", "$30.00"),
    }


def test_the_form_knows_which_item_goes_back_in_one_way_only(agent: Person, mixed: Case) -> None:
    agent.get("/api/v1/me")
    panel = agent.get("/sidebar/tickets/501").text
    assert 'data-line="line-1" data-percent="100" data-only="store_credit"' in panel
    assert panel.count("data-only=") == 1


def test_once_released_the_outcome_still_tells_what_is_due(
    agent: Person, mixed: Case, desk: Desk, world: World
) -> None:
    token = plan_token(agent)
    refund = body_of(agent.post("/api/v1/refunds", {"plan": token}))
    assert desk.work(str(refund["id"])) == "settled"
    [write] = [
        one for one in world.deps.outbox.of_ticket("acme", "501") if one.purpose == "outcome"
    ]
    assert write.write.note is not None
    note = write.write.note.as_text()
    assert "Refunded 30.00 USD for #1042" in note
    assert APART in note
