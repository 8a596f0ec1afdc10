"""Versions of policies, their replays, and past cases to replay, in the database."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.domain.errors import Conflict
from app.domain.policy.model import Policy
from app.domain.policy.replay import PastCase, Replay
from app.domain.policy.version import EVERYWHERE, PolicyVersion, Step, VersionState, scopes_of
from app.storage.audit import append_event
from app.storage.engine import Database
from app.storage.tables import cases, decisions, policies, policy_replays, stores

_POLICIES_KEPT = 200


def _log_text(log: Sequence[Step]) -> str:
    return json.dumps([step.model_dump(mode="json") for step in log])


def version_values(version: PolicyVersion) -> dict[str, object]:
    """A version's columns, without its key."""
    return {
        "is_active": version.state is VersionState.ACTIVE,
        "author": version.log[0].by if version.log else "",
        "body": version.policy.to_json() if version.policy else None,
        "created_at": version.log[0].at,
        "scope": version.scope,
        "state": version.state.value,
        "title": version.title[:200],
        "text": version.text,
        "log": _log_text(version.log),
        "replay_id": version.replay_id,
        "effective_from": version.effective_from,
        "effective_until": version.effective_until,
    }


def _version(row: RowMapping) -> PolicyVersion:
    return PolicyVersion(
        account_id=row["account_id"],
        version=row["version"],
        scope=row["scope"],
        title=row["title"],
        state=VersionState(row["state"]),
        text=row["text"],
        policy=Policy.from_json(row["body"]) if row["body"] else None,
        log=tuple(Step.model_validate(step) for step in json.loads(row["log"])),
        replay_id=row["replay_id"],
        effective_from=row["effective_from"],
        effective_until=row["effective_until"],
    )


class SqlPolicies:
    """`app.records.Policies`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._known: OrderedDict[str, Policy] = OrderedDict()
        self._lock = Lock()

    def in_force(self, account_id: str, store_id: str | None, now: datetime) -> Policy:
        """By the dates and the most particular scope; equal texts are one policy object."""
        with self._db.read() as tx:
            brand = self._brand(tx, account_id, store_id)
            scopes = scopes_of(store_id, brand) if store_id else (EVERYWHERE,)
            rows = tx.execute(
                select(policies.c.scope, policies.c.body, policies.c.version)
                .where(
                    policies.c.account_id == account_id,
                    policies.c.is_active,
                    policies.c.scope.in_(scopes),
                    policies.c.effective_from <= now,
                    or_(policies.c.effective_until.is_(None), policies.c.effective_until > now),
                )
                .order_by(policies.c.effective_from.desc(), policies.c.version.desc())
            ).all()
        if not rows:
            raise LookupError(f"account {account_id} has no policy in force")
        best = min(rows, key=lambda row: scopes.index(row.scope))
        return self._read(best.body)

    def _brand(self, tx: Connection, account_id: str, store_id: str | None) -> str | None:
        if store_id is None:
            return None
        config = tx.execute(
            select(stores.c.config).where(
                stores.c.account_id == account_id, stores.c.id == store_id
            )
        ).scalar_one_or_none()
        brand = json.loads(config).get("brand") if config else None
        return str(brand) if brand else None

    def _read(self, body: str) -> Policy:
        """The same object for the same text: what was prepared for it is used again."""
        with self._lock:
            found = self._known.get(body)
            if found is None:
                found = self._known[body] = Policy.from_json(body)
                if len(self._known) > _POLICIES_KEPT:
                    self._known.popitem(last=False)
            return found

    def versions(self, account_id: str) -> list[PolicyVersion]:
        """Newest first."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(policies)
                .where(policies.c.account_id == account_id)
                .order_by(policies.c.version.desc())
            ).mappings()
            return [_version(row) for row in rows]

    def version(self, account_id: str, number: int) -> PolicyVersion | None:
        """By its number."""
        with self._db.read() as tx:
            row = (
                tx.execute(
                    select(policies).where(
                        policies.c.account_id == account_id, policies.c.version == number
                    )
                )
                .mappings()
                .one_or_none()
            )
        return _version(row) if row is not None else None

    def add(self, version: PolicyVersion, now: datetime) -> PolicyVersion:
        """The next number; the primary key decides between two at once."""
        for _ in range(5):
            try:
                with self._db.write() as tx:
                    return self._add(tx, version, now)
            except IntegrityError:
                continue
        raise Conflict("Several versions are being saved at once: try again.")

    def _add(self, tx: Connection, version: PolicyVersion, now: datetime) -> PolicyVersion:
        newest = tx.execute(
            select(func.max(policies.c.version)).where(policies.c.account_id == version.account_id)
        ).scalar_one()
        version = _numbered(version, (newest or 0) + 1)
        tx.execute(
            insert(policies).values(
                account_id=version.account_id,
                version=version.version,
                **version_values(version),
            )
        )
        if version.state is VersionState.ACTIVE:
            self._end_others(tx, version)
        self._audit(tx, version, now)
        return version

    def replace(self, old: PolicyVersion, new: PolicyVersion, now: datetime) -> PolicyVersion:
        """Compare-and-set on the version's log."""
        new = _numbered(new, old.version)
        with self._db.write() as tx:
            values = version_values(new)
            changed = tx.execute(
                update(policies)
                .where(
                    policies.c.account_id == old.account_id,
                    policies.c.version == old.version,
                    policies.c.log == _log_text(old.log),
                )
                .values(**values)
            )
            if changed.rowcount != 1:
                raise Conflict("This version was changed by somebody else meanwhile.")
            if new.state is VersionState.ACTIVE and old.state is not VersionState.ACTIVE:
                self._end_others(tx, new)
            if new.log != old.log:
                self._audit(tx, new, now)
        return new

    def _end_others(self, tx: Connection, version: PolicyVersion) -> None:
        """What is in force in the same scope ends when this begins; later ones never come."""
        start = version.effective_from
        others = (
            policies.c.account_id == version.account_id,
            policies.c.scope == version.scope,
            policies.c.version != version.version,
            policies.c.is_active,
        )
        tx.execute(
            update(policies)
            .where(
                *others,
                policies.c.effective_from < start,
                or_(policies.c.effective_until.is_(None), policies.c.effective_until > start),
            )
            .values(effective_until=start)
        )
        tx.execute(
            update(policies)
            .where(*others, policies.c.effective_from >= start)
            .values(is_active=False, state=VersionState.RETIRED.value)
        )

    def _audit(self, tx: Connection, version: PolicyVersion, now: datetime) -> None:
        step = version.log[-1]
        data: dict[str, object] = {
            "scope": version.scope,
            "state": version.state.value,
            "title": version.title,
            "from": version.effective_from.isoformat() if version.effective_from else None,
            "about": step.about,
        }
        subject = f"policy:{version.version}"
        append_event(
            tx, version.account_id, step.by, f"policy_{step.act.value}", subject, data, now
        )

    # --- replays --------------------------------------------------------------------------------

    def save_replay(self, replay: Replay) -> None:
        """Create or replace."""
        values = {"state": replay.state.value, "body": replay.to_json()}
        with self._db.write() as tx:
            changed = tx.execute(
                update(policy_replays).where(policy_replays.c.id == replay.id).values(**values)
            )
            if changed.rowcount == 0:
                tx.execute(
                    insert(policy_replays).values(
                        id=replay.id,
                        account_id=replay.account_id,
                        version=replay.version,
                        created_at=replay.created_at,
                        **values,
                    )
                )

    def replay(self, account_id: str, replay_id: str) -> Replay | None:
        """Within an account."""
        with self._db.read() as tx:
            body = tx.execute(
                select(policy_replays.c.body).where(
                    policy_replays.c.account_id == account_id, policy_replays.c.id == replay_id
                )
            ).scalar_one_or_none()
        return Replay.from_json(body) if body is not None else None

    def past_ids(self, account_id: str, store_ids: Sequence[str] | None) -> list[str]:
        """The present decision of each case, oldest first."""
        with self._db.read() as tx:
            query = select(cases.c.decision_id).where(
                cases.c.account_id == account_id, cases.c.decision_id.is_not(None)
            )
            if store_ids is not None:
                query = query.where(cases.c.store_id.in_(store_ids))
            return list(tx.execute(query.order_by(cases.c.created_at, cases.c.id)).scalars())

    def past_cases(self, account_id: str, decision_ids: Sequence[str]) -> list[PastCase]:
        """In no particular order."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(
                    decisions.c.case_id,
                    cases.c.ticket_id,
                    decisions.c.body,
                    decisions.c.order_snapshot,
                    decisions.c.request,
                )
                .join(cases, cases.c.id == decisions.c.case_id)
                .where(decisions.c.account_id == account_id, decisions.c.id.in_(decision_ids))
            ).all()
        return [
            PastCase(
                case_id=row.case_id,
                ticket_id=row.ticket_id,
                decision=row.body,
                order=row.order_snapshot,
                request=row.request,
            )
            for row in rows
        ]


def _numbered(version: PolicyVersion, number: int) -> PolicyVersion:
    """The version with its number, in its policy too: decisions name it."""
    policy = version.policy
    if policy is not None:
        policy = policy.model_copy(update={"version": number})
    return version.model_copy(update={"version": number, "policy": policy})
