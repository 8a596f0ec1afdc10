"""The base of every domain value: immutable, closed, and exact when written as JSON."""

from __future__ import annotations

from typing import Any, Self

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

    def with_one(self, field: str, value: Any) -> Self:
        """A copy in which one field has another valid value, nothing being checked again.

        For the few places that make very many copies; elsewhere `model_copy` does.
        """
        made = object.__new__(type(self))
        object.__setattr__(made, "__dict__", {**self.__dict__, field: value})
        object.__setattr__(made, "__pydantic_fields_set__", self.__pydantic_fields_set__)
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made
