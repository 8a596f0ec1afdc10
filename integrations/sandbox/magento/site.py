"""One Magento installation: its settings, store views, who may call it, and everything stored."""

from __future__ import annotations

import copy
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from integrations.sandbox.magento.clock import Clock
from integrations.sandbox.magento.gateway import Gateway
from integrations.sandbox.magento.model import (
    Creditmemo,
    Invoice,
    Order,
    OrderItem,
    Shipment,
    Transaction,
)

OFFLINE_METHODS = frozenset(("checkmo", "banktransfer", "cashondelivery", "purchaseorder", "free"))
CONCURRENCY = ("lost_update", "deadlock", "serial")


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store view. Its code may stand in the path; it chooses settings and filters nothing."""

    store_id: int
    code: str
    name: str
    website: str = "Main Website"
    group: str = "Main Website Store"

    @property
    def full_name(self) -> str:
        return f"{self.website}\n{self.group}\n{self.name}"


@dataclass
class Settings:
    """What a merchant can set, by the setting's meaning; the vendor's path stands behind.

    `concurrency` decides what two invoice refunds at the same moment do: `lost_update` (both
    pay, both answer 200, the order counts one), `deadlock` (both pay, the second is answered
    400), `serial` (one after the other, which no Magento does).
    """

    base_currency: str = "USD"
    version: str | None = "Magento/2.4 (Community)"  # a storefront page; None: the shop blocks it
    allow_zero_grandtotal: bool = True  # sales/zerograndtotal_creditmemo/allow_zero_grandtotal
    shipping_shown_incl_tax: bool = False  # tax/sales_display/shipping = 2
    integration_as_bearer: bool = False  # oauth/consumer/enable_integration_as_bearer
    prices_include_tax: bool = False  # tax/calculation/price_includes_tax
    memo_emails: bool = True  # sales_email/creditmemo/enabled
    developer_mode: bool = False
    maintenance: bool = False
    firewall: bool = False  # every call is answered by a web firewall with an HTML 403
    page_limit: int | None = None  # webapi/validation: most per page and list elements
    list_limit: int | None = None
    slow_seconds: float = 0.0
    concurrency: str = "lost_update"
    # What the shop believes its own address is, when a proxy hides it; signatures then fail.
    seen_base_url: str | None = None
    initial_stock: Decimal = Decimal(100)
    # Methods of this shop beside the vendor's own whose money no gateway can pay back.
    offline_methods: tuple[str, ...] = ()


@dataclass
class StockItem:
    item_id: int
    sku: str
    qty: Decimal
    is_qty_decimal: bool


@dataclass
class Numbers:
    """Id counters of a shop by table, and increment ids by store view and document."""

    _last: Counter[str] = field(default_factory=Counter)

    def take(self, table: str, wanted: int | None = None) -> int:
        """The next id, or `wanted`; later ids go on above it."""
        number = self._last[table] + 1 if wanted is None else wanted
        self._last[table] = max(self._last[table], number)
        return number

    def set_next(self, table: str, number: int) -> None:
        self._last[table] = number - 1

    def increment_id(self, table: str, store_id: int) -> str:
        """`000000003` in the first store view, `2000000001` in the second."""
        prefix = "" if store_id <= 1 else str(store_id)
        return f"{prefix}{self.take(f'{table}@{store_id}'):09d}"


class Site:
    """One installation. Hold `lock` around reads and writes of what is stored."""

    def __init__(self, name: str, clock: Clock, settings: Settings) -> None:
        self.name = name
        self.clock = clock
        self.settings = settings
        self.stores = {"default": StoreView(1, "default", "Default Store View")}
        self.lock = threading.RLock()
        self.numbers = Numbers()
        self.gateway = Gateway()
        self.orders: dict[int, Order] = {}
        self.invoices: dict[int, Invoice] = {}
        self.creditmemos: dict[int, Creditmemo] = {}
        self.shipments: dict[int, Shipment] = {}
        self.transactions: dict[int, Transaction] = {}
        self.stock: dict[str, StockItem] = {}
        self.product_ids: dict[str, int] = {}
        self._order_locks: dict[int, threading.Lock] = {}

    def now(self) -> datetime:
        """Whole seconds: Magento stores no fractions."""
        return self.clock.now().replace(microsecond=0)

    def add_store(self, code: str, name: str, store_id: int | None = None) -> StoreView:
        """Add a store view; ids go on from the highest."""
        next_id = max(view.store_id for view in self.stores.values()) + 1
        self.stores[code] = StoreView(store_id or next_id, code, name)
        return self.stores[code]

    def is_offline(self, method: str) -> bool:
        """Whether a payment method has no gateway behind it."""
        return method in OFFLINE_METHODS or method in self.settings.offline_methods

    def store_view(self, store_id: int) -> StoreView:
        return next(view for view in self.stores.values() if view.store_id == store_id)

    def order_lock(self, order_id: int) -> threading.Lock:
        """A lock of one order, for refunds that shall queue."""
        with self.lock:
            return self._order_locks.setdefault(order_id, threading.Lock())

    def product_id(self, sku: str, wanted: int | None = None) -> int:
        if sku not in self.product_ids:
            self.product_ids[sku] = self.numbers.take("product", wanted)
        return self.product_ids[sku]

    def working_copy(self, order: Order) -> Order:
        """The order as one transaction read it. Write it back with `save_order`."""
        return copy.deepcopy(order)

    def save_order(self, order: Order) -> None:
        """Write a working copy back as a whole: what another writer did meanwhile is lost, but
        for the history lines, which are rows of their own.
        """
        stored = self.orders.get(order.entity_id)
        if stored is not None:
            known = {line.entity_id for line in order.histories}
            order.histories = sorted(
                order.histories + [h for h in stored.histories if h.entity_id not in known],
                key=lambda line: line.entity_id,
            )
            order.version = stored.version
        order.version += 1
        order.updated_at = self.now()
        self.orders[order.entity_id] = order

    def memos_of(self, order_id: int) -> list[Creditmemo]:
        return [memo for memo in self.creditmemos.values() if memo.order_id == order_id]

    def invoices_of(self, order_id: int) -> list[Invoice]:
        return [one for one in self.invoices.values() if one.order_id == order_id]

    def order_item(self, item_id: int) -> OrderItem | None:
        for order in self.orders.values():
            found = order.item(item_id)
            if found is not None:
                return found
        return None

    def take_from_stock(self, item: OrderItem) -> None:
        """What placing an order does. Composite rows have no stock of their own."""
        if item.child_ids:
            return
        entry = self.stock.get(item.sku)
        if entry is None:
            entry = StockItem(
                item.product_id, item.sku, self.settings.initial_stock, item.is_qty_decimal
            )
            self.stock[item.sku] = entry
        entry.qty -= item.qty_ordered

    def put_back(self, item: OrderItem, qty: Decimal) -> None:
        if item.sku in self.stock and not item.child_ids:
            self.stock[item.sku].qty += qty
