"""Constants of Shopify's Admin API that several modules here use."""

from __future__ import annotations

import re

VENDOR = "shopify"

# https://shopify.dev/docs/api/usage/versioning
API_VERSION = "2026-10"

# A token must never reach a host that isn't a shop.
SHOP_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")

WRITE_ORDERS = "write_orders"
READ_ORDERS = "read_orders"
READ_CUSTOMERS = "read_customers"
READ_RETURNS = "read_returns"
READ_PRODUCTS = "read_products"
READ_LOCATIONS = "read_locations"
READ_ALL_ORDERS = "read_all_orders"
READ_STORE_CREDIT = "read_store_credit_accounts"
WRITE_STORE_CREDIT = "write_store_credit_account_transactions"

# What is lost without a scope; the first two are needed, the others wanted.
# https://shopify.dev/docs/api/usage/access-scopes
NEEDED_SCOPES: dict[str, str] = {
    WRITE_ORDERS: "no order can be read and no refund can be made",
    READ_CUSTOMERS: "a requester's orders can't be found, nor can an order's owner be proven",
}
WANTED_SCOPES: dict[str, str] = {
    READ_RETURNS: "open returns stay unknown, so every order needs a person's review",
    READ_PRODUCTS: "product tags stay unknown, so final-sale rules need a person's review",
    READ_ALL_ORDERS: "orders older than 60 days can't be found (ask Shopify to grant it)",
    READ_STORE_CREDIT: "a bonus on store credit can't be given",
    WRITE_STORE_CREDIT: "a bonus on store credit can't be given",
    READ_LOCATIONS: "returned goods are restocked at the shop's default location",
}
STORE_CREDIT_SCOPES = (READ_STORE_CREDIT, WRITE_STORE_CREDIT)
ALL_SCOPES: tuple[str, ...] = (*NEEDED_SCOPES, *WANTED_SCOPES)


def with_implied(scopes: frozenset[str]) -> frozenset[str]:
    """The scopes, and the read scopes that write scopes include."""
    implied = {f"read_{s.removeprefix('write_')}" for s in scopes if s.startswith("write_")}
    return scopes | implied


def is_shop_domain(text: str) -> bool:
    """Whether `text` is the `name.myshopify.com` of a shop and nothing else."""
    return SHOP_DOMAIN.fullmatch(text) is not None
