"""What `makegood doctor` looks at in a Shopify shop, and the mend for each fault."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from app.domain.errors import AppError, Rejected, VendorError
from app.ports import Check, CheckStatus
from integrations.stores.shopify import documents
from integrations.stores.shopify.client import ShopifyClient
from integrations.stores.shopify.config import ShopifyConfig
from integrations.stores.shopify.payloads import Page
from integrations.stores.shopify.shop_payloads import ProtectedOrder, WhoAmI
from integrations.stores.shopify.vocabulary import (
    API_VERSION,
    NEEDED_SCOPES,
    WANTED_SCOPES,
    with_implied,
)

GRANT = "grant it in the app's configuration in Shopify, then connect the shop again"


class _Orders(BaseModel):
    orders: Page[ProtectedOrder] | None = None


def who_am_i(client: ShopifyClient) -> WhoAmI:
    """The shop and our scopes. Raises VendorError, or pydantic.ValidationError."""
    return WhoAmI.model_validate(client.execute(documents.WHOAMI, {}).data)


def run_checks(client: ShopifyClient, config: ShopifyConfig) -> list[Check]:
    """Every check; when the shop can't be reached, only the one that says so."""
    try:
        who = who_am_i(client)
    except AppError as error:
        mend = "connect the shop again" if not isinstance(error, VendorError) else _mend(error)
        return [_check("connection", CheckStatus.FAILED, str(error), mend)]
    except ValidationError:
        return [
            _check(
                "connection",
                CheckStatus.FAILED,
                "Shopify's answer can't be read",
                "update Makegood: the API may have changed",
            )
        ]
    return [
        _check("connection", CheckStatus.OK, f"connected to {who.shop.name}"),
        *_scopes(who),
        _version(client, who),
        _currency(who, config),
        _protected(client),
    ]


def scope_checks(scopes: frozenset[str]) -> list[Check]:
    """One check for each scope that is needed or wanted."""
    granted = with_implied(scopes)
    checks = []
    for wanted, status in (
        (NEEDED_SCOPES, CheckStatus.FAILED),
        (WANTED_SCOPES, CheckStatus.WARNING),
    ):
        for scope, loss in wanted.items():
            if scope in granted:
                checks.append(_check(f"scope {scope}", CheckStatus.OK, "granted"))
            else:
                checks.append(_check(f"scope {scope}", status, f"missing: {loss}", GRANT))
    return checks


def _scopes(who: WhoAmI) -> list[Check]:
    return scope_checks(who.scopes)


def _version(client: ShopifyClient, who: WhoAmI) -> Check:
    name = "API version"
    if not client.answers_as_pinned:
        return _check(
            name,
            CheckStatus.WARNING,
            f"Shopify answers with {client.answering_version} instead of {API_VERSION}; "
            "until then every order needs a person's review",
            "update Makegood to a release for the present API version",
        )
    supported = {version.handle for version in who.public_api_versions if version.supported}
    if API_VERSION not in supported:
        return _check(
            name,
            CheckStatus.WARNING,
            f"{API_VERSION} is not among the versions that Shopify supports",
            "update Makegood to a release for the present API version",
        )
    if client.answering_version is None:
        return _check(name, CheckStatus.WARNING, "Shopify didn't say which version answered")
    return _check(name, CheckStatus.OK, API_VERSION)


def _currency(who: WhoAmI, config: ShopifyConfig) -> Check:
    now = who.shop.currency_code
    if config.currency is not None and config.currency != now:
        return _check(
            "shop currency",
            CheckStatus.FAILED,
            f"the shop's currency is {now}, it was {config.currency} when it was connected: "
            "approval limits would be compared in the wrong currency",
            "connect the shop again and look at the approval limits",
        )
    return _check("shop currency", CheckStatus.OK, now)


def _protected(client: ShopifyClient) -> Check:
    """Whether addresses of orders and customers can be read. What is read isn't kept."""
    name = "customer data"
    mend = (
        "ask for access to protected customer data (level 2: name, e-mail; for limits by address "
        "also the address) in the Partner or Dev Dashboard, then connect the shop again"
    )
    try:
        answer = client.execute(documents.PROTECTED_DATA, {})
        page = _Orders.model_validate(answer.data).orders
    except VendorError as error:
        return _check(name, CheckStatus.FAILED, str(error), _mend(error))
    except ValidationError:
        return _check(name, CheckStatus.FAILED, "Shopify's answer can't be read", mend)
    lost = "requesters can't be compared with an order's owner"
    if any(error.is_denied for error in answer.errors):
        return _check(name, CheckStatus.FAILED, f"not permitted: {lost}", mend)
    orders = page.nodes if page else ()
    if not orders:
        return _check(name, CheckStatus.OK, "no refusal; the shop has no recent order to look at")
    seen = any(
        order.email or (order.customer and order.customer.default_email_address) for order in orders
    )
    if not seen:
        return _check(
            name,
            CheckStatus.WARNING,
            f"no recent order shows an address; if that is so, {lost}",
            mend,
        )
    return _check(name, CheckStatus.OK, "order and customer addresses can be read")


def _mend(error: VendorError) -> str:
    if isinstance(error, Rejected):
        return "connect the shop again"
    return "see whether the shop and this machine's network are up, then try again"


def _check(name: str, status: CheckStatus, detail: str, mend: str | None = None) -> Check:
    return Check(name=name, status=status, detail=detail, mend=mend)
