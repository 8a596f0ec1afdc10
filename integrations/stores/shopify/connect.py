"""Connecting a shop: prove that the credentials work, and say what is to be stored.

Nothing is stored here. `Connection.secrets` belong into the account's vault under the store's id,
`Connection.config` into the store's record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pydantic import ValidationError

from app.domain.base import Value
from app.domain.errors import AccessDenied, ConfigurationError, Malformed
from app.ports import Check, CheckStatus, Surroundings
from integrations.http import BoundedSession
from integrations.stores.shopify.checks import scope_checks, who_am_i
from integrations.stores.shopify.client import ShopifyClient
from integrations.stores.shopify.oauth import code_form
from integrations.stores.shopify.tokens import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    SECRET_NAMES,
    AuthMode,
    TokenProvider,
    request_token,
    shop_url,
)
from integrations.stores.shopify.vocabulary import VENDOR, is_shop_domain

CODE = "code"
_NEEDED: dict[AuthMode, tuple[str, ...]] = {
    AuthMode.STATIC: (ACCESS_TOKEN,),
    AuthMode.CLIENT_CREDENTIALS: (CLIENT_ID, CLIENT_SECRET),
    AuthMode.OAUTH_OFFLINE: (CLIENT_ID, CLIENT_SECRET, CODE),
}
_OWNER = "new-store"


class Connection(Value):
    """A shop that answers. `steps` are what a person should still do, in words."""

    name: str
    config: dict[str, object]
    secrets: dict[str, str | None]
    checks: tuple[Check, ...]
    steps: tuple[str, ...] = ()


class Disconnection(Value):
    """What is deleted from the vault (None values), and what a person does at Shopify."""

    secrets: dict[str, str | None]
    steps: tuple[str, ...]


def shop_domain(text: str) -> str:
    """`name.myshopify.com` from what people type: the name, the domain or the admin's address.

    Raises ConfigurationError when it can't be a shop.
    """
    given = text.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/")
    if given.startswith("admin.shopify.com/store/"):
        given = given.removeprefix("admin.shopify.com/store/").split("/")[0]
    shop = given if "." in given else f"{given}.myshopify.com"
    if not is_shop_domain(shop):
        raise ConfigurationError(
            "give the shop's permanent name, like example.myshopify.com "
            "(Shopify admin, Settings, Domains), not its public address"
        )
    return shop


def connect_shopify(
    shop: str, mode: AuthMode, credentials: Mapping[str, str], surroundings: Surroundings
) -> Connection:
    """Try the credentials and read what the shop grants.

    `credentials`: `access_token` (static), `client_id` and `client_secret` (client_credentials),
    these and `code` (oauth_offline; see `oauth.read_callback`).
    Raises ConfigurationError when one is lacking, AccessDenied with the mend when the shop refuses
    or doesn't grant a needed scope, Unavailable when it doesn't answer.
    """
    shop = shop_domain(shop)
    missing = [name for name in _NEEDED[mode] if not credentials.get(name)]
    if missing:
        raise ConfigurationError(f"to connect by {mode.value}, also give: {', '.join(missing)}")
    drafts = _Drafts()
    drafts.put(_OWNER, {name: credentials[name] for name in _NEEDED[mode] if name != CODE})
    # Nothing of this shop is stored yet, so nobody else can renew its token meanwhile.
    trial = replace(surroundings, vault=drafts, locks=_NoLocks())
    with BoundedSession(
        surroundings.connect_timeout_seconds, surroundings.read_timeout_seconds
    ) as session:
        if mode is AuthMode.OAUTH_OFFLINE:
            form = code_form(
                credentials[CODE],
                client_id=credentials[CLIENT_ID],
                client_secret=credentials[CLIENT_SECRET],
            )
            answer = request_token(session, shop_url(trial, shop), form)
            drafts.put(_OWNER, answer.secrets(trial.clock.now()))
        tokens = TokenProvider(
            shop=shop,
            mode=mode,
            owner=_OWNER,
            vault=drafts,
            surroundings=trial,
            session=session,
        )
        client = ShopifyClient(shop=shop, tokens=tokens, surroundings=trial, session=session)
        try:
            who = who_am_i(client)
        except ValidationError:
            raise Malformed(
                "Shopify's answer about the shop can't be read", vendor=VENDOR, operation="connect"
            ) from None
    if who.shop.myshopify_domain != shop:
        raise AccessDenied(
            f"this is the old name of {who.shop.myshopify_domain}: connect that one",
            vendor=VENDOR,
            operation="connect",
        )
    checks = tuple(scope_checks(who.scopes))
    lacking = [check for check in checks if check.status is CheckStatus.FAILED]
    if lacking:
        needs = "; ".join(f"{check.name} is {check.detail}" for check in lacking)
        raise AccessDenied(f"{needs}. {lacking[0].mend}", vendor=VENDOR, operation="connect")
    return Connection(
        name=who.shop.name,
        config={
            "shop": shop,
            "mode": mode.value,
            "currency": who.shop.currency_code,
            "timezone": who.shop.iana_timezone,
            "scopes": sorted(who.scopes),
            "plan": (who.shop.plan.public_display_name if who.shop.plan else None) or "",
            "is_development": bool(who.shop.plan and who.shop.plan.partner_development),
        },
        # What an earlier way of connecting left behind is deleted.
        secrets={**dict.fromkeys(SECRET_NAMES), **drafts.of(_OWNER)},
        checks=checks,
        steps=tuple(
            f"Optional: {check.name} is {check.detail}. To change that, {check.mend}."
            for check in checks
            if check.status is CheckStatus.WARNING
        ),
    )


def disconnect_shopify() -> Disconnection:
    """Forget every secret. The token itself ends when the app is uninstalled at Shopify."""
    return Disconnection(
        secrets=dict.fromkeys(SECRET_NAMES),
        steps=(
            "In the Shopify admin: Settings, Apps and sales channels, uninstall the app. "
            "That ends its tokens.",
        ),
    )


class _Drafts:
    """A vault in memory, for credentials that may still turn out wrong."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], str | None] = {}

    def get(self, owner: str, name: str) -> str | None:
        return self._values.get((owner, name))

    def put(self, owner: str, values: Mapping[str, str | None]) -> None:
        self._values |= {(owner, name): value for name, value in values.items()}

    def of(self, owner: str) -> dict[str, str | None]:
        return {name: v for (whose, name), v in self._values.items() if whose == owner}


class _NoLocks:
    """Nobody else knows this shop yet."""

    @contextlib.contextmanager
    def hold(self, name: str, seconds: float, wait_seconds: float) -> Iterator[None]:
        yield
