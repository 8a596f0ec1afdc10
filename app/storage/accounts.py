"""Accounts, stores, policies, people and secrets in the database."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.fernet import MultiFernet
from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.domain.people import Agent
from app.domain.policy.default import DEFAULT_POLICY
from app.domain.policy.model import Policy
from app.domain.policy.version import Act, PolicyVersion, Step, VersionState
from app.ports import Account, SecretVault, StoreRecord
from app.records import SYSTEM
from app.storage.audit import append_event, start_trail
from app.storage.engine import Database
from app.storage.policies import SqlPolicies, version_values
from app.storage.tables import accounts, people, policies, stores, used_tokens
from app.storage.vault import SqlVault

# How long a changed webhook secret may go unnoticed; old and new are both accepted meanwhile.
_DOOR_SECONDS = 5.0


def _account(row: RowMapping) -> Account:
    return Account(
        id=row["id"],
        helpdesk=row["helpdesk"],
        name=row["name"],
        config=json.loads(row["config"]),
        is_active=row["is_active"],
    )


def _store(row: RowMapping) -> StoreRecord:
    return StoreRecord(
        id=row["id"],
        account_id=row["account_id"],
        kind=row["kind"],
        name=row["name"],
        config=json.loads(row["config"]),
        is_active=row["is_active"],
    )


class _RememberingVault:
    """A vault whose answers are kept as long as it lives itself, which is seconds."""

    def __init__(self, vault: SqlVault) -> None:
        self._vault = vault
        self._known: dict[tuple[str, str], str | None] = {}

    def get(self, owner: str, name: str) -> str | None:
        """From memory, else from the database."""
        if (owner, name) not in self._known:
            self._known[owner, name] = self._vault.get(owner, name)
        return self._known[owner, name]

    def put(self, owner: str, values: Mapping[str, str | None]) -> None:
        """Straight to the database."""
        self._known.clear()
        self._vault.put(owner, values)


class SqlAccounts:
    """`app.records.Accounts`."""

    def __init__(self, database: Database, cipher: MultiFernet) -> None:
        self._db = database
        self._cipher = cipher
        self._policies = SqlPolicies(database)
        self._doors: dict[str, tuple[float, tuple[Account, SecretVault]]] = {}
        self._door_names: dict[tuple[object, ...], tuple[float, str]] = {}

    def get(self, account_id: str) -> Account | None:
        """By id, active or not."""
        with self._db.read() as tx:
            row = tx.execute(select(accounts).where(accounts.c.id == account_id))
            found = row.mappings().one_or_none()
        return _account(found) if found is not None else None

    def door(self, account_id: str) -> tuple[Account, SecretVault] | None:
        """Remembered for a few seconds: each webhook asks, and the answer hardly ever changes."""
        now = time.monotonic()
        known = self._doors.get(account_id)
        if known is not None and known[0] > now:
            return known[1]
        account = self.get(account_id)
        found = None
        if account is not None and account.is_active:
            found = (account, _RememberingVault(self.vault(account_id)))
            # Unknown accounts aren't remembered: anybody could fill the memory with them.
            self._doors[account_id] = (now + _DOOR_SECONDS, found)
        else:
            self._doors.pop(account_id, None)
        return found

    def door_of(self, helpdesk: str, **config: str) -> str | None:
        """Remembered as `door` is; unknown ones aren't."""
        now = time.monotonic()
        key = (helpdesk, *sorted(config.items()))
        known = self._door_names.get(key)
        if known is not None and known[0] > now:
            return known[1]
        account = self.find(helpdesk, **config)
        if account is None:
            self._door_names.pop(key, None)
            return None
        self._door_names[key] = (now + _DOOR_SECONDS, account.id)
        return account.id

    def find(self, helpdesk: str, **config: str) -> Account | None:
        """By values of its config, compared as text."""
        for account in self.all():
            if account.helpdesk == helpdesk and all(
                str(account.config.get(key)) == value for key, value in config.items()
            ):
                return account
        return None

    def all(self) -> list[Account]:
        """Active ones, oldest first."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(accounts).where(accounts.c.is_active).order_by(accounts.c.created_at)
            )
            return [_account(row) for row in rows.mappings()]

    def everyone(self) -> list[Account]:
        """Active or not, oldest first."""
        with self._db.read() as tx:
            rows = tx.execute(select(accounts).order_by(accounts.c.created_at))
            return [_account(row) for row in rows.mappings()]

    def save(self, account: Account, actor: str, now: datetime) -> None:
        """Create (with an audit trail and the default policy) or replace."""
        values = {
            "helpdesk": account.helpdesk,
            "name": account.name,
            "config": json.dumps(account.config, sort_keys=True),
            "is_active": account.is_active,
        }
        with self._db.write() as tx:
            changed = tx.execute(
                update(accounts).where(accounts.c.id == account.id).values(**values)
            )
            action = "account_changed"
            if changed.rowcount == 0:
                action = "account_created"
                tx.execute(insert(accounts).values(id=account.id, created_at=now, **values))
                start_trail(tx, account.id)
                self._insert_policy(tx, account.id, DEFAULT_POLICY, now)
            data: dict[str, object] = {"active": account.is_active, "helpdesk": account.helpdesk}
            append_event(tx, account.id, actor, action, f"account:{account.id}", data, now)
        # Other processes hear of it when what they remember of the account ends.
        self._doors.pop(account.id, None)
        self._door_names.clear()

    def _insert_policy(
        self, tx: Connection, account_id: str, policy: Policy, now: datetime
    ) -> None:
        step = Step(act=Act.ACTIVATED, by=SYSTEM, by_name="Makegood", at=now)
        version = PolicyVersion(
            account_id=account_id,
            version=policy.version,
            title=policy.title,
            state=VersionState.ACTIVE,
            policy=policy,
            log=(step,),
            # Also what is decided about the past is decided by it.
            effective_from=datetime(2000, 1, 1, tzinfo=UTC),
        )
        tx.execute(
            insert(policies).values(
                account_id=account_id, version=version.version, **version_values(version)
            )
        )

    def stores(self, account_id: str) -> list[StoreRecord]:
        """Active ones, oldest first."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(stores)
                .where(stores.c.account_id == account_id, stores.c.is_active)
                .order_by(stores.c.created_at)
            )
            return [_store(row) for row in rows.mappings()]

    def store(self, account_id: str, store_id: str) -> StoreRecord | None:
        """By id, active or not."""
        with self._db.read() as tx:
            row = tx.execute(
                select(stores).where(stores.c.account_id == account_id, stores.c.id == store_id)
            )
            found = row.mappings().one_or_none()
        return _store(found) if found is not None else None

    def save_store(self, store: StoreRecord, actor: str, now: datetime) -> None:
        """Create or replace."""
        values = {
            "account_id": store.account_id,
            "kind": store.kind,
            "name": store.name,
            "config": json.dumps(store.config, sort_keys=True),
            "is_active": store.is_active,
        }
        with self._db.write() as tx:
            changed = tx.execute(update(stores).where(stores.c.id == store.id).values(**values))
            action = "store_changed"
            if changed.rowcount == 0:
                action = "store_connected"
                tx.execute(insert(stores).values(id=store.id, created_at=now, **values))
            data: dict[str, object] = {"active": store.is_active, "name": store.name}
            # It decides which policy is in force for the store.
            if store.config.get("brand"):
                data["brand"] = store.config["brand"]
            append_event(tx, store.account_id, actor, action, f"store:{store.id}", data, now)

    def policy(self, account_id: str) -> Policy:
        """By the machine's own time."""
        return self._policies.in_force(account_id, None, datetime.now(UTC))

    def vault(self, account_id: str) -> SqlVault:
        """Bound to one account."""
        return SqlVault(self._db, self._cipher, account_id)

    def known_agent(self, account_id: str, agent_id: str, since: datetime) -> Agent | None:
        """From memory, if fresh enough."""
        with self._db.read() as tx:
            body = tx.execute(
                select(people.c.body).where(
                    people.c.account_id == account_id,
                    people.c.agent_id == agent_id,
                    people.c.read_at >= since,
                )
            ).scalar_one_or_none()
        return Agent.from_json(body) if body is not None else None

    def remember_agent(self, account_id: str, agent: Agent, now: datetime) -> None:
        """Replace what is known."""
        key = (people.c.account_id == account_id) & (people.c.agent_id == agent.id)
        try:
            with self._db.write() as tx:
                changed = tx.execute(
                    update(people).where(key).values(body=agent.to_json(), read_at=now)
                )
                if changed.rowcount == 0:
                    tx.execute(
                        insert(people).values(
                            account_id=account_id,
                            agent_id=agent.id,
                            body=agent.to_json(),
                            read_at=now,
                        )
                    )
        except IntegrityError:
            # Two requests read the same person at once: either answer is as fresh.
            return

    def known_people(self, account_id: str) -> list[Agent]:
        """By name."""
        with self._db.read() as tx:
            bodies = tx.execute(
                select(people.c.body).where(people.c.account_id == account_id)
            ).scalars()
            return sorted((Agent.from_json(body) for body in bodies), key=lambda one: one.name)

    def use_token_once(self, token_hash: str, expires_at: datetime, now: datetime) -> bool:
        """The primary key decides; tokens that have expired are swept out on the way."""
        try:
            with self._db.write() as tx:
                tx.execute(delete(used_tokens).where(used_tokens.c.expires_at < now))
                tx.execute(insert(used_tokens).values(token_hash=token_hash, expires_at=expires_at))
        except IntegrityError:
            return False
        return True

    def sweep_mark(self, account_id: str) -> datetime | None:
        """Until when the sweep has looked."""
        with self._db.read() as tx:
            return tx.execute(
                select(accounts.c.swept_until).where(accounts.c.id == account_id)
            ).scalar_one_or_none()

    def set_sweep_mark(self, account_id: str, until: datetime) -> None:
        """Remember."""
        with self._db.write() as tx:
            tx.execute(
                update(accounts).where(accounts.c.id == account_id).values(swept_until=until)
            )
