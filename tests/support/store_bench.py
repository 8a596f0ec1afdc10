"""One connected store with a sandbox behind it, in words that every kind of store understands.

A new store adds one bench to `BENCHES` and then runs the whole contract suite.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.order import Order
from app.domain.plan import Plan, RefundChoice
from app.domain.pricing import build_plan
from app.domain.refund import Refund, RefundState, new_marker
from app.ports import Recheck, Store, StoreRefund
from tests.support.magento_bench import MagentoBench, magento_bench
from tests.support.shopify_bench import SHOPIFY_STEPS, ShopifyBench, shopify_bench
from tests.support.store_words import Booked, StoreBench, Traits

__all__ = [
    "BENCHES",
    "SHOPIFY_STEPS",
    "TRAITS",
    "Booked",
    "Intent",
    "MagentoBench",
    "ShopifyBench",
    "StoreBench",
    "Traits",
    "make_refund",
    "prepared",
    "resend_input",
    "sent",
    "shopify_bench",
]

BENCHES: dict[str, Callable[[], Any]] = {"magento": magento_bench, "shopify": shopify_bench}
TRAITS: dict[str, Traits] = {"magento": MagentoBench.traits, "shopify": ShopifyBench.traits}


def make_refund(order: Order, plan_shown: Plan, **changes: Any) -> Refund:
    """A refund that is about to be sent."""
    refund = Refund(
        id="refund_1",
        account_id="account_1",
        case_id="case_1",
        plan_id="plan_1",
        ticket_id="4711",
        store_id=order.store_id,
        order_id=order.order_id,
        order_name=order.name,
        state=RefundState.SENDING,
        plan=plan_shown,
        marker=new_marker(),
        idempotency_key=f"key-{new_marker()}",
        requested_by="agent_1",
        requested_by_name="Robin Example",
        notify_customer=False,
        created_at=datetime.now(UTC) - timedelta(seconds=5),
    )
    return refund.model_copy(update=changes)


@dataclass(frozen=True)
class Intent:
    """A refund with everything that led to it."""

    order: Order
    choice: RefundChoice
    recheck: Recheck
    refund: Refund


def prepared(store: Store, order_id: str, choose: Callable[[Order], RefundChoice]) -> Intent:
    """Read, choose, check again, plan, and prepare the input: all but sending."""
    order = store.read_order(order_id)
    choice = choose(order)
    recheck = store.recheck(order, choice)
    plan = build_plan(order, choice, recheck.suggestion)
    refund = make_refund(order, plan)
    stored = refund.model_copy(update={"store_input": store.prepare_refund(refund, recheck)})
    return Intent(order, choice, recheck, stored)


def resend_input(intent: Intent, store_input: str) -> Intent:
    """The same intent with another stored input."""
    refund = intent.refund.model_copy(update={"store_input": store_input})
    return replace(intent, refund=refund)


def sent(store: Store, refund: Refund) -> StoreRefund:
    """Send, and read back what the store keeps of it, as the product does."""
    return store.read_refund(store.send_refund(refund).id)
