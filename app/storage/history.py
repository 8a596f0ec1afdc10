"""The history of refunds: what each refund is counted by, and the figures."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select

from app.domain.money import Money
from app.domain.order import Order
from app.domain.policy.history import HistoryFigure, customer_key, item_key
from app.domain.policy.limits import Subject
from app.domain.refund import SPENT_STATES, Refund
from app.records import HistoryAsked
from app.storage.tables import refund_items, refunds

_KEY_LENGTH = 200


def history_columns(refund: Refund, order: Order | None) -> dict[str, object]:
    """By what a refund is counted, as columns of its row."""
    amount = refund.plan.total_in_shop_currency
    return {
        "shop_amount_minor": amount.minor_units,
        "shop_currency": amount.currency,
        "customer_key": customer_key(order) if order else None,
        "address_key": order.address_key if order else None,
        "agent_id": refund.requested_by,
    }


def insert_items(tx: Connection, refund: Refund, order: Order | None) -> None:
    """The items of a refund; a refund of a plain amount has none."""
    if order is None:
        return
    chosen = {line.line_id for line in refund.plan.lines}
    keys = {item_key(line)[:_KEY_LENGTH] for line in order.lines if line.id in chosen}
    if keys:
        values = [
            {"refund_id": refund.id, "item_key": key, "account_id": refund.account_id}
            for key in sorted(keys)
        ]
        tx.execute(insert(refund_items), values)


def _subject(ask: HistoryAsked) -> ColumnElement[bool]:
    """Which rows are the subject's."""
    if ask.subject is Subject.CUSTOMER:
        by_key = refunds.c.customer_key == ask.key if ask.key else None
        by_requester = (
            refunds.c.requester_id == ask.requester_id if ask.requester_id is not None else None
        )
        return or_(*(one for one in (by_key, by_requester) if one is not None))
    if ask.subject is Subject.ORDER:
        return and_(refunds.c.store_id == ask.store_id, refunds.c.order_id == ask.key)
    if ask.subject is Subject.ITEM:
        return refunds.c.id.in_(
            select(refund_items.c.refund_id).where(
                refund_items.c.account_id == refunds.c.account_id,
                refund_items.c.item_key == ask.key[:_KEY_LENGTH],
            )
        )
    column = {
        Subject.ADDRESS: refunds.c.address_key,
        Subject.AGENT: refunds.c.agent_id,
        Subject.STORE: refunds.c.store_id,
    }[ask.subject]
    return column == ask.key


def figures(tx: Connection, account_id: str, ask: HistoryAsked, now: datetime) -> HistoryFigure:
    """One figure, counted in the database."""
    where = [
        refunds.c.account_id == account_id,
        refunds.c.state.in_([state.value for state in SPENT_STATES]),
        refunds.c.shop_currency.is_not(None),
        _subject(ask),
    ]
    if ask.hours:
        where.append(refunds.c.created_at >= now - timedelta(hours=ask.hours))
    rows = tx.execute(
        select(
            refunds.c.shop_currency,
            func.count(),
            func.count(refunds.c.order_id.distinct()),
            func.sum(refunds.c.shop_amount_minor),
        )
        .where(*where)
        .group_by(refunds.c.shop_currency)
        .order_by(refunds.c.shop_currency)
    ).all()
    return HistoryFigure(
        subject=ask.subject,
        hours=ask.hours,
        key=ask.key if ask.subject is Subject.ITEM else "",
        count=sum(row[1] for row in rows),
        orders=sum(row[2] for row in rows),
        amounts=tuple(Money.from_minor_units(int(row[3]), row[0]) for row in rows),
    )
