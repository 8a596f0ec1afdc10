"""The word before a number that says what it is: an order's, or something else's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from app.domain.classify.lexicon import beside_numbers

_WORD = re.compile(r"[^\W\d_]+")
_GAP_SIGNS = re.compile(r"[\s:;=\"'’‘„“”«»()\[\]*_.,#№º°ª|/–—-]*")
_NEAR = 48
_APART = re.compile(r"[,;]|\. ")
# "Student no.", "subscriber number": a noun before these says whose number it is.
_NUMBERS_OF = frozenset({"number", "no", "id"})
_LEAST_NOUN = 4
_STOPS = frozenset(".,;:!?)(")
_NO_NOUNS = (
    *("order_label", "order_filler", "order_list", "weak_label", "number_word", "code_word"),
    *("refund_word", "verb_word"),
)
# Behind these, a dot ends no sentence.
_ABBREVIATIONS = frozenset(
    {"nr", "no", "num", "n", "nro", "pren", "ref", "id", "nos", "ord", "cust", "núm", "č"}
    | {"best", "réf", "rif", "cmd", "cde", "resa", "ped", "enc", "conf", "réserv", "bestell"}
    | {"reserv"}
)
# Words for "order" that people mistype often enough to know their mistakes.
_TYPED_LABELS = (
    *("order", "orders", "purchase", "bestellung", "bestellnummer", "commande", "pedido"),
    *("encomenda", "ordine", "bestelling", "bestelnummer"),
)


# Two words that together say something else than the second alone; "d'" and "de" stand between.
_PAIRS = {
    ("purchase", "order"): "weak",
    ("purchase", "number"): "weak",
    ("bon", "achat"): "other",
    ("buono", "acquisto"): "other",
    ("vale", "compra"): "other",
    ("vale", "compras"): "other",
}
# "Bought online" names no telephone line.
_ONLINE = frozenset(
    {("en", "ligne"), ("en", "línea"), ("en", "linea"), ("in", "linea"), ("em", "linha")}
    | {("on", "line")}
)
_IS = frozenset({"is", "ist", "est", "es", "è", "é", "ref"})
# A job is an order of craftsmen; a job with a reference is one to apply for.
_JOBS = frozenset({"job", "jobs"})
_ADVERTISED = frozenset({"ref", "reference", "id", "code", "opening", "posting", "offer"})
# Between a mistyped word and the number.
_NEXT_TO = _IS | {"nr", "no", "number"}
_BETWEEN_PAIRS = frozenset({"d", "de", "di"})


@dataclass(frozen=True)
class Label:
    """The nearest word before a number that says what it is.

    `kind`: `order`; `other` (a tracking number's, say); `weak` for words such as "reference" and
    `number` for such as "No.", which name an order where nothing else does; None where no word
    says anything. `is_close`: nothing but fillers stands between. `fillers` are those words,
    `word` is the one that labels.
    """

    kind: str | None = None
    is_close: bool = False
    fillers: tuple[str, ...] = ()
    word: str = ""

    @property
    def is_weak(self) -> bool:
        """Whether a weak word stands close before the number, and no stronger one."""
        return self.kind in {"weak", "number"} and self.is_close

    @property
    def is_adjacent(self) -> bool:
        """Whether nothing but "No." and "is" stands between the word and the number."""
        near = beside_numbers("number_word") | beside_numbers("code_word") | _IS
        return self.is_close and near.issuperset(self.fillers)


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


def _names_other(text: str, match: re.Match[str], words: list[str], index: int) -> bool:
    """Whether a noun stands right before "number" that makes it its own: "student no."."""
    before = words[index + 1] if index + 1 < len(words) else ""
    if len(before) < _LEAST_NOUN or text[match.start() - 1 : match.start()] != " ":
        return False
    if text[: match.start()].rstrip(" ")[-1:] in _STOPS:
        return False
    return not any(before in beside_numbers(group) for group in _NO_NOUNS)


def _kind(word: str, before: list[str], fillers: list[str], behind: str) -> str | None:
    """What a word says of the number behind it; `before` are the words in front, nearest first."""
    in_front = next((one for one in before if one not in _BETWEEN_PAIRS), "")
    pair = _PAIRS.get((in_front, word))
    if pair is not None:
        return pair
    if (in_front, word) in _ONLINE:
        return None
    if word == "best" and ("nr" in fillers or behind.startswith(".")):
        return "order"
    if word in _JOBS and not _ADVERTISED.isdisjoint(fillers):
        return "other"
    if word == "kd" and "nr" in fillers:
        return "other"
    is_next = _NEXT_TO.issuperset(fillers)
    if word in beside_numbers("order_label") or (is_next and _is_typo(word)):
        return "order"
    if word in beside_numbers("other_label"):
        return "other"
    # Numbers of things that nobody listed: Polisnr., Schadennummer.
    is_known = word in beside_numbers("number_word") or word in beside_numbers("weak_label")
    return "other" if word.endswith(("nr", "nummer")) and not is_known else None


def label_before(text: str, start: int) -> Label:
    """The nearest word that says what the number at `start` is, in the same sentence."""
    begin = max(0, start - _NEAR)
    found = list(_WORD.finditer(text, begin, start))
    if found and begin > 0 and found[0].start() == begin:
        found = found[1:]
    words = [match.group().lower() for match in reversed(found)]
    is_close = True
    fillers: list[str] = []
    weak: Label | None = None
    position = start
    for index, match in enumerate(reversed(found)):
        word, gap = words[index], text[match.end() : position]
        if _GAP_SIGNS.fullmatch(gap) is None or ("\n\n" in gap and ":" not in gap):
            is_close = False
        if gap.startswith((". ", ".\n", "! ", "? ")) and not _is_abbreviation(word):
            break
        is_named = gap == ", " and word in beside_numbers("order_label")
        is_apart = _APART.search(gap) and not (gap == ". " and _is_abbreviation(word))
        if weak is not None and is_apart and not (is_named and weak.kind == "number"):
            # What stands before a comma says nothing of "reference".
            break
        if word in beside_numbers("code_word") and weak is None:
            # A booking's code, where a word for it stands before; else one for something else.
            weak = Label("other", is_close, tuple(fillers))
        kind = _kind(word, words[index + 1 : index + 3], fillers, gap)
        if kind == "weak" or (kind is not None and weak is None):
            return Label(kind, is_close, tuple(fillers), word)
        elif kind == "other" and weak is not None and word in beside_numbers("phone_word"):
            # "Call me, my number is ..."
            return Label("other", True, tuple(fillers))
        elif kind is not None and weak is not None and (is_close or kind == "order"):
            # "Reference of my order": an order's. "The order that I made has no. 1001": likely.
            return Label(kind if is_close else "weak", True, tuple(fillers))
        if is_close and (weak is None or weak.kind == "number"):
            for group, name in (("weak_label", "weak"), ("number_word", "number")):
                if word in beside_numbers(group) and (weak is None or name == "weak"):
                    weak = Label(name, True, tuple(fillers))
            if weak is not None and word in _NUMBERS_OF and _names_other(text, match, words, index):
                return Label("other", True, tuple(fillers), words[index + 1])
        if word not in beside_numbers("order_filler"):
            is_close = False
        fillers.append(word)
        position = match.start()
    return weak or Label(fillers=tuple(fillers))


def is_of_something(label: Label) -> bool:
    """Whether what a label names only belongs to the number: "the invoice for 31007"."""
    if beside_numbers("belongs_to") & set(label.fillers[:2]):
        return True
    return not label.is_close and len(label.fillers) > 2
