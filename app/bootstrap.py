"""Put the product together: settings -> database, queue, adapters -> use cases.

The only module that sees every side.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import redis

from app.domain.classify.trained import TrainedClassifier
from app.domain.errors import ConfigurationError
from app.ports import HelpdeskIntegration, Notifier, StoreIntegration, Surroundings, VendorPace
from app.queue import BackgroundNotifier, RedisPace, RqNotifier, connect_redis
from app.settings import Settings
from app.storage.accounts import SqlAccounts
from app.storage.approvals import SqlApprovals, SqlDelegations
from app.storage.audit import SqlAuditTrail
from app.storage.bonuses import SqlBonuses
from app.storage.casebook import SqlCaseBook
from app.storage.classifiers import SqlClassifiers
from app.storage.engine import Database
from app.storage.inbox import SqlInbox
from app.storage.learning import SqlLearning
from app.storage.ledger import SqlRefundLedger
from app.storage.locks import SqlLocks
from app.storage.outbox import SqlOutbox
from app.storage.policies import SqlPolicies
from app.storage.vault import make_cipher
from app.usecases.classifiers import AccountClassifiers
from app.usecases.deps import Deps
from integrations import HELPDESKS, STORES
from integrations.helpdesks.zendesk import ZendeskIntegration
from integrations.helpdesks.zendesk.client import Marketplace


class SystemClock:
    """`app.ports.Clock`: the machine's time."""

    def now(self) -> datetime:
        """The present in UTC."""
        return datetime.now(UTC)


def secret_keys(settings: Settings) -> Sequence[str]:
    """The configured keys, else one that is made once and kept in the data folder (mode 600)."""
    if settings.secret_keys:
        return [key.get_secret_value() for key in settings.secret_keys]
    path = settings.data_dir / "secret.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", opener=_open_private) as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    key = path.read_text().strip()
    if not key:
        raise ConfigurationError(f"{path} is empty: restore it, or set MAKEGOOD_SECRET_KEYS")
    return [key]


def _open_private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _notifier(client: redis.Redis, *, announces_later: bool) -> Notifier:
    notifier = RqNotifier(client)
    return BackgroundNotifier(notifier) if announces_later else notifier


@dataclass(frozen=True)
class Services:
    """The assembled product of one process."""

    settings: Settings
    database: Database
    redis: redis.Redis
    deps: Deps

    @cached_property
    def session_keys(self) -> Sequence[str]:
        """Keys that sign sidebar sessions and plan tokens, newest first."""
        return [f"sessions:{key}" for key in secret_keys(self.settings)]

    def close(self) -> None:
        """Give connections back."""
        self.database.dispose()
        self.redis.close()


def build_services(
    settings: Settings,
    *,
    announces_later: bool = False,
    notifier: Notifier | None = None,
    pace: VendorPace | None = None,
    wrap: Callable[[Deps], Deps] | None = None,
) -> Services:
    """Assemble everything. `notifier`, `pace` and `wrap` let a test replace a part.

    `announces_later` is for the web process, whose answers shouldn't wait for Redis.

    Raises ConfigurationError when REDIS_URL is missing: `makegood serve` and `makegood demo` start
    an embedded Redis and pass its URL on.
    """
    if not settings.redis_url:
        raise ConfigurationError(
            "REDIS_URL is not set. `makegood serve` runs everything on one machine with a Redis "
            "of its own; single processes need the URL of one."
        )
    database = Database(settings.database)
    cipher = make_cipher(secret_keys(settings))
    client = connect_redis(settings.redis_url, answers_within=5 if announces_later else None)
    accounts = SqlAccounts(database, cipher)
    locks = SqlLocks(database)
    vendor_pace = pace or RedisPace(settings.redis_url, client)
    clock = SystemClock()
    helpdesks: dict[str, HelpdeskIntegration] = dict(HELPDESKS)
    if settings.zendesk_marketplace_app_id:
        helpdesks["zendesk"] = ZendeskIntegration(
            Marketplace(
                name=settings.zendesk_marketplace_name,
                organization_id=settings.zendesk_marketplace_organization_id,
                app_id=settings.zendesk_marketplace_app_id,
            )
        )
    stores: dict[str, StoreIntegration] = dict(STORES)

    def surroundings(account_id: str) -> Surroundings:
        return Surroundings(
            vault=accounts.vault(account_id),
            locks=locks,
            pace=vendor_pace,
            clock=clock,
            endpoints=settings.endpoints,
            connect_timeout_seconds=settings.connect_timeout_seconds,
            read_timeout_seconds=settings.read_timeout_seconds,
        )

    classifier = TrainedClassifier()
    deps = Deps(
        accounts=accounts,
        inbox=SqlInbox(database),
        cases=SqlCaseBook(database),
        ledger=SqlRefundLedger(database),
        learning=SqlLearning(database),
        approvals=SqlApprovals(database),
        delegations=SqlDelegations(database),
        bonuses=SqlBonuses(database),
        outbox=SqlOutbox(database),
        policies=SqlPolicies(database),
        audit=SqlAuditTrail(database),
        locks=locks,
        clock=clock,
        notifier=notifier or _notifier(client, announces_later=announces_later),
        classifier=classifier,
        classifiers=AccountClassifiers(classifier, SqlClassifiers(database), clock),
        helpdesks=helpdesks,
        stores=stores,
        surroundings=surroundings,
        hold_seconds=settings.hold_seconds,
        patience_seconds=settings.patience_seconds,
    )
    if wrap is not None:
        deps = wrap(deps)
    return Services(settings=settings, database=database, redis=client, deps=deps)
