"""The nearest thing that can be written, for words that don't fit."""

from __future__ import annotations

from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from app.domain.policy.language.phrases import said_instead
from app.domain.policy.language.vocabulary import FORMS, SAID_OTHERWISE, SUBJECTS
from app.domain.policy.language.words import Word

MOST = 6
_STOPS = frozenset({"and", "or", "unless", "because", ",", ";", ")", "offer", "except"})


def closest(word: str, known: list[str], cutoff: float = 0.6) -> str | None:
    """The known word most like `word`, or None."""
    found = get_close_matches(word.lower(), known, n=1, cutoff=cutoff)
    return found[0] if found else None


@lru_cache(maxsize=16_384)
def _likeness(written: str, form: str) -> float:
    return SequenceMatcher(None, written, form).ratio()


def _subject_before(words: list[Word], index: int) -> tuple[str, int] | None:
    """The last subject that was named before `index`, and where its predicate begins."""
    for start in range(min(index, len(words)) - 1, -1, -1):
        for subject, spoken in SUBJECTS.items():
            parts = spoken.split()
            if [word.value for word in words[start : start + len(parts)]] == parts:
                return subject, start + len(parts)
    return None


def _similar_predicates(words: list[Word], index: int) -> list[tuple[float, str]]:
    """Things that can be said about the subject at hand, by likeness to what was written."""
    found = _subject_before(words, index)
    if found is None:
        return []
    subject, start = found
    if any(word.value in _STOPS for word in words[start:index]):
        return []
    written = []
    for word in words[start : start + 9]:
        if word.value in _STOPS:
            break
        written.append(word.value)
    said = " ".join(written)
    ranked = [
        (_likeness(said, in_words(form)), form)
        for form in dict.fromkeys(
            words
            for form in FORMS
            if form.subject == subject
            for words in (form.words, form.denial)
            if words
        )
    ]
    spoken = SUBJECTS[subject]
    return [
        (score, f"{spoken} {in_words(form)}")
        for score, form in sorted(ranked, reverse=True)
        if score > 0.5
    ]


_SLOT_WORDS = {
    "{ago}": "within the last 30 days",
    "{count}": "at least 3",
    "{money}": "at least 50 EUR",
    "{percent}": "at least 20%",
    "{days}": "at most 14 days",
    "{minutes}": "at least 30 minutes",
    "{text}": '"…"',
    "{texts}": '"…" or "…"',
    "{word}": "…",
    "{words}": "… or …",
    "{code}": "EUR",
    "{codes}": "EUR or USD",
    "{dates}": "from 1 November to 24 December",
    "{span}": "30 days",
}


def in_words(form: str) -> str:
    """A form with an example in each slot."""
    return " ".join(_SLOT_WORDS.get(word, word) for word in form.split())


def nearest(
    words: list[Word], index: int, continuations: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """A hint about the word at `index`, and what can be written there, the nearest first."""
    word = words[index].value if index < len(words) else ""
    written = " ".join(one.value for one in words[index : index + 4])
    firsts = {phrase.split()[0]: phrase for phrase in continuations}
    hint = ""
    meant = closest(word, [first for first in firsts if first.isalpha()]) if word else None
    said, remark = said_instead(words, index, meant not in {None, word})
    if said:
        hint = f"This language says: {said[0]}{f' {remark}' if remark else ''}."
        return hint, said
    if word[:1].isalnum() and '"quoted' in firsts:
        hint = f'Your own words stand in quotation marks: "{words[index].text}".'
    elif word in SAID_OTHERWISE:
        hint = f'For "{word}" this language says: {SAID_OTHERWISE[word]}.'
    elif meant is not None and meant != word:
        hint = f'Did you mean "{meant}"?'
    scored = [(_likeness(written, phrase), phrase) for phrase in continuations]
    scored += _similar_predicates(words, index)
    if meant is not None:
        scored.append((2.0, firsts[meant]))
    ranked = dict.fromkeys(phrase for _, phrase in sorted(scored, key=lambda one: -one[0]))
    return hint, tuple(ranked)[:MOST]
