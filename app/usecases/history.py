"""What happened before, as far as a policy asks: read from the ledger for one decision."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from app.domain.order import Order
from app.domain.policy.compiled import prepare
from app.domain.policy.history import UNKNOWN_HISTORY, History, customer_key, item_key
from app.domain.policy.limits import Subject
from app.domain.policy.model import Policy
from app.domain.policy.rates import NO_RATES, Rates
from app.ports import Account
from app.records import HistoryAsked
from app.usecases.deps import Deps

log = logging.getLogger(__name__)

RATES = "rates"


def rates_of(account: Account) -> Rates:
    """The exchange rates that the admin set; none where they can't be read."""
    kept = account.config.get(RATES)
    if kept is None:
        return NO_RATES
    try:
        return Rates.model_validate(kept)
    except ValidationError as error:
        log.error("rates unreadable", extra={"account": account.id, "faults": error.error_count()})
        return NO_RATES


def history_for(
    deps: Deps,
    account_id: str,
    requester_id: str,
    order: Order,
    policy: Policy,
    now: datetime,
    agent_id: str | None = None,
) -> History:
    """The figures that `policy` asks for about the customer, order, items and store of an order.

    With `agent_id` also those about the person who clicks. A subject that can't be told (an
    address that no store gave) has no figure, and so is unknown.
    """
    asks = [
        ask
        for subject, hours in sorted(prepare(policy).windows)
        for ask in _asks(subject, hours, requester_id, order, agent_id)
    ]
    if not asks:
        return UNKNOWN_HISTORY
    found = deps.ledger.history(account_id, asks, now)
    return History(figures=found, unknown_because="it can't be told whose refunds to count")


def _asks(
    subject: Subject, hours: int, requester_id: str, order: Order, agent_id: str | None
) -> Iterator[HistoryAsked]:
    if subject is Subject.CUSTOMER:
        key = customer_key(order) or ""
        yield HistoryAsked(subject=subject, hours=hours, key=key, requester_id=requester_id)
    elif subject is Subject.ORDER:
        yield HistoryAsked(
            subject=subject, hours=hours, key=order.order_id, store_id=order.store_id
        )
    elif subject is Subject.STORE:
        yield HistoryAsked(subject=subject, hours=hours, key=order.store_id)
    elif subject is Subject.ITEM:
        for key in sorted({item_key(line) for line in order.lines}):
            yield HistoryAsked(subject=subject, hours=hours, key=key)
    elif subject is Subject.ADDRESS and order.address_key is not None:
        yield HistoryAsked(subject=subject, hours=hours, key=order.address_key)
    elif subject is Subject.AGENT and agent_id is not None:
        yield HistoryAsked(subject=subject, hours=hours, key=agent_id)
