"""One refund call: built once, stored, and sent as it was stored.

Two routes make credit memos. Only the invoice route with `isOnline` pays through the gateway; the
order route books what a person pays by hand. What is left out is refunded whole, so rows are
always named, and shipping is left out only when all of it goes back.
https://developer.adobe.com/commerce/webapi/rest/tutorials/orders/order-issue-refund/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.domain.errors import Rejected
from app.domain.money import Money
from app.domain.order import Restock, SuggestedLine, Suggestion, Tender
from app.domain.plan import Destination, Plan
from app.domain.refund import Refund
from app.ports import Recheck
from integrations.stores.magento.client import canonical
from integrations.stores.magento.memos import carries
from integrations.stores.magento.vocabulary import VENDOR

OPERATION = "refund"


@dataclass(frozen=True)
class RefundCall:
    """What is sent: a POST of `body` to `path`."""

    path: str
    body: str


def prepare(refund: Refund, recheck: Recheck, *, shipping_includes_tax: bool | None) -> str:
    """The whole call as canonical JSON. Raises Rejected for what Magento can't be asked."""
    plan, suggestion = refund.plan, recheck.suggestion
    if plan.destination is not Destination.ORIGINAL_PAYMENT:
        raise _refused("Magento's API gives no store credit")
    if plan.total.amount <= 0 or plan.total > suggestion.maximum:
        # Magento itself accepts refunds of nothing, and negative ones.
        raise _refused(f"{plan.total} isn't above zero and within {suggestion.maximum}")
    if plan.duties:
        raise _refused("Magento knows no import duties")
    tender = _payment(plan, suggestion)
    items = [
        {"order_item_id": int(line.line_id), "qty": line.quantity} for line in suggestion.lines
    ]
    wanted = {line.line_id: line.quantity for line in plan.lines}
    if not items or wanted != {
        one.line_id: one.quantity for one in suggestion.lines if one.quantity
    }:
        raise _refused("the store prices other items than the plan has")
    body: dict[str, Any] = {
        "items": items,
        "notify": refund.notify_customer,
        # Ours is for the shop's staff, never for the customer's e-mail.
        "appendComment": False,
        "comment": {
            "comment": f"[{refund.marker}] ticket {refund.ticket_id}",
            "is_visible_on_front": 0,
        },
        "arguments": _arguments(plan, suggestion, shipping_includes_tax),
    }
    route, record = "order", refund.order_id
    if not tender.is_manual:
        route, record = "invoice", tender.transaction_id or ""
        body["isOnline"] = True
    if not record.isdigit():
        raise _refused("the payment that the money goes back to isn't known")
    return canonical(
        {
            "key": refund.idempotency_key,
            "order": refund.order_id,
            "route": route,
            "id": record,
            "body": body,
        }
    )


def stored_call(refund: Refund) -> RefundCall:
    """The stored call, after a look that it belongs to this refund.

    Raises Rejected when it doesn't: nothing is sent then.
    """
    try:
        stored = json.loads(refund.store_input or "")
        key, order_id, body = stored["key"], stored["order"], stored["body"]
        route, record, note = stored["route"], stored["id"], body["comment"]["comment"]
        has_items = bool(body["items"])
    except (ValueError, KeyError, TypeError):
        raise _refused("the refund has no readable stored input") from None
    if key != refund.idempotency_key or order_id != refund.order_id:
        raise _refused("the stored input belongs to another refund")
    if not carries(note, refund.marker):
        raise _refused("the stored input belongs to another refund")
    is_online = body.get("isOnline") is True
    if route not in {"order", "invoice"} or is_online != (route == "invoice"):
        raise _refused("the stored input names no route that pays")
    if not str(record).isdigit() or not has_items:
        raise _refused("the stored input would refund everything")
    return RefundCall(path=f"{route}/{record}/refund", body=canonical(body))


def _payment(plan: Plan, suggestion: Suggestion) -> Tender:
    """The one payment that the money goes back to."""
    if not suggestion.tenders:
        raise _refused("the store names no payment that the money goes back to")
    tender = suggestion.tenders[0]
    if tender.is_manual != plan.is_manual:
        raise _refused("the way in which the money goes back changed since it was shown")
    if plan.total > tender.maximum:
        raise _refused(f"{tender.label} can take back {tender.maximum}, not {plan.total}")
    return tender


def _arguments(
    plan: Plan, suggestion: Suggestion, shipping_includes_tax: bool | None
) -> dict[str, Any]:
    """Shipping, fees and goods; all amounts in the shop's own currency."""
    arguments: dict[str, Any] = {"adjustment_positive": "0", "adjustment_negative": "0"}
    difference = plan.total - _computed(suggestion)
    if difference.amount > 0:
        arguments["adjustment_positive"] = _in_base(difference, plan, suggestion)
    elif difference:
        arguments["adjustment_negative"] = _in_base(-difference, plan, suggestion)
    shipping = _shipping(plan, suggestion, shipping_includes_tax)
    if shipping is not None:
        arguments["shipping_amount"] = shipping
    kept = {line.line_id for line in plan.lines if line.keeps_item}
    back = [
        int(line.line_id)
        for line in suggestion.lines
        if line.quantity and _comes_back(line, line.line_id in kept)
    ]
    if back:
        arguments["extension_attributes"] = {"return_to_stock_items": back}
    return arguments


def _comes_back(line: SuggestedLine, is_kept: bool) -> bool:
    """Whether the units go on stock again: not those that the customer keeps."""
    is_returned = line.restock is Restock.RETURN and not is_kept
    return is_returned or line.restock is Restock.CANCEL


def _computed(suggestion: Suggestion) -> Money:
    """What Magento makes of the rows and the shipping alone."""
    lines = (line.subtotal + line.tax for line in suggestion.lines)
    total = Money.total(lines, suggestion.amount.currency)
    return total + suggestion.shipping + suggestion.shipping_tax


def _shipping(plan: Plan, suggestion: Suggestion, includes_tax: bool | None) -> str | None:
    """The amount of shipping; None (left out) gives back all that remains."""
    if not plan.shipping:
        return "0"
    if plan.is_shipping_full and plan.shipping == suggestion.shipping_maximum:
        return None
    if _is_foreign(suggestion):
        raise _refused("of an order in another currency only all or no shipping can go back")
    if not suggestion.shipping_tax:
        return _wire(plan.shipping)
    if includes_tax is None:
        raise _refused(
            "the shop may count a part of the shipping with or without its tax: refund all of it "
            "or none, or set shipping_includes_tax for this store"
        )
    return _wire(plan.shipping + plan.shipping_tax if includes_tax else plan.shipping)


def _in_base(amount: Money, plan: Plan, suggestion: Suggestion) -> str:
    if not _is_foreign(suggestion):
        return _wire(amount)
    if amount != suggestion.amount or plan.total != suggestion.amount:
        raise _refused(
            "this choice can't be said to the cent in the shop's own currency: refund all units of "
            "an item, or a plain amount"
        )
    return _wire(suggestion.amount_in_shop_currency)


def _is_foreign(suggestion: Suggestion) -> bool:
    return suggestion.amount.currency != suggestion.amount_in_shop_currency.currency


def _wire(amount: Money) -> str:
    """Magento takes numbers as text, which stays exact."""
    text = format(amount.amount, "f")
    return text if Decimal(text) else "0"


def _refused(message: str) -> Rejected:
    return Rejected(f"Not sent: {message}.", vendor=VENDOR, operation=OPERATION)
