"""Webhook signatures.

https://developer.zendesk.com/documentation/webhooks/verifying/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

# What test requests are signed with before a webhook exists; the vendor publishes it.
TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105


def webhook_signature(secret: str, timestamp: str, body: bytes) -> str:
    """base64(HMAC-SHA256(secret as it is written, timestamp followed by the raw body))."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def new_secret() -> str:
    """A secret that looks like base64 but is used as written."""
    return base64.b64encode(secrets.token_bytes(32)).decode()
