"""A running Makegood with its sandbox vendors, the tickets that tests write, and the books."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

from app.cli.agents import Sidebar, open_sidebar
from app.cli.processes import Supervisor
from app.cli.stage import Show, Stage, free_port
from app.domain.approval import ApprovalRequest
from app.domain.plan import Terms
from integrations.sandbox.scenario import STORIES, Scene, play

HOLD_SECONDS = 1.0
_TELLINGS = 24
_PATIENCE_SECONDS = 30.0

AGENT = "mira.holt@example.com"
TEAM_LEAD = "dario.venn@example.com"
LIGHT_AGENT = "pim.aerts@example.com"
ADMIN = "ines.okafor@example.com"


@dataclass(frozen=True)
class Written:
    """A ticket that a customer wrote, with the scene that it was written for."""

    id: int
    scene: Scene

    @property
    def order(self) -> str:
        return self.scene.order_names[0]

    @property
    def amount(self) -> str:
        """What the story comes to, as the store keeps it."""
        assert self.scene.story.expected.amount is not None
        return self.scene.story.expected.amount


class House:
    """One stage for all tests. Each test writes tickets of its own, so they don't meet."""

    def __init__(self, stage: Stage, environment: dict[str, str]) -> None:
        self.stage = stage
        self._environment = environment
        self._told: Counter[str] = Counter()
        people = stage.zendesk.get("state")["users"]
        self.people = {person["email"]: int(person["id"]) for person in people if person["email"]}

    # --- tickets ---------------------------------------------------------------------------------

    def write(self, key: str, *, is_read: bool = True) -> Written:
        """A ticket of the story `key`, by a customer of its own; waits for its note if it has one.

        `is_read` False: don't wait.
        """
        scene = self._next_scene(key)
        if scene.orders:
            self.stage.shopify.post("orders", {"orders": list(scene.orders)})
        [user] = self.stage.zendesk.post("seed", {"users": [scene.user]})["users"]
        seed = {"tickets": [{**scene.ticket, "requester": str(user)}]}
        [ticket_id] = self.stage.zendesk.post("seed", seed)["tickets"]
        written = Written(ticket_id, scene)
        if is_read and scene.story.expected.is_refund:
            self.wait(lambda: self.notes(written), f"a note on the ticket about {key}")
        return written

    def _next_scene(self, key: str) -> Scene:
        # Made when it is written: days count back from now, and a run may last past midnight.
        told = [
            scene
            for scene in play(len(STORIES) * _TELLINGS, datetime.now(UTC))
            if scene.story.key == key
        ]
        scene = told[self._told[key]]
        self._told[key] += 1
        return scene

    def desk_url(self, ticket: Written | None, agent: str, scheme: str = "light") -> str:
        """The desk's address, opened on a ticket as one of the staff."""
        place = f"/tickets/{ticket.id}" if ticket else ""
        return f"{self.stage.desk_url}{place}?agent={self.people[agent]}&scheme={scheme}"

    # --- people ----------------------------------------------------------------------------------

    def hire(self, name: str, email: str, role: str = "agent") -> None:
        """One more of the staff; nothing happens for somebody who is there."""
        if email not in self.people:
            person = {"name": name, "email": email, "role": role}
            [self.people[email]] = self.stage.zendesk.post("seed", {"users": [person]})["users"]

    def sidebar(self, email: str) -> Sidebar:
        """The interface as this person's session may use it, without a page."""
        return open_sidebar(self.stage.url, self.stage.desks["zendesk"], email)

    # --- approvals -------------------------------------------------------------------------------

    def ask(self, ticket: Written, email: str) -> str:
        """Somebody asks for what the ticket proposes; the request's id."""
        person = self.sidebar(email)
        plan = person.ticket(str(ticket.id))["plan"]["ask"]
        answer = person.call("POST", str(ticket.id), "/api/v1/approvals", {"plan": plan})
        answer.raise_for_status()
        return str(answer.json()["id"])

    def approval(self, approval_id: str) -> ApprovalRequest:
        """A request as it is kept."""
        found = self.stage.services.deps.approvals.find(approval_id)
        assert found is not None
        return found

    # --- books -----------------------------------------------------------------------------------

    def notes(self, ticket: Written) -> list[str]:
        """The texts of a ticket's internal notes, oldest first."""
        found = self.stage.zendesk.get(f"tickets/{ticket.id}/notes")["notes"]
        return [str(note["plain_body"]) for note in found]

    def refunds(self, order: str) -> list[Decimal]:
        """What the store itself says that it paid back for an order, refund by refund."""
        for one in self.stage.shopify.get("books")["orders"]:
            if one["name"] == order:
                return [Decimal(refund["paid"]) for refund in one["refunds"]]
        raise AssertionError(f"the store has no order {order}")

    def store_credit(self) -> list[dict[str, Any]]:
        """Every store credit that the store gave to anybody, by its own books."""
        credits: list[dict[str, Any]] = self.stage.shopify.get("books")["store_credit"]
        return credits

    def decide_by(self, ticket: Written, terms: Terms, *, first_only: bool = False) -> None:
        """A ticket's decision as if the policy had these terms for every item, or for the first
        item only: then nothing is proposed."""
        deps = self.stage.services.deps
        case = deps.cases.case_of_ticket(self.stage.account.id, str(ticket.id))
        assert case is not None and case.decision is not None
        first, *others = case.decision.lines
        lines = [first.model_copy(update={"terms": terms})]
        lines += [one if first_only else one.model_copy(update={"terms": terms}) for one in others]
        changes = {"lines": tuple(lines), **({"plan": None} if first_only else {})}
        decision = case.decision.model_copy(update=changes)
        changed = case.model_copy(update={"decision": decision, "revision": case.revision + 1})
        now = deps.clock.now()
        assert deps.cases.save_decision(changed, None, "tests", "case_refreshed", now, None)

    @cached_property
    def field_ids(self) -> dict[str, int]:
        """Title of each ticket field to its id."""
        return {
            field["title"]: int(field["id"])
            for field in self.stage.zendesk.get("state")["ticket_fields"]
        }

    def field_values(self, ticket: Written) -> dict[str, Any]:
        """What the helpdesk keeps in a ticket's own fields, by title."""
        state = self.stage.zendesk.get("state")
        titles = {field["id"]: field["title"] for field in state["ticket_fields"]}
        [stored] = [one for one in state["tickets"] if one["id"] == ticket.id]
        return {
            titles[item["id"]]: item["value"]
            for item in stored["custom_fields"]
            if item["id"] in titles
        }

    def customer_values(self, ticket: Written) -> dict[str, Any]:
        """What the helpdesk keeps in the fields of a ticket's requester."""
        state = self.stage.zendesk.get("state")
        [stored] = [one for one in state["tickets"] if one["id"] == ticket.id]
        [person] = [one for one in state["users"] if one["id"] == stored["requester_id"]]
        return dict(person["user_fields"])

    def refund_by_hand(self, order: str, amount: str) -> None:
        """Somebody gives money back in the store's own pages."""
        self.stage.shopify.post("refunds", {"order": order, "amount": amount})

    # --- what goes wrong -------------------------------------------------------------------------

    @contextmanager
    def store_fault(
        self, operation: str, kind: str, times: int | None = None, seconds: float = 0.0
    ) -> Iterator[None]:
        """A fault of the store while the block runs."""
        fault = {"operation": operation, "kind": kind, "times": times, "seconds": seconds}
        self.stage.shopify.post("faults", fault)
        try:
            yield
        finally:
            requests.delete(f"{self.stage.shopify.url}/_sandbox/faults", timeout=10)

    @contextmanager
    def another_web(self, **settings: str) -> Iterator[None]:
        """A second web process with settings of its own, which the desk opens meanwhile.

        `settings` are environment variables, as `MAKEGOOD_HOLD_SECONDS="5"`.
        """
        port = free_port()
        environment = {**self._environment, **settings, "MAKEGOOD_PORT": str(port)}
        usual = str(self.stage.zendesk.post("app", {})["sidebar_url"])
        supervisor = Supervisor(environment)
        supervisor.start("another web", "web", "--host", "127.0.0.1")
        try:
            self.wait(lambda: _answers(f"http://127.0.0.1:{port}/health"), "another web process")
            own = f"http://127.0.0.1:{port}/zendesk/sidebar"
            self.stage.zendesk.post("app", {"sidebar_url": own})
            yield
        finally:
            self.stage.zendesk.post("app", {"sidebar_url": usual})
            supervisor.stop()

    def wait(self, is_so: Callable[[], object], what: str) -> None:
        """Until `is_so` answers something true."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not is_so():
            self.stage.supervisor.keep_alive()
            assert time.monotonic() < deadline, f"never came: {what}"
            time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code < 500
    except (requests.ConnectionError, requests.Timeout):
        return False


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """A house in a folder of its own; the environment of other tests stays as it was."""
    before = dict(os.environ)
    show = Show(
        folder=folder,
        workers=1,
        hold_seconds=HOLD_SECONDS,
        log_file=folder / "log",
        high_volume=True,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with Stage(show) as stage:
            environment = {k: v for k, v in os.environ.items() if k.startswith("MAKEGOOD_")}
            environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
            _restore(before)
            yield House(stage, environment)
    finally:
        _restore(before)


def _restore(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
