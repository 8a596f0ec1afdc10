"""Accounts, their stores, people and secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from app.domain.people import Agent
from app.domain.policy.model import Policy
from app.ports import Account, SecretVault, StoreRecord


class Accounts(Protocol):
    """Accounts, their stores, people and secrets."""

    def get(self, account_id: str) -> Account | None:
        """An account by its id."""

    def door(self, account_id: str) -> tuple[Account, SecretVault] | None:
        """An active account and its secrets, at most some seconds old, for checking webhooks."""

    def door_of(self, helpdesk: str, **config: str) -> str | None:
        """The id of the active account whose config has these values, at most some seconds old."""

    def find(self, helpdesk: str, **config: str) -> Account | None:
        """The active account of this helpdesk whose config has these values."""

    def all(self) -> list[Account]:
        """All active accounts."""

    def everyone(self) -> list[Account]:
        """All accounts, also those that were disconnected."""

    def save(self, account: Account, actor: str, now: datetime) -> None:
        """Create or replace an account."""

    def stores(self, account_id: str) -> list[StoreRecord]:
        """The active stores of an account."""

    def store(self, account_id: str, store_id: str) -> StoreRecord | None:
        """One store of an account."""

    def save_store(self, store: StoreRecord, actor: str, now: datetime) -> None:
        """Create or replace a store."""

    def policy(self, account_id: str) -> Policy:
        """The account's general policy at present; for an order's decision and the amounts of its
        refunds it is `Policies.in_force` that counts."""

    def vault(self, account_id: str) -> SecretVault:
        """The secrets of an account."""

    def known_agent(self, account_id: str, agent_id: str, since: datetime) -> Agent | None:
        """A person as read from the helpdesk after `since`, or None."""

    def remember_agent(self, account_id: str, agent: Agent, now: datetime) -> None:
        """Keep what the helpdesk said about a person."""

    def known_people(self, account_id: str) -> list[Agent]:
        """Everybody who was ever read from the helpdesk, as last read, by name."""

    def use_token_once(self, token_hash: str, expires_at: datetime, now: datetime) -> bool:
        """True for the first use of a signed token, False for every further one."""

    def sweep_mark(self, account_id: str) -> datetime | None:
        """Until when the sweep has looked."""

    def set_sweep_mark(self, account_id: str, until: datetime) -> None:
        """Remember how far the sweep has looked."""
