"""The plainest of all wishes: one short sentence, as half of a mailbox says it.

None of these sentences was trained on; others like them were.
"""

from __future__ import annotations

import pytest

from app.domain.classification import Kind
from app.domain.classify.trained import TrainedClassifier

WANTED = (
    "Hi team, can I please be refunded for order 1001?",
    "Hello! I'd love a refund on order 1001, cheers",
    "refund me for 1001 now",
    "Good day. I request reimbursement of order 1001. Regards, Sam",
    "I wish to obtain a refund for order 1001",
    "Hi, I would like to request a refund on my last order. Many thanks",
    "Ich bitte um Erstattung von 1001. Gruß",
    "Remboursez-moi la commande 1001",
    "Je demande le remboursement de ma commande 1001 svp. Merci à vous",
    "Me gustaría pedir el reembolso del pedido 1001. Muchas gracias",
    "Vorrei chiedere il rimborso del mio ordine 1001. Grazie mille",
    "Ik vraag een terugbetaling van bestelling 1001. Alvast bedankt",
    "Queria pedir o reembolso da encomenda 1001. Muito obrigado",
)
OTHERS = (
    ("Hi, I would like to request information about order 1001. Thanks", Kind.OTHER),
    ("Hi, I would like to request a quote for 20 mugs. Thanks", Kind.OTHER),
    ("Hi, please update order 1001. Thanks", Kind.ORDER_CHANGE),
    ("Hi, I would like to request a copy of my receipt for order 1001. Thanks", Kind.INVOICE),
    ("Je souhaite demander un devis. Merci", Kind.OTHER),
)


@pytest.fixture(scope="module")
def classifier() -> TrainedClassifier:
    return TrainedClassifier()


@pytest.mark.parametrize("text", WANTED)
def test_a_plain_wish_for_a_refund_is_read_surely(classifier: TrainedClassifier, text: str) -> None:
    found = classifier.classify(text)
    assert (found.refund, found.kind) == (True, Kind.REFUND_ITEM)
    assert not found.needs_human


@pytest.mark.parametrize(("text", "kind"), OTHERS)
def test_other_plain_wishes_are_none(classifier: TrainedClassifier, text: str, kind: Kind) -> None:
    found = classifier.classify(text)
    assert (found.refund, found.kind) == (False, kind)
