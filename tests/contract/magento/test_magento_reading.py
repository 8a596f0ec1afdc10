"""Permissions, addresses, firewalls, delivery and the number of calls."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.errors import (
    AccessDenied,
    ConfigurationError,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Unavailable,
    VendorError,
)
from app.domain.matching import MatchOutcome, OrderQuery, match_order
from app.domain.pricing import everything_left
from app.ports import CheckStatus
from integrations.stores.magento.config import AuthMode
from integrations.stores.magento.connect import connect_magento
from integrations.stores.magento.vocabulary import NEEDED_RESOURCES
from tests.support.magento_bench import MagentoBench
from tests.support.store_bench import prepared
from tests.support.surroundings import CallableClock, make_surroundings

IDA = OrderQuery(emails=("ida@example.com",))


# --- few calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["plain", "by_hand", "unshipped", "composites", "two_payments"])
@pytest.mark.parametrize("refunded", [False, True])
@pytest.mark.parametrize("days", [None, 3])
def test_a_ticket_costs_at_most_three_calls(
    bench: MagentoBench, kind: str, refunded: bool, days: int | None
) -> None:
    order_id = bench.sell(kind)
    bench.configure(delivered_after_days=days)
    if refunded and kind != "by_hand":
        bench.refund_elsewhere(order_id, "1.00")
    lookup = bench.store().find_orders(IDA)
    bench.store().read_order(lookup.candidates[0].order.order_id)
    assert sum(bench.calls().values()) <= 3


def test_a_named_order_beyond_the_first_page_is_still_found(bench: MagentoBench) -> None:
    bench.sell("plain", name="000009007", created_at="2020-01-01T00:00:00+00:00")
    for _ in range(bench.traits.orders_on_a_page + 1):
        bench.sell("plain")
    query = OrderQuery(emails=IDA.emails, order_names=("9007",))
    lookup = bench.store().find_orders(query)
    match = match_order(query, [lookup])
    assert match.outcome is MatchOutcome.MATCHED
    assert match.order is not None
    assert match.order.name == "000009007"
    assert bench.calls() == {"find": 2}


@pytest.mark.parametrize(
    ("shop", "text", "prefixes"),
    [("DE-2231", "2231", ["DE-"]), ("DE-2231", "de-2231", []), ("000000123", "#0123", [])],
)
def test_numbers_are_found_as_customers_write_them(
    bench: MagentoBench, shop: str, text: str, prefixes: list[str]
) -> None:
    bench.configure(order_number_prefixes=prefixes)
    bench.sell("plain", name=shop)
    bench.sell("plain")
    query = OrderQuery(emails=IDA.emails, order_names=(text,))
    match = match_order(query, [bench.store().find_orders(query)])
    assert match.order is not None
    assert match.order.name == shop


@pytest.mark.parametrize("bad", ["000000001", "abc", "1/../2", "-1", "", "1?x", "\u0661"])
def test_only_an_id_stands_in_a_path(bench: MagentoBench, bad: str) -> None:
    """Magento casts what it is given, and answers with a stranger's order."""
    bench.sell("plain")
    with pytest.raises(Rejected):
        bench.store().read_order(bad)
    assert bench.calls() == {}


# --- delivery -------------------------------------------------------------------------------------


def test_delivery_is_unknown_unless_the_merchant_lets_it_be_estimated(bench: MagentoBench) -> None:
    order_id = bench.sell("plain")
    assert [one.delivered_at for one in bench.store().read_order(order_id).lines] == [None, None]
    bench.configure(delivered_after_days=3)
    line = bench.store().read_order(order_id).lines[0]
    assert line.delivered_at == datetime(2026, 11, 4, 10, tzinfo=UTC)
    assert line.is_delivery_estimated


@pytest.mark.parametrize(
    ("skus", "known"), [(None, None), ([], False), (["MUG"], True), (["mu*"], True), (["M"], False)]
)
def test_final_sale_is_what_the_merchant_says(
    bench: MagentoBench, skus: list[str] | None, known: bool | None
) -> None:
    bench.configure(final_sale_skus=skus)
    assert bench.store().read_order(bench.sell("plain")).lines[0].is_final_sale is known


# --- permissions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", sorted(NEEDED_RESOURCES))
def test_a_missing_permission_is_named_with_its_mend(bench: MagentoBench, resource: str) -> None:
    bench.sell("plain")
    granted = set(NEEDED_RESOURCES) - {resource}
    bench.use_integration(bench.sandbox.add_integration(bench.site, granted, name="less"))
    failed = [one for one in bench.store().check() if one.status is CheckStatus.FAILED]
    assert [one.name for one in failed] == [f"permission {resource}"]
    assert "Integrations" in (failed[0].mend or "")
    assert bench.books("1") == []


def test_wrong_secrets_are_one_clear_fault(bench: MagentoBench) -> None:
    bench.vault.put("store_1", {"consumer_secret": "x" * 32})
    (check,) = bench.store().check()
    assert (check.name, check.status) == ("connection", CheckStatus.FAILED)
    assert "clock" in (check.mend or "")
    with pytest.raises(AccessDenied):
        bench.store().find_orders(IDA)


def test_a_bearer_token_works_where_the_shop_allows_it(bench: MagentoBench) -> None:
    bench.sell("plain")
    bench.configure(mode="bearer")
    (check,) = bench.store().check()
    assert "standalone Bearer tokens" in (check.mend or "").replace("'", "")
    bench.site.settings.integration_as_bearer = True
    assert {one.status for one in bench.store().check()} == {CheckStatus.OK}


def test_every_call_is_signed_anew(bench: MagentoBench) -> None:
    order_id = bench.sell("plain")
    store = bench.store()
    for _ in range(3):
        assert store.read_order(order_id).order_id == order_id


def test_a_store_view_stands_in_the_path(bench: MagentoBench) -> None:
    order_id = bench.sell("plain")
    bench.site.add_store("en", "English")
    bench.configure(store_code="en")
    assert bench.store().read_order(order_id).order_id == order_id
    bench.configure(store_code="nosuch")
    with pytest.raises(Rejected, match="cannot be processed"):
        bench.store().read_order(order_id)


# --- sites in trouble -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "error", "words"),
    [("firewall", AccessDenied, "firewall"), ("maintenance", Unavailable, "maintenance")],
)
def test_a_site_in_trouble_says_which(
    bench: MagentoBench, setting: str, error: type[VendorError], words: str
) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    setattr(bench.site.settings, setting, True)
    with pytest.raises(error, match=words):
        bench.store().read_order(intent.order.order_id)
    with pytest.raises(OutcomeUnknown):
        bench.store().send_refund(intent.refund)
    (check,) = [one for one in bench.store().check() if one.status is CheckStatus.FAILED]
    assert check.mend


def test_a_slow_site_is_given_up_with_words(bench: MagentoBench) -> None:
    order_id = bench.sell("plain")
    bench.site.settings.slow_seconds = 2
    with pytest.raises(Unavailable, match="didn't answer in time"):
        bench.store(read_timeout_seconds=0.2).read_order(order_id)


def test_an_address_without_magento_says_so(bench: MagentoBench) -> None:
    bench.endpoint = bench.endpoint.replace("demo", "elsewhere")
    with pytest.raises(Rejected, match="no Magento API") as caught:
        bench.store().read_order("1")
    assert not isinstance(caught.value, NotFound)


def test_a_refused_connection_is_surely_no_refund(bench: MagentoBench) -> None:
    intent = prepared(bench.store(), bench.sell("plain"), everything_left)
    bench.endpoint = "http://127.0.0.1:9/nobody"
    with pytest.raises(Unavailable, match="can't be reached"):
        bench.store().send_refund(intent.refund)


@pytest.mark.parametrize(
    ("base_url", "template"),
    [
        ("http://shop.example.com", "{base_url}"),
        ("http://127.0.0.1:80", "{base_url}"),
        ("https://shop.example.com", "http://shop.example.com"),
        ("ftp://shop.example.com", "{base_url}"),
    ],
)
def test_secrets_travel_only_by_https(bench: MagentoBench, base_url: str, template: str) -> None:
    bench.configure(base_url=base_url)
    bench.endpoint = template
    with pytest.raises(ConfigurationError, match="https"):
        bench.store()


# --- connecting -----------------------------------------------------------------------------------


def credentials(bench: MagentoBench) -> dict[str, str]:
    return {name: value for (_, name), value in bench.vault.values.items()}


def connect(bench: MagentoBench, base_url: str, values: dict[str, str]) -> object:
    surroundings = make_surroundings(
        {"magento": bench.endpoint}, CallableClock(bench.sandbox.clock.now)
    )
    return connect_magento(base_url, AuthMode.OAUTH, values, surroundings)


def test_connecting_learns_currency_and_numbering(bench: MagentoBench) -> None:
    bench.sell("plain", name="DE-2231")
    surroundings = make_surroundings(
        {"magento": bench.endpoint}, CallableClock(bench.sandbox.clock.now)
    )
    made = connect_magento(
        "Demo.Example.com/rest/V1/", AuthMode.OAUTH, credentials(bench), surroundings
    )
    assert made.name == "demo.example.com"
    assert made.config["base_url"] == "https://demo.example.com"
    assert made.config["currency"] == "EUR"
    assert (made.config["order_number_prefixes"], made.config["order_number_digits"]) == (
        ["DE-"],
        4,
    )
    assert made.secrets == credentials(bench)
    bench.record = bench.record.model_copy(update={"config": made.config})
    assert bench.store().read_order("1").name == "DE-2231"


def test_connecting_takes_what_only_the_merchant_knows(bench: MagentoBench) -> None:
    surroundings = make_surroundings(
        {"magento": bench.endpoint}, CallableClock(bench.sandbox.clock.now)
    )
    given = {"delivered_after_days": 3, "final_sale_skus": []}
    made = connect_magento(
        "demo.example.com", AuthMode.OAUTH, credentials(bench), surroundings, options=given
    )
    assert made.config.items() >= given.items()
    assert made.steps == ()
    with pytest.raises(ConfigurationError, match="delivered_after_days"):
        connect_magento(
            "demo.example.com",
            AuthMode.OAUTH,
            credentials(bench),
            surroundings,
            options={"delivered_after_days": "soon"},
        )


def test_connecting_with_too_little_says_what(bench: MagentoBench) -> None:
    with pytest.raises(ConfigurationError, match="access_token_secret"):
        connect(bench, "demo.example.com", {**credentials(bench), "access_token_secret": ""})
    with pytest.raises(ConfigurationError, match="address"):
        connect(bench, "https://me:secret@demo.example.com", credentials(bench))
    with pytest.raises(AccessDenied, match="clock"):
        connect(bench, "demo.example.com", {**credentials(bench), "access_token": "x" * 32})
    bench.use_integration(
        bench.sandbox.add_integration(bench.site, {"Magento_Sales::actions_view"}, name="little")
    )
    with pytest.raises(AccessDenied, match="Magento_Sales::creditmemo"):
        connect(bench, "demo.example.com", credentials(bench))
