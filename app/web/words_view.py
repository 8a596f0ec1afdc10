"""What the ticket's text says, for the panel: summary, signals, named addresses, other tickets."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.classification import Kind
from app.usecases.cases import TicketView
from app.usecases.signal_words import SIGNAL_WORDS
from app.web.formats import Formats
from app.web.texts import text


@dataclass(frozen=True)
class WordsView:
    """`asked_on` is empty unless the case was asked for on several tickets."""

    summary: str
    signals: tuple[str, ...]
    also_named: tuple[str, ...]
    asked_on: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.summary or self.signals or self.also_named or self.asked_on)


def words_view(view: TicketView, formats: Formats) -> WordsView | None:
    """The customer's own words; None when there are none worth showing."""
    if view.case is None:
        return None
    found = view.case.classification
    asked = [
        text(
            "words.ticket",
            ticket=one.ticket_id,
            channel=text(f"channel.{one.channel.value}"),
            date=formats.day(one.at),
        )
        for one in view.asked_on
    ]
    words = WordsView(
        summary=found.summary,
        signals=tuple(SIGNAL_WORDS[one] for one in found.signals),
        also_named=(*found.other_emails, *found.other_phones),
        asked_on=tuple(asked) if len(asked) > 1 else (),
    )
    return None if words.is_empty else words


def kind_choices(chosen: Kind) -> tuple[tuple[str, str, bool], ...]:
    """Kinds to choose from: (value, label, is chosen)."""
    return tuple((kind.value, text(f"kind.{kind.value}"), kind is chosen) for kind in Kind)
