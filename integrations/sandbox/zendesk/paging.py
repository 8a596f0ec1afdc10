"""Cursor and offset paging.

https://developer.zendesk.com/api-reference/introduction/pagination/
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from werkzeug.datastructures import MultiDict

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.errors import ApiError

MAX_OFFSET_RECORDS = 10_000


def whole_argument(args: MultiDict[str, str], name: str, default: int, top: int) -> int:
    """A positive whole number from the query, at most `top`."""
    given = args.get(name, "")
    return min(int(given), top) if given.isdigit() and int(given) > 0 else default


def encode_cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode_cursor(cursor: str) -> str:
    """Raises ApiError 400 for one that isn't ours."""
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ApiError(
            400,
            {"errors": [{"code": "InvalidPaginationParameter", "title": "page[after] is invalid"}]},
        ) from None


def page_of(
    account: Account,
    args: MultiDict[str, str],
    path: str,
    key: str,
    records: Sequence[Any],
    render: Callable[[Any], dict[str, Any]],
    *,
    identify: Callable[[Any], Any] = lambda record: record.id,
    cursor_only: bool = False,
) -> dict[str, Any]:
    """One page of `records`, with cursor paging when the query asks for it by `page[size]`."""
    if cursor_only or "page[size]" in args or "page[after]" in args:
        return _cursor_page(account, args, path, key, records, render, identify)
    size = whole_argument(args, "per_page", 100, 100)
    number = whole_argument(args, "page", 1, 10**9)
    if number * size > MAX_OFFSET_RECORDS:
        raise ApiError(
            400,
            {
                "error": "InvalidPaginationDepth",
                "description": f"Offset pagination ends at {MAX_OFFSET_RECORDS} records",
            },
        )
    start = (number - 1) * size

    def url(page: int) -> str:
        kept = {k: v for k, v in args.items() if k != "page"}
        return account.url(f"{path}?{urlencode({**kept, 'page': page})}")

    return {
        key: [render(record) for record in records[start : start + size]],
        "next_page": url(number + 1) if start + size < len(records) else None,
        "previous_page": url(number - 1) if number > 1 else None,
        "count": len(records),
    }


def _cursor_page(
    account: Account,
    args: MultiDict[str, str],
    path: str,
    key: str,
    records: Sequence[Any],
    render: Callable[[Any], dict[str, Any]],
    identify: Callable[[Any], Any],
) -> dict[str, Any]:
    size = whole_argument(args, "page[size]", 100, 100)
    start = 0
    if "page[after]" in args:
        after = decode_cursor(args["page[after]"])
        known = [str(identify(record)) for record in records]
        start = known.index(after) + 1 if after in known else len(known)
    chosen = records[start : start + size]
    has_more = start + size < len(records)
    cursor = encode_cursor(str(identify(chosen[-1]))) if chosen else None
    kept = {k: v for k, v in args.items() if k != "page[after]"}
    following = None
    if has_more and cursor:
        following = account.url(
            f"{path}?{urlencode({**kept, 'page[after]': cursor}, quote_via=quote)}"
        )
    return {
        key: [render(record) for record in chosen],
        "meta": {
            "has_more": has_more,
            "after_cursor": cursor if has_more else None,
            "before_cursor": encode_cursor(str(identify(chosen[0]))) if start and chosen else None,
        },
        "links": {"next": following, "prev": None},
    }
