"""What a policy's author should think about: conflicts, dead clauses, gaps, facts nobody has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.domain.people import Tier
from app.domain.policy.conditions import Condition, facts_of
from app.domain.policy.facts import EVERY_STORE, Source, fact_spec
from app.domain.policy.language.cases import Case, is_possible, meets, negated
from app.domain.policy.language.conflicts import conflicts
from app.domain.policy.language.looking import Looked, case_words, named
from app.domain.policy.language.printing_conditions import listed
from app.domain.policy.language.problems import Place, Problem, Severity
from app.domain.policy.language.undelivered import undelivered
from app.domain.policy.model import Policy, Scope
from app.domain.policy.precedence import find_cycle, rank

_MOST_STEPS = 5_000


def analyse(policy: Policy, stores: Sequence[str] = EVERY_STORE) -> tuple[Problem, ...]:
    """Errors and warnings about a policy that compiles, by line.

    `stores` are the kinds of connected stores, e.g. ("shopify",).
    """
    looked = [Looked(ranked) for ranked in rank(policy.clauses)]
    problems = [
        *_rings(looked),
        *_never_fire(looked),
        *conflicts(looked),
        *_gaps(looked),
        *undelivered(looked),
        *_unsupplied(policy, stores),
        *_nobody_releases(policy),
        *_never_automatic(policy),
    ]
    # What resolves all conflicts at once stands behind them.
    problems.sort(key=lambda one: (one.code == "priorities", one.place.line, one.place.column))
    return tuple(problems)


# --- rings and dead clauses ---------------------------------------------------------------------


def _rings(looked: list[Looked]) -> Iterator[Problem]:
    ring = find_cycle([one.ranked for one in looked])
    if ring:
        names = listed([f'"{clause.title}"' for clause in ring], "and")
        yield Problem(
            place=Place(line=ring[0].source_line or 1, column=1),
            code="ring",
            message=f"{names} are exceptions to one another in a ring, so none could decide. "
            'Take one "to …" away.',
        )


def _never_fire(looked: list[Looked]) -> Iterator[Problem]:
    for one in looked:
        if one.is_dead:
            yield Problem(
                place=one.place,
                code="never_fires",
                severity=Severity.WARNING,
                message=f"The {named(one.clause)} can never fire: its conditions can't all hold.",
            )
            continue
        above = next((other for other in looked if other is not one and _covers(other, one)), None)
        if above is not None:
            yield Problem(
                place=one.place,
                code="never_fires",
                severity=Severity.WARNING,
                message=f"The {named(one.clause)} can never decide: whenever it holds, the "
                f"{named(above.clause)} holds too and goes first.",
            )


def _covers(above: Looked, below: Looked) -> bool:
    """Whether a clause that goes first holds whenever another does."""
    if above.is_dead or above.ranked.group == below.ranked.group:
        return False
    if above.clause.scope is Scope.LINE and below.clause.scope is Scope.ORDER:
        return False
    return below.ranked.demands.implies(above.ranked.demands) and above.ranked.beats(below.ranked)


# --- gaps ---------------------------------------------------------------------------------------


def _gaps(looked: list[Looked]) -> Iterator[Problem]:
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
        message=f"No sentence covers every case, for instance if {case_words(gap)}. The answer "
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
        yield clause.when, clause.source_line or 1, f"the {named(clause)}"
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
        verb = "ask" if len(lines) > 1 else "asks"
        yield Problem(
            place=Place(line=line, column=1),
            code="no_store_has_it",
            severity=Severity.WARNING,
            message=f'{who} tell "{spec.label}" ({name}), which {where} {verb} for. Where it '
            f"isn't known, a person must {'say it in the sidebar' if spec.by_hand else 'look'}.",
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


def _never_automatic(policy: Policy) -> Iterator[Problem]:
    """Amounts that may be automatic, where nothing is ever released without a click."""
    limits = [*policy.tiers, *(limit for rule in policy.tier_rules for limit in rule.limits)]
    if policy.may_release_automatically or all(one.tier is not Tier.AUTOMATIC for one in limits):
        return
    yield Problem(
        place=Place(line=1, column=1),
        code="never_automatic",
        severity=Severity.WARNING,
        message="“A refund may be automatic” releases nothing by itself, and no sentence does: "
        "an agent has to click for these amounts, too.",
        suggestions=(
            "Release refunds up to 25 EUR automatically, at most 40 refunds a day, at most "
            "2 refunds per customer in 30 days.",
        ),
    )
