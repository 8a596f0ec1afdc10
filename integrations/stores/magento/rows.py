"""Which rows of an order are its lines, and what is left of each.

Magento lists a composite product as a parent and its children; only some of them may be refunded:
the parent of a configurable product or of a bundle with a fixed price, the children of a bundle
whose price is the sum of its parts. https://developer.adobe.com/commerce/webapi/rest/tutorials/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.money import Money
from app.domain.order import Remaining
from integrations.stores.magento.payloads import ItemPayload


@dataclass(frozen=True)
class Row:
    """A row that can be refunded by its id. `children` are rows without money of their own."""

    item: ItemPayload
    name: str
    children: tuple[ItemPayload, ...] = ()

    @property
    def id(self) -> str:
        """The line's id: the row's `item_id`."""
        return str(self.item.item_id)

    @property
    def units_left(self) -> Decimal:
        """Units that were charged and not refunded; what was only ordered doesn't count."""
        return max(Decimal(0), self.item.qty_invoiced - self.item.qty_refunded)

    @property
    def is_whole(self) -> bool:
        """Whether all quantities are whole units."""
        item = self.item
        quantities = (item.qty_ordered, item.qty_invoiced, item.qty_refunded, item.qty_shipped)
        return all(one == one.to_integral_value() for one in quantities)

    @property
    def quantity(self) -> int:
        """Units that were charged, or ordered where none were charged yet."""
        return int(self.item.qty_invoiced or self.item.qty_ordered)

    @property
    def requires_shipping(self) -> bool:
        return not self.item.is_virtual and self.item.product_type not in {
            "virtual",
            "downloadable",
        }

    @property
    def ids(self) -> frozenset[int]:
        """The row's own id and its children's: a shipment may name either."""
        return frozenset({self.item.item_id, *(child.item_id for child in self.children)})

    @property
    def units_to_ship(self) -> int:
        """Units that still wait to be sent."""
        item = self.item
        waiting = item.qty_ordered - item.qty_canceled - self._shipped
        return max(0, int(waiting)) if self.requires_shipping else 0

    @property
    def was_shipped(self) -> bool | None:
        """None where only some units were sent, or only some parts of a bundle."""
        if not self.requires_shipping:
            return None
        parts = [child.qty_shipped for child in self.children]
        if not self._shipped:
            return None if any(parts) else False
        return True if self._shipped >= self.item.qty_ordered - self.item.qty_canceled else None

    @property
    def _shipped(self) -> Decimal:
        item = self.item
        if item.qty_shipped or not self.children or item.product_type != "bundle":
            return item.qty_shipped
        # A bundle that is sent in parts counts as sent when every part was.
        if all(c.qty_shipped >= c.qty_ordered - c.qty_canceled for c in self.children):
            return item.qty_ordered
        return Decimal(0)

    def charged(self, currency: str) -> Remaining:
        """What the invoices say about the row, or the order where there is none yet."""
        item = self.item
        if not item.qty_invoiced:
            return Remaining(
                price=Money.rounded(item.price * item.qty_ordered, currency),
                discount=Money.rounded(item.discount_amount, currency),
                tax=Money.rounded(item.tax_amount, currency),
            )
        return Remaining(
            price=Money.rounded(item.row_invoiced, currency),
            discount=Money.rounded(
                item.discount_invoiced - item.discount_tax_compensation_invoiced, currency
            ),
            tax=Money.rounded(item.tax_invoiced, currency),
        )

    def left(self, currency: str) -> Remaining:
        """What is left of the charge, in the currency that the customer paid in."""
        item = self.item
        return _left(
            currency,
            item.row_invoiced - item.amount_refunded,
            item.discount_invoiced - item.discount_refunded,
            item.discount_tax_compensation_invoiced - item.discount_tax_compensation_refunded,
            item.tax_invoiced - item.tax_refunded,
        )

    def left_in_base(self, currency: str) -> Remaining:
        """The same in the shop's own currency."""
        item = self.item
        return _left(
            currency,
            item.base_row_invoiced - item.base_amount_refunded,
            item.base_discount_invoiced - item.base_discount_refunded,
            item.base_discount_tax_compensation_invoiced
            - item.base_discount_tax_compensation_refunded,
            item.base_tax_invoiced - item.base_tax_refunded,
        )


def _left(
    currency: str, price: Decimal, discount: Decimal, compensation: Decimal, tax: Decimal
) -> Remaining:
    return Remaining(
        price=Money.rounded(price, currency),
        discount=Money.rounded(discount - compensation, currency),
        tax=Money.rounded(tax, currency),
    )


def lines_of(items: Iterable[ItemPayload]) -> tuple[Row, ...]:
    """The rows that carry the money, in the order's own order."""
    every = tuple(items)
    children: dict[int, list[ItemPayload]] = {}
    for item in every:
        if item.parent_item_id is not None:
            children.setdefault(item.parent_item_id, []).append(item)
    rows: list[Row] = []
    for item in every:
        if item.parent_item_id is not None:
            continue
        parts = children.get(item.item_id, [])
        if item.product_type == "bundle" and any(_carries_money(part) for part in parts):
            rows += [Row(part, f"{item.name}: {part.name}") for part in parts]
        else:
            rows.append(Row(item, item.name, tuple(parts)))
    return tuple(rows)


def _carries_money(item: ItemPayload) -> bool:
    return item.row_total > 0 or item.row_invoiced > 0 or item.price > 0
