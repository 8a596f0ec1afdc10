"""A strict, stateful stand-in of one Zendesk account with an agent workspace."""

from integrations.sandbox.zendesk.app import STATIC_TOKEN, ZendeskSandbox

__all__ = ["STATIC_TOKEN", "ZendeskSandbox"]
