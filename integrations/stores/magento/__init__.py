"""Magento and Adobe Commerce sites, by their REST API."""

from integrations.stores.magento.integration import MagentoIntegration

MAGENTO = MagentoIntegration()

__all__ = ["MAGENTO"]
