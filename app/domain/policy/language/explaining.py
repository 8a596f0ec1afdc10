"""A policy said back clause by clause, with what its author should think about."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.base import Value
from app.domain.policy.compiled import prepare
from app.domain.policy.conditions import facts_of
from app.domain.policy.facts import EVERY_STORE, fact_spec
from app.domain.policy.language.analysing import analyse
from app.domain.policy.language.conflicts import goes_before
from app.domain.policy.language.printing import (
    TAKEN_AS_UNOPENED,
    authority_sentences,
    clause_sentence,
    heading_sentences,
    reminder_sentence,
    split_sentence,
)
from app.domain.policy.language.printing_conditions import listed
from app.domain.policy.language.problems import Problem
from app.domain.policy.language.vocabulary import FORMS
from app.domain.policy.model import Clause, Effect, Policy
from app.domain.policy.precedence import PRECEDENCE

# Marks what holds although the policy's author never wrote it.
USUAL = "(usual)"


class ClauseExplained(Value):
    """One clause: its sentence as it was understood, its rank, and what it asks for.

    `goes_before` names the clauses that it beats where both hold and want different things.
    `is_reason_usual`: its reason is its name, as it is where none is written. `waits_for_return`:
    no button moves its money before the goods are known to be back.
    """

    id: str
    title: str
    line: int | None
    effect: Effect
    sentence: str
    rank: str
    goes_before: tuple[str, ...]
    asks_for: tuple[str, ...]
    is_reason_usual: bool = False
    waits_for_return: bool = False


class Explanation(Value):
    """The whole policy in words. `settings` and `authority` are sentences, too: what holds although
    nobody wrote it ends with "(usual)".
    """

    title: str
    settings: tuple[str, ...]
    clauses: tuple[ClauseExplained, ...]
    authority: tuple[str, ...]
    precedence: str
    problems: tuple[Problem, ...]


def explain(policy: Policy, stores: Sequence[str] = EVERY_STORE) -> Explanation:
    """Say a policy back. `stores` are the kinds of connected stores."""
    beaten = goes_before(policy)
    return Explanation(
        title=policy.title,
        settings=(*heading_sentences(policy)[1:], *_settings(policy)),
        clauses=tuple(_clause(policy, clause, beaten[clause.id]) for clause in policy.clauses),
        authority=_authority(policy),
        precedence=PRECEDENCE,
        problems=analyse(policy, stores),
    )


def _settings(policy: Policy) -> list[str]:
    found = []
    if policy.currency is None:
        found.append(f"Amounts without a currency are in the shop's own. {USUAL}")
    if policy.time_zone == "UTC":
        found.append(f"All dates are in the time zone UTC. {USUAL}")
    if not policy.takes_as_unopened and "request.states_opened" in prepare(policy).facts:
        found.append(
            "Requests that don't say whether it was opened wait for a person, unless you write: "
            f"{TAKEN_AS_UNOPENED} {USUAL}"
        )
    return found


def _clause(policy: Policy, clause: Clause, beaten: tuple[str, ...]) -> ClauseExplained:
    labels = []
    for name in sorted(facts_of(clause.when)):
        spec = fact_spec(name)
        note = next((form.note for form in FORMS if form.fact == name and form.note), "")
        label = f"{spec.label} ({note})" if spec and note else spec.label if spec else name
        labels.append(f"{label} ({spec.source.value})" if spec else label)
    return ClauseExplained(
        id=clause.id,
        title=clause.title,
        line=clause.source_line,
        effect=clause.effect,
        sentence=clause_sentence(policy, clause),
        rank=_rank(policy, clause),
        goes_before=beaten,
        asks_for=tuple(dict.fromkeys(labels)),
        is_reason_usual=clause.because == f"{clause.title}.",
        waits_for_return=bool(clause.outcome.requires_return)
        and clause.outcome.resolution.moves_money,
    )


def _rank(policy: Policy, clause: Clause) -> str:
    if clause.excepts:
        names = {one.id: one.title for one in policy.clauses}
        beaten = listed([f'"{names[one]}"' for one in clause.excepts], "and")
        words = f"goes before {beaten}"
    elif clause.is_exception:
        words = "goes before every rule"
    else:
        words = "a rule"
    if clause.priority:
        return f"{words}; priority {clause.priority}"
    return words


def _authority(policy: Policy) -> tuple[str, ...]:
    """Everything about people and limits, with what holds although nobody wrote it."""
    sentences = authority_sentences(policy)
    if not policy.tiers:
        sentences.insert(0, f"A manager must approve every refund. {USUAL}")
    if policy.automatic is None and not policy.releases_automatically:
        sentences.append(f"Nothing is released without a click. {USUAL}")
    for sentence in (reminder_sentence(policy), split_sentence(policy)):
        if sentence not in sentences:
            sentences.append(f"{sentence} {USUAL}")
    return tuple(sentences)


def in_words(explanation: Explanation) -> str:
    """The explanation as plain text, without its problems."""
    lines = [explanation.title, "=" * len(explanation.title), "", *explanation.settings, ""]
    for number, clause in enumerate(explanation.clauses, start=1):
        place = f" (line {clause.line})" if clause.line else ""
        lines += [
            f"{number}. {clause.sentence}",
            f"   {clause.rank}{place}; asks for: {', '.join(clause.asks_for) or 'nothing'}",
        ]
        if clause.is_reason_usual:
            lines.append(f"   its name is the reason that people read {USUAL}")
        if clause.waits_for_return:
            lines.append(
                "   its money waits until it is known to be back: somebody says so in the sidebar"
            )
        if clause.goes_before:
            names = listed([f'"{name}"' for name in clause.goes_before], "and")
            lines.append(f"   where both hold, it decides before {names}")
        lines.append("")
    lines += ["Who may release what", "--------------------", *explanation.authority, ""]
    lines += ["Which clause decides", "--------------------", explanation.precedence, ""]
    return "\n".join(lines)
