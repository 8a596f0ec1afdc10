"""The invented shop in which the stories happen."""

from __future__ import annotations

from flask import Flask

from integrations.sandbox.shopify import GatewayRule, ShopifySandbox

SHOP = "northwind-outfitters.myshopify.com"
SLOW_GATEWAY = "bank_transfer_express"


# Points of the call budget: what fits in at once, and what comes back each second.
# https://shopify.dev/docs/api/usage/limits
_STANDARD = {"bucket_size": 2000.0, "restore_rate": 100.0}
_PLUS = {"bucket_size": 20_000.0, "restore_rate": 1000.0}


def open_shop(*, is_plus: bool = False) -> ShopifySandbox:
    """A store sandbox with this shop: dollars, taxes on top, and one payment provider whose
    refunds stay pending until somebody settles them. `is_plus` has the larger call budget."""
    sandbox = ShopifySandbox()
    shop = sandbox.add_shop(
        SHOP,
        currency="USD",
        timezone="Etc/UTC",
        taxes_included=False,
        gateways={SLOW_GATEWAY: GatewayRule(status="PENDING")},
        is_plus=is_plus,
        **(_PLUS if is_plus else _STANDARD),
    )
    shop.name = "Northwind Outfitters"
    return sandbox


def create_app() -> Flask:
    """The sandbox's application, for `ChildServer`."""
    return open_shop().app


def create_plus_app() -> Flask:
    """The same on a plan for large shops."""
    return open_shop(is_plus=True).app
