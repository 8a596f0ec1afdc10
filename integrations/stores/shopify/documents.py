"""The GraphQL documents in `documents/`, loaded once, with what each is expected to cost.

A test holds every document against the vendor's schema.
https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "documents"
_OPERATION = re.compile(r"^(query|mutation)\s+(\w+)", re.MULTILINE)
_COMMENT = re.compile(r"(?m)^\s*#.*\n")


@dataclass(frozen=True, slots=True)
class Document:
    """One operation. `cost` is what is reserved of the shop's budget before the call."""

    operation: str
    text: str
    cost: float
    is_mutation: bool


def load(name: str, cost: float) -> Document:
    """The document of `documents/{name}.graphql`, without its comments."""
    text = _COMMENT.sub("", (FOLDER / f"{name}.graphql").read_text(encoding="utf-8")).strip()
    operations = _OPERATION.findall(text)
    if len(operations) != 1:
        raise ValueError(f"{name}.graphql must hold one operation, not {len(operations)}")
    kind, operation = operations[0]
    return Document(operation, text, cost, kind == "mutation")


WHOAMI = load("whoami", 5)
PROTECTED_DATA = load("protected_data", 16)
FIND_CANDIDATES = load("find_candidates", 180)
DECISION_CONTEXT = load("decision_context", 160)
REFUND_PREVIEW = load("refund_preview", 30)
REFUND_CREATE = load("refund_create", 32)
REFUND_FIND = load("refund_find", 2)
REFUND_STATUS = load("refund_status", 12)
REFUNDS_OF = load("refunds_of", 12)
STORE_CREDIT_HISTORY = load("store_credit_history", 60)
STORE_CREDIT_CREDIT = load("store_credit_credit", 10)
STORE_CREDIT_READ = load("store_credit_read", 2)

DOCUMENTS: tuple[Document, ...] = (
    WHOAMI,
    PROTECTED_DATA,
    FIND_CANDIDATES,
    DECISION_CONTEXT,
    REFUND_PREVIEW,
    REFUND_CREATE,
    REFUND_FIND,
    REFUND_STATUS,
    REFUNDS_OF,
    STORE_CREDIT_HISTORY,
    STORE_CREDIT_CREDIT,
    STORE_CREDIT_READ,
)
