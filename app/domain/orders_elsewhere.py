"""Orders that stand in the helpdesk and in no connected store. They are shown, never refunded."""

from __future__ import annotations

from pydantic import AwareDatetime

from app.domain.base import Value


class KeptOrder(Value):
    """An order as the merchant keeps it in the helpdesk: a title, and what else is known of it.

    `facts` are (label, value) pairs in the merchant's own words. Nothing here takes part in a
    decision: no store vouches for it.
    """

    id: str
    title: str
    created_at: AwareDatetime | None = None
    facts: tuple[tuple[str, str], ...] = ()
