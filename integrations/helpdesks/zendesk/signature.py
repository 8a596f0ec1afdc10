"""The signature of a webhook POST, checked without any I/O.

base64(HMAC-SHA256(secret as it is written, timestamp header followed by the raw body)).
https://developer.zendesk.com/documentation/webhooks/verifying/
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from app.domain.errors import BadDelivery

SIGNATURE_HEADER = "X-Zendesk-Webhook-Signature"
TIMESTAMP_HEADER = "X-Zendesk-Webhook-Signature-Timestamp"
# Anybody can sign with this one: Zendesk publishes it for tests before a webhook exists.
PUBLIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105
# A body of Zendesk's is below 256 kB.
MAX_BODY_BYTES = 256 * 1024
# Retries may carry the first attempt's timestamp; replays within an hour are de-duplicated.
MAX_AGE = timedelta(hours=1)
MAX_AHEAD = timedelta(minutes=10)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that Zendesk sends for a body."""
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime) -> None:
    """Return if one of `secrets` (newest first; two during a rotation) signed this body.

    Header names are compared without regard to case. Raises BadDelivery: 413 for a body above
    `MAX_BODY_BYTES`, 401 for a signature or timestamp that is missing, wrong or out of date.
    """
    if len(body) > MAX_BODY_BYTES:
        raise BadDelivery("the body is too large", 413)
    known = {name.lower(): value for name, value in headers.items()}
    given = known.get(SIGNATURE_HEADER.lower(), "")
    timestamp = known.get(TIMESTAMP_HEADER.lower(), "")
    if not given or not timestamp:
        raise BadDelivery("the signature is missing", 401)
    _check_age(timestamp, now)
    try:
        signature = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise BadDelivery("the signature is not base64", 401) from None
    message = timestamp.encode() + body
    matches = False
    for secret in secrets:
        if not secret or secret == PUBLIC_TEST_SECRET:
            continue
        expected = hmac.new(secret.encode(), message, hashlib.sha256).digest()
        # No early end: the time taken must not tell which secret came close.
        matches |= hmac.compare_digest(expected, signature)
    if not matches:
        raise BadDelivery("the signature is wrong", 401)


def _check_age(timestamp: str, now: datetime) -> None:
    try:
        sent = datetime.fromisoformat(timestamp)
    except ValueError:
        raise BadDelivery("the timestamp can't be read", 401) from None
    if sent.tzinfo is None:
        sent = sent.replace(tzinfo=UTC)
    if now - sent > MAX_AGE:
        raise BadDelivery("the delivery is too old", 401)
    if sent - now > MAX_AHEAD:
        raise BadDelivery("the delivery is from the future", 401)
