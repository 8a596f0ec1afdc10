"""The audit chain: whole under concurrent writers, and altered nowhere without showing."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, update

from app.ports import Account
from app.storage.tables import audit_events, audit_heads
from tests.unit.storage.records import NOW, Records, at_once


def append(records: Records, number: int) -> None:
    records.audit.append("acme", "11", "noted", "thing:1", {"number": number}, NOW)


@pytest.fixture
def chain(records: Records) -> Records:
    """Two events of the account's own start, and five more."""
    for number in range(5):
        append(records, number)
    assert records.audit.verify("acme") == (7, None)
    return records


def test_events_come_back_in_order_with_what_was_said(chain: Records) -> None:
    events = chain.audit.of_subject("acme", "thing:1")
    assert [event.sequence for event in events] == [3, 4, 5, 6, 7]
    assert [event.data for event in events] == [{"number": number} for number in range(5)]
    assert all(later.previous_hash == earlier.hash for earlier, later in itertools.pairwise(events))
    assert events[0].at == NOW
    assert chain.audit.of_subject("other", "thing:1") == []


def test_concurrent_appends_leave_one_whole_chain(records: Records) -> None:
    others = [Records.open(records.database) for _ in range(6)]

    def many(one: Records) -> bool:
        for number in range(10):
            append(one, number)
        return True

    assert at_once(*[lambda one=one: many(one) for one in others]) == [True] * 6
    assert records.audit.verify("acme") == (62, None)


@pytest.mark.parametrize(
    ("change", "whole", "says"),
    [
        ({"data": '{"number": 9}'}, 3, "event 4 (noted) was altered"),
        ({"actor": "12"}, 3, "event 4 (noted) was altered"),
        ({"action": "other"}, 3, "event 4 (other) was altered"),
        ({"subject": "thing:2"}, 3, "event 4 (noted) was altered"),
        ({"at": NOW.replace(year=2020)}, 3, "event 4 (noted) was altered"),
        ({"hash": "f" * 64}, 3, "event 4 (noted) was altered"),
        ({"previous_hash": "f" * 64}, 3, "event 4 doesn't follow the one before it"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_changed_event_shows(
    chain: Records, change: dict[str, object], whole: int, says: str
) -> None:
    with chain.database.write() as tx:
        tx.execute(update(audit_events).where(audit_events.c.sequence == 4).values(**change))
    assert chain.audit.verify("acme") == (whole, says)


def _remove(tx: Connection, sequence: int) -> None:
    tx.execute(delete(audit_events).where(audit_events.c.sequence == sequence))


def _remove_and_close_up(tx: Connection) -> None:
    _remove(tx, 4)
    for sequence in (5, 6, 7):
        tx.execute(
            update(audit_events)
            .where(audit_events.c.sequence == sequence)
            .values(sequence=sequence - 1)
        )


@pytest.mark.parametrize(
    ("tamper", "whole", "says"),
    [
        (lambda tx: _remove(tx, 4), 3, "event 4 is missing"),
        (lambda tx: _remove(tx, 1), 0, "event 1 is missing"),
        (lambda tx: _remove(tx, 7), 6, "events after 6 were removed"),
        (_remove_and_close_up, 3, "event 4 doesn't follow the one before it"),
        (lambda tx: tx.execute(delete(audit_events)), 0, "events after 0 were removed"),
        (lambda tx: tx.execute(delete(audit_heads)), 0, "the account has no audit trail"),
    ],
    ids=["one", "the first", "the last", "closed up", "all", "the head"],
)
def test_a_removed_event_shows(
    chain: Records, tamper: Callable[[Connection], object], whole: int, says: str
) -> None:
    with chain.database.write() as tx:
        tamper(tx)
    assert chain.audit.verify("acme") == (whole, says)


def test_accounts_have_chains_of_their_own(chain: Records) -> None:
    chain.accounts.save(Account(id="other", helpdesk="zendesk", name="Other"), "tests", NOW)
    with chain.database.write() as tx:
        _remove(tx, 4)
    assert chain.audit.verify("other") == (1, None)
    assert chain.audit.verify("nobody") == (0, "the account has no audit trail")
    with pytest.raises(LookupError):
        chain.audit.append("nobody", "11", "x", "y", {}, NOW)
