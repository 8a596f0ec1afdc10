"""Concepts as features: what languages share, what the order and a wish beside them do."""

import pytest

from app.domain.classify.concepts import concepts_of
from app.domain.classify.cues import sentences
from app.domain.classify.features import bucket, concept_buckets, concept_pair_buckets


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ("giveback", "refund erstattung remboursement reembolso terugbetaling rimborso"),
        ("deposit", "deposit anzahlung acompte fianza borg sinal caparra"),
        ("reschedule", "reschedule verschieben reporter aplazar verzetten adiar spostare"),
        ("hold", "pending vorgemerkt preautorisation pendiente reservering cativo sospeso"),
        ("sentback", "returned retourniert renvoyee devuelto teruggestuurd devolvi restituito"),
    ],
)
def test_words_of_seven_languages_share_a_concept(concept: str, words: str) -> None:
    for word in words.split():
        assert concept in concepts_of(word), word


def test_pairs_of_concepts_are_the_same_in_either_order() -> None:
    one = concept_pair_buckets(sentences("deposit refund"))
    other = concept_pair_buckets(sentences("refund deposit"))
    assert one == other
    assert bucket("cdeposit&giveback") in one


def test_pairs_of_concepts_end_with_the_sentence() -> None:
    assert bucket("cdeposit&giveback") not in concept_pair_buckets(sentences("Deposit. Refund."))


def test_concepts_beside_a_wish_in_a_question_and_at_the_beginning_count_apart() -> None:
    found = concept_buckets(sentences("My deposit. Please check the invoice. Is it renewed?"))
    assert {bucket("c^deposit"), bucket("c!invoice"), bucket("c?renew")} <= found
    assert found.isdisjoint({bucket("c!deposit"), bucket("c^invoice"), bucket("c?invoice")})
