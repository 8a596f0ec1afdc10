"""What tests of the policy language share."""

from __future__ import annotations

from typing import Any

from app.domain.policy.language.compile import compile_policy
from app.domain.policy.model import Policy


def compiled(text: str) -> Policy:
    """The policy of a text that must be right."""
    found = compile_policy(text)
    assert found.policy is not None, "\n".join(one.in_words("text") for one in found.problems)
    return found.policy


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(one) for key, one in value.items() if key != "source_line"}
    if isinstance(value, list | tuple):
        return [_without(one) for one in value]
    return value


def without_lines(policy: Policy) -> Any:
    """A policy as plain values, without the lines of its text."""
    return _without(policy.model_dump())
