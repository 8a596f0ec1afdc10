"""What was corrected, and classifiers that learned from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import AwareDatetime

from app.domain.base import Value
from app.domain.classify.order_forms import OrderForm
from app.domain.feedback import DayCount, Label, LabelKind, WeekOfReading


class Learning(Protocol):
    """What agents corrected, what the stores' order numbers look like, and counts of readings."""

    def add(self, label: Label, now: datetime) -> None:
        """Keep a label in place of an earlier one of the same ticket and `what`."""

    def labels(self, account_id: str, since: datetime, limit: int = 50_000) -> list[Label]:
        """An account's labels made since then, oldest first."""

    def withdraw(self, account_id: str, ticket_id: str, what: LabelKind) -> None:
        """Delete a label that its maker took back."""

    def erase_texts(self, before: datetime) -> int:
        """Empty the texts of labels made before then, in all accounts; answers how many."""

    def erase_requester(self, account_id: str, requester_id: str) -> int:
        """Delete all labels that a customer's tickets gave; answers how many."""

    def order_forms(self, account_id: str) -> tuple[OrderForm, ...]:
        """What order names look like in the account's stores, as far as orders were seen."""

    def learn_order_names(
        self, account_id: str, store_id: str, names: Sequence[str], now: datetime
    ) -> None:
        """Widen a store's forms by names of its orders; nothing is written when they fit."""

    def days(self, account_id: str, since: datetime) -> list[DayCount]:
        """Refund cases since then by day, kind, reason and product."""

    def weeks(self, account_id: str, since: datetime) -> list[WeekOfReading]:
        """Each week since then, oldest first."""


class StoredClassifier(Value):
    """A classifier that learned from an account's labels, as it is kept.

    `base` names the shipped weights that `weights` differ from; `report` is what learning showed.
    """

    account_id: str
    version: int
    base: str
    weights: bytes = b""
    report: dict[str, object]
    is_active: bool
    created_at: AwareDatetime


class Classifiers(Protocol):
    """Classifiers of accounts, by version; without an active one the shipped weights are used."""

    def add(
        self,
        account_id: str,
        base: str,
        weights: bytes,
        report: Mapping[str, object],
        *,
        activate: bool,
        actor: str,
        now: datetime,
    ) -> StoredClassifier:
        """Store the next version, and use it from now on when it is to be activated."""

    def active_version(self, account_id: str) -> int | None:
        """The number of the version in use, cheaply; None for the shipped weights."""

    def get(self, account_id: str, version: int) -> StoredClassifier | None:
        """One version with its weights."""

    def versions(self, account_id: str) -> Sequence[StoredClassifier]:
        """All versions without their weights, newest first."""

    def activate(self, account_id: str, version: int | None, actor: str, now: datetime) -> None:
        """Use a version from now on, or the shipped weights. Raises LookupError when unknown."""
