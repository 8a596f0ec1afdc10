"""Short answers that only mean something together with what was asked: "Yes please, do that"."""

from __future__ import annotations

import re

from app.domain.classify.cues import plain_word, sentences
from app.domain.classify.lexicon import agreement_book

_MOST_WORDS = 14
_LINE = re.compile(r"[^\n]{1,400}")


def agrees_to_refund(answer: str, asked: str) -> bool:
    """Whether a short text says yes to a quoted or earlier one that offers money back.

    Never true when the answer also says no ("yes, but I don't want a refund").
    """
    spans = sentences(answer[:600])
    words = [word for span in spans for word in span.words]
    if not words or len(words) > _MOST_WORDS or not asked:
        return False
    said = {hit.group for hit in agreement_book().find(spans)}
    opens = plain_word(words[0])
    if "no" in said or not ("yes" in said or opens in {"yes", "ja", "oui", "si", "sim", "ok"}):
        return False
    offered = {hit.group for hit in agreement_book().find(sentences(asked[:4000]))}
    return "offer" in offered
