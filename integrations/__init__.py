"""Helpdesks and stores that Makegood speaks with: one folder and one line each."""

from __future__ import annotations

from app.ports import HelpdeskIntegration, StoreIntegration
from integrations.helpdesks.kustomer import KUSTOMER
from integrations.helpdesks.zendesk import ZENDESK
from integrations.stores.magento import MAGENTO
from integrations.stores.shopify import SHOPIFY

HELPDESKS: dict[str, HelpdeskIntegration] = {"zendesk": ZENDESK, "kustomer": KUSTOMER}
STORES: dict[str, StoreIntegration] = {"shopify": SHOPIFY, "magento": MAGENTO}
