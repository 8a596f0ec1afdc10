"""Several workers at once, some of them killed: everything is done, and nothing twice."""

from __future__ import annotations

import pytest

from tests.fault.scene import Scene, Victim, Workers

pytestmark = pytest.mark.fault


def work_together(scene: Scene, others: Workers) -> None:
    clicked = [Victim(f"refund {number}", *scene.clicked(), 0) for number in range(6)]
    asked = [scene.ask() for _ in range(6)]
    for one in asked:
        scene.deliver(one, "created")
        scene.deliver(one, "again")
    # Each time one of the two is killed somewhere, later and later, while the other one goes on.
    for dies_at in (3, 9, 21, 34):
        others.send(scene.order(stays=True, dies_at=dies_at))
        scene.workers.send(scene.order(stays=True, dies_at=120))
        others.ended()
        scene.workers.ended()
    others.send(scene.order(stays=True))
    scene.workers.send(scene.order(stays=True))
    assert (others.ended(), scene.workers.ended()) == (0, 0)
    assert scene.faults_of(clicked) == []
    assert [fault for one in asked for fault in scene.faults_of_triage(one)] == []
    assert scene.chain_fault() is None


def test_two_workers_of_which_one_is_killed_again_and_again(scene: Scene) -> None:
    with Workers() as others:
        work_together(scene, others)


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres_scene: Scene) -> None:
    with Workers() as others:
        work_together(postgres_scene, others)
