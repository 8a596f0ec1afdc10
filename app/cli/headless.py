"""The demo's story without a person: tickets in, triage, clicks, settlement.

Nothing here asserts anything; `app.cli.promises` looks at the books afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from app.cli.agents import BY_TIER, TEAM_LEAD, Sidebar
from app.cli.stage import Stage
from app.domain.case import Case
from app.domain.errors import ConfigurationError
from app.domain.refund import Refund, RefundState
from app.records import WriteState
from app.storage.tables import refunds, ticket_writes, tickets
from integrations.sandbox.scenario import Act, Scene

Say = Callable[[str], None]

ARRIVALS_PER_SECOND = 8
_LOST_EVERY, _DUPLICATE_EVERY, _ANSWER_LOST_EVERY = 17, 6, 23
_REORDERED = 4
# Older than the time that the sweep leaves to a delivery that may still come.
_AGE_OF_LOST_SECONDS = 600
_DOUBLE_CLICKS = 3
_CLICKERS = 6
_PATIENCE_SECONDS = 90.0
_MORE_SECONDS_PER_TICKET = 1.0
# How the store loses an answer: it has paid, and the connection ends.
_LOST_ANSWER_KINDS = ("timeout_after", "disconnect_after", "malformed")
_RESTING = {state for state in RefundState if state.is_final} | {RefundState.PENDING}


@dataclass
class Told:
    """A scene that was played: its ticket, and what became of it."""

    scene: Scene
    ticket_id: str
    is_lost: bool = False
    case: Case | None = None
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class Played:
    """Everything that a run leaves to be looked at."""

    told: list[Told]
    zendesk_calls: list[dict[str, Any]] = field(default_factory=list)
    shopify_calls: list[dict[str, Any]] = field(default_factory=list)
    notes_after_triage: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    invocations_after_triage: int = 0
    answers_lost: int = 0
    is_triage_complete: bool = False
    is_settlement_complete: bool = False
    seconds: float = 0.0


def play_headless(stage: Stage, scenes: Sequence[Scene], say: Say) -> Played:
    """The whole story. What doesn't happen in time is left undone, for the promises to find."""
    began = time.monotonic()
    say(f"{len(scenes)} tickets arrive, {ARRIVALS_PER_SECOND} a second")
    letters = seed_world(stage, scenes)
    for vendor in (stage.zendesk, stage.shopify):
        vendor.post("reset-calls", {})
    played = Played(told=_arrive(stage, scenes, letters))
    say("waiting until all of them are triaged")
    played.is_triage_complete = _wait_for_triage(stage, played.told)
    _keep_triage_books(stage, played)
    for one in played.told:
        one.case = stage.services.deps.cases.case_of_ticket(stage.account.id, one.ticket_id)
    say("agents release refunds in the sidebar")
    _click(stage, played)
    say("waiting for settlement and the notes about it")
    played.is_settlement_complete = _wait_for_settlement(stage, played)
    lost = sum(one.scene.act is Act.LOST_ANSWER for one in played.told)
    played.answers_lost = lost - len(stage.shopify.get("faults")["faults"])
    played.seconds = round(time.monotonic() - began, 1)
    return played


# --- tickets ------------------------------------------------------------------------------------


def seed_world(stage: Stage, scenes: Sequence[Scene]) -> list[dict[str, Any]]:
    """Put everybody and their orders into the sandboxes before anybody writes; answers the ticket
    that each scene is about to write."""
    orders = [order for scene in scenes for order in scene.orders]
    if orders:
        stage.shopify.post("orders", {"orders": orders})
    users = stage.zendesk.post("seed", {"users": [scene.user for scene in scenes]})["users"]
    return [
        {**scene.ticket, "requester": str(user)} for scene, user in zip(scenes, users, strict=True)
    ]


def _arrive(stage: Stage, scenes: Sequence[Scene], letters: Sequence[dict[str, Any]]) -> list[Told]:
    """Each ticket is written by its customer; some deliveries are spoilt on the way."""
    told: list[Told] = []
    began = time.monotonic()
    for scene, letter in zip(scenes, letters, strict=True):
        place = scene.number + 1
        is_lost = place % _LOST_EVERY == 0
        spoil: dict[str, Any] = {}
        if is_lost:
            spoil = {"lose_next": 1}
        elif place % _DUPLICATE_EVERY == 0:
            spoil = {"duplicate_next": 1}
        elif place % _ANSWER_LOST_EVERY == 0:
            spoil = {"lose_answer_next": 1}
        elif place % len(scenes) == _REORDERED:
            spoil = {"reorder_next": _REORDERED}
        if spoil:
            stage.zendesk.post("deliveries", spoil)
        age = {"age_seconds": _AGE_OF_LOST_SECONDS} if is_lost else {}
        made = stage.zendesk.post("seed", {"tickets": [{**letter, **age}]})
        told.append(Told(scene, str(made["tickets"][0]), is_lost))
        ahead = began + len(told) / ARRIVALS_PER_SECOND - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
    stage.zendesk.post("deliveries", {"action": "release"})
    return told


def _wait_for_triage(stage: Stage, told: list[Told]) -> bool:
    """Until each ticket was triaged and its note is in the helpdesk; lost ones by the sweep."""
    wanted = {one.ticket_id for one in told}
    delivered = {one.ticket_id for one in told if not one.is_lost}

    def done(expected: set[str]) -> bool:
        with stage.services.database.read() as tx:
            triaged = set(tx.execute(select(tickets.c.ticket_id)).scalars())
            unsent = tx.execute(
                select(func.count()).where(ticket_writes.c.state != WriteState.SENT.value)
            ).scalar_one()
        return expected <= triaged and unsent == 0

    if not _until(stage, lambda: done(delivered), len(told)):
        return False
    if delivered != wanted:
        stage.services.deps.notifier.wake("sweep", stage.account.id)
    return _until(stage, lambda: done(wanted), len(told))


def _until(stage: Stage, is_done: Callable[[], bool], count: int) -> bool:
    deadline = time.monotonic() + _PATIENCE_SECONDS + count * _MORE_SECONDS_PER_TICKET
    while time.monotonic() < deadline:
        if is_done():
            return True
        stage.supervisor.keep_alive()
        time.sleep(0.2)
    return False


def _keep_triage_books(stage: Stage, played: Played) -> None:
    stage.zendesk.post("deliveries", {"action": "drain"})
    played.zendesk_calls = stage.zendesk.get("calls")["calls"]
    played.shopify_calls = stage.shopify.get("calls")["calls"]
    played.notes_after_triage = stage.zendesk.get("notes")["notes"]
    played.invocations_after_triage = stage.zendesk.get("deliveries")["invocations"]


# --- clicks -------------------------------------------------------------------------------------


def _click(stage: Stage, played: Played) -> None:
    """Everybody clicks: those whose answers will be lost first, then all others at once."""
    sidebars = {email: Sidebar(stage, email) for email in BY_TIER.values()}
    acting = [one for one in played.told if one.scene.act is not Act.NOTHING]
    losing = [one for one in acting if one.scene.act is Act.LOST_ANSWER]
    for number, _ in enumerate(losing):
        kind = _LOST_ANSWER_KINDS[number % len(_LOST_ANSWER_KINDS)]
        stage.shopify.post("faults", {"operation": "RefundCreate", "kind": kind, "seconds": 1})
    with ThreadPoolExecutor(_CLICKERS) as pool:
        list(pool.map(lambda one: _guarded(one, sidebars), losing))
        list(pool.map(lambda one: _guarded(one, sidebars), [o for o in acting if o not in losing]))


def _guarded(told: Told, sidebars: dict[str, Sidebar]) -> None:
    try:
        _act(told, sidebars)
    except Exception as error:
        # One ticket that can't be worked on must not end the run: the report names it.
        told.problems.append(f"{type(error).__name__}: {error}")


def _act(told: Told, sidebars: dict[str, Sidebar]) -> None:
    act = told.scene.act
    first = sidebars[BY_TIER[told.scene.story.expected.tier]]
    shown = first.ticket(told.ticket_id)
    if shown["plan"] is None or shown["plan"]["plan"] is None:
        told.problems.append(f"no button was shown: {shown['headline']}")
        return
    plan = shown["plan"]["plan"]
    clicks: list[tuple[Sidebar, str]] = [(first, plan)]
    if act is Act.DOUBLE_CLICK:
        clicks = [(first, plan)] * _DOUBLE_CLICKS
    elif act is Act.TWO_AGENTS:
        second = sidebars[TEAM_LEAD]
        clicks.append((second, second.ticket(told.ticket_id)["plan"]["plan"]))
    elif act is Act.PARTIAL:
        line = shown["plan"]["lines"][0]
        choice = {"lines": [{"line_id": line["line_id"], "quantity": 1}]}
        clicks = [(first, first.price(shown["case_id"], choice)["plan"])]
    with ThreadPoolExecutor(len(clicks)) as pool:
        answers = list(pool.map(lambda click: click[0].refund(click[1]), clicks))
    told.answers = [(answer.status_code, answer.json()) for answer in answers]
    if act is Act.CANCEL:
        stopped = first.cancel(answers[0].json()["id"])
        told.answers.append((stopped.status_code, stopped.json()))


# --- settlement ---------------------------------------------------------------------------------


def _wait_for_settlement(stage: Stage, played: Played) -> bool:
    def done() -> bool:
        with stage.services.database.read() as tx:
            states = set(tx.execute(select(refunds.c.state)).scalars())
            unsent = tx.execute(
                select(func.count()).where(ticket_writes.c.state != WriteState.SENT.value)
            ).scalar_one()
        return {RefundState(state) for state in states} <= _RESTING and unsent == 0

    return _until(stage, done, len(played.told))


def all_refunds(stage: Stage) -> list[Refund]:
    """Every refund of the run."""
    return list(stage.services.deps.ledger.all_of(stage.account.id, list(RefundState)))


def expected_refund(told: Told) -> Decimal | None:
    """What the scene's act should have paid back in the end, None for nothing."""
    expected = told.scene.story.expected
    match told.scene.act:
        case Act.NOTHING | Act.CANCEL | Act.SETTLES_LATER:
            return None
        case Act.PARTIAL:
            if expected.partial is None:
                raise ConfigurationError(f"{told.scene.story.key}: what is one unit worth?")
            return Decimal(expected.partial)
        case _:
            return Decimal(expected.amount or "0")
