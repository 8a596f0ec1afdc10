"""searchCriteria: parsing PHP's nested query keys, and filtering, sorting and paging.

https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from integrations.sandbox.magento.errors import MagentoError, required

Record = TypeVar("Record")
KEY_PART = re.compile(r"\[([^\]]*)\]")


class UnknownColumn(Exception):
    """A filter or sort order on a column that the table doesn't have."""


@dataclass(frozen=True, slots=True)
class Filter:
    field: str
    value: str
    condition: str


@dataclass
class Criteria:
    """Groups are ANDed, the filters within one ORed. No page size: everything."""

    groups: list[list[Filter]] = field(default_factory=list)
    sort_orders: list[tuple[str, str]] = field(default_factory=list)
    page_size: int | None = None
    current_page: int | None = None

    def echo(self) -> dict[str, Any]:
        """The `search_criteria` of the answer."""
        body: dict[str, Any] = {
            "filter_groups": [
                {
                    "filters": [
                        {"field": f.field, "value": f.value, "condition_type": f.condition}
                        for f in group
                    ]
                }
                for group in self.groups
            ]
        }
        if self.sort_orders:
            body["sort_orders"] = [
                {"field": name, "direction": direction} for name, direction in self.sort_orders
            ]
        if self.page_size is not None:
            body["page_size"] = self.page_size
        if self.current_page is not None:
            body["current_page"] = self.current_page
        return body


def parse_query(query: str) -> dict[str, Any]:
    """A query string as PHP reads it: `a[b][0]=c` nests, `+` is a space, the last one wins."""
    tree: dict[str, Any] = {}
    for pair in query.split("&"):
        if not pair:
            continue
        raw_key, _, raw_value = pair.partition("=")
        key = unquote_plus(raw_key)
        name, bracket, rest = key.partition("[")
        parts = [name, *KEY_PART.findall(bracket + rest)]
        below = tree
        for part in parts[:-1]:
            deeper = below.setdefault(part, {})
            if not isinstance(deeper, dict):
                deeper = below[part] = {}
            below = deeper
        last = parts[-1] or str(len(below))
        below[last] = unquote_plus(raw_value)
    return tree


def read_criteria(query: Mapping[str, Any]) -> Criteria:
    """The criteria of a list call. Raises MagentoError 400 when they are missing or mistyped."""
    given = query.get("searchCriteria", query.get("search_criteria"))
    if given is None:
        raise required("searchCriteria")
    criteria = Criteria()
    if not isinstance(given, dict):
        return criteria
    for group in _listed(_one_of(given, "filter_groups", "filterGroups")):
        filters = [
            Filter(
                str(one.get("field", "")),
                str(one.get("value", "")),
                str(_one_of(one, "condition_type", "conditionType") or "eq"),
            )
            for one in _listed(group.get("filters"))
        ]
        if filters:
            criteria.groups.append(filters)
    for order in _listed(_one_of(given, "sortOrders", "sort_orders")):
        direction = str(order.get("direction", "ASC")).upper()
        criteria.sort_orders.append((str(order.get("field", "")), direction))
    criteria.page_size = _whole(given, "pageSize", "page_size")
    criteria.current_page = _whole(given, "currentPage", "current_page")
    return criteria


def _one_of(given: Mapping[str, Any], *names: str) -> Any:
    return next((given[name] for name in names if name in given), None)


def _listed(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    return [one for one in value.values() if isinstance(one, dict)]


def _whole(given: Mapping[str, Any], *names: str) -> int | None:
    value = _one_of(given, *names)
    if value in (None, ""):
        return None
    try:
        return int(str(value))
    except ValueError:
        raise MagentoError(
            400,
            f'Error occurred during "{names[0]}" processing. The "{value}" value\'s type is '
            'invalid. The "int" type was expected. Verify and try again.',
        ) from None


def select(
    records: Iterable[Record], criteria: Criteria, column: Callable[[Record, str], Any]
) -> tuple[list[Record], int]:
    """The page of matching records and how many match at all.

    `column` gives a record's value in a column, None for null, and raises UnknownColumn. A page
    past the end is empty.
    """
    found = [
        record
        for record in records
        if all(any(_matches(column(record, f.field), f) for f in g) for g in criteria.groups)
    ]
    for name, direction in reversed(criteria.sort_orders):
        found.sort(key=lambda record: _sort_key(column(record, name)), reverse=direction == "DESC")
    if criteria.page_size is None or criteria.page_size <= 0:
        return found, len(found)
    start = (max(criteria.current_page or 1, 1) - 1) * criteria.page_size
    return found[start : start + criteria.page_size], len(found)


def _sort_key(value: Any) -> tuple[int, Decimal, str]:
    if value is None:
        return (0, Decimal(0), "")
    if isinstance(value, int | Decimal):
        return (1, Decimal(value), "")
    return (1, Decimal(0), str(value).lower())


def _matches(value: Any, wanted: Filter) -> bool:
    """One condition, as the database's collation compares: letter case doesn't count."""
    condition, text = wanted.condition, wanted.value
    match condition:
        case "null":
            return value is None
        case "notnull":
            return value is not None
    if value is None:
        return False
    match condition:
        case "eq":
            return _compare(value, text) == 0
        case "neq":
            return _compare(value, text) != 0
        case "gt":
            return _compare(value, text) > 0
        case "gteq" | "from" | "moreq":
            return _compare(value, text) >= 0
        case "lt":
            return _compare(value, text) < 0
        case "lteq" | "to":
            return _compare(value, text) <= 0
        case "in":
            return any(_compare(value, one) == 0 for one in text.split(","))
        case "nin":
            return all(_compare(value, one) != 0 for one in text.split(","))
        case "like":
            return _is_like(value, text)
        case "nlike":
            return not _is_like(value, text)
        case "finset":
            return text.lower() in str(value).lower().split(",")
        case "nfinset":
            return text.lower() not in str(value).lower().split(",")
        case _:
            return False  # an unknown condition is no error: nothing matches


def _compare(value: Any, text: str) -> int:
    if isinstance(value, int | Decimal):
        try:
            wanted = Decimal(text.strip())
        except InvalidOperation:
            wanted = Decimal(0)  # the database casts a text to its leading digits
        return (value > wanted) - (value < wanted)
    left, right = str(value).lower().rstrip(), text.lower().rstrip()
    return (left > right) - (left < right)


def _is_like(value: Any, pattern: str) -> bool:
    parts = [".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in pattern]
    text = str(value)
    return re.fullmatch("".join(parts), text, re.IGNORECASE | re.DOTALL) is not None
