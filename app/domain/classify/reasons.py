"""Why money is to go back, as the writer tells it.

Policies make exceptions for reasons, so a reason that nobody told stays unknown rather than be
guessed: it needs a phrase that tells it, or a kind that has one reason only and that the heads are
sure of.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.classification import Kind, Reason
from app.domain.classify.cues import Hit, Sentence
from app.domain.classify.lexicon import reason_book, word_set
from app.domain.classify.rules import Reading

# What may be the reason for each kind, the clearest first: who cites a description complains of it,
# also where the goods have a fault. A kind that isn't listed has none. Goods that are returned or
# exchanged for a fault are of the kind `damaged_wrong`.
REASONS_OF_KIND: dict[Kind, tuple[Reason, ...]] = {
    Kind.DUPLICATE_CHARGE: (Reason.DUPLICATE_CHARGE,),
    Kind.NOT_ARRIVED: (Reason.NOT_ARRIVED,),
    Kind.CANCEL_ORDER: (Reason.CANCELLED,),
    Kind.CANCEL_REFUND: (Reason.CANCELLED,),
    Kind.DAMAGED_WRONG: (Reason.NOT_AS_DESCRIBED, Reason.DAMAGED, Reason.WRONG_ITEM),
    Kind.REFUND_ITEM: (
        *(Reason.DUPLICATE_CHARGE, Reason.DAMAGED, Reason.WRONG_ITEM, Reason.NOT_AS_DESCRIBED),
        *(Reason.NOT_ARRIVED, Reason.CHANGED_MIND),
    ),
    Kind.RETURN: (Reason.CHANGED_MIND,),
    Kind.EXCHANGE_CREDIT: (Reason.CHANGED_MIND,),
}
# Groups of lexicon.txt; those of reasons.txt are named like the reasons.
_GROUPS = {
    "duplicate": Reason.DUPLICATE_CHARGE,
    "damaged": Reason.DAMAGED,
    "wrong_item": Reason.WRONG_ITEM,
    "not_as_described": Reason.NOT_AS_DESCRIBED,
    "not_arrived": Reason.NOT_ARRIVED,
    "changed_mind": Reason.CHANGED_MIND,
    "cancel": Reason.CANCELLED,
}
# Where the phrases of reasons.txt count: elsewhere they are too common to tell a reason.
_TOLD_IN_MANY_WORDS = frozenset({Kind.DAMAGED_WRONG, Kind.RETURN, Kind.EXCHANGE_CREDIT})
# Words that begin like a fault in another language: "casse*", "rott*".
_OTHERS = frozenset(
    {"casserole", "casseroles", "cassette", "cassettes", "rotterdam"}
    | {"cassetto", "cassetti", "cassetta"}
)
# Phrases that alone say too little: who wants another day "instead of" Monday got nothing wrong.
_ALONE_TOO_LITTLE = frozenset(
    {"instead of", "au lieu", "en vez de", "em vez de", "invece di", "invece del", "in plaats van"}
    | {"geht nicht", "geht das nicht", "won't work", "wont work"}
)
# What people break when they fall; the leg of a chair breaks without "my".
_LIMBS = frozenset(
    {"leg", "arm", "ankle", "foot", "wrist", "hip", "knee", "collarbone", "jambe", "bras"}
    | {"cheville", "poignet", "pied", "genou", "gamba", "braccio", "caviglia", "polso", "piede"}
    | {"ginocchio", "pierna", "brazo", "tobillo", "muneca", "pie", "rodilla", "perna", "braco"}
    | {"tornozelo", "pulso", "joelho", "bein", "knochel", "fuss", "handgelenk", "been", "enkel"}
    | {"pols", "voet", "knie"}
)
_OWN = frozenset({"my", "his", "her", "mir", "sich", "mein", "meine", "mijn", "haar", "zijn"})
# Behind these, Portuguese "no" is "in the": "no site dizia".
_PLACES = frozenset(
    {"site", "anuncio", "vosso", "seu", "meu", "nosso", "app", "canto", "lado", "fundo", "meio"}
    | {"pacote", "dia", "primeiro", "segundo", "catalogo", "rotulo"}
)
_BEFORE = 3
_AFTER = 4


def _is_denied(sentence: Sentence, hit: Hit) -> bool:
    """Whether a phrase without a negation of its own has one before it: "it isn't broken"."""
    negations = word_set("negation")
    if negations & set(sentence.words[hit.start : hit.end]):
        return False
    before = sentence.words[max(0, hit.start - _BEFORE) : hit.start]
    for place in range(len(before) - 1, -1, -1):
        if before[place] in word_set("contrast"):
            return False
        if before[place] in negations:
            behind = sentence.words[hit.start - len(before) + place + 1]
            return not (before[place] == "no" and behind in _PLACES)
    return False


def reason_told(reading: Reading, kind: Kind) -> Reason:
    """The reason that phrases tell and that goes with a kind; unknown where none does."""
    allowed = REASONS_OF_KIND.get(kind, ())
    told = {
        reason
        for group, reason in _GROUPS.items()
        if reason in allowed and _is_told(reading, reading.hits.get(group, ()))
    }
    if kind in _TOLD_IN_MANY_WORDS:
        hits: dict[str, list[Hit]] = {}
        for hit in reason_book().find(reading.text):
            hits.setdefault(hit.group, []).append(hit)
        told |= {Reason(group) for group, found in hits.items() if _is_told(reading, found)}
    return next((reason for reason in allowed if reason in told), Reason.UNKNOWN)


def _is_told(reading: Reading, hits: Sequence[Hit]) -> bool:
    return any(_tells(reading.text[hit.sentence], hit) for hit in hits)


def _tells(sentence: Sentence, hit: Hit) -> bool:
    """Whether a phrase tells what it seems to: it isn't denied, and means nothing else."""
    said = sentence.words[hit.start : hit.end]
    if " ".join(said) in _ALONE_TOO_LITTLE or not _OTHERS.isdisjoint(said):
        return False
    return not _is_denied(sentence, hit) and not _is_injury(sentence, hit)


def _is_injury(sentence: Sentence, hit: Hit) -> bool:
    """Whether what broke is somebody's leg: "broke my leg", "mir das Bein gebrochen"."""
    if not _LIMBS.isdisjoint(sentence.words[hit.start + 1 : hit.end + _AFTER]):
        return True
    before = sentence.words[max(0, hit.start - _AFTER) : hit.start]
    return not _LIMBS.isdisjoint(before) and not _OWN.isdisjoint(before)
