"""The shop that the recordings were taken from, rebuilt order by order."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from integrations.sandbox.magento import Clock, MagentoSandbox
from integrations.sandbox.magento.auth import APP_RESOURCES, Integration
from integrations.sandbox.magento.gateway import Gateway
from tests.sandbox.magento.client import Client

NOW = datetime(2026, 11, 21, 23, 40, tzinfo=UTC)
PAID_OFFLINE: dict[str, Any] = {"method": "checkmo"}
PAID_ONLINE: dict[str, Any] = {"method": "fakepay"}


def mug(item_id: int, qty: int, **more: Any) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "sku": "MUG-BLUE",
        "name": "Mug Blue",
        "price": "12.50",
        "qty": qty,
        "tax_percent": "10",
        **more,
    }


def shirt(item_id: int, qty: int, **more: Any) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "sku": "SHIRT-RED-M",
        "name": "Shirt Red M",
        "price": "24.99",
        "qty": qty,
        "tax_percent": "10",
        **more,
    }


def rows_of(*pairs: tuple[int, int]) -> list[dict[str, int]]:
    """`items` of a refund: (row id, units)."""
    return [{"order_item_id": row, "qty": qty} for row, qty in pairs]


TEE = {
    "item_id": 4,
    "sku": "TEE-M",
    "name": "Tee",
    "type": "configurable",
    "price": "30",
    "qty": 2,
    "tax_percent": "10",
    "product_option": {
        "extension_attributes": {
            "configurable_item_options": [{"option_id": "137", "option_value": 5}]
        }
    },
    "children": [{"item_id": 5, "sku": "TEE-M", "name": "Tee M"}],
}
DYNAMIC_SET = {
    "item_id": 6,
    "sku": "GIFT-SET-DYN",
    "type": "bundle",
    "dynamic": True,
    "weight": 3,
    "children": [mug(7, 2), shirt(8, 1)],
    "product_option": {
        "extension_attributes": {
            "bundle_options": [
                {"option_id": 1, "option_qty": 2, "option_selections": [1]},
                {"option_id": 2, "option_qty": 1, "option_selections": [2]},
            ]
        }
    },
}
FIXED_SET = {
    "item_id": 9,
    "sku": "GIFT-SET-FIX",
    "type": "bundle",
    "price": "60",
    "original_price": "40",
    "tax_percent": "10",
    "weight": 3,
    "children": [mug(10, 2), shirt(11, 1)],
    "product_option": {
        "extension_attributes": {
            "bundle_options": [
                {"option_id": 3, "option_qty": 2, "option_selections": [3]},
                {"option_id": 4, "option_qty": 1, "option_selections": [4]},
            ]
        }
    },
}
SHIPPED: list[dict[str, Any]] = [{}]

ORDERS: dict[int, dict[str, Any]] = {
    1: {
        "email": "jane.doe@example.com",
        "customer_id": 1,
        "items": [mug(1, 2), shirt(2, 1)],
        "shipping": "15",
        "shipments": SHIPPED,
    },
    2: {
        "email": "pending@example.com",
        "increment_id": "000000002",
        "items": [mug(3, 1)],
        "shipping": "5",
        "invoices": [],
    },
    3: {
        "email": "composite@example.com",
        "increment_id": "000000003",
        "items": [TEE, DYNAMIC_SET, FIXED_SET],
        "shipping": "20",
        "shipments": SHIPPED,
    },
    4: {
        "email": "coupon@example.com",
        "increment_id": "000000004",
        "coupon_code": "TEN",
        "items": [
            mug(12, 3, discount="3.75", discount_percent="10"),
            shirt(13, 1, discount="2.50", discount_percent="10"),
        ],
        "shipping": "20",
    },
    5: {
        "email": "euro@example.com",
        "store": "eu",
        "currency": "EUR",
        "rate": "0.9",
        "items": [mug(14, 2)],
        "shipping": "10",
    },
    6: {
        "email": "virtual@example.com",
        "increment_id": "000000005",
        "items": [
            {
                "item_id": 15,
                "sku": "EBOOK-01",
                "name": "Ebook 01",
                "price": "9",
                "virtual": True,
                "tax_percent": "10",
            }
        ],
    },
    7: {"email": "seventh@example.com", "items": [mug(16, 1)], "shipping": "5"},
    8: {"items": [mug(17, 2)], "shipping": "10", "shipments": SHIPPED},
    9: {"items": [mug(18, 2), shirt(19, 1)], "shipping": "15", "shipments": SHIPPED},
    10: {
        "email": "partial@example.com",
        "increment_id": "000000009",
        "items": [mug(20, 4), shirt(21, 2)],
        "shipping": "30",
        "shipments": SHIPPED,
    },
    11: {"items": [mug(22, 2)], "shipping": "10", "shipments": SHIPPED},
    12: {"items": [mug(23, 2)], "shipping": "10", "shipments": SHIPPED},
    13: {"items": [mug(24, 1)], "shipping": "5", "invoices": []},
    14: {
        "increment_id": "000000013",
        "items": [mug(25, 3)],
        "shipping": "15",
        "invoices": [{"rows": {"0": 1}}],
    },
    15: {"items": [mug(26, 2)], "shipping": "10"},
    27: {"items": [mug(38, 1)], "shipping": "5", "shipments": SHIPPED},
    28: {"items": [mug(39, 1)], "shipping": "5"},
    34: {"items": [mug(45, 2)], "shipping": "10", "shipments": SHIPPED},
    36: {"items": [mug(47, 1)], "shipping": "5", "invoices": []},
    37: {
        "items": [mug(48, 2)],
        "shipping": {"amount": "10", "tax_percent": "10"},
        "shipments": SHIPPED,
    },
    38: {
        "items": [mug(49, 2)],
        "shipping": {"amount": "10", "tax_percent": "10"},
        "shipments": SHIPPED,
    },
    40: {
        "items": [mug(52, 3), shirt(53, 1)],
        "shipping": "20",
        "payment": PAID_ONLINE,
        "authorized": True,
        "invoices": [{"entity_id": 36, "rows": {"0": 1}}, {"entity_id": 37}],
    },
    42: {
        "items": [
            {
                "item_id": 55,
                "sku": "FABRIC-M",
                "price": "8",
                "qty": "2.5",
                "decimal": True,
                "tax_percent": "10",
            }
        ],
        "shipping": "12.5",
    },
    43: {
        "items": [{"item_id": 56, "sku": "SAMPLE", "price": "0"}],
        "payment": {"method": "free"},
        "invoices": [],
    },
    56: {"items": [mug(69, 2)], "shipping": "10", "shipments": SHIPPED},
}
# Two mugs at 27.50 with tax and 10.00 for shipping, all alike: order -> row.
OFFLINE_PAIRS = {24: 35, 25: 36, 26: 37, 30: 41, 31: 42, 32: 43, 33: 44, 35: 46}
# The same, paid through the gateway: order -> (row, invoice).
ONLINE_PAIRS = {
    16: (27, 14),
    17: (28, 15),
    18: (29, 16),
    19: (30, 17),
    20: (31, 18),
    21: (32, 19),
    22: (33, 20),
    23: (34, 21),
}


def spec_of(order_id: int) -> dict[str, Any]:
    """What `order_id` of the recorded shop looked like when it was placed."""
    if order_id in OFFLINE_PAIRS:
        return {
            "items": [mug(OFFLINE_PAIRS[order_id], 2)],
            "shipping": "10",
            "shipments": SHIPPED,
        }
    if order_id in ONLINE_PAIRS:
        row, invoice = ONLINE_PAIRS[order_id]
        return {
            "email": "online@example.com",
            "increment_id": f"{order_id - 1:09d}",
            "items": [mug(row, 2)],
            "shipping": "10",
            "payment": PAID_ONLINE,
            "invoices": [{"entity_id": invoice}],
        }
    return ORDERS[order_id]


class HeldGateway(Gateway):
    """A gateway that answers only once `wanted` refunds have asked and it is let go."""

    def __init__(self, wanted: int = 1) -> None:
        super().__init__()
        self.wanted = wanted
        self.waiting = 0
        self.all_asked = threading.Event()
        self.go_on = threading.Event()

    def refund(self, order_id: int, invoice_id: int, amount: Decimal, currency: str) -> str:
        with self._lock:
            self.waiting += 1
            if self.waiting >= self.wanted:
                self.all_asked.set()
        assert self.go_on.wait(30)
        return super().refund(order_id, invoice_id, amount, currency)


class RecordedShop:
    """A sandbox in which orders of the recorded shop can be placed, and three integrations."""

    def __init__(self) -> None:
        self.sandbox = MagentoSandbox(clock=Clock(NOW))
        self.site = self.sandbox.add_site("demo")
        self.site.add_store("eu", "EU View")
        self.sandbox.add_admin(self.site, "admin", "Adm1nPass123")
        add = self.sandbox.add_integration
        self.integrations: dict[str, Integration] = {
            "app": add(self.site, APP_RESOURCES, name="app"),
            "readonly": add(self.site, ["Magento_Sales::actions_view"], name="readonly"),
            "full": add(self.site, None, name="full"),
        }
        self.client = Client(self.sandbox, self.site, self.integrations["app"])
        # Numbers that differ from run to run, as recorded -> as given by the sandbox.
        self.renamed: dict[str, str] = {}
        self.waiting_for: threading.Thread | None = None

    def place(self, *order_ids: int) -> None:
        for order_id in order_ids:
            self.sandbox.add_order(self.site, {"entity_id": order_id, **spec_of(order_id)})

    def refund(self, order_id: int, **body: Any) -> str:
        return str(self.client.post(f"/rest/V1/order/{order_id}/refund", body))

    def refund_online(self, invoice_id: int, **body: Any) -> str:
        body = {"isOnline": True, **body}
        return str(self.client.post(f"/rest/V1/invoice/{invoice_id}/refund", body))

    def refund_twice_at_once(self, invoice_id: int, **body: Any) -> list[int]:
        """Two equal online refunds that both pass the checks before either is written."""
        gateway = self.site.gateway = HeldGateway(wanted=2)
        statuses: list[int] = []

        def send() -> None:
            path = f"/rest/V1/invoice/{invoice_id}/refund"
            response = self.client.send("POST", path, {"isOnline": True, **body})
            statuses.append(response.status_code)

        threads = [threading.Thread(target=send) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert gateway.all_asked.wait(30)
        gateway.go_on.set()
        for thread in threads:
            thread.join()
        return sorted(statuses)
