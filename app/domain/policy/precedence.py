"""Which clause decides when several hold.

PRECEDENCE is the one paragraph that says it; the language reference quotes it.

A clause that can't be told counts as one that might hold: an outcome decides only when, for each
clause with another outcome that holds or might hold, a clause of this outcome that surely holds
beats it. So knowing less can take a decision away, but never makes another one. An exception to an
exception doesn't by itself beat what the first is an exception to: it has to name that, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.domain.policy.conditions import AllOf, Condition, Not, Operator, Test
from app.domain.policy.model import Clause, Effect, Outcome
from app.domain.policy.specificity import Demands

PRECEDENCE = (
    "When several clauses hold for an item, an exception beats a rule (an exception that names the "
    "clauses it excepts beats those, and among the others ranks as the highest of them does); "
    "among equals the higher priority written beats the lower; among equals the more specific "
    "clause beats the more general one, that is the one whose conditions imply all conditions of "
    "the other and more: the same conditions with one added, or a narrower range or choice of the "
    "same fact. Clauses that give the same outcome agree. An outcome decides when each clause with "
    "another outcome is beaten by one that gives it; when there is no such outcome, that is a "
    "conflict: the item needs review, and the clauses are named. The order in which clauses stand "
    "in the text never matters."
)

_HAS_EVIDENCE = Test(fact="request.has_evidence", operator=Operator.IS, threshold=True)


def effective_condition(clause: Clause) -> Condition:
    """When a clause really applies: asking for evidence ends once there is evidence."""
    if clause.effect is Effect.ASK_EVIDENCE:
        return AllOf(parts=(clause.when, Not(part=_HAS_EVIDENCE)))
    return clause.when


Level = tuple[bool, int]


@dataclass(frozen=True, eq=False)
class Ranked:
    """A clause with what its rank depends on. Clauses of one `group` give the same outcome.

    `level` is what ranks before specificity does: general exceptions, then priority. An exception
    that names clauses stands on the highest level of them, unless its own is higher. `peers` are
    all clauses of the policy, this one at `place`.
    """

    clause: Clause
    group: int
    level: Level
    place: int
    peers: Sequence[Ranked]

    @cached_property
    def demands(self) -> Demands:
        """The demands of the clause's condition."""
        return Demands(effective_condition(self.clause))

    @cached_property
    def bit(self) -> int:
        """This clause in a set of peers, which is a number with a bit for each place."""
        return 1 << self.place

    @cached_property
    def beaten(self) -> int:
        """The set of peers that this clause beats: found once, asked in every decision."""
        return _joined(other.bit for other in self.peers if self.beats(other))

    def beats(self, other: Ranked) -> bool:
        """Whether this clause decides when both hold; see PRECEDENCE."""
        mine, theirs = self.clause, other.clause
        if named := int(theirs.id in mine.excepts) - int(mine.id in theirs.excepts):
            return named > 0
        if self.level != other.level:
            return self.level > other.level
        return self.demands.is_more_specific_than(other.demands)


def _joined(sets: Iterable[int]) -> int:
    found = 0
    for one in sets:
        found |= one
    return found


def rank(clauses: Sequence[Clause]) -> list[Ranked]:
    """All clauses of a policy with their ranks, in the same order."""
    levels: dict[str, Level] = {
        clause.id: (clause.is_exception and not clause.excepts, clause.priority)
        for clause in clauses
    }
    naming = [clause for clause in clauses if clause.excepts]
    is_settled = False
    while not is_settled:
        is_settled = True
        for clause in naming:
            found = max(levels[one] for one in (clause.id, *clause.excepts))
            is_settled = is_settled and found == levels[clause.id]
            levels[clause.id] = found
    groups: dict[tuple[Effect, Outcome | None], int] = {}
    peers: list[Ranked] = []
    for place, clause in enumerate(clauses):
        # Only what a refunding clause gives tells it from another; a no is a no.
        given = (clause.effect, clause.outcome if clause.effect is Effect.REFUND else None)
        group = groups.setdefault(given, len(groups))
        peers.append(Ranked(clause, group, levels[clause.id], place, peers))
    return list(peers)


def find_cycle(clauses: Sequence[Ranked]) -> tuple[Clause, ...]:
    """All clauses that beat one another in a ring, so that none could decide; empty when none do.

    Without exceptions that name clauses the ranks are an order, so a ring holds such a pair, and
    all of it stands on the pair's level. Sorted by id: the order of clauses doesn't matter.
    """
    by_id = {item.clause.id: item for item in clauses}
    ring: dict[str, Clause] = {}
    for item in clauses:
        for named in (by_id[one] for one in item.clause.excepts if one in by_id):
            if named.level != item.level:
                continue
            among = [one for one in clauses if one.level == item.level]
            below = _reached(named, among, lambda one, two: one.beats(two))
            if item.clause.id in below:
                above = _reached(item, among, lambda one, two: two.beats(one))
                ring |= {key: below[key].clause for key in below.keys() & above.keys()}
    return tuple(ring[key] for key in sorted(ring))


def _reached(
    start: Ranked, among: Sequence[Ranked], leads_to: Callable[[Ranked, Ranked], bool]
) -> dict[str, Ranked]:
    """Everything that can be reached from `start`, itself included."""
    found = {start.clause.id: start}
    waiting = [start]
    while waiting:
        item = waiting.pop()
        for other in among:
            if other.clause.id not in found and leads_to(item, other):
                found[other.clause.id] = other
                waiting.append(other)
    return found


@dataclass(frozen=True)
class Choice:
    """What several clauses come to: the deciding one, else the clauses that don't agree.

    `conflict` holds clauses that surely hold and want different things, none of which beats the
    others; `untold` those that might hold and would change the answer. All empty: no clause holds
    and none might.
    """

    decided_by: Clause | None = None
    conflict: tuple[Clause, ...] = ()
    untold: tuple[Clause, ...] = ()


def choose(held: Sequence[Ranked], maybe: Sequence[Ranked]) -> Choice:
    """Which clause decides among those that hold and those that might.

    The answer doesn't depend on the order of the arguments. Where clauses beat one another in a
    ring (see `find_cycle`), the caller must not ask.
    """
    if not held:
        if all(item.clause.effect is Effect.EXCLUDE for item in maybe):
            return Choice()
        return Choice(untold=_sorted(maybe))
    # What those that hold beat, by their outcome.
    beaten: dict[int, int] = {}
    for item in held:
        beaten[item.group] = beaten.get(item.group, 0) | item.beaten
    left = _unbeaten(held, _joined(beaten.values()))
    if len({item.group for item in left}) > 1:
        return Choice(conflict=_sorted(left))
    group = left[0].group
    # Beaten by others alone, which are beaten themselves: what is left doesn't go before them.
    if against := _unbeaten([one for one in held if one.group != group], beaten[group]):
        return Choice(conflict=_sorted([*left, *against]))
    others = [one for one in maybe if one.group != group]
    if untold := _unbeaten(others, beaten[group]):
        return Choice(untold=_sorted(untold))
    return Choice(decided_by=_sorted(left)[0])


def _unbeaten(items: Sequence[Ranked], beaten: int) -> list[Ranked]:
    """Those that aren't in the set of what is beaten."""
    return [item for item in items if not item.bit & beaten]


def _sorted(items: Iterable[Ranked]) -> tuple[Clause, ...]:
    return tuple(sorted((item.clause for item in items), key=lambda clause: clause.id))
