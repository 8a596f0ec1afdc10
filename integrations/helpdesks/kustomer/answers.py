"""What an answer of Kustomer means, in the product's own errors.

Errors come as `{"errors": [{"code", "message", "meta"}]}` or in JSON:API's form with status, title
and detail; a proxy in between answers HTML.
https://developer.kustomer.com/docs/concepts/errors
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import (
    AccessDenied,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StaleWrite,
    Unavailable,
    VendorError,
)
from integrations.helpdesks.kustomer.vocabulary import VENDOR

RECONNECT = "Kustomer no longer accepts our key: make a new one and run makegood connect kustomer"
OTHER_REGION = (
    "the key belongs to an org in another region: check the org's name, and that "
    "MAKEGOOD_KUSTOMER_URL is https://{org}.api.kustomerapp.com"
)
LONGEST_WAIT_SECONDS = 120.0
_TEXT_LIMIT = 300
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")
# Below this a number of seconds, above it an instant: 1e9 seconds are more than thirty years.
_EPOCH_SECONDS = 1e9
_EPOCH_MILLISECONDS = 1e12


@dataclass(frozen=True)
class Complaint:
    """The vendor's code of an error and its sentence, with mail addresses taken out."""

    code: str = ""
    text: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.code, self.text) if part) or "no explanation"


def read_complaint(body: bytes) -> Complaint:
    """Understand an error body of any shape; never raises."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return Complaint()
    listed = parsed.get("errors") if isinstance(parsed, dict) else None
    first = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(first, dict):
        return Complaint()
    source = first.get("source")
    where = source.get("pointer") or source.get("parameter") if isinstance(source, dict) else None
    texts = (first.get("title"), first.get("detail"), first.get("message"), where)
    parts = [" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip()]
    text = _ADDRESS.sub("[address]", "; ".join(dict.fromkeys(parts)))[:_TEXT_LIMIT]
    code = first.get("code")
    return Complaint(code[:80] if isinstance(code, str) else "", text)


def seconds_until_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the rate limit lasts, by `Retry-After` or `x-ratelimit-reset`; None if unsaid.

    The unit of `x-ratelimit-reset` isn't documented: seconds to wait, an instant in seconds and one
    in milliseconds are told apart by their size.
    """
    for name in ("Retry-After", "x-ratelimit-reset"):
        try:
            value = float(headers.get(name, ""))
        except ValueError:
            continue
        if value >= _EPOCH_MILLISECONDS:
            value /= 1000
        if value >= _EPOCH_SECONDS:
            value -= now.timestamp()
        if value == value:  # not NaN
            return min(LONGEST_WAIT_SECONDS, max(1.0, value))
    return None


def error_for(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    operation: str,
    is_write: bool,
    now: datetime,
) -> VendorError:
    """The error that an answer outside 200-299 stands for.

    A 5xx on a write may come from a proxy after Kustomer has processed it: OutcomeUnknown.
    """
    complaint = read_complaint(body)
    request_id = headers.get("x-request-id")

    def make(kind: type[VendorError], text: str) -> VendorError:
        return kind(text, vendor=VENDOR, operation=operation, status=status, request_id=request_id)

    if status == 429:
        wait = seconds_until_reset(headers, now)
        return RateLimited(
            "Kustomer's rate limit is reached",
            vendor=VENDOR,
            operation=operation,
            status=status,
            request_id=request_id,
            # Without a word from Kustomer all workers must not come back in the same second.
            retry_after_seconds=random.uniform(5, 30) if wait is None else wait,  # noqa: S311
        )
    if status >= 500:
        if is_write:
            return make(OutcomeUnknown, f"Kustomer answered {status}: it may have been written")
        return make(Unavailable, f"Kustomer is not available at the moment ({status})")
    if 300 <= status < 400:
        return make(Rejected, "Kustomer sends us to another address: is the org's name right?")
    if status in (401, 403) and re.search(r"\bpods?\b", complaint.text, re.IGNORECASE):
        return make(AccessDenied, OTHER_REGION)
    if status == 401:
        return make(AccessDenied, RECONNECT)
    if status == 403:
        return make(AccessDenied, f"Kustomer doesn't allow this to our key ({complaint})")
    if status == 404:
        return make(NotFound, "Kustomer has no such record")
    if status == 409:
        return make(StaleWrite, f"Kustomer has it already, or it was changed ({complaint})")
    return make(Rejected, f"Kustomer refused: {complaint}")
