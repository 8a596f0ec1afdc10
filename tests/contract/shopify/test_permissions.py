"""What a missing scope, a missing approval or another API version changes: never a yes."""

from __future__ import annotations

import pytest

from app.domain.errors import AccessDenied, OutcomeUnknown, RateLimited, Rejected
from app.domain.matching import OrderQuery
from app.domain.pricing import everything_left
from app.domain.refundability import order_blocks
from app.ports import Check, CheckStatus
from integrations.stores.shopify import client
from tests.support.store_bench import ShopifyBench, prepared

QUERY = OrderQuery(emails=("ida@example.com",), order_names=("1001",))
EVERYTHING = (
    "write_orders",
    "read_customers",
    "read_products",
    "read_returns",
    "read_all_orders",
    "read_locations",
    "read_store_credit_accounts",
    "write_store_credit_account_transactions",
)


def without(*scopes: str) -> list[str]:
    return [scope for scope in EVERYTHING if scope not in scopes]


def test_a_scope_that_went_missing_is_named(bench: ShopifyBench) -> None:
    order_id = bench.sell("plain", name="#1001")
    bench.use_scopes(*without("read_customers"))
    order = bench.store().read_order(order_id)
    assert bench.calls()["read"] == 1
    assert order.missing == ("customer (not permitted)",)
    assert order_blocks(order)


def test_a_scope_whose_loss_hides_the_order_is_named(bench: ShopifyBench) -> None:
    # `returns` may not be null, so its refusal takes the whole order along.
    order_id = bench.sell("plain", name="#1001")
    bench.use_scopes(*without("read_returns"))
    with pytest.raises(AccessDenied, match="lacks read_returns: grant it and connect"):
        bench.store().read_order(order_id)
    bench.remember_scopes(*without("read_returns"))
    assert bench.store().read_order(order_id).has_open_return is None


def test_what_wasnt_granted_isnt_asked_for(bench: ShopifyBench) -> None:
    order_id = bench.sell("plain", name="#1001")
    bench.use_scopes("write_orders")
    bench.remember_scopes("write_orders")
    order = bench.store().read_order(order_id)
    assert order.missing == ("the customer (needs read_customers)",)
    assert order.customer is None
    assert order.has_open_return is None
    assert [line.is_final_sale for line in order.lines] == [None, None]


def test_without_customers_a_lookup_is_no_proof(bench: ShopifyBench) -> None:
    bench.sell("plain", name="#1001")
    bench.use_scopes(*without("read_customers"))
    lookup = bench.store().find_orders(QUERY)
    assert any("may not be read" in problem for problem in lookup.problems)


def test_without_any_scope_nothing_is_read(bench: ShopifyBench) -> None:
    order_id = bench.sell("plain")
    bench.use_scopes("read_products")
    with pytest.raises(AccessDenied, match="read_orders"):
        bench.store().read_order(order_id)


def test_a_refund_without_the_scope_is_surely_not_made(bench: ShopifyBench) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    bench.use_scopes("read_orders", "read_customers")
    with pytest.raises(AccessDenied):
        bench.store().send_refund(intent.refund)
    assert bench.books(intent.order.order_id) == []


def test_hidden_addresses_leave_the_order_readable(bench: ShopifyBench) -> None:
    order_id = bench.sell("plain", name="#1001")
    bench.use_scopes(*EVERYTHING, sees_protected_data=False)
    order = bench.store().read_order(order_id)
    assert order.email is None
    assert any("email" in part for part in order.missing)
    # Only a limit by address asks for it, and that then asks a person.
    assert (order.country, order.address_key) == ("DE", None)
    assert not any("shippingAddress" in part for part in order.missing)


def test_old_orders_are_hidden_and_that_is_said(bench: ShopifyBench) -> None:
    bench.sell("plain", name="#1001", created_at="2026-01-05T09:00:00Z", fulfillments=[])
    bench.use_scopes(*without("read_all_orders"))
    bench.remember_scopes(*without("read_all_orders"))
    lookup = bench.store().find_orders(QUERY)
    assert lookup.candidates == ()
    assert "orders older than 60 days are hidden from Makegood in this store" in lookup.problems


# --- an answer from another API version -----------------------------------------------------------


def test_another_api_version_stops_the_machine(
    bench: ShopifyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = bench.sell("plain", name="#1001")
    before = bench.store().read_order(order_id)
    monkeypatch.setattr(client, "API_VERSION", "2025-10")
    order = bench.store().read_order(order_id)
    assert order.unknown_values == ("apiVersion=2026-01",)
    assert any(block.code == "store_unknown_value" for block in order_blocks(order))
    with pytest.raises(Rejected, match="apiVersion"):
        bench.store().recheck(before, everything_left(before))
    (version,) = [check for check in bench.store().check() if check.name == "API version"]
    assert version.status is CheckStatus.WARNING
    assert version.mend is not None


# --- failures with HTTP 200 -----------------------------------------------------------------------


@pytest.mark.parametrize("step", ["read", "send"])
def test_throttled_with_http_200_is_a_wait(bench: ShopifyBench, step: str) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    bench.fault(step, "throttled")
    with pytest.raises(RateLimited) as caught:
        if step == "read":
            bench.store().read_order(intent.order.order_id)
        else:
            bench.store().send_refund(intent.refund)
    assert caught.value.retry_after_seconds >= 1
    assert bench.books(intent.order.order_id) == []


@pytest.mark.parametrize(
    ("fault", "refunds"), [("internal_error_before", 0), ("internal_error_after", 1)]
)
def test_an_internal_error_says_nothing_about_the_refund(
    bench: ShopifyBench, fault: str, refunds: int
) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    bench.fault("send", fault)
    with pytest.raises(OutcomeUnknown):
        bench.store().send_refund(intent.refund)
    assert len(bench.books(intent.order.order_id)) == refunds
    assert (bench.store().find_refund(intent.refund) is not None) == bool(refunds)


def test_a_running_twin_is_an_unknown_outcome(bench: ShopifyBench) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    changed = intent.refund.model_copy(
        update={"store_input": (intent.refund.store_input or "").replace("38.40", "38.39")}
    )
    bench.store().send_refund(intent.refund)
    with pytest.raises(OutcomeUnknown, match="same key"):
        bench.store().send_refund(changed)
    assert len(bench.books(intent.order.order_id)) == 1


# --- doctor ---------------------------------------------------------------------------------------


def bad(checks: list[Check]) -> dict[str, CheckStatus]:
    return {check.name: check.status for check in checks if check.status is not CheckStatus.OK}


def test_doctor_names_each_missing_scope_and_what_is_lost(bench: ShopifyBench) -> None:
    bench.sell("plain")
    bench.use_scopes("read_orders", "read_products")
    checks = bench.store().check()
    assert bad(checks) == {
        "scope write_orders": CheckStatus.FAILED,
        "scope read_customers": CheckStatus.FAILED,
        "scope read_returns": CheckStatus.WARNING,
        "scope read_all_orders": CheckStatus.WARNING,
        "scope read_store_credit_accounts": CheckStatus.WARNING,
        "scope write_store_credit_account_transactions": CheckStatus.WARNING,
        "scope read_locations": CheckStatus.WARNING,
        "customer data": CheckStatus.FAILED,
    }
    assert all(check.mend for check in checks if check.status is not CheckStatus.OK)


def test_doctor_sees_that_addresses_are_hidden(bench: ShopifyBench) -> None:
    bench.sell("plain")
    bench.use_scopes(*EVERYTHING, sees_protected_data=False)
    assert bad(bench.store().check()) == {"customer data": CheckStatus.FAILED}


def test_doctor_sees_another_currency(bench: ShopifyBench) -> None:
    bench.record = bench.record.model_copy(
        update={"config": {**bench.record.config, "currency": "USD"}}
    )
    assert bad(bench.store().check()) == {"shop currency": CheckStatus.FAILED}


def test_doctor_on_a_dead_token_says_how_to_mend_it(bench: ShopifyBench) -> None:
    bench.vault.put("store_1", {"access_token": "revoked"})
    (check,) = bench.store().check()
    assert (check.status, check.name) == (CheckStatus.FAILED, "connection")
    assert check.mend == "connect the shop again"
