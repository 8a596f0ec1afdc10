"""The invented shop in which the stories happen."""

from __future__ import annotations

from flask import Flask

from integrations.sandbox.shopify import GatewayRule, ShopifySandbox

SHOP = "northwind-outfitters.myshopify.com"
SLOW_GATEWAY = "bank_transfer_express"


def open_shop() -> ShopifySandbox:
    """A store sandbox with this shop: dollars, taxes on top, and one payment provider whose
    refunds stay pending until somebody settles them."""
    sandbox = ShopifySandbox()
    shop = sandbox.add_shop(
        SHOP,
        currency="USD",
        timezone="Etc/UTC",
        taxes_included=False,
        gateways={SLOW_GATEWAY: GatewayRule(status="PENDING")},
    )
    shop.name = "Northwind Outfitters"
    return sandbox


def create_app() -> Flask:
    """The sandbox's application, for `ChildServer`."""
    return open_shop().app
