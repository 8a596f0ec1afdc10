"""Connections: a page of a list with `pageInfo`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from integrations.sandbox.shopify.session import bad_request

MAX_PAGE = 250


def connection(
    items: Sequence[Any],
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    reverse: bool = False,
    **_: Any,
) -> dict[str, Any]:
    """The asked page of `items`; exactly one of `first` and `last` must be given.

    https://shopify.dev/docs/api/usage/pagination-graphql
    """
    if (first is None) == (last is None):
        raise bad_request("you must provide one of first or last")
    size = first if first is not None else last
    if size is None or not 0 <= size <= MAX_PAGE:
        raise bad_request(f"page size must be between 0 and {MAX_PAGE}")
    ordered = list(reversed(items)) if reverse else list(items)
    start = _position(after) + 1 if after else 0
    end = _position(before) if before else len(ordered)
    window = range(max(0, start), max(start, min(end, len(ordered))))
    chosen = window[:size] if first is not None else window[max(0, len(window) - size) :]
    return {
        "nodes": [ordered[i] for i in chosen],
        "page_info": {
            "has_next_page": bool(chosen) and chosen[-1] + 1 < len(ordered),
            "has_previous_page": bool(chosen) and chosen[0] > 0,
            "start_cursor": _cursor(chosen[0]) if chosen else None,
            "end_cursor": _cursor(chosen[-1]) if chosen else None,
        },
    }


def plain_list(items: Sequence[Any], first: int | None) -> list[Any]:
    """A list that takes `first` without being a connection: cut silently."""
    return list(items if first is None else items[:first])


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()).decode().removeprefix("position:"))
    except (ValueError, binascii.Error):
        raise bad_request("Invalid cursor for current pagination sort.") from None
