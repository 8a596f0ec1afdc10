"""Pages of a list: `page`, `pageSize`, `meta` and `links`.

https://developer.kustomer.com/docs/concepts/pagination.md
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from integrations.sandbox.kustomer.errors import bad_request

LARGEST = 100
LARGEST_WIDE = 500  # users, teams, search


def whole(args: MultiDict[str, str], name: str, default: int, top: int) -> int:
    """A whole number of 1 to `top` from the query. Raises ApiError 400."""
    given = args.get(name)
    if given is None:
        return default
    if not given.isdigit() or not 1 <= int(given) <= top:
        raise bad_request(f"{name} must be a whole number of 1 to {top}", parameter=name)
    return int(given)


def page_of(
    args: MultiDict[str, str],
    path: str,
    records: Sequence[Any],
    render: Callable[[Any], dict[str, Any]],
    *,
    largest: int = LARGEST,
    last_page: int | None = None,
) -> dict[str, Any]:
    """One page of `records`. `last_page` ends the window of a search."""
    number = whole(args, "page", 1, last_page or 10**9)
    size = whole(args, "pageSize", min(100, largest), largest)
    start = (number - 1) * size
    pages = -(-len(records) // size)

    def link(page: int | None) -> str | None:
        if page is None:
            return None
        kept = {key: value for key, value in args.items() if key not in ("page", "pageSize")}
        return f"{path}?{urlencode({**kept, 'page': page, 'pageSize': size})}"

    return {
        "data": [render(record) for record in records[start : start + size]],
        "meta": {"page": number, "pageSize": size, "total": len(records), "totalPages": pages},
        "links": {
            "self": link(number),
            "first": link(1),
            "prev": link(number - 1 if number > 1 else None),
            "next": link(number + 1 if number < pages else None),
        },
    }
