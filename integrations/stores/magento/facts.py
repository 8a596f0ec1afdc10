"""What Magento's documents about one order say together: order, invoices and credit memos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from app.domain.errors import Rejected
from app.domain.money import Money
from app.domain.order import PaymentStatus, Remaining, Restock, SuggestedLine, Suggestion, Tender
from app.domain.plan import RefundChoice
from app.domain.remainder import Units, shares_of
from integrations.stores.magento.config import MagentoConfig
from integrations.stores.magento.payloads import InvoicePayload, MemoPayload, OrderPayload
from integrations.stores.magento.rows import Row, lines_of
from integrations.stores.magento.vocabulary import (
    OFFLINE_METHODS,
    REFUNDABLE_STATES,
    STATES,
    VENDOR,
)

INVOICE_PAID = 2
MEMO_OPEN, MEMO_REFUNDED, MEMO_CANCELLED = 1, 2, 3


@dataclass(frozen=True)
class Facts:
    """One order with what was read beside it. None means: not read."""

    order: OrderPayload
    config: MagentoConfig
    invoices: tuple[InvoicePayload, ...] | None = None
    memos: tuple[MemoPayload, ...] | None = None

    # --- what was paid and given back ------------------------------------------------------------

    @property
    def currency(self) -> str:
        return self.order.order_currency_code

    @property
    def base_currency(self) -> str:
        return self.order.base_currency_code

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The lines."""
        return lines_of(self.order.items)

    @property
    def paid(self) -> Money:
        return self._money(self.order.total_paid)

    @property
    def refunded(self) -> Money:
        """The credit memos together, or the order's own sum where that is more."""
        return max(self._money(self.order.total_refunded), self._of_memos(MEMO_REFUNDED))

    @property
    def pending(self) -> Money:
        """Credit memos that are open: their money hasn't gone out yet."""
        return self._of_memos(MEMO_OPEN)

    @property
    def left(self) -> Money:
        """The most that can still go back; never below zero."""
        left = self.paid - self.refunded - self.pending
        return left if left.amount > 0 else Money.zero(self.currency)

    @property
    def books_differ(self) -> str | None:
        """Why the order and its credit memos don't agree: then money may have gone out twice."""
        memos = self._of_memos(MEMO_REFUNDED)
        order = self._money(self.order.total_refunded)
        if self.memos is None or memos == order:
            return None
        return f"the order says {order} refunded, its credit memos make {memos}"

    def _of_memos(self, state: int) -> Money:
        return Money.total(
            (self._money(one.grand_total) for one in self.memos or () if one.state == state),
            self.currency,
        )

    @property
    def is_refundable(self) -> bool:
        """Whether Magento makes credit memos of this order now."""
        return self.order.state in REFUNDABLE_STATES and bool(self.left)

    @property
    def payment_status(self) -> PaymentStatus:
        """From state and sums; Magento has no such field."""
        order = self.order
        if order.state not in STATES:
            return PaymentStatus.UNKNOWN
        if not order.total_paid:
            if order.state in {"canceled", "closed"}:
                return PaymentStatus.VOIDED
            if not order.grand_total:
                return PaymentStatus.PAID
            is_held = order.state == "processing" and not order.total_invoiced
            return PaymentStatus.AUTHORIZED if is_held else PaymentStatus.PENDING
        if self.refunded >= self.paid:
            return PaymentStatus.REFUNDED
        if self.refunded.amount > 0:
            return PaymentStatus.PARTIALLY_REFUNDED
        if order.total_paid < order.grand_total:
            return PaymentStatus.PARTIALLY_PAID
        return PaymentStatus.PAID

    # --- shipping --------------------------------------------------------------------------------

    @property
    def shipping(self) -> Money:
        """What shipping was charged, after its discount, without its tax."""
        order = self.order
        return self._money(_net(order.shipping_invoiced, *self._shipping_discount))

    @property
    def shipping_left(self) -> Money:
        order = self.order
        left = max(Decimal(0), order.shipping_invoiced - order.shipping_refunded)
        return self._money(_net(left, *self._shipping_discount))

    @property
    def shipping_tax(self) -> Money:
        return self._money(self.order.shipping_tax_amount if self.order.shipping_invoiced else 0)

    @property
    def shipping_tax_left(self) -> Money:
        order = self.order
        left = order.shipping_tax_amount - order.shipping_tax_refunded
        return self._money(left if self.shipping_left else 0)

    @property
    def _shipping_discount(self) -> tuple[Decimal, Decimal]:
        return self.order.shipping_discount_amount, self.order.shipping_amount

    def _shipping_in_base(self, part: Money) -> Money:
        """Shipping and its tax for a part of what is left, in the shop's own currency."""
        order = self.order
        if not part:
            return Money.zero(self.base_currency)
        gross = max(Decimal(0), order.base_shipping_invoiced - order.base_shipping_refunded)
        net = _net(gross, order.base_shipping_discount_amount, order.base_shipping_amount)
        tax = order.base_shipping_tax_amount - order.base_shipping_tax_refunded
        share = part.amount / self.shipping_left.amount
        return Money.rounded(net * share, self.base_currency) + Money.rounded(
            tax * share, self.base_currency
        )

    # --- what Magento would refund ----------------------------------------------------------------

    def everything(self) -> Suggestion:
        """The price of all that is left, as Magento computes it."""
        units = {row.id: int(row.units_left) for row in self.rows if row.units_left >= 1}
        return self._suggestion(units, self.shipping_left, None)

    def price(self, choice: RefundChoice) -> Suggestion:
        """The price of exactly this choice, and the one payment that it goes back to.

        Magento has no preview, so this is its documented arithmetic on its own present figures.
        Raises Rejected where no single call can refund the choice.
        """
        units = {line.line_id: line.quantity for line in choice.lines}
        known = {row.id: row for row in self.rows}
        for line_id, wanted in units.items():
            if line_id not in known or wanted > known[line_id].units_left:
                raise rejected("recheck", f"{wanted} of item {line_id} can't be refunded any more")
        shipping = choice.shipping or Money.zero(self.currency)
        if shipping > self.shipping_left:
            raise rejected("recheck", f"of the shipping, {self.shipping_left} is left")
        return self._suggestion(units, shipping, choice)

    def _suggestion(
        self, units: dict[str, int], shipping: Money, choice: RefundChoice | None
    ) -> Suggestion:
        amount, in_base = shipping, self._shipping_in_base(shipping)
        tax = Money.zero(self.currency)
        if shipping:
            share = shipping.amount / self.shipping_left.amount
            tax = Money.rounded(self.shipping_tax_left.amount * share, self.currency)
        amount = amount + tax
        lines: list[SuggestedLine] = []
        rows = [row for row in self.rows if row.id in units]
        shares = shares_of(_units(row, units, row.left(self.currency)) for row in rows)
        base_currency = self.base_currency
        base_shares = shares_of(_units(row, units, row.left_in_base(base_currency)) for row in rows)
        for row in rows:
            part, base = shares[row.id], base_shares[row.id]
            lines.append(
                SuggestedLine(
                    line_id=row.id,
                    quantity=units[row.id],
                    subtotal=part.price - part.discount,
                    tax=part.tax,
                    restock=self.restock(row),
                )
            )
            amount = amount + part.price - part.discount + part.tax
            in_base = in_base + base.price - base.discount + base.tax
        if choice is not None and choice.amount_override is not None:
            amount = choice.amount_override
            in_base = self._in_base(amount)
        payments, placeholder = self._payments(units, shipping, amount, choice)
        if choice is not None and not lines:
            # Without a row Magento refunds everything; a row of no units refunds none.
            lines.append(_none_of(placeholder, self.currency))
        return Suggestion(
            amount=amount,
            amount_in_shop_currency=in_base,
            maximum=self.left,
            shipping=shipping,
            shipping_maximum=self.shipping_left,
            shipping_tax=tax,
            lines=tuple(lines),
            tenders=payments,
        )

    def _in_base(self, amount: Money) -> Money:
        """A plain amount in the shop's own currency, where that gives the very same amount back."""
        rate = self.order.base_to_order_rate or Decimal(1)
        base = Money.rounded(amount.amount / rate, self.base_currency)
        if Money.rounded(base.amount * rate, self.currency) != amount:
            near = Money.rounded(base.amount * rate, self.currency)
            raise rejected(
                "recheck",
                f"the shop keeps its books in {self.base_currency}, where {amount} can't be said "
                f"exactly; {near} can",
            )
        return base

    def restock(self, row: Row) -> Restock:
        """What was never sent stays in stock; what was sent returns only where that is set."""
        if row.was_shipped is False and row.requires_shipping:
            return Restock.CANCEL
        is_back = row.was_shipped and self.config.return_to_stock
        return Restock.RETURN if is_back else Restock.NONE

    # --- payments --------------------------------------------------------------------------------

    @property
    def method(self) -> str:
        return self.order.payment.method

    @property
    def label(self) -> str:
        """How the payment is called: by the shop, else by us, else by its code."""
        if self.order.method_title:
            return self.order.method_title
        return OFFLINE_METHODS.get(self.method, self.method or "unnamed payment")

    @property
    def is_offline(self) -> bool:
        return self.config.is_offline(self.method)

    @property
    def is_route_known(self) -> bool:
        """Whether it is clear how money goes back; a guess would book what nobody pays."""
        if self.is_offline or self.order.payment.last_trans_id or not self.order.total_paid:
            return True
        return any(one.transaction_id for one in self.invoices or ())

    def charges(self) -> list[InvoicePayload]:
        """Paid invoices that went through a gateway."""
        return [
            one
            for one in self.invoices or ()
            if one.state == INVOICE_PAID and one.transaction_id is not None
        ]

    def _payments(
        self, units: dict[str, int], shipping: Money, amount: Money, choice: RefundChoice | None
    ) -> tuple[tuple[Tender, ...], str | None]:
        """The payments that take the money, and a row that belongs to the first."""
        first_row = self.rows[0].id if self.rows else None
        if self.is_offline:
            return self._one(None, self.label, amount, self.left, is_manual=True), first_row
        if self.invoices is None:
            return self._one(None, self.label, amount, self.left), first_row
        charges = self.charges()
        if choice is None:
            return self._all(charges, amount), first_row
        for invoice in charges:
            # With one charge only, the order's own maximum says the same more clearly.
            fits = len(charges) == 1 or amount <= self._left_of(invoice)
            if fits and self._covers(invoice, units, shipping):
                row = next(iter(self._units_of(invoice)), None)
                label = self._label(invoice, charges)
                left = self._left_of(invoice)
                return self._one(str(invoice.entity_id), label, amount, left), row
        raise rejected("recheck", self._why_no_invoice(charges))

    def _one(
        self,
        transaction_id: str | None,
        label: str,
        amount: Money,
        maximum: Money,
        *,
        is_manual: bool = False,
    ) -> tuple[Tender, ...]:
        if not maximum:
            return ()
        return (
            Tender(
                transaction_id=transaction_id,
                gateway=self.method,
                label=label,
                amount=min(amount, maximum),
                maximum=maximum,
                is_manual=is_manual,
            ),
        )

    def _all(self, charges: list[InvoicePayload], amount: Money) -> tuple[Tender, ...]:
        """All charges in turn, until the amount is placed."""
        tenders: list[Tender] = []
        for invoice in charges:
            placed = Money.total((one.amount for one in tenders), self.currency)
            label = self._label(invoice, charges)
            tenders += self._one(
                str(invoice.entity_id), label, amount - placed, self._left_of(invoice)
            )
        return tuple(tenders)

    def _label(self, invoice: InvoicePayload, charges: list[InvoicePayload]) -> str:
        return self.label if len(charges) < 2 else f"{self.label}, invoice {invoice.increment_id}"

    def _memos_of(self, invoice: InvoicePayload) -> Iterable[MemoPayload]:
        return (
            one
            for one in self.memos or ()
            if one.invoice_id == invoice.entity_id and one.state != MEMO_CANCELLED
        )

    def _left_of(self, invoice: InvoicePayload) -> Money:
        gone = sum((one.grand_total for one in self._memos_of(invoice)), Decimal(0))
        left = self._money(max(Decimal(0), invoice.grand_total - gone))
        return min(left, self.left)

    def _units_of(self, invoice: InvoicePayload) -> dict[str, Decimal]:
        """Units of our rows that an invoice charged and no memo of it took back."""
        units = {str(one.order_item_id): one.qty for one in invoice.items}
        for memo in self._memos_of(invoice):
            for item in memo.items:
                line_id = str(item.order_item_id)
                units[line_id] = units.get(line_id, Decimal(0)) - item.qty
        known = {row.id for row in self.rows}
        return {line_id: qty for line_id, qty in units.items() if line_id in known}

    def _covers(self, invoice: InvoicePayload, units: dict[str, int], shipping: Money) -> bool:
        """Whether one call for this invoice refunds all of it: Magento cuts the rest silently."""
        have = self._units_of(invoice)
        if not have:
            return False
        if any(have.get(line_id, Decimal(0)) < wanted for line_id, wanted in units.items()):
            return False
        gone = sum((one.base_shipping_amount for one in self._memos_of(invoice)), Decimal(0))
        left = self.order.base_shipping_invoiced - self.order.base_shipping_refunded
        return not shipping or invoice.base_shipping_amount - gone >= left

    def _why_no_invoice(self, charges: list[InvoicePayload]) -> str:
        if not charges:
            return (
                f"Magento doesn't say that {self.label} was paid through its gateway: refund it "
                "in the shop's own admin"
            )
        if len(charges) == 1:
            return "more is chosen than its invoice has left"
        names = ", ".join(one.increment_id for one in charges)
        return (
            f"the order was charged in {len(charges)} parts (invoices {names}) and one refund can "
            "only take from one of them: choose the items of one part, then those of the next"
        )

    def _money(self, amount: Decimal | int) -> Money:
        return Money.rounded(Decimal(amount), self.currency)


def _net(gross: Decimal, discount: Decimal, of: Decimal) -> Decimal:
    """Shipping less its share of the discount on shipping."""
    return gross if not of else gross - gross * abs(discount) / of


def _units(row: Row, units: dict[str, int], left: Remaining) -> Units:
    return Units(row.id, left, units[row.id], int(row.units_left))


def _none_of(line_id: str | None, currency: str) -> SuggestedLine:
    if line_id is None:
        raise rejected("recheck", "the order has no item that a refund could be written to")
    zero = Money.zero(currency)
    return SuggestedLine(line_id=line_id, quantity=0, subtotal=zero, tax=zero)


def rejected(operation: str, message: str) -> Rejected:
    """A refusal of our own: nothing was sent."""
    return Rejected(f"Magento: {message}", vendor=VENDOR, operation=operation)
