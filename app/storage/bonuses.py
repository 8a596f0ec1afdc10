"""Bonuses on store credit: the only place where one changes its state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from app.domain.bonus import UNDECIDED_BONUSES, Bonus, BonusState
from app.domain.errors import Conflict
from app.records import SYSTEM, PendingWrite
from app.storage.audit import append_event
from app.storage.engine import Database
from app.storage.outbox import insert_write
from app.storage.tables import bonuses

_OPEN = [state.value for state in BonusState if not state.is_final]


def _columns(bonus: Bonus) -> dict[str, object]:
    return {
        "state": bonus.state.value,
        "store_credit_id": bonus.store_credit_id,
        "body": bonus.to_json(),
        "next_check_at": bonus.next_check_at,
    }


def _audit(tx: Connection, bonus: Bonus, action: str, now: datetime) -> None:
    data: dict[str, object] = {
        "bonus": bonus.id,
        "state": bonus.state.value,
        "amount": str(bonus.amount),
        "store": bonus.store_id,
        "store_credit": bonus.store_credit_id,
        "explanation": bonus.explanation,
    }
    append_event(tx, bonus.account_id, SYSTEM, action, f"refund:{bonus.refund_id}", data, now)


def insert_bonus(tx: Connection, bonus: Bonus, now: datetime) -> None:
    """Queue a bonus within the transaction in which its refund settles. One for each refund."""
    tx.execute(
        insert(bonuses).values(
            id=bonus.id,
            account_id=bonus.account_id,
            refund_id=bonus.refund_id,
            case_id=bonus.case_id,
            store_id=bonus.store_id,
            customer_id=bonus.customer_id,
            created_at=bonus.created_at,
            **_columns(bonus),
        )
    )
    _audit(tx, bonus, "bonus_queued", now)


class SqlBonuses:
    """`app.records.Bonuses`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def find(self, bonus_id: str) -> Bonus | None:
        """For jobs, which carry ids only."""
        with self._db.read() as tx:
            body = tx.execute(
                select(bonuses.c.body).where(bonuses.c.id == bonus_id)
            ).scalar_one_or_none()
        return Bonus.from_json(body) if body is not None else None

    def _many(self, *where: object) -> list[Bonus]:
        with self._db.read() as tx:
            bodies = tx.execute(
                select(bonuses.c.body).where(*where).order_by(bonuses.c.created_at)  # type: ignore[arg-type]
            ).scalars()
            return [Bonus.from_json(body) for body in bodies]

    def of_case(self, account_id: str, case_id: str) -> list[Bonus]:
        """Oldest first."""
        return self._many(bonuses.c.account_id == account_id, bonuses.c.case_id == case_id)

    def of_refund(self, account_id: str, refund_id: str) -> Bonus | None:
        """At most one."""
        found = self._many(bonuses.c.account_id == account_id, bonuses.c.refund_id == refund_id)
        return found[0] if found else None

    def all_of(self, account_id: str) -> list[Bonus]:
        """Oldest first."""
        return self._many(bonuses.c.account_id == account_id)

    def is_another_undecided(self, bonus: Bonus) -> bool:
        """By the store's customer."""
        return bool(
            self._many(
                bonuses.c.store_id == bonus.store_id,
                bonuses.c.customer_id == bonus.customer_id,
                bonuses.c.id != bonus.id,
                bonuses.c.state.in_([state.value for state in UNDECIDED_BONUSES]),
            )
        )

    def known_credits(self, account_id: str, store_id: str) -> frozenset[str]:
        """The store's ids."""
        with self._db.read() as tx:
            found = tx.execute(
                select(bonuses.c.store_credit_id).where(
                    bonuses.c.account_id == account_id,
                    bonuses.c.store_id == store_id,
                    bonuses.c.store_credit_id.is_not(None),
                )
            ).scalars()
            return frozenset(found)

    def move(
        self,
        bonus: Bonus,
        to: BonusState,
        now: datetime,
        *,
        changes: Mapping[str, object],
        write: PendingWrite | None = None,
    ) -> Bonus:
        """Compare-and-set on the stored bonus."""
        moved = bonus.moved_to(to).model_copy(update=dict(changes))
        with self._db.write() as tx:
            self._replace(tx, bonus, moved)
            _audit(tx, moved, f"bonus_{to.value}", now)
            if write is not None:
                insert_write(tx, write, now)
        return moved

    def record(
        self, bonus: Bonus, now: datetime, action: str, *, changes: Mapping[str, object]
    ) -> Bonus:
        """The same, without a move."""
        changed = bonus.model_copy(update=dict(changes))
        with self._db.write() as tx:
            self._replace(tx, bonus, changed)
            _audit(tx, changed, action, now)
        return changed

    def _replace(self, tx: Connection, old: Bonus, new: Bonus) -> None:
        body = tx.execute(
            select(bonuses.c.body).where(bonuses.c.id == old.id).with_for_update()
        ).scalar_one_or_none()
        if body is None or Bonus.from_json(body) != old:
            raise Conflict("This bonus was changed by somebody else meanwhile.")
        tx.execute(update(bonuses).where(bonuses.c.id == old.id).values(**_columns(new)))

    def due(self, now: datetime, limit: int) -> list[str]:
        """By `next_check_at`."""
        with self._db.read() as tx:
            return list(
                tx.execute(
                    select(bonuses.c.id)
                    .where(
                        bonuses.c.state.in_(_OPEN),
                        or_(bonuses.c.next_check_at.is_(None), bonuses.c.next_check_at <= now),
                    )
                    .order_by(bonuses.c.next_check_at)
                    .limit(limit)
                ).scalars()
            )
