"""From Shopify's order to ours. Pure: what isn't known stays unknown and is named."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.domain.money import Money
from app.domain.order import (
    Customer,
    Duty,
    LineItem,
    Order,
    OrderSummary,
    PastRefund,
    PaymentStatus,
    Restock,
    SuggestedDuty,
    SuggestedLine,
    Suggestion,
    Tender,
    Transaction,
    TransactionKind,
    TransactionStatus,
)
from integrations.stores.shopify.payloads import (
    Count,
    CustomerPayload,
    LinePayload,
    OrderPayload,
    OrderRow,
    RefundPayload,
    SuggestedMethod,
    SuggestedPayment,
    SuggestionPayload,
    TransactionPayload,
)
from integrations.stores.shopify.refund_status import refund_amount, refund_state
from integrations.stores.shopify.shipments import Shipments
from integrations.stores.shopify.vocabulary import VENDOR
from integrations.stores.shopify.words import PAYMENT_STATUS, Notes

# Page sizes of decision_context.graphql for lists that have no page info.
FULFILMENTS_READ = 10
TRANSACTIONS_READ = 30
REFUNDS_READ = 20

DEFAULT_FINAL_SALE_TAGS = ("final-sale", "final sale", "finalsale", "non-returnable")
STORE_CREDIT_METHOD = "SuggestedStoreCreditRefund"
_YES = frozenset({"yes", "true", "1", "y"})


def to_summary(row: OrderRow, store_id: str) -> OrderSummary:
    """An order of a list. An unknown payment status is UNKNOWN: the decision reads it again."""
    notes = Notes()
    return OrderSummary(
        store_id=store_id,
        order_id=row.id,
        name=row.name,
        created_at=row.created_at,
        total=notes.presentment(row.total_price_set, "total"),
        refunded=notes.presentment(row.total_refunded_set, "refunded"),
        email=row.email,
        phone=row.phone,
        customer_id=row.customer.id if row.customer else None,
        payment_status=PAYMENT_STATUS.get(
            row.display_financial_status or "", PaymentStatus.UNKNOWN
        ),
        is_cancelled=row.cancelled_at is not None,
        is_test=row.test,
    )


def to_order(
    payload: OrderPayload,
    *,
    store_id: str,
    shop: str,
    read_at: datetime,
    final_sale_tags: Iterable[str],
    notes: Notes,
    may_give_bonus: bool = False,
    address_key: str | None = None,
) -> Order:
    """The order of a decision. `notes` may already hold what the call itself lacked.

    Raises ValueError for amounts in mixed currencies or that aren't numbers.
    """
    currency = notes.currency = payload.presentment_currency_code
    can_store_credit = _can_store_credit(payload, notes)
    shipments = Shipments(payload, notes)
    suggestion = to_suggestion(payload.everything, notes) if payload.everything else None
    if suggestion is None and payload.refundable:
        notes.missing("the store's own suggestion")
    restock = _restock_by_line(suggestion)
    final_sale = frozenset(tag.casefold().strip() for tag in final_sale_tags)
    transactions = tuple(_transaction(one, notes) for one in payload.transactions)
    shipping_lines = payload.shipping_lines.nodes
    return Order(
        store_id=store_id,
        store_kind=VENDOR,
        order_id=payload.id,
        name=payload.name,
        created_at=payload.created_at,
        updated_at=payload.updated_at,
        read_at=read_at,
        admin_url=_admin_url(payload, shop),
        email=payload.email,
        phone=payload.phone,
        country=payload.shipping_address.country_code_v2 if payload.shipping_address else None,
        address_key=address_key,
        currency=currency,
        shop_currency=payload.currency_code,
        payment_status=notes.payment_status(payload.display_financial_status),
        fulfilment_status=shipments.status(notes),
        is_cancelled=payload.cancelled_at is not None,
        is_test=payload.test,
        is_refundable=payload.refundable,
        is_disputed=notes.is_disputed(payload.disputes),
        has_open_return=notes.has_open_return(
            payload.return_status,
            {one.status for one in payload.returns.nodes} if payload.returns else None,
        ),
        is_business_order=(payload.purchasing_entity or {}).get("__typename")
        == "PurchasingCompany",
        is_complete=_is_complete(payload),
        can_notify_customer=payload.can_notify_customer,
        can_store_credit=can_store_credit,
        can_give_bonus=can_store_credit and may_give_bonus,
        prices_include_tax=payload.taxes_included,
        total=notes.presentment(payload.total_price_set, "total"),
        paid=notes.presentment(payload.total_received_set, "paid"),
        refunded=notes.presentment(payload.total_refunded_set, "refunded"),
        refund_pending=_pending(transactions, currency),
        tip=notes.presentment(payload.total_tip_received_set, "tip"),
        duties=notes.total(
            (duty.price for line in payload.line_items.nodes for duty in line.duties),
            currency,
            "duties",
        ),
        shipping=notes.total(
            (line.discounted_price_set for line in shipping_lines), currency, "shipping"
        ),
        shipping_tax=notes.total(
            (tax.price_set for line in shipping_lines for tax in line.tax_lines),
            currency,
            "shipping tax",
        ),
        refunded_shipping=notes.presentment(payload.total_refunded_shipping_set, "shipping"),
        customer=_customer(payload.customer, notes) if payload.customer else None,
        lines=tuple(
            _line(line, currency, shipments, restock.get(line.id, Restock.NONE), final_sale, notes)
            for line in payload.line_items.nodes
        ),
        transactions=transactions,
        refunds=tuple(_past_refund(one, currency, notes) for one in payload.refunds),
        suggestion=suggestion,
        risk=_risk(payload),
        unknown_values=notes.unknown_values,
        missing=notes.missing_parts,
    )


def to_suggestion(
    payload: SuggestionPayload, notes: Notes, more: Iterable[SuggestedPayment] = ()
) -> Suggestion:
    """The store's own figure. `more` are payments that can also take money back, at zero."""
    tenders = [_tender(one, notes) for one in payload.suggested_transactions]
    known = {tender.transaction_id for tender in tenders}
    for one in more:
        tender = _tender(one, notes)
        if tender.transaction_id not in known:
            zero = Money.zero(tender.amount.currency)
            tenders.append(tender.model_copy(update={"amount": zero}))
    shop_money = payload.amount_set.shop_money
    amount = notes.presentment(payload.amount_set, "suggestion")
    if shop_money is None:
        raise ValueError("the suggestion has no amount in the shop's currency")
    return Suggestion(
        amount=amount,
        amount_in_shop_currency=notes.money(shop_money, "suggestion in shop currency"),
        maximum=notes.presentment(payload.maximum_refundable_set, "maximum"),
        shipping=notes.presentment(payload.shipping.amount_set, "suggested shipping"),
        shipping_maximum=notes.presentment(
            payload.shipping.maximum_refundable_set, "shipping maximum"
        ),
        shipping_tax=notes.presentment(payload.shipping.tax_set, "suggested shipping tax"),
        lines=tuple(
            SuggestedLine(
                line_id=line.line_item.id,
                quantity=line.quantity,
                subtotal=notes.presentment(line.subtotal_set, "suggested subtotal"),
                tax=notes.presentment(line.total_tax_set, "suggested tax"),
                restock=notes.restock(line.restock_type),
                location_id=line.location.id if line.location else None,
            )
            for line in payload.refund_line_items
        ),
        duties=tuple(
            SuggestedDuty(
                duty_id=one.original_duty.id if one.original_duty else "",
                amount=notes.presentment(one.amount_set, "suggested duty"),
            )
            for one in payload.refund_duties
        ),
        tenders=tuple(tender for tender in tenders if tender.maximum.amount > 0),
        store_credit_maximum=store_credit_maximum(payload.suggested_refund_methods, notes),
    )


def store_credit_maximum(methods: Iterable[SuggestedMethod], notes: Notes) -> Money | None:
    """The most that may become store credit; None where the shop doesn't offer it.

    https://shopify.dev/docs/api/admin-graphql/2026-10/objects/SuggestedStoreCreditRefund
    """
    for method in methods:
        if method.kind == STORE_CREDIT_METHOD:
            return notes.presentment(method.maximum_refundable, "store credit maximum")
    return None


def _can_store_credit(payload: OrderPayload, notes: Notes) -> bool:
    """Whether the shop itself proposes store credit: it knows about accounts, guests and firms."""
    methods = payload.credit.suggested_refund_methods if payload.credit else ()
    maximum = store_credit_maximum(methods, notes)
    return payload.customer is not None and maximum is not None and maximum.amount > 0


def _tender(payment: SuggestedPayment, notes: Notes) -> Tender:
    if payment.kind != "SUGGESTED_REFUND":
        notes.unknown("suggestedTransaction.kind", payment.kind)
    parent = payment.parent_transaction
    amount = notes.presentment(payment.amount_set, "suggested payment")
    # Without a maximum of its own a payment takes no more than what is proposed for it.
    maximum = payment.maximum_refundable_set or payment.amount_set
    return Tender(
        transaction_id=parent.id if parent else None,
        gateway=payment.gateway or "",
        label=payment.formatted_gateway or payment.gateway or "unnamed payment",
        amount=amount,
        maximum=notes.presentment(maximum, "suggested payment's maximum"),
        is_manual=parent.manual_payment_gateway if parent else False,
    )


def _transaction(payload: TransactionPayload, notes: Notes) -> Transaction:
    return Transaction(
        id=payload.id,
        kind=notes.transaction_kind(payload.kind),
        status=notes.transaction_status(payload.status),
        gateway=payload.gateway or "",
        label=payload.formatted_gateway or payload.gateway or "unnamed payment",
        amount=notes.presentment(payload.amount_set, "transaction"),
        parent_id=payload.parent_transaction.id if payload.parent_transaction else None,
        is_manual=payload.manual_payment_gateway,
        created_at=payload.created_at,
    )


def _pending(transactions: Iterable[Transaction], currency: str) -> Money:
    """Refunds on their way: the order's own total leaves them out until they succeed."""
    waiting = {TransactionStatus.PENDING, TransactionStatus.UNKNOWN}
    return Money.total(
        (
            one.amount
            for one in transactions
            if one.kind is TransactionKind.REFUND and one.status in waiting
        ),
        currency,
    )


def _past_refund(payload: RefundPayload, currency: str, notes: Notes) -> PastRefund:
    for transaction in payload.transactions.nodes:
        notes.transaction_status(transaction.status)
    created_at = payload.created_at or payload.processed_at
    if created_at is None:
        raise ValueError("a refund has no date")
    lines: dict[str, int] = {}
    for line in payload.refund_line_items.nodes:
        lines[line.line_item.id] = lines.get(line.line_item.id, 0) + line.quantity
    status, _ = refund_state(payload)
    return PastRefund(
        id=payload.id,
        created_at=created_at,
        amount=refund_amount(payload, currency),
        note=payload.note,
        status=status,
        lines=lines,
    )


def _customer(payload: CustomerPayload, notes: Notes) -> Customer:
    email = payload.default_email_address
    spent = payload.amount_spent
    return Customer(
        id=payload.id,
        name=payload.display_name,
        email=email.email_address if email else None,
        orders_count=payload.number_of_orders,
        lifetime_value=notes.money(spent, "amountSpent") if spent else None,
        tags=payload.tags,
    )


def _line(
    line: LinePayload,
    currency: str,
    shipments: Shipments,
    restock: Restock,
    final_sale: frozenset[str],
    notes: Notes,
) -> LineItem:
    unit_price = notes.presentment(line.original_unit_price_set, "unit price")
    discount = notes.total(
        (one.allocated_amount_set for one in line.discount_allocations), currency, "discount"
    )
    gross = Money.rounded(unit_price.amount * line.quantity, unit_price.currency)
    product = line.product
    return LineItem(
        id=line.id,
        name=line.name,
        sku=line.sku or None,
        quantity=line.quantity,
        refundable_quantity=line.refundable_quantity,
        unfulfilled_quantity=line.unfulfilled_quantity,
        unit_price=unit_price,
        discount=discount,
        total=gross - discount,
        tax=notes.total((tax.price_set for tax in line.tax_lines), currency, "tax"),
        product_type=(product.product_type or None) if product else None,
        tags=product.tags if product else (),
        is_gift_card=line.is_gift_card,
        is_final_sale=_is_final_sale(line, final_sale),
        is_subscription=line.selling_plan is not None,
        requires_shipping=line.requires_shipping,
        was_shipped=shipments.was_shipped(line),
        shipped_at=shipments.shipped_at(line),
        delivered_at=shipments.delivered_at(line),
        restock=restock,
        duties=tuple(
            Duty(id=one.id, amount=notes.presentment(one.price, "duty")) for one in line.duties
        ),
    )


def _is_final_sale(line: LinePayload, words: frozenset[str]) -> bool | None:
    """By the product's tags or the line's own attributes; None when the product can't be read.

    A custom item has no product either, and a deleted product takes its tags along.
    """
    for attribute in line.custom_attributes:
        key = attribute.key.casefold().strip(" _")
        value = (attribute.value or "").casefold().strip()
        if value in words or (key in words and value in _YES):
            return True
    if line.product is None:
        return None
    return any(tag.casefold().strip() in words for tag in line.product.tags)


def _restock_by_line(suggestion: Suggestion | None) -> dict[str, Restock]:
    """What the store would do with each line; units that will not be shipped come first."""
    found: dict[str, Restock] = {}
    for line in suggestion.lines if suggestion else ():
        if found.get(line.line_id) is not Restock.CANCEL:
            found[line.line_id] = line.restock
    return found


def _is_complete(payload: OrderPayload) -> bool:
    """Whether every list came whole."""
    pages = [
        payload.line_items.page_info,
        payload.shipping_lines.page_info,
        *(one.fulfillment_line_items.page_info for one in payload.fulfillments),
        *(one.refund_line_items.page_info for one in payload.refunds),
        *(one.transactions.page_info for one in payload.refunds),
    ]
    if payload.returns is not None:
        pages.append(payload.returns.page_info)
    return (
        not any(page.has_next_page for page in pages)
        and _is_whole(len(payload.fulfillments), payload.fulfillments_count, FULFILMENTS_READ)
        and _is_whole(len(payload.transactions), payload.transactions_count, TRANSACTIONS_READ)
        and len(payload.refunds) < REFUNDS_READ
    )


def _is_whole(have: int, counted: Count | None, asked: int) -> bool:
    """By the store's own count, else a full page may hide more."""
    return have >= counted.count if counted is not None else have < asked


def _risk(payload: OrderPayload) -> str | None:
    """The store's advice in lower case; "pending" while an assessment is still running."""
    if payload.risk is None:
        return None
    if any(one.risk_level == "PENDING" for one in payload.risk.assessments):
        return "pending"
    return payload.risk.recommendation.lower()


def _admin_url(payload: OrderPayload, shop: str) -> str | None:
    if payload.legacy_resource_id is None:
        return None
    name = shop.removesuffix(".myshopify.com")
    return f"https://admin.shopify.com/store/{name}/orders/{payload.legacy_resource_id}"
