"""Tokens: renewed once, by one process, stored before use, and never sent to a stranger."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest

from app.domain.errors import AccessDenied, AppError, ConfigurationError, Malformed, Unavailable
from app.domain.matching import OrderQuery
from app.domain.pricing import everything_left
from integrations.stores.shopify import SHOPIFY
from integrations.stores.shopify.oauth import authorize_url, code_form, read_callback
from integrations.stores.shopify.tokens import ACCESS_TOKEN, REFRESH_TOKEN, request_token
from tests.support.store_bench import ShopifyBench, prepared
from tests.support.surroundings import CallableClock, MemoryVault, make_surroundings

CLIENT = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}


def use_mode(bench: ShopifyBench, mode: str, secrets: Mapping[str, str | None]) -> None:
    bench.record = bench.record.model_copy(update={"config": {**bench.record.config, "mode": mode}})
    bench.vault = MemoryVault()
    bench.vault.put("store_1", {**CLIENT, **secrets})


def use_oauth(bench: ShopifyBench) -> None:
    """Connect as a merchant would: authorize, callback, code."""
    from integrations.http import BoundedSession

    address = "https://makegood.example.com/shopify"
    bench.sandbox.client.redirect_uris.append(address)
    base = bench.endpoint.format(shop=bench.shop.domain)
    with BoundedSession(2, 5) as session:
        url = authorize_url(
            base,
            client_id=CLIENT["client_id"],
            scopes=["write_orders", "read_customers", "read_products", "write_returns"],
            redirect_uri=address,
            state="st",
        )
        location = session.get(url).headers["Location"]
        pairs = [part.split("=", 1) for part in location.split("?", 1)[1].split("&")]
        code = read_callback(
            dict(pairs),
            shop=bench.shop.domain,
            state="st",
            client_secret=CLIENT["client_secret"],
            now=bench.sandbox.clock.now(),
        )
        answer = request_token(session, base, code_form(code, **CLIENT))
    assert answer.refresh_token is not None
    use_mode(bench, "oauth_offline", answer.secrets(bench.sandbox.clock.now()))


def stored(bench: ShopifyBench, name: str) -> str | None:
    return bench.vault.get("store_1", name)


def test_client_credentials_ask_for_a_token_when_there_is_none(bench: ShopifyBench) -> None:
    use_mode(bench, "client_credentials", {})
    order_id = bench.sell("plain")
    bench.store().read_order(order_id)
    bench.store().read_order(order_id)
    assert bench.calls() == {"oauth": 1, "read": 2}


def test_a_token_is_renewed_before_it_ends(bench: ShopifyBench) -> None:
    use_mode(bench, "client_credentials", {})
    order_id = bench.sell("plain")
    bench.store().read_order(order_id)
    first = stored(bench, ACCESS_TOKEN)
    bench.sandbox.clock.advance(timedelta(hours=23, minutes=58).total_seconds())
    bench.store().read_order(order_id)
    assert stored(bench, ACCESS_TOKEN) not in (None, first)
    assert bench.calls() == {"oauth": 2, "read": 2}


def test_a_refused_token_is_renewed_once_and_the_refund_goes_out_once(
    bench: ShopifyBench,
) -> None:
    use_mode(bench, "client_credentials", {})
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    bench.sandbox.tokens.revoke(stored(bench, ACCESS_TOKEN) or "")
    bench.store().send_refund(intent.refund)
    assert len(bench.books(intent.order.order_id)) == 1
    assert bench.calls()["send"] == 2  # the 401, and the same body again


def test_a_second_refusal_is_final(bench: ShopifyBench) -> None:
    use_mode(bench, "client_credentials", {})
    order_id = bench.sell("plain")
    bench.store().read_order(order_id)
    bench.shop.installed = False
    with pytest.raises(AccessDenied, match=r"app_not_installed.*install it"):
        bench.store().read_order(order_id)
    assert bench.calls()["read"] == 2


def test_a_static_token_that_is_refused_is_final(bench: ShopifyBench) -> None:
    order_id = bench.sell("plain")
    bench.sandbox.tokens.revoke(stored(bench, ACCESS_TOKEN) or "")
    with pytest.raises(AccessDenied, match="make a new one"):
        bench.store().read_order(order_id)
    assert bench.calls() == {"read": 1}


def test_a_shop_of_another_organisation_is_told_with_its_mend(bench: ShopifyBench) -> None:
    use_mode(bench, "client_credentials", {})
    bench.shop.same_organisation = False
    with pytest.raises(AccessDenied, match=r"shop_not_permitted.*same organisation"):
        bench.store().find_orders(OrderQuery(emails=("ida@example.com",)))


def test_an_oauth_token_is_rotated_after_an_hour(bench: ShopifyBench) -> None:
    use_oauth(bench)
    order_id = bench.sell("plain")
    bench.store().read_order(order_id)
    refresh = stored(bench, REFRESH_TOKEN)
    for _ in range(3):
        bench.sandbox.clock.advance(3600)
        bench.store().read_order(order_id)
        assert stored(bench, REFRESH_TOKEN) != refresh
        refresh = stored(bench, REFRESH_TOKEN)
    assert bench.calls()["oauth"] == 4


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("disconnect_after", Unavailable),
        ("malformed", Malformed),
        ("http_503", Unavailable),
        ("http_429", Unavailable),
    ],
)
def test_a_lost_refresh_answer_is_asked_for_again(
    bench: ShopifyBench, fault: str, error: type[AppError]
) -> None:
    use_oauth(bench)
    order_id = bench.sell("plain")
    bench.sandbox.clock.advance(3600)
    bench.fault("oauth", fault)
    with pytest.raises(error):
        bench.store().read_order(order_id)
    assert bench.store().read_order(order_id).order_id == order_id


def test_a_new_pair_is_stored_at_once_before_it_is_used(bench: ShopifyBench) -> None:
    use_oauth(bench)
    order_id = bench.sell("plain")
    bench.sandbox.clock.advance(3600)
    bench.vault.writes.clear()
    bench.fault("read", "http_500")
    with pytest.raises(Unavailable):
        bench.store().read_order(order_id)
    (written,) = bench.vault.writes
    assert {ACCESS_TOKEN, REFRESH_TOKEN} <= set(written)
    bench.store().read_order(order_id)
    assert [one for one in bench.vault.writes if ACCESS_TOKEN in one] == [written]


@pytest.mark.parametrize("mode", ["client_credentials", "oauth_offline"])
def test_many_threads_renew_once(bench: ShopifyBench, mode: str) -> None:
    if mode == "oauth_offline":
        use_oauth(bench)
        bench.sandbox.clock.advance(3600)
    else:
        use_mode(bench, mode, {})
    order_id = bench.sell("plain")
    before = bench.calls().get("oauth", 0)
    bench.fault("oauth", "slow", seconds=0.3)
    surroundings = make_surroundings(
        {"shopify": bench.endpoint}, CallableClock(bench.sandbox.clock.now), vault=bench.vault
    )
    read: list[str] = []

    def work() -> None:
        read.append(SHOPIFY.open(bench.record, surroundings).read_order(order_id).order_id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [order_id] * 4
    assert bench.calls()["oauth"] == before + 1


@pytest.mark.parametrize(
    "shop",
    [
        "127.0.0.1",
        "demo.myshopify.com.example.com",
        "example.com/demo.myshopify.com",
        "demo.myshopify.com/../x",
        "demo.myshopify.com\n",
        "",
    ],
)
def test_no_token_leaves_for_what_isnt_a_shop(bench: ShopifyBench, shop: str) -> None:
    bench.record = bench.record.model_copy(update={"config": {"shop": shop, "mode": "static"}})
    with pytest.raises(AccessDenied, match="must look like"):
        bench.store()
    assert bench.calls() == {}


@pytest.mark.parametrize("config", [{}, {"shop": "demo.myshopify.com", "mode": "magic"}])
def test_a_broken_record_names_what_is_wrong(
    bench: ShopifyBench, config: dict[str, object]
) -> None:
    bench.record = bench.record.model_copy(update={"config": config})
    with pytest.raises(ConfigurationError, match="mode" if config else "shop"):
        bench.store()


def test_logs_and_errors_hold_no_token_and_no_address(
    bench: ShopifyBench, caplog: pytest.LogCaptureFixture
) -> None:
    use_oauth(bench)
    order_id = bench.sell("plain")
    bench.sandbox.clock.advance(3600)
    messages: list[str] = []
    with caplog.at_level(logging.DEBUG):
        bench.store().find_orders(OrderQuery(emails=("ida@example.com",)))
        for fault in ("malformed", "http_500", "throttled", "http_429"):
            bench.fault("read", fault)
            with pytest.raises(AppError) as caught:
                bench.store().read_order(order_id)
            messages.append(str(caught.value))
    ours = [vars(record) for record in caplog.records if record.name.startswith("integrations")]
    assert any(record.get("operation") == "FindCandidates" for record in ours)
    text = repr([{k: str(v) for k, v in record.items()} for record in ours]) + repr(messages)
    secrets = [value for value in bench.vault.values.values() if value.startswith("shp")]
    assert len(secrets) == 2
    for secret in [*secrets, CLIENT["client_secret"], "ida@example.com"]:
        assert secret not in text
