"""The word before a number that says what it is: an order's, or something else's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from app.domain.classify.lexicon import beside_numbers

_WORD = re.compile(r"[^\W\d_]+")
_GAP_SIGNS = re.compile(r"[\s:;=\"'’‘„“”«»()\[\]*_.,#№º°ª|/–—-]*")
_NEAR = 48
# Behind these, a dot ends no sentence.
_ABBREVIATIONS = frozenset({"nr", "no", "num", "n", "nro", "ref", "id", "nos", "ord", "núm", "č"})
# Words for "order" that people mistype often enough to know their mistakes.
_TYPED_LABELS = (
    *("order", "orders", "purchase", "bestellung", "bestellnummer", "commande", "pedido"),
    *("encomenda", "ordine", "bestelling", "bestelnummer"),
)


@dataclass(frozen=True)
class Label:
    """The nearest word before a number that says what it is.

    `is_close`: nothing but fillers stands between. `fillers` are those words.
    """

    kind: str | None = None
    is_close: bool = False
    fillers: tuple[str, ...] = ()


def _is_abbreviation(word: str) -> bool:
    return word in _ABBREVIATIONS or word.endswith(("nr", "no", "num"))


@lru_cache(maxsize=1024)
def _is_typo(word: str) -> bool:
    """Whether a word is a frequent word for "order" with one letter wrong, missing or swapped."""
    if len(word) < 5 or word in beside_numbers("not_a_typo"):
        return False
    return any(_is_one_off(word, label) for label in _TYPED_LABELS)


def _is_one_off(word: str, label: str) -> bool:
    """Whether two words differ by one letter: another one, one more, or two that are swapped."""
    short, long = (word, label) if len(word) <= len(label) else (label, word)
    if len(long) - len(short) > 1 or len(short) < 4:
        return False
    same = next(
        (i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short)
    )
    if len(short) < len(long):
        return short[same:] == long[same + 1 :]
    is_swapped = short[same : same + 2] == long[same : same + 2][::-1]
    return short[same + 1 :] == long[same + 1 :] or (
        is_swapped and short[same + 2 :] == long[same + 2 :]
    )


def label_before(text: str, start: int) -> Label:
    """The nearest word that says what the number at `start` is, in the same sentence."""
    begin = max(0, start - _NEAR)
    found = list(_WORD.finditer(text, begin, start))
    if found and begin > 0 and found[0].start() == begin:
        found = found[1:]
    is_close = True
    fillers: list[str] = []
    position = start
    for match in reversed(found):
        word, gap = match.group().lower(), text[match.end() : position]
        if _GAP_SIGNS.fullmatch(gap) is None or ("\n\n" in gap and ":" not in gap):
            is_close = False
        if gap.startswith((". ", ".\n", "! ", "? ")) and not _is_abbreviation(word):
            return Label(fillers=tuple(fillers))
        is_label = word in beside_numbers("order_label") or (word == "best" and "nr" in fillers)
        if is_label or (not fillers and _is_typo(word)):
            return Label("order", is_close, tuple(fillers))
        if word in beside_numbers("other_label"):
            return Label("other", is_close, tuple(fillers))
        if word not in beside_numbers("order_filler"):
            is_close = False
        fillers.append(word)
        position = match.start()
    return Label(fillers=tuple(fillers))


def is_of_something(label: Label) -> bool:
    """Whether what a label names only belongs to the number: "the invoice for 31007"."""
    if beside_numbers("belongs_to") & set(label.fillers[:2]):
        return True
    return not label.is_close and len(label.fillers) > 2
