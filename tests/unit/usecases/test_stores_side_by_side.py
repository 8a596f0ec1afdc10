"""An account's stores are asked at the same moment, and one that fails is named."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from app.domain.errors import Unavailable
from app.domain.matching import Lookup, OrderQuery
from app.ports import Account, StoreRecord
from app.usecases.deps import Deps
from app.usecases.lookup import ask_stores

ACCOUNT = Account(id="acme", helpdesk="zendesk", name="Acme")
QUERY = OrderQuery(emails=("ida@example.com",), phones=(), order_names=())


@dataclass
class Asked:
    """A store that answers only once all of them have been asked."""

    record: StoreRecord
    all_asked: threading.Barrier
    fails: bool = False

    def find_orders(self, query: OrderQuery) -> Lookup:
        self.all_asked.wait(10)
        if self.fails:
            raise Unavailable("connection refused", vendor=self.record.kind, operation="find")
        return Lookup(store_id=self.record.id)


def world(*kinds: str, failing: str = "") -> Deps:
    barrier = threading.Barrier(len(kinds))
    records = [
        StoreRecord(id=f"store-{place}", account_id="acme", kind=kind, name=f"{kind} {place}")
        for place, kind in enumerate(kinds)
    ]
    stores = {one.id: Asked(one, barrier, fails=one.name == failing) for one in records}
    fake: Any = SimpleNamespace(
        accounts=SimpleNamespace(stores=lambda account_id: records),
        store=lambda record: stores[record.id],
    )
    return cast(Deps, fake)


def test_no_store_waits_for_another_one() -> None:
    """Asked one after the other, the first would wait for ever."""
    lookups, errors = ask_stores(world("shopify", "magento", "magento"), ACCOUNT, QUERY)
    assert [one.store_id for one in lookups] == ["store-0", "store-1", "store-2"]
    assert errors == []


def test_a_store_that_fails_is_named_and_takes_nothing_from_the_others() -> None:
    deps = world("shopify", "magento", failing="magento 1")
    lookups, errors = ask_stores(deps, ACCOUNT, QUERY)
    assert [one.problems for one in lookups] == [
        (),
        ("magento 1 didn't answer: connection refused",),
    ]
    assert len(errors) == 1
