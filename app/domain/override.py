"""A person's decision against the policy: which clause is set aside, and why."""

from __future__ import annotations

from pydantic import Field

from app.domain.base import Value


class Override(Value):
    """`clause_id` names the clause (or finding) that is set aside; `reason` is the person's own.

    `waives_fees`: what the policy would keep back is given as well.
    """

    clause_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)
    reason: str = Field(min_length=5, max_length=500)
    waives_fees: bool = False
