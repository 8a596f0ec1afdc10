"""Answers lost before or after the vendor did its work, and the next worker killed as well."""

from __future__ import annotations

import pytest

from app.domain.refund import RefundState
from tests.fault.scene import KILLED, READS, Asked, Scene, Victim

pytestmark = pytest.mark.fault

# The first wait of a refund whose answer is missing, and of a ticket write.
_REFUND_WAIT = 2.1
_WRITE_WAIT = 5.1


@pytest.mark.parametrize("kind", ["disconnect_after", "disconnect_before"])
def test_a_lost_answer_to_a_refund_then_a_kill_at_any_step(scene: Scene, kind: str) -> None:
    def lose() -> Victim:
        asked, refund = scene.clicked()
        scene.shopify.faults.add("RefundCreate", kind)
        assert scene.workers.run(scene.order(("refund", refund.id))) == 0
        assert scene.refund(refund).state is RefundState.UNKNOWN
        was_made = kind != "disconnect_before"
        assert len(scene.refunds_in_store(asked.order_id)) == int(was_made)
        return Victim("", asked, refund, KILLED)

    model = lose()
    scene.pass_time(_REFUND_WAIT)
    steps = scene.steps_of(("refund", model.refund.id))
    assert "store.find_refund" in steps
    assert ("store.send_refund" in steps) is (kind == "disconnect_before")
    places = [(number, step) for number, step in enumerate(steps) if step not in READS]
    victims = [lose() for _ in places]
    scene.pass_time(_REFUND_WAIT)
    for (number, step), victim in zip(places, victims, strict=True):
        victim.where = f"{kind}, then killed before step {number}, {step}"
        dying = scene.order(("refund", victim.refund.id), dies_at=number)
        victim.ended = scene.workers.run(dying)
    scene.recover()
    assert scene.not_killed([one.ended for one in victims]) == []
    assert scene.faults_of([model, *victims]) == []
    assert scene.chain_fault() is None


def test_whatever_becomes_of_the_answer_it_is_one_refund(scene: Scene) -> None:
    """The store works on while nobody listens any more, answers rubbish, or not at all."""
    scene.settings["read_timeout_seconds"] = 1.0
    kinds = ["malformed", "http_429", "http_503", "html_502", "http_500"]
    victims = []
    for kind in kinds:
        asked, refund = scene.clicked()
        scene.shopify.faults.add("RefundCreate", kind, retry_after="1")
        assert scene.workers.run(scene.order(("refund", refund.id))) == 0
        victims.append(Victim(kind, asked, refund, KILLED))
    asked, refund = scene.clicked()
    scene.shopify.faults.add("RefundStatus", "timeout_after", seconds=1.5)
    scene.zendesk.faults.add("tickets.update", "timeout_after", seconds=1.5)
    scene.recover()
    victims.append(Victim("timed out", asked, refund, KILLED))
    assert scene.faults_of(victims) == []


@pytest.mark.parametrize("kind", ["disconnect_after", "disconnect_before"])
def test_a_lost_answer_to_a_note_then_a_kill_at_any_step(scene: Scene, kind: str) -> None:
    def lose() -> tuple[Asked, str]:
        asked = scene.ask()
        scene.zendesk.faults.add("tickets.update", kind)
        assert scene.workers.run(scene.order(("triage", scene.deliver(asked)))) == 0
        [write] = scene.deps.outbox.of_ticket("acme", str(asked.ticket_id))
        return asked, write.id

    model, write_id = lose()
    scene.pass_time(_WRITE_WAIT)
    steps = scene.steps_of(("ticket_write", write_id))
    assert ("helpdesk.write_ticket" in steps) is (kind == "disconnect_before")
    victims = [lose() for _ in steps]
    scene.pass_time(_WRITE_WAIT)
    ended = [
        scene.workers.run(scene.order(("ticket_write", write_id), dies_at=number))
        for number, (_, write_id) in enumerate(victims)
    ]
    assert scene.not_killed(ended) == []
    scene.recover()
    wrong = [
        f"killed before {step}: {fault}"
        for step, (asked, _) in zip(["nothing", *steps], [(model, ""), *victims], strict=True)
        for fault in scene.faults_of_triage(asked)
    ]
    assert wrong == []
