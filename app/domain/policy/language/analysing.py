"""What a policy's author should think about: conflicts, dead clauses, gaps, facts nobody has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.domain.policy.conditions import AllOf, Condition, facts_of
from app.domain.policy.facts import EVERY_STORE, Source, fact_spec
from app.domain.policy.language.cases import (
    Atom,
    Case,
    cases_of,
    is_possible,
    is_surely_possible,
    meets,
    negated,
    without_repetition,
)
from app.domain.policy.language.printing_conditions import Words, listed
from app.domain.policy.language.problems import Place, Problem, Severity
from app.domain.policy.model import Clause, Effect, Policy, Scope
from app.domain.policy.precedence import Ranked, effective_condition, find_cycle, rank

MOST_REPORTED = 50
_MOST_STEPS = 5_000


class _Looked:
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


def analyse(policy: Policy, stores: Sequence[str] = EVERY_STORE) -> tuple[Problem, ...]:
    """Errors and warnings about a policy that compiles, by line.

    `stores` are the kinds of connected stores, e.g. ("shopify",).
    """
    looked = [_Looked(ranked) for ranked in rank(policy.clauses)]
    problems = [
        *_rings(looked),
        *_never_fire(looked),
        *_conflicts(looked),
        *_gaps(looked),
        *_unsupplied(policy, stores),
        *_nobody_releases(policy),
    ]
    problems.sort(key=lambda one: (one.place.line, one.place.column))
    return tuple(problems)


def _named(clause: Clause) -> str:
    kind = "exception" if clause.is_exception else "rule"
    line = f" (line {clause.source_line})" if clause.source_line else ""
    return f'{kind} "{clause.title}"{line}'


def _case_words(case: Sequence[Atom], most: int = 6) -> str:
    told = without_repetition(case)
    words = Words().condition(AllOf(parts=told[:most])) if told else "anything"
    return words + (" and so on" if len(told) > most else "")


# --- rings and dead clauses ---------------------------------------------------------------------


def _rings(looked: list[_Looked]) -> Iterator[Problem]:
    ring = find_cycle([one.ranked for one in looked])
    if ring:
        names = listed([f'"{clause.title}"' for clause in ring], "and")
        yield Problem(
            place=Place(line=ring[0].source_line or 1, column=1),
            code="ring",
            message=f"{names} are exceptions to one another in a ring, so none could decide. "
            'Take one "to …" away.',
        )


def _never_fire(looked: list[_Looked]) -> Iterator[Problem]:
    for one in looked:
        if one.is_dead:
            yield Problem(
                place=one.place,
                code="never_fires",
                severity=Severity.WARNING,
                message=f"The {_named(one.clause)} can never fire: its conditions can't all hold.",
            )
            continue
        above = next((other for other in looked if other is not one and _covers(other, one)), None)
        if above is not None:
            yield Problem(
                place=one.place,
                code="never_fires",
                severity=Severity.WARNING,
                message=f"The {_named(one.clause)} can never decide: whenever it holds, the "
                f"{_named(above.clause)} holds too and goes first.",
            )


def _covers(above: _Looked, below: _Looked) -> bool:
    """Whether a clause that goes first holds whenever another does."""
    if above.is_dead or above.ranked.group == below.ranked.group:
        return False
    if above.clause.scope is Scope.LINE and below.clause.scope is Scope.ORDER:
        return False
    return below.ranked.demands.implies(above.ranked.demands) and above.ranked.beats(below.ranked)


# --- conflicts ----------------------------------------------------------------------------------


def _conflicts(looked: list[_Looked]) -> Iterator[Problem]:
    """Pairs that can hold at once, want different things, and none of which goes first."""
    reported = 0
    for index, one in enumerate(looked):
        for two in looked[index + 1 :]:
            if one.ranked.group == two.ranked.group:
                continue
            shared = _shared_case(one, two)
            if shared is None:
                continue
            if one.ranked.beats(two.ranked) or two.ranked.beats(one.ranked):
                continue
            reported += 1
            if reported > MOST_REPORTED:
                yield Problem(
                    place=two.place,
                    code="conflict",
                    message=f"More than {MOST_REPORTED} conflicts; the others aren't listed.",
                )
                return
            yield _conflict(one, two, shared)


def goes_before(policy: Policy) -> dict[str, tuple[str, ...]]:
    """For each clause the names of those that it beats where both hold and differ."""
    looked = [_Looked(ranked) for ranked in rank(policy.clauses)]
    found: dict[str, tuple[str, ...]] = {}
    for one in looked:
        found[one.clause.id] = tuple(
            two.clause.title
            for two in looked
            if one.ranked.group != two.ranked.group
            and one.ranked.beats(two.ranked)
            and _shared_case(one, two) is not None
        )
    return found


def _shared_case(one: _Looked, two: _Looked) -> Case | None:
    """A case in which both hold, or None."""
    for mine in one.cases or ():
        for theirs in two.cases or ():
            if meets(mine, theirs):
                return tuple(dict.fromkeys((*mine, *theirs)))
    return None


def _conflict(one: _Looked, two: _Looked, shared: Case) -> Problem:
    effects = {one.clause.effect, two.clause.effect}
    # Where one of both asks a person anyway, a person is what the conflict leads to.
    is_harmless = bool(effects & {Effect.REVIEW, Effect.ASK_EVIDENCE})
    is_error = not is_harmless and is_surely_possible(shared)
    return Problem(
        place=two.place,
        code="conflict",
        severity=Severity.ERROR if is_error else Severity.WARNING,
        message=f"The {_named(two.clause)} and the {_named(one.clause)} can both hold and want "
        f"different things, for instance if {_case_words(shared)}. Then a person must decide.",
        suggestions=_ways_out(one.clause, two.clause),
    )


def _ways_out(one: Clause, two: Clause) -> tuple[str, ...]:
    """How the author can say which of two goes first: mostly the one that doesn't simply refund."""
    first, second = (one, two) if two.effect is Effect.REFUND else (two, one)
    kind = "Exception" if first.is_exception else "Rule"
    return (
        f'Exception "{first.title}" to "{second.title}": …',
        f'{kind} "{first.title}" with priority {max(second.priority, 0) + 10}: …',
    )


# --- gaps ---------------------------------------------------------------------------------------


def _gaps(looked: list[_Looked]) -> Iterator[Problem]:
    """A case about which no clause says anything."""
    if any(one.cases is None for one in looked) or not looked:
        return
    covered = [case for one in looked for case in one.cases or ()]
    # Clauses about little first: the example is then short.
    covered.sort(key=len)
    steps = [_MOST_STEPS]
    gap = _uncovered(covered, (), steps)
    if gap is None:
        return
    last = max(one.place.line for one in looked)
    yield Problem(
        place=Place(line=last, column=1),
        code="gap",
        severity=Severity.WARNING,
        message=f"No sentence covers every case, for instance if {_case_words(gap)}. The answer "
        "is then no, without a reason of yours.",
        suggestions=('Otherwise do not refund the item, because "…".',),
    )


def _uncovered(cases: list[Case], chosen: Case, steps: list[int]) -> Case | None:
    """Atoms that make every case false, found by trying; None when there are none or too many."""
    stack: list[tuple[int, Case]] = [(0, chosen)]
    while stack:
        index, held = stack.pop()
        steps[0] -= 1
        if steps[0] < 0:
            return None
        while index < len(cases) and _is_false(cases[index], held):
            index += 1
        if index == len(cases):
            return held
        for atom in cases[index]:
            grown = (*held, negated(atom))
            if is_possible(grown):
                stack.append((index + 1, grown))
    return None


def _is_false(case: Case, held: Case) -> bool:
    return bool(held) and not meets(case, held)


# --- facts and people ---------------------------------------------------------------------------


def _conditions(policy: Policy) -> Iterator[tuple[Condition, int, str]]:
    for clause in policy.clauses:
        yield clause.when, clause.source_line or 1, f"the {_named(clause)}"
    for rule in policy.tier_rules:
        yield rule.when, rule.source_line or 1, f'the tier "{rule.title}"'
    if policy.automatic is not None and policy.automatic.when is not None:
        yield policy.automatic.when, policy.automatic.source_line or 1, "automatic release"


def _unsupplied(policy: Policy, stores: Sequence[str]) -> Iterator[Problem]:
    """Facts that some or all connected stores can't tell, each once with the lines that ask."""
    asked: dict[str, list[tuple[int, str]]] = {}
    for condition, line, what in _conditions(policy):
        for name in sorted(facts_of(condition)):
            asked.setdefault(name, []).append((line, what))
    for name, places in asked.items():
        line, what = places[0]
        spec = fact_spec(name)
        if spec is None:
            yield _unknown_fact(name, line, what)
            continue
        without = [store for store in stores if store not in spec.stores]
        if not without or spec.source is Source.DECISION:
            continue
        is_nobody = len(without) == len(stores)
        who = "No connected store can" if is_nobody else f"{listed(without, 'and')} can't"
        lines = dict.fromkeys(str(number) for number, _ in places)
        where = f"line{'s' if len(lines) > 1 else ''} {listed(list(lines), 'and')}"
        yield Problem(
            place=Place(line=line, column=1),
            code="no_store_has_it",
            severity=Severity.WARNING,
            message=f'{who} tell "{spec.label}" ({name}), which {where} asks for. Where it '
            "isn't known, a person must look.",
        )


def _unknown_fact(name: str, line: int, what: str) -> Problem:
    return Problem(
        place=Place(line=line, column=1),
        code="no_such_fact",
        message=f"In {what}: there is no fact {name}.",
    )


def _nobody_releases(policy: Policy) -> Iterator[Problem]:
    if not policy.tiers:
        yield Problem(
            place=Place(line=1, column=1),
            code="no_tiers",
            severity=Severity.WARNING,
            message="No sentence says who may refund how much, so a manager must release all.",
            suggestions=(
                "Up to 100 EUR an agent may refund alone; up to 500 EUR a team lead; above that "
                "a manager.",
            ),
        )
