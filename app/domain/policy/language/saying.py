"""Conditions: from the tree of "if … unless …" to the model's tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from lark import Token, Tree

from app.domain.policy.facts import (
    FACTS,
    FactSpec,
    FactType,
    fact_spec,
)
from app.domain.policy.language.grammar import Predicate, predicates
from app.domain.policy.language.nearest import closest
from app.domain.policy.language.problems import Place
from app.domain.policy.language.trees import Node, parts_of, tokens_of, trees_of
from app.domain.policy.language.values import (
    Faulty,
    date_of,
    day_of_year,
    flat_all,
    flat_any,
    money,
    number,
    percent,
    place_of,
    reason_of,
)
from app.domain.policy.language.vocabulary import SUBJECTS, Form
from app.domain.policy.model import (
    AllOf,
    Condition,
    Not,
    Operator,
    Season,
    Test,
)

_BOUNDS = {
    "at_least": Operator.AT_LEAST,
    "at_most": Operator.AT_MOST,
    "more_than": Operator.MORE_THAN,
    "less_than": Operator.LESS_THAN,
    "exactly": Operator.IS,
}
_DATE_BOUNDS = {
    "on_date": Operator.IS,
    "before": Operator.LESS_THAN,
    "after_date": Operator.MORE_THAN,
    "on_or_before": Operator.AT_MOST,
    "on_or_after": Operator.AT_LEAST,
}
# Which age "within 30 days of …" means, and the fact that must hold with it.
CLOCKS: dict[str, tuple[str, str | None]] = {
    "from_order": ("item.days_since_order", None),
    "from_shipment": ("item.days_since_shipment", "item.is_shipped"),
    "from_delivery": ("item.days_since_delivery", "item.is_delivered"),
    "from_return": ("item.days_since_return_received", "item.is_return_received"),
}
_NUMBERS = frozenset({FactType.NUMBER, FactType.DAYS, FactType.PERCENT})


@dataclass(frozen=True)
class Setting:
    """What other sentences say about all conditions: the clock of windows, the currency, and the
    ids of rules by their names in small letters."""

    clock: str = "from_delivery"
    currency: str | None = None
    clause_ids: Mapping[str, str] = field(default_factory=dict)

    def clause_id(self, name: str, where: Place) -> str:
        """The id of the rule or exception of this name."""
        found = self.clause_ids.get(name.casefold())
        if found is None:
            near = closest(name, list(self.clause_ids), 0.4)
            raise Faulty(
                f'No rule or exception is called "{name}".', where, (f'"{near}"',) if near else ()
            )
        return found


def _token(node: Node) -> Token:
    """The only token of a tree."""
    return tokens_of(node)[0]


def _tree(node: Node, index: int = 0) -> Node:
    child = node.children[index]
    assert isinstance(child, Tree)  # noqa: S101 - the grammar says so
    return child


class Conditions:
    """Compiles the conditions of one sentence. The subject named last is meant where none is."""

    def __init__(self, setting: Setting, where: Place, thing: str = "item") -> None:
        """`thing` is what "it" means: the item, or the order where a rule is about that."""
        self._setting = setting
        self._thing = thing
        self._where = where
        self._subject: str | None = None

    def when(self, node: Node) -> Condition:
        """The condition of "if …", "if … unless …" or "unless …"."""
        if node.data == "unless":
            return Not(part=self.condition(_tree(node)))
        holds = self.condition(_tree(node))
        if node.data == "when_unless":
            return flat_all([holds, Not(part=self.condition(_tree(node, 1)))])
        return holds

    def condition(self, node: Node) -> Condition:
        """One condition, with its brackets."""
        parts = [self._unit(child) for child in trees_of(node)]
        return flat_any(parts) if node.data == "any_of" else flat_all(parts)

    def _unit(self, node: Node) -> Condition:
        if node.data == "group":
            return self.condition(_tree(node))
        if node.data == "denied":
            return Not(part=self.condition(_tree(node)))
        said = _tree(node) if node.data == "unit" else node
        if said.data == "said_fact":
            return self._by_name(said)
        predicate = _tree(said)
        if said.data == "said_again":
            if self._subject is None:
                raise Faulty(
                    "It isn't said of what: begin with the item, the order or the customer.",
                    place_of(said, self._where),
                    tuple(SUBJECTS.values())[:3],
                )
        elif said.data == "said_it":
            self._subject = self._thing
        else:
            self._subject = str(said.data).removeprefix("said_")
        inner = _tree(predicate)
        if inner.data == "is_within":
            return self._within(_tree(inner))
        return self._predicate(predicates()[str(inner.data)], inner)

    def _within(self, node: Node) -> Condition:
        clock = str(_tree(node, 1).data) if node.data == "within_of" else self._setting.clock
        fact, companion = CLOCKS[clock]
        test = Test(fact=fact, operator=Operator.AT_MOST, threshold=number(_token(node)))
        return _with_companion(companion, test)

    def _predicate(self, predicate: Predicate, node: Node) -> Condition:
        subject = self._subject or ""
        form = predicate.forms.get(subject)
        if form is None:
            can = " or ".join(SUBJECTS[one] for one in predicate.forms)
            raise Faulty(
                f"This can't be said of {SUBJECTS[subject]}, only of {can}. "
                "Name it before these words.",
                place_of(node, self._where),
                (f"{can} …",),
            )
        return self._form(form, predicate.is_denial, node)

    def _form(self, form: Form, is_denial: bool, node: Node) -> Condition:
        trees = trees_of(node)
        tokens = [child for child in node.children if isinstance(child, Token)]
        fact = form.fact
        if form.value is not None:
            return Test(fact=fact, operator=Operator.IS, threshold=form.value)
        if "{span}" in form.words:
            fact += _span(trees.pop(), self._where)
        spec = self._spec(fact)
        if spec.type is FactType.YES_NO:
            return Test(fact=fact, operator=Operator.IS, threshold=not is_denial)
        if spec.type is FactType.DATE:
            return self._dates(fact, trees[0])
        if trees and trees[0].data in {"count", "percent_limit", "money_limit", "days", "minutes"}:
            return _with_companion(form.companion, self._limit(fact, trees[0]))
        if trees and trees[0].data in {"within", "bounded_ago"}:
            return _with_companion(form.companion, self._ago(fact, trees[0]))
        texts = _texts(trees, tokens)
        if fact == "decision.clauses":
            texts = tuple(
                self._setting.clause_id(text, place_of(node, self._where)) for text in texts
            )
        return _of_texts(spec, texts, is_denial)

    def _spec(self, fact: str) -> FactSpec:
        spec = fact_spec(fact)
        if spec is None:
            near = closest(fact, list(FACTS), 0.5)
            raise Faulty(f"There is no fact {fact}.", self._where, (near,) if near else ())
        return spec

    def _limit(self, fact: str, node: Node) -> Test:
        bound = _BOUNDS[str(_tree(node).data)]
        if node.data == "money_limit":
            amount = money(_tree(node, 1), self._setting.currency, self._where)
            return Test(fact=fact, operator=bound, threshold=amount)
        if node.data == "percent_limit":
            return Test(fact=fact, operator=bound, threshold=percent(_tree(node, 1), self._where))
        return Test(fact=fact, operator=bound, threshold=number(_token(node)))

    def _ago(self, fact: str, node: Node) -> Test:
        bound = Operator.AT_MOST if node.data == "within" else _BOUNDS[str(_tree(node).data)]
        return Test(fact=fact, operator=bound, threshold=number(_token(node)))

    def _dates(self, fact: str, node: Node) -> Condition:
        tokens = tokens_of(node)
        if node.data in _DATE_BOUNDS:
            return Test(
                fact=fact,
                operator=_DATE_BOUNDS[str(node.data)],
                threshold=date_of(tokens[0], self._where),
            )
        first, last, *until = (day_of_year(token, self._where) for token in tokens)
        try:
            return Season(fact=fact, first=first, last=last, until=until[0] if until else None)
        except ValueError as error:
            raise Faulty(
                reason_of(error),
                place_of(tokens[0], self._where),
            ) from None

    def _by_name(self, said: Node) -> Condition:
        token, node = said.children
        assert isinstance(token, Token) and isinstance(node, Tree)  # noqa: S101
        where = place_of(token, self._where)
        spec = Conditions(self._setting, where)._spec(str(token))
        fact, kind = spec.name, spec.type
        data = str(node.data)
        suits = {
            "fact_true": kind is FactType.YES_NO,
            "fact_false": kind is FactType.YES_NO,
            "fact_number": kind in _NUMBERS or kind is FactType.MONEY,
            "fact_money": kind is FactType.MONEY,
            "fact_contains": kind is FactType.LIST,
            "fact_contains_one": kind is FactType.LIST,
            "fact_like": kind in {FactType.TEXT, FactType.LIST},
            "fact_like_one": kind in {FactType.TEXT, FactType.LIST},
            "fact_dates": kind is FactType.DATE,
        }
        if not suits.get(data, kind is FactType.TEXT):
            raise Faulty(
                f"{fact} is {_KIND_WORDS[kind]}: it can't be compared like this.",
                where,
                (_BY_NAME_EXAMPLES[kind].format(fact=fact),),
            )
        if data in {"fact_true", "fact_false"}:
            return Test(fact=fact, operator=Operator.IS, threshold=data == "fact_true")
        if data == "fact_dates":
            return self._dates(fact, _tree(node))
        if data in {"fact_number", "fact_money"}:
            bound = _BOUNDS[str(_tree(node).data)]
            tokens = [child for child in node.children if isinstance(child, Token)]
            if kind is FactType.MONEY:
                amount = money(Tree("money", list(tokens)), self._setting.currency, where)
                return Test(fact=fact, operator=bound, threshold=amount)
            return Test(fact=fact, operator=bound, threshold=number(tokens[0]))
        texts = tuple(str(one) for one in tokens_of(node))
        if data in {"fact_like", "fact_like_one"}:
            return Test(fact=fact, operator=Operator.LIKE, threshold=texts)
        return _of_texts(spec, texts, data in {"fact_is_not", "fact_none_of"})


_KIND_WORDS = {
    FactType.YES_NO: "yes or no",
    FactType.NUMBER: "a number",
    FactType.DAYS: "a number of days",
    FactType.PERCENT: "a percentage",
    FactType.MONEY: "an amount of money",
    FactType.TEXT: "a text",
    FactType.LIST: "a list of texts",
    FactType.DATE: "a date",
}
_BY_NAME_EXAMPLES = {
    FactType.YES_NO: "the fact {fact} is true",
    FactType.NUMBER: "the fact {fact} is at least 3",
    FactType.DAYS: "the fact {fact} is at most 30",
    FactType.PERCENT: "the fact {fact} is at least 20%",
    FactType.MONEY: "the fact {fact} is more than 50 EUR",
    FactType.TEXT: 'the fact {fact} is "…"',
    FactType.LIST: 'the fact {fact} contains "…"',
    FactType.DATE: "the fact {fact} is on or before 24 December 2026",
}


def _with_companion(companion: str | None, test: Test) -> Condition:
    """ "Delivered within 30 days" says that it was delivered, too: undelivered is a plain no."""
    if companion is None:
        return test
    known = Test(fact=companion, operator=Operator.IS, threshold=True)
    return AllOf(parts=(known, test))


def _span(node: Node, where: Place) -> str:
    """The end of a history fact's name: 30d, 24h."""
    count = int(Decimal(_token(node)))
    if not 1 <= count <= 3660:
        raise Faulty("This counts from 1 day or hour to 3,660.", place_of(node, where))
    hours = count if node.data == "span_hours" else count * 24
    return f"{hours // 24}d" if hours % 24 == 0 and hours > 24 else f"{hours}h"


def _texts(trees: list[Node], tokens: list[Token]) -> tuple[str, ...]:
    """What stands in a text slot: quoted, a currency, or values of the fact itself."""
    found = [str(token) for token in tokens]
    for tree in trees:
        values = [
            str(part.data).removeprefix("value_")
            for part in parts_of(tree)
            if str(part.data).startswith("value_")
        ]
        found += values or [str(token) for token in tokens_of(tree)]
    return tuple(found)


def _of_texts(spec: FactSpec, texts: tuple[str, ...], is_denial: bool) -> Condition:
    """A text or list that is, or contains, one of these. `*` stands for any characters."""
    if any("*" in text for text in texts):
        like = Test(fact=spec.name, operator=Operator.LIKE, threshold=texts)
        return Not(part=like) if is_denial else like
    if spec.type is FactType.LIST:
        contains = Test(fact=spec.name, operator=Operator.CONTAINS_ANY, threshold=texts)
        return Not(part=contains) if is_denial else contains
    if len(texts) == 1:
        operator = Operator.IS_NOT if is_denial else Operator.IS
        return Test(fact=spec.name, operator=operator, threshold=texts[0])
    operator = Operator.NONE_OF if is_denial else Operator.ONE_OF
    return Test(fact=spec.name, operator=operator, threshold=texts)
