"""Ids of rules from their names, each used once."""

from __future__ import annotations

import re
import unicodedata

from app.domain.policy.model import LIMIT_PREFIX, STORE_PREFIX

_LONGEST = 60


def id_of(name: str, taken: set[str]) -> str:
    """A name as an id: small letters, digits and underscores. Added to `taken`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:_LONGEST].strip("_")
    if not base or not base[0].isalpha() or base.startswith((STORE_PREFIX, LIMIT_PREFIX)):
        base = f"rule_{base}".strip("_")
    found, number = base, 1
    while found in taken:
        number += 1
        found = f"{base}_{number}"
    taken.add(found)
    return found
