"""One sandbox account: its records, ids, lock and the switches for unconfirmed behaviour."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from integrations.sandbox.zendesk.clock import SandboxClock
from integrations.sandbox.zendesk.model import (
    App,
    CustomField,
    Installation,
    Named,
    Ticket,
    Trigger,
    User,
    Webhook,
)

# First ids by kind. Users, fields, comments and audits exceed 32 bits, as real ones do.
_FIRST_IDS = {
    "ticket": 35_436,
    "user": 380_112_000_101,
    "identity": 380_990_000_001,
    "field": 360_021_000_001,
    "option": 360_034_000_001,
    "audit": 1_206_091_000_001,
    "event": 1_306_091_000_001,
    "trigger": 360_077_000_001,
    "group": 360_002_000_001,
    "organization": 360_003_000_001,
    "brand": 360_004_000_001,
    "form": 360_005_000_001,
    "custom_role": 360_006_000_001,
    "app": 900_101,
    "installation": 4_700_201,
    "upload": 5_500_001,
    "token": 223_443_001,
    "client": 990_001,
    "requirement": 1,
}

_ULID_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class Options:
    """Behaviour that the vendor leaves open or that depends on the account.

    Each is a way to check that a client survives either outcome.
    """

    additional_tags_honoured: bool = True
    unknown_custom_fields: Literal["ignore", "reject"] = "ignore"
    field_endpoints_scope: Literal["broad", "named"] = "broad"
    require_assignee_to_solve: bool = True
    retry_has_fresh_timestamp: bool = True
    escape_placeholders_in_json: bool = False
    search_lag_seconds: float = 0.0
    incremental_lag_seconds: float = 60.0
    max_comments: int = 5000


class Account:
    """The books of one account. Hold `lock` while reading or writing several records."""

    def __init__(
        self, subdomain: str, clock: SandboxClock, *, account_id: int = 18_204_101
    ) -> None:
        self.subdomain = subdomain
        self.account_id = account_id
        self.clock = clock
        self.options = Options()
        self.lock = threading.RLock()
        self.users: dict[int, User] = {}
        self.users_by_email: dict[str, int] = {}
        self.tickets: dict[int, Ticket] = {}
        self.ticket_fields: dict[int, CustomField] = {}
        self.user_fields: dict[int, CustomField] = {}
        self.triggers: dict[int, Trigger] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.groups: dict[int, Named] = {}
        self.organizations: dict[int, Named] = {}
        self.brands: dict[int, Named] = {}
        self.forms: dict[int, Named] = {}
        self.custom_roles: dict[int, Named] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.revision = 0
        self._ids: Counter[str] = Counter()
        self._random = random.Random()  # noqa: S311 - ids only need to differ

    @property
    def host(self) -> str:
        """The name the account claims in everything signed."""
        return f"{self.subdomain}.zendesk.com"

    def url(self, path: str) -> str:
        """The url of a resource as payloads show it, on the claimed host."""
        return f"https://{self.host}/api/v2/{path}"

    def next_id(self, kind: str) -> int:
        with self.lock:
            self._ids[kind] += 1
            # Gaps keep clients from assuming that ids are consecutive; tickets really are.
            step = 1 if kind in ("ticket", "requirement") else 3
            return _FIRST_IDS[kind] + (self._ids[kind] - 1) * step

    def ulid(self) -> str:
        """A webhook or invocation id: 26 letters, sortable by time."""
        milliseconds = int(self.clock.seconds() * 1000)
        head = ""
        for _ in range(10):
            head = _ULID_LETTERS[milliseconds % 32] + head
            milliseconds //= 32
        return head + "".join(self._random.choices(_ULID_LETTERS, k=16))

    def touch(self) -> None:
        """Note that something changed, for the desk's live refresh."""
        self.revision += 1

    def find_user(self, reference: Any) -> User | None:
        """A user by id (number or digits) or by e-mail address."""
        if isinstance(reference, str) and not reference.isdigit():
            found = self.users_by_email.get(reference.strip().lower())
            return None if found is None else self.users.get(found)
        try:
            return self.users.get(int(reference))
        except (TypeError, ValueError):
            return None

    def custom_ticket_fields(self) -> list[CustomField]:
        """Ticket fields that are not built in, in the order of their creation."""
        return [field for field in self.ticket_fields.values() if not field.system]
