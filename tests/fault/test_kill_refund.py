"""`kill -9` between any two steps of a refund, then a restart: one refund, whatever the step."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from app.domain.bonus import BonusState
from tests.fault.scene import KILLED, READS, Asked, Scene, Victim

pytestmark = pytest.mark.fault


def kill_at_every_step(
    scene: Scene, spare: frozenset[str] = frozenset(), *, whole: bool = False
) -> tuple[list[str], list[Victim]]:
    """The steps of a refund, and one refund for each whose worker was killed before it.

    Steps in `spare` are left out. `whole` orders go back, or plain amounts.
    """
    _, refund = scene.clicked(whole=whole)
    steps = scene.steps_of(("refund", refund.id))
    victims = []
    for number, step in enumerate(steps):
        if step in spare:
            continue
        asked, refund = scene.clicked(whole=whole)
        ended = scene.workers.run(scene.order(("refund", refund.id), dies_at=number))
        victims.append(Victim(f"killed before step {number}, {step}", asked, refund, ended))
    return steps, victims


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


def check_all(scene: Scene, victims: list[Victim]) -> None:
    assert scene.not_killed([one.ended for one in victims]) == []
    assert scene.faults_of(victims) == []
    assert scene.chain_fault() is None


def test_a_kill_before_any_step_ends_in_one_refund(scene: Scene) -> None:
    steps, victims = kill_at_every_step(scene)
    check_steps(steps)
    scene.recover()
    check_all(scene, victims)


@pytest.mark.postgres
def test_the_same_for_whole_orders_on_postgresql(postgres_scene: Scene) -> None:
    steps, victims = kill_at_every_step(postgres_scene, READS, whole=True)
    check_steps(steps)
    postgres_scene.recover()
    check_all(postgres_scene, victims)


def test_the_worker_that_takes_over_is_killed_too(scene: Scene) -> None:
    """Every second step here: the first worker's death differs from the second one's."""
    _, refund = scene.clicked()
    steps = scene.steps_of(("refund", refund.id))
    victims = []
    for number in range(1, len(steps), 2):
        asked, refund = scene.clicked()
        ended = scene.workers.run(scene.order(("refund", refund.id), dies_at=number))
        where = f"killed before step {number}, {steps[number]}"
        victims.append(Victim(where, asked, refund, ended))
    # What the dead held is free after the time of patience.
    time.sleep(scene.settings["patience_seconds"] * 1.1)
    for number, victim in enumerate(victims):
        scene.workers.run(scene.order(("refund", victim.refund.id), dies_at=4 + number % 12))
    scene.recover()
    check_all(scene, victims)


@pytest.mark.parametrize(
    ("step", "operation"),
    [
        ("store.recheck", "RefundPreview"),
        ("store.send_refund", "RefundCreate"),
        ("store.read_refund", "RefundStatus"),
        ("helpdesk.write_ticket", "tickets.update"),
    ],
)
def test_a_kill_while_the_vendor_is_at_work(scene: Scene, step: str, operation: str) -> None:
    """The call was processed, the answer finds nobody."""
    _, refund = scene.clicked()
    number = scene.steps_of(("refund", refund.id)).index(step)
    asked, refund = scene.clicked()
    board = scene.zendesk.faults if operation == "tickets.update" else scene.shopify.faults
    board.add(operation, "slow", seconds=1.5)
    dying = scene.order(("refund", refund.id), dies_at=number, seconds=0.5)
    ended = scene.workers.run(dying)
    if step == "store.send_refund":
        assert len(scene.refunds_in_store(asked.order_id)) == 1
    scene.recover()
    assert ended == KILLED
    check_all(scene, [Victim(f"killed in {step}", asked, refund, ended)])


def test_nothing_that_was_never_clicked_is_refunded(scene: Scene) -> None:
    """The books are really looked at: a ticket with a note and no click has no refund."""
    asked: Asked = scene.ask()
    scene.workers.run(scene.order(("triage", scene.deliver(asked))))
    scene.recover()
    assert scene.faults_of_triage(asked) == []
    assert scene.refunds_in_store(asked.order_id) == []


def test_a_kill_anywhere_gives_store_credit_and_its_bonus_at_most_once(scene: Scene) -> None:
    """The refund is sent again with its key. The bonus has none: where it may have been given and
    wasn't, it is left unknown, and a person is told."""
    percent, bonus = 10, Decimal("4.86")
    _, refund = scene.clicked_for_credit(percent)
    steps = scene.steps_of(("refund", refund.id))
    begin = steps.index("bonuses.find")
    wanted = [number for number, step in enumerate(steps) if step == "store.send_refund"]
    wanted += [number for number in range(begin, len(steps)) if steps[number] not in READS]
    victims = []
    for number in wanted:
        asked, refund = scene.clicked_for_credit(percent)
        ended = scene.workers.run(scene.order(("refund", refund.id), dies_at=number))
        where = f"killed before step {number}, {steps[number]}"
        victims.append(Victim(where, asked, refund, ended))
    scene.recover()
    assert scene.not_killed([one.ended for one in victims]) == []
    assert "store.send_credit" in steps[begin:]
    for victim in victims:
        found = scene.deps.bonuses.of_refund("acme", victim.refund.id)
        assert found is not None, victim.where
        credits = scene.credits_in_store(victim.asked.order_id)
        assert credits[0] == ("ORDER_REFUND", victim.refund.plan.total.amount), victim.where
        if victim.where.endswith("store.send_credit") and found.state is BonusState.UNKNOWN:
            assert credits[1:] == [], victim.where
            continue
        assert credits[1:] == [("ADJUSTMENT", bonus)], victim.where
        assert found.state is BonusState.GIVEN, victim.where
    assert scene.chain_fault() is None
