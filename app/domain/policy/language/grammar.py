"""The grammar as the parser uses it: `grammar.lark`, with the predicates of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from lark import Lark, Token
from lark.lexer import Lexer, Pattern

from app.domain.policy.facts import FACTS
from app.domain.policy.language.vocabulary import FORMS, SUBJECTS, Form

# Subjects that may be left out after "and": "the item is digital and was delivered …".
ELIDED = ("item", "order", "customer", "service")

_SLOT_RULES = {
    "ago": "ago",
    "count": "count",
    "money": "money_limit",
    "percent": "percent_limit",
    "days": "days",
    "minutes": "minutes",
    "text": "QUOTED",
    "texts": "texts",
    "code": "CODE",
    "codes": "codes",
    "dates": "dates",
    "span": "span",
}


@dataclass(frozen=True)
class Predicate:
    """What a predicate rule of the grammar means: the form for each subject, denied or not."""

    words: str
    forms: dict[str, Form]
    is_denial: bool


def value_words(value: str) -> str:
    """A fact's own value as written in a sentence: not_arrived is "not arrived"."""
    return value.replace("_", " ")


def _expansion(words: str, fact: str) -> str:
    """The words of a form as the right-hand side of a grammar rule."""
    parts = []
    for word in words.split():
        slot = word.strip("{}")
        if not word.startswith("{"):
            parts.append(f'"{word.lower()}"')
        elif slot in {"word", "words"}:
            parts.append(f"{slot}_{fact.replace('.', '_')}")
        else:
            parts.append(_SLOT_RULES[slot])
    return " ".join(parts)


def _value_rules() -> Iterator[str]:
    """For each enumerated fact a rule of its values, and one of several of them."""
    used = {form.fact for form in FORMS if "{word}" in form.words or "{words}" in form.words}
    for fact in sorted(used):
        name = fact.replace(".", "_")
        values = " | ".join(
            " ".join(f'"{word}"' for word in value_words(value).split()) + f" -> value_{value}"
            for value in FACTS[fact].values
        )
        yield f"word_{name}: {values}"
        yield f'words_{name}: word_{name} ("," word_{name})* "or" word_{name}'


@cache
def predicates() -> dict[str, Predicate]:
    """Each predicate rule by its name in the grammar. The same words are one rule."""
    found: dict[str, Predicate] = {}
    by_expansion: dict[str, str] = {}
    for form in FORMS:
        for words, is_denial in ((form.words, False), (form.denial, True)):
            if words is None:
                continue
            expansion = _expansion(words, form.fact)
            name = by_expansion.setdefault(expansion, f"p{len(by_expansion)}")
            known = found.get(name)
            if known is None:
                found[name] = Predicate(words, {form.subject: form}, is_denial)
            elif known.is_denial is not is_denial or form.subject in known.forms:
                raise ValueError(f"two forms are written {words!r}")
            else:
                known.forms[form.subject] = form
    return found


def _predicate_rules() -> Iterator[str]:
    every = predicates()
    for name, predicate in every.items():
        form = next(iter(predicate.forms.values()))
        yield f"{name}: {_expansion(predicate.words, form.fact)}"
    said = []
    for subject, words in SUBJECTS.items():
        names = [name for name, predicate in every.items() if subject in predicate.forms]
        written = " ".join(f'"{word}"' for word in words.split())
        extra = " | is_within" if subject == "item" else ""
        yield f"{subject}_predicate: {' | '.join(names)}{extra}"
        said.append(f"{written} {subject}_predicate -> said_{subject}")
    elided = [name for name, one in every.items() if set(ELIDED) & set(one.forms)]
    yield f"elided: {' | '.join(elided)} | is_within"
    said.append("elided -> said_again")
    things = [name for name, one in every.items() if {"item", "order"} & set(one.forms)]
    yield f"thing_predicate: {' | '.join(things)} | is_within"
    said.append('"it" thing_predicate -> said_it')
    said.append('"the" "fact" FACT_NAME by_name -> said_fact')
    yield f"said: {' | '.join(said)}"
    yield 'is_within: "is" after'


def _by_name_rules() -> Iterator[str]:
    yield (
        'by_name: "is" "true" -> fact_true | "is" "false" -> fact_false'
        ' | "is" bound NUMERAL "%"? -> fact_number | "is" bound NUMERAL CODE -> fact_money'
        ' | "is" QUOTED -> fact_is | "is" "not" QUOTED -> fact_is_not'
        ' | "is" "one" "of" texts -> fact_one_of | "is" "none" "of" texts -> fact_none_of'
        ' | "contains" QUOTED -> fact_contains | "contains" "one" "of" texts -> fact_contains_one'
        ' | "is" "like" QUOTED -> fact_like | "is" "like" "one" "of" texts -> fact_like_one'
        ' | "is" dates -> fact_dates'
    )


class Words(Lexer):
    """Lark is given words that were read already; see app.domain.policy.language.words."""

    def __init__(self, lexer_conf: object) -> None:
        pass

    def lex(self, *_: Any) -> Iterator[Token]:
        """Nothing: words are fed one by one."""
        return iter(())


@cache
def grammar_text() -> str:
    """The whole grammar."""
    own = resources.files("app.domain.policy.language").joinpath("grammar.lark").read_text("utf-8")
    added = "\n".join([*_predicate_rules(), *_value_rules(), *_by_name_rules()])
    return f"{own}\n{added}\n"


@cache
def parser() -> Lark:
    """The parser of one sentence (LALR), built once a process."""
    return Lark(grammar_text(), parser="lalr", lexer=Words, propagate_positions=True)


@cache
def keywords() -> dict[str, str]:
    """Each word that the grammar knows by itself -> its terminal."""
    # Terminals that are only declared have no pattern, whatever lark's types say.
    patterns: Iterator[tuple[str, Pattern | None]] = (
        (terminal.name, terminal.pattern) for terminal in parser().terminals
    )
    return {pattern.value: name for name, pattern in patterns if pattern is not None}
