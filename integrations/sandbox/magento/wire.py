"""JSON as it goes over the wire, and the `fields` filter that cuts answers down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sandbox.magento.money import wire_number

Fields = dict[str, "Fields | None"]


def to_json(value: Any) -> str:
    """JSON text with Decimals as plain numbers."""
    return json.dumps(value, default=_default)


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return wire_number(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def parse_fields(text: str) -> Fields:
    """`items[entity_id,comments[comment]],total_count` as a tree; None under a leaf.

    A name that comes twice counts as it was written last.
    """
    tree: Fields = {}
    stack: list[Fields] = [tree]
    name = ""
    for sign in text:
        if sign == "[":
            inner: Fields = {}
            stack[-1][name.strip()] = inner
            stack.append(inner)
            name = ""
        elif sign in ",]":
            if name.strip():
                stack[-1][name.strip()] = None
            name = ""
            if sign == "]" and len(stack) > 1:
                stack.pop()
        else:
            name += sign
    if name.strip():
        stack[-1][name.strip()] = None
    return tree


def cut(value: Any, fields: Fields) -> Any:
    """Keep only `fields`. Keys whose value is null vanish, lists left empty become null."""
    if isinstance(value, list):
        kept = [cut(one, fields) for one in value]
        return kept or None
    if not isinstance(value, Mapping):
        return value
    body: dict[str, Any] = {}
    for key, item in value.items():
        if key not in fields or item is None:
            continue
        below = fields[key]
        body[key] = cut(item, below) if below is not None else (item if item != [] else None)
    return body
