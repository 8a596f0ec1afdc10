"""Accounts, stores, policies, people, secrets, tokens and locks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.domain.errors import ConfigurationError
from app.domain.people import Agent, Tier
from app.domain.policy.default import DEFAULT_POLICY
from app.ports import Account, StoreRecord
from app.storage.tables import leases, secrets
from app.storage.vault import make_cipher
from tests.unit.storage.records import NOW, Records, at_once

NOOR = Agent(id="11", name="Noor Haddad", email=None, role="agent", tier=Tier.AGENT)


def test_accounts_are_found_by_what_their_helpdesk_says(records: Records) -> None:
    acme = records.accounts.get("acme")
    assert acme == Account(id="acme", helpdesk="zendesk", name="Acme", config={"subdomain": "acme"})
    assert records.accounts.find("zendesk", subdomain="acme") == acme
    assert records.accounts.find("kustomer", subdomain="acme") is None
    assert records.accounts.find("zendesk", subdomain="else") is None
    assert records.accounts.get("else") is None


def test_an_account_that_is_switched_off_is_found_by_nobody(records: Records) -> None:
    acme = records.accounts.get("acme")
    assert acme is not None
    off = acme.model_copy(update={"is_active": False, "name": "Acme (gone)"})
    records.accounts.save(off, "12", NOW)
    assert records.accounts.all() == []
    assert records.accounts.find("zendesk", subdomain="acme") is None
    assert records.accounts.get("acme") == off
    events = records.audit.of_subject("acme", "account:acme")
    assert [(event.actor, event.action) for event in events] == [
        ("tests", "account_created"),
        ("12", "account_changed"),
    ]


def test_a_new_account_has_the_default_policy(records: Records) -> None:
    assert records.accounts.policy("acme") == DEFAULT_POLICY


def test_stores_belong_to_one_account(records: Records) -> None:
    [store] = records.accounts.stores("acme")
    assert records.accounts.store("acme", "store-1") == store
    assert records.accounts.store("other", "store-1") is None
    records.accounts.save_store(store.model_copy(update={"is_active": False}), "11", NOW)
    assert records.accounts.stores("acme") == []
    assert records.accounts.store("acme", "store-1") is not None
    second = StoreRecord(
        id="store-2", account_id="acme", kind="shopify", name="Two", config={"shop": "x"}
    )
    records.accounts.save_store(second, "11", NOW)
    assert records.accounts.stores("acme") == [second]


def test_people_are_remembered_for_as_long_as_asked(records: Records) -> None:
    assert records.accounts.known_agent("acme", "11", NOW) is None
    records.accounts.remember_agent("acme", NOOR, NOW)
    assert records.accounts.known_agent("acme", "11", NOW) == NOOR
    assert records.accounts.known_agent("acme", "11", NOW + timedelta(seconds=1)) is None
    assert records.accounts.known_agent("other", "11", NOW) is None
    promoted = NOOR.model_copy(update={"tier": Tier.MANAGER})
    records.accounts.remember_agent("acme", promoted, NOW + timedelta(seconds=1))
    assert records.accounts.known_agent("acme", "11", NOW) == promoted
    others = [NOOR.model_copy(update={"id": "12"}) for _ in range(5)]
    results = at_once(
        *[lambda one=one: records.accounts.remember_agent("acme", one, NOW) for one in others]
    )
    assert results == [None] * 5


def test_a_token_is_used_once(records: Records) -> None:
    end = NOW + timedelta(minutes=5)
    results = at_once(
        *[lambda: records.accounts.use_token_once("hash", end, NOW) for _ in range(8)]
    )
    assert sorted(map(str, results)) == ["False"] * 7 + ["True"], results
    assert records.accounts.use_token_once("another", end, NOW)
    assert not records.accounts.use_token_once("hash", end, end)


def test_the_sweep_mark_is_kept(records: Records) -> None:
    assert records.accounts.sweep_mark("acme") is None
    records.accounts.set_sweep_mark("acme", NOW)
    assert records.accounts.sweep_mark("acme") == NOW


# --- secrets ---


def test_secrets_come_back_and_are_not_readable_in_the_database(records: Records) -> None:
    vault = records.accounts.vault("acme")
    vault.put("store-1", {"access_token": "shpat_invented", "refresh_token": "shprt_invented"})
    assert vault.get("store-1", "access_token") == "shpat_invented"
    assert vault.get("store-1", "other") is None
    assert vault.get("helpdesk", "access_token") is None
    assert records.accounts.vault("other").get("store-1", "access_token") is None
    with records.database.read() as tx:
        kept = tx.execute(select(secrets.c.ciphertext)).scalars().all()
    assert len(kept) == 2
    assert len(set(kept)) == 2
    assert not any("invented" in text for text in kept)
    raw = b"".join(
        path.read_bytes()
        for path in Path(str(records.database.url).removeprefix("sqlite:///")).parent.glob("*")
        if records.database.is_sqlite and path.is_file()
    )
    assert b"shpat_invented" not in raw


def test_secrets_are_replaced_and_deleted(records: Records) -> None:
    vault = records.accounts.vault("acme")
    vault.put("helpdesk", {"token": "one", "secret": "two"})
    vault.put("helpdesk", {"token": "three", "secret": None})
    assert vault.get("helpdesk", "token") == "three"
    assert vault.get("helpdesk", "secret") is None


def test_secrets_put_at_once_by_two_processes_are_one_of_both(records: Records) -> None:
    vault = records.accounts.vault("acme")
    for start in (None, "old"):
        vault.put("helpdesk", {"token": start, "refresh": start})
        values = [{"token": f"t{n}", "refresh": f"r{n}"} for n in range(5)]
        results = at_once(*[lambda one=one: vault.put("helpdesk", one) for one in values])
        assert results == [None] * 5
        kept = {
            "token": vault.get("helpdesk", "token"),
            "refresh": vault.get("helpdesk", "refresh"),
        }
        assert kept in values


def test_old_keys_open_and_the_newest_key_locks(records: Records) -> None:
    records.accounts.vault("acme").put("helpdesk", {"token": "invented"})
    turned = Records.open(records.database, ("a new key", "an invented key"))
    vault = turned.accounts.vault("acme")
    assert vault.get("helpdesk", "token") == "invented"
    vault.put("helpdesk", {"token": "newer"})
    only_new = Records.open(records.database, ("a new key",)).accounts.vault("acme")
    assert only_new.get("helpdesk", "token") == "newer"


def test_a_key_that_is_gone_says_what_to_do(records: Records) -> None:
    records.accounts.vault("acme").put("helpdesk", {"token": "invented"})
    wrong = Records.open(records.database, ("another key",)).accounts.vault("acme")
    with pytest.raises(ConfigurationError, match="put that key back") as caught:
        wrong.get("helpdesk", "token")
    assert "invented" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="MAKEGOOD_SECRET_KEYS"):
        make_cipher([])


# --- locks ---


def test_a_lock_is_held_by_one(records: Records) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def work() -> bool:
        nonlocal inside, most
        with records.locks.hold("order", 60, wait_seconds=50):
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.01)
            with guard:
                inside -= 1
        return True

    assert at_once(*[work] * 6) == [True] * 6
    assert most == 1


def test_who_does_not_wait_is_told_at_once(records: Records) -> None:
    with records.locks.hold("order", 60, wait_seconds=0):
        with pytest.raises(TimeoutError), records.locks.hold("order", 60, wait_seconds=0):
            pytest.fail("two hold it")
        with records.locks.hold("another", 60, wait_seconds=0):
            pass
    with records.locks.hold("order", 60, wait_seconds=0):
        pass


def test_a_lock_is_freed_when_its_holder_raises(records: Records) -> None:
    with pytest.raises(ZeroDivisionError), records.locks.hold("order", 60, wait_seconds=0):
        raise ZeroDivisionError
    with records.database.read() as tx:
        assert tx.execute(select(leases)).all() == []


def test_who_held_it_too_long_does_not_free_the_next_ones_lock(records: Records) -> None:
    with records.locks.hold("order", 0.01, wait_seconds=0):
        time.sleep(0.05)
        holder = records.locks.hold("order", 60, wait_seconds=5)
        holder.__enter__()
    with pytest.raises(TimeoutError), records.locks.hold("order", 60, wait_seconds=0):
        pytest.fail("two hold it")
    holder.__exit__(None, None, None)


_HOLDER = """
import sys, time
from app.storage.engine import Database
from app.storage.locks import SqlLocks
with SqlLocks(Database(sys.argv[1])).hold("order", 1.5, wait_seconds=0):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_is_freed_after_its_holders_death(records: Records) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, records.database.url], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with pytest.raises(TimeoutError), records.locks.hold("order", 60, wait_seconds=0):
            pytest.fail("its time isn't over")
        with records.locks.hold("order", 60, wait_seconds=30):
            pass
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout is not None:
            holder.stdout.close()
