"""Magento knows no key for a refund: whatever is killed, lost or clicked, it is one credit memo."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import Conflict
from app.domain.people import Agent, Tier
from app.domain.plan import RefundChoice
from app.domain.pricing import everything_left
from app.domain.refund import Refund, RefundState
from app.usecases.plans import offer_choice
from app.usecases.refunds import request_refund
from app.usecases.triage import triage_delivery
from tests.fault.magento_scene import MagentoScene, make_magento_scene
from tests.fault.scene import AGENT, KILLED, PRICE, READS, Asked, Victim, Workers

pytestmark = pytest.mark.fault

OTHER_AGENT = Agent(id="13", name="Mira Holt", email=None, role="agent", tier=Tier.AGENT)
SEND = "store.send_refund"


@pytest.fixture
def scene(tmp_path: Path, workers: Workers, sqlite_url: str) -> Iterator[MagentoScene]:
    with make_magento_scene(sqlite_url, tmp_path, workers) as made:
        yield made


def test_a_kill_before_any_step_ends_in_one_credit_memo(scene: MagentoScene) -> None:
    """But for the step that nobody can tell from a payment: see the next test."""
    _, refund = scene.clicked(whole=True)
    steps = scene.steps_of(("refund", refund.id))
    assert steps.count(SEND) == 1
    victims = []
    for number, step in enumerate(steps):
        if step in READS or step == SEND:
            continue
        asked, refund = scene.clicked(whole=True)
        ended = scene.workers.run(scene.order(("refund", refund.id), dies_at=number))
        victims.append(Victim(f"killed before step {number}, {step}", asked, refund, ended))
    scene.recover()
    assert scene.not_killed([one.ended for one in victims]) == []
    assert scene.faults_of(victims) == []
    assert scene.chain_fault() is None


def test_a_kill_right_before_the_call_is_never_sent_again(scene: MagentoScene) -> None:
    """Nobody knows whether it left: it stays unknown, and nothing is paid."""
    _, refund = scene.clicked(whole=True)
    number = scene.steps_of(("refund", refund.id)).index(SEND)
    asked, refund = scene.clicked(whole=True)
    assert scene.workers.run(scene.order(("refund", refund.id), dies_at=number)) == KILLED
    for _ in range(3):
        time.sleep(scene.settings["patience_seconds"] * 1.1)
        assert scene.workers.run(scene.order(("refund", refund.id))) == 0
    assert scene.refund(refund).state is RefundState.UNKNOWN
    assert scene.refunds_in_store(asked.order_id) == []
    assert scene.magento.calls.by_operation().get("refund_invoice") == 1


@pytest.mark.parametrize(
    ("step", "operation"),
    [
        ("store.recheck", "order"),
        (SEND, "refund_invoice"),
        ("store.read_refund", "creditmemo"),
    ],
)
def test_a_kill_while_magento_is_at_work(scene: MagentoScene, step: str, operation: str) -> None:
    """The call was processed, its answer finds nobody."""
    _, refund = scene.clicked(whole=True)
    number = scene.steps_of(("refund", refund.id)).index(step)
    asked, refund = scene.clicked(whole=True)
    scene.magento.faults.add(operation, "slow", seconds=1.5)
    dying = scene.order(("refund", refund.id), dies_at=number, seconds=0.5)
    ended = scene.workers.run(dying)
    assert ended == KILLED
    if step == SEND:
        assert scene.refunds_in_store(asked.order_id) == [PRICE]
    scene.recover()
    assert scene.faults_of([Victim(f"killed in {step}", asked, refund, ended)]) == []


def test_a_lost_answer_is_found_and_never_sent_again(scene: MagentoScene) -> None:
    """Then the worker that looks for it is killed at each of its calls, too."""
    model = _lost(scene, "disconnect_after")
    scene.pass_time(2.1)
    steps = scene.steps_of(("refund", model[1].id))
    assert SEND not in steps
    places = [number for number, step in enumerate(steps) if step.startswith("store.")]
    assert places
    victims = [_lost(scene, "disconnect_after") for _ in places]
    others = [
        _lost(scene, kind) for kind in ("malformed", "html_500_after", "could_not_save_after")
    ]
    scene.pass_time(2.1)
    for number, (_, refund) in zip(places, victims, strict=True):
        scene.workers.run(scene.order(("refund", refund.id), dies_at=number))
    scene.recover()
    assert [fault for asked, refund in [model, *victims, *others]
            for fault in scene.faults_of_refund(asked, refund)] == []  # fmt: skip


def _lost(scene: MagentoScene, kind: str) -> tuple[Asked, Refund]:
    asked, refund = scene.clicked(whole=True)
    scene.magento.faults.add("refund_invoice", kind)
    assert scene.workers.run(scene.order(("refund", refund.id))) == 0
    assert scene.refunds_in_store(asked.order_id) == [PRICE]
    return asked, refund


def test_two_workers_with_one_refund_make_one_credit_memo(scene: MagentoScene) -> None:
    """The site pays both of two refunds of one moment: only our lock stands there."""
    scene.site.gateway.seconds = 0.3
    clicked = [scene.clicked(whole=True) for _ in range(2)]
    with Workers() as others:
        for _, refund in clicked:
            job = ("refund", refund.id)
            others.send(scene.order(job))
            scene.workers.send(scene.order(job))
        for _ in clicked:
            assert (others.ended(), scene.workers.ended()) == (0, 0)
    scene.recover()
    for asked, refund in clicked:
        assert scene.faults_of_refund(asked, refund) == []


def test_two_agents_who_click_at_the_same_time_make_one_credit_memo(scene: MagentoScene) -> None:
    """Each has a plan of their own for the whole order."""
    asked = scene.ask()
    assert triage_delivery(scene.deps, int(scene.deliver(asked))) == "triaged"
    account, case = scene.deps.account("acme"), scene.case(asked)
    assert case.order is not None
    whole: RefundChoice = everything_left(case.order)
    people = [AGENT, OTHER_AGENT]
    plans = [offer_choice(scene.deps, account, case.id, whole, one).id for one in people]

    def click(place: int) -> Refund | None:
        try:
            return request_refund(scene.deps, account, plans[place], people[place], False)[0]
        except Conflict:
            return None

    with ThreadPoolExecutor(2) as pool:
        made = [one for one in pool.map(click, range(2)) if one is not None]
    assert made
    jobs = [("refund", one.id) for one in made]
    with Workers() as others:
        others.send(scene.order(*jobs))
        scene.workers.send(scene.order(*reversed(jobs)))
        assert (others.ended(), scene.workers.ended()) == (0, 0)
    scene.recover()
    assert scene.refunds_in_store(asked.order_id) == [PRICE]
    settled = [one for one in made if scene.refund(one).state is RefundState.SETTLED]
    assert len({one.id for one in settled}) == 1
    assert sum(scene.refunds_in_store(asked.order_id), Decimal(0)) == PRICE
