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

from app.cli.agents import BY_TIER, TEAM_LEAD, Sidebar, open_sidebar
from app.cli.casting import Part
from app.cli.desks import BookedNote
from app.cli.stage import Stage
from app.domain.bonus import Bonus
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
    helpdesk: str = "zendesk"
    store: str = "shopify"

    @property
    def where(self) -> str:
        """The ticket as reports name it."""
        return f"{self.helpdesk}+{self.store} {self.ticket_id} ({self.scene.story.key})"


@dataclass
class Played:
    """Everything that a run leaves to be looked at; what the vendors kept is by vendor."""

    told: list[Told]
    desk_calls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    shop_calls: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    notes_after_triage: dict[str, list[BookedNote]] = field(default_factory=dict)
    answers_lost: int = 0
    is_triage_complete: bool = False
    is_settlement_complete: bool = False
    seconds: float = 0.0


def play_headless(stage: Stage, parts: Sequence[Part], say: Say) -> Played:
    """The whole story. What doesn't happen in time is left undone, for the promises to find."""
    began = time.monotonic()
    say(f"{len(parts)} tickets arrive, {ARRIVALS_PER_SECOND} a second")
    letters = seed_world(stage, parts)
    for vendor in stage.vendors:
        vendor.post("reset-calls", {})
    played = Played(told=_arrive(stage, parts, letters))
    say("waiting until all of them are triaged")
    played.is_triage_complete = _wait_for_triage(stage, played.told)
    _keep_triage_books(stage, played)
    for one in played.told:
        account = stage.accounts[one.helpdesk]
        one.case = stage.services.deps.cases.case_of_ticket(account.id, one.ticket_id)
    say("agents release refunds in the sidebar")
    _click(stage, played)
    say("waiting for settlement and the notes about it")
    played.is_settlement_complete = _wait_for_settlement(stage, played)
    lost = sum(one.scene.act is Act.LOST_ANSWER for one in played.told)
    left = sum(len(shop.vendor.get("faults")["faults"]) for shop in stage.shops.values())
    played.answers_lost = lost - left
    played.seconds = round(time.monotonic() - began, 1)
    return played


# --- tickets ------------------------------------------------------------------------------------


def seed_world(stage: Stage, parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Put everybody and their orders into the sandboxes before anybody writes; answers the ticket
    that each part is about to write."""
    for name, shop in stage.shops.items():
        shop.seed(part.scene for part in parts if part.store == name)
    letters: dict[int, dict[str, Any]] = {}
    for name, desk in stage.desks.items():
        own = [part.scene for part in parts if part.helpdesk == name]
        for scene, letter in zip(own, desk.seed(own), strict=True):
            letters[scene.number] = letter
    return [letters[part.scene.number] for part in parts]


def _arrive(stage: Stage, parts: Sequence[Part], letters: Sequence[dict[str, Any]]) -> list[Told]:
    """Each ticket is written by its customer; some deliveries are spoilt on the way."""
    told: list[Told] = []
    began = time.monotonic()
    # Counted for each helpdesk, so that each has every kind of trouble.
    places: dict[str, int] = {}
    for part, letter in zip(parts, letters, strict=True):
        desk = stage.desks[part.helpdesk]
        place = places[part.helpdesk] = places.get(part.helpdesk, 0) + 1
        is_lost = place % _LOST_EVERY == 0
        if is_lost:
            desk.lose_next()
        elif place % _DUPLICATE_EVERY == 0:
            desk.disturb(duplicate_next=1)
        elif place % _ANSWER_LOST_EVERY == 0:
            desk.disturb(lose_answer_next=1)
        elif place == _REORDERED:
            desk.disturb(reorder_next=_REORDERED)
        ticket_id = desk.write(letter, _AGE_OF_LOST_SECONDS if is_lost else 0.0)
        told.append(Told(part.scene, ticket_id, is_lost, helpdesk=part.helpdesk, store=part.store))
        ahead = began + len(told) / ARRIVALS_PER_SECOND - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
    for desk in stage.desks.values():
        desk.deliver_rest()
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
        for account in stage.accounts.values():
            stage.services.deps.notifier.wake("sweep", account.id)
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
    for name, desk in stage.desks.items():
        desk.vendor.post("deliveries", {"action": "drain"})
        played.desk_calls[name] = desk.vendor.get("calls")["calls"]
        played.notes_after_triage |= desk.notes()
    for name, shop in stage.shops.items():
        played.shop_calls[name] = shop.calls()


# --- clicks -------------------------------------------------------------------------------------


Sidebars = dict[str, Sidebar]


def _click(stage: Stage, played: Played) -> None:
    """Everybody clicks: those whose answers will be lost first, then all others at once."""
    people: dict[str, Sidebars] = {
        name: {email: open_sidebar(stage.url, desk, email) for email in BY_TIER.values()}
        for name, desk in stage.desks.items()
    }
    acting = [one for one in played.told if one.scene.act is not Act.NOTHING]
    losing = [one for one in acting if one.scene.act is Act.LOST_ANSWER]
    for name, shop in stage.shops.items():
        shop.lose_answers(sum(one.store == name for one in losing))

    def click(one: Told) -> None:
        _guarded(one, people[one.helpdesk])

    with ThreadPoolExecutor(_CLICKERS) as pool:
        list(pool.map(click, losing))
        list(pool.map(click, [one for one in acting if one not in losing]))


def _guarded(told: Told, sidebars: Sidebars) -> None:
    try:
        _act(told, sidebars)
    except Exception as error:
        # One ticket that can't be worked on must not end the run: the report names it.
        told.problems.append(f"{type(error).__name__}: {error}")


def _act(told: Told, sidebars: Sidebars) -> None:
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
        clicks = [(first, first.price(told.ticket_id, shown["case_id"], choice)["plan"])]
    with ThreadPoolExecutor(len(clicks)) as pool:
        answers = list(pool.map(lambda click: click[0].refund(told.ticket_id, click[1]), clicks))
    told.answers = [(answer.status_code, answer.json()) for answer in answers]
    if act is Act.CANCEL:
        stopped = first.cancel(told.ticket_id, answers[0].json()["id"])
        told.answers.append((stopped.status_code, stopped.json()))


# --- settlement ---------------------------------------------------------------------------------


def _wait_for_settlement(stage: Stage, played: Played) -> bool:
    def done() -> bool:
        with stage.services.database.read() as tx:
            states = set(tx.execute(select(refunds.c.state)).scalars())
            unsent = tx.execute(
                select(func.count()).where(ticket_writes.c.state != WriteState.SENT.value)
            ).scalar_one()
        is_at_rest = {RefundState(state) for state in states} <= _RESTING and unsent == 0
        return is_at_rest and all(bonus.state.is_final for bonus in all_bonuses(stage))

    return _until(stage, done, len(played.told))


def all_refunds(stage: Stage) -> list[Refund]:
    """Every refund of the run."""
    return [
        refund
        for account in stage.accounts.values()
        for refund in stage.services.deps.ledger.all_of(account.id, list(RefundState))
    ]


def all_bonuses(stage: Stage) -> list[Bonus]:
    """Every bonus on store credit of the run."""
    return [
        bonus
        for account in stage.accounts.values()
        for bonus in stage.services.deps.bonuses.all_of(account.id)
    ]


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
