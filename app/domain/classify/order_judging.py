"""Whether one number is an order's: by its form, its label and what stands around it."""

from __future__ import annotations

import re

from app.domain.classify.currencies import CURRENCY_NAMES, WEAK_NAMES
from app.domain.classify.lexicon import beside_numbers
from app.domain.classify.numbers import words_after, words_before
from app.domain.classify.order_forms import OrderForm
from app.domain.classify.order_labels import Label, is_of_something
from app.domain.classify.order_numbers import CODES, TURNS, Number

_SET_OFF = re.compile(r"(?:[(:\[–—=]|(?<!\w)-)[ #]{0,2}$")
_NAME_BEFORE = re.compile(r"(?<![^\W\d_])([^\W\d_]{1,9})\.?[ ]?$")
# Plain digits behind "No." are an order's from so many on.
_LONG = 5
# Two letters and so many digits are a VAT number.
_VAT_DIGITS = 8
# Words that may stand between "ticket" and the code that it names.
_NEAR_FILLERS = 4
# And between "contract" and the code of parts that is the contract's.
_FEW_FILLERS = 3
# And between "number" and its digits, where a place is told.
_FILLERS_OF_A_PLACE = 6
# A booking's code, as it stands behind "flight": flights themselves end in digits.
_BOOKING_OF_FLIGHT = re.compile(
    r"(?=[A-Z0-9]*[0-9])[A-Z0-9]{5}[A-Z]|[A-Z]{2}-[0-9]{5,6}|[A-Z]{3}[0-9]{3}|[0-9]{4,6}-[A-Z]"
)
# A mobile phone's, and the area before any.
_PHONE = re.compile(r"0[0-9]{1,4}[-/](?:[0-9]{6,9}|[0-9]{2,4}-[0-9]{3,5})")
_AREA = re.compile(r"[0-9]\)?[ ]\Z")
# A letter or two and digits: S-20117, 66120-A; a booking's code: HLM415.
_LETTERED = re.compile(
    r"[A-Z]{1,2}-[0-9]{3,6}|[A-Z]{3}[0-9]{3}|[A-Z][0-9]{4,6}|[0-9]{4,6}-[A-Z]{1,2}"
)
# Houses have fewer digits before the letter.
_DIGITS_LETTER = re.compile(r"[0-9]{4,6}-[A-Z]")
# A booking's code that changes often between letters and digits: T5VN8C.
_MIXED = re.compile(r"[A-Z0-9]{6}")
# Before a number that needs no other word to be an order's.
_ABOUT = frozenset(
    {"about", "for", "under", "of", "booked", "ordered", "für", "über", "zu", "pour", "sous", "sur"}
    | {"para", "sobre", "por", "per", "su", "voor", "over", "onder", "sob"}
    | {"aus", "von", "uit", "van", "off", "please", "bitte"}
)
# A letter in front of digits in parts: B-77-1290, A99-2013.
_LETTER_AND_PARTS = re.compile(r"[A-Z]-[0-9]{2,4}-[0-9]{4,6}|[A-Z][0-9]{2,3}-[0-9]{4,6}")
# Invoices are numbered so too.
_OF_A_YEAR = re.compile(r"[A-Z]-20[0-9]{2}-[0-9]{3,6}")
# Digits in parts that may be a postcode: Polish, Portuguese, Japanese, Brazilian, American.
_POSTCODE = re.compile(r"[0-9]{2}-[0-9]{3}|[0-9]{4,5}-[0-9]{3}|[0-9]{3}-[0-9]{4}|[0-9]{5}-[0-9]{4}")
# "A KX-2200" is one of many goods.
_ANY = frozenset({"ein", "eine", "einen", "einem", "einer", "un", "une", "una", "uno", "uma"})
# English words before "a": that alone is also the Portuguese article for what is known.
_BEFORE_A = frozenset(
    {"buy", "bought", "buying", "have", "had", "got", "for", "with", "of", "need", "want", "own"}
    | {"about", "selling", "sell", "is", "was", "as", "like", "on", "in", "to", "and", "or"}
)
# Letters, a dash and so many digits name goods seldom.
_DASHED = re.compile(r"[A-Z]{1,2}-[0-9]{4,6}")
_TICKETS = frozenset({"ticket", "tickets"})
_LEAST_CALLED = 7
_MIXED_TURNS = 3
# Of a company: B12345678.
_TAX_NUMBER = re.compile(r"[A-Z]{1,2}[0-9]{8,10}[A-Z]?")
_SEASON = re.compile(r"(?:19|20)([0-9]{2})-([0-9]{2})")
# Words for an order that are verbs too.
_VERBS = frozenset({"order", "purchase", "commande", "compra", "encomenda", "bestel"})
# The word in front of the word for an order, and those that make that a verb: "to order 2-3".
_FRONT = re.compile(r"(?:\A|(?<!\w))([^\W\d_]{0,15})[ ]?[^\W\d_]{4,12}[^\w\n]{0,4}\Z")
_DOERS = frozenset({"to", "i", "we", "you", "can", "could", "would", "please", "je", "ik"})
_NEAR = 48
# Characters beside a reference in which a carrier's is known.
_AROUND = 60
_ENDS = frozenset(".,;:!?)\n") | {""}
# FR7720 is no money, if it is so long.
_NOT_MONEY = frozenset({"FR", "KR"})
_LEAST_DIGITS = 4
_TO = frozenset({"to", "a", "à", "auf", "naar", "para"})
_SHORT_PLAIN = 3
_LEADING = re.compile(r"[A-Za-z]*")
_FROM_A_YEAR = frozenset({"from", "of", "de", "vom", "von", "van", "del", "dal", "du", "in"})
_IS = frozenset(
    {"is", "was", "are", "ist", "sind", "est", "sont", "es", "son", "è", "sono", "é", "são", "zijn"}
    | {"lautet", "lauten", "var", "jest", "numaralı", "nolu"}
)
# Where a number is told to stand: "is on the label", "laut Zettel".
_WHERE = _IS | {
    *("on", "from", "per", "steht", "auf", "vom", "aus", "sur", "figure", "viene", "en", "está"),
    *("staat", "op", "uit", "laut", "na", "no", "sul", "sulla", "sull", "dalla"),
}


def is_quantity_or_money(text: str, number: Number, label: Label | None = None) -> bool:
    """Whether a unit or a currency stands beside a number.

    A long number right behind a word for "order" is no quantity: "my order is 44071 day after day".
    """
    is_named = label is not None and label.kind == "order" and label.is_adjacent
    behind = text[number.end : number.end + 2]
    if behind.lstrip()[:1] in set("%€$£¥₹") and re.match(
        r"[ ]?[%€£¥₹]|[ ]?\$(?!\d)", text[number.end :]
    ):
        return re.match(r"[ ]?[€£¥₹][ ]?\d", text[number.end : number.end + 4]) is None
    before = text[max(0, number.start - 4) : number.start]
    if re.search(r"[€$£¥₹+][ ]?$", before):
        return True
    first = next(iter(words_after(text, number.end, 16)), "")
    near = text[number.end : number.end + len(first) + 2].strip().lower().startswith(first)
    if first == "x" and re.match(r"[ ]?x[ .!]*(?:\n|\Z)", text[number.end : number.end + 6]):
        # A kiss at the end of a message.
        return False
    # "L'ho" is a word, no litre.
    near = near and text[number.end : number.end + len(first) + 2][-1:] not in set("'’")
    is_long = len(number.body) >= _LONG and not number.is_ambiguous
    is_unit = first in beside_numbers("unit") and not (is_named and is_long)
    if first and near and (is_unit or first in CURRENCY_NAMES):
        # "1001 EUR 48.60": the currency belongs to what follows.
        if first not in CURRENCY_NAMES:
            return True
        tail = text[number.end :][: len(first) + 6]
        return re.search(r"[A-Za-z][ ]?\d", tail) is None
    word = _NAME_BEFORE.search(text[max(0, number.start - 12) : number.start])
    name = word.group(1) if word else ""
    return name.lower() in CURRENCY_NAMES and (name.lower() not in WEAK_NAMES or name.isupper())


def _stands_alone(number: Number) -> bool:
    """Whether a number is an order's by its form alone: EN1001, SO-2231, 000000123."""
    if number.suffix or number.is_code:
        return False
    if not number.prefix:
        return not number.has_tail and bool(re.fullmatch(r"[0-9]?000[0-9]{5,7}", number.body))
    if number.has_tail or not number.prefix.isupper() or len(number.prefix) < 2:
        return False
    if number.dash:
        return len(number.prefix) <= 4 and 4 <= len(number.body) <= 9
    # Two letters and eight digits or more are a VAT number; longer words are product names.
    return len(number.prefix) == 2 and 4 <= len(number.body) <= 7


def _is_set_off(text: str, number: Number) -> bool:
    """Whether a number stands in brackets, behind a dash or colon, or alone on its line."""
    before = text[max(0, number.start - 4) : number.start]
    if _SET_OFF.search(before):
        return True
    starts = before.rstrip(" #")[-1:] in {"", "\n"}
    return starts and text[number.end : number.end + 2].lstrip(" .")[:1] in {"", "\n"}


def _fits_store(text: str, number: Number, label: Label, forms: tuple[OrderForm, ...]) -> bool:
    """Whether the account's stores number their orders like this, and nothing speaks against it.

    Short plain numbers are too common to count by form alone: they must be set off, or follow a
    word for a refund or return.
    """
    if number.is_code or not any(
        form.fits(number.prefix, number.suffix, number.body) for form in forms
    ):
        return False
    if number.prefix or number.suffix or len(number.body) >= 6:
        return True
    if number.is_year:
        return False
    before = label.fillers[:2]
    spoken = any(word in beside_numbers("refund_word") for word in before)
    return spoken or _is_set_off(text, number)


def is_order(text: str, number: Number, label: Label, forms: tuple[OrderForm, ...]) -> bool:
    """Whether a number is an order's, in a text that calls it so or by a form that orders have."""
    if label.kind == "other" and label.is_close:
        return False
    labelled = label.kind == "order" and label.is_close
    if number.is_ambiguous and not (labelled and _is_told_apart(text, number, label)):
        return False
    if not number.has_hash and is_quantity_or_money(text, number, label):
        return False
    if _has_other_prefix(number) and not labelled:
        return False
    if len(number.written) <= _SHORT_PLAIN and _TO & set(label.fillers[:1]) and not number.has_hash:
        # "Raise my order to 160"
        return False
    if number.is_year and labelled and _FROM_A_YEAR & set(label.fillers[:2]):
        return False
    if number.has_hash or labelled:
        return not number.is_short or number.has_hash or label.is_adjacent
    if _fits_store(text, number, label, forms):
        return True
    if number.is_code or number.is_year or number.has_tail or number.prefix:
        return False
    if len(number.body) < 4 or label.is_weak:
        return False
    behind = words_after(text, number.end, 40)
    while behind and behind[0] in beside_numbers("order_list"):
        behind = behind[1:]
    named = (
        bool(behind)
        and behind[0] in _IS
        and any(word in beside_numbers("order_label") for word in behind[1:4])
    )
    near = label.kind == "order" and len(label.fillers) <= 6
    listed = near and len(label.fillers) <= 1 and text.endswith(", ", 0, number.start)
    return named or listed or (near and _is_set_off(text, number))


def _is_told_apart(text: str, number: Number, label: Label) -> bool:
    """Whether `12-9` is an order's: right behind its word, which is no verb ("to order 2-3")."""
    if not label.is_adjacent:
        return False
    in_front = _FRONT.search(text, max(0, number.start - _NEAR), number.start)
    return label.word not in _VERBS or (in_front is not None and in_front[1].lower() not in _DOERS)


def _has_other_prefix(number: Number) -> bool:
    leading = _LEADING.match(number.written)
    prefix = (leading.group() if leading else "").upper()
    if prefix.lower() in WEAK_NAMES and number.written.startswith("-", len(prefix)):
        # RS-20088 and FT-9018 are no money.
        return False
    if prefix in _NOT_MONEY and len(number.body) >= _LEAST_DIGITS:
        return False
    return prefix.lower() in beside_numbers("other_prefix") or prefix in CODES


def has_order_form(text: str, number: Number, label: Label, forms: tuple[OrderForm, ...]) -> bool:
    """Whether a number that nothing names is an order's by its form alone: EN1001, SO-2231."""
    if is_quantity_or_money(text, number) or _has_other_prefix(number):
        return False
    if _is_said_to_be_other(label) or (label.kind == "other" and not is_of_something(label)):
        return False
    if _is_of_another_thing(text, number) or (label.is_weak and is_of_a_carrier(text, number)):
        return False
    return not (forms and number.prefix) and _stands_alone(number)


def is_of_a_carrier(text: str, number: Number) -> bool:
    """Whether words for a parcel stand around a number: "the courier's reference CL0098112"."""
    return _is_near(text, number, "carrier_word") or _is_near(text, number, "parcel_word")


def _is_near(text: str, number: Number, group: str) -> bool:
    before = words_before(text, number.start, _AROUND)
    near = {*before, *words_after(text, number.end, _AROUND)}
    return not near.isdisjoint(beside_numbers(group))


def _is_of_another_thing(text: str, number: Number) -> bool:
    """Whether a number names goods, or another thing: "a KX-2200", "permit P-2025-0184"."""
    last, before = (*words_before(text, number.start, 24), "", "")[:2]
    if last in _IS:
        last = before
    is_of_goods = last in _ANY or (last == "a" and before in _BEFORE_A)
    return is_of_goods or last in beside_numbers("other_thing")


def may_be_meant(text: str, number: Number, label: Label) -> bool:
    """Whether a number is an order's in a text that names none more clearly: "Your ref 3319-W"."""
    is_called = label.kind == "weak" and bool(beside_numbers("number_word") & set(label.fillers))
    if is_quantity_or_money(text, number) or (number.is_year and not is_called):
        return False
    if number.is_short:
        return label.kind == "weak" and label.is_adjacent and not number.is_ambiguous
    if label.word in beside_numbers("flight_word") and not label.fillers:
        return _BOOKING_OF_FLIGHT.fullmatch(number.written) is not None
    if label.word in _TICKETS and not label.fillers and _is_mixed(number):
        return True
    if label.is_weak:
        is_plain = number.written.isdigit()
        is_likely = len(number.body) >= _LONG and number.body[0] != "0"
        if label.kind == "number" and is_plain and not is_likely:
            return False
        if len(number.prefix) == 2 and not number.dash and len(number.body) >= _VAT_DIGITS:
            return False
        return not _has_other_prefix(number) or label.kind == "weak"
    return False


def may_be_bare_code(text: str, number: Number, label: Label) -> bool:
    """Whether a number in parts may be an order's where nothing says what it is: `77-4180`."""
    if number.is_short or number.written.isdigit() or is_quantity_or_money(text, number):
        return False
    if _has_other_prefix(number) or text[number.start - 1 : number.start] in set("*_/+."):
        return False
    before = text[max(0, number.start - 4) : number.start]
    if _PHONE.fullmatch(number.written) or _AREA.search(before):
        return False
    is_parcel = label.word in beside_numbers("parcel_word")
    if is_of_a_phone(number, label):
        label = Label()
    is_phone = label.word in beside_numbers("phone_word") and len(label.fillers) <= _NEAR_FILLERS
    if label.kind == "other" and ((label.is_close and not is_parcel) or is_phone):
        return False
    if any(word in beside_numbers("refund_word") for word in label.fillers[:1]):
        return True
    if _is_in_brackets(text, number):
        return _TAX_NUMBER.fullmatch(number.written) is None
    if _is_said_to_be_other(label):
        return False
    if _is_mixed(number):
        return True
    if _OF_A_YEAR.fullmatch(number.written) and _is_near(text, number, "invoice_word"):
        return False
    if _DASHED.fullmatch(number.written) or _LETTER_AND_PARTS.fullmatch(number.written):
        return not _is_of_another_thing(text, number)
    if _LETTERED.fullmatch(number.written) and _is_named_apart(text, number):
        return True
    is_of_other = label.kind == "other" and len(label.fillers) < _FEW_FILLERS and not is_parcel
    is_lettered = _DIGITS_LETTER.fullmatch(number.written) is not None and not is_of_other
    if not is_lettered and not _is_in_parts(number):
        return False
    may_be_postcode = _POSTCODE.fullmatch(number.written) or not number.has_tail
    return not (may_be_postcode and _is_before_town(text, number))


def _is_in_parts(number: Number) -> bool:
    """Whether a number is digits in parts (`77-4180`), too many for a size or a season."""
    digits = sum(sign.isdigit() for sign in number.written)
    if not number.has_tail or "/" in number.written or not number.written[0].isdigit():
        return False
    season = _SEASON.fullmatch(number.written)
    is_season = season is not None and int(season[2]) == (int(season[1]) + 1) % 100
    return digits >= _LONG and not is_season


def _is_said_to_be_other(label: Label) -> bool:
    """Whether words tell of another number, and then its digits.

    "The support ticket that I have is TK-70091", "Subscriber number is on the label, 30-44-1187".
    """
    if label.kind != "other":
        return False
    if _is_a_number(label) and len(label.fillers) <= _FILLERS_OF_A_PLACE:
        return not _WHERE.isdisjoint(label.fillers)
    return len(label.fillers) <= _NEAR_FILLERS and not _IS.isdisjoint(label.fillers)


def _is_a_number(label: Label) -> bool:
    """Whether a label speaks of a number of its own: "customer number", "Kundennummer"."""
    if label.word.endswith(("number", "nummer", "nr")):
        return True
    return any(word in beside_numbers("number_word") for word in label.fillers[-1:])


def _is_mixed(number: Number) -> bool:
    is_code = _MIXED.fullmatch(number.written) is not None
    return is_code and len(TURNS.findall(number.written)) >= _MIXED_TURNS


def is_of_a_phone(number: Number, label: Label) -> bool:
    """Whether "phone" is the goods' name, as the number is none that people call."""
    is_called = number.written.isdigit() or len(number.body) >= _LEAST_CALLED
    return label.word in beside_numbers("phone_word") and (
        any(sign.isalpha() for sign in number.written) or not is_called
    )


def _is_named_apart(text: str, number: Number) -> bool:
    """Whether a number is set off: "the lamp, S-20117, please", "cancel the rest of S-20117"."""
    word = next(iter(words_before(text, number.start, 16)), "")
    if word in _ABOUT and text[number.start - 1] == " ":
        return True
    before = text[max(0, number.start - 3) : number.start].rstrip(" ")[-1:]
    return before in _ENDS | {"(", "–"} and text[number.end : number.end + 1] in _ENDS


def _is_in_brackets(text: str, number: Number) -> bool:
    start = number.start - (1 if number.has_hash else 0)
    return text[start - 1 : start] == "(" and text[number.end : number.end + 1] == ")"


def may_be_bare(text: str, number: Number, label: Label) -> bool:
    """Whether a plain number may be an order's where nothing around it says what it is."""
    body = number.body
    plain = number.written == body and 4 <= len(body) <= 7 and not number.is_year
    if not plain or body.endswith("000") or body[0] == "0" or is_quantity_or_money(text, number):
        return False
    is_parcel = label.word in beside_numbers("parcel_word")
    if label.kind == "other" and not is_of_something(label) and not is_parcel:
        return False
    if beside_numbers("money_verb") & set(words_before(text, number.start, 40)[:1]):
        return False
    before = text[max(0, number.start - 2) : number.start]
    if re.search(r"[+/\d][ ]?\Z|[*_]\Z", before) or re.match(
        r"[ ]?[/\d]", text[number.end : number.end + 2]
    ):
        return False
    return not _is_before_town(text, number)


def _is_before_town(text: str, number: Number) -> bool:
    """Whether a number is a postcode: it stands before the name of a town."""
    behind = text[number.end : number.end + 12]
    return re.match(r"[ ](?:[A-Z]{2}\b|[A-ZÀ-Þ][^\W\d_]{2,})", behind) is not None
