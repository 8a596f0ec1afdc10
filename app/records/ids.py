"""Identifiers, and who acts where nobody does."""

from __future__ import annotations

import uuid

SYSTEM = "makegood"


def new_id(prefix: str) -> str:
    """A new identifier such as `case_3f2a…`; the prefix says what it names."""
    return f"{prefix}_{uuid.uuid4().hex}"
