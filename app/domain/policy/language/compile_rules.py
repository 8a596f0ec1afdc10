"""Rules and exceptions: from a sentence's tree to a clause."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lark import Token

from app.domain.policy.conditions import facts_of
from app.domain.policy.facts import Source, fact_spec
from app.domain.policy.language.giving import alternatives_of, effect_of, outcome_of, scope_of
from app.domain.policy.language.names import id_of
from app.domain.policy.language.parse import Parsed
from app.domain.policy.language.problems import Place
from app.domain.policy.language.saying import Conditions, Setting
from app.domain.policy.language.trees import Node, named_parts, tokens_of, trees_of
from app.domain.policy.language.values import Faulty, number, place_of
from app.domain.policy.model import ALWAYS, AbuseLimit, Clause, Condition, Scope, TierRule


@dataclass
class Draft:
    """What the sentences have said so far."""

    values: dict[str, Any] = field(default_factory=dict)
    said_at: dict[str, Place] = field(default_factory=dict)
    clauses: list[Clause] = field(default_factory=list)
    tier_rules: list[TierRule] = field(default_factory=list)
    limits: list[AbuseLimit] = field(default_factory=list)
    clause_ids: set[str] = field(default_factory=set)
    rule_ids: set[str] = field(default_factory=set)

    def say_once(self, what: str, where: Place, **values: Any) -> None:
        """Keep what a sentence says that may be said once only."""
        if what in self.said_at:
            raise Faulty(
                f"{what} was said before, in line {self.said_at[what].line}. Say it once.", where
            )
        self.said_at[what] = where
        self.values |= values


def heading_of(node: Node) -> Node | None:
    """The heading of a rule's sentence, if it has one."""
    return named_parts(node).get("rule_heading")


def name_of(heading: Node | None) -> Token | None:
    """The quoted name in a heading, if it has one."""
    if heading is None:
        return None
    return next((child for child in heading.children if isinstance(child, Token)), None)


_WHENS = ("when", "when_unless", "unless")


def when_of(
    parts: dict[str, Node], setting: Setting, where: Place, thing: str = "item"
) -> Condition | None:
    """The condition of a sentence, if it has one; "it" in it means `thing`."""
    found = next((parts[name] for name in _WHENS if name in parts), None)
    return Conditions(setting, where, thing).when(found) if found is not None else None


def _action(node: Node) -> Node:
    others = {"rule_heading", "because", "instead", *_WHENS}
    return next(child for child in trees_of(node) if str(child.data) not in others)


def compile_rule(item: Parsed, setting: Setting, draft: Draft) -> None:
    node, where = item.node, item.sentence.place
    parts, action, heading = named_parts(node), _action(node), heading_of(node)
    scope = scope_of(action)
    thing = "order" if scope is Scope.ORDER else "item"
    when = when_of(parts, setting, where, thing) or ALWAYS
    _check_facts(when, scope, where)
    name = name_of(heading)
    title = str(name) if name is not None else title_of(item)
    clause_id = (
        setting.clause_ids[title.casefold()] if name is not None else id_of(title, draft.clause_ids)
    )
    because = str(parts["because"].children[0]) if "because" in parts else f"{title}."
    values: dict[str, Any] = {}
    if heading is not None:
        values = _ranks(heading, setting, where)
    draft.clauses.append(
        Clause(
            id=clause_id,
            title=title,
            scope=scope,
            effect=effect_of(action),
            when=when,
            because=because,
            outcome=outcome_of(action, setting, where),
            alternatives=alternatives_of(parts["instead"]) if "instead" in parts else (),
            source_line=where.line,
            **values,
        )
    )


def title_of(item: Parsed) -> str:
    """A name for a sentence that has none: its own words up to the reason."""
    words = []
    for word in item.sentence.words:
        if word.value in {"because", "offer"} and word.kind == "WORD":
            break
        words.append(f'"{word.value}"' if word.kind == "QUOTED" else word.text)
    said = " ".join(words)
    for mark in ",;:)":
        said = said.replace(f" {mark}", mark)
    said = said.replace("( ", "(").replace('"', "'")
    said = re.sub(r"[\s,]*(\band)?[\s,]*$", "", said)
    said = said.partition(": ")[2] or said if said.lower().startswith(("rule", "exc")) else said
    return (said[:1].upper() + said[1:])[:120].strip()


def _ranks(heading: Node, setting: Setting, where: Place) -> dict[str, Any]:
    """Exception or rule, what it excepts, and its priority."""
    parts = named_parts(heading)
    is_exception = "is_exception" in parts
    values: dict[str, Any] = {"is_exception": is_exception}
    if "beats" in parts:
        if not is_exception:
            raise Faulty(
                "Only an exception stands above rules that it names.", where, ("Exception … to …",)
            )
        tokens = tokens_of(parts["beats"])
        if any(token.casefold() == (name_of(heading) or "").casefold() for token in tokens):
            raise Faulty("An exception can't be an exception to itself.", where)
        values["excepts"] = tuple(
            dict.fromkeys(setting.clause_id(str(token), place_of(token, where)) for token in tokens)
        )
    if "priority" in parts:
        token = tokens_of(parts["priority"])[0]
        priority = number(token)
        if not isinstance(priority, int) or priority > 1000:
            raise Faulty("A priority is a whole number from 0 to 1,000.", place_of(token, where))
        values["priority"] = priority
    return values


def _check_facts(when: Condition, scope: Scope, where: Place) -> None:
    for name in sorted(facts_of(when)):
        spec = fact_spec(name)
        if spec is None:
            continue
        if spec.source is Source.DECISION:
            raise Faulty(
                "What the decision is can only be asked by tiers and automatic release: "
                "rules make the decision.",
                where,
            )
        is_of_item = name.startswith(("item.", "service.", "history.item_"))
        if scope is Scope.ORDER and is_of_item:
            raise Faulty(
                f"This rule is about the whole order, and {spec.label} is about one item. "
                'Say "the item" instead of "the order" in what is to be done.',
                where,
                ("refund the item", "do not refund the item"),
            )
