"""What an app may ask Zendesk to create when it is installed.

https://developer.zendesk.com/documentation/apps/app-developer-guide/apps_requirements/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# The webhook and its trigger are made by API, where their ids and the secret are known.
FAMILIES = {"ticket_fields", "user_fields"}
FIELD_KEYS = {"type", "title", "description", "key", "custom_field_options"}
TICKET_TYPES = {
    "text", "textarea", "checkbox", "date", "integer", "decimal", "regexp", "multiselect", "tagger",
}  # fmt: skip
USER_TYPES = (TICKET_TYPES - {"tagger"}) | {"dropdown"}
WITH_OPTIONS = {"tagger", "multiselect", "dropdown"}
MAX_REQUIREMENTS = 5000
MAX_OPTIONS = 2000
_KEY = re.compile(r"(?!\d+$)\w+", re.ASCII)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


def requirement_problems(requirements: dict[str, Any]) -> Iterator[str]:
    """What is wrong with requirements as they were parsed."""
    for family in sorted(set(requirements) - FAMILIES):
        yield f"unknown type {family}"
    total = sum(len(one) for one in requirements.values() if isinstance(one, dict))
    if total > MAX_REQUIREMENTS:
        yield f"more than {MAX_REQUIREMENTS} requirements"
    seen: set[str] = set()
    for family in sorted(FAMILIES & set(requirements)):
        entries = requirements[family]
        if not isinstance(entries, dict):
            yield f"{family} must be an object"
            continue
        for identifier, body in entries.items():
            name = f"{family}.{identifier}"
            if not _IDENTIFIER.fullmatch(identifier):
                yield f"{name}: the identifier must have small letters, digits and underscores only"
            if not isinstance(body, dict):
                yield f"{name}: must be an object"
                continue
            yield from (f"{name}: {text}" for text in _field(body, family, seen))


def _field(body: dict[str, Any], family: str, seen: set[str]) -> Iterator[str]:
    for key in sorted(set(body) - FIELD_KEYS):
        yield f"unknown key {key}"
    title, kind = body.get("title"), body.get("type")
    if not isinstance(title, str) or not title.strip():
        yield "title is missing"
    if kind not in (TICKET_TYPES if family == "ticket_fields" else USER_TYPES):
        yield f"unknown type {kind}"
    if family == "user_fields":
        name = body.get("key")
        if not isinstance(name, str) or not _KEY.fullmatch(name):
            yield "key must have letters, digits and underscores, and not digits alone"
    elif "key" in body:
        yield "ticket fields have no key"
    options = body.get("custom_field_options")
    if kind in WITH_OPTIONS and not options:
        yield "needs options"
    if options is not None:
        if kind not in WITH_OPTIONS:
            yield "has options, but isn't a choice"
        yield from _options(options, seen)


def _options(options: object, seen: set[str]) -> Iterator[str]:
    if not isinstance(options, list) or len(options) > MAX_OPTIONS:
        yield f"options must be a list of at most {MAX_OPTIONS}"
        return
    for one in options:
        if not isinstance(one, dict) or set(one) != {"name", "value"} or not all(one.values()):
            yield "each option needs a name and a value, and nothing else"
            continue
        tag = str(one["value"])
        if not re.fullmatch(r"[a-z0-9_]+", tag):
            yield f"option {tag}: a tag has small letters, digits and underscores"
        if tag in seen:
            # A tag belongs to one option in the whole account.
            yield f"option {tag}: stands twice"
        seen.add(tag)
