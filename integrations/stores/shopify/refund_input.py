"""The input of refundCreate: built once, stored, and sent as it was stored.

https://shopify.dev/docs/api/admin-graphql/2026-10/mutations/refundCreate
"""

from __future__ import annotations

import json
import re
from typing import Any

from app.domain.errors import Rejected
from app.domain.money import Money
from app.domain.order import Restock, SuggestedLine
from app.domain.plan import Plan, PlanLine, PlanTender
from app.domain.refund import Refund
from app.ports import Recheck
from integrations.stores.shopify.vocabulary import VENDOR
from integrations.stores.shopify.words import RESTOCK_TYPE, wire_amount

OPERATION = "RefundCreate"
# The share of a duty that belongs to the refunded units.
PROPORTIONAL = "PROPORTIONAL"
# The only gateways that pay without a payment to go back to.
PARENTLESS_GATEWAYS = frozenset({"store-credit", "exchange-credit", "cash"})


def prepare(refund: Refund, recheck: Recheck) -> str:
    """The variables of refundCreate as canonical JSON.

    Raises Rejected when the recheck doesn't cover the plan's lines, and for what Shopify can't be
    asked.
    """
    plan = refund.plan
    given: dict[str, Any] = {
        "orderId": refund.order_id,
        "currency": plan.total.currency,
        "note": f"{refund.marker} ticket {refund.ticket_id}",
        "notify": refund.notify_customer,
        **_payouts(refund.order_id, plan, recheck),
    }
    lines = [entry for line in plan.lines for entry in _line(line, recheck)]
    if lines:
        given["refundLineItems"] = lines
    if plan.shipping:
        given["shipping"] = (
            {"fullRefund": True}
            if plan.is_shipping_full
            else {"amount": wire_amount(plan.shipping)}
        )
    if plan.duties:
        given["refundDuties"] = _duties(plan, recheck)
    reason = _discrepancy(plan)
    if reason is not None:
        given["discrepancyReason"] = reason
    variables = {"idempotencyKey": refund.idempotency_key, "input": given}
    return json.dumps(variables, sort_keys=True, separators=(",", ":"))


def _duties(plan: Plan, recheck: Recheck) -> list[dict[str, str]]:
    """The store's own duties for these units; their sum must be the plan's."""
    theirs = recheck.suggestion.duties
    total = Money.total((one.amount for one in theirs), plan.total.currency)
    if total != plan.duties or not all(one.duty_id for one in theirs):
        raise _refused(f"the store counts {total} as import duties, not {plan.duties}")
    return [{"dutyId": one.duty_id, "refundType": PROPORTIONAL} for one in theirs]


def _payouts(order_id: str, plan: Plan, recheck: Recheck) -> dict[str, Any]:
    """Whom the money goes to: the payments, or the customer's store credit. Always said in full.

    https://shopify.dev/docs/api/admin-graphql/2026-10/input-objects/RefundMethodInput
    """
    if not plan.is_store_credit:
        if not plan.tenders:
            # An empty list would leave it to the vendor whom to pay.
            raise _refused("the plan names no payment that the money goes back to")
        return {"transactions": [_transaction(order_id, tender) for tender in plan.tenders]}
    most = recheck.suggestion.store_credit_maximum
    if most is None:
        raise _refused("the shop gives no store credit for this order")
    if plan.total > most:
        raise _refused(f"the shop gives {most} store credit at most, not {plan.total}")
    amount = {"amount": wire_amount(plan.total), "currencyCode": plan.total.currency}
    return {"transactions": [], "refundMethods": [{"storeCreditRefund": {"amount": amount}}]}


def stored_input(refund: Refund) -> str:
    """The stored text, after a look that it belongs to this refund.

    Raises Rejected when it doesn't: nothing is sent then.
    """
    try:
        variables = json.loads(refund.store_input or "")
        key, order_id = variables["idempotencyKey"], variables["input"]["orderId"]
        note = variables["input"]["note"]
    except (ValueError, KeyError, TypeError):
        raise _refused("the refund has no readable stored input") from None
    if key != refund.idempotency_key or order_id != refund.order_id or not carries(note, refund):
        raise _refused("the stored input belongs to another refund")
    return refund.store_input or ""


def carries(note: str | None, refund: Refund) -> bool:
    """Whether a note holds exactly this refund's marker, not a longer one that begins like it."""
    return note is not None and bool(
        re.search(rf"(?<![\w-]){re.escape(refund.marker)}(?![\w-])", note)
    )


def _transaction(order_id: str, tender: PlanTender) -> dict[str, str]:
    entry = {
        "orderId": order_id,
        "gateway": tender.gateway,
        "kind": "REFUND",
        "amount": wire_amount(tender.amount),
    }
    if tender.transaction_id is not None:
        entry["parentId"] = tender.transaction_id
    elif tender.gateway not in PARENTLESS_GATEWAYS:
        raise _refused(f"{tender.label}: the store names no payment that the money can go back to")
    return entry


def _line(line: PlanLine, recheck: Recheck) -> list[dict[str, Any]]:
    """The store's own entries for a line: more than one where some units were never shipped."""
    theirs = [one for one in recheck.suggestion.lines if one.line_id == line.line_id]
    if sum(one.quantity for one in theirs) != line.quantity:
        raise _refused(f"{line.name}: the store prices other quantities than were chosen")
    entries = []
    for one in theirs:
        entry: dict[str, Any] = {
            "lineItemId": one.line_id,
            "quantity": one.quantity,
            "restockType": RESTOCK_TYPE[_restock(line, one)],
        }
        if one.location_id is not None and entry["restockType"] != "NO_RESTOCK":
            entry["locationId"] = one.location_id
        entries.append(entry)
    return entries


def _restock(line: PlanLine, theirs: SuggestedLine) -> Restock:
    """The store's own way with these units; nothing comes back that the customer keeps."""
    is_kept = line.keeps_item and theirs.restock is Restock.RETURN
    return Restock.NONE if is_kept else theirs.restock


def _discrepancy(plan: Plan) -> str | None:
    """Why the payments don't equal the lines; None where they do.

    A plain amount without lines or shipping has nothing to differ from.
    """
    if not plan.lines and not plan.shipping:
        return None
    if plan.adjustment:
        return "OTHER"
    is_less = bool(plan.fees) or any(line.is_reduced for line in plan.lines)
    return "RESTOCK" if is_less else None


def _refused(message: str) -> Rejected:
    return Rejected(f"Not sent: {message}.", vendor=VENDOR, operation=OPERATION)
