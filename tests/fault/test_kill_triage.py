"""`kill -9` between any two steps of a triage, then a restart: one note, whatever the step."""

from __future__ import annotations

import pytest

from tests.fault.scene import KILLED, Scene

pytestmark = pytest.mark.fault


def kill_at_every_step(scene: Scene) -> tuple[list[str], list[str]]:
    steps = scene.steps_of(("triage", scene.deliver(scene.ask())))
    victims = []
    for number, step in enumerate(steps):
        asked = scene.ask()
        ended = scene.workers.run(scene.order(("triage", scene.deliver(asked)), dies_at=number))
        victims.append((f"killed before step {number}, {step}", asked, ended))
    scene.recover()
    wrong = [f"{where}: {fault}" for where, asked, _ in victims
             for fault in scene.faults_of_triage(asked)]  # fmt: skip
    assert scene.not_killed([ended for _, _, ended in victims]) == []
    return steps, wrong


def test_a_kill_before_any_step_ends_in_one_note(scene: Scene) -> None:
    steps, wrong = kill_at_every_step(scene)
    wanted = [
        "inbox.claim",
        "helpdesk.read_ticket",
        "store.find_orders",
        "store.read_order",
        "cases.save_triage",
        "outbox.claim",
        "helpdesk.write_ticket",
        "outbox.sent",
    ]
    assert [step for step in steps if step in wanted] == wanted
    assert wrong == []
    assert scene.deps.inbox.counts() == {"done": len(steps) + 1}
    assert scene.chain_fault() is None


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres_scene: Scene) -> None:
    steps, wrong = kill_at_every_step(postgres_scene)
    assert len(steps) > 8
    assert wrong == []
    assert postgres_scene.chain_fault() is None


def test_a_kill_while_the_note_is_being_written(scene: Scene) -> None:
    steps = scene.steps_of(("triage", scene.deliver(scene.ask())))
    asked = scene.ask()
    scene.zendesk.faults.add("tickets.update", "slow", seconds=1.5)
    number = steps.index("helpdesk.write_ticket")
    job = ("triage", scene.deliver(asked))
    assert scene.workers.run(scene.order(job, dies_at=number, seconds=0.5)) == KILLED
    assert len(scene.notes(asked.ticket_id)) == 1
    scene.recover()
    assert scene.faults_of_triage(asked) == []


def test_deliveries_of_one_ticket_taken_by_workers_that_die_are_one_note(scene: Scene) -> None:
    steps = scene.steps_of(("triage", scene.deliver(scene.ask())))
    asked = scene.ask()
    for number in range(len(steps)):
        job = ("triage", scene.deliver(asked, f"event {number}"))
        scene.workers.run(scene.order(job, dies_at=number))
    scene.recover()
    assert scene.faults_of_triage(asked) == []
