"""One connected helpdesk with a sandbox behind it, in words that every helpdesk understands.

A new helpdesk adds one bench to `BENCHES` and then runs the whole contract suite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Protocol

from app.domain.crm import CHECKED_TAG
from app.domain.errors import VendorError
from app.ports import (
    Account,
    AccountDirectory,
    Helpdesk,
    HelpdeskIntegration,
    SecretVault,
    Surroundings,
    VendorPace,
)
from integrations.helpdesks.zendesk import ZENDESK
from integrations.helpdesks.zendesk.connect import Credentials, connect
from integrations.sandbox.zendesk.app import ZendeskSandbox
from tests.support.kustomer_bench import kustomer_bench
from tests.support.mailbox import Mailbox, Post, SeenNote, mailbox
from tests.support.surroundings import CallableClock, MemoryVault, make_surroundings

# What the clients of these tests know of the people at the merchant.
KINDS = ("agent", "team_lead", "manager", "looks_only", "customer")


class Directory:
    """`app.ports.AccountDirectory` of the accounts given."""

    def __init__(self, *accounts: Account) -> None:
        self.accounts = accounts

    def find(self, helpdesk: str, **config: str) -> Account | None:
        for one in self.accounts:
            if one.helpdesk == helpdesk and all(
                str(one.config.get(name)) == value for name, value in config.items()
            ):
                return one
        return None

    def vault(self, account_id: str) -> SecretVault:
        return MemoryVault()


class HelpdeskBench(Protocol):
    """A helpdesk, its people, its books and its faults."""

    account: Account
    surroundings: Surroundings
    posts: list[Post]
    # Ids of the right form that nothing has.
    no_ticket: str
    no_person: str

    @property
    def integration(self) -> HelpdeskIntegration:
        """What stands in the registry."""

    def helpdesk(self, read_timeout_seconds: float = 5.0) -> Helpdesk:
        """A fresh client, as a job makes one."""

    def customer(self, email: str, phone: str | None = None, other_email: str = "") -> str:
        """Somebody who writes; answers their id."""

    def person(self, kind: str) -> str:
        """Somebody of one of the `KINDS`; answers their id."""

    def ticket(self, requester_id: str, text: str, tags: tuple[str, ...] = ()) -> str:
        """The customer writes; answers the ticket's id."""

    def edit(self, ticket_id: str, times: int = 1) -> None:
        """Somebody else changes the ticket."""

    def stop(self) -> None:
        """The helpdesk answers nobody any more."""

    def close(self, ticket_id: str) -> None:
        """The ticket is closed for good."""

    def comments(self, ticket_id: str) -> list[SeenNote]:
        """What was added to the ticket after its first words."""

    def tags(self, ticket_id: str) -> set[str]:
        """The ticket's tags."""

    def is_marked(self, ticket_id: str) -> bool:
        """Whether the ticket shows that it was triaged, so that a sweep passes it by."""

    def fields(self, ticket_id: str) -> dict[str, object]:
        """Our ticket fields by our names; empty ones are left out."""

    def customer_fields(self, customer_id: str) -> dict[str, object]:
        """The values of our fields on a profile, in the order count, total, day."""

    def fault(self, step: str, kind: str, **more: Any) -> None:
        """A fault for "read", "write", "find", "customer", "agent", "requester" or "recent"."""

    def calls(self) -> dict[str, int]:
        """Calls since the bench was made, by step."""

    def opened_by(self, person_id: str, accounts: AccountDirectory) -> tuple[str, str]:
        """This person opens the sidebar: account and person as they are proven to us.

        Raises NotAllowed where nothing is proven.
        """

    def drained(self) -> list[Post]:
        """Everything posted to us, once nothing is on its way any more."""


ZENDESK_STEPS = {
    "read": "tickets.show",
    "write": "tickets.update",
    "find": "audits.list",
    "customer": "users.update",
    "agent": "users.show",
    "requester": "users.identities",
    "recent": "search",
}


class ZendeskBench:
    """`HelpdeskBench` of Zendesk, connected as an admin connects it."""

    no_ticket = "9035436"
    no_person = "5"

    def __init__(self, sandbox: ZendeskSandbox, box: Mailbox) -> None:
        self.sandbox = sandbox
        self.integration: HelpdeskIntegration = ZENDESK
        self.posts = box.posts
        self.vault = MemoryVault()
        self.surroundings = make_surroundings(
            {"zendesk": sandbox.base}, CallableClock(sandbox.clock.now), vault=self.vault
        )
        account = Account(
            id="acc_1",
            helpdesk="zendesk",
            name="Acme",
            config={
                "subdomain": sandbox.account.subdomain,
                "installation_id": str(sandbox.installation.id),
                "tiers": {"Team lead": "team_lead"},
                "region": "DE",
            },
        )
        credentials = Credentials(token=sandbox.static_token)
        made = connect(account, self.surroundings, credentials, box.url)
        self.vault.put("helpdesk", made.secrets)
        self.account = account.model_copy(update={"config": made.config})
        sandbox.calls.clear()
        self._people = {
            "agent": sandbox.agent,
            "team_lead": sandbox.team_lead,
            "manager": sandbox.admin,
            "looks_only": sandbox.light_agent,
            "customer": sandbox.add_user("Mona Berg", "mona.berg@example.com"),
        }

    def helpdesk(self, read_timeout_seconds: float = 5.0) -> Helpdesk:
        limited = replace(self.surroundings, read_timeout_seconds=read_timeout_seconds)
        return self.integration.open(self.account, limited)

    def paced(self, pace: VendorPace) -> Surroundings:
        """The surroundings with another budget of calls."""
        return replace(self.surroundings, pace=pace)

    def customer(self, email: str, phone: str | None = None, other_email: str = "") -> str:
        more = [("email", other_email)] if other_email else []
        return str(self.sandbox.add_user("Mona Berg", email, phone, more).id)

    def person(self, kind: str) -> str:
        return str(self._people[kind].id)

    def ticket(self, requester_id: str, text: str, tags: tuple[str, ...] = ()) -> str:
        return str(self.sandbox.add_ticket(int(requester_id), "Refund", text, tags=tags).id)

    def edit(self, ticket_id: str, times: int = 1) -> None:
        # The stamp counts seconds: a change in the same second can't be seen by anybody.
        self.sandbox.clock.advance(2)
        ticket = self.sandbox.account.tickets[int(ticket_id)]
        for _ in range(times):
            priority = "low" if ticket.priority == "high" else "high"
            self.sandbox.engine.update(ticket, {"priority": priority}, self.sandbox.agent)

    def stop(self) -> None:
        self.sandbox.stop()

    def close(self, ticket_id: str) -> None:
        self.sandbox.account.tickets[int(ticket_id)].status = "closed"

    def comments(self, ticket_id: str) -> list[SeenNote]:
        ticket = self.sandbox.account.tickets[int(ticket_id)]
        markers = {one.id: one.custom_metadata.get("makegood") for one in ticket.audits}
        return [
            SeenNote(one.html_body, one.public, markers[one.audit_id])
            for one in ticket.comments[1:]
        ]

    def tags(self, ticket_id: str) -> set[str]:
        return set(self.sandbox.account.tickets[int(ticket_id)].tags)

    def is_marked(self, ticket_id: str) -> bool:
        return CHECKED_TAG in self.tags(ticket_id)

    def fields(self, ticket_id: str) -> dict[str, object]:
        ids = self.account.config["ticket_fields"]
        assert isinstance(ids, dict)
        values = self.sandbox.account.tickets[int(ticket_id)].custom_fields
        return {
            name: values[int(one)] for name, one in ids.items() if values.get(int(one)) is not None
        }

    def customer_fields(self, customer_id: str) -> dict[str, object]:
        values = self.sandbox.account.users[int(customer_id)].user_fields
        keys = {"count": "refund_count", "total": "refunded_total", "day": "last_refund"}
        return {
            name: values[f"makegood_{key}"]
            for name, key in keys.items()
            if f"makegood_{key}" in values
        }

    def fault(self, step: str, kind: str, **more: Any) -> None:
        self.sandbox.faults.add(ZENDESK_STEPS[step], kind, **more)

    def calls(self) -> dict[str, int]:
        names = {operation: step for step, operation in ZENDESK_STEPS.items()}
        counted = self.sandbox.calls.by_operation()
        return {names.get(operation, operation): count for operation, count in counted.items()}

    def opened_by(self, person_id: str, accounts: AccountDirectory) -> tuple[str, str]:
        form = {"token": self.sandbox.sign_sidebar_token(int(person_id))}
        visit = self.integration.visit(accounts, form, self.surroundings.clock.now())
        return visit.account_id, visit.agent_id

    def drained(self) -> list[Post]:
        assert self.sandbox.dispatcher.drain(10)
        return list(self.posts)


@contextmanager
def zendesk_bench() -> Iterator[ZendeskBench]:
    """A connected Zendesk sandbox and a mailbox for its webhooks."""
    with mailbox() as box, ZendeskSandbox() as sandbox:
        yield ZendeskBench(sandbox, box)


BENCHES: dict[str, Callable[[], AbstractContextManager[HelpdeskBench]]] = {
    "zendesk": zendesk_bench,
    "kustomer": kustomer_bench,
}
# Where a ticket can be closed for good, and a write is refused once the ticket has changed.
CLOSING = ("zendesk",)


def outcome_of(act: Callable[[], object]) -> type[VendorError] | None:
    """The kind of VendorError that `act` raises; None when it raises none."""
    try:
        act()
    except VendorError as error:
        return type(error)
    return None
