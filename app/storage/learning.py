"""Labels, forms of order names, and counts of readings, in the database."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select, update

from app.domain.classify.order_forms import OrderForm, learn_forms, widen_forms
from app.domain.feedback import DayCount, Label, LabelKind, WeekOfReading
from app.storage.engine import Database
from app.storage.tables import cases, labels, order_forms, tickets

_MOST_ROWS = 200_000


def _forms(body: str) -> tuple[OrderForm, ...]:
    return tuple(OrderForm.model_validate(item) for item in json.loads(body))


class SqlLearning:
    """`app.records.Learning`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, label: Label, now: datetime) -> None:
        """One row a ticket and `what`: the newest word counts."""
        with self._db.write() as tx:
            tx.execute(
                delete(labels).where(
                    labels.c.account_id == label.account_id,
                    labels.c.ticket_id == label.ticket_id,
                    labels.c.what == label.what.value,
                )
            )
            tx.execute(
                insert(labels).values(
                    id=label.id,
                    account_id=label.account_id,
                    ticket_id=label.ticket_id,
                    requester_id=label.requester_id,
                    what=label.what.value,
                    body=label.model_copy(update={"text": ""}).to_json(),
                    text=label.text,
                    made_at=now,
                )
            )

    def labels(self, account_id: str, since: datetime, limit: int = 50_000) -> list[Label]:
        """By time."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(labels.c.body, labels.c.text)
                .where(labels.c.account_id == account_id, labels.c.made_at >= since)
                .order_by(labels.c.made_at, labels.c.id)
                .limit(limit)
            ).all()
        return [Label.from_json(row.body).model_copy(update={"text": row.text}) for row in rows]

    def withdraw(self, account_id: str, ticket_id: str, what: LabelKind) -> None:
        """The row of a ticket and `what`."""
        with self._db.write() as tx:
            tx.execute(
                delete(labels).where(
                    labels.c.account_id == account_id,
                    labels.c.ticket_id == ticket_id,
                    labels.c.what == what.value,
                )
            )

    def erase_texts(self, before: datetime) -> int:
        """The counts stay, the words go."""
        with self._db.write() as tx:
            done = tx.execute(
                update(labels).where(labels.c.made_at < before, labels.c.text != "").values(text="")
            )
            return done.rowcount

    def erase_requester(self, account_id: str, requester_id: str) -> int:
        """Rows and all."""
        with self._db.write() as tx:
            done = tx.execute(
                delete(labels).where(
                    labels.c.account_id == account_id, labels.c.requester_id == requester_id
                )
            )
            return done.rowcount

    def order_forms(self, account_id: str) -> tuple[OrderForm, ...]:
        """Of all stores together."""
        with self._db.read() as tx:
            bodies = tx.execute(
                select(order_forms.c.body).where(order_forms.c.account_id == account_id)
            ).scalars()
            return tuple(form for body in bodies for form in _forms(body))

    def learn_order_names(
        self, account_id: str, store_id: str, names: Sequence[str], now: datetime
    ) -> None:
        """Reads first: most orders look like those before them."""
        seen = learn_forms(names)
        if not seen:
            return
        where = (order_forms.c.account_id == account_id, order_forms.c.store_id == store_id)
        with self._db.read() as tx:
            body = tx.execute(select(order_forms.c.body).where(*where)).scalar_one_or_none()
        known = _forms(body) if body is not None else ()
        wider = widen_forms(known, seen)
        if wider == known or (known and _fits(known, seen)):
            return
        text = json.dumps([form.model_dump(mode="json") for form in wider])
        with self._db.write() as tx:
            tx.execute(delete(order_forms).where(*where))
            tx.execute(
                insert(order_forms).values(
                    account_id=account_id, store_id=store_id, body=text, updated_at=now
                )
            )

    def days(self, account_id: str, since: datetime) -> list[DayCount]:
        """Counted here: dates are kept as instants, and each database cuts them in its own way."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(cases.c.created_at, cases.c.kind, cases.c.reason, cases.c.product)
                .where(cases.c.account_id == account_id, cases.c.created_at >= since)
                .limit(_MOST_ROWS)
            ).all()
        counts = Counter(
            (
                row.created_at.astimezone(UTC).date().isoformat(),
                row.kind or "",
                row.reason or "",
                row.product or "",
            )
            for row in rows
        )
        return [
            DayCount(day=day, kind=kind, reason=reason, product=product, count=count)
            for (day, kind, reason, product), count in sorted(counts.items())
        ]

    def weeks(self, account_id: str, since: datetime) -> list[WeekOfReading]:
        """Weeks begin on Monday. A correction counts in the week of its ticket's triage."""
        with self._db.read() as tx:
            rows = tx.execute(
                select(
                    tickets.c.ticket_id,
                    tickets.c.is_refund,
                    tickets.c.outcome,
                    tickets.c.triaged_at,
                )
                .where(tickets.c.account_id == account_id, tickets.c.triaged_at >= since)
                .limit(_MOST_ROWS)
            ).all()
            said = tx.execute(
                select(labels.c.ticket_id, labels.c.what).where(
                    labels.c.account_id == account_id, labels.c.made_at >= since
                )
            ).all()
        wrong = {row.ticket_id for row in said if row.what == LabelKind.NOT_REFUND.value}
        missed = {row.ticket_id for row in said if row.what == LabelKind.IS_REFUND.value}
        weeks: dict[str, Counter[str]] = {}
        for row in rows:
            day = row.triaged_at.astimezone(UTC).date()
            week = weeks.setdefault((day - timedelta(days=day.weekday())).isoformat(), Counter())
            if row.ticket_id in missed:
                week["missed"] += 1
            elif row.is_refund:
                week["refund"] += 1
                week["wrong"] += row.ticket_id in wrong
            else:
                week["other"] += 1
        return [
            WeekOfReading(
                week=name,
                called_refund=count["refund"],
                called_other=count["other"] + count["missed"],
                not_refunds=count["wrong"],
                missed=count["missed"],
            )
            for name, count in sorted(weeks.items())
        ]


def _fits(known: tuple[OrderForm, ...], seen: tuple[OrderForm, ...]) -> bool:
    """Whether numbers seen now are already expected, so that nothing needs writing."""
    return all(
        any(
            form.fits(one.prefix, one.suffix, str(one.highest).zfill(one.digits_most))
            and form.fits(one.prefix, one.suffix, str(one.lowest).zfill(one.digits_least))
            for form in known
        )
        for one in seen
    )
