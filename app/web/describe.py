"""What a view takes and answers, written beside the view and read by the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, ParamSpec, TypeVar

from pydantic import BaseModel

Auth = Literal["bearer", "signature", "none"]
_P = ParamSpec("_P")
_R = TypeVar("_R")
_ATTRIBUTE = "__makegood_operation__"


@dataclass(frozen=True)
class Operation:
    """One operation of the interface. `answers` maps status to model, None for no JSON body."""

    summary: str
    answers: Mapping[int, type[BaseModel] | None]
    auth: Auth
    body: type[BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


def describe(
    summary: str,
    *,
    answers: Mapping[int, type[BaseModel] | None],
    auth: Auth = "bearer",
    body: type[BaseModel] | None = None,
    query: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Attach an Operation to a view function. `query` maps parameter names to descriptions."""

    def attach(view: Callable[_P, _R]) -> Callable[_P, _R]:
        setattr(
            view,
            _ATTRIBUTE,
            Operation(summary, dict(answers), auth, body, dict(query or {}), media_type),
        )
        return view

    return attach


def operation_of(view: object) -> Operation | None:
    """The description of a view function, None when it has none."""
    found = getattr(view, _ATTRIBUTE, None)
    return found if isinstance(found, Operation) else None
