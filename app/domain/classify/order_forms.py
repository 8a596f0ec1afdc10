"""What the order names of one store look like, learned from orders that were seen."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.domain.base import Value

ORDER_FORM = re.compile(
    r"(?P<lead>[0-9]{1,2}-)?(?P<prefix>[A-Za-z]{0,8})(?P<dash>[-_/]?)(?P<body>[0-9]{3,18})"
    r"(?P<tail>(?:[-/][0-9]{1,8}){0,3})(?P<suffix>-?[A-Za-z]{0,4})"
)


class OrderForm(Value):
    """What order names of one store look like: letters, a dash, digits, letters.

    `lowest` and `highest` are the numbers seen; order numbers grow, so newer ones may be a little
    higher.
    """

    prefix: str = ""
    dash: str = ""
    suffix: str = ""
    digits_least: int
    digits_most: int
    lowest: int
    highest: int

    def fits(self, prefix: str, suffix: str, body: str) -> bool:
        """Whether a number with these parts may be one of the store's."""
        if (prefix.upper(), suffix.upper()) != (self.prefix, self.suffix):
            return False
        if not self.digits_least <= len(body) <= self.digits_most + 1:
            return False
        return self.lowest // 2 <= int(body) <= 2 * self.highest + 1000


def learn_forms(names: Iterable[str]) -> tuple[OrderForm, ...]:
    """The forms that order names have (`#1001`, `SO-2231`, `000000123`), most frequent first."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for name in names:
        match = ORDER_FORM.fullmatch(name.strip().lstrip("#").strip())
        if match is not None and not match.group("tail"):
            key = (match.group("prefix").upper(), match.group("dash"), match.group("suffix"))
            groups.setdefault((key[0], key[1], key[2].upper()), []).append(match.group("body"))
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return tuple(
        OrderForm(
            prefix=prefix,
            dash=dash,
            suffix=suffix,
            digits_least=min(map(len, bodies)),
            digits_most=max(map(len, bodies)),
            lowest=min(map(int, bodies)),
            highest=max(map(int, bodies)),
        )
        for (prefix, dash, suffix), bodies in ordered
    )


def widen_forms(known: tuple[OrderForm, ...], seen: tuple[OrderForm, ...]) -> tuple[OrderForm, ...]:
    """Known forms together with those of more names, at most ten."""
    found = {(form.prefix, form.dash, form.suffix): form for form in known}
    for form in seen:
        key = (form.prefix, form.dash, form.suffix)
        before = found.get(key, form)
        found[key] = form.model_copy(
            update={
                "digits_least": min(before.digits_least, form.digits_least),
                "digits_most": max(before.digits_most, form.digits_most),
                "lowest": min(before.lowest, form.lowest),
                "highest": max(before.highest, form.highest),
            }
        )
    return tuple(found.values())[:10]
