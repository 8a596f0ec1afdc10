"""Card numbers and the like, taken out before anything is stored or logged."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

# Characters that people, forms and mail programs put between the digits of a card number: blanks of
# all widths, dots, dashes, underscores, and marks that aren't seen.
_BETWEEN = r"[ \t._*\u00a0\u00ad\u2000-\u2015\u202f\u2060\u2212\u3000\ufeff-]"
_DIGITS = re.compile(rf"\d(?:{_BETWEEN}{{0,3}}\d){{12,}}")
_GROUP = re.compile(r"\d+")
_CARD_DIGITS = range(13, 20)
# A number in international form is a phone number: "+" and at most 15 digits (ITU-T E.164).
_PHONE_DIGITS = 15

_IBAN = re.compile(
    r"\b[A-Za-z]{2}[0-9]{2}(?:[ .-]?[A-Za-z0-9]{4}){2,7}(?:[ .-]?[A-Za-z0-9]{1,3})?\b"
)
_SHORTEST_IBAN = 15
_SIGNS = re.compile(r"[A-Za-z0-9]+")
_LETTER_DIGITS = {ord("A") + number: str(10 + number) for number in range(26)}
# Looked for first, which costs next to nothing.
_CVC_WORDS = ("cvc", "cvv", "security code", "prüfziffer")
_CVC = re.compile(r"(?i)\b(cvc2?|cvv2?|security code|prüfziffer)([^\d\n]{0,12})\d{3,4}\b")


# What a digit counts in Luhn's sum when it is doubled.
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


# Groups of so many digits and more may be of different sizes in one number.
_LEAST_LONG = 3


def _may_be_card(sizes: list[int], leading: int) -> bool:
    """Whether digits in groups of these sizes may be one card number instead of several numbers.

    Written together, in equal small steps, or in groups of three and more. Dates beside order
    numbers are neither. No payment card begins with 0 (ISO/IEC 7812-1).
    """
    if len(sizes) == 1:
        return True
    if leading == 0:
        return False
    steps = set(sizes[:-1])
    return min(steps) >= _LEAST_LONG or (len(steps) == 1 and sizes[-1] <= max(steps))


def _reaches(sizes: list[int]) -> list[int]:
    """For each group, the last one that a card number which begins there may end with.

    As `_may_be_card` has it: all groups before the last have three digits or more, or all are of
    one size. In rows of dates nearly no group reaches the thirteen digits of a card.
    """
    long = equal = len(sizes) - 1
    reaches = [long] * len(sizes)
    for place in range(len(sizes) - 2, -1, -1):
        size, following = sizes[place : place + 2]
        if following < _LEAST_LONG:
            long = place + 1
        if following != size:
            equal = place + 1
        reaches[place] = max(long, equal) if size >= _LEAST_LONG else equal
    return reaches


def _card_spans(run: str) -> Iterator[tuple[int, int, str]]:
    """Places of card numbers in a run of digits and blanks: start, end, the last four digits.

    A card number begins and ends with a group of digits, so "4111 1111 1111 1111 12/27" hides its
    card from nobody. Luhn sums of all stretches come from two running totals.
    """
    groups = [(m.start(), m.end()) for m in _GROUP.finditer(run)]
    sizes = [end - start for start, end in groups]
    reaches = _reaches(sizes)
    joined = "".join([run[start:end] for start, end in groups])
    digits = [*map(int, joined)] if joined.isascii() else [*map(unicodedata.digit, joined)]
    doubled = [_DOUBLED[digit] for digit in digits]
    mixed = digits.copy()
    mixed[::2] = doubled[::2]
    even = [0, *accumulate(mixed)]
    doubled[::2] = digits[::2]
    odd = [0, *accumulate(doubled)]
    counts = [0, *accumulate(sizes)]
    first = 0
    while first < len(groups):
        longest: int | None = None
        begin, reach = counts[first], reaches[first]
        if counts[reach + 1] - begin < _CARD_DIGITS[0]:
            first += 1
            continue
        shortest = bisect_left(counts, begin + _CARD_DIGITS[0], first + 1) - 1
        for last in range(shortest, reach + 1):
            end = counts[last + 1]
            if end - begin > _CARD_DIGITS[-1]:
                break
            # Every second digit from the right is doubled, beginning with the last but one.
            sums = even if end % 2 == 0 else odd
            if (sums[end] - sums[begin]) % 10:
                continue
            if _may_be_card(sizes[first : last + 1], digits[begin]):
                longest = last
        if longest is None:
            first += 1
            continue
        tail = "".join(str(d) for d in digits[counts[longest + 1] - 4 : counts[longest + 1]])
        yield groups[first][0], groups[longest][1], tail
        first = longest + 1


def _mask_cards(match: re.Match[str]) -> str:
    run = match.group()
    if match.start() > 0 and match.string[match.start() - 1] == "+":
        first_number = re.match(r"[\d ()-]*", run)
        if first_number and sum(s.isdigit() for s in first_number.group()) <= _PHONE_DIGITS:
            return run
    kept: list[str] = []
    position = 0
    for start, end, tail in _card_spans(run):
        kept += [run[position:start], f"[card ending {tail}]"]
        position = end
    return "".join([*kept, run[position:]])


def _mask_account(match: re.Match[str]) -> str:
    """The account number masked; words that stand right behind it are left.

    Letters count as two digits, the first four signs go to the end, and the whole number leaves 1
    when it is divided by 97 (ISO 13616). The remainder is carried from group to group.
    """
    found = match.group()
    ahead = int(_as_digits(found[:4]))
    remainder, longest = 0, 0
    for group in _SIGNS.finditer(found, 4):
        digits = _as_digits(group.group())
        remainder = (remainder * 10 ** len(digits) + int(digits)) % 97
        if group.end() >= _SHORTEST_IBAN and (remainder * 10**6 + ahead) % 97 == 1:
            longest = group.end()
    return f"[bank account]{found[longest:]}" if longest else found


def _as_digits(signs: str) -> str:
    return signs.upper().translate(_LETTER_DIGITS)


def mask_payment_data(text: str) -> str:
    """`text` with card numbers (Luhn), IBANs (check digits) and card security codes masked.

    The last four digits of a card stay, as a helpdesk shows them anyway. Phone numbers in
    international form stay. Linear in the text's length.
    """
    if _GROUP.search(text) is None:
        return text
    text = _DIGITS.sub(_mask_cards, text)
    text = _IBAN.sub(_mask_account, text)
    lowered = text.lower()
    if not any(word in lowered for word in _CVC_WORDS):
        return text
    return _CVC.sub(r"\1\2[removed]", text)
