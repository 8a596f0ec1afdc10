"""The sandbox helpdesks of the demo: started, connected, written to, their books in one form."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from app.bootstrap import Services
from app.cli.connect import connect_zendesk_account
from app.cli.connect_kustomer import connect_kustomer_account
from app.cli.vendor import Vendor, start_desk
from app.domain.base import Value
from app.domain.people import Tier, TierMap
from app.ports import Account
from integrations.helpdesks.kustomer.connect import Credentials as KustomerCredentials
from integrations.helpdesks.kustomer.connect import Options as KustomerOptions
from integrations.helpdesks.zendesk.connect import Credentials as ZendeskCredentials
from integrations.sandbox.scenario import Scene, kustomer_conversation, kustomer_customer
from manifest.build import build_zendesk

ACTOR = "makegood demo"
NAME = "acme"
# The vendor's own names for an account with the High Volume API add-on.
# https://developer.zendesk.com/api-reference/introduction/rate-limits/
_HIGH_VOLUME = {"account": 2500, "ticket-updates-account": 300}
# The largest plan of Kustomer. https://developer.kustomer.com/docs/concepts/rate-limits.md
_ULTIMATE = 2000
_KUSTOMER_WRITES = (
    "conversations.update",
    "conversations.tags.add",
    "conversations.tags.remove",
    "notes.create",
    "notes.update",
)


class BookedNote(Value):
    """A note of ours in a helpdesk's own books. `marker` names the write it belongs to."""

    marker: str | None
    text: str


class TicketCounts(Value):
    """Calls to the helpdesk that a ticket caused. `profile` are those for its requester's other
    addresses; they are among the reads."""

    reads: int
    writes: int
    profile: int = 0


class Desk(Protocol):
    """One sandbox helpdesk."""

    kind: str
    vendor: Vendor
    url: str
    events_per_ticket: int

    def start(self, stack: ExitStack, log: IO[bytes] | None, *, is_large: bool) -> None:
        """Run it until `stack` ends."""

    def environment(self) -> dict[str, str]:
        """The settings by which the product finds it."""

    def connect(self, services: Services, folder: Path) -> Account:
        """As an admin connects it."""

    def seed(self, scenes: Sequence[Scene]) -> list[dict[str, Any]]:
        """Everybody is known before anybody writes. Answers what each is about to write."""

    def write(self, letter: Mapping[str, Any], age_seconds: float = 0.0) -> str:
        """The customer writes; answers the ticket's id. `age_seconds`: so long ago."""

    def lose_next(self) -> None:
        """The next ticket's deliveries never leave."""

    def disturb(self, **what: int) -> None:
        """Spoil the next deliveries, as `Disturbances` of the sandboxes have it."""

    def deliver_rest(self) -> None:
        """What is held back or waits for another try is sent now."""

    def deliveries(self) -> dict[str, Any]:
        """The sender's own counts; `answer_ms` are its measured times."""

    def refused_for_good(self) -> int:
        """Deliveries that were given up."""

    def notes(self) -> dict[str, list[BookedNote]]:
        """Our notes by ticket."""

    def tickets(self) -> int:
        """How many tickets there are."""

    def counts(self, calls: Sequence[Mapping[str, Any]]) -> Callable[[str], TicketCounts]:
        """The calls of each ticket, from the call log."""

    def limits_refused(self) -> dict[str, int]:
        """Calls that the helpdesk refused because there were too many, by limit."""


class ZendeskDesk:
    """The Zendesk sandbox."""

    kind = "zendesk"
    events_per_ticket = 1

    def __init__(self) -> None:
        self.vendor: Vendor
        self.url = ""
        self._is_large = False

    def start(self, stack: ExitStack, log: IO[bytes] | None, *, is_large: bool) -> None:
        said = start_desk(stack, "integrations.sandbox.zendesk", log, "--subdomain", NAME)
        self.vendor, self.url = Vendor(said["url"]), said["desk"]
        self._is_large = is_large
        if is_large:
            self.vendor.post("limits", dict(_HIGH_VOLUME))

    def environment(self) -> dict[str, str]:
        return {
            "MAKEGOOD_ZENDESK_URL": self.vendor.url,
            "MAKEGOOD_ZENDESK_SDK_URL": f"{self.vendor.url}/sdk/zaf_sdk.js",
        }

    def connect(self, services: Services, folder: Path) -> Account:
        client = {"identifier": "makegood-demo", "secret": f"demo-{os.urandom(12).hex()}"}
        self.vendor.post("clients", client)
        # The vendor takes http only for the name localhost.
        port = urlsplit(services.settings.public_url).port
        package = build_zendesk(f"http://localhost:{port}", folder, version("makegood"))
        account, _ = connect_zendesk_account(
            services,
            NAME,
            ZendeskCredentials(client_id=client["identifier"], client_secret=client["secret"]),
            package=package,
            # Who may release what: the sandbox has a custom role of this name.
            tiers=TierMap(roles={"Team lead": Tier.TEAM_LEAD}),
        )
        if self._is_large:
            config = {
                **account.config,
                "requests_per_minute": _HIGH_VOLUME["account"],
                "ticket_updates_per_minute": _HIGH_VOLUME["ticket-updates-account"],
            }
            account = account.model_copy(update={"config": config})
            services.deps.accounts.save(account, ACTOR, services.deps.clock.now())
        return account

    def seed(self, scenes: Sequence[Scene]) -> list[dict[str, Any]]:
        users = self.vendor.post("seed", {"users": [scene.user for scene in scenes]})["users"]
        return [
            {**scene.ticket, "requester": str(user)}
            for scene, user in zip(scenes, users, strict=True)
        ]

    def write(self, letter: Mapping[str, Any], age_seconds: float = 0.0) -> str:
        age = {"age_seconds": age_seconds} if age_seconds else {}
        return str(self.vendor.post("seed", {"tickets": [{**letter, **age}]})["tickets"][0])

    def lose_next(self) -> None:
        self.disturb(lose_next=1)

    def disturb(self, **what: int) -> None:
        self.vendor.post("deliveries", what)

    def deliver_rest(self) -> None:
        self.vendor.post("deliveries", {"action": "release"})

    def deliveries(self) -> dict[str, Any]:
        return self.vendor.get("deliveries", times="1")

    def refused_for_good(self) -> int:
        counts = self.deliveries()
        return int(counts["failed"]) + int(counts["circuit_broken"])

    def notes(self) -> dict[str, list[BookedNote]]:
        return {
            ticket: [
                BookedNote(marker=note["custom"].get("makegood"), text=note["html_body"])
                for note in notes
            ]
            for ticket, notes in self.vendor.get("notes")["notes"].items()
        }

    def tickets(self) -> int:
        return len(self.vendor.get("state")["tickets"])

    def counts(self, calls: Sequence[Mapping[str, Any]]) -> Callable[[str], TicketCounts]:
        by_subject = grouped(calls)
        state = self.vendor.get("state")
        requesters = {str(one["id"]): str(one["requester_id"]) for one in state["tickets"]}

        def of(ticket_id: str) -> TicketCounts:
            mine = by_subject.get(ticket_id, {})
            theirs = by_subject.get(requesters[ticket_id], {})
            profile = sum(n for name, n in theirs.items() if "identities" in name)
            writes = mine.get("tickets.update", 0)
            return TicketCounts(
                reads=sum(mine.values()) - writes + profile, writes=writes, profile=profile
            )

        return of

    def limits_refused(self) -> dict[str, int]:
        return dict(self.vendor.get("state")["limits_refused"])


class KustomerDesk:
    """The Kustomer sandbox."""

    kind = "kustomer"
    # A conversation and its first message are two events.
    events_per_ticket = 2

    def __init__(self) -> None:
        self.vendor: Vendor
        self.url = ""
        self._keys: dict[str, str] = {}
        self._is_large = False

    def start(self, stack: ExitStack, log: IO[bytes] | None, *, is_large: bool) -> None:
        said = start_desk(stack, "integrations.sandbox.kustomer", log, "--org", NAME)
        self.vendor, self.url = Vendor(said["url"]), said["desk"]
        self._keys = {"api_key": said["runtime_key"], "setup_key": said["api_key"]}
        self._is_large = is_large
        if is_large:
            self.vendor.post("limits", {"org": _ULTIMATE})

    def environment(self) -> dict[str, str]:
        return {
            "MAKEGOOD_KUSTOMER_URL": self.vendor.url,
            "MAKEGOOD_KUSTOMER_APP_URL": self.vendor.url,
            "MAKEGOOD_KUSTOMER_SDK_URL": f"{self.vendor.url}/sdk/kustomer-card.min.js",
        }

    def connect(self, services: Services, folder: Path) -> Account:
        account, _ = connect_kustomer_account(
            services,
            NAME,
            KustomerCredentials(**self._keys),
            options=KustomerOptions(requests_per_minute=_ULTIMATE if self._is_large else None),
            # Who may release what: the sandbox has a team of this name.
            tiers=TierMap(groups={"Team leads": Tier.TEAM_LEAD}),
        )
        return account

    def seed(self, scenes: Sequence[Scene]) -> list[dict[str, Any]]:
        people = [kustomer_customer(scene) for scene in scenes]
        made = self.vendor.post("seed", {"customers": people})["customers"]
        return [
            {**kustomer_conversation(scene.ticket), "customer": customer}
            for scene, customer in zip(scenes, made, strict=True)
        ]

    def write(self, letter: Mapping[str, Any], age_seconds: float = 0.0) -> str:
        aged = {**letter, "age_seconds": age_seconds}
        return str(self.vendor.post("seed", {"conversations": [aged]})["conversations"][0])

    def lose_next(self) -> None:
        self.disturb(lose_next=self.events_per_ticket)

    def disturb(self, **what: int) -> None:
        self.vendor.post("deliveries", what)

    def deliver_rest(self) -> None:
        self.vendor.post("deliveries", {"action": "release"})
        self.vendor.post("deliveries", {"action": "drain"})
        # The vendor tries again after a minute, on a clock that needn't be waited for.
        self.vendor.post("clock", {"advance_seconds": 61})

    def deliveries(self) -> dict[str, Any]:
        return self.vendor.get("deliveries", times="1")

    def refused_for_good(self) -> int:
        counts = self.deliveries()
        return int(counts["failed"]) + int(counts["disabled_webhooks"])

    def notes(self) -> dict[str, list[BookedNote]]:
        return {
            ticket: [
                # The last line is the write's own reference.
                BookedNote(marker=note["externalId"], text=note["body"].rpartition("\n")[0])
                for note in notes
            ]
            for ticket, notes in self.vendor.get("notes")["notes"].items()
        }

    def tickets(self) -> int:
        return len(self.vendor.get("state")["conversations"])

    def counts(self, calls: Sequence[Mapping[str, Any]]) -> Callable[[str], TicketCounts]:
        by_subject = grouped(calls)
        customers = {
            one["id"]: str(one["relationships"]["customer"]["data"]["id"])
            for one in self.vendor.get("state")["conversations"]
        }

        def of(ticket_id: str) -> TicketCounts:
            mine = by_subject.get(ticket_id, {})
            theirs = by_subject.get(customers[ticket_id], {})
            writes = sum(mine.get(name, 0) for name in _KUSTOMER_WRITES)
            about_them = sum(n for name, n in theirs.items() if name != "customers.update")
            return TicketCounts(
                reads=sum(mine.values()) - writes + about_them,
                writes=writes + theirs.get("customers.update", 0),
            )

        return of

    def limits_refused(self) -> dict[str, int]:
        return dict(self.vendor.get("state")["limits_refused"])


def grouped(calls: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """How often each operation was called, by subject."""
    found: dict[str, dict[str, int]] = {}
    for call in calls:
        of_subject = found.setdefault(call["subject"], {})
        of_subject[call["operation"]] = of_subject.get(call["operation"], 0) + 1
    return found


DESKS: dict[str, Callable[[], Desk]] = {"zendesk": ZendeskDesk, "kustomer": KustomerDesk}
