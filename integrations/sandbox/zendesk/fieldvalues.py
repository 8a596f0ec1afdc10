"""What a custom field accepts, and how dropdowns and tags mirror each other.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.zendesk.errors import record_invalid
from integrations.sandbox.zendesk.model import CustomField

TICKET_FIELD_TYPES = frozenset(
    [
        "text",
        "textarea",
        "checkbox",
        "date",
        "integer",
        "decimal",
        "regexp",
        "partialcreditcard",
        "multiselect",
        "tagger",
        "lookup",
    ]
)
USER_FIELD_TYPES = frozenset(
    [
        "text",
        "textarea",
        "checkbox",
        "date",
        "integer",
        "decimal",
        "regexp",
        "dropdown",
        "multiselect",
        "lookup",
    ]
)
WITH_OPTIONS = frozenset({"tagger", "multiselect", "dropdown"})


def checked_value(field: CustomField, value: Any) -> Any:
    """`value` as it is stored. Raises ApiError 422 when the field doesn't take it."""
    if value is None or value == "":
        return False if field.type == "checkbox" else None
    options = {option.value for option in field.options}
    match field.type:
        case "tagger" | "dropdown":
            if not isinstance(value, str) or value not in options:
                raise record_invalid("base", f"{field.title}: is not one of the field's options")
            return value
        case "multiselect":
            values = value if isinstance(value, list) else [value]
            if not all(isinstance(one, str) and one in options for one in values):
                raise record_invalid("base", f"{field.title}: is not one of the field's options")
            return values
        case "checkbox":
            if value in (True, "true", "1", 1):
                return True
            if value in (False, "false", "0", 0):
                return False
            raise record_invalid("base", f"{field.title}: must be true or false")
        case "integer":
            if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,18}", str(value).strip()):
                raise record_invalid("base", f"{field.title}: must be a whole number")
            return int(value)
        case "decimal":
            try:
                number = Decimal(str(value))
            except InvalidOperation:
                number = Decimal("NaN")
            if isinstance(value, bool) or not number.is_finite():
                raise record_invalid("base", f"{field.title}: must be a number")
            return str(value)
        case "date":
            try:
                date.fromisoformat(str(value)[:10])
            except ValueError:
                raise record_invalid("base", f"{field.title}: must be YYYY-MM-DD") from None
            return str(value)[:10]
        case "regexp":
            if not re.search(field.regexp or "", str(value)):
                raise record_invalid("base", f"{field.title}: is invalid")
            return str(value)
        case _:
            if isinstance(value, list | dict):
                raise record_invalid("base", f"{field.title}: must be a text")
            return str(value)


def tags_of(field: CustomField, value: Any) -> set[str]:
    """The ticket tags that a stored value stands for."""
    if field.type == "tagger":
        return {value} if value else set()
    if field.type == "multiselect":
        return set(value or [])
    if field.type == "checkbox" and field.tag:
        return {field.tag} if value else set()
    return set()


def value_after_tag_change(field: CustomField, value: Any, tags: set[str]) -> Any:
    """The field's value once the ticket's tags are `tags`.

    A dropdown is its tag: taking the tag away empties the field, adding an option's tag
    selects it.
    """
    if field.type == "tagger":
        if value in tags:
            return value
        return next((option.value for option in field.options if option.value in tags), None)
    if field.type == "multiselect":
        chosen = [option.value for option in field.options if option.value in tags]
        return chosen or None
    if field.type == "checkbox" and field.tag:
        return field.tag in tags
    return value


def normal_tags(value: Any) -> list[str]:
    """Tags as stored: lower case, no blanks, sorted. Takes a list or a blank-separated text."""
    source: Iterable[Any] = value.split() if isinstance(value, str) else (value or [])
    tags = {re.sub(r"\s+", "_", str(tag).strip().lower()) for tag in source}
    return sorted(tag for tag in tags if tag)
