"""`kill -9` between any two steps of a refund, then a restart: one refund, whatever the step."""

from __future__ import annotations

import pytest

from tests.fault.scene import KILLED, Scene

pytestmark = pytest.mark.fault


def kill_at_every_step(scene: Scene) -> tuple[list[str], list[str]]:
    """The steps of a refund, and what went wrong after a kill before each of them."""
    _, refund = scene.clicked()
    steps = scene.steps_of(("refund", refund.id))
    victims = []
    for number, step in enumerate(steps):
        asked, refund = scene.clicked()
        ended = scene.workers.run(scene.order(("refund", refund.id), dies_at=number))
        victims.append((f"killed before step {number}, {step}", ended, asked, refund))
    scene.recover()
    wrong = []
    for where, ended, asked, refund in victims:
        faults = scene.faults_of_refund(asked, refund)
        if ended != KILLED:
            faults.append(f"the worker wasn't killed but ended with {ended}")
        wrong += [f"{where}: {fault}" for fault in faults]
    return steps, wrong


def check_steps(steps: list[str]) -> None:
    """The steps that matter are among those before which a worker was killed, in this order."""
    wanted = [
        "locks.held",
        "store.recheck",
        "store.prepare_refund",
        "ledger.move",
        "store.send_refund",
        "store.read_refund",
        "ledger.move",
        "notifier.wake",
        "cases.save_decision",
        "locks.free",
        "outbox.claim",
        "helpdesk.write_ticket",
        "outbox.sent",
    ]
    rest = iter(steps)
    missing = [step for step in wanted if step not in rest]
    assert missing == [], steps


def test_a_kill_before_any_step_ends_in_one_refund(scene: Scene) -> None:
    steps, wrong = kill_at_every_step(scene)
    check_steps(steps)
    assert wrong == []
    assert scene.chain_fault() is None


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres_scene: Scene) -> None:
    steps, wrong = kill_at_every_step(postgres_scene)
    check_steps(steps)
    assert wrong == []
    assert postgres_scene.chain_fault() is None
