"""Clauses that can hold at once, want different things, and none of which goes first.

They are told rule by rule, and at the end comes one order of priorities that resolves all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.domain.policy.language.cases import Case, is_surely_possible
from app.domain.policy.language.ladder import priorities
from app.domain.policy.language.looking import Looked, case_words, named, shared_case
from app.domain.policy.language.printing_conditions import listed
from app.domain.policy.language.problems import Place, Problem, Severity
from app.domain.policy.model import Clause, Effect, Policy
from app.domain.policy.precedence import rank

MOST_REPORTED = 50
_MOST_NAMED = 12


@dataclass(frozen=True)
class _Met:
    """A clause that an other one meets, a case of both, and whether that is an error."""

    other: Looked
    shared: Case
    is_error: bool


def conflicts(looked: Sequence[Looked]) -> Iterator[Problem]:
    """One problem for each clause that conflicts with earlier ones, then what resolves them all."""
    found: list[tuple[Looked, list[_Met]]] = []
    for index, two in enumerate(looked):
        met = []
        for one in looked[:index]:
            if one.ranked.group == two.ranked.group or _is_settled(one, two):
                continue
            shared = shared_case(one, two)
            if shared is not None:
                met.append(_Met(one, shared, _is_error(one, two, shared)))
        if met:
            found.append((two, met))
    is_one_pair = sum(len(met) for _, met in found) == 1
    for number, (two, met) in enumerate(found):
        if number == MOST_REPORTED:
            yield Problem(
                place=two.place,
                code="conflict",
                message=f"{len(found) - number} more sentences conflict; they aren't listed.",
            )
            break
        yield _conflict(two, met, is_one_pair)
    if found and not is_one_pair:
        yield from _way_out(looked, found[-1][0].place)


def goes_before(policy: Policy) -> dict[str, tuple[str, ...]]:
    """For each clause the names of those that it beats where both hold and differ."""
    looked = [Looked(ranked) for ranked in rank(policy.clauses)]
    found: dict[str, tuple[str, ...]] = {}
    for one in looked:
        found[one.clause.id] = tuple(
            two.clause.title
            for two in looked
            if one.ranked.group != two.ranked.group
            and one.ranked.beats(two.ranked)
            and shared_case(one, two) is not None
        )
    return found


def _is_settled(one: Looked, two: Looked) -> bool:
    return one.ranked.beats(two.ranked) or two.ranked.beats(one.ranked)


def _is_error(one: Looked, two: Looked, shared: Case) -> bool:
    """Where one of both asks a person anyway, a person is what the conflict leads to."""
    effects = {one.clause.effect, two.clause.effect}
    is_harmless = bool(effects & {Effect.REVIEW, Effect.ASK_EVIDENCE})
    return not is_harmless and is_surely_possible(shared)


def _conflict(two: Looked, met: Sequence[_Met], is_one_pair: bool) -> Problem:
    # An error is what the example shows where there is one.
    first = next((one for one in met if one.is_error), met[0])
    shown = case_words(first.shared)
    if len(met) == 1:
        said = (
            f"and the {named(first.other.clause)} can both hold and want different things, for "
            f"instance if {shown}"
        )
    else:
        names = [_short(one.other.clause) for one in met[:_MOST_NAMED]]
        if len(met) > _MOST_NAMED:
            names.append(f"{len(met) - _MOST_NAMED} more")
        said = (
            f"can hold together with {listed(names, 'and')}, which want something else, for "
            f'instance with "{first.other.clause.title}" if {shown}'
        )
    return Problem(
        place=two.place,
        code="conflict",
        severity=Severity.ERROR if first.is_error else Severity.WARNING,
        message=f"The {named(two.clause)} {said}. Then a person must decide.",
        suggestions=_ways_out(first.other.clause, two.clause) if is_one_pair else (),
    )


def _short(clause: Clause) -> str:
    line = f" (line {clause.source_line})" if clause.source_line else ""
    return f'"{clause.title}"{line}'


def _ways_out(one: Clause, two: Clause) -> tuple[str, ...]:
    """How the author can say which of two goes first: mostly the one that doesn't simply refund."""
    first, second = (one, two) if two.effect is Effect.REFUND else (two, one)
    kind = "Exception" if first.is_exception else "Rule"
    return (
        f'Exception "{first.title}" to "{second.title}": …',
        f'{kind} "{first.title}" with priority {max(second.priority, 0) + 10}: …',
    )


def _way_out(looked: Sequence[Looked], place: Place) -> Iterator[Problem]:
    ladder = priorities(looked)
    if ladder is None:
        return
    steps = ", ".join(f"{title} {priority}" for title, priority in ladder)
    yield Problem(
        place=place,
        code="priorities",
        severity=Severity.WARNING,
        message="One order settles all of these: of several that hold, the highest priority "
        f'decides. Give priorities in this order: {steps}. Write each behind its name ("with '
        f'priority {ladder[0][1]}"); the others need none. Change the order where you mean '
        "another.",
    )
