"""Orders that a merchant keeps as custom objects, as labelled facts to read.

Each merchant models them differently, so nothing is interpreted: names become words, values text.
https://developer.kustomer.com/docs/apps/klasses
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from app.domain.orders_elsewhere import KeptOrder
from integrations.helpdesks.kustomer.payloads import KObject

MAX_ORDERS = 20
MAX_FACTS = 12
MAX_TEXT = 200
_TYPE_SUFFIX = re.compile(r"(?<=[a-z0-9])(Str|Txt|Num|Bool|At|Url)$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-]+")
_DAY = re.compile(r"\d{4}-\d\d-\d\dT")


def to_orders(objects: Iterable[KObject]) -> tuple[KeptOrder, ...]:
    """Newest first, at most `MAX_ORDERS`, each with at most `MAX_FACTS` facts."""
    found = sorted(
        objects,
        key=lambda one: one.attributes.created_at or datetime.min.replace(tzinfo=UTC),
        reverse=True,
    )
    return tuple(_order(one) for one in found[:MAX_ORDERS])


def label(name: str) -> str:
    """`orderTotalNum` and `@acmeordOrderTotalNum` in words: "Order total"."""
    bare = _TYPE_SUFFIX.sub("", name.lstrip("@"))
    words = " ".join(part for part in _HUMP.split(bare) if part).lower()
    return words[:1].upper() + words[1:]


def _order(one: KObject) -> KeptOrder:
    known = one.attributes
    facts = [*_facts(known.custom), *_facts(known.data)]
    return KeptOrder(
        id=one.id,
        title=(known.title or known.external_id or one.id)[:MAX_TEXT],
        created_at=known.created_at,
        facts=tuple(dict(facts).items())[:MAX_FACTS],
    )


def _facts(values: dict[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    """Plain values, and those one level below; lists only by their length."""
    for name, value in values.items():
        words = f"{before}, {label(name).lower()}" if before else label(name)
        if isinstance(value, dict) and not before:
            yield from _facts(value, words)
        elif isinstance(value, list):
            yield words, str(len(value))
        elif (text := _as_text(value)) is not None:
            yield words, text


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, dict):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = " ".join(str(value).split())
    if _DAY.match(text):
        return text[:10]
    return text[:MAX_TEXT] or None
