"""The writer's own words for goods, found beside small words that come before a thing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from app.domain.classify.cues import Sentence, plain_word
from app.domain.classify.lexicon import plain_group

_MAX = 6
_LONGEST = 4
_MAX_SPANS = 12
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[.,;:!?()\n\"„“”]")
_SKU = re.compile(
    r"(?<![\w#-])(?=[A-Z0-9-]*[A-Z])(?=[A-Z0-9-]*[0-9])[A-Z0-9]{2,8}(?:-[A-Z0-9]{1,8}){1,4}(?![\w-])"
)


def _phrase(words: list[str]) -> str | None:
    """A thing's name from the words behind an article: "rain jacket" of "rain jacket arrived"."""
    kept: list[str] = []
    for word in words[:_LONGEST]:
        plain = plain_word(word)
        if not plain[0].isalnum() or plain in plain_group("ends_thing"):
            break
        kept.append(word)
    while kept and plain_word(kept[-1]) in plain_group("not_a_thing"):
        kept.pop()
    if not kept or any(plain_word(word) in plain_group("not_a_thing") for word in kept):
        return None
    if all(word.isdigit() for word in kept) or len(kept[-1]) < 3:
        return None
    return " ".join(kept)


def find_items(text: str, spans: Iterable[Sentence]) -> tuple[str, ...]:
    """Names of things in the given sentences, in order, each once; SKUs as written.

    Generous: what isn't a thing of the order is found out when the order's lines are compared.
    """
    found: dict[str, str] = {}
    for span in islice(spans, _MAX_SPANS):
        part = text[span.start : span.end]
        words = _WORD.findall(part)
        for index, word in enumerate(words[:200]):
            if plain_word(word) not in plain_group("before_thing"):
                continue
            phrase = _phrase(words[index + 1 : index + 1 + _LONGEST])
            if phrase is not None:
                found.setdefault(phrase.casefold(), phrase[:60])
        for sku in _SKU.findall(part):
            found.setdefault(sku.casefold(), sku)
        if len(found) >= _MAX:
            break
    return tuple(found.values())[:_MAX]
