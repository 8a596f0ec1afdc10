"""In which state of the shop each recorded request was sent.

A story is a list of steps on one shop: the name of a recording, which is replayed, or a function
that brings the shop into the state of the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.sandbox.magento.recorded_shop import HeldGateway, RecordedShop
from tests.sandbox.magento.recorded_shop import rows_of as rows

Step = str | Callable[[RecordedShop], object]
NONE_SENT = {"shipping_amount": 0}


def place(*order_ids: int) -> Step:
    return lambda shop: shop.place(*order_ids)


def setting(name: str, value: object) -> Step:
    return lambda shop: setattr(shop.site.settings, name, value)


def next_id(table: str, number: int) -> Step:
    return lambda shop: shop.site.numbers.set_next(table, number)


def post(path: str, **body: object) -> Step:
    """A call of the recorded shop's story whose own recording isn't kept."""

    def step(shop: RecordedShop) -> object:
        assert shop.client.send("POST", f"/rest{path}", body).status_code == 200
        return None

    return step


def refund(order_id: int, **body: object) -> Step:
    return post(f"/V1/order/{order_id}/refund", **body)


def invoice_by_hand(order_id: int) -> Step:
    def step(shop: RecordedShop) -> None:
        client = shop.client
        client.integration = shop.integrations["full"]
        client.post(f"/rest/V1/order/{order_id}/invoice", {})
        client.integration = shop.integrations["app"]

    return step


def memos_of_a_week(shop: RecordedShop) -> None:
    """51 memos nobody asks for, then the two newest of the recorded list."""
    shop.sandbox.add_order(
        shop.site,
        {"entity_id": 60, "items": [{"sku": "PEN", "price": "1", "qty": 60}]},
    )
    for _ in range(51):
        shop.refund(60, items=[{"order_item_id": shop.site.orders[60].items[0].item_id, "qty": 1}])
        shop.sandbox.clock.advance(1)
    shop.place(37, 38)
    for order_id, row in ((37, 48), (38, 49)):
        shop.refund(order_id, items=rows((row, 0)), arguments={"shipping_amount": 5})
        shop.sandbox.clock.advance(1)


def give_up_waiting(shop: RecordedShop) -> None:
    """A caller that no longer listens; the gateway still works on its refund."""
    gateway = shop.site.gateway = HeldGateway()
    comment = {"comment": "[refund-key tmo1]", "is_visible_on_front": 0}
    thread = threading.Thread(target=lambda: shop.refund_online(19, comment=comment))
    thread.start()
    assert gateway.all_asked.wait(30)
    shop.waiting_for = thread


def let_the_gateway_answer(shop: RecordedShop) -> None:
    gateway = shop.site.gateway
    assert isinstance(gateway, HeldGateway)
    assert shop.waiting_for is not None
    gateway.go_on.set()
    shop.waiting_for.join()


def twice_at_once(invoice_id: int, expected: list[int], **body: object) -> Step:
    def step(shop: RecordedShop) -> None:
        assert shop.refund_twice_at_once(invoice_id, **body) == expected
        assert len(shop.site.gateway.payouts) == 2

    return step


def consume(shop: RecordedShop) -> None:
    shop.sandbox.run_consumers(shop.site)


def behave(behaviour: str) -> Step:
    return lambda shop: setattr(shop.site.gateway, "behaviour", behaviour)


def refused(path: str, **body: object) -> Step:
    def step(shop: RecordedShop) -> None:
        assert shop.client.send("POST", f"/rest{path}", body).status_code == 400

    return step


STORIES: dict[str, list[Step]] = {
    "reading": [
        place(1, 2, 3, 4, 5, 6, 7),
        "order-01-get-simple",
        "order-02-get-pending",
        "order-03-get-configurable-and-bundles",
        "order-04-get-discount-and-tax",
        "order-05-get-foreign-currency",
        "order-06-get-virtual",
        "order-07-unknown",
        "order-08-non-numeric-id",
        "order-09-increment-id-in-path",
        "order-10-fields-filter",
        "order-11-store-code-in-get",
        "invoice-01-list-by-order",
        "shipment-01-list-by-order",
        "creditmemo-01-list-empty",
        "search-03-by-date",
        "search-04-page-past-the-end",
        "search-05-empty",
        "search-07-unknown-field",
        "search-10-bad-condition",
        "search-12-in",
        "search-13-store-code-does-not-filter",
        "search-14-store-all",
        "route-01-unknown",
        "route-02-bad-store-code",
        "route-03-bad-json",
        "route-04-wrong-content-type",
        "route-05-method",
        refund(3, items=rows((4, 1)), arguments=NONE_SENT),
        "order-12-items-by-sku",
        setting("maintenance", True),
        "route-06-maintenance",
    ],
    "who may call": [
        place(1),
        "auth-01-none",
        "auth-02-unknown-bearer",
        "auth-03-integration-bearer-disabled",
        "auth-04-oauth-bad-secret",
        "auth-05-oauth-hmac-sha1",
        "auth-06-oauth-unknown-consumer",
        "auth-07-oauth-nonce-reused",
        "auth-08-oauth-old-timestamp",
        "auth-09-oauth-future-timestamp",
        "auth-10-acl-missing",
        "auth-11-admin-token-wrong-password",
        "auth-12-admin-token",
        "auth-13-oauth-space-as-plus",
        "auth-14-oauth-eleven-filter-groups",
        setting("integration_as_bearer", True),
        "auth-15-integration-bearer-enabled",
    ],
    "full refund": [
        place(8, 9),
        refund(9),
        "refund-order-02-again",
        refund(8),
        setting("developer_mode", True),
        "error-01-developer-mode-trace",
    ],
    "partial refunds": [
        place(1, 10),
        "refund-order-05-partial-one-item-default-shipping",
        "creditmemo-02-comments",
        "creditmemo-03-get",
        "creditmemo-04-unknown",
        "creditmemo-05-cancel",
        next_id("history", 12),
        refund(10, items=rows((20, 1)), arguments=NONE_SENT),
        "refund-order-08-over-qty",
        "refund-order-09-unknown-item",
        "refund-order-11-adjustment-too-much",
        "refund-order-13-negative-qty",
        "refund-order-14-fractional-qty",
        "refund-order-15-qty-not-a-number",
        "refund-order-16-nested-unknown-field",
        "refund-order-18-money-only",
        "refund-order-19-item-with-fee",
        "refund-order-20-return-to-stock-wrong-item",
        "refund-order-21-return-to-stock-foreign-item",
        "refund-order-22-top-level-typo",
        "refund-order-23-order-after-partials",
        "refund-order-25-unknown-order",
        next_id("creditmemo_comment", 4),
        "creditmemo-06-add-comment",
        "creditmemo-08-filter-on-comment",
        "creditmemo-09-email",
    ],
    "memos since": [memos_of_a_week, "creditmemo-07-list-by-date"],
    "negative memo": [
        place(11),
        next_id("creditmemo", 17),
        refund(
            11,
            items=rows((22, 1)),
            arguments={"shipping_amount": 0, "adjustment_negative": 5000},
        ),
        "refund-order-12b-negative-memo-read-back",
        "refund-order-12c-order-after-negative-memo",
    ],
    "nothing to refund": [
        place(2, 12, 13),
        "refund-order-17-nothing-to-refund",
        "refund-order-26-not-invoiced",
        "refund-order-27-not-invoiced-shipping-zero",
        "refund-order-27b-order-after",
    ],
    "strict totals": [
        setting("allow_zero_grandtotal", False),
        place(35, 36),
        "refund-strict-01-negative",
        "refund-strict-02-nothing",
        "refund-strict-03-not-invoiced",
    ],
    "composites": [
        place(1, 3),
        next_id("creditmemo", 20),
        refund(
            3,
            items=rows((4, 1)),
            arguments={
                "shipping_amount": 0,
                "extension_attributes": {"return_to_stock_items": [4]},
            },
        ),
        "stock-01-after-return",
        "refund-composite-03-bundle-dynamic-parent",
        "refund-composite-04-bundle-dynamic-children",
        "refund-composite-06-bundle-fixed-parent",
        "refund-composite-07-memos",
        "refund-composite-08-order-after",
    ],
    "foreign currency": [place(5), "refund-currency-01-adjustment-in-base"],
    "decimal quantities": [
        place(42),
        "refund-decimal-01-order",
        "refund-decimal-02-part",
    ],
    "discount": [
        place(4),
        refund(4, items=rows((12, 1)), arguments=NONE_SENT),
        refund(4),
        "refund-discount-04-order-after",
    ],
    "free order": [
        place(43),
        "free-01-order",
        invoice_by_hand(43),
        "free-02-refund",
        "free-03-order-after",
    ],
    "partly invoiced": [
        place(14),
        "refund-partinv-01-order",
        "refund-partinv-02-two",
        "refund-partinv-03-full",
    ],
    "shipping with tax": [
        setting("shipping_shown_incl_tax", True),
        place(37),
        "refund-shiptax-01-order",
        "refund-shiptax-02-half-incl",
        "refund-shiptax-02b-memo",
    ],
    "virtual": [place(6), "refund-virtual-01-shipping", "refund-virtual-02-full"],
    "no idempotency": [
        place(30, 31, 32),
        "refund-order-32-same-body-first",
        "refund-order-32b-same-body-second",
        "refund-order-33-same-item-twice",
        "refund-order-33b-memo",
        "refund-order-34-strings-for-numbers",
        "refund-order-34b-memo",
    ],
    "shipping and fee": [
        place(33, 34, 56),
        "refund-order-35-shipping-only",
        "refund-order-36-shipping-too-much-left",
        "refund-order-37-full-with-fee",
        "refund-order-37b-order-after",
        "refund-order-38-fee-back-later",
        "refund-order-39-all-units-shipping-kept",
        "refund-order-39b-order-after",
        "refund-order-39c-goodwill-later",
        "refund-order-39d-rest-of-money",
        "refund-order-39e-order-after",
    ],
    "hold, cancel, comment": [
        place(2, 15),
        "order-act-01-hold",
        "refund-order-28-on-hold",
        "order-act-02-hold-again",
        "order-act-03-unhold",
        "order-act-04-cancel-paid",
        "order-act-05-cancel-pending",
        "order-act-06-cancel-again",
        "order-act-07-cancelled-order",
        "order-act-08-cancel-unknown",
        "refund-order-29-cancelled",
        "order-act-09-comment",
        "order-act-10-comment-other-status",
        "order-act-11-comments-list",
        "order-act-12-status",
        "refund-order-30-notify",
        "refund-order-30b-memo",
    ],
    "online refunds": [
        place(1, 16, 17, 18, 19, 20),
        "refund-invoice-01-offline-method",
        "refund-invoice-03-order-before",
        "refund-invoice-04-invoice-before",
        next_id("creditmemo", 30),
        post(
            "/V1/invoice/14/refund",
            isOnline=True,
            items=rows((27, 1)),
            arguments=NONE_SENT,
            comment={"comment": "[refund-key 51aa]", "is_visible_on_front": 0},
        ),
        "refund-invoice-06-creditmemo",
        post("/V1/invoice/14/refund", isOnline=True),
        "refund-invoice-08-again",
        "refund-invoice-09-order-after",
        "refund-invoice-10-default-is-offline",
        "refund-invoice-11-order-route-on-online-order",
        "refund-invoice-11b-order-after",
        "refund-invoice-12-is_online-snake-case",
        behave("decline"),
        "refund-invoice-13-gateway-declines",
        "refund-invoice-13b-memos",
    ],
    "transactions": [
        place(16),
        post("/V1/invoice/14/refund", isOnline=True, items=rows((27, 1)), arguments=NONE_SENT),
        post("/V1/invoice/14/refund", isOnline=True),
        "transactions-01-list",
    ],
    "two invoices": [
        place(40),
        "multi-02-invoices",
        "multi-03-more-than-this-invoice",
        "multi-03b-memos",
        "multi-04-item-of-other-invoice",
        "multi-05-invoice-2-default-shipping",
        "multi-06-invoice-2-adjustment-above-invoice",
        "multi-07-memos",
        "multi-08-order-after",
    ],
    "given up": [
        place(21),
        next_id("creditmemo", 35),
        give_up_waiting,
        "timeout-01-memos-right-after",
        let_the_gateway_answer,
        "timeout-02-memos-later",
    ],
    "two full online refunds at once": [
        place(22),
        next_id("creditmemo", 36),
        twice_at_once(20, [200, 200]),
        "race-invoice-full-memos",
        "race-invoice-full-order",
    ],
    "two partial online refunds at once, one a deadlock victim": [
        setting("concurrency", "deadlock"),
        place(23),
        next_id("creditmemo", 38),
        twice_at_once(21, [200, 400], items=rows((34, 1)), arguments=NONE_SENT),
        "race-invoice-partial-memos",
        "race-invoice-partial-order",
    ],
    "two offline refunds at once": [
        place(24, 25),
        next_id("creditmemo", 39),
        refund(24),
        refused("/V1/order/24/refund"),
        "race-order-full-memos",
        refund(25, items=rows((36, 1)), arguments=NONE_SENT),
        refund(25, items=rows((36, 1)), arguments=NONE_SENT),
        "race-order-partial-memos",
    ],
    "asynchronous": [
        place(26),
        "async-01-accepted",
        "async-01b-accepted-invalid",
        "async-02-bulk",
        "async-03-status-before",
        next_id("creditmemo", 42),
        consume,
        "async-04-status-after",
        "async-05-status-after-single",
    ],
    "shipments": [
        place(1, 28),
        next_id("shipment", 2),
        place(3, 8, 9, 10, 11, 12, 27),
        "ship-01-list-order-with-track",
        "shipment-02-with-track",
    ],
}
