"""Kustomer."""

from app.ports import HelpdeskIntegration
from integrations.helpdesks.kustomer.integration import KustomerIntegration

KUSTOMER: HelpdeskIntegration = KustomerIntegration()

__all__ = ["KUSTOMER", "KustomerIntegration"]
