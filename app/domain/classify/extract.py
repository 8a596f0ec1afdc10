"""Everything that a text says besides what it wants: one pass for every classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.domain.base import Value
from app.domain.classification import NamedAmount, Signal, Wants
from app.domain.classify.amounts import find_amounts
from app.domain.classify.clean import Cleaned
from app.domain.classify.contacts import find_emails, find_phones
from app.domain.classify.cues import Hit, Sentence
from app.domain.classify.dates import find_dates
from app.domain.classify.items import find_items
from app.domain.classify.lexicon import SUPPORTED_LANGUAGES
from app.domain.classify.mood import mood_of
from app.domain.classify.order_forms import OrderForm
from app.domain.classify.orders import find_named_orders, find_orders
from app.domain.classify.summary import summarise

_SIGNALS = (
    *(Signal.CHARGEBACK, Signal.LAWYER, Signal.REGULATOR, Signal.POLICE, Signal.PRESS),
    *(Signal.BAD_REVIEW, Signal.INJECTION),
)
# Sentences with these phrases are about the goods that something is wanted for.
_ABOUT_GOODS = (
    *("mention", "damaged", "wrong_item", "not_as_described", "not_arrived", "return"),
    *("exchange", "changed_mind", "part", "cancel", "lost", "opened", "unopened"),
)


class Extracted(Value):
    """Fields of a Classification that don't depend on which classifier judged the text."""

    orders: tuple[str, ...] = ()
    amounts: tuple[NamedAmount, ...] = ()
    language: str | None = None
    sentiment: float = 0.0
    urgent: bool = False
    wants: Wants = Wants.UNKNOWN
    items_named: tuple[str, ...] = ()
    has_evidence: bool | None = None
    states_opened: bool | None = None
    dates: tuple[date, ...] = ()
    signals: tuple[Signal, ...] = ()
    other_emails: tuple[str, ...] = ()
    other_phones: tuple[str, ...] = ()
    summary: str = ""

    def fields(self) -> dict[str, Any]:
        """The fields by name, ready for a Classification."""
        return {name: getattr(self, name) for name in type(self).model_fields}


def text_of(cleaned: Cleaned) -> str:
    """Subject and text as one, as far as it is read: what phrases are looked for in."""
    return f"{cleaned.subject}.\n\n{cleaned.body}" if cleaned.subject else cleaned.body


def orders_in(cleaned: Cleaned, forms: tuple[OrderForm, ...] = ()) -> tuple[str, ...]:
    """Order numbers that a message names, in its own words or else in what it quotes."""
    return find_orders(text_of(cleaned), forms, signature=cleaned.signature, quoted=cleaned.quoted)


def amounts_in(
    cleaned: Cleaned, language: str | None, orders: tuple[str, ...]
) -> tuple[NamedAmount, ...]:
    """Amounts that a message names, in its own words or else in what it quotes.

    `orders` are those of the message: a quoted mail about another order says nothing of it.
    """
    found = find_amounts(text_of(cleaned), language)
    if found or not cleaned.quoted:
        return found
    quoted = find_amounts(cleaned.quoted, language)
    if quoted and orders and set(orders).isdisjoint(find_named_orders(cleaned.quoted) or orders):
        return ()
    return quoted


def extract(
    cleaned: Cleaned,
    language: str | None,
    spans: Sequence[Sentence],
    hits: Mapping[str, Sequence[Hit]],
    forms: tuple[OrderForm, ...] = (),
) -> Extracted:
    """What a message names. `spans` and `hits` are those of `text_of(cleaned)`.

    `forms` are those of the account's own order names, where known. Never raises.
    """
    whole = text_of(cleaned)
    about = [spans[i] for i in sorted({h.sentence for g in _ABOUT_GOODS for h in hits.get(g, ())})]
    sentiment, urgent = mood_of(whole, spans, hits)
    contacts = f"{whole}\n{cleaned.signature[:2000]}"
    orders = orders_in(cleaned, forms)
    return Extracted(
        orders=orders,
        amounts=amounts_in(cleaned, language, orders),
        language=language,
        sentiment=sentiment,
        urgent=urgent,
        wants=_wants(hits),
        items_named=find_items(whole, about),
        has_evidence=_stated(hits, "evidence", "no_evidence"),
        states_opened=_stated(hits, "opened", "unopened"),
        dates=find_dates(whole, language),
        signals=_signals(cleaned, language, hits),
        other_emails=find_emails(contacts),
        other_phones=find_phones(contacts),
        summary=summarise(cleaned.body, *_in_body(cleaned, spans, hits)),
    )


def _in_body(
    cleaned: Cleaned, spans: Sequence[Sentence], hits: Mapping[str, Sequence[Hit]]
) -> tuple[list[Sentence], dict[str, list[Hit]]]:
    """Spans and hits with places in the text alone; those of the subject are left out."""
    shift = len(cleaned.subject) + 3 if cleaned.subject else 0
    first = next((i for i, span in enumerate(spans) if span.start >= shift), len(spans))
    moved = [
        Sentence(span.words, span.is_question, span.start - shift, span.end - shift)
        for span in spans[first:]
    ]
    kept = {
        group: [
            Hit(h.group, h.sentence - first, h.start, h.end) for h in found if h.sentence >= first
        ]
        for group, found in hits.items()
    }
    return moved, kept


def _wants(hits: Mapping[str, Sequence[Hit]]) -> Wants:
    if hits.get("part"):
        return Wants.PART
    return Wants.WHOLE if hits.get("whole") else Wants.UNKNOWN


def _stated(hits: Mapping[str, Sequence[Hit]], yes: str, no: str) -> bool | None:
    """True or False as the text says; None when it says nothing, or both."""
    said_yes, said_no = bool(hits.get(yes)), bool(hits.get(no))
    if said_no and yes == "opened":
        # "I opened the box, the tags are still on": the goods are as new.
        return False
    return said_yes if said_yes != said_no else (False if said_no else None)


def _signals(
    cleaned: Cleaned, language: str | None, hits: Mapping[str, Sequence[Hit]]
) -> tuple[Signal, ...]:
    found = [signal for signal in _SIGNALS if hits.get(signal.value)]
    if cleaned.is_auto_reply:
        found.append(Signal.AUTO_REPLY)
    if language is not None and language not in SUPPORTED_LANGUAGES:
        found.append(Signal.UNSUPPORTED_LANGUAGE)
    return tuple(found)
