"""`orderCancel` and the job that carries it out.

https://shopify.dev/docs/api/admin-graphql/2026-10/mutations/orderCancel
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.shopify import totals
from integrations.sandbox.shopify.model import CancelJob, Order, Transaction
from integrations.sandbox.shopify.refunds import (
    Refusal,
    create_refund,
    refund_everything,
)
from integrations.sandbox.shopify.shop import Shop

MAX_STAFF_NOTE = 255


class CancelRefused(Exception):
    """A user error of `orderCancel`, with its code."""

    def __init__(self, code: str, message: str, path: list[str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.path = code, message, path

    def as_user_error(self) -> dict[str, object]:
        return {"code": self.code, "message": self.message, "field": self.path}


def start_cancel(shop: Shop, arguments: Mapping[str, Any], *, all_orders: bool) -> CancelJob:
    """Check a cancellation and start its job. Raises CancelRefused. Hold the shop's lock.

    The job is carried out `shop.cancel_takes` later, by `run_due_jobs`.
    """
    order = shop.find_order(arguments["orderId"], all_orders=all_orders)
    if order is None:
        raise CancelRefused("NOT_FOUND", "Order does not exist", ["orderId"])
    _refuse_uncancellable(shop, order)
    note = arguments.get("staffNote")
    if note is not None and len(note) > MAX_STAFF_NOTE:
        raise CancelRefused(
            "INVALID", f"Staff note is too long (maximum is {MAX_STAFF_NOTE})", ["staffNote"]
        )
    method = arguments.get("refundMethod") or {}
    credit = method.get("storeCreditRefund")
    if credit is not None:
        _refuse_store_credit(shop, order, credit)
    if shop.cancel_jobs and any(
        job.order_id == order.id and job.status == "STARTED" for job, _ in shop.cancel_jobs.values()
    ):
        raise CancelRefused("INVALID", "Order is already being canceled")
    job = CancelJob(shop.gids.new("OrderCancelJobResult"), "STARTED", order.id)
    shop.cancel_jobs[job.id] = (job, shop.clock.now() + shop.cancel_takes)
    shop.cancel_work[job.id] = dict(arguments)
    run_due_jobs(shop)
    return job


def run_due_jobs(shop: Shop) -> None:
    """Carry out the cancellations whose time has come. Hold the shop's lock."""
    now = shop.clock.now()
    for job, due in list(shop.cancel_jobs.values()):
        if job.status == "STARTED" and due <= now:
            _carry_out(shop, job, shop.cancel_work.pop(job.id))


def cancel_by_merchant(shop: Shop, order: Order, *, refund: bool, reason: str = "OTHER") -> None:
    """Cancel at once, as a person in the shop's own admin would. Hold the shop's lock."""
    if refund:
        refund_everything(shop, order, note="Canceled by staff", source="admin", restock=True)
    _close(shop, order, reason, restock=True)


def _refuse_uncancellable(shop: Shop, order: Order) -> None:
    if order.cancelled_at is not None:
        raise CancelRefused("INVALID", "Cannot cancel an order that has already been canceled")
    if any(f.status == "SUCCESS" for f in order.fulfillments):
        raise CancelRefused("INVALID", "Cannot cancel an order that has fulfillments")
    if any(r.status in ("OPEN", "REQUESTED") for r in order.returns):
        raise CancelRefused("INVALID", "Cannot cancel an order with open returns")
    if any(t.kind == "AUTHORIZATION" and t.status == "PENDING" for t in order.transactions):
        raise CancelRefused("INVALID", "Cannot cancel an order with pending authorizations")


def _refuse_store_credit(shop: Shop, order: Order, credit: Mapping[str, Any]) -> None:
    if order.customer is None:
        raise CancelRefused(
            "STORE_CREDIT_REFUND_MISSING_CUSTOMER", "The order has no customer", ["refundMethod"]
        )
    if order.company is not None:
        raise CancelRefused(
            "STORE_CREDIT_REFUND_B2B_NOT_SUPPORTED",
            "Store credit is not supported for B2B orders",
            ["refundMethod"],
        )
    expires_at = credit.get("expiresAt")
    if expires_at is not None and expires_at <= shop.clock.now():
        raise CancelRefused(
            "STORE_CREDIT_REFUND_EXPIRATION_IN_PAST", "Expiration is in the past", ["refundMethod"]
        )


def _carry_out(shop: Shop, job: CancelJob, arguments: Mapping[str, Any]) -> None:
    order = shop.orders[job.order_id]
    method = arguments.get("refundMethod") or {}
    note = arguments.get("staffNote") or "Order canceled"
    try:
        if method.get("originalPaymentMethodsRefund"):
            refund_everything(
                shop, order, note=note, source="api", restock=bool(arguments["restock"])
            )
        elif method.get("storeCreditRefund") is not None:
            _refund_to_credit(shop, order, note, method["storeCreditRefund"])
    except Refusal as refusal:
        job.status = "FAILED"
        job.errors.append(
            {"code": "INTERNAL_ERROR", "message": refusal.message, "field": refusal.path}
        )
        return
    _close(shop, order, arguments["reason"], restock=bool(arguments["restock"]))
    job.status = "SUCCEEDED"


def _refund_to_credit(shop: Shop, order: Order, note: str, credit: Mapping[str, Any]) -> None:
    left = totals.maximum_refundable(order)
    if left == 0:
        return
    money = {"amount": left, "currencyCode": order.currency}
    create_refund(
        shop,
        {
            "orderId": order.id,
            "currency": order.currency,
            "note": note,
            "refundLineItems": [
                {"lineItemId": item.id, "quantity": item.refundable_quantity}
                for item in order.line_items
                if item.refundable_quantity
            ],
            "shipping": {"fullRefund": True},
            "refundMethods": [
                {"storeCreditRefund": {"amount": money, "expiresAt": credit.get("expiresAt")}}
            ],
        },
        all_orders=True,
    )


def _close(shop: Shop, order: Order, reason: str, *, restock: bool) -> None:
    now = shop.clock.now()
    order.cancelled_at = order.closed_at = order.updated_at = now
    order.cancel_reason = reason
    for item in order.line_items:
        # What is not shipped by now never will be.
        item.removed_quantity += item.refundable_quantity if restock else 0
    for transaction in order.transactions:
        if transaction.kind == "AUTHORIZATION" and not any(
            t.parent_id == transaction.id for t in order.transactions
        ):
            order.transactions.append(_void(shop, transaction))
            break


def _void(shop: Shop, authorization: Transaction) -> Transaction:
    now = shop.clock.now()
    return Transaction(
        shop.gids.new("OrderTransaction"),
        "VOID",
        "SUCCESS",
        authorization.gateway,
        authorization.amount,
        now,
        now,
        parent_id=authorization.id,
    )
