"""Why a case was decided as it was, and what happened to it, ready to be printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.decision import Decision, FindingAbout, Truth, Verdict
from app.domain.order import Order
from app.domain.people import Agent
from app.domain.policy.model import Effect, Policy
from app.records import SYSTEM, AuditEvent
from app.usecases.cases import TicketView
from app.web.formats import Formats
from app.web.texts import text, text_or_code

_TONES = {
    (Effect.REFUND, Truth.TRUE): "good",
    (Effect.EXCLUDE, Truth.TRUE): "bad",
    (Effect.REVIEW, Truth.TRUE): "warn",
    (Effect.ASK_EVIDENCE, Truth.TRUE): "warn",
}
_LINE_TONES = {
    Verdict.ELIGIBLE: "good",
    Verdict.NOT_ELIGIBLE: "bad",
    Verdict.NEEDS_REVIEW: "warn",
}


@dataclass(frozen=True)
class LineReason:
    """One item's verdict and why."""

    name: str
    tone: str
    because: str


@dataclass(frozen=True)
class FindingView:
    """One rule that was tested: how it came out, and what was compared."""

    title: str
    about: str
    tone: str
    outcome: str
    sentence: str
    comparisons: tuple[tuple[str, str], ...]
    is_nearest_miss: bool


@dataclass(frozen=True)
class Why:
    """The whole reasoning of a decision."""

    lines: tuple[LineReason, ...]
    nearest: tuple[FindingView, ...]
    missing: tuple[str, ...]
    blocked: tuple[str, ...]
    findings: tuple[FindingView, ...]
    alternatives: tuple[str, ...]
    policy: str


@dataclass(frozen=True)
class HistoryEntry:
    """One act: when, who, what."""

    when: str
    iso: str
    who: str
    what: str
    tone: str


def why_view(decision: Decision, order: Order | None, policy: Policy) -> Why:
    """Item by item, what was nearly met, what isn't known, then every rule."""
    names = {line.id: line.name for line in order.lines} if order else {}
    findings = findings_view(decision.tested(), names)
    said = {decision.headline, *(line.because for line in decision.lines)}
    # One item whose reason is the verdict's own needs no list of its own.
    is_said = len(decision.lines) == 1 and decision.lines[0].because == decision.headline
    is_same = policy.id == decision.policy_id and policy.version == decision.policy_version
    return Why(
        lines=tuple(
            LineReason(line.name, _LINE_TONES[line.verdict], line.because)
            for line in (() if is_said else decision.lines)
        ),
        nearest=tuple(item for item in findings if item.is_nearest_miss),
        missing=tuple(item for item in decision.missing if item not in said),
        blocked=tuple(item for item in decision.blocked_because if item not in said),
        findings=findings,
        alternatives=tuple(
            text_or_code("alternative", item.value) for item in decision.alternatives
        ),
        policy=text(
            "why.policy",
            name=policy.title if is_same else decision.policy_id,
            version=decision.policy_version,
        ),
    )


def findings_view(tested: Iterable[FindingAbout], names: dict[str, str]) -> tuple[FindingView, ...]:
    """Every rule that was tested; once for all items for which it came out the same."""
    alike: dict[tuple[object, ...], list[FindingAbout]] = {}
    for line_id, finding in tested:
        said = (finding.sentence, *(item.sentence for item in finding.comparisons))
        key = (finding.code, finding.truth, finding.is_nearest_miss, said)
        alike.setdefault(key, []).append((line_id, finding))
    return tuple(_finding(group, names) for group in alike.values())


def _about(group: list[FindingAbout], names: dict[str, str]) -> str:
    first, _ = group[0]
    if first is None:
        return text("finding.order")
    if len(group) > 1:
        return text("finding.items", count=len(group))
    return names.get(first, first)


def _finding(group: list[FindingAbout], names: dict[str, str]) -> FindingView:
    _, finding = group[0]
    unknown = "warn" if finding.truth is Truth.UNKNOWN else "plain"
    return FindingView(
        title=finding.title,
        about=_about(group, names),
        tone=_TONES.get((finding.effect, finding.truth), unknown),
        outcome=text(f"finding.{finding.effect.value}.{finding.truth.value}"),
        sentence=finding.sentence,
        comparisons=tuple((item.truth.value, item.sentence) for item in finding.comparisons),
        is_nearest_miss=finding.is_nearest_miss,
    )


def _what(event: AuditEvent) -> str:
    """The act in words; of goods that came back, also which."""
    items = event.data.get("items")
    if items is not None:
        return text(f"action.{event.action}", items=items)
    return text_or_code("action", event.action)


# What an approval's own event says already.
_SAID_BY_APPROVAL = frozenset({"refund_awaiting_approval", "refund_approved", "refund_declined"})
_ACTION_TONES = {
    "approval_approved": "good",
    "approval_denied": "bad",
    "approval_void": "warn",
    "approval_reminded": "warn",
    "refund_settled": "good",
    "refund_failed": "bad",
    "refund_unknown": "warn",
    "refund_needs_a_person": "warn",
}


def history_view(
    view: TicketView, agent_id: str, agent: Agent | None, formats: Formats
) -> tuple[HistoryEntry, ...]:
    """Newest first. People are named where a refund or the session tells their name."""
    names = {refund.requested_by: refund.requested_by_name for refund in view.refunds}
    for request in view.approvals:
        names[request.requested_by] = request.requested_by_name
        if request.decided_by and request.decided_by_name:
            names[request.decided_by] = request.decided_by_name
    names[SYSTEM] = text("history.system")
    names[agent_id] = text("history.you")
    return tuple(
        HistoryEntry(
            when=formats.moment(event.at),
            iso=event.at.isoformat(timespec="seconds"),
            who=names.get(event.actor) or str(event.data.get("name") or text("history.someone")),
            what=_what(event),
            tone=_ACTION_TONES.get(event.action, "plain"),
        )
        for event in reversed(view.history)
        if event.action not in _SAID_BY_APPROVAL
    )
