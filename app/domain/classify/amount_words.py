"""Amounts that are told in words, in the seven supported languages: "thirty one pounds forty".

Only words right before a currency's name are read, so that "one of the boxes" stays what it is.
"""

from __future__ import annotations

import re
from functools import cache

from app.domain.classify.cues import plain_word
from app.domain.classify.lexicon import beside_numbers, blocks

_CURRENCY = re.compile(
    r"(?i)(?<![^\W_])(?:euros?|eur|dollars?|d(?:ó|o)lar(?:es)?|dollari|bucks|pounds?|quid|pfund|libras"
    r"|sterline|ponden|franken|francs|franchi|francos|reais|pesos?|rupees|rupien|kronor"
    r"|kroner|zloty|rand)(?![^\W_])"
)
_WORD = re.compile(r"[^\W\d_]+")
_REACH = 110
_MOST_WORDS = 12
_MOST_WORDS_OF_MINOR = 4
_MOST_CURRENCIES = 20
_AND = frozenset({"and", "und", "et", "y", "e", "en", "con", "com"})
_HUNDRED, _THOUSAND, _SCORE = 100, 1000, 20
# "Nineteen" and "seventy-nine" in French count on from sixty and eighty.
_COUNTED_ON = frozenset({60, 80})
_LARGEST = 100_000
# Minor units that nobody names as such: "eleven pounds forty", not "eleven pounds two days ago".
_LEAST_MINOR = 10


@cache
def _values() -> dict[str, int]:
    """The value of each single word, folded and without accents."""
    return {
        word: int(value)
        for value, words in blocks("number_words.txt").items()
        for word in words.split()
    }


def _compound_pattern(joint: str, hundred: str) -> re.Pattern[str]:
    """How German and Dutch write numbers below a thousand as one word."""
    values = _values()
    units = "|".join(word for word, value in values.items() if value < _LEAST_MINOR)
    teens = "|".join(word for word, value in values.items() if 10 <= value < _SCORE)
    tens = "|".join(word for word, value in values.items() if _SCORE <= value < _HUNDRED)
    return re.compile(
        rf"(?:(?P<hundreds>{units})?(?P<hundred>{hundred})(?:{joint})?)?"
        rf"(?:(?P<teen>{teens})|(?P<unit>{units})|(?:(?P<units>{units}){joint})?(?P<tens>{tens}))?"
    )


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return (_compound_pattern("und", "hundert"), _compound_pattern("en", "honderd"))


@cache
def _italian() -> re.Pattern[str]:
    """How Italian writes numbers below a thousand as one word; vowels meet and one is lost."""
    units = "uno|un|due|tre|quattro|cinque|sei|sette|otto|nove"
    tens = "venti?|trenta?|quaranta?|cinquanta?|sessanta?|settanta?|ottanta?|novanta?"
    teens = (
        "dieci|undici|dodici|tredici|quattordici|quindici|sedici|diciassette|diciotto|diciannove"
    )
    return re.compile(
        rf"(?:(?P<hundreds>{units})?(?P<hundred>cento?))?"
        rf"(?:(?P<teen>{teens})|(?P<tens>{tens})(?P<units>{units})?|(?P<unit>{units}))?"
    )


def _below_thousand(word: str) -> int | None:
    """The value of a word that is a number below a thousand, written as one."""
    values = _values()
    if word in values:
        return values[word]
    for pattern in (*_patterns(), _italian()):
        found = pattern.fullmatch(word)
        if found is None or not word:
            continue
        total = 0
        if found["hundred"]:
            total = _HUNDRED * (values[found["hundreds"]] if found["hundreds"] else 1)
        for name in ("teen", "unit", "units", "tens"):
            part = found[name]
            if part:
                # "Vent-uno": the last vowel of the tens is lost.
                total += next(
                    values[one] for one in (part, part + "i", part + "a") if one in values
                )
        return total
    return None


@cache
def _thousands() -> tuple[str, ...]:
    return ("tausend", "duizend", "mila", "mille")


def value_of_word(word: str) -> int | None:
    """The value of one word: `neunundachtzig`, `millecento`, `forty`; None for other words."""
    plain = plain_word(word)
    found = _below_thousand(plain)
    if found is not None:
        return found
    for thousand in _thousands():
        before, told, after = plain.partition(thousand)
        if not told:
            continue
        many = _below_thousand(before) if before else 1
        rest = _below_thousand(after.removeprefix("und")) if after else 0
        if many is not None and rest is not None and many < _THOUSAND:
            return many * _THOUSAND + rest
    return None


def _goes_on(current: int, value: int) -> bool:
    """Whether a value is added to a number that is spoken: 120 and 5, not 20 and 30."""
    if current == 0:
        return True
    if value < _LEAST_MINOR:
        return current % 10 == 0 and (current % 100 != 10)
    if value < _SCORE:
        return current % _HUNDRED == 0 or (current % _HUNDRED in _COUNTED_ON)
    if value < _HUNDRED:
        return current % _HUNDRED == 0
    return current % _THOUSAND == 0


def number_of(words: list[str]) -> int | None:
    """The number that words end with: "it costs two hundred and five" → 205."""
    total = current = 0
    last = None
    for word in words:
        value = value_of_word(word)
        if value is None:
            continue
        if value == _THOUSAND:
            total, current = total + max(1, current) * _THOUSAND, 0
        elif value == _HUNDRED and 1 < current < _HUNDRED:
            current *= _HUNDRED
        elif value == _SCORE and last == 4 and current % 10 == 4 and plain_word(word)[:1] == "v":
            # Quatre-vingt.
            current += 4 * _SCORE - 4
        elif _goes_on(current, value):
            current += value
        else:
            total, current = 0, value
        last = value
    return total + current or None


def _words_before(text: str, end: int) -> list[re.Match[str]]:
    """The number words right before a place, in order; empty when there are none."""
    found: list[re.Match[str]] = []
    position = end
    for match in reversed(list(_WORD.finditer(text, max(0, end - _REACH), end))):
        if text[match.end() : position] not in {" ", "-", "\n"} or len(found) >= _MOST_WORDS:
            break
        word = plain_word(match.group())
        if value_of_word(word) is None and not (found and word in _AND):
            break
        found.append(match)
        position = match.start()
    while found and value_of_word(found[-1].group()) is None:
        found.pop()
    return found[::-1]


def _minor_behind(text: str, start: int) -> tuple[int, int]:
    """Hundredths that are told behind a currency's name, and where they end; 0 for none."""
    words: list[str] = []
    position = last = start
    for match in _WORD.finditer(text, start, start + 60):
        word = plain_word(match.group())
        if text[position : match.start()] not in {" ", "-"}:
            break
        if words and word in beside_numbers("minor_unit"):
            minor = number_of(words)
            return (minor, match.end()) if minor and minor < _HUNDRED else (0, start)
        if value_of_word(word) is None:
            if words or word not in _AND:
                break
        else:
            words.append(word)
            last = match.end()
        position = match.end()
        if len(words) > _MOST_WORDS_OF_MINOR:
            return 0, start
    minor = number_of(words) if words else None
    if minor is None or not _LEAST_MINOR <= minor < _HUNDRED:
        return 0, start
    following = _WORD.match(text, last + 1)
    if following is not None and following.group().lower() in beside_numbers("unit"):
        return 0, start
    return minor, last


def with_amounts_in_digits(text: str) -> str:
    """`text` with amounts that are told in words in digits: `11.40 pounds`."""
    parts: list[str] = []
    position = 0
    for count, match in enumerate(_CURRENCY.finditer(text)):
        if count >= _MOST_CURRENCIES:
            break
        words = _words_before(text, match.start())
        if not words or words[0].start() < position:
            continue
        number = number_of([word.group() for word in words])
        before = _WORD.findall(text[max(0, words[0].start() - 20) : words[0].start()])
        is_vague = bool(before) and before[-1].lower() in beside_numbers("vague_word")
        if number is None or not 1 < number < _LARGEST or is_vague:
            continue
        minor, end = _minor_behind(text, match.end())
        written = f"{number}.{minor:02d}" if minor else str(number)
        parts += [text[position : words[0].start()], f"{written} {match.group()}"]
        position = end if minor else match.end()
    return "".join([*parts, text[position:]])
