"""What every use case works with; put together by `app.bootstrap`, or by a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from app.domain.errors import ConfigurationError
from app.ports import (
    Account,
    Classifier,
    Clock,
    Helpdesk,
    HelpdeskIntegration,
    Locks,
    Notifier,
    Store,
    StoreIntegration,
    StoreRecord,
    Surroundings,
)
from app.records import (
    Accounts,
    Approvals,
    AuditTrail,
    Bonuses,
    CaseBook,
    Delegations,
    Inbox,
    Learning,
    Outbox,
    Policies,
    RefundLedger,
)
from app.usecases.classifiers import AccountClassifiers

_Client = TypeVar("_Client")


@dataclass(frozen=True)
class Deps:
    """Ports and records. `surroundings` gives an account's vault, locks and vendor pace.

    `patience_seconds`: how long a step of another worker may take before it counts as dead;
    longer than any vendor call with its time-outs. `opened` holds the clients of one job.
    `classifier` reads what belongs to no account, or to one whose labels taught nothing yet.
    """

    accounts: Accounts
    inbox: Inbox
    cases: CaseBook
    ledger: RefundLedger
    learning: Learning
    approvals: Approvals
    delegations: Delegations
    bonuses: Bonuses
    outbox: Outbox
    policies: Policies
    audit: AuditTrail
    locks: Locks
    clock: Clock
    notifier: Notifier
    classifier: Classifier
    helpdesks: Mapping[str, HelpdeskIntegration]
    stores: Mapping[str, StoreIntegration]
    surroundings: Callable[[str], Surroundings]
    hold_seconds: float = 5.0
    patience_seconds: float = 60.0
    opened: dict[tuple[str, str], Any] | None = None
    classifiers: AccountClassifiers | None = None

    def classifier_for(self, account_id: str) -> Classifier:
        """What reads this account's tickets: its own classifier where it has learned one."""
        return self.classifiers.of(account_id) if self.classifiers else self.classifier

    def for_job(self) -> Deps:
        """The same, but each helpdesk and store is opened once for all steps of one job."""
        return replace(self, opened={})

    def _once(self, kind: str, key: str, make: Callable[[], _Client]) -> _Client:
        if self.opened is None:
            return make()
        if (kind, key) not in self.opened:
            self.opened[kind, key] = make()
        client: _Client = self.opened[kind, key]
        return client

    def account(self, account_id: str) -> Account:
        """An active account; LookupError when there is none."""
        account = self.accounts.get(account_id)
        if account is None or not account.is_active:
            raise LookupError(f"there is no active account {account_id}")
        return account

    def helpdesk(self, account: Account) -> Helpdesk:
        """A client of the account's helpdesk, for one job."""
        integration = self.helpdesks.get(account.helpdesk)
        if integration is None:
            raise ConfigurationError(f"there is no helpdesk integration {account.helpdesk!r}")
        return self._once(
            "helpdesk",
            account.id,
            lambda: integration.open(account, self.surroundings(account.id)),
        )

    def store(self, record: StoreRecord) -> Store:
        """A client of one shop, for one job."""
        integration = self.stores.get(record.kind)
        if integration is None:
            raise ConfigurationError(f"there is no store integration {record.kind!r}")
        return self._once(
            "store",
            record.id,
            lambda: integration.open(record, self.surroundings(record.account_id)),
        )

    def store_by_id(self, account_id: str, store_id: str) -> Store:
        """A client of one shop of an account; LookupError when there is no such shop."""
        if self.opened is not None and ("store", store_id) in self.opened:
            known: Store = self.opened["store", store_id]
            if known.record.account_id == account_id:
                return known
        record = self.accounts.store(account_id, store_id)
        if record is None:
            raise LookupError(f"the account has no store {store_id}")
        return self.store(record)
