"""One sandbox org: its records, ids, lock and the switches for what nobody has confirmed."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import jwt

from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.kustomer.model import (
    ApiKey,
    AppVersion,
    Command,
    Conversation,
    Customer,
    Draft,
    Installation,
    Klass,
    KObject,
    Message,
    Note,
    Setting,
    Tag,
    Team,
    User,
    Webhook,
)

STANDARD_KLASSES = ("company", "conversation", "customer", "message", "user")


@dataclass
class Switches:
    """Behaviour that the vendor leaves open. Each is a way to check that a client survives either
    outcome; the default is the likelier one."""

    identity_headers: Literal["sent", "absent", "overridable"] = "sent"
    default_headers: Literal["expanded", "literal", "refused"] = "expanded"
    run_headers_masked: bool = False
    input_schema_sees: Literal["body", "request"] = "body"
    command_role: str = ""  # what a person needs to run a command; "" for nothing
    runner_timeout_seconds: float = 10.0
    attributes_prefixed: bool = True
    metadata_put: Literal["merge", "replace"] = "merge"
    custom_patch: Literal["merge", "replace"] = "merge"
    custom_changes: Literal["whole", "dotted"] = "whole"
    duplicate_note: Literal["accepted", "conflict"] = "accepted"
    tags_accept_ids: bool = False
    reset_unit: Literal["epoch", "seconds"] = "epoch"
    retry_after: bool = False
    error_shape: Literal["mixed", "simple", "json_api"] = "mixed"
    changes_on_create: Literal["null", "absent"] = "absent"
    preview_limit: int = 0  # characters of a message's text that are served; 0 for all
    install_by_api: bool = True
    empty_lists: bool = True  # `headers: []` and `permittedArgs: []` are taken at registration
    klass_needs_icon: bool = False
    app_webhooks_count: bool = False  # whether those of apps count among the five
    disable_after_retries: bool = True
    teams_on_user: bool = True
    sdk_promises: bool = True  # whether the card's calls answer without a callback too


class Org:
    """The books of one org. Hold `lock` while reading or writing several records."""

    def __init__(self, name: str, clock: SandboxClock, org_id: str | None = None) -> None:
        self.name = name
        self.clock = clock
        self.switches = Switches()
        self.lock = threading.RLock()
        self._signing_key = secrets.token_hex(32)
        self._counter = secrets.randbelow(0x800000)
        self.id = org_id or self.next_id()
        self.users: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        self.keys: dict[str, ApiKey] = {}
        self.customers: dict[str, Customer] = {}
        self.conversations: dict[str, Conversation] = {}
        self.messages: dict[str, Message] = {}
        self.notes: dict[str, Note] = {}
        self.drafts: dict[str, Draft] = {}
        self.tags: dict[str, Tag] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.klasses: dict[str, Klass] = {}
        self.kobjects: dict[str, KObject] = {}
        self.versions: dict[tuple[str, str], AppVersion] = {}
        self.installations: dict[str, Installation] = {}
        self.settings: dict[str, Setting] = {}
        self.commands: dict[str, Command] = {}
        self.command_runs: list[dict[str, Any]] = []
        self.revision = 0
        for standard in STANDARD_KLASSES:
            self.klasses[standard] = Klass(self.next_id(), standard, True, {}, clock.now())

    @property
    def host(self) -> str:
        """The host of the org's API, as the org claims it."""
        return f"{self.name}.api.kustomerapp.com"

    def next_id(self) -> str:
        """24 hexadecimal digits: seconds, a random part, a count."""
        with self.lock:
            self._counter = (self._counter + 1) % 0x1000000
            moment = int(self.clock.seconds())
            return f"{moment:08x}{secrets.token_hex(5)}{self._counter:06x}"

    def touch(self) -> None:
        """Note that something changed, for the desk's live refresh."""
        self.revision += 1

    def add_user(
        self, name: str, email: str, roles: Iterable[str], *, is_machine: bool = False
    ) -> User:
        """A person with roles, or a machine user."""
        now = self.clock.now()
        user = User(self.next_id(), name, email, tuple(roles), now, now, is_machine)
        self.users[user.id] = user
        return user

    def add_team(self, name: str, members: Iterable[User] = ()) -> Team:
        """A team with its members."""
        team = Team(self.next_id(), name, self.clock.now(), [one.id for one in members])
        self.teams[team.id] = team
        return team

    def teams_of(self, user_id: str) -> list[Team]:
        """The teams that a user is in."""
        return [one for one in self.teams.values() if user_id in one.member_ids]

    def issue_key(
        self,
        name: str,
        roles: Iterable[str],
        user: User,
        *,
        lifetime: timedelta | None = None,
        is_session: bool = False,
    ) -> ApiKey:
        """A bearer token for `user`. It looks like the vendor's: a JWT that names the org."""
        now = self.clock.now()
        key_id = self.next_id()
        token = jwt.encode(
            {
                "id": key_id,
                "user": user.id,
                "org": self.id,
                "orgName": self.name,
                "userType": "machine" if user.is_machine else "user",
                "pod": "prod1",
                "roles": list(roles),
                "aud": "urn:consumer",
                "iss": "urn:api",
                "sub": user.id,
            },
            self._signing_key,
            algorithm="HS256",
        )
        expires: datetime | None = now + lifetime if lifetime else None
        key = ApiKey(
            key_id, name, token, user.id, tuple(roles), now, expires, is_session=is_session
        )
        self.keys[token] = key
        return key

    def tag_named(self, name: str) -> Tag | None:
        """The tag of this name, whatever its case."""
        wanted = name.casefold()
        return next((one for one in self.tags.values() if one.name.casefold() == wanted), None)

    def find_customer(self, reference: str) -> Customer | None:
        """A customer by id, e-mail address or phone number."""
        found = self.customers.get(reference)
        if found is not None:
            return found
        wanted = reference.strip().casefold()
        for one in self.customers.values():
            if any(item["email"].casefold() == wanted for item in one.emails):
                return one
            if any(item["phone"] == reference.strip() for item in one.phones):
                return one
        return None
