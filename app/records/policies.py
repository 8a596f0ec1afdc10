"""Versions of policies, and past cases to replay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.policy.model import Policy
from app.domain.policy.replay import PastCase, Replay
from app.domain.policy.version import PolicyVersion


class Policies(Protocol):
    """Versions of an account's policies, their replays, and past cases to replay."""

    def in_force(self, account_id: str, store_id: str | None, now: datetime) -> Policy:
        """The policy that decides about an order of a store now: the store's own, else its
        brand's, else the account's. Raises LookupError when there is none."""

    def versions(self, account_id: str) -> list[PolicyVersion]:
        """All versions, newest first."""

    def version(self, account_id: str, number: int) -> PolicyVersion | None:
        """One version."""

    def add(self, version: PolicyVersion, now: datetime) -> PolicyVersion:
        """Keep a new version under the next number, with the audit event of its last step. An
        active one ends what is in force in its scope when it begins."""

    def replace(self, old: PolicyVersion, new: PolicyVersion, now: datetime) -> PolicyVersion:
        """Keep a version after a step, likewise. Raises Conflict when it isn't `old` any more."""

    def save_replay(self, replay: Replay) -> None:
        """Keep a replay and its progress."""

    def replay(self, account_id: str, replay_id: str) -> Replay | None:
        """A replay."""

    def past_ids(self, account_id: str, store_ids: Sequence[str] | None) -> list[str]:
        """The present decision of each case (of some stores, or of all), oldest first."""

    def past_cases(self, account_id: str, decision_ids: Sequence[str]) -> list[PastCase]:
        """These decisions with their orders and requests."""
