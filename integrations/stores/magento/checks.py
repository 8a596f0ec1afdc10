"""What `makegood doctor` looks at in a Magento site, and the mend for each fault."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from app.domain.errors import AccessDenied, AppError, Rejected, VendorError
from app.ports import Check, CheckStatus
from integrations.stores.magento.client import MagentoClient, canonical
from integrations.stores.magento.config import AuthMode, MagentoConfig
from integrations.stores.magento.lookup import criteria
from integrations.stores.magento.vocabulary import NEEDED_RESOURCES, SHIPMENT_RESOURCE

GRANT = (
    "grant it in Magento: System, Extensions, Integrations, the integration, API; then Reauthorize"
)
_BEARER = (
    "use the four OAuth values instead, or allow the token in Magento: Stores, Configuration, "
    'Services, OAuth, Consumer Settings, "Allow OAuth Access Tokens to be used as standalone '
    'Bearer tokens"'
)
_OAUTH = (
    "connect the store again with the four values that the integration shows when it is activated, "
    "and check this machine's clock and that the shop's proxy passes on host and https"
)
# No order has this number, so nothing can be refunded by asking for it.
_NO_ORDER = "0"


def run_checks(client: MagentoClient, config: MagentoConfig) -> list[Check]:
    """Every check; when the site can't be reached at all, only the one that says so."""
    reads = {
        "Magento_Sales::actions_view": "orders",
        "Magento_Sales::sales_invoice": "invoices",
        "Magento_Sales::sales_creditmemo": "creditmemos",
    }
    if config.delivered_after_days is not None:
        reads[SHIPMENT_RESOURCE] = "shipments"
    problems: dict[str, VendorError | None] = {}
    for resource, path in reads.items():
        problems[resource] = _problem(partial(_peek, client, path))
        error = problems[resource]
        if error is not None and not isinstance(error, AccessDenied):
            return [_check("connection", CheckStatus.FAILED, str(error), _mend(error))]
    if all(problems.values()):
        error = next(iter(problems.values()))
        mend = _BEARER if config.mode is AuthMode.BEARER else _OAUTH
        return [_check("connection", CheckStatus.FAILED, str(error), mend)]
    problems["Magento_Sales::creditmemo"] = _problem(partial(_ask_to_refund_nothing, client))
    needed = {**NEEDED_RESOURCES, SHIPMENT_RESOURCE: "estimating when orders were delivered"}
    return [
        _check("connection", CheckStatus.OK, f"connected to {client.host} by {config.mode.value}"),
        *(_resource(name, needed[name], error) for name, error in problems.items()),
        _version(client),
        _currency(client, config),
        _check(
            "refunds of nothing",
            CheckStatus.OK,
            "the shop's setting allow_zero_grandtotal isn't visible; Makegood itself sends no "
            "refund of zero or less",
        ),
    ]


def missing_resources(checks: list[Check]) -> list[str]:
    """The permissions that a check found lacking, in words."""
    return [
        check.name.removeprefix("permission ")
        for check in checks
        if check.name.startswith("permission ") and check.status is CheckStatus.FAILED
    ]


def _peek(client: MagentoClient, path: str) -> None:
    """Read as little as can be: how many there are."""
    client.get(path, path, [*criteria(page=1), ("fields", "total_count")])


def _ask_to_refund_nothing(client: MagentoClient) -> None:
    """Permission is checked before the order is looked for, and there is no such order."""
    body = canonical(
        {"items": [{"order_item_id": 0, "qty": 0}], "arguments": {"shipping_amount": "0"}}
    )
    try:
        client.post("check", f"order/{_NO_ORDER}/refund", body, is_money=False)
    except AccessDenied:
        raise
    except Rejected:
        return


def _problem(ask: Callable[[], None]) -> VendorError | None:
    try:
        ask()
    except VendorError as error:
        return error
    return None


def _resource(name: str, use: str, error: VendorError | None) -> Check:
    if error is None:
        return _check(f"permission {name}", CheckStatus.OK, "granted")
    if isinstance(error, AccessDenied):
        return _check(f"permission {name}", CheckStatus.FAILED, f"missing: needed for {use}", GRANT)
    return _check(f"permission {name}", CheckStatus.WARNING, str(error), _mend(error))


def _version(client: MagentoClient) -> Check:
    page = client.version_page()
    return _check("version", CheckStatus.OK, page or "the shop doesn't show it")


def _currency(client: MagentoClient, config: MagentoConfig) -> Check:
    name = "shop currency"
    try:
        now = newest_order(client).get("base_currency_code")
    except AppError as error:
        return _check(name, CheckStatus.WARNING, str(error), "look at the other checks")
    if now is None:
        return _check(name, CheckStatus.OK, "there is no order yet to see it on")
    if config.currency is not None and config.currency != now:
        return _check(
            name,
            CheckStatus.FAILED,
            f"the newest order's base currency is {now}, it was {config.currency} when the store "
            "was connected: approval limits would be compared in the wrong currency",
            "connect the store again and look at the approval limits",
        )
    return _check(name, CheckStatus.OK, str(now))


def newest_order(client: MagentoClient, count: int = 1) -> dict[str, Any]:
    """Currency, and the increment ids, of the newest orders. Empty without orders."""
    query = [
        *criteria(page=count),
        ("searchCriteria[sortOrders][0][field]", "entity_id"),
        ("searchCriteria[sortOrders][0][direction]", "DESC"),
        ("fields", "items[increment_id,base_currency_code],total_count"),
    ]
    data = client.get("orders", "orders", query)
    items = (data.get("items") if isinstance(data, dict) else None) or []
    rows = [one for one in items if isinstance(one, dict)]
    if not rows:
        return {}
    return {
        "base_currency_code": rows[0].get("base_currency_code"),
        "increment_ids": [str(one.get("increment_id", "")) for one in rows],
    }


def _mend(error: VendorError) -> str:
    if isinstance(error, AccessDenied):
        return "let this machine through the shop's firewall, and connect the store again"
    if isinstance(error, Rejected):
        return "connect the store again with the address that Magento answers at"
    return "see whether the shop is up and fast enough, then try again"


def _check(name: str, status: CheckStatus, detail: str, mend: str | None = None) -> Check:
    return Check(name=name, status=status, detail=detail, mend=mend)
