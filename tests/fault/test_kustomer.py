"""Kustomer knows no key for a note: killed, lost and repeated, a decision is still one note."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault.kustomer_scene import KustomerScene, make_kustomer_scene
from tests.fault.scene import KILLED, READS, Asked, Workers

pytestmark = pytest.mark.fault

_WRITE_WAIT = 5.1


@pytest.fixture
def scene(tmp_path: Path, workers: Workers, sqlite_url: str) -> Iterator[KustomerScene]:
    with make_kustomer_scene(sqlite_url, tmp_path, workers) as made:
        yield made


def test_a_kill_before_any_step_ends_in_one_note(scene: KustomerScene) -> None:
    steps = scene.steps_of(("triage", scene.deliver(scene.ask())))
    victims = []
    for number, step in enumerate(steps):
        if step in READS:
            continue
        asked = scene.ask()
        ended = scene.workers.run(scene.order(("triage", scene.deliver(asked)), dies_at=number))
        victims.append((f"killed before step {number}, {step}", asked, ended))
    scene.recover()
    assert "helpdesk.write_ticket" in steps
    assert scene.not_killed([ended for _, _, ended in victims]) == []
    assert [f"{where}: {fault}" for where, asked, _ in victims
            for fault in scene.faults_of_triage(asked)] == []  # fmt: skip
    assert scene.chain_fault() is None


@pytest.mark.parametrize("operation", ["conversations.update", "notes.create"])
def test_a_kill_while_kustomer_is_at_work(scene: KustomerScene, operation: str) -> None:
    """The attributes or the note are written, and the answer finds nobody."""
    steps = scene.steps_of(("triage", scene.deliver(scene.ask())))
    asked = scene.ask()
    scene.kustomer.faults.add(operation, "slow", seconds=1.5)
    job = ("triage", scene.deliver(asked))
    dying = scene.order(job, dies_at=steps.index("helpdesk.write_ticket"), seconds=0.5)
    assert scene.workers.run(dying) == KILLED
    assert len(scene.notes(asked.ticket_id)) == (operation == "notes.create")
    scene.recover()
    assert scene.faults_of_triage(asked) == []
    conversation = scene.kustomer.org.conversations[str(asked.ticket_id)]
    assert "Eligible" in conversation.custom.values()


def lose(scene: KustomerScene, operation: str, kind: str) -> tuple[Asked, str]:
    """A triaged conversation whose write got no usable answer, and that write's id."""
    asked = scene.ask()
    scene.kustomer.faults.add(operation, kind)
    assert scene.workers.run(scene.order(("triage", scene.deliver(asked)))) == 0
    assert scene.kustomer.faults.waiting() == []
    [write] = scene.deps.outbox.of_ticket("acme", str(asked.ticket_id))
    return asked, write.id


def test_a_lost_answer_then_a_kill_at_any_step(scene: KustomerScene) -> None:
    model, write_id = lose(scene, "notes.create", "disconnect_after")
    scene.pass_time(_WRITE_WAIT)
    steps = scene.steps_of(("ticket_write", write_id))
    assert "helpdesk.find_write" in steps and "helpdesk.write_ticket" not in steps
    victims = [lose(scene, "notes.create", "disconnect_after") for _ in steps]
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


def test_whatever_becomes_of_an_answer_it_is_one_note(scene: KustomerScene) -> None:
    kinds = [
        ("notes.create", "malformed"),
        ("notes.create", "disconnect_before"),
        ("notes.create", "http_500"),
        ("notes.create", "http_429"),
        ("conversations.update", "disconnect_after"),
        ("conversations.update", "html_502"),
        ("messages.list", "http_503"),
        ("customers.show", "disconnect_after"),
    ]
    asked = []
    for operation, kind in kinds:
        one = scene.ask()
        scene.kustomer.faults.add(operation, kind, retry_after="1")
        assert scene.workers.run(scene.order(("triage", scene.deliver(one)))) == 0
        asked.append(one)
    assert scene.kustomer.faults.waiting() == []
    scene.recover()
    assert [f"{kind}: {fault}" for kind, one in zip(kinds, asked, strict=True)
            for fault in scene.faults_of_triage(one)] == []  # fmt: skip


def test_deliveries_of_one_conversation_taken_by_workers_that_die_are_one_note(
    scene: KustomerScene,
) -> None:
    """Its two events, each twice, in any order."""
    steps = scene.steps_of(("triage", scene.deliver(scene.ask())))
    asked = scene.ask()
    for number in range(0, len(steps), 2):
        job = ("triage", scene.deliver(asked, f"event {number}"))
        scene.workers.run(scene.order(job, dies_at=number))
    scene.recover()
    assert scene.faults_of_triage(asked) == []


def test_a_refund_is_told_once_wherever_the_worker_dies(scene: KustomerScene) -> None:
    _, refund = scene.clicked()
    steps = scene.steps_of(("refund", refund.id))
    begin = steps.index("outbox.claim")
    victims = []
    for number in range(begin, len(steps)):
        asked, refund = scene.clicked()
        ended = scene.workers.run(scene.order(("refund", refund.id), dies_at=number))
        victims.append((steps[number], asked, refund, ended))
    scene.recover()
    assert scene.not_killed([ended for *_, ended in victims]) == []
    assert [f"killed before {step}: {fault}" for step, asked, refund, _ in victims
            for fault in scene.faults_of_refund(asked, refund)] == []  # fmt: skip
