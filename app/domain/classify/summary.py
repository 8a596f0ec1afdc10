"""Two sentences of the writer's own that say what happened and what is wanted."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from app.domain.classify.cues import Hit, Sentence
from app.domain.classify.endings import without_opening

_MAX_SENTENCE = 180
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,80}|(?:https?://|www\.)\S{1,200}|\+[0-9 ()/-]{8,20}")
# Where a sentence ends: a mark and a blank, or an empty line. A dot in "48.60" or "Nr. 5" isn't.
_ENDS = re.compile(r"[.!?]{1,3}(?=\s{1,3}[^\Wa-zß-ÿ\d_]|\s{0,3}$|\n)|\n\s{0,5}\n")

# How much a phrase says about what happened, and about what is wanted.
_HAPPENED = {
    **dict.fromkeys(("damaged", "wrong_item", "not_as_described", "duplicate"), 3.0),
    **dict.fromkeys(("not_arrived", "changed_mind", "cancel", "lost", "already", "status"), 2.5),
    **dict.fromkeys(("return", "exchange", "payment_issue", "invoice", "account"), 1.0),
    **dict.fromkeys(("shipping", "order_change", "complaint", "part", "whole", "opened"), 0.7),
}
_WANTED = {
    **dict.fromkeys(("mention", "exchange", "return", "policy", "cancel"), 2.0),
    **dict.fromkeys(("ask", "status"), 1.5),
    **dict.fromkeys(("chargeback", "lawyer"), 0.5),
}


def _real_sentences(text: str) -> list[tuple[int, int]]:
    """Beginnings and ends of sentences as a reader sees them."""
    places: list[tuple[int, int]] = []
    start = 0
    for match in _ENDS.finditer(text):
        places.append((start, match.end()))
        start = match.end()
        if len(places) >= 60:
            break
    if start < len(text):
        places.append((start, len(text)))
    return [(a, b) for a, b in places if text[a:b].strip()]


def _shown(text: str) -> str:
    """A sentence for a note: in one line, without addresses, cut at a word."""
    line = " ".join(_ADDRESS.sub("…", text).split()).lstrip("-–—*•,. ")
    line = without_opening(line)
    if len(line) <= _MAX_SENTENCE:
        return line
    return line[:_MAX_SENTENCE].rsplit(" ", 1)[0] + " …"


def summarise(text: str, spans: Sequence[Sentence], hits: Mapping[str, Sequence[Hit]]) -> str:
    """At most two sentences of `text`, in its own order and words. Empty for an empty text."""
    places = _real_sentences(text)
    if not places:
        return ""
    happened = [0.0] * len(places)
    wanted = [0.0] * len(places)
    starts = {number: span.start for number, span in enumerate(spans)}
    for table, points in ((_HAPPENED, happened), (_WANTED, wanted)):
        for group, worth in table.items():
            for number in {hit.sentence for hit in hits.get(group, ())}:
                index = _place_of(places, starts[number])
                if index is not None:
                    points[index] += worth
    best = max(range(len(places)), key=lambda i: (wanted[i] + 0.4 * happened[i], -i))
    others = [i for i in range(len(places)) if i != best]
    chosen = {best}
    if others:
        second = max(others, key=lambda i: (happened[i] + 0.3 * wanted[i], -i))
        if happened[second] or wanted[second] or not (happened[best] or wanted[best]):
            chosen.add(second)
    return " ".join(_shown(text[a:b]) for a, b in (places[i] for i in sorted(chosen)))


def _place_of(places: Sequence[tuple[int, int]], position: int) -> int | None:
    index = bisect_right(places, position, key=lambda place: place[0]) - 1
    return index if index >= 0 and position < places[index][1] else None
