"""Orders that a window since the delivery can't hold for: not sent yet, or never arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from app.domain.classification import Kind, Reason
from app.domain.policy.conditions import Operator, Test, facts_of
from app.domain.policy.language.cases import Atom, with_implied
from app.domain.policy.language.looking import Looked
from app.domain.policy.language.printing_conditions import listed
from app.domain.policy.language.problems import Place, Problem, Severity
from app.domain.policy.model import Effect

_SINCE_DELIVERY = frozenset({
    "item.days_since_delivery", "item.delivered_on",
    "order.days_since_delivery", "order.delivered_on",
})  # fmt: skip
_SINCE_ORDER = frozenset({"item.days_since_order", "order.age_days"})
_SENT = frozenset({
    "item.is_shipped", "item.is_delivered", "item.is_in_transit",
    "order.is_shipped", "order.is_delivered", "order.is_in_transit",
})  # fmt: skip
_UNSENT, _LOST = "orders not yet sent", "orders that never arrived"
_UNSENT_WORDS = frozenset({Reason.CANCELLED.value, Kind.CANCEL_ORDER.value})
_LOST_WORDS = frozenset({Reason.NOT_ARRIVED.value, Kind.NOT_ARRIVED.value})


def undelivered(looked: Sequence[Looked]) -> Iterator[Problem]:
    """One warning where only windows since the delivery give money, and nothing speaks of others.

    A no that holds always answers them, and mostly with a reason that isn't theirs.
    """
    if any(one.cases is None for one in looked):
        return
    giving = [one for one in looked if one.clause.effect is not Effect.EXCLUDE]
    windows = [one for one in giving if facts_of(one.clause.when) & _SINCE_DELIVERY]
    rest = next((one for one in looked if one.cases == [()]), None)
    if not windows or (rest is not None and rest.clause.effect is not Effect.EXCLUDE):
        return
    left = []
    if not any(_speaks_of(one, _is_unsent) for one in looked):
        left.append(_UNSENT)
    if not any(_speaks_of(one, _is_lost) for one in looked):
        left.append(_LOST)
    if not left:
        return
    suggestions = {
        _UNSENT: 'Rule "Not sent": refund the item in full if the item has not shipped.',
        _LOST: 'Exception "Never arrived": ask a person to review the item if the customer '
        "says it never arrived.",
    }
    falls = "have no sentence of their own"
    if rest is not None:
        line = f" (line {rest.clause.source_line})" if rest.clause.source_line else ""
        falls = f'fall under "{rest.clause.title}"{line}'
    yield Problem(
        place=rest.place if rest is not None else Place(line=windows[-1].place.line, column=1),
        code="not_delivered",
        severity=Severity.WARNING,
        message=f"{listed(left, 'and').capitalize()} {falls}: a window since the delivery holds "
        "for none of them. Say what they get.",
        suggestions=tuple(suggestions[one] for one in left),
    )


def _speaks_of(one: Looked, is_meant: Callable[[Atom], bool]) -> bool:
    """Whether a case of the clause is about what is meant, or is counted from the order."""
    return any(
        any(is_meant(atom) for atom in case)
        or (_is_from_order(case) and one.clause.effect is not Effect.EXCLUDE)
        for case in one.cases or ()
    )


def _is_from_order(case: Sequence[Atom]) -> bool:
    """Whether a case is a window since the order, whatever became of it."""
    facts = {atom.fact for atom in with_implied(case) if isinstance(atom, Test)}
    return bool(facts & _SINCE_ORDER) and not facts & _SENT


def _is_unsent(atom: Atom) -> bool:
    return isinstance(atom, Test) and (_denies_sending(atom) or _names(atom, _UNSENT_WORDS))


def _is_lost(atom: Atom) -> bool:
    return isinstance(atom, Test) and (
        (_denies_sending(atom) and atom.fact.endswith("is_delivered"))
        or (atom.fact.endswith("is_in_transit") and atom.threshold is True)
        or _names(atom, _LOST_WORDS)
    )


def _denies_sending(test: Test) -> bool:
    return test.fact in _SENT and test.threshold is False and test.operator is Operator.IS


def _names(test: Test, values: frozenset[str]) -> bool:
    """Whether a reason or kind of request is one of these."""
    given = test.threshold if isinstance(test.threshold, tuple) else (test.threshold,)
    return test.operator in {Operator.IS, Operator.ONE_OF} and bool(set(given) & values)
