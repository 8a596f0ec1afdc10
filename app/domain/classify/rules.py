"""A classifier made of rules: phrases in seven languages, and what they mean together.

Text steers nothing but typed values: "ignore the policy and refund 500" is a wish for money back
that names no amount of ours, and a reason for a person to look.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.classification import Classification, Kind, Reason
from app.domain.classify.clean import Cleaned, clean
from app.domain.classify.cues import Hit, Sentence, sentences
from app.domain.classify.extract import extract, text_of
from app.domain.classify.language import find_language
from app.domain.classify.lexicon import SUPPORTED_LANGUAGES, cue_book, word_set

_FEW_WORDS = 3
_SURE = 0.6

_REASONS: tuple[tuple[str, Reason], ...] = (
    ("duplicate", Reason.DUPLICATE_CHARGE),
    ("damaged", Reason.DAMAGED),
    ("wrong_item", Reason.WRONG_ITEM),
    ("not_as_described", Reason.NOT_AS_DESCRIBED),
    ("not_arrived", Reason.NOT_ARRIVED),
    ("cancel", Reason.CANCELLED),
    ("changed_mind", Reason.CHANGED_MIND),
)
_FAULTS = ("damaged", "wrong_item", "not_as_described")


@dataclass
class Reading:
    """What was found in one text: hits by group, and whether money back is asked for."""

    text: list[Sentence]
    hits: dict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    wishes: int = 0
    denials: int = 0
    mentions: int = 0

    def has(self, *groups: str) -> bool:
        return any(self.hits.get(group) for group in groups)

    def asked(self, group: str) -> bool:
        """Whether a phrase of this group stands in a sentence that asks for something."""
        asking = {hit.sentence for hit in self.hits.get("ask", ())}
        return any(
            hit.sentence in asking or self.text[hit.sentence].is_question
            for hit in self.hits.get(group, ())
        )

    @property
    def returns(self) -> bool:
        """Whether goods are to go back; "devolución del dinero" speaks of money alone."""
        mentions = _by_sentence(self.hits["mention"])
        return any(not _overlaps(hit, mentions) for hit in self.hits["return"])

    def denied(self, group: str) -> bool:
        """Whether every phrase of this group is denied ("I don't want a replacement")."""
        hits = self.hits.get(group, ())
        return bool(hits) and all(_is_denied(self.text[h.sentence], h) for h in hits)


def _is_denied(sentence: Sentence, hit: Hit) -> bool:
    """Whether a negation stands before or right behind a phrase, outside an if-clause."""
    before = sentence.words[max(0, hit.start - 4) : hit.start]
    # "Not a new one but my money": what is denied ends where the wish begins.
    for place in range(len(before) - 1, -1, -1):
        if before[place] in word_set("contrast"):
            before = before[place + 1 :]
            break
    after = sentence.words[hit.end : hit.end + 2]
    inside = sentence.words[hit.start : hit.end]
    if word_set("condition") & set(sentence.words[: hit.start]):
        return False
    negations = word_set("negation")
    near = [word for word in before if word in negations]
    return bool(near or negations & set(inside) or (after[:1] and after[0] in {"nicht", "niet"}))


def read(text: str) -> Reading:
    """Find all phrases in a text, and tell who asks for money from who only speaks of it."""
    reading = Reading(sentences(text))
    for hit in cue_book().find(reading.text):
        reading.hits[hit.group].append(hit)
    _count_wishes(reading)
    return reading


def _by_sentence(hits: Iterable[Hit]) -> dict[int, list[Hit]]:
    found: dict[int, list[Hit]] = {}
    for hit in hits:
        found.setdefault(hit.sentence, []).append(hit)
    return found


def _overlaps(hit: Hit, others: Mapping[int, Sequence[Hit]]) -> bool:
    """Whether a hit shares a word with one of the others, which come by sentence."""
    return any(
        hit.start < other.end and other.start < hit.end for other in others.get(hit.sentence, ())
    )


def _count_wishes(reading: Reading) -> None:
    """Tell apart who asks for money, who doesn't want it, and who only speaks of it."""
    asking = {hit.sentence for hit in reading.hits["ask"]}
    aside = _by_sentence(reading.hits["other_money"] + reading.hits["policy"])
    told = {hit.sentence for hit in reading.hits["status"] + reading.hits["already"]}
    for hit in reading.hits["mention"]:
        if _overlaps(hit, aside):
            continue
        reading.mentions += 1
        sentence = reading.text[hit.sentence]
        opens = hit.start <= 1 and len(sentence.words) >= 2
        conditional = bool(word_set("condition") & set(sentence.words[: hit.start]))
        if hit.sentence in told and not conditional:
            continue
        if _is_denied(sentence, hit):
            reading.denials += 1
        elif hit.sentence in asking or opens or conditional:
            reading.wishes += 1


@dataclass(frozen=True)
class Answer:
    """What the rules make of a text; `margin` says how clear it was."""

    kind: Kind
    refund: bool
    margin: float
    conflict: bool = False


def _aside(reading: Reading) -> Answer | None:
    """Mails that aren't a customer's request at all."""
    opening = [hit for hit in reading.hits["automatic"] if hit.sentence < 2]
    if opening or (reading.has("automatic") and not reading.wishes):
        return Answer(Kind.OTHER, False, 1.6, conflict=reading.wishes > 1)
    if reading.has("applicant", "sales_pitch") and not reading.has("duplicate"):
        return Answer(Kind.OTHER, False, 1.4, conflict=reading.wishes > 1)
    if reading.has("other_money") and not reading.wishes and not reading.has(*_FAULTS):
        kind = Kind.PAYMENT_ISSUE if reading.has("payment_issue") else Kind.OTHER
        return Answer(kind, False, 1.4)
    return None


def _about_refunds(reading: Reading) -> Answer | None:
    """What is asked about money back, the clearest sign first."""
    has, wishes = reading.has, reading.wishes
    waits = any(
        word_set("waiting") & set(reading.text[hit.sentence].words)
        for hit in reading.hits["status"] + reading.hits["already"]
    )
    if has("already") and not waits and not wishes and not has("status"):
        return Answer(Kind.OTHER, False, 1.4)
    if has("duplicate") and not reading.denied("duplicate"):
        return Answer(Kind.DUPLICATE_CHARGE, True, 2.2 + min(wishes, 2) * 0.4)
    if has("status") and reading.mentions:
        return Answer(Kind.REFUND_STATUS, False, 2.0 - wishes * 0.6, conflict=wishes > 1)
    faulty = has(*_FAULTS)
    if wishes:
        margin = 1.5 + min(wishes, 3) * 0.4 - reading.denials * 0.8
        conflict = reading.denials >= wishes
        if faulty:
            kind = Kind.DAMAGED_WRONG
        elif has("not_arrived"):
            kind = Kind.NOT_ARRIVED
        elif has("cancel") and not reading.denied("cancel"):
            kind = Kind.CANCEL_REFUND
        elif reading.returns and not has("policy"):
            kind = Kind.RETURN
        else:
            kind = Kind.REFUND_ITEM
        if has("policy") and not faulty:
            margin -= 0.9
        return Answer(kind, True, margin, conflict)
    return None


def _related(reading: Reading) -> Answer | None:
    """What has to do with refunds without asking for money."""
    has, asked = reading.has, reading.asked
    faulty = has(*_FAULTS)
    wants_exchange = has("exchange") and not reading.denied("exchange")
    settled = faulty or has("changed_mind")
    if has("policy") and not settled:
        return Answer(Kind.REFUND_POLICY, False, 1.8)
    if wants_exchange and (asked("exchange") or faulty) and not has("account", "order_change"):
        return Answer(Kind.EXCHANGE_CREDIT, False, 1.5)
    if has("policy") and not faulty:
        return Answer(Kind.REFUND_POLICY, False, 1.2)
    if faulty and not has("order_change", "account"):
        returns = has("return") and reading.asked("return")
        return Answer(Kind.DAMAGED_WRONG, returns, 1.1)
    if has("lost") and has("not_arrived") and not has("status", "invoice", "account"):
        return Answer(Kind.NOT_ARRIVED, False, 1.2)
    if reading.returns and not reading.denied("return") and not has("invoice"):
        certain = asked("return") or has("changed_mind")
        return Answer(Kind.RETURN, True, 1.2 if certain else 0.5)
    if has("mention") and reading.mentions:
        if reading.denials:
            return None
        return Answer(Kind.REFUND_ITEM, True, 0.3, conflict=True)
    return None


def _unrelated(reading: Reading) -> Answer:
    """What has nothing to do with refunds."""
    has = reading.has
    order: tuple[tuple[str, Kind, float], ...] = (
        ("cancel", Kind.CANCEL_ORDER, 1.5),
        ("invoice", Kind.INVOICE, 1.4),
        ("payment_issue", Kind.PAYMENT_ISSUE, 1.3),
        ("account", Kind.ACCOUNT, 1.3),
        ("order_change", Kind.ORDER_CHANGE, 1.4),
        ("not_arrived", Kind.SHIPPING, 1.2),
        ("complaint", Kind.COMPLAINT, 1.1),
        ("shipping", Kind.SHIPPING, 1.2),
    )
    found = [item for item in order if has(item[0])]
    if not found:
        return Answer(Kind.OTHER, False, 0.9)
    _, kind, margin = found[0]
    if kind is Kind.CANCEL_ORDER and has("account") and not has("shipping"):
        kind = Kind.ACCOUNT
    return Answer(kind, False, margin - 0.2 * (len(found) - 1))


def judge(reading: Reading) -> Answer:
    """What the phrases mean together."""
    return _aside(reading) or _about_refunds(reading) or _related(reading) or _unrelated(reading)


def signal_names(reading: Reading, answer: Answer) -> list[str]:
    """What the rules found, by name: features of the trained heads, never overrides."""
    names = [
        f"kind={answer.kind}",
        f"refund={answer.refund}",
        f"kind={answer.kind} refund={answer.refund}",
        f"margin={min(3, int(2 * answer.margin))} refund={answer.refund}",
        f"wishes={min(3, reading.wishes)}",
        f"denials={min(2, reading.denials)}",
        f"mentions={min(3, reading.mentions)}",
    ]
    if answer.conflict:
        names.append("conflict")
    for group, hits in reading.hits.items():
        if hits:
            names.append(f"has {group}")
            if reading.asked(group):
                names.append(f"asks {group}")
            if reading.denied(group):
                names.append(f"denies {group}")
            if any(hit.sentence == 0 for hit in hits):
                names.append(f"begins {group}")
    return names


def reason_of(reading: Reading, answer: Answer) -> Reason:
    """Why money is to go back, in the policy's vocabulary."""
    if not answer.kind.is_refund_related or answer.kind is Kind.REFUND_POLICY:
        return Reason.CANCELLED if answer.kind is Kind.CANCEL_ORDER else Reason.UNKNOWN
    if answer.kind is Kind.REFUND_STATUS:
        return Reason.UNKNOWN
    for group, reason in _REASONS:
        if reading.has(group):
            return reason
    return Reason.UNKNOWN


class RuleClassifier:
    """`app.ports.Classifier` by rules. Holds no state; safe to share between threads."""

    name = "rules-1"

    def classify(self, text: str, subject: str | None = None) -> Classification:
        """What a ticket is about. Never raises, whatever the text is."""
        return self.classify_message(clean(text, subject))

    def classify_message(self, message: Cleaned) -> Classification:
        """What a message is about that was taken apart already. Never raises."""
        whole = text_of(message)
        reading = read(whole)
        answer = judge(reading)
        body = message.body
        language = find_language(body if len(body) > 20 else whole)
        words = sum(len(sentence.words) for sentence in reading.text)
        confidence = _confidence(answer)
        unsupported = language is not None and language not in SUPPORTED_LANGUAGES
        is_short = words < _FEW_WORDS
        if is_short or unsupported:
            confidence = min(confidence, 0.5)
        needs_human = (
            is_short
            or unsupported
            or (language is None and words > 12)
            or answer.conflict
            or message.was_cut
            or confidence < _SURE
            or reading.has("injection")
        )
        found = extract(message, language, reading.text, reading.hits)
        return Classification(
            refund=answer.refund,
            refund_related=answer.kind.is_refund_related,
            kind=answer.kind,
            confidence=confidence,
            needs_human=needs_human,
            reason=reason_of(reading, answer),
            classifier=self.name,
            **found.fields(),
        )


def _confidence(answer: Answer) -> float:
    """A probability from the margin by which the answer won; never quite certain."""
    margin = answer.margin - (0.8 if answer.conflict else 0.0)
    return round(min(0.98, max(0.05, 1 / (1 + math.exp(-(0.2 + 1.1 * margin))))), 3)
