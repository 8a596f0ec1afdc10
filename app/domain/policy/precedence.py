"""Which clause decides when several hold.

PRECEDENCE is the one paragraph that says it; the language reference quotes it.

A clause that can't be told counts as one that might hold: an outcome decides only when, for each
clause with another outcome that holds or might hold, a clause of this outcome that surely holds
beats it. So knowing less can take a decision away, but never makes another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.domain.policy.conditions import AllOf, Condition, Not, Operator, Test
from app.domain.policy.model import Clause, Effect, Outcome
from app.domain.policy.specificity import Demands

PRECEDENCE = (
    "When several clauses hold for an item, an exception beats a rule (an exception that names the "
    "clauses it excepts beats only those, and ranks as a rule among the others); among equals the "
    "higher priority written beats the lower; among equals the more specific clause beats the more "
    "general one, that is the one whose conditions imply all conditions of the other and more: "
    "the same conditions with one added, or a narrower range or choice of the same fact. Clauses "
    "that give the same outcome agree. When clauses with different outcomes are left, none of them "
    "beaten, that is a conflict: the item needs review, and both are named. The order in which "
    "clauses stand in the text never matters."
)

_HAS_EVIDENCE = Test(fact="request.has_evidence", operator=Operator.IS, threshold=True)


def effective_condition(clause: Clause) -> Condition:
    """When a clause really applies: asking for evidence ends once there is evidence."""
    if clause.effect is Effect.ASK_EVIDENCE:
        return AllOf(parts=(clause.when, Not(part=_HAS_EVIDENCE)))
    return clause.when


@dataclass(frozen=True, eq=False)
class Ranked:
    """A clause with what its rank depends on. Clauses of one `group` give the same outcome."""

    clause: Clause
    group: tuple[Effect, Outcome | None]

    @classmethod
    def of(cls, clause: Clause) -> Ranked:
        """Only what a refunding clause gives tells it from another; a no is a no."""
        is_refund = clause.effect is Effect.REFUND
        return cls(clause, (clause.effect, clause.outcome if is_refund else None))

    @cached_property
    def level(self) -> tuple[bool, int]:
        """What ranks before specificity does: general exceptions, then priority."""
        return _is_general_exception(self.clause), self.clause.priority

    @cached_property
    def demands(self) -> Demands:
        """The demands of the clause's condition."""
        return Demands(effective_condition(self.clause))

    def beats(self, other: Ranked) -> bool:
        """Whether this clause decides when both hold; see PRECEDENCE."""
        mine, theirs = self.clause, other.clause
        if excepted := _excepts(mine, theirs):
            return excepted > 0
        if mine.priority != theirs.priority:
            return mine.priority > theirs.priority
        return self.demands.is_more_specific_than(other.demands)


def _excepts(one: Clause, two: Clause) -> int:
    """1 when `one` is an exception to `two`, -1 the other way round, 0 when neither is."""
    named = int(two.id in one.excepts) - int(one.id in two.excepts)
    return named or int(_is_general_exception(one)) - int(_is_general_exception(two))


def _is_general_exception(clause: Clause) -> bool:
    return clause.is_exception and not clause.excepts


def find_cycle(clauses: Sequence[Ranked]) -> tuple[Clause, ...]:
    """Clauses that beat one another in a ring, so that none could decide; empty when none do.

    Without exceptions that name clauses the ranks are an order. A ring therefore holds one that
    names a clause of its own level or a higher one, and lies between the levels of such pairs.
    """
    by_id = {item.clause.id: item for item in clauses}
    upward = [
        (item, by_id[one])
        for item in clauses
        for one in item.clause.excepts
        if one in by_id and item.level <= by_id[one].level
    ]
    if not upward:
        return ()
    lowest = min(item.level for item, _ in upward)
    highest = max(named.level for _, named in upward)
    among = [item for item in clauses if lowest <= item.level <= highest]
    search = _RingSearch(among)
    for _, named in upward:
        if found := search.from_one(named):
            return found
    return ()


class _RingSearch:
    """Depth first, without recursion, over what each clause beats."""

    def __init__(self, among: Sequence[Ranked]) -> None:
        self._among = among
        self._done: set[str] = set()

    def _beaten_by(self, item: Ranked) -> Iterator[Ranked]:
        return (other for other in self._among if other is not item and item.beats(other))

    def from_one(self, start: Ranked) -> tuple[Clause, ...]:
        """A ring that can be reached from `start`."""
        if start.clause.id in self._done:
            return ()
        path, waiting = [start], [self._beaten_by(start)]
        on_path = {start.clause.id}
        while path:
            following = next(waiting[-1], None)
            if following is None:
                left = path.pop().clause.id
                waiting.pop()
                self._done.add(left)
                on_path.discard(left)
            elif following.clause.id in on_path:
                return tuple(item.clause for item in path[path.index(following) :])
            elif following.clause.id not in self._done:
                path.append(following)
                on_path.add(following.clause.id)
                waiting.append(self._beaten_by(following))
        return ()


@dataclass(frozen=True)
class Choice:
    """What several clauses come to: the deciding one, else the clauses that don't agree.

    `conflict` holds clauses that surely hold and aren't beaten; `untold` those that might hold and
    would change the answer. All empty: no clause holds and none might.
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
    groups: dict[tuple[Effect, Outcome | None], list[Ranked]] = {}
    for item in held:
        groups.setdefault(item.group, []).append(item)
    for group, members in groups.items():
        others = [item for item in (*held, *maybe) if item.group != group]
        if all(any(mine.beats(other) for mine in members) for other in others):
            return Choice(decided_by=_sorted(_unbeaten(members))[0])
    conflict = _unbeaten(held)
    if len({item.group for item in conflict}) > 1:
        return Choice(conflict=_sorted(conflict))
    would_decide = [item for item in held if item.group == conflict[0].group]
    return Choice(
        untold=_sorted(
            item
            for item in maybe
            if item.group != conflict[0].group
            and not any(mine.beats(item) for mine in would_decide)
        )
    )


def _unbeaten(items: Sequence[Ranked]) -> list[Ranked]:
    return [item for item in items if not any(other.beats(item) for other in items)]


def _sorted(items: Iterable[Ranked]) -> tuple[Clause, ...]:
    return tuple(sorted((item.clause for item in items), key=lambda clause: clause.id))
