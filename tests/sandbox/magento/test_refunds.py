"""Refunds under faults and races, and the books that tell what really happened."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from integrations.sandbox.magento import MagentoSandbox, Site
from integrations.sandbox.magento.books import read_books
from integrations.sandbox.magento.controls import refund_by_merchant
from integrations.sandbox.magento.spec import BadSpec
from integrations.sandbox.server import ChildServer
from tests.sandbox.magento.client import Client, decoded
from tests.sandbox.magento.recorded_shop import HeldGateway, RecordedShop

Make = Callable[..., Any]
ONLINE = {"isOnline": True}


def test_two_at_once_pay_twice_and_the_order_counts_one() -> None:
    shop = RecordedShop()
    shop.place(22)
    assert shop.refund_twice_at_once(20) == [200, 200]
    books = read_books(shop.site)["orders"][0]
    assert books["refunded_by_order"] == "37.50"
    assert books["refunded_by_memos"] == books["paid_out"] == "75.00"


def test_a_deadlock_victim_hears_400_though_its_money_has_gone() -> None:
    shop = RecordedShop()
    shop.site.settings.concurrency = "deadlock"
    shop.place(22)
    assert shop.refund_twice_at_once(20) == [200, 400]
    books = read_books(shop.site)
    assert books["orders"][0]["refunded_by_memos"] == "37.50"
    assert books["orders"][0]["paid_out"] == "75.00"
    assert books["counters"]["payouts_without_memo"] == 1


def test_serial_sites_refuse_the_second_of_two(client: Client, site: Site) -> None:
    site.settings.concurrency = "serial"
    spec = {"items": [{"price": "10"}], "payment": {"method": "fakepay"}}
    client.sandbox.add_order(site, spec)
    gateway = site.gateway = HeldGateway()
    statuses: list[int] = []

    def send() -> None:
        statuses.append(client.send("POST", "/rest/V1/invoice/1/refund", ONLINE).status_code)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert gateway.all_asked.wait(30)
    gateway.go_on.set()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 400]
    assert len(gateway.payouts) == 1


def test_the_order_route_on_a_card_order_moves_no_money(
    client: Client, site: Site, make_order: Make
) -> None:
    make_order()
    assert client.post("/rest/V1/order/1/refund", {}) == "1"
    books = read_books(site)["orders"][0]
    assert (books["state"], books["refunded_by_memos"], books["paid_out"]) == (
        "closed",
        "37.50",
        "0.00",
    )


@pytest.mark.parametrize(
    ("kind", "status", "is_html", "processed"),
    [
        ("html_403", 403, True, False),
        ("html_503", 503, True, False),
        ("html_500_after", 500, True, True),
        ("could_not_save_after", 400, False, True),
        ("html_502", 502, True, False),
        ("http_500", 500, False, False),
        ("malformed", 200, False, True),
    ],
)
def test_faults_say_little_about_what_happened(
    sandbox: MagentoSandbox,
    client: Client,
    make_order: Make,
    kind: str,
    status: int,
    is_html: bool,
    processed: bool,
) -> None:
    make_order()
    sandbox.faults.add("refund_invoice", kind)
    response = client.send("POST", "/rest/V1/invoice/1/refund", ONLINE)
    assert response.status_code == status
    assert ("html" in response.content_type) is is_html
    assert len(client.site.gateway.payouts) == int(processed)
    assert sandbox.calls.count("refund_invoice") == 1


def test_a_declined_refund_changes_nothing(client: Client, site: Site, make_order: Make) -> None:
    make_order()
    site.gateway.behaviour = "decline"
    before = client.get("/rest/V1/orders/1")
    response = client.send("POST", "/rest/V1/invoice/1/refund", ONLINE)
    assert decoded(response)["message"] == "Could not save a Creditmemo, see error log for details"
    assert client.get("/rest/V1/orders/1") == before
    assert site.gateway.asked == 1


def test_firewall_and_maintenance_answer_in_html(client: Client, site: Site) -> None:
    site.settings.firewall = True
    assert client.send("GET", "/rest/V1/orders/1").status_code == 403
    site.settings.firewall = False
    site.settings.maintenance = True
    response = client.send("GET", "/rest/V1/orders/1")
    assert (response.status_code, response.mimetype) == (503, "text/html")


def test_units_come_back_to_stock_only_when_asked(
    client: Client, site: Site, make_order: Make
) -> None:
    make_order()
    item_id = site.orders[1].items[0].item_id
    one = {"items": [{"order_item_id": item_id, "qty": 1}]}
    kept = {"shipping_amount": 0}
    client.post("/rest/V1/order/1/refund", {**one, "arguments": kept})
    assert site.stock["MUG"].qty == 98
    back = {**kept, "extension_attributes": {"return_to_stock_items": [item_id]}}
    client.post("/rest/V1/order/1/refund", {**one, "arguments": back})
    assert site.stock["MUG"].qty == 99


def test_authorised_orders_are_cancelled_with_a_void(client: Client, make_order: Make) -> None:
    make_order(authorized=True, invoices=[])
    before = client.get("/rest/V1/orders/1")
    assert (before["state"], before.get("total_paid")) == ("processing", None)
    assert client.post("/rest/V1/orders/1/cancel", {}) is True
    kinds = {one.txn_type for one in client.site.transactions.values()}
    assert kinds == {"authorization", "void"}


def test_a_partly_invoiced_order_keeps_what_was_invoiced(client: Client, make_order: Make) -> None:
    make_order(invoices=[{"rows": {"0": 1}}])
    assert client.post("/rest/V1/orders/1/cancel", {}) is True
    order = client.get("/rest/V1/orders/1")
    assert (order["state"], order["items"][0]["qty_canceled"]) == ("processing", 1)
    client.post("/rest/V1/invoice/1/refund", ONLINE)
    assert client.get("/rest/V1/orders/1")["state"] == "closed"


def test_an_open_invoice_and_a_method_without_gateway_refuse(
    client: Client, site: Site, make_order: Make
) -> None:
    make_order(invoices=[{"paid": False}])
    site.settings.offline_methods = ("moneybox",)
    make_order(payment={"method": "moneybox"})
    for number in (1, 2):
        response = client.send("POST", f"/rest/V1/invoice/{number}/refund", ONLINE)
        assert response.status_code == 400
        assert "We can't create creditmemo for the invoice." in decoded(response)["message"]
    assert site.gateway.asked == 0


def test_a_custom_status_survives_the_order_route_alone(client: Client, make_order: Make) -> None:
    nothing = {"arguments": {"shipping_amount": 5}, "items": []}
    for number, route in ((1, "order"), (2, "invoice")):
        make_order(state="processing", status="packing")
        item_id = client.site.orders[number].items[0].item_id
        body = {**nothing, "items": [{"order_item_id": item_id, "qty": 0}]}
        client.post(f"/rest/V1/{route}/{number}/refund", body)
    assert client.site.orders[1].status == "packing"
    assert client.site.orders[2].status == "processing"


def test_a_refund_in_the_back_office(site: Site, make_order: Make) -> None:
    order = make_order()
    refund_by_merchant(site, order, {"rows": {"0": 1}, "shipping": "0", "online": True})
    books = read_books(site)
    assert books["counters"]["refunds_by_admin"] == 1
    assert books["orders"][0]["paid_out"] == "13.75"
    with pytest.raises(BadSpec, match="invalid quantity"):
        refund_by_merchant(site, order, {"rows": {"0": 9}})


@pytest.mark.parametrize(
    "spec",
    [
        {"items": []},
        {"items": [{"price": 1.5}]},
        {"items": [{}], "colour": "red"},
        {"items": [{"virtual": True}], "shipping": "5"},
        {"items": [{"price": "10", "discount": "11"}]},
        {"items": [{}], "invoices": [{"rows": {"0": 2}}]},
        {"items": [{}], "store": "nowhere"},
        {"items": [{}], "created_at": "2026-01-01T00:00:00"},
    ],
)
def test_bad_seeds_are_refused(sandbox: MagentoSandbox, site: Site, spec: dict[str, Any]) -> None:
    with pytest.raises(BadSpec):
        sandbox.add_order(site, spec)
    assert not site.orders


def test_in_a_process_of_its_own() -> None:
    spec = {"items": [{"price": "10"}], "payment": {"method": "fakepay"}}
    with ChildServer("integrations.sandbox.magento.app:create_demo_app") as child:
        control = f"{child.url}/_sandbox"
        made = requests.post(f"{control}/orders", json=spec, timeout=10)
        assert made.status_code == 201
        order = made.json()["orders"][0]
        refund = {"order": order["increment_id"], "online": True, "comment": "by hand"}
        assert requests.post(f"{control}/refunds", json=refund, timeout=10).status_code == 201
        books = requests.get(f"{control}/books", timeout=10).json()
        assert books["counters"]["gateway_payouts"] == 1
        wrong = requests.post(f"{control}/settings", json={"colour": "red"}, timeout=10)
        assert wrong.status_code == 400
        for path, body in (
            ("settings", {"maintenance": True}),
            ("gateway", {"behaviour": "decline", "seconds": 0}),
            ("stores", {"code": "eu"}),
            ("sites", {"name": "second", "base_currency": "EUR"}),
            ("clock", {"advance_seconds": 60}),
        ):
            assert requests.post(f"{control}/{path}", json=body, timeout=10).ok, path
        page = requests.get(f"{child.url}/sites/demo/rest/V1/orders/1", timeout=10)
        assert page.status_code == 503
        version = requests.get(f"{child.url}/sites/second/magento_version", timeout=10)
        assert version.text.startswith("Magento/")
