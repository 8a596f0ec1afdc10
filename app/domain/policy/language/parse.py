"""One sentence at a time through the grammar: a tree, or what is wrong and what can be written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from lark import Token
from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from app.domain.policy.language.grammar import keywords, parser
from app.domain.policy.language.nearest import nearest
from app.domain.policy.language.problems import Place, Problem
from app.domain.policy.language.trees import Node, trees_of
from app.domain.policy.language.words import MAX_SENTENCE_WORDS, Sentence, Word

MAX_DEPTH = 20
_END = "$END"
_BEGINS_CONDITION = frozenset({"if", "when", "unless"})
_CURRENCY = re.compile(r"^[A-Z]{3}$")
_SHOWN = {
    "QUOTED": '"quoted words"',
    "NUMERAL": "a number",
    "CODE": "a currency such as EUR",
    "FULL_DATE": "a date such as 24 December 2026",
    "YEARLY_DAY": "a day such as 24 December",
    "FACT_NAME": "the name of a fact",
    _END: "a full stop",
}


@dataclass(frozen=True)
class Parsed:
    """A sentence with its tree; `node` is the kind of sentence that it is."""

    sentence: Sentence
    tree: Node

    @property
    def node(self) -> Node:
        """The tree of the sentence itself."""
        return trees_of(self.tree)[0]


def terminal_of(word: Word, before: Word | None) -> str:
    """What the grammar calls a word. Words that it doesn't know are called WORD."""
    if word.kind != "WORD":
        return keywords().get(word.kind, word.kind)
    is_currency = _CURRENCY.match(word.text) is not None
    if is_currency and before is not None and before.kind == "NUMERAL":
        return "CODE"
    known = keywords().get(word.value)
    return known or ("CODE" if is_currency else "WORD")


def _token(word: Word, before: Word | None) -> Token:
    terminal = terminal_of(word, before)
    return Token(
        terminal,
        word.text if terminal == "CODE" else word.value,
        start_pos=word.start,
        line=word.line,
        column=word.column,
        end_pos=word.end,
    )


def _fed(words: list[Word]) -> InteractiveParser:
    """The parser's state after words that are known to fit."""
    state = parser().parse_interactive("")
    for index, word in enumerate(words):
        state.feed_token(_token(word, words[index - 1] if index else None))
    return state


def _accepted(state: InteractiveParser) -> set[str]:
    """The terminals that fit next."""
    found: set[str] = state.accepts()  # type: ignore[no-untyped-call]
    return found


def what_follows(words: list[Word]) -> tuple[str, ...]:
    """What can be written after the first words of a sentence, each as far as it is certain.

    `words` must fit the grammar; from one that doesn't on, nothing is looked at.
    """
    state = parser().parse_interactive("")
    for index, word in enumerate(words):
        try:
            state.feed_token(_token(word, words[index - 1] if index else None))
        except (UnexpectedToken, KeyError):
            return _continuations(_fed(words[:index]))
    return _continuations(state)


def _shown(terminal: str) -> str:
    return _SHOWN.get(terminal) or _spellings().get(terminal, terminal)


@cache
def _spellings() -> dict[str, str]:
    """Each terminal of the grammar's own words -> the word."""
    return {name: word for word, name in keywords().items()}


def _continuations(state: InteractiveParser) -> tuple[str, ...]:
    """Each word that fits, with those that must follow it."""
    found = []
    for terminal in sorted(_accepted(state)):
        phrase, cursor, last = [_shown(terminal)], state, terminal
        while last != _END and len(phrase) < 8:
            cursor = cursor.copy(deepcopy_values=False)  # type: ignore[no-untyped-call]
            cursor.feed_token(Token(last, ""))
            fitting = _accepted(cursor)
            if len(fitting) != 1:
                break
            (last,) = fitting
            if last != _END:
                phrase.append(_shown(last))
        found.append(" ".join(phrase).replace(" ,", ",").replace(" %", "%").replace(" :", ":"))
    return tuple(sorted(found))


def parse(sentence: Sentence, text: str) -> tuple[list[Parsed], list[Problem]]:
    """The tree of a sentence; more than one where a full stop was forgotten at a line's end."""
    words = sentence.words
    if len(words) > MAX_SENTENCE_WORDS:
        return [], [
            Problem(
                place=sentence.place,
                code="too_long",
                message=f"This sentence has {len(words)} words; the limit is "
                f"{MAX_SENTENCE_WORDS}. Make it two rules.",
            )
        ]
    if too_deep := _too_deep(words):
        return [], [too_deep]
    state = parser().parse_interactive("")
    for index, word in enumerate(words):
        try:
            state.feed_token(_token(word, words[index - 1] if index else None))
        except UnexpectedToken:
            return _broken(sentence, text, index)
    try:
        tree = state.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedToken:
        return [], [_ends_early(sentence, text)]
    problems = [] if sentence.is_finished else [_no_stop(words[-1])]
    return [Parsed(sentence, tree)], problems


def _too_deep(words: list[Word]) -> Problem | None:
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word.kind, 0)
        if depth > MAX_DEPTH:
            return Problem(
                place=word.place,
                code="too_deep",
                message=f"More than {MAX_DEPTH} brackets are open. Make it several rules.",
            )
    return None


def _no_stop(last: Word) -> Problem:
    return Problem(
        place=last.place,
        code="no_full_stop",
        message="The sentence has no full stop at its end.",
        suggestions=(f"{last.text}.",),
    )


def _broken(sentence: Sentence, text: str, index: int) -> tuple[list[Parsed], list[Problem]]:
    """The word at `index` doesn't fit."""
    words = sentence.words
    word = words[index]
    state = _fed(words[:index])
    fitting = _accepted(state)
    if _END in fitting and _may_begin(words, index):
        # A forgotten full stop: both sentences are read.
        first = Sentence(words[:index], True, words[index - 1].end)
        parsed, problems = parse(first, text)
        more, further = _rest(sentence, text, index)
        return parsed + more, [*problems, _no_stop(words[index - 1]), *further]
    understood = sentence.source(text, index) or None
    hint, suggestions = nearest(words, index, _continuations(state))
    if word.text in "$€£¥₹" and word.kind == "other":
        message = (
            f'Amounts are written with the currency behind them: "50 USD", not "{word.text}50".'
        )
    elif word.value in {"and", "or"} and _is_mixed(words[:index], word.value, fitting):
        message = (
            '"and" and "or" are mixed. Put brackets around what belongs together: (… and …) or …'
        )
    elif word.kind == "other":
        message = f"{word.text!r} can't be read."
    else:
        message = f'"{word.text}" doesn\'t fit here.'
    problem = Problem(
        place=word.place,
        code="not_understood",
        message=f"{message} {hint}".strip(),
        understood=understood,
        suggestions=suggestions,
    )
    for later in range(index + 1, len(words)):
        if _may_begin(words, later):
            more, further = _rest(sentence, text, later)
            return more, [problem, _no_stop(words[later - 1]), *further]
    return [], [problem]


def _is_mixed(before: list[Word], joint: str, fitting: set[str]) -> bool:
    """Whether a condition was joined by "and" and goes on with "or", or the other way round."""
    other = {"and": "or", "or": "and"}[joint]
    said = [word.value for word in before]
    begun = max((at for at, word in enumerate(said) if word in _BEGINS_CONDITION), default=None)
    return begun is not None and other in said[begun:] and other.upper() in fitting


def _may_begin(words: list[Word], index: int) -> bool:
    """Whether a new sentence may begin with this word: on a new line, with a capital letter."""
    if index == 0 or words[index].line == words[index - 1].line:
        return False
    return words[index].text[:1].isupper() and terminal_of(words[index], None) in _beginnings()


@cache
def _beginnings() -> frozenset[str]:
    """The words that a sentence can begin with."""
    return frozenset(_accepted(parser().parse_interactive("")))


def _rest(sentence: Sentence, text: str, index: int) -> tuple[list[Parsed], list[Problem]]:
    """What stands behind a forgotten full stop."""
    return parse(Sentence(sentence.words[index:], sentence.is_finished, sentence.end), text)


def _ends_early(sentence: Sentence, text: str) -> Problem:
    last = sentence.words[-1]
    place = Place(line=last.line, column=last.column + len(last.text))
    return Problem(
        place=place,
        code="ends_early",
        message="The sentence ends too early: something must follow.",
        understood=sentence.source(text),
        suggestions=nearest(
            sentence.words, len(sentence.words), _continuations(_fed(sentence.words))
        )[1],
    )
