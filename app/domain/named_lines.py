"""Which lines of an order a customer means, where their words leave no doubt."""

from __future__ import annotations

import re

from app.domain.classification import Request, Wants
from app.domain.classify.cues import plain_word
from app.domain.order import LineItem, Order

_WORD = re.compile(r"[^\W_]{3,}")
# Words that many products have in their names and that name none of them.
_COMMON = frozenset(
    (
        *(
            "the",
            "and",
            "for",
            "with",
            "set",
            "pack",
            "size",
            "new",
            "pro",
            "plus",
            "mini",
            "black",
        ),
        *("white", "blue", "red", "green", "small", "large", "medium", "und", "mit", "aus", "der"),
        *("die", "das", "les", "des", "une", "avec", "para", "con", "van", "voor", "com", "per"),
    )
)


def _stem(word: str) -> str:
    """A word without the ending of its plural, so that "lamps" and "lamp" are one."""
    plain = plain_word(word)
    for ending in ("es", "s", "en", "n", "e"):
        if plain.endswith(ending) and len(plain) - len(ending) >= 4:
            return plain[: -len(ending)]
    return plain


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in _WORD.findall(text)} - _COMMON


def _is_named(line: LineItem, item: str, others: list[set[str]]) -> bool:
    """Whether words of the customer fit this line by something that no other line has."""
    if line.sku and line.sku.casefold() == item.casefold():
        return True
    own = _stems(line.name) - set().union(*others) if others else _stems(line.name)
    return bool(_stems(item) & own)


def lines_meant(request: Request, order: Order) -> tuple[str, ...]:
    """Ids of the lines that the customer names for sure; empty when all or none are meant.

    Each thing named must fit exactly one line, or none at all ("the zip"). Where the whole order is
    asked for, or only one line can be meant anyway, nothing is narrowed.
    """
    if request.wants is Wants.WHOLE or len(order.lines) < 2 or not request.items_named:
        return ()
    meant: dict[str, None] = {}
    for item in request.items_named:
        fitting = [
            line.id
            for line in order.lines
            if _is_named(line, item, [_stems(o.name) for o in order.lines if o.id != line.id])
        ]
        if len(fitting) > 1:
            return ()
        for line_id in fitting:
            meant[line_id] = None
    return tuple(meant) if len(meant) < len(order.lines) else ()
