"""Connecting a shop: proven first, stored by the caller, with what is still to be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.errors import AccessDenied, ConfigurationError, Unavailable
from app.ports import StoreRecord
from integrations.stores.shopify import SHOPIFY
from integrations.stores.shopify.connect import (
    Connection,
    connect_shopify,
    disconnect_shopify,
    shop_domain,
)
from integrations.stores.shopify.tokens import SECRET_NAMES, AuthMode
from tests.support.store_bench import ShopifyBench
from tests.support.surroundings import CallableClock, MemoryVault, make_surroundings

CLIENT = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}


def connect(bench: ShopifyBench, mode: AuthMode, credentials: Mapping[str, str]) -> Connection:
    surroundings = make_surroundings(
        {"shopify": bench.endpoint}, CallableClock(bench.sandbox.clock.now)
    )
    return connect_shopify("demo", mode, credentials, surroundings)


@pytest.mark.parametrize("mode", [AuthMode.STATIC, AuthMode.CLIENT_CREDENTIALS])
def test_what_comes_back_opens_the_shop(bench: ShopifyBench, mode: AuthMode) -> None:
    credentials: Mapping[str, str] = CLIENT
    if mode is AuthMode.STATIC:
        credentials = {"access_token": bench.sandbox.issue_token(bench.shop)}
    made = connect(bench, mode, credentials)
    assert made.name == "Example Shop"
    assert made.config["currency"] == "EUR"
    assert made.config["timezone"] == "Europe/Berlin"
    assert "write_orders" in str(made.config["scopes"])
    assert not set(made.config) & set(SECRET_NAMES)
    assert made.steps == ()

    vault = MemoryVault()
    vault.put("store_9", {"refresh_token": "of an earlier connection"})
    vault.put("store_9", made.secrets)
    assert vault.get("store_9", "refresh_token") is None
    record = StoreRecord(
        id="store_9", account_id="a", kind="shopify", name=made.name, config=made.config
    )
    order_id = bench.sell("plain")
    surroundings = make_surroundings(
        {"shopify": bench.endpoint}, CallableClock(bench.sandbox.clock.now), vault=vault
    )
    assert SHOPIFY.open(record, surroundings).read_order(order_id).missing == ()


def test_missing_wanted_scopes_become_steps(bench: ShopifyBench) -> None:
    token = bench.sandbox.issue_token(bench.shop, {"write_orders", "read_customers"})
    made = connect(bench, AuthMode.STATIC, {"access_token": token})
    assert len(made.steps) == 6
    assert any("read_all_orders" in step and "60 days" in step for step in made.steps)


def test_missing_needed_scopes_are_refused(bench: ShopifyBench) -> None:
    token = bench.sandbox.issue_token(bench.shop, {"read_orders"})
    with pytest.raises(AccessDenied, match=r"write_orders.*read_customers.*grant it"):
        connect(bench, AuthMode.STATIC, {"access_token": token})


@pytest.mark.parametrize(
    ("mode", "credentials", "lacking"),
    [
        (AuthMode.STATIC, {}, "access_token"),
        (AuthMode.CLIENT_CREDENTIALS, {"client_id": "x"}, "client_secret"),
        (AuthMode.OAUTH_OFFLINE, CLIENT, "code"),
    ],
)
def test_lacking_credentials_are_named_without_a_call(
    bench: ShopifyBench, mode: AuthMode, credentials: Mapping[str, str], lacking: str
) -> None:
    with pytest.raises(ConfigurationError, match=lacking):
        connect(bench, mode, credentials)
    assert bench.calls() == {}


@pytest.mark.parametrize(
    ("mode", "credentials"),
    [
        (AuthMode.STATIC, {"access_token": "wrong"}),
        (AuthMode.CLIENT_CREDENTIALS, {**CLIENT, "client_secret": "wrong"}),
        (AuthMode.CLIENT_CREDENTIALS, {**CLIENT, "client_id": "wrong"}),
        (AuthMode.OAUTH_OFFLINE, {**CLIENT, "code": "wrong"}),
    ],
)
def test_wrong_credentials_are_refused(
    bench: ShopifyBench, mode: AuthMode, credentials: Mapping[str, str]
) -> None:
    with pytest.raises(AccessDenied):
        connect(bench, mode, credentials)


def test_a_shop_that_doesnt_answer_is_not_connected(bench: ShopifyBench) -> None:
    bench.fault("WhoAmI", "http_503")
    with pytest.raises(Unavailable):
        connect(bench, AuthMode.CLIENT_CREDENTIALS, CLIENT)


@pytest.mark.parametrize(
    "text",
    [
        "demo",
        " Demo ",
        "demo.myshopify.com",
        "https://demo.myshopify.com/",
        "https://admin.shopify.com/store/demo/orders",
    ],
)
def test_people_may_write_the_shop_in_many_ways(text: str) -> None:
    assert shop_domain(text) == "demo.myshopify.com"


@pytest.mark.parametrize("text", ["", "shop.example.com", "demo/evil", "-demo", "a b", "dem\u00f6"])
def test_what_cant_be_a_shop_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="permanent name"):
        shop_domain(text)


def test_disconnecting_forgets_every_secret() -> None:
    gone: Any = disconnect_shopify()
    vault = MemoryVault()
    vault.put("store_1", dict.fromkeys(SECRET_NAMES, "something"))
    vault.put("store_1", gone.secrets)
    assert vault.values == {}
    assert gone.steps
