"""The product's classifier: linear heads over words, letters, concepts and what the rules found.

The heads were trained offline (`training/`), their weights are bytes in `weights/`, and
`weights/card.json` says from what and how good they are. A person is asked where the heads are
unsure, where rules and heads disagree, where the language isn't supported, where there is too
little text, and where a writer's own words are longer than is read (`clean.py` says what is).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from lzma import decompress

from app.domain.classification import Classification, Kind, Reason
from app.domain.classify import features
from app.domain.classify.agreement import agrees_to_refund
from app.domain.classify.clean import Cleaned, clean
from app.domain.classify.cues import Sentence, sentences
from app.domain.classify.extract import extract, text_of
from app.domain.classify.heads import PackedRows
from app.domain.classify.language import find_language
from app.domain.classify.lexicon import SUPPORTED_LANGUAGES
from app.domain.classify.order_forms import OrderForm
from app.domain.classify.reasons import REASONS_OF_KIND, reason_told
from app.domain.classify.rules import (
    Answer,
    Reading,
    judge,
    read,
    signal_names,
)

KINDS = tuple(Kind)
REASONS = tuple(Reason)
# The first lane says whether money is asked for; then each kind has one, and each reason.
_FIRST_REASON = 1 + len(KINDS)
LANES = _FIRST_REASON + len(REASONS)

_FEW_WORDS = 3
# So sure of the kind are the heads where a phrase names the reason: it rests on the kind too.
_SURE_OF_TOLD = 0.5
# And so sure where no phrase names it, but the kind has one reason only.
_SURE_OF_KIND = 0.8
# How sure a short yes to an offered refund is.
_YES = 0.6
_CACHED_WORDS = 4096

# Money is always asked for in the first, never in those that are in neither.
_ALWAYS_MONEY = frozenset(
    {Kind.REFUND_ITEM, Kind.CANCEL_REFUND, Kind.DUPLICATE_CHARGE, Kind.RETURN}
)
_REASON_OF_KIND = {
    Kind.DUPLICATE_CHARGE: (Reason.DUPLICATE_CHARGE,),
    Kind.NOT_ARRIVED: (Reason.NOT_ARRIVED,),
    Kind.CANCEL_ORDER: (Reason.CANCELLED,),
    Kind.CANCEL_REFUND: (Reason.CANCELLED,),
    Kind.DAMAGED_WRONG: (Reason.DAMAGED, Reason.WRONG_ITEM, Reason.NOT_AS_DESCRIBED),
    Kind.REFUND_ITEM: REASONS,
    Kind.RETURN: (Reason.CHANGED_MIND, Reason.UNKNOWN),
    Kind.EXCHANGE_CREDIT: (Reason.CHANGED_MIND, Reason.UNKNOWN),
}
_SOMETIMES_MONEY = frozenset({Kind.DAMAGED_WRONG, Kind.NOT_ARRIVED})


@dataclass(frozen=True)
class TextRead:
    """A text as the heads see it. `sentences` are those that they look at."""

    cleaned: Cleaned
    sentences: Sequence[Sentence]
    reading: Reading
    answer: Answer
    signals: tuple[str, ...]


def read_text(text: str, subject: str | None = None) -> TextRead:
    """Clean a text and look for everything that the heads weigh."""
    return read_cleaned(clean(text, subject))


def read_cleaned(cleaned: Cleaned) -> TextRead:
    """Look for everything that the heads weigh in a message that was taken apart already."""
    reading = read(text_of(cleaned))
    answer = judge(reading)
    signals = signal_names(reading, answer)
    if cleaned.is_auto_reply:
        signals.append("auto reply")
    if not cleaned.text:
        signals.append("no text")
    signals.extend(
        f"subject {name}"
        for sentence in sentences(cleaned.subject)
        for word in sentence.words
        for name in features.concepts_in(word)
    )
    return TextRead(cleaned, features.looked_at(reading.text), reading, answer, tuple(signals))


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities, and when a person is asked."""

    kind_temperature: float
    refund_temperature: float
    refund_offset: float
    joint_temperature: float
    ask_below: float
    ask_refund_below: float
    ask_refund_below_disagreeing: float


class Weights:
    """The heads' weights, ready to add up. `scales` and `biases` have one value a lane."""

    def __init__(
        self,
        rows: bytes,
        scales: Sequence[float],
        biases: Sequence[float],
        calibration: Calibration,
        name: str,
    ) -> None:
        self.rows = rows
        self.scales = tuple(scales)
        self.biases = tuple(biases)
        self.calibration = calibration
        self.name = name
        self._packed = PackedRows(rows, LANES)
        self._words: dict[str, tuple[int, int, int]] = {}

    def _word(self, word: features.WordFeatures) -> tuple[int, int, int]:
        """The packed sum of one word's row and letters, how many rows, and their squares."""
        found = self._words.get(word.plain)
        if found is None:
            packed, count = self._packed.total(word.letters)
            packed *= features.LETTERS_WEIGHT
            packed += features.WORD_WEIGHT * self._packed.row(word.whole)
            squares = features.WORD_WEIGHT**2 + count * features.LETTERS_WEIGHT**2
            found = (packed, features.WORD_WEIGHT + count * features.LETTERS_WEIGHT, squares)
            if len(self._words) >= _CACHED_WORDS:
                self._words.clear()
            self._words[word.plain] = found
        return found

    def scores(self, text: TextRead) -> list[float]:
        """One score a lane."""
        packed = count = squares = 0
        for word in features.words_of(text.sentences):
            part, number, square = self._word(word)
            packed += part
            count += number
            squares += square
        for numbers, weight in features.sentence_buckets(text.sentences):
            part, number = self._packed.total(numbers)
            packed += weight * part
            count += weight * number
            squares += weight * weight * number
        norm = math.sqrt(squares) or 1.0
        said = self._packed.unpack(packed, count)
        told = self._packed.unpack(*self._packed.total(features.signal_buckets(text.signals)))
        return [
            scale * (one / norm + features.SIGNAL_WEIGHT * other) + bias
            for one, other, scale, bias in zip(said, told, self.scales, self.biases, strict=True)
        ]


def weights_from(rows: bytes, card: Mapping[str, object], name: str) -> Weights:
    """Weights and what the model card says of them."""
    heads = card["heads"]
    calibration = card["calibration"]
    assert isinstance(heads, dict) and isinstance(calibration, dict)  # noqa: S101
    return Weights(rows, heads["scales"], heads["biases"], Calibration(**calibration), name)


@cache
def shipped_card() -> dict[str, object]:
    """The model card of the shipped weights."""
    folder = files("app.domain.classify").joinpath("weights")
    card: dict[str, object] = json.loads(folder.joinpath("card.json").read_text(encoding="utf-8"))
    return card


@cache
def shipped_weights() -> Weights:
    """The shipped weights, unpacked at the first call."""
    folder = files("app.domain.classify").joinpath("weights")
    rows = decompress(folder.joinpath("heads.bin").read_bytes())
    card = shipped_card()
    return weights_from(rows, card, str(card["name"]))


@dataclass(frozen=True)
class Guess:
    """What the heads make of a text.

    `confidence` is the probability that kind and refund are right, `refund_confidence` that
    `refund` is.
    """

    kind: Kind
    refund: bool
    confidence: float
    refund_confidence: float


def guess(scores: Sequence[float], calibration: Calibration) -> Guess:
    """The likeliest pair of kind and wish for money that can go together."""
    hot = [score / calibration.kind_temperature for score in scores[1:_FIRST_REASON]]
    best = max(hot)
    kinds = [math.exp(score - best) for score in hot]
    odds = scores[0] / calibration.refund_temperature + calibration.refund_offset
    refund = 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
    pairs: list[tuple[float, Kind, bool]] = []
    for kind, chance in zip(KINDS, kinds, strict=True):
        if kind in _ALWAYS_MONEY or kind in _SOMETIMES_MONEY:
            pairs.append((chance * refund, kind, True))
        if kind not in _ALWAYS_MONEY:
            pairs.append((chance * (1 - refund), kind, False))
    power = 1 / calibration.joint_temperature
    powered = [(max(chance, 1e-12) ** power, kind, wish) for chance, kind, wish in pairs]
    total = sum(chance for chance, _, _ in powered)
    # First whether money is asked for, by all kinds together; then the likeliest kind for that.
    for_money = sum(chance for chance, _, wish in powered if wish)
    wish = 2 * for_money > total
    top, kind, _ = max(pair for pair in powered if pair[2] is wish)
    certain = for_money if wish else total - for_money
    return Guess(kind, wish, min(0.99, top / total), min(0.999, certain / total))


def is_unsure(said: Guess, calibration: Calibration, *, rules_agree: bool) -> bool:
    """Whether a person should look, judging by the heads and the rules alone."""
    least = (
        calibration.ask_refund_below if rules_agree else calibration.ask_refund_below_disagreeing
    )
    return said.confidence < calibration.ask_below or said.refund_confidence < least


def likeliest_reason(scores: Sequence[float], kind: Kind, told: Reason) -> Reason:
    """Why money is to go back: what the rules were told, if it goes with the kind, else the heads'.

    A phrase that names the reason is worth more than the sum of words around it.
    """
    reasons = _REASON_OF_KIND.get(kind, (Reason.UNKNOWN,))
    if told is not Reason.UNKNOWN and told in reasons:
        return told
    return max(reasons, key=lambda reason: scores[_FIRST_REASON + REASONS.index(reason)])


class TrainedClassifier:
    """`app.ports.Classifier` by trained heads. Safe to share between threads."""

    def __init__(self, weights: Weights | None = None) -> None:
        self._weights = weights or shipped_weights()
        self.name = self._weights.name

    def classify(
        self, text: str, subject: str | None = None, *, forms: tuple[OrderForm, ...] = ()
    ) -> Classification:
        """What a ticket is about. Never raises, whatever the text is.

        `forms` are the forms of the order numbers that the account's stores use.
        """
        return self.classify_message(clean(text, subject), forms=forms)

    def classify_message(
        self, message: Cleaned, *, forms: tuple[OrderForm, ...] = ()
    ) -> Classification:
        """What a message is about that was taken apart already. Never raises."""
        found = read_cleaned(message)
        calibration = self._weights.calibration
        scores = self._weights.scores(found)
        said = guess(scores, calibration)
        # "Yes please, do that" has no words of its own to weigh; a person sees what it answers.
        says_yes = agrees_to_refund(found.cleaned.text, found.cleaned.quoted)
        if says_yes and not said.refund:
            said = Guess(Kind.REFUND_ITEM, True, _YES, _YES)
        body = found.cleaned.body
        language = find_language(body if len(body) > 20 else text_of(found.cleaned))
        words = sum(len(sentence.words) for sentence in found.sentences)
        unsupported = language is not None and language not in SUPPORTED_LANGUAGES
        is_short = words < _FEW_WORDS
        confidence = min(said.confidence, 0.5) if unsupported or is_short else said.confidence
        agrees = found.answer.refund == said.refund
        extracted = extract(
            found.cleaned, language, found.reading.text, found.reading.hits, forms=forms
        )
        return Classification(
            refund=said.refund,
            refund_related=said.kind.is_refund_related,
            kind=said.kind,
            confidence=round(confidence, 3),
            needs_human=(
                is_short
                or unsupported
                or says_yes
                or found.cleaned.was_cut
                or (language is None and words > 12)
                or is_unsure(said, calibration, rules_agree=agrees)
                or found.reading.has("injection")
            ),
            reason=self._reason(found, scores, said),
            classifier=self.name,
            **extracted.fields(),
        )

    def _reason(self, found: TextRead, scores: Sequence[float], said: Guess) -> Reason:
        """The reason; unknown where nobody named one, or the heads aren't sure of the kind.

        Policies make exceptions for reasons: a guess must not open one.
        """
        if said.confidence < _SURE_OF_TOLD:
            return Reason.UNKNOWN
        told = reason_told(found.reading, said.kind)
        if told is not Reason.UNKNOWN:
            return told
        has_one = len(REASONS_OF_KIND.get(said.kind, ())) == 1
        if not has_one or said.confidence < _SURE_OF_KIND:
            return Reason.UNKNOWN
        return likeliest_reason(scores, said.kind, told)
