"""Clauses looked at for analysis: the cases that each covers, and one that two share."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.policy.conditions import AllOf
from app.domain.policy.language.cases import (
    Atom,
    Case,
    cases_of,
    is_possible,
    meets,
    without_repetition,
)
from app.domain.policy.language.printing_conditions import Words
from app.domain.policy.language.problems import Place
from app.domain.policy.model import Clause
from app.domain.policy.precedence import Ranked, effective_condition


class Looked:
    """A clause with its rank and the cases it covers (None: too many to look at)."""

    def __init__(self, ranked: Ranked) -> None:
        clause = ranked.clause
        self.clause = clause
        self.ranked = ranked
        found = cases_of(effective_condition(clause))
        self.cases = None if found is None else [case for case in found if is_possible(case)]

    @property
    def is_dead(self) -> bool:
        """Whether its condition can't ever hold."""
        return self.cases == []

    @property
    def place(self) -> Place:
        """Where the clause stands in the text."""
        return Place(line=self.clause.source_line or 1, column=1)


def named(clause: Clause) -> str:
    """A clause as messages name it: `rule "Late" (line 3)`."""
    kind = "exception" if clause.is_exception else "rule"
    line = f" (line {clause.source_line})" if clause.source_line else ""
    return f'{kind} "{clause.title}"{line}'


def case_words(case: Sequence[Atom], most: int = 6) -> str:
    """A case as a condition, cut short."""
    told = without_repetition(case)
    words = Words().condition(AllOf(parts=told[:most])) if told else "anything"
    return words + (" and so on" if len(told) > most else "")


def shared_case(one: Looked, two: Looked) -> Case | None:
    """A case in which both hold, or None."""
    for mine in one.cases or ():
        for theirs in two.cases or ():
            if meets(mine, theirs):
                return tuple(dict.fromkeys((*mine, *theirs)))
    return None
