"""Shopify shops, by the Admin GraphQL API."""

from integrations.stores.shopify.integration import ShopifyIntegration

SHOPIFY = ShopifyIntegration()

__all__ = ["SHOPIFY"]
