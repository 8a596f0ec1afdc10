"""Zendesk."""

from app.ports import HelpdeskIntegration
from integrations.helpdesks.zendesk.integration import ZendeskIntegration

ZENDESK: HelpdeskIntegration = ZendeskIntegration()

__all__ = ["ZENDESK", "ZendeskIntegration"]
