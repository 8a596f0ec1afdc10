"""The REST routes, the resource each one needs, and what each one does.

Singular and plural are the vendor's: `/V1/orders/:id` but `/V1/order/:id/refund`.
https://developer.adobe.com/commerce/webapi/rest/modules/sales/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.magento import actions, tables
from integrations.sandbox.magento.auth import Callers
from integrations.sandbox.magento.bulk import Queue
from integrations.sandbox.magento.errors import MagentoError, masked, not_found
from integrations.sandbox.magento.inputs import path_number, read_json, read_refund, top_level
from integrations.sandbox.magento.model import Creditmemo
from integrations.sandbox.magento.refunds import refund_invoice, refund_order
from integrations.sandbox.magento.render_documents import (
    render_comment,
    render_creditmemo,
    render_invoice,
    render_shipment,
    render_stock,
)
from integrations.sandbox.magento.render_order import render_history, render_order
from integrations.sandbox.magento.search import (
    Criteria,
    Filter,
    UnknownColumn,
    parse_query,
    read_criteria,
)
from integrations.sandbox.magento.site import Site
from integrations.sandbox.magento.tables import Table

ANONYMOUS = "anonymous"


@dataclass
class Request:
    """One call: `arguments` are the parts of the path, `body` the raw text sent."""

    site: Site
    callers: Callers
    queue: Queue
    arguments: tuple[str, ...]
    query: str
    body: bytes

    @property
    def id(self) -> int:
        """The first id of the path. Raises MagentoError 400 when it is no number."""
        return path_number(self.arguments[0])

    def json(self) -> Any:
        return read_json(self.body)


Handler = Callable[[Request], Any]


@dataclass(frozen=True)
class Route:
    """`name` is the operation under which faults and calls are counted."""

    method: str
    pattern: re.Pattern[str]
    resource: str
    name: str
    handler: Handler
    is_async: bool = False


def _list(table: Table) -> Handler:
    def handle(request: Request) -> Any:
        criteria = read_criteria(parse_query(request.query))
        limit = request.site.settings.page_limit
        if limit is not None and (criteria.page_size or 0) > limit:
            raise MagentoError(400, "Maximum SearchCriteria pageSize is %1", [str(limit)])
        return _search(request.site, table, criteria)

    return handle


def _search(site: Site, table: Table, criteria: Criteria) -> dict[str, Any]:
    with site.lock:
        try:
            return table.search(site, criteria)
        except UnknownColumn:
            raise masked(site.numbers.take("report")) from None


def _memo(request: Request) -> Creditmemo:
    memo = request.site.creditmemos.get(request.id)
    if memo is None:
        raise not_found()
    return memo


def _get_order(request: Request) -> Any:
    with request.site.lock:
        return render_order(request.site, actions.find_order(request.site, request.id))


def _order_comments(request: Request) -> Any:
    with request.site.lock:
        order = actions.find_order(request.site, request.id)
        # The route lists what people wrote; notes on invoices and memos are left out.
        lines = [line for line in reversed(order.histories) if line.entity_name == "order"]
        criteria = Criteria([[Filter("parent_id", str(order.entity_id), "eq")]])
        return {
            "items": [render_history(order, line, as_comment=True) for line in lines],
            "search_criteria": criteria.echo(),
            "total_count": len(lines),
        }


def _order_status(request: Request) -> Any:
    with request.site.lock:
        return actions.find_order(request.site, request.id).status


def _on_order(act: Callable[[Site, Any], Any]) -> Handler:
    def handle(request: Request) -> Any:
        with request.site.lock:
            return act(request.site, actions.find_order(request.site, request.id))

    return handle


def _on_order_with_body(act: Callable[[Site, Any, Any], Any]) -> Handler:
    def handle(request: Request) -> Any:
        body = request.json()
        with request.site.lock:
            return act(request.site, actions.find_order(request.site, request.id), body)

    return handle


def _limit_items(request: Request, body: Any) -> None:
    limit = request.site.settings.list_limit
    items = top_level(body, "items")
    if limit is not None and isinstance(items, list) and len(items) > limit:
        raise MagentoError(
            400,
            'Maximum items of type "%type" is %max',
            {
                "type": "Magento\\Sales\\Api\\Data\\CreditmemoItemCreationInterface",
                "max": str(limit),
            },
        )


def _refund_order(request: Request) -> Any:
    body = request.json()
    _limit_items(request, body)
    order_id = request.id
    return str(refund_order(request.site, order_id, read_refund(body, online_route=False)))


def _refund_invoice(request: Request) -> Any:
    body = request.json()
    _limit_items(request, body)
    invoice_id = request.id
    return str(refund_invoice(request.site, invoice_id, read_refund(body, online_route=True)))


def _refund_async(request: Request) -> Any:
    return request.queue.accept([(request.arguments[0], dict(request.json()))])


def _refund_bulk(request: Request) -> Any:
    return request.queue.accept(
        [
            (top_level(one, "order_id"), {k: v for k, v in one.items() if k != "orderId"})
            for one in request.json()
        ]
    )


def _get_invoice(request: Request) -> Any:
    with request.site.lock:
        invoice = request.site.invoices.get(request.id)
        if invoice is None:
            raise not_found()
        return render_invoice(request.site, invoice)


def _get_memo(request: Request) -> Any:
    with request.site.lock:
        return render_creditmemo(request.site, _memo(request))


def _memo_comments(request: Request) -> Any:
    with request.site.lock:
        memo = _memo(request)
        criteria = Criteria([[Filter("parent_id", str(memo.entity_id), "eq")]])
        return {
            "items": [render_comment(one, memo.entity_id) for one in memo.comments],
            "search_criteria": criteria.echo(),
            "total_count": len(memo.comments),
        }


def _comment_memo(request: Request) -> Any:
    body = request.json()
    with request.site.lock:
        memo = _memo(request)
        return render_comment(actions.comment_memo(request.site, memo, body), memo.entity_id)


def _cancel_memo(request: Request) -> Any:
    with request.site.lock:
        _memo(request)
        raise MagentoError(400, "You can not cancel Credit Memo")


def _email_memo(request: Request) -> Any:
    with request.site.lock:
        memo = _memo(request)
        memo.email_sent = request.site.settings.memo_emails
        return memo.email_sent


def _get_shipment(request: Request) -> Any:
    with request.site.lock:
        shipment = request.site.shipments.get(request.id)
        if shipment is None:
            raise not_found()
        return render_shipment(request.site, shipment)


def _get_stock(request: Request) -> Any:
    with request.site.lock:
        stock = request.site.stock.get(request.arguments[0])
        if stock is None:
            raise MagentoError(
                404,
                "The product that was requested doesn't exist. Verify the product and try again.",
            )
        return render_stock(stock)


def _admin_token(request: Request) -> Any:
    body = request.json()
    username, password = top_level(body, "username"), top_level(body, "password")
    return request.callers.admin_token(str(username), str(password))


def _route(method: str, path: str, resource: str, name: str, handler: Handler) -> Route:
    pattern = re.compile("/V1/" + path.replace(":", "([^/]+)"))
    return Route(method, pattern, resource, name, handler)


VIEW = "Magento_Sales::actions_view"
MEMO = "Magento_Sales::creditmemo"
MEMOS = "Magento_Sales::sales_creditmemo"
INVOICES = "Magento_Sales::sales_invoice"
SHIPMENT = "Magento_Sales::shipment"

ROUTES = (
    _route("POST", "integration/admin/token", ANONYMOUS, "admin_token", _admin_token),
    _route("GET", "orders", VIEW, "orders", _list(tables.ORDERS)),
    _route("GET", "orders/items", VIEW, "order_items", _list(tables.ORDER_ITEMS)),
    _route("GET", "orders/:", VIEW, "order", _get_order),
    _route("GET", "orders/:/comments", VIEW, "order_comments", _order_comments),
    _route("GET", "orders/:/statuses", VIEW, "order_status", _order_status),
    _route(
        "POST",
        "orders/:/comments",
        "Magento_Sales::comment",
        "comment_order",
        _on_order_with_body(actions.comment_order),
    ),
    _route("POST", "orders/:/cancel", "Magento_Sales::cancel", "cancel", _on_order(actions.cancel)),
    _route("POST", "orders/:/hold", "Magento_Sales::hold", "hold", _on_order(actions.hold)),
    _route("POST", "orders/:/unhold", "Magento_Sales::unhold", "unhold", _on_order(actions.unhold)),
    _route("POST", "order/:/refund", MEMO, "refund_order", _refund_order),
    _route(
        "POST",
        "order/:/invoice",
        INVOICES,
        "invoice_order",
        _on_order_with_body(actions.invoice_order),
    ),
    _route(
        "POST",
        "order/:/ship",
        "Magento_Sales::ship",
        "ship_order",
        _on_order_with_body(actions.ship_order),
    ),
    _route("GET", "invoices", INVOICES, "invoices", _list(tables.INVOICES)),
    _route("GET", "invoices/:", INVOICES, "invoice", _get_invoice),
    _route("POST", "invoice/:/refund", INVOICES, "refund_invoice", _refund_invoice),
    _route("GET", "creditmemos", MEMOS, "creditmemos", _list(tables.CREDITMEMOS)),
    _route("GET", "creditmemo/:", MEMOS, "creditmemo", _get_memo),
    _route("PUT", "creditmemo/:", MEMOS, "cancel_creditmemo", _cancel_memo),
    _route("GET", "creditmemo/:/comments", MEMOS, "creditmemo_comments", _memo_comments),
    _route("POST", "creditmemo/:/comments", MEMOS, "comment_creditmemo", _comment_memo),
    _route("POST", "creditmemo/:/emails", MEMOS, "email_creditmemo", _email_memo),
    _route("GET", "shipments", SHIPMENT, "shipments", _list(tables.SHIPMENTS)),
    _route("GET", "shipment/:", SHIPMENT, "shipment", _get_shipment),
    _route(
        "GET",
        "transactions",
        "Magento_Sales::transactions_fetch",
        "transactions",
        _list(tables.TRANSACTIONS),
    ),
    _route(
        "GET", "stockItems/:", "Magento_CatalogInventory::cataloginventory", "stock", _get_stock
    ),
    _route(
        "GET",
        "bulk/:/status",
        "Magento_Logging::system_magento_logging_bulk_operations",
        "bulk_status",
        lambda request: request.queue.status(request.arguments[0], detailed=False),
    ),
    _route(
        "GET",
        "bulk/:/detailed-status",
        "Magento_Logging::system_magento_logging_bulk_operations",
        "bulk_detailed_status",
        lambda request: request.queue.status(request.arguments[0], detailed=True),
    ),
    Route(
        "POST",
        re.compile("/async/V1/order/([^/]+)/refund"),
        MEMO,
        "refund_order_async",
        _refund_async,
        is_async=True,
    ),
    Route(
        "POST",
        re.compile("/async/bulk/V1/order/byOrderId/refund"),
        MEMO,
        "refund_order_bulk",
        _refund_bulk,
        is_async=True,
    ),
)


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The route of a path without store code, with the variable parts; None for no route."""
    for route in ROUTES:
        match = route.pattern.fullmatch(path) if route.method == method else None
        if match:
            return route, match.groups()
    return None
