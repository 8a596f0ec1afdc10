"""What can be listed and searched: each document's columns and how it is rendered.

Filters and sort orders work on columns of the database table, not on keys of the answer: the text
of a comment or a tracking number is none, and asking for it is an unplanned exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.magento.clock import stamp
from integrations.sandbox.magento.model import Order, OrderItem
from integrations.sandbox.magento.render_documents import (
    render_creditmemo,
    render_invoice,
    render_shipment,
    render_transaction,
)
from integrations.sandbox.magento.render_order import order_head, render_item, render_order
from integrations.sandbox.magento.search import Criteria, UnknownColumn, select
from integrations.sandbox.magento.site import Site

ORDER_SUMS = (
    "adjustment_negative adjustment_positive discount_amount discount_canceled discount_invoiced "
    "discount_refunded grand_total shipping_amount shipping_canceled shipping_incl_tax "
    "shipping_invoiced shipping_refunded shipping_tax_amount shipping_tax_refunded subtotal "
    "subtotal_canceled subtotal_incl_tax subtotal_invoiced subtotal_refunded tax_amount "
    "tax_canceled tax_invoiced tax_refunded total_canceled total_due total_invoiced "
    "total_offline_refunded total_online_refunded total_paid total_refunded"
)
MEMO_SUMS = (
    "adjustment adjustment_negative adjustment_positive discount_amount grand_total "
    "shipping_amount shipping_incl_tax shipping_tax_amount subtotal subtotal_incl_tax tax_amount"
)
ITEM_SUMS = (
    "amount_refunded discount_amount discount_invoiced discount_refunded original_price price "
    "price_incl_tax row_invoiced row_total row_total_incl_tax tax_amount tax_invoiced tax_refunded"
)


def _columns(plain: str, sums: str = "") -> frozenset[str]:
    doubled = sums.split()
    return frozenset([*plain.split(), *doubled, *(f"base_{name}" for name in doubled)])


@dataclass(frozen=True)
class Table:
    """`cheap` reads the columns that searches use most without rendering the record."""

    columns: frozenset[str]
    records: Callable[[Site], list[Any]]
    render: Callable[[Site, Any], dict[str, Any]]
    scalars: Callable[[Site, Any], Mapping[str, Any]]
    cheap: Mapping[str, Callable[[Any], Any]]

    def search(self, site: Site, criteria: Criteria) -> dict[str, Any]:
        """The answer of a list call. Raises UnknownColumn."""
        for group in criteria.groups:
            for one in group:
                self._refuse_unknown(one.field)
        for name, _ in criteria.sort_orders:
            self._refuse_unknown(name)

        def column(record: Any, name: str) -> Any:
            reader = self.cheap.get(name)
            return reader(record) if reader else self.scalars(site, record).get(name)

        page, total = select(self.records(site), criteria, column)
        return {
            "items": [self.render(site, record) for record in page],
            "search_criteria": criteria.echo(),
            "total_count": total,
        }

    def _refuse_unknown(self, name: str) -> None:
        if name not in self.columns:
            raise UnknownColumn(name)


def _by_id(mapping: Mapping[int, Any]) -> list[Any]:
    return [mapping[key] for key in sorted(mapping)]


def _dated() -> dict[str, Callable[[Any], Any]]:
    return {
        "entity_id": lambda record: record.entity_id,
        "increment_id": lambda record: record.increment_id,
        "order_id": lambda record: record.order_id,
        "created_at": lambda record: stamp(record.created_at),
    }


def _all_items(site: Site) -> list[tuple[Order, OrderItem]]:
    return [(order, item) for order in _by_id(site.orders) for item in order.items]


ORDERS = Table(
    columns=_columns(
        "applied_rule_ids base_currency_code base_to_global_rate base_to_order_rate "
        "billing_address_id can_ship_partially coupon_code created_at customer_email "
        "customer_firstname customer_group_id customer_id customer_is_guest customer_lastname "
        "customer_note customer_note_notify discount_description email_sent entity_id "
        "ext_order_id global_currency_code hold_before_state hold_before_status increment_id "
        "is_virtual order_currency_code protect_code quote_id remote_ip shipping_description "
        "shipping_method state status store_currency_code store_id store_name total_item_count "
        "total_qty_ordered updated_at weight",
        ORDER_SUMS,
    ),
    records=lambda site: _by_id(site.orders),
    render=render_order,
    scalars=order_head,
    cheap={
        "entity_id": lambda order: order.entity_id,
        "increment_id": lambda order: order.increment_id,
        "customer_email": lambda order: order.email,
        "customer_id": lambda order: order.customer_id,
        "store_id": lambda order: order.store_id,
        "state": lambda order: order.state,
        "status": lambda order: order.status,
        "created_at": lambda order: stamp(order.created_at),
        "updated_at": lambda order: stamp(order.updated_at),
    },
)
ORDER_ITEMS = Table(
    columns=_columns(
        "created_at discount_percent free_shipping is_qty_decimal is_virtual item_id name order_id "
        "parent_item_id product_id product_type qty_canceled qty_invoiced qty_ordered "
        "qty_refunded qty_shipped quote_item_id row_weight sku store_id tax_percent updated_at "
        "weight",
        ITEM_SUMS,
    ),
    records=_all_items,
    render=lambda _site, pair: render_item(*pair),
    scalars=lambda _site, pair: render_item(*pair, with_parent=False),
    cheap={
        "item_id": lambda pair: pair[1].item_id,
        "order_id": lambda pair: pair[0].entity_id,
        "sku": lambda pair: pair[1].sku,
    },
)
INVOICES = Table(
    columns=_columns(
        "base_currency_code base_total_refunded billing_address_id created_at email_sent entity_id "
        "increment_id is_used_for_refund order_currency_code order_id shipping_address_id state "
        "store_id total_qty transaction_id updated_at",
        MEMO_SUMS.replace("adjustment adjustment_negative adjustment_positive ", ""),
    ),
    records=lambda site: _by_id(site.invoices),
    render=render_invoice,
    scalars=render_invoice,
    cheap=_dated() | {"state": lambda one: one.state},
)
CREDITMEMOS = Table(
    columns=_columns(
        "base_currency_code billing_address_id created_at creditmemo_status email_sent entity_id "
        "increment_id invoice_id order_currency_code order_id shipping_address_id state store_id "
        "transaction_id updated_at",
        MEMO_SUMS,
    ),
    records=lambda site: _by_id(site.creditmemos),
    render=render_creditmemo,
    scalars=render_creditmemo,
    cheap=_dated()
    | {
        "state": lambda one: one.state,
        "invoice_id": lambda one: one.invoice_id,
        "updated_at": lambda one: stamp(one.created_at),
    },
)
SHIPMENTS = Table(
    columns=_columns(
        "billing_address_id created_at customer_id email_sent entity_id increment_id order_id "
        "shipment_status shipping_address_id store_id total_qty total_weight updated_at"
    ),
    records=lambda site: _by_id(site.shipments),
    render=render_shipment,
    scalars=render_shipment,
    cheap=_dated(),
)
TRANSACTIONS = Table(
    columns=_columns(
        "additional_information created_at is_closed order_id parent_id parent_txn_id payment_id "
        "transaction_id txn_id txn_type"
    ),
    records=lambda site: _by_id(site.transactions),
    render=render_transaction,
    scalars=render_transaction,
    cheap={"order_id": lambda one: one.order_id, "txn_type": lambda one: one.txn_type},
)
