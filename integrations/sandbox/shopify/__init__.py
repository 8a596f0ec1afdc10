"""A strict, stateful stand-in of the Shopify Admin GraphQL API for one or more shops."""

from integrations.sandbox.shopify.app import ShopifySandbox
from integrations.sandbox.shopify.clock import Clock
from integrations.sandbox.shopify.shop import GatewayRule, Shop

__all__ = ["Clock", "GatewayRule", "Shop", "ShopifySandbox"]
