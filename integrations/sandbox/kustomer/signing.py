"""Webhook signatures.

https://developer.kustomer.com/docs/events/delivery-and-retries.md
"""

from __future__ import annotations

import hashlib
import hmac
import secrets


def webhook_signature(token: str, body: bytes) -> str:
    """Lowercase hex of HMAC-SHA256 over the raw body. There is no time in it."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def new_token() -> str:
    """The key of a webhook's signatures."""
    return secrets.token_hex(32)
