"""Policies that are shipped as text: what a new account starts with, and examples to copy."""

from __future__ import annotations

from functools import cache
from importlib import resources

from app.domain.policy.language.compile import compile_policy
from app.domain.policy.model import Policy

# The names, with what each is for.
SHIPPED: dict[str, str] = {
    "default": "what a new account starts with",
    "fashion": "clothes and shoes: worn pieces, holiday window, return shipping deducted",
    "electronics": "restocking fee when opened, repair under warranty",
    "groceries": "fresh goods: photo, money back, nothing sent back",
    "saas": "subscriptions: first fortnight wholly, then pro rata",
    "field-service": "IT field service: credits for a missed service level",
    "marketplace": "buyer protection over many sellers",
    "benchmark-retail": "the rules of a public benchmark's retail desk",
}


def shipped_text(name: str) -> str:
    """The text of a shipped policy; raises KeyError with the names that exist."""
    if name not in SHIPPED:
        raise KeyError(f"there is no example {name!r}; there are {', '.join(SHIPPED)}")
    folder = resources.files("app.domain.policy.shipped")
    return folder.joinpath(f"{name}.policy").read_text("utf-8")


@cache
def shipped_policy(name: str) -> Policy:
    """A shipped policy, compiled. Its id is its name with underscores."""
    compiled = compile_policy(shipped_text(name), policy_id=name.replace("-", "_"))
    if compiled.policy is None:  # pragma: no cover - the tests compile each
        raise ValueError(f"{name}.policy: {compiled.problems[0].message}")
    return compiled.policy
