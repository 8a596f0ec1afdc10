"""What an agent's click says about a reading: a label to learn from."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from app.domain.base import Value
from app.domain.classification import Kind


class LabelKind(StrEnum):
    """What was corrected."""

    NOT_REFUND = "not_refund"
    IS_REFUND = "is_refund"
    KIND = "kind"
    ORDER = "order"


class Label(Value):
    """One correction, or a confirmation that a reading left open.

    `said_*` is what the classifier answered, `right_*` what the agent says. `text` is the cleaned
    and masked text with its subject, as much of it as is learned from; empty when it was erased or
    isn't needed (a corrected order says nothing about the wording). The newest label of a ticket
    and `what` counts.
    """

    id: str
    account_id: str
    ticket_id: str
    requester_id: str
    case_id: str | None = None
    agent_id: str
    what: LabelKind
    said_refund: bool
    said_kind: Kind
    right_refund: bool
    right_kind: Kind | None = None
    said_order: str | None = None
    right_order: str | None = None
    language: str | None = None
    confidence: float
    classifier: str
    text: str = ""
    made_at: AwareDatetime


class DayCount(Value):
    """How many refund cases of one kind, reason and product began on a day."""

    day: str
    kind: str
    reason: str
    product: str
    count: int


class WeekOfReading(Value):
    """One week: tickets called refunds, tickets called something else, and what was corrected."""

    week: str
    called_refund: int
    called_other: int
    not_refunds: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Share of refund cases that agents left standing; None without any."""
        if not self.called_refund:
            return None
        return max(0.0, 1 - self.not_refunds / self.called_refund)

    @property
    def recall(self) -> float | None:
        """Share of the known refund wishes that were found by themselves; None without any."""
        right = self.called_refund - self.not_refunds
        return right / (right + self.missed) if right + self.missed > 0 else None
