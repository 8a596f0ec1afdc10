"""A stateful stand-in of Magento 2's REST API. See README.md."""

from integrations.sandbox.magento.app import MagentoSandbox, create_demo_app
from integrations.sandbox.magento.clock import Clock
from integrations.sandbox.magento.site import Site

__all__ = ["Clock", "MagentoSandbox", "Site", "create_demo_app"]
