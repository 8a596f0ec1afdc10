"""`HelpdeskBench` of Kustomer, connected as an admin connects it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import requests

from app.domain.crm import CHECKED_TAG
from app.domain.errors import NotAllowed
from app.ports import Account, AccountDirectory, Surroundings, VendorPace
from integrations.helpdesks.kustomer import KustomerIntegration
from integrations.helpdesks.kustomer.adapter import Kustomer
from integrations.helpdesks.kustomer.connect import Connected, Credentials, Options, connect
from integrations.sandbox.kustomer import KustomerSandbox
from manifest.kustomer import checked_definition
from tests.support.mailbox import Mailbox, Post, SeenNote, mailbox
from tests.support.surroundings import CallableClock, MemoryVault, make_surroundings

VERSION = "1.2.3"
STEPS = {
    "read": "messages.list",
    "write": "notes.create",
    "find": "notes.list",
    "customer": "customers.update",
    "agent": "users.show",
    "requester": "customers.show",
    "recent": "search",
}


class KustomerBench:
    """A connected org, its people, its books and its faults."""

    no_ticket = "0" * 23 + "a"
    no_person = "0" * 23 + "b"

    def __init__(
        self, sandbox: KustomerSandbox, box: Mailbox, *, is_connected: bool = True
    ) -> None:
        self.sandbox = sandbox
        self.integration = KustomerIntegration()
        self.posts = box.posts
        self.public_url = box.url
        self.vault = MemoryVault()
        self.surroundings = make_surroundings(
            {"kustomer": sandbox.base, "kustomer_app": sandbox.base},
            CallableClock(sandbox.clock.now),
            vault=self.vault,
        )
        self.account = Account(
            id="acc_1",
            helpdesk="kustomer",
            name="Acme",
            config={
                "org": sandbox.org.name,
                "tiers": {"groups": {"Team leads": "team_lead"}},
                "region": "DE",
            },
        )
        self._people = {
            "agent": sandbox.agent,
            "team_lead": sandbox.team_lead,
            "manager": sandbox.admin,
            "looks_only": sandbox.viewer,
        }
        self._customer = sandbox.add_customer("Mona Berg", "mona.berg@example.com").id
        if is_connected:
            self.connect()
            sandbox.calls.clear()

    def connect(self, options: Options | None = None, **credentials: str) -> Connected:
        """What `makegood connect kustomer` does; run again, it goes on."""
        keys = {"api_key": self.sandbox.api_key, **credentials}
        made = connect(
            self.account,
            self.surroundings,
            Credentials(**keys),
            checked_definition(self.public_url, VERSION),
            options,
        )
        self.vault.put("helpdesk", made.secrets)
        self.account = self.account.model_copy(update={"config": made.config})
        return made

    def helpdesk(self, read_timeout_seconds: float = 5.0) -> Kustomer:
        limited = replace(self.surroundings, read_timeout_seconds=read_timeout_seconds)
        return self.integration.open(self.account, limited)

    def paced(self, pace: VendorPace) -> Surroundings:
        """The surroundings with another budget of calls."""
        return replace(self.surroundings, pace=pace)

    def customer(self, email: str, phone: str | None = None, other_email: str = "") -> str:
        others = [other_email] if other_email else []
        return self.sandbox.add_customer("Mona Berg", email, phone, other_emails=others).id

    def person(self, kind: str) -> str:
        return self._customer if kind == "customer" else self._people[kind].id

    def ticket(self, requester_id: str, text: str, tags: tuple[str, ...] = ()) -> str:
        made = self.sandbox.add_conversation(requester_id, "Refund", text, tags=tags)
        if CHECKED_TAG in tags:
            made.custom[self.attribute("conversation", "status")] = "Eligible"
        return made.id

    def attribute(self, resource: str, name: str) -> str:
        """What one of our attributes is called in the org."""
        stored = self.account.config["attributes"]
        assert isinstance(stored, dict)
        return str(stored[resource][name])

    def edit(self, ticket_id: str, times: int = 1) -> None:
        found = self.sandbox.org.conversations[ticket_id]
        for number in range(times):
            self.sandbox.engine.add_note(found, f"A note of ours, {number}", self.sandbox.agent.id)

    def stop(self) -> None:
        self.sandbox.stop()

    def close(self, ticket_id: str) -> None:
        raise NotImplementedError("a conversation is never closed for good")

    def comments(self, ticket_id: str) -> list[SeenNote]:
        return [
            SeenNote(one["body"], False, one["externalId"])
            for one in self.sandbox.notes(ticket_id)
            if one["createdBy"] == self.sandbox.machine_user.id
        ]

    def tags(self, ticket_id: str) -> set[str]:
        return set(self.sandbox.tag_names(ticket_id))

    def is_marked(self, ticket_id: str) -> bool:
        custom = self.sandbox.org.conversations[ticket_id].custom
        return bool(custom.get(self.attribute("conversation", "status")))

    def fields(self, ticket_id: str) -> dict[str, object]:
        custom = self.sandbox.org.conversations[ticket_id].custom
        found = {
            name: custom.get(self.attribute("conversation", name))
            for name in ("status", "amount", "order", "reason")
        }
        if found["amount"] is not None:
            found["amount"] = f"{found['amount']:.2f}"
        return {name: value for name, value in found.items() if value is not None}

    def customer_fields(self, customer_id: str) -> dict[str, object]:
        custom = self.sandbox.org.customers[customer_id].custom
        names = {"count": "refund_count", "total": "refunded_total", "day": "last_refund"}
        found = {key: custom.get(self.attribute("customer", name)) for key, name in names.items()}
        if found["total"] is not None:
            found["total"] = f"{found['total']:.2f}"
        if found["day"] is not None:
            found["day"] = str(found["day"])[:10]
        return {name: value for name, value in found.items() if value is not None}

    def fault(self, step: str, kind: str, **more: Any) -> None:
        self.sandbox.faults.add(STEPS[step], kind, **more)

    def calls(self) -> dict[str, int]:
        """A ticket is read by two calls and written by two: each pair is one step here."""
        counted = self.sandbox.calls.by_operation()
        found = {step: counted.get(operation, 0) for step, operation in STEPS.items()}
        found["requester"] -= min(found["read"], found["requester"])
        found["write"] = max(found["write"], counted.get("conversations.update", 0))
        return {step: count for step, count in found.items() if count}

    def as_person(self, person_id: str) -> str:
        """A session of this person in Kustomer's own web app, as `Kustomer.request` uses it."""
        user = self.sandbox.org.users[person_id]
        return self.sandbox.org.issue_key("session", user.roles, user, is_session=True).token

    def request_as(self, person_id: str, given: dict[str, Any]) -> requests.Response:
        """What `Kustomer.request` does for the signed-in person."""
        return requests.request(
            given["method"],
            self.sandbox.base + given["url"],
            json=given["body"],
            headers={"Authorization": f"Bearer {self.as_person(person_id)}"},
            timeout=5,
        )

    def opened_by(self, person_id: str, accounts: AccountDirectory) -> tuple[str, str]:
        account = accounts.find("kustomer", org_id=self.sandbox.org.id)
        if account is None:
            raise NotAllowed("no such org")
        challenge = f"makegood-{secrets.token_hex(16)}"
        given = self.integration.challenge_request(account, challenge)
        assert given is not None
        assert self.request_as(person_id, given).status_code == 201
        writer = self.helpdesk().who_wrote(challenge)
        assert writer is not None
        return account.id, writer

    def drained(self) -> list[Post]:
        assert self.sandbox.dispatcher.drain(10)
        return list(self.posts)


@contextmanager
def kustomer_bench() -> Iterator[KustomerBench]:
    """A connected Kustomer sandbox and a mailbox for its webhooks."""
    with mailbox() as box, KustomerSandbox() as sandbox:
        yield KustomerBench(sandbox, box)


@contextmanager
def fresh_org() -> Iterator[KustomerBench]:
    """The same before anything is connected."""
    with mailbox() as box, KustomerSandbox() as sandbox:
        yield KustomerBench(sandbox, box, is_connected=False)
