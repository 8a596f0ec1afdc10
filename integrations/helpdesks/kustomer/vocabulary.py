"""Names that the modules of this folder share."""

from __future__ import annotations

VENDOR = "kustomer"
# The vault's owner name for what belongs to the helpdesk.
OWNER = "helpdesk"
API_KEY = "api_key"
# The key with which the org's webhook signs; newest first, one a line.
WEBHOOK_TOKENS = "webhook_tokens"
# What Kustomer's servers send with each command; newest first, one a line.
SERVICE_TOKENS = "service_tokens"
