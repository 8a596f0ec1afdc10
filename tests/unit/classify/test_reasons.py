"""Why money is to go back: told by phrases that go with the kind, else unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.classification import Kind, Reason
from app.domain.classify.reasons import REASONS_OF_KIND, reason_told
from app.domain.classify.rules import read
from app.domain.classify.trained import (
    TrainedClassifier,
    Weights,
    guess,
    likeliest_reason,
    read_text,
    shipped_weights,
)

CLASSIFIER = TrainedClassifier()


def _at_temperature(temperature: float) -> TrainedClassifier:
    """The shipped classifier, the surer of everything the colder it is."""
    shipped = shipped_weights()
    calibration = replace(shipped.calibration, joint_temperature=temperature)
    return TrainedClassifier(
        Weights(shipped.rows, shipped.scales, shipped.biases, calibration, shipped.name)
    )


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("The bracket snapped on the first day.", Kind.DAMAGED_WRONG, Reason.DAMAGED),
        ("Der Wasserkocher ist undicht.", Kind.DAMAGED_WRONG, Reason.DAMAGED),
        ("Les portes sont bancales et la vitre fendue.", Kind.DAMAGED_WRONG, Reason.DAMAGED),
        ("La olla gotea por debajo.", Kind.DAMAGED_WRONG, Reason.DAMAGED),
        ("Hij gaat niet meer aan.", Kind.DAMAGED_WRONG, Reason.DAMAGED),
        ("A porta veio empenada.", Kind.DAMAGED_WRONG, Reason.DAMAGED),
        ("Perde acqua da sotto.", Kind.DAMAGED_WRONG, Reason.DAMAGED),
        ("You sent me the wrong one.", Kind.DAMAGED_WRONG, Reason.WRONG_ITEM),
        ("Pedí la talla 38 y me mandaron la 44.", Kind.DAMAGED_WRONG, Reason.WRONG_ITEM),
        ("The listing said solid oak.", Kind.DAMAGED_WRONG, Reason.NOT_AS_DESCRIBED),
        ("Angeblich neuwertig, in der Anzeige.", Kind.DAMAGED_WRONG, Reason.NOT_AS_DESCRIBED),
        ("Listing said new, it is cracked.", Kind.DAMAGED_WRONG, Reason.NOT_AS_DESCRIBED),
        ("It doesnt go with my hallway.", Kind.RETURN, Reason.CHANGED_MIND),
        ("We've decided against it.", Kind.RETURN, Reason.CHANGED_MIND),
        ("Hiermit widerrufe ich den Kauf.", Kind.RETURN, Reason.CHANGED_MIND),
        ("J'en ai déjà un.", Kind.RETURN, Reason.CHANGED_MIND),
        ("Please cancel it.", Kind.CANCEL_REFUND, Reason.CANCELLED),
        # A fault isn't why goods go back that the writer doesn't like.
        ("Nothing is broken, it just doesn't suit me.", Kind.RETURN, Reason.CHANGED_MIND),
        ("It isn't broken, I only ask.", Kind.DAMAGED_WRONG, Reason.UNKNOWN),
        ("I'd like to send the lamp back.", Kind.RETURN, Reason.UNKNOWN),
        ("The noise cancelling headset goes back.", Kind.RETURN, Reason.UNKNOWN),
        ("The casserole dish went to Rotterdam.", Kind.DAMAGED_WRONG, Reason.UNKNOWN),
        ("My invoice is broken.", Kind.INVOICE, Reason.UNKNOWN),
        # Who breaks a leg, or wants one day instead of another, tells of no fault.
        ("I broke my ankle and can't come.", Kind.DAMAGED_WRONG, Reason.UNKNOWN),
        ("Ich habe mir das Bein gebrochen.", Kind.DAMAGED_WRONG, Reason.UNKNOWN),
        ("The leg of the chair broke.", Kind.DAMAGED_WRONG, Reason.DAMAGED),
        ("Quero o dia 4 em vez de 6.", Kind.DAMAGED_WRONG, Reason.UNKNOWN),
        ("Il numero delle scarpe.", Kind.DAMAGED_WRONG, Reason.UNKNOWN),
        ("No site dizia pele genuína.", Kind.DAMAGED_WRONG, Reason.NOT_AS_DESCRIBED),
        ("Die Platte hat eine Schramme.", Kind.DAMAGED_WRONG, Reason.DAMAGED),
        ("Il cappotto mi va piccolo.", Kind.EXCHANGE_CREDIT, Reason.CHANGED_MIND),
        ("The sandals are a bit tight.", Kind.RETURN, Reason.CHANGED_MIND),
    ],
)
def test_a_reason_is_told_by_a_phrase_that_goes_with_the_kind(
    text: str, kind: Kind, reason: Reason
) -> None:
    assert reason_told(read(text), kind) is reason


@pytest.mark.parametrize("kind", list(Kind))
def test_no_kind_has_a_reason_that_it_cannot_have(kind: Kind) -> None:
    told = "Broken. Wrong item. Not as described. Charged twice. Never came. Cancel. Don't like it."
    reason = reason_told(read(told), kind)
    assert reason in (*REASONS_OF_KIND.get(kind, ()), Reason.UNKNOWN)
    assert (reason is Reason.UNKNOWN) == (kind not in REASONS_OF_KIND)


def test_the_classifier_tells_no_reason_of_another_kind() -> None:
    said = CLASSIFIER.classify("My parcel 1001 never arrived, nothing is broken. Refund me please.")
    assert said.kind is Kind.NOT_ARRIVED
    assert said.reason is Reason.NOT_ARRIVED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Something is not right with the kettle, please pay it back.", Kind.DAMAGED_WRONG),
    ],
)
def test_a_reason_that_nobody_told_is_not_guessed_where_a_kind_has_several(
    text: str, kind: Kind
) -> None:
    found = read_text(text)
    scores = shipped_weights().scores(found)
    assert reason_told(found.reading, kind) is Reason.UNKNOWN
    assert likeliest_reason(scores, kind, Reason.UNKNOWN) is not Reason.UNKNOWN
    said = _at_temperature(0.2).classify(text)
    assert said.kind is kind
    assert said.confidence > 0.9
    assert said.reason is Reason.UNKNOWN


def test_a_reason_that_is_told_counts_where_the_kind_is_likelier_than_not() -> None:
    text = "The kettle arrived broken yesterday, its handle is snapped. Please refund me its price."
    scores = shipped_weights().scores(read_text(text))
    reasons = set()
    for temperature in (1, 2, 4, 5, 6, 6.5, 7, 7.5, 8, 10):
        classifier = _at_temperature(temperature)
        calibration = replace(shipped_weights().calibration, joint_temperature=temperature)
        is_likely = guess(scores, calibration).confidence >= 0.5
        said = classifier.classify(text)
        assert said.kind is Kind.DAMAGED_WRONG
        assert said.reason is (Reason.DAMAGED if is_likely else Reason.UNKNOWN), temperature
        reasons.add(said.reason)
    assert reasons == {Reason.DAMAGED, Reason.UNKNOWN}
