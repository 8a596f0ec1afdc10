"""What an answer of Zendesk means, in the product's own errors.

Errors come in four JSON shapes, as OAuth's pair, as a bare sentence, or as HTML from a proxy; the
shape differs between API families and even between two errors of one endpoint.
https://developer.zendesk.com/api-reference/introduction/requests/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

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
from integrations.http import retry_after_seconds

VENDOR = "zendesk"
RECONNECT = "Zendesk no longer accepts our access: reconnect needed (run makegood connect zendesk)"
DEFAULT_RETRY_SECONDS = 30.0
_TEXT_LIMIT = 300
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")


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
    if not isinstance(parsed, dict):
        return Complaint()
    listed = parsed.get("errors")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        first = listed[0]
        return _complaint(first.get("code"), first.get("title"), first.get("detail"))
    error = parsed.get("error")
    if isinstance(error, dict):
        return _complaint(error.get("title"), error.get("message"))
    details = parsed.get("details")
    return _complaint(
        error,
        parsed.get("description") or parsed.get("error_description") or parsed.get("message"),
        *(_details(details) if isinstance(details, dict) else ()),
    )


def _details(details: dict[str, object]) -> list[str]:
    """The sentences below `details`, which are the useful ones of a RecordInvalid."""
    sentences = []
    for problems in details.values():
        for problem in problems if isinstance(problems, list) else []:
            if isinstance(problem, dict) and isinstance(problem.get("description"), str):
                sentences.append(problem["description"])
    return sentences


def _complaint(code: object, *texts: object) -> Complaint:
    parts = [" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip()]
    text = _ADDRESS.sub("[address]", "; ".join(dict.fromkeys(parts)))[:_TEXT_LIMIT]
    return Complaint(code[:80] if isinstance(code, str) else "", text)


def error_for(
    status: int, headers: Mapping[str, str], body: bytes, *, operation: str, is_write: bool
) -> VendorError:
    """The error that an answer outside 200-299 stands for.

    A 5xx on a write may come from a proxy after Zendesk has processed it: OutcomeUnknown.
    """
    complaint = read_complaint(body)
    request_id = headers.get("X-Request-Id") or headers.get("X-Zendesk-Request-Id")

    def make(kind: type[VendorError], text: str) -> VendorError:
        return kind(text, vendor=VENDOR, operation=operation, status=status, request_id=request_id)

    if status == 429:
        return RateLimited(
            "Zendesk's rate limit is reached",
            vendor=VENDOR,
            operation=operation,
            status=status,
            request_id=request_id,
            retry_after_seconds=retry_after_seconds(
                headers.get("Retry-After"), DEFAULT_RETRY_SECONDS
            ),
        )
    if status >= 500:
        if is_write:
            return make(OutcomeUnknown, f"Zendesk answered {status}: it may have been written")
        return make(Unavailable, f"Zendesk is not available at the moment ({status})")
    if 300 <= status < 400:
        return make(Rejected, "Zendesk sends us to another address: is the subdomain right?")
    if status == 401:
        return make(AccessDenied, RECONNECT)
    if status == 403:
        return make(AccessDenied, f"Zendesk doesn't allow this ({complaint})")
    if status == 404:
        if complaint.code == "InvalidEndpoint":
            return make(NotFound, "this Zendesk plan doesn't have this function")
        return make(NotFound, "Zendesk has no such record")
    if status == 409:
        return make(StaleWrite, "the record was changed in Zendesk meanwhile")
    return make(Rejected, f"Zendesk refused: {complaint}")
