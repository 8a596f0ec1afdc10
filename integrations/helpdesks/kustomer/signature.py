"""The signature of a webhook POST, checked without any I/O.

Lower-case hex of HMAC-SHA256, keyed with the webhook's token, over the raw body. There is no time
in it: an event's own `createdAt` is looked at instead.
https://developer.kustomer.com/docs/events/delivery-and-retries
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from app.domain.errors import BadDelivery

SIGNATURE_HEADER = "X-Kustomer-Webhook-Signature"
MAX_BODY_BYTES = 256 * 1024
_HEX = re.compile(r"[0-9a-f]{64}")


def sign(token: str, body: bytes) -> str:
    """The signature that Kustomer sends for a body."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def verify(headers: Mapping[str, str], body: bytes, tokens: Iterable[str]) -> None:
    """Return if one of `tokens` (newest first; two during a rotation) signed this body.

    Header names are compared without regard to case. Raises BadDelivery: 413 for a body above
    `MAX_BODY_BYTES`, 401 for a signature that is missing or wrong.
    """
    if len(body) > MAX_BODY_BYTES:
        raise BadDelivery("the body is too large", 413)
    wanted = SIGNATURE_HEADER.lower()
    given = next((value for name, value in headers.items() if name.lower() == wanted), "")
    if not given:
        raise BadDelivery("the signature is missing", 401)
    if not _HEX.fullmatch(given):
        raise BadDelivery("the signature is not 64 lower-case hex digits", 401)
    matches = False
    for token in tokens:
        if token:
            # No early end: the time taken must not tell which token came close.
            matches |= hmac.compare_digest(sign(token, body), given)
    if not matches:
        raise BadDelivery("the signature is wrong", 401)
