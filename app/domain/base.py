"""The base of every domain value: immutable, closed, and exact when written as JSON."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen record that refuses unknown fields.

    Values are stored as JSON (decisions, plans and order snapshots must be readable years later),
    so amounts are strings and instants carry their offset.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> str:
        """This value as compact JSON text."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a value back from `to_json`; raises pydantic.ValidationError on anything else."""
        return cls.model_validate_json(text)
