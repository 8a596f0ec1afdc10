"""Amounts of money that a text names, in every locale's spelling.

They are hints for the agent: what is refunded is never taken from them. Numbers are found first,
then what stands beside each one is looked up, so the work grows with the text and no faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import islice

from price_parser.parser import parse_number

from app.domain.classification import NamedAmount
from app.domain.classify.lexicon import beside_numbers
from app.domain.classify.numbers import (
    MAX_FOUND,
    MAX_NUMBERS,
    without_addresses,
    words_after,
    words_before,
)
from app.domain.money import minor_unit_digits

# None: a sign or word that several currencies share.
_SIGNS: dict[str, str | None] = {
    "€": "EUR", "$": "USD", "us$": "USD", "u$s": "USD", "usd$": "USD", "ca$": "CAD", "c$": "CAD",
    "cad$": "CAD", "a$": "AUD", "au$": "AUD", "aud$": "AUD", "nz$": "NZD", "hk$": "HKD",
    "s$": "SGD", "sg$": "SGD", "r$": "BRL", "mx$": "MXN", "£": "GBP", "gb£": "GBP", "¥": "JPY",
    "円": "JPY", "元": "CNY", "₹": "INR", "₺": "TRY", "₴": "UAH", "₽": "RUB", "₩": "KRW",
    "원": "KRW", "₪": "ILS", "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN", "zł": "PLN",
    "zl": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON", "лв": "BGN", "руб": "RUB", "грн": "UAH",
    "tl": "TRY", "kr": None, "fr": "CHF", "sfr": "CHF", "rs": "INR", "rp": "IDR", "rm": "MYR",
    "euro": "EUR", "euros": "EUR", "eur": "EUR", "eurot": "EUR", "euroa": "EUR",
    "dollar": "USD", "dollars": "USD", "dólares": "USD", "dolares": "USD", "dollari": "USD",
    "dólar": "USD", "bucks": "USD", "usd": "USD", "pound": "GBP", "pounds": "GBP", "quid": "GBP",
    "pfund": "GBP", "libras": "GBP", "sterline": "GBP", "ponden": "GBP", "livres sterling": "GBP",
    "franken": "CHF", "francs": "CHF", "franchi": "CHF", "francos": "CHF", "reais": "BRL",
    "kronor": "SEK", "kroner": None, "zloty": "PLN", "złotych": "PLN", "złote": "PLN",
    "zlotys": "PLN", "yen": "JPY", "rupees": "INR", "rupien": "INR", "korun": "CZK",
    "forint": "HUF", "рублей": "RUB", "гривень": "UAH", "lira": "TRY", "rand": "ZAR",
    "pesos": None, "dirham": "AED", "dirhams": "AED", "yuan": "CNY", "won": "KRW",
}  # fmt: skip
_CODES = (
    "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF RON BGN ISK JPY CNY KRW INR IDR THB SGD HKD TWD MYR"
    " PHP VND AUD NZD CAD MXN BRL ARS CLP COP PEN UYU ZAR TRY UAH RUB ILS AED SAR QAR KWD BHD OMR"
    " JOD TND MAD EGP NGN KES"
)
_CODE_SET = frozenset(_CODES.split())
CURRENCY_NAMES: dict[str, str | None] = {
    **{code.lower(): code for code in _CODES.split()},
    **_SIGNS,
    "rmb": "CNY",
}
_OTHER_DOLLARS = frozenset({"CAD", "AUD", "NZD", "HKD", "SGD"})
# Crowns are those of the writer's language.
_CROWNS = {"sv": "SEK", "da": "DKK", "no": "NOK", "nb": "NOK", "is": "ISK"}
# Short words that stand for a currency only behind a number with decimals or beside "." or "$":
# "Fr. 12.03." is a Friday, "5 ft" a length, "3 rs" nothing.
WEAK_NAMES = frozenset(
    {"fr", "ft", "rs", "rm", "rp", "tl", "all", "top", "cop", "try", "mad", "won"}
)
_LETTERS_AND_SIGNS = r"[^\W\d_]{0,8}[$€£¥₹₺₴₽₩₪฿₫₱₦円元원]|[^\W\d_]{1,9}"
_BEFORE = re.compile(rf"(?<![^\W_])({_LETTERS_AND_SIGNS})(\.?)[ ]{{0,2}}[-−]?$")
_AFTER = re.compile(r"[ ]{0,2}([^\W\d_]{0,8}[$€£¥₹₺₴₽₩₪฿₫₱₦]|[円元원]|[^\W\d_]{1,9}(?![^\W\d_]))")
_REACH = 14

_NUMBER = re.compile(
    r"(?<![\d])(?:"
    # Indian grouping: 1,23,456.50
    r"\d{1,2}(?:,\d{2}){1,3},\d{3}(?:\.\d{1,2})?"
    r"|\d{1,3}(?:[ '’.,]\d{3}){1,4}(?:[.,]\d{1,2})?"
    r"|\d{1,9}(?:[.,]\d{1,3})?"
    r")(?!\d)(?P<round>(?:[.,:](?:-{1,2}|[–—])|/-)?)"
)
_CLOCK = re.compile(r"(?:[01]?\d|2[0-3])[.,][0-5]\d")
_EXACT = re.compile(r"[.,]\d{2}$")
# Letters of Asian scripts stand right beside a number; those of others make it part of a code.
_GLUED_BEFORE = re.compile(r"[0-9A-Za-z_\u00c0-\u05ff#+]$|\d[.,:'’]$|\w[-/_.]$")
_MINOR_BEHIND = re.compile(
    r"(?i)[ ](?:(?:and|und|et|y|e|en)[ ])?(\d{1,2})[ ]?"
    r"(?:cents?|centimes|c(?:é|e)ntimos|centavos|c(?:ê|e)ntimos|centesimi|pence|p)(?![^\W_])"
)
_CENTS_BEHIND = re.compile(r"(?i)(?:€|£|\$|eur|euros?)(\d{2})(?![\d.,])")
# What makes a number with two decimals a time, a date, a size or a share instead of money.


def _value(written: str, currency: str | None) -> Decimal | None:
    """The value of a number as people write it, in whichever locale's spelling."""
    number = re.sub(r"['’ ]", "", written)
    if re.fullmatch(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?", number):
        number = number.replace(",", "")
    if currency is not None and minor_unit_digits(currency) == 3:
        tail = re.search(r"[.,]([0-9]{3})$", number)
        if tail is not None and not re.search(r"[.,]", number[: tail.start()]):
            return Decimal(number.replace(",", "."))
    return parse_number(number)


class _Found:
    """A number in the text, and the currency beside it."""

    def __init__(self, text: str, match: re.Match[str]) -> None:
        self.start, self.end = match.span()
        self.written = match.group()[: len(match.group()) - len(match.group("round"))]
        self.is_round = bool(match.group("round"))
        self.before, self.before_start = self._name_before(text)
        self.after = self._name_after(text)

    def _name_before(self, text: str) -> tuple[str | None, int]:
        found = _BEFORE.search(text[max(0, self.start - _REACH) : self.start])
        name = found.group(1).lower() if found else ""
        if found is None or name not in CURRENCY_NAMES:
            return None, self.start
        is_weak = name in WEAK_NAMES and not found.group(2) and not found.group(1)[0].isupper()
        if is_weak and not _EXACT.search(self.written) and not self.is_round:
            return None, self.start
        if name == "fr" and self._is_day_of_month(text):
            return None, self.start
        return name, self.start - len(found.group())

    def _name_after(self, text: str) -> str | None:
        found = _AFTER.match(text, self.end)
        if found is None:
            return None
        name = found.group(1).lower()
        if name not in CURRENCY_NAMES:
            return None
        if name in WEAK_NAMES and not _EXACT.search(self.written):
            is_long = sum(sign.isdigit() for sign in self.written) >= 3
            is_code = found.group(1) in _CODE_SET or name == "tl" or (name == "ft" and is_long)
            if not found.group(1)[0].isupper() or not is_code:
                return None
        return name

    def _is_day_of_month(self, text: str) -> bool:
        """`Fr. 12.03.` is a Friday in March."""
        return bool(re.fullmatch(r"\d{1,2}\.\d{2}", self.written)) and text.startswith(
            ".", self.end
        )


def _belongs_to_next(text: str, found: _Found) -> bool:
    """Whether the sign behind a number is the beginning of the next amount: `1001 $48.60`."""
    place = _AFTER.match(text, found.end)
    if place is None:
        return False
    gap = text[found.end : place.start(1)]
    return (
        bool(gap) and re.match(r"[ ]?\d{1,7}(?:[.,]\d{2})?(?!\d)", text[place.end() :]) is not None
    )


def _is_glued(text: str, found: _Found) -> bool:
    """Whether a number is part of something longer: a date, a phone number, a code."""
    if found.before is not None:
        return False
    if _GLUED_BEFORE.search(text[max(0, found.start - 2) : found.start]):
        return True
    behind = text[found.end : found.end + 2]
    if found.after is not None:
        return False
    return re.match(r"[^\W\d_]|[.,:/'’-]\d|[-–]\d", behind) is not None


def _bare_is_money(text: str, found: _Found) -> bool:
    """Whether a number without a currency is money: exact cents, or behind "paid"."""
    after = words_after(text, found.end, 20)
    before = words_before(text, found.start, 40)
    behind = text[found.end : found.end + 3].lstrip()
    if behind.startswith("%") or (after and after[0] in beside_numbers("not_money_unit")):
        return False
    if _EXACT.search(found.written) or found.is_round:
        if after and after[0] in beside_numbers("until") and _CLOCK.fullmatch(found.written):
            return False
        close = text[max(0, found.start - 1) : found.start] in {" ", "\n", ""}
        return not (before and before[0] in beside_numbers("time_word") and close)
    if not found.written.isdigit() or len(found.written) > 4:
        return False
    if after and after[0] in beside_numbers("paid_behind"):
        return True
    if _is_sum_of_refund(before) and (len(found.written) <= 3 or found.written.endswith("00")):
        return True
    if not before or before[0] not in beside_numbers("money_verb"):
        return False
    gap = text[max(0, found.start - 1) : found.start]
    is_year = len(found.written) == 4 and found.written[:2] in {"19", "20"}
    ends = not behind or behind[0] in ".,;!?)\n"
    return (
        gap == " "
        and not is_year
        and (ends or bool(after and after[0] in beside_numbers("amount_goes_on")))
    )


def _is_sum_of_refund(before: list[str]) -> bool:
    """Whether the words before a number, nearest first, are "refund of" or "refund me"."""
    if len(before) < 2 or before[0] not in beside_numbers("sum_of"):
        return False
    return before[1] in beside_numbers("refund_noun")


def _currency(name: str | None, language: str | None) -> str | None:
    if name in {"kr", "kroner"}:
        return _CROWNS.get(language or "")
    return CURRENCY_NAMES[name] if name is not None else None


def _with_cents(text: str, one: _Found) -> tuple[str | None, int]:
    """The number as one figure (`48€60` is 48.60) and where it ends; None when it isn't money."""
    cents = _CENTS_BEHIND.match(text, one.end)
    if cents is not None and one.written.isdigit() and one.before is None:
        return f"{one.written}.{cents.group(1)}", cents.end()
    if one.before is None and one.after is not None and _belongs_to_next(text, one):
        return None, one.end
    if _is_glued(text, one):
        return None, one.end
    if one.before is None and one.after is None and not _bare_is_money(text, one):
        return None, one.end
    if one.after is not None and one.written.isdigit():
        place = _AFTER.match(text, one.end)
        minor = _MINOR_BEHIND.match(text, place.end()) if place else None
        if minor is not None:
            return f"{one.written}.{minor.group(1):0>2}", minor.end()
    return one.written, one.end


def find_amounts(text: str, language: str | None = None) -> tuple[NamedAmount, ...]:
    """Amounts that a text names, in order of appearance, each once.

    A number without a currency counts only when it has two decimals, or follows a word such as
    "paid", and isn't a time, date or size. "$" is read as US dollars; "kr" is that of the text's
    language, else None.
    """
    text = without_addresses(text)
    found: dict[tuple[Decimal, str | None], NamedAmount] = {}
    read_until = 0
    for match in islice(_NUMBER.finditer(text), MAX_NUMBERS):
        if match.start() < read_until:
            continue
        one = _Found(text, match)
        written, read_until = _with_cents(text, one)
        if written is None:
            continue
        currency = _currency(one.before or one.after, language)
        value = _value(written, currency)
        if value is not None:
            found.setdefault((value, currency), NamedAmount(amount=value, currency=currency))
        if len(found) >= MAX_FOUND:
            break
    return _one_dollar(found.values())


def _one_dollar(found: Iterable[NamedAmount]) -> tuple[NamedAmount, ...]:
    """Amounts with "$" read as the one dollar that the text names elsewhere (A$, CAD)."""
    amounts = tuple(found)
    others = {amount.currency for amount in amounts} & _OTHER_DOLLARS
    if len(others) != 1:
        return amounts
    other = others.pop()
    return tuple(
        dict.fromkeys(
            NamedAmount(amount=one.amount, currency=other) if one.currency == "USD" else one
            for one in amounts
        )
    )
