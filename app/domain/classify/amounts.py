"""Amounts of money that a text names, in every locale's spelling.

They are hints for the agent: what is refunded is never taken from them. Numbers are found first,
then what stands beside each one is looked up, so the work grows with the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import islice

from app.domain.classification import NamedAmount
from app.domain.classify.amount_judging import bare_is_money
from app.domain.classify.amount_numbers import (
    GLUED_BEFORE,
    NUMBER,
    Found,
    belongs_to_next,
    is_glued,
    value_of,
)
from app.domain.classify.amount_words import with_amounts_in_digits
from app.domain.classify.currencies import DOLLAR_NAMES, OTHER_DOLLARS, currency_of, dollar_at
from app.domain.classify.dates import month_of
from app.domain.classify.lexicon import beside_numbers
from app.domain.classify.numbers import (
    MAX_FOUND,
    MAX_NUMBERS,
    without_addresses,
    words_after,
    words_before,
)

_MINOR_BEHIND = re.compile(
    r"(?i)[ ](?:(?:and|und|et|y|e|en|con|com)[ ])?(\d{1,2})[ ]?"
    r"(?:cents?|centimes|c(?:é|e)ntimos|centavos|c(?:ê|e)ntimos|centesimi|pence|p)(?![^\W_])"
)
# "48 euro 90": without a word for the hundredths.
_MINOR_ALONE = re.compile(r"[ ](\d{2})(?![\w]|[.,:/-]\d)")
# "30 ou 40 €", "20-30 euros": what stands between two amounts of one currency.
_EITHER = re.compile(
    r"(?i)[ ]?(?:[-–—/]|(?<=[ ])(?:or|oder|ou|o|of|to|bis|à|a|tot|até|ate|bzw\.?)(?=[ ]))[ ]?"
    r"(?=(?:[€£$][ ]?)?\d)"
)
# "32 instead of 20 euros"
_INSTEAD = re.compile(
    r"(?i)[ ](?:instead of|rather than|statt|anstatt|au lieu de|en vez de|en lugar de|in plaats van"
    r"|em vez de|invece d[ie]i?)[ ](?=\d)"
)
_BETWEEN_AND = re.compile(r"(?i)[ ](?:and|und|et|y|en|e)[ ](?=\d)")
_LONGEST_EITHER = 8
# "1001 euro 48" is rather an order and an amount.
_LONGEST_WITH_MINOR = 3
_SAID_BETWEEN = frozenset({"between", "zwischen", "entre", "tussen", "tra", "fra"})
_CENTS_BEHIND = re.compile(r"(?i)(?:€|£|\$|eur|euros?)(\d{2})(?![\d.,])")


def _with_cents(
    text: str, one: Found, language: str | None, seen: set[str]
) -> tuple[str | None, int]:
    """The number as one figure (`48€60` is 48.60) and where it ends; None when it isn't money."""
    if one.before is None and one.after is not None and len(one.written) <= _LONGEST_WITH_MINOR:
        alone = _minor_alone(text, one.behind_name) if one.written.isdigit() else None
        if alone is not None and not is_glued(text, one):
            return f"{one.written}.{alone.group(1)}", alone.end()
    cents = _CENTS_BEHIND.match(text, one.end)
    if cents is not None and one.written.isdigit() and one.before is None:
        return f"{one.written}.{cents.group(1)}", cents.end()
    if one.before is None and one.after is not None and belongs_to_next(text, one):
        return None, one.end
    if is_glued(text, one):
        return None, one.end
    if one.before is None and one.after is None and not bare_is_money(text, one, language, seen):
        return None, one.end
    if one.after is not None and one.written.isdigit():
        minor = _MINOR_BEHIND.match(text, one.behind_name)
        if minor is not None:
            return f"{one.written}.{minor.group(1):0>2}", minor.end()
    return one.written, one.end


def _minor_alone(text: str, place: int) -> re.Match[str] | None:
    """The hundredths of "48 euro 90", unless a unit or a month follows: "48 euro 10 days ago"."""
    if not text[max(0, place - 3) : place].isalpha() or text[max(0, place - 3) : place].isupper():
        return None
    found = _MINOR_ALONE.match(text, place)
    following = words_after(text, found.end(), 20) if found else []
    is_other = bool(following) and (
        following[0] in beside_numbers("unit")
        or following[0] in beside_numbers("not_money_unit")
        or month_of(following[0]) is not None
    )
    return None if is_other else found


def _shared_currency(text: str, one: Found) -> tuple[str, int] | None:
    """The currency's name of the number that follows in "30 ou 40 €", and where that begins."""
    if one.before is not None or one.after is not None or len(one.written) > _LONGEST_EITHER:
        return None
    instead = _INSTEAD.match(text, one.end)
    between = instead or _EITHER.match(text, one.end)
    if between is None:
        between = _BETWEEN_AND.match(text, one.end)
        if between is None or not _SAID_BETWEEN & set(words_before(text, one.start, 20)[:1]):
            return None
    match = NUMBER.match(text, between.end())
    if match is None or re.match(r"[\w]|[-/.]\d", text[match.end() : match.end() + 2]):
        return None
    other = Found(text, match)
    if other.after is None or other.before is not None:
        return None
    first, second = value_of(one.written, None), value_of(other.written, None)
    if first is None or second is None or not (instead or first < second):
        return None
    before = words_before(text, one.start, 20)[:1]
    if any(
        word in beside_numbers(name) for word in before for name in ("time_word", "other_label")
    ):
        # "Size 38 or 40 euros"
        return None
    return other.after, match.start()


def find_amounts(text: str, language: str | None = None) -> tuple[NamedAmount, ...]:
    """Amounts that a text names, in order of appearance, each once.

    A number without a currency counts only when it has two decimals, or follows a word such as
    "paid", and isn't a time, date or size. "$" is read as US dollars, unless the text says which
    others; "kr" is that of the text's language, else None.
    """
    text = with_amounts_in_digits(without_addresses(text))
    found: dict[tuple[Decimal, str | None], NamedAmount] = {}
    read_until = named_until = 0
    shared_until = -1
    seen: set[str] = set()
    for match in islice(NUMBER.finditer(text), MAX_NUMBERS):
        if match.start() < read_until:
            continue
        one = Found(text, match)
        if one.before is not None and one.before_start < named_until:
            # "48 euro 10 days ago": the word is the first number's.
            one.before = None
        goes_on = match.start() == shared_until
        is_glued_before = GLUED_BEFORE.search(text[max(0, one.start - 2) : one.start])
        shared = None if is_glued_before else _shared_currency(text, one)
        written: str | None = one.written
        if shared is not None:
            one.after, read_until = shared
            shared_until = read_until
        elif not goes_on:
            written, read_until = _with_cents(text, one, language, seen)
        if written is None:
            continue
        if shared is None and one.before is None and one.after is not None:
            named_until = one.behind_name
        currency = _currency(text, one, language)
        value = value_of(written, currency)
        if value is not None:
            found.setdefault((value, currency), NamedAmount(amount=value, currency=currency))
        if len(found) >= MAX_FOUND:
            break
    return _one_dollar(_with_currency(found.values()))


def _currency(text: str, one: Found, language: str | None) -> str | None:
    """The currency beside a number; for "$" that which a code or word behind it tells."""
    dollar = None
    if one.before in DOLLAR_NAMES:
        dollar = dollar_at(text, one.end)
    elif one.after in DOLLAR_NAMES:
        dollar = dollar_at(text, one.behind_name)
    return dollar or currency_of(one.before or one.after, language)


def _with_currency(found: Iterable[NamedAmount]) -> list[NamedAmount]:
    """Amounts without those that are named once more with their currency: "6,99 €, so 6,99"."""
    amounts = list(found)
    told = {one.amount for one in amounts if one.currency is not None}
    return [one for one in amounts if one.currency is not None or one.amount not in told]


def _one_dollar(found: Iterable[NamedAmount]) -> tuple[NamedAmount, ...]:
    """Amounts with "$" read as the one dollar that the text names elsewhere (A$, CAD)."""
    amounts = tuple(found)
    others = {amount.currency for amount in amounts} & OTHER_DOLLARS
    if len(others) != 1:
        return amounts
    other = others.pop()
    return tuple(
        dict.fromkeys(
            NamedAmount(amount=one.amount, currency=other) if one.currency == "USD" else one
            for one in amounts
        )
    )
