"""The base of every domain value: immutable, closed, and exact when written as JSON."""

from __future__ import annotations

from functools import cache
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict

V = TypeVar("V", bound="Value")
_new = object.__new__
# The four places of a value, written directly: a frozen value has no other way in.
_set_fields = BaseModel.__dict__["__dict__"].__set__
_set_named = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_set_extra = BaseModel.__dict__["__pydantic_extra__"].__set__
_set_private = BaseModel.__dict__["__pydantic_private__"].__set__


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
        return _made(type(self), {**self.__dict__, field: value}, self.__pydantic_fields_set__)

    @classmethod
    def made_of(cls, fields: dict[str, Any]) -> Self:
        """A value of all its fields, in their order, which are valid already: nothing is checked.

        For the few places that make very many values of values; elsewhere the constructor does.
        """
        return _made(cls, fields, _all_fields(cls))


@cache
def _all_fields(kind: type[Value]) -> set[str]:
    # One set for all: values are frozen, so nothing is ever added to it.
    return set(kind.model_fields)


def _made(kind: type[V], fields: dict[str, Any], named: set[str]) -> V:
    made = _new(kind)
    _set_fields(made, fields)
    _set_named(made, named)
    _set_extra(made, None)
    _set_private(made, None)
    return made
