"""`kill -9` between any two steps of an approval, then a second click: one approval, one refund."""

from __future__ import annotations

import pytest

from app.domain.approval import ApprovalState
from app.domain.refund import RefundState
from tests.fault.scene import DEAR, READS, Scene

pytestmark = pytest.mark.fault
_READS = READS | {"approvals.get", "approvals.find", "ledger.get"}


def kill_at_every_step(scene: Scene) -> list[str]:
    """What is wrong after a kill before each step, a second click and a clean worker."""
    _, request = scene.waiting()
    steps = scene.steps_of(("approve", request.id))
    rest = iter(steps)
    wanted = ["store.recheck", "ledger.move", "notifier.wake", "store.send_refund", "ledger.move"]
    assert [step for step in wanted if step not in rest] == [], steps
    victims = []
    # What comes after the lock is a refund like any other: see test_kill_refund.
    for number, step in enumerate(steps[: steps.index("locks.held") + 1]):
        if step not in _READS:
            asked, request = scene.waiting()
            ended = scene.workers.run(scene.order(("approve", request.id), dies_at=number))
            victims.append((f"killed before step {number}, {step}", asked, request, ended))
    assert scene.not_killed([one[3] for one in victims]) == []
    # The browser got no answer: the team lead clicks again.
    clicks = [("approve", request.id) for _, _, request, _ in victims]
    assert scene.workers.run(scene.order(*clicks, stays=True)) == 0
    wrong = []
    for where, asked, request, _ in victims:
        paid = scene.refunds_in_store(asked.order_id)
        refund = scene.deps.ledger.find(request.refund_id)
        found = scene.deps.approvals.find(request.id)
        assert refund is not None and found is not None
        expected = {
            f"decision-{scene.first_decision(asked)}": 1,
            f"{request.id}-requested": 1,
            f"{request.id}-approved": 1,
            f"refund-{refund.id}-settled": 1,
        }
        notes = scene.notes(asked.ticket_id)
        if paid != [DEAR] or refund.state is not RefundState.SETTLED:
            wrong.append(f"{where}: paid {paid}, {refund.state}")
        if found.state is not ApprovalState.APPROVED or sorted(notes) != sorted(expected):
            wrong.append(f"{where}: {found.state}, {notes}")
    if fault := scene.chain_fault():
        wrong.append(fault)
    return wrong


def test_a_kill_before_any_step_of_an_approval_ends_in_one_refund(scene: Scene) -> None:
    assert kill_at_every_step(scene) == []
