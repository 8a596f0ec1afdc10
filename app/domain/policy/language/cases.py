"""Conditions taken apart for analysis: which cases they cover, and whether two share one.

A condition becomes a list of cases (joined by "or"), each a list of atoms (joined by "and"). What
facts imply of one another is added: what was delivered ten days ago was delivered and shipped, and
a customer who reports a fault gives one of three reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from app.domain.classification import Reason
from app.domain.policy.conditions import AllOf, AnyOf, Condition, Not, Operator, Season, Test
from app.domain.policy.facts import FactType, fact_spec
from app.domain.policy.specificity import Demands

Atom = Test | Season | Not
Case = tuple[Atom, ...]

# Beyond this a condition isn't taken apart any further: nothing is then said about it.
MOST_CASES = 64

_FAULTS = (Reason.DAMAGED.value, Reason.WRONG_ITEM.value, Reason.NOT_AS_DESCRIBED.value)
_STATED: dict[str, tuple[str, ...]] = {
    "request.states_fault": _FAULTS,
    "request.states_not_arrived": (Reason.NOT_ARRIVED.value,),
    "request.states_duplicate_charge": (Reason.DUPLICATE_CHARGE.value,),
}
# A fact that can be compared only where another is true.
_NEEDS = {
    "item.days_since_shipment": "item.is_shipped",
    "item.shipped_on": "item.is_shipped",
    "item.days_since_delivery": "item.is_delivered",
    "item.delivered_on": "item.is_delivered",
    "item.days_since_return_received": "item.is_return_received",
    "order.days_since_shipment": "order.is_shipped",
    "order.days_since_delivery": "order.is_delivered",
    "order.delivered_on": "order.is_delivered",
}
_IMPLIES = {
    # An order has shipped as soon as anything of it has.
    "item.is_shipped": "order.is_shipped",
    "item.is_delivered": "item.is_shipped",
    "item.is_return_received": "item.is_delivered",
    "item.is_in_transit": "item.is_shipped",
    "order.is_delivered": "order.is_shipped",
}
_NEGATED = {
    Operator.IS: Operator.IS_NOT,
    Operator.IS_NOT: Operator.IS,
    Operator.ONE_OF: Operator.NONE_OF,
    Operator.NONE_OF: Operator.ONE_OF,
    Operator.AT_MOST: Operator.MORE_THAN,
    Operator.MORE_THAN: Operator.AT_MOST,
    Operator.AT_LEAST: Operator.LESS_THAN,
    Operator.LESS_THAN: Operator.AT_LEAST,
}


def negated(atom: Atom) -> Atom:
    """The opposite of one atom."""
    if isinstance(atom, Not):
        part = atom.part
        return part if isinstance(part, Test | Season | Not) else atom
    if isinstance(atom, Test):
        if isinstance(atom.threshold, bool):
            return atom.model_copy(update={"threshold": not atom.threshold})
        if atom.operator in _NEGATED:
            return atom.model_copy(update={"operator": _NEGATED[atom.operator]})
    return Not(part=atom)


def _plain(test: Test) -> Test:
    """Yes and no as `is`, and what the customer states as the reason that it is."""
    if isinstance(test.threshold, bool) and test.operator is Operator.IS_NOT:
        test = test.model_copy(update={"operator": Operator.IS, "threshold": not test.threshold})
    reasons = _STATED.get(test.fact)
    if reasons is None or not isinstance(test.threshold, bool):
        return test
    operator = Operator.ONE_OF if test.threshold else Operator.NONE_OF
    return Test(fact="request.reason", operator=operator, threshold=reasons)


def cases_of(condition: Condition) -> list[Case] | None:
    """The cases of a condition; None when there are too many to look at."""
    return _cases(condition, False)


def _cases(condition: Condition, is_negated: bool) -> list[Case] | None:
    if isinstance(condition, Not):
        return _cases(condition.part, not is_negated)
    if isinstance(condition, Test | Season):
        atom: Atom = _plain(condition) if isinstance(condition, Test) else condition
        return [(negated(atom) if is_negated else atom,)]
    parts = [_cases(part, is_negated) for part in condition.parts]
    if isinstance(condition, AnyOf) is not is_negated:
        found = [case for part in parts if part is not None for case in part]
        return None if None in parts or len(found) > MOST_CASES else found
    product: list[Case] = [()]
    for part in parts:
        if part is None or len(product) * len(part) > MOST_CASES:
            return None
        product = [(*one, *two) for one in product for two in part]
    return product


def with_implied(case: Iterable[Atom]) -> Case:
    """A case with what its atoms imply."""
    atoms = list(case)
    for atom in atoms:
        if not isinstance(atom, Test | Season):
            continue
        needed = _NEEDS.get(atom.fact)
        if isinstance(atom, Test) and atom.operator is Operator.IS and atom.threshold is True:
            needed = needed or _IMPLIES.get(atom.fact)
        if needed is not None:
            implied = Test(fact=needed, operator=Operator.IS, threshold=True)
            if implied not in atoms:
                atoms.append(implied)
    return tuple(atoms)


@lru_cache(maxsize=8192)
def _demands(case: Case) -> Demands:
    return Demands(AllOf(parts=with_implied(case)))


def is_possible(case: Case) -> bool:
    """Whether the atoms of a case can hold together, as far as can be told fact by fact."""
    return not _demands(case).is_impossible


def meets(one: Case, two: Case) -> bool:
    """Whether two possible cases can hold together, as far as can be told."""
    return not _demands(one).excludes(_demands(two))


def is_surely_possible(case: Case) -> bool:
    """Whether a possible case is one surely: of comparisons that can be told apart fully.

    A list or a pattern counts when nothing else of the case is about the same, a season also where
    some day of it suits every age.
    """
    others = [_about(atom) for atom in case]
    return all(
        (isinstance(atom, Test) and atom.operator in _NEGATED)
        or others.count(_about(atom)) == 1
        or (isinstance(atom, Season) and _suits_all(atom, case))
        for atom in case
    )


def _suits_all(season: Season, case: Case) -> bool:
    """Whether a season that comes round every year surely meets the ages of a case.

    What happens on a day of it is young enough for each "within the last …", and grows as old as
    is asked for unless the season's returns end before.
    """
    young = {Operator.AT_MOST, Operator.LESS_THAN}
    ages = [atom for atom in case if atom != season and _about(atom) == "time"]
    return season.first.year is None and all(
        isinstance(age, Test)
        and (spec := fact_spec(age.fact)) is not None
        and spec.type is FactType.DAYS
        and (age.operator in young or (season.until is None and age.operator in _NEGATED))
        for age in ages
    )


def _about(atom: Atom) -> str:
    """What an atom speaks of; all dates and ages are about time."""
    while isinstance(atom, Not):
        part = atom.part
        if not isinstance(part, Test | Season | Not):
            return ""
        atom = part
    spec = fact_spec(atom.fact)
    is_time = spec is not None and spec.type in {FactType.DAYS, FactType.DATE}
    return "time" if is_time else atom.fact


def without_repetition(case: Iterable[Atom]) -> Case:
    """The atoms that aren't implied by others, subject by subject, to be read by people."""
    atoms = list(dict.fromkeys(case))
    kept: list[Atom] = []
    for index, atom in enumerate(atoms):
        mine = Demands(atom)
        others = [Demands(other) for other in (*kept, *atoms[index + 1 :])]
        if not any(other.implies(mine) for other in others):
            kept.append(atom)
    told: list[Atom] = []
    for atom in sorted(kept, key=lambda one: _about(one) if isinstance(one, Not) else one.fact):
        needed = _NEEDS.get(atom.fact) if isinstance(atom, Test) else None
        companion = Test(fact=needed, operator=Operator.IS, threshold=True) if needed else None
        if companion is not None:
            told = [one for one in told if one != companion] + [companion]
        if atom not in told:
            told.append(atom)
    return tuple(told)
