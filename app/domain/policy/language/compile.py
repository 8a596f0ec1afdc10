"""From text to the policy's model. It decides nothing: that is the evaluator's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import available_timezones

from pydantic import ValidationError

from app.domain.policy.language.compile_people import (
    compile_automatic,
    compile_limit,
    compile_reminders,
    compile_split,
    compile_tiers,
)
from app.domain.policy.language.compile_rules import (
    Draft,
    compile_rule,
    heading_of,
    name_of,
)
from app.domain.policy.language.names import id_of
from app.domain.policy.language.nearest import closest
from app.domain.policy.language.parse import Parsed, parse
from app.domain.policy.language.problems import Place, Problem
from app.domain.policy.language.saying import Setting
from app.domain.policy.language.trees import Node, tokens_of, trees_of
from app.domain.policy.language.values import Faulty, place_of
from app.domain.policy.language.words import read_sentences
from app.domain.policy.model import Policy

# So many errors are told at once; a file that isn't a policy at all has one in every line.
MOST_PROBLEMS = 100


@dataclass(frozen=True)
class Compiled:
    """A policy, unless errors keep it from being one, and all that is wrong."""

    policy: Policy | None
    problems: tuple[Problem, ...]


def compile_policy(text: str, policy_id: str = "policy", version: int = 1) -> Compiled:
    """Read a policy's text. Every error of every sentence is found, not only the first."""
    sentences, problems = read_sentences(text)
    parsed: list[Parsed] = []
    for sentence in sentences:
        found, faults = parse(sentence, text)
        parsed += found
        problems += faults
        if len(problems) >= MOST_PROBLEMS:
            problems.append(_too_many(sentence.place))
            return Compiled(None, tuple(problems))
    draft = Draft()
    setting = _read_headers(parsed, draft, problems)
    for item in parsed:
        compiler = _COMPILERS.get(str(item.node.data))
        if compiler is not None:
            _guarded(item, problems, partial(compiler, item, setting, draft))
    if not parsed and not problems:
        problems.append(
            Problem(
                place=Place(line=1, column=1),
                code="empty",
                message="The policy has no sentence.",
                suggestions=("Refund the item if the item was delivered within the last 30 days.",),
            )
        )
    problems.sort(key=lambda one: (one.place.line, one.place.column))
    if problems:
        return Compiled(None, tuple(problems))
    try:
        return Compiled(_policy(draft, policy_id, version), ())
    except ValidationError as error:
        return Compiled(None, tuple(_misfits(error)))


def _guarded(item: Parsed, problems: list[Problem], work: Callable[[], None]) -> None:
    try:
        work()
    except Faulty as fault:
        problems.append(
            Problem(
                place=fault.place,
                code="cannot_be_meant",
                message=str(fault),
                suggestions=fault.suggestions,
            )
        )
    except ValidationError as error:
        problems += _misfits(error, item.sentence.place)


def _too_many(place: Place) -> Problem:
    return Problem(
        place=place,
        code="too_many",
        message=f"{MOST_PROBLEMS} errors: what follows isn't read until they are mended.",
    )


def _misfits(error: ValidationError, place: Place | None = None) -> Iterator[Problem]:
    for fault in error.errors():
        message = fault["msg"].removeprefix("Value error, ")
        yield Problem(
            place=place or Place(line=1, column=1),
            code="cannot_be_meant",
            message=message[:1].upper() + message[1:] + ".",
        )


def _policy(draft: Draft, policy_id: str, version: int) -> Policy:
    return Policy(
        **{"title": policy_id, "tiers": (), **draft.values},
        id=policy_id,
        version=version,
        clauses=tuple(draft.clauses),
        tier_rules=tuple(draft.tier_rules),
        abuse_limits=tuple(draft.limits),
    )


# --- what is said about the whole policy --------------------------------------------------------


def _read_headers(parsed: list[Parsed], draft: Draft, problems: list[Problem]) -> Setting:
    """Title, currency, time zone, clock and the names of rules: they hold for every sentence."""
    found: dict[str, Any] = {}
    names: dict[str, str] = {}

    def header(item: Parsed) -> None:
        node, where = item.node, item.sentence.place
        kind = str(node.data)
        if kind == "called":
            draft.say_once("The policy's name", where, title=str(node.children[0]))
        elif kind == "amounts":
            found["currency"] = str(node.children[0])
            draft.say_once("The currency", where, currency=found["currency"])
        elif kind == "time_zone":
            draft.say_once("The time zone", where, time_zone=_time_zone(node))
        elif kind == "windows":
            draft.say_once("The start of return windows", where)
            found["clock"] = str(trees_of(node)[0].data)
        elif kind == "silence":
            is_taken = str(trees_of(node)[0].data) == "takes_as_unopened"
            draft.say_once("What silence about use means", where, takes_as_unopened=is_taken)
        elif kind in {"rule", "otherwise"}:
            _keep_name(item, names, draft)

    for item in parsed:
        _guarded(item, problems, partial(header, item))
    return Setting(clause_ids=names, **found)


def _time_zone(node: Node) -> str:
    token = tokens_of(node)[0]
    zones = {zone.casefold(): zone for zone in available_timezones()}
    zone = zones.get(token.casefold())
    if zone is None:
        near = closest(token, list(zones), 0.4)
        raise Faulty(
            f'"{token}" is not a time zone.',
            place_of(token, Place(line=1, column=1)),
            (f'"{zones[near]}"',) if near else ('"Europe/Berlin"', '"America/New_York"', '"UTC"'),
        )
    return zone


def _keep_name(item: Parsed, names: dict[str, str], draft: Draft) -> None:
    name = name_of(heading_of(item.node))
    if name is None:
        return
    if name.casefold() in names:
        raise Faulty(
            f'Two rules are called "{name}". Give each a name of its own.',
            place_of(name, item.sentence.place),
        )
    names[name.casefold()] = id_of(name, draft.clause_ids)


_COMPILERS: dict[str, Callable[[Parsed, Setting, Draft], None]] = {
    "rule": compile_rule,
    "otherwise": compile_rule,
    "tiers": compile_tiers,
    "reminders": compile_reminders,
    "automatic": compile_automatic,
    "limit": compile_limit,
    "split": compile_split,
}
