"""Resolvers of the query and mutation roots."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, value_from_ast_untyped

from integrations.sandbox.shopify import totals
from integrations.sandbox.shopify.cancel import CancelRefused, start_cancel
from integrations.sandbox.shopify.idempotency import KeyRefused
from integrations.sandbox.shopify.model import Customer, Order, Refund
from integrations.sandbox.shopify.paging import connection
from integrations.sandbox.shopify.refunds import Refusal, create_refund
from integrations.sandbox.shopify.resolve_order import In, Resolver, search_orders
from integrations.sandbox.shopify.session import Session, bad_request
from integrations.sandbox.shopify.shop import Shop, WebhookSubscription
from integrations.sandbox.shopify.store_credit import CreditRefused, find_credit, give_credit

SUPPORTED_VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
OTHER_VERSIONS = ("2027-01", "unstable")
IDEMPOTENCY_MANDATORY_FROM = "2026-04"

_GID = re.compile(r"gid://shopify/([A-Za-z]+)/(\d+)")


def needs_gid(value: str, kind: str | None = None) -> str:
    """The id itself, or the vendor's error when it isn't a gid (of `kind`)."""
    match = _GID.fullmatch(value)
    if match is None or (kind is not None and match[1] != kind):
        raise GraphQLError(
            f"Invalid global id '{value}'", extensions={"code": "RESOURCE_NOT_FOUND"}
        )
    return value


def _order(root: Any, info: Any, id: str) -> Order | None:
    session: Session = info.context
    return session.shop.find_order(needs_gid(id, "Order"), all_orders=session.sees_all_orders)


def _refund(root: Any, info: Any, id: str) -> In | None:
    session: Session = info.context
    found = session.shop.find_refund(needs_gid(id, "Refund"))
    if found is None:
        return None
    order, refund = found
    visible = session.shop.find_order(order.id, all_orders=session.sees_all_orders)
    return In(order, refund) if visible else None


def _return(root: Any, info: Any, id: str) -> In | None:
    session: Session = info.context
    for order in session.shop.visible_orders(all_orders=session.sees_all_orders):
        for one in order.returns:
            if one.id == id:
                return In(order, one)
    return None


def _node(root: Any, info: Any, id: str) -> Any:
    session: Session = info.context
    shop = session.shop
    kind = needs_gid(id).split("/")[-2]
    finders: dict[str, tuple[str, Callable[[], Any]]] = {
        "Order": ("read_orders", lambda: _order(root, info, id)),
        "Refund": ("read_orders", lambda: _refund(root, info, id)),
        "Return": ("read_returns", lambda: _return(root, info, id)),
        "Customer": ("read_customers", lambda: shop.customers.get(id)),
        "StoreCreditAccountCreditTransaction": (
            "read_store_credit_accounts",
            lambda: find_credit(shop, id),
        ),
        "OrderCancelJobResult": (
            "read_orders",
            lambda: shop.cancel_jobs[id][0] if id in shop.cancel_jobs else None,
        ),
        "Location": (
            "read_locations",
            lambda: next((place for place in shop.locations if place.id == id), None),
        ),
    }
    if kind not in finders:
        return None
    scope, find = finders[kind]
    session.require(scope, "node")
    return find()


def _customer(root: Any, info: Any, identifier: dict[str, str]) -> Customer | None:
    """By exact e-mail address, E.164 phone number or id."""
    shop: Shop = info.context.shop
    if "emailAddress" in identifier:
        return shop.customer_by_email(identifier["emailAddress"])
    if "phoneNumber" in identifier:
        wanted = identifier["phoneNumber"]
        return next((c for c in shop.customers.values() if c.phone == wanted), None)
    return shop.customers.get(needs_gid(identifier["id"], "Customer"))


def _orders(root: Any, info: Any, **arguments: Any) -> Any:
    return search_orders(info.context, info.path.as_list(), arguments)


def _locations(root: Any, info: Any, **arguments: Any) -> Any:
    everything = arguments.pop("includeInactive", False)
    places = [p for p in info.context.shop.locations if everything or p.is_active]
    return connection(sorted(places, key=lambda place: place.name), **arguments)


def _returnable(root: Any, info: Any, orderId: str, **arguments: Any) -> Any:
    order = _order(root, info, orderId)
    found: list[dict[str, Any]] = []
    left: dict[str, int] = {}
    # A refunded order can't enter a return any more.
    fulfillments = order.fulfillments if order is not None and not order.refunds else []
    for fulfillment in fulfillments:
        if order is None or fulfillment.status != "SUCCESS":
            continue
        lines = []
        for line in fulfillment.lines:
            item = line.line_item
            units = left.setdefault(item.id, totals.returnable_units(order, item.id))
            take = min(units, line.quantity)
            left[item.id] = units - take
            if take:
                lines.append({"quantity": take, "fulfillment_line_item": In(order, line)})
        if lines:
            number = fulfillment.id.rsplit("/", 1)[-1]
            found.append({"id": f"gid://shopify/ReturnableFulfillment/{number}", "lines": lines})
    return connection(found, **arguments)


def _shop(root: Any, info: Any) -> dict[str, Any]:
    shop: Shop = info.context.shop
    return {
        "id": shop.id,
        "name": shop.name,
        "myshopify_domain": shop.domain,
        "currency_code": shop.currency,
        "iana_timezone": shop.timezone,
        "taxes_included": shop.taxes_included,
        "plan": {
            "public_display_name": shop.plan_name,
            "shopify_plus": shop.is_plus,
            "partner_development": shop.is_development,
        },
    }


def _installation(root: Any, info: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/AppInstallation/1",
        "access_scopes": [{"handle": scope} for scope in sorted(info.context.granted)],
    }


def _versions(root: Any, info: Any) -> list[dict[str, Any]]:
    return [{"handle": v, "supported": True} for v in SUPPORTED_VERSIONS] + [
        {"handle": v, "supported": False} for v in OTHER_VERSIONS
    ]


def _webhooks(root: Any, info: Any, **arguments: Any) -> Any:
    topics, uri = arguments.pop("topics", None), arguments.pop("uri", None)
    chosen = [
        w
        for w in info.context.shop.webhooks
        if (topics is None or w.topic in topics) and (uri is None or w.uri == uri)
    ]
    return connection(chosen, **arguments)


def _reasons(root: Any, info: Any, query: str | None = None, **arguments: Any) -> Any:
    reasons = [
        {"id": id, "handle": handle, "name": name}
        for id, handle, name in info.context.shop.return_reasons
    ]
    return connection(reasons, **arguments)


def _idempotency_key(info: Any) -> str | None:
    """The key of `@idempotent` on this field, None without the directive."""
    session: Session = info.context
    for directive in info.field_nodes[0].directives or ():
        if directive.name.value == "idempotent":
            value = value_from_ast_untyped(directive.arguments[0].value, dict(session.variables))
            if not isinstance(value, str) or not value.strip():
                raise bad_request("The idempotency key cannot be blank.")
            return value
    return None


def _refuse_idempotent(info: Any) -> None:
    if _idempotency_key(info) is not None:
        raise bad_request(f"The @idempotent directive is not supported for {info.field_name}.")


def _refund_create(root: Any, info: Any, input: dict[str, Any]) -> dict[str, Any]:
    session: Session = info.context
    shop = session.shop
    key = _idempotency_key(info)
    if key is None and session.version >= IDEMPOTENCY_MANDATORY_FROM:
        raise bad_request("The @idempotent directive is required for this mutation but was not "
                          "provided.")  # fmt: skip

    def book() -> tuple[Order, Refund] | Refusal:
        if shop.refund_seconds:
            time.sleep(shop.refund_seconds)
        with shop.lock:
            shop.settle_due()
            try:
                return create_refund(
                    shop, input, all_orders=session.sees_all_orders, idempotency_key=key
                )
            except Refusal as refusal:
                return refusal

    try:
        outcome = book() if key is None else shop.idempotency.run(key, input, book)
    except KeyRefused as error:
        return {"user_errors": [{"field": None, "message": str(error)}]}
    if isinstance(outcome, Refusal):
        return {"user_errors": [{"field": outcome.path, "message": outcome.message}]}
    order, refund = outcome
    return {"order": order, "refund": In(order, refund), "user_errors": []}


def _order_cancel(root: Any, info: Any, **arguments: Any) -> dict[str, Any]:
    session: Session = info.context
    _refuse_idempotent(info)
    with session.shop.lock:
        try:
            job = start_cancel(session.shop, arguments, all_orders=session.sees_all_orders)
        except CancelRefused as refused:
            return {"order_cancel_user_errors": [refused.as_user_error()]}
    return {"job_result": job, "order_cancel_user_errors": []}


def _credit(root: Any, info: Any, id: str, creditInput: dict[str, Any]) -> dict[str, Any]:
    """Goodwill credit by customer or account id."""
    _refuse_idempotent(info)
    try:
        transaction = give_credit(info.context.shop, id, creditInput)
    except CreditRefused as refused:
        return {"user_errors": [refused.as_user_error()]}
    return {"store_credit_account_transaction": transaction, "user_errors": []}


def _subscribe(
    root: Any,
    info: Any,
    topic: str,
    webhookSubscription: dict[str, Any],
) -> dict[str, Any]:
    shop: Shop = info.context.shop
    _refuse_idempotent(info)
    uri = webhookSubscription.get("uri")
    path = ["webhookSubscription", "uri"]
    if not uri:
        return {"user_errors": [{"field": path, "message": "Address can't be blank"}]}
    with shop.lock:
        if any(w.topic == topic and w.uri == uri for w in shop.webhooks):
            message = "Address for this topic has already been taken"
            return {"user_errors": [{"field": path, "message": message}]}
        now = shop.clock.now()
        made = WebhookSubscription(shop.gids.new("WebhookSubscription"), topic, uri, now, now)
        shop.webhooks.append(made)
    return {"webhook_subscription": made, "user_errors": []}


RESOLVERS: dict[str, dict[str, Resolver]] = {
    "QueryRoot": {
        "currentAppInstallation": _installation,
        "customerByIdentifier": _customer,
        "locations": _locations,
        "node": _node,
        "order": _order,
        "orders": _orders,
        "publicApiVersions": _versions,
        "refund": _refund,
        "return": _return,
        "returnReasonDefinitions": _reasons,
        "returnableFulfillments": _returnable,
        "shop": _shop,
        "webhookSubscriptions": _webhooks,
    },
    "Mutation": {
        "orderCancel": _order_cancel,
        "refundCreate": _refund_create,
        "storeCreditAccountCredit": _credit,
        "webhookSubscriptionCreate": _subscribe,
    },
    "OrderCancelJobResult": {"done": lambda job, info: job.status != "STARTED"},
    "ReturnableFulfillment": {
        "returnableFulfillmentLineItems": lambda x, info, **a: connection(x["lines"], **a)
    },
    "PurchasingCompany": {"company": lambda x, info: {"id": "", "name": x["name"]}},
}
