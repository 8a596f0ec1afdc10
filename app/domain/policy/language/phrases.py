"""Turns of phrase that people write and that this language says otherwise, each as a whole.

Looked up around the word that doesn't fit: what is answered is the sentence to write, with the
numbers and dates that were written. Single words are in vocabulary.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain.policy.language.words import Word

_DAYS_OF = {"day": 1, "week": 7, "month": 30, "year": 365}
# How far around the word that doesn't fit a phrase may reach.
_REACH = 16

_COUNT = r"(?P<count>\d{1,6}|a|an|one)"
_UNIT = r"(?P<unit>day|week|month|year)s?"
_AMOUNT = r"(?P<amount>\d[\d.,]*(?:%| [A-Z]{3}\b)?)"
_DATE = r"(?:\d{4}-\d\d-\d\d|\d{1,2} \w+(?: \d{4})?|[a-z]+ \d{1,2}(?:,? \d{4})?)"
_PHOTO = r"(?:an? |the )?(?:photos?|pictures?|images?|proof|evidence)"
_EVENTS = {
    "delivery": "was delivered", "receipt": "was delivered", "arrival": "was delivered",
    "shipment": "was shipped", "shipping": "was shipped", "dispatch": "was shipped",
    "purchase": "was ordered", "order": "was ordered", "ordering": "was ordered",
}  # fmt: skip
_WORD = r"(?:\"(?P<quoted>[^\"]+)\"|(?P<word>[^\W\d][\w-]*))"
_HOW = (
    r"(?P<how>above|over|more than|greater than|higher than|exceeds|at least|below|under|less than"
    r"|lower than|at most)"
)
_HOW_MUCH = {
    "above": "more than", "over": "more than", "greater than": "more than",
    "higher than": "more than", "exceeds": "more than", "below": "less than",
    "under": "less than", "lower than": "less than",
}  # fmt: skip
_FULL_NOTE = '("in full" gives the shipping back, too)'
_COUNTRY_NOTE = '(a country is written by its two letters: "DE")'
_FAULT_NOTE = '("the customer reports a fault" means damaged, wrong item or not as described)'


@dataclass(frozen=True)
class Phrase:
    """What people write, as a pattern; what to write instead, the nearest first; and a remark.

    One that takes any word (`is_open`) doesn't apply where the word is a known one misspelled.
    """

    pattern: re.Pattern[str]
    instead: tuple[str, ...]
    remark: str = ""
    is_open: bool = False


def _phrase(pattern: str, *instead: str, remark: str = "", is_open: bool = False) -> Phrase:
    whole = re.compile(rf"(?<!\S)(?:{pattern})(?!\w)", re.IGNORECASE)
    return Phrase(whole, instead, remark, is_open)


_PHRASES = (
    # Settings
    _phrase(
        r"(?:all )?(?:times?|dates?|days|hours|(?:the )?time ?zone) (?:is|are|count)(?: all)?"
        r"(?: in| of)?(?: the time zone)? \"(?P<quoted>[^\"]+)\"",
        'All dates are in the time zone "{word}"',
    ),
    # What is done
    _phrase(r"(?:don't|never|can't|cannot|won't|may not) refund", "do not refund"),
    _phrase(
        r"(?:approve|accept|grant|allow|issue|give|pay)(?: back)?(?: the| a)? (?:full )?refunds?",
        "refund the item",
    ),
    _phrase(
        r"(?:escalate|send|pass|forward|refer)(?: it)? to an? (?P<who>manager|team lead)",
        "a {who} must approve",
        remark='(a sentence of its own: "If the order totals more than 500, a manager must '
        'approve.")',
    ),
    _phrase(r"(?:offer|issue|grant) (?:a )?store credit", "give store credit for the item"),
    _phrase(
        r"(?P<action>refund (?:the item|the order|it))(?: in full)? ?,? ?(?:including|incl|with|and"
        r"|plus)(?: the| all)? (?:shipping|postage|delivery)(?: costs?| fees?| charges?)?",
        "{action} in full",
        remark=_FULL_NOTE,
    ),
    # What the customer says
    _phrase(
        r"(?:the customer )?(?:does not|doesn't|did not|didn't) say (?:that )?(?:it|the item) "
        r"(?:was|is|has been) (?:worn|used|opened)",
        "the item was not opened or used",
    ),
    _phrase(
        r"(?:the customer )?(?:says|said) (?:that )?(?:it|the item) (?:was|is|has been) "
        r"(?:worn|used|opened)",
        "the item was opened or used",
    ),
    _phrase(
        r"(?:the customer )?(?:has )?changed (?:their|his|her) mind"
        r"|the customer (?:no longer wants|doesn't want|does not want|regrets)(?: it| the item)?",
        "the reason is changed mind",
    ),
    _phrase(
        r"(?:the customer )?(?:got|received|was sent) (?:a|the) wrong (?:item|product|article|one)",
        "the reason is wrong item",
    ),
    _phrase(
        rf"the customer (?:has )?paid (?:with|by|using|via|through) {_WORD}",
        'the order was paid with "{word}"',
    ),
    _phrase(
        rf"the customer (?:lives in|is in|is from|comes from) {_WORD}"
        rf"|(?:the )?(?:shipping )?country is {_WORD.replace('quoted', 'q').replace('word', 'w')}",
        'the order ships to "{word}"',
        remark=_COUNTRY_NOTE,
    ),
    # Tags, types and prices
    _phrase(
        r"the (?P<who>item|customer|order)(?:'s)? tags? (?:is|are|includes?|contains?|has) "
        rf"(?:the tag )?{_WORD}",
        'the {who} has the tag "{word}"',
    ),
    _phrase(
        rf"(?:the (?P<who>item|customer) )?(?:is|was) tagged (?:as |with )?{_WORD}",
        'the {who} has the tag "{word}"',
    ),
    _phrase(
        r"the (?:item(?:'s)? |product(?:'s)? )?(?:product )?(?:category|type|kind) (?:is|are) "
        r"(?:one of )?(?P<list>\"[^\"]+\"(?:, \"[^\"]+\")*,? or \"[^\"]+\")",
        "the item is of one of the types {list}",
    ),
    _phrase(
        r"the (?:item(?:'s)? |product(?:'s)? )?(?:product )?(?:category|type|kind) (?:is|are) "
        rf"{_WORD}",
        'the item is of the type "{word}"',
        'the item has the tag "{word}"',
    ),
    _phrase(
        r"the (?:item(?:'s)? |unit )?price(?: of (?:the item|it))? (?:is |was )?"
        rf"{_HOW} {_AMOUNT}",
        "the item costs {how} {amount}",
    ),
    _phrase(
        r"the (?:order(?:'s)? )?(?:total|value|amount)(?: of the order)? (?:is |was )?"
        rf"{_HOW} {_AMOUNT}|the order (?:is|was) "
        rf"{_HOW.replace('how', 'how_2')} {_AMOUNT.replace('amount', 'amount_2')}",
        "the order totals {how} {amount}",
    ),
    # What the item is or was
    _phrase(
        r"(?:is|was) (?:not|never) (?:damaged|broken|faulty|defective)"
        r"|(?:isn't|wasn't) (?:damaged|broken|faulty|defective)",
        "the reason is not damaged",
        "the customer reports no fault",
        remark=_FAULT_NOTE,
    ),
    _phrase(
        r"(?:is|was|are|arrived|came|has) (?:an? )?(?:damaged?|broken|faulty?|defect(?:ive)?)",
        "the reason is damaged",
        "the customer reports a fault",
        remark=_FAULT_NOTE,
    ),
    _phrase(r"(?:is|was) not (?:on|in) (?:the )?sale", "the item is not discounted"),
    _phrase(
        r"(?:is|was) (?:on|in) (?:the )?sale",
        "the item is discounted",
        "the item is on final sale",
    ),
    _phrase(
        r"(?:is|was|has been|is still) (?:unused|unworn|not used|not worn)"
        r"|has not been (?:used|worn)|(?:isn't|wasn't|hasn't been) (?:used|worn)",
        "the item was not opened or used",
    ),
    _phrase(r"(?:is|was|has been) (?:used|worn)", "the item was opened or used"),
    # Evidence
    _phrase(rf"ask (?:the customer )?for {_PHOTO}", "ask for evidence"),
    _phrase(
        rf"(?:has not|did not|has n[o']t|didn't) (?:sent?|provided?|attach(?:ed)?) {_PHOTO}",
        "the customer has not sent evidence",
    ),
    _phrase(
        rf"(?:has |have )?(?:sent|sends|provide[sd]|attach(?:es|ed)|upload(?:s|ed)) {_PHOTO}",
        "the customer has sent evidence",
    ),
    # Time
    _phrase(
        r"(?:the (?:item|order) |it )?(?:was|is) (?:bought|purchased|ordered) "
        rf"(?P<dates>from {_DATE} to {_DATE}(?: with returns until {_DATE})?"
        rf"|(?:on or )?(?:before|after) {_DATE}|on {_DATE})",
        "the order was placed {dates}",
    ),
    _phrase(
        r"(?:the (?:item|order) |it )?(?:was|is) (?:bought|purchased) "
        rf"(?:within|in) (?:the last )?{_COUNT} {_UNIT}",
        "the order was placed within the last {days} days",
    ),
    _phrase(
        r"(?P<subject>the item|the order|it)? ?"
        r"(?P<verb>(?:was )?(?:delivered|shipped|ordered|placed)|arrived|came back) "
        rf"(?:within|in)(?: the last)? {_COUNT} {_UNIT}",
        "{subject} {verb} within the last {days} days",
    ),
    _phrase(
        r"(?P<subject>the item|the order|it)? ?"
        r"(?P<verb>(?:was )?(?:delivered|shipped|ordered|placed)|arrived|came back) "
        rf"(?P<how>more|less) than {_COUNT} {_UNIT}(?: ago)?",
        "{subject} {verb} {how} than {days} days ago",
    ),
    _phrase(
        rf"the (?P<event>{'|'.join(_EVENTS)}) (?:was|is) (?P<how>more|less) than "
        rf"{_COUNT} {_UNIT} ago",
        "the item {event} {how} than {days} days ago",
    ),
    _phrase(
        rf"(?P<action>refund (?:the item|the order|it)(?: in full)?) within {_COUNT} {_UNIT}"
        rf"(?: (?:of|after|from|since) (?:the )?(?P<event>{'|'.join(_EVENTS)}))?"
        r"(?P<more> (?:if|when))?",
        "{action} if it {event} within the last {days} days{more}",
    ),
    _phrase(rf"(?:in|within|per) {_COUNT} (?P<unit>week|month|year)s?", "in {days} days"),
    _phrase(rf"{_COUNT} (?P<unit>week|month|year)s?", "{days} days"),
    # Money
    _phrase(
        rf"and an? (?P<fee>restocking|return shipping) fee of {_AMOUNT}",
        "and less a {fee} fee of {amount}",
    ),
    _phrase(
        r"(?:(?:and|but) )?(?:keep|retain|deduct|minus|subtract|charge|with|less)"
        rf"(?: an?| the)? {_AMOUNT} (?:as |for )?(?:the |a )?(?:restocking|handling)(?: fee)?",
        "less a restocking fee of {amount}",
    ),
    _phrase(
        r"(?:(?:and|but) )?(?:keep|retain|deduct|minus|subtract|charge|with|less)(?: an?| the)? "
        rf"{_AMOUNT} (?:as |for )?(?:the |a )?(?:return )?(?:shipping|label|postage)(?: fee)?",
        "less a return shipping fee of {amount}",
    ),
    _phrase(
        r"(?:(?:and|but) )?(?:keep|retain|deduct|minus|subtract|charge|with) an? "
        rf"(?P<fee>restocking|return shipping) fee of {_AMOUNT}",
        "less a {fee} fee of {amount}",
    ),
    # Something else than money, at the customer's choice
    _phrase(
        r"(?:refund|give store credit for)(?: the item| the order| it)? or "
        r"(?P<other>exchange|repair|replace|swap)(?: it| the item| the order)?",
        "refund the item …, and offer {other} instead",
    ),
    _phrase(
        r"(?P<other>exchange|repair|replace|swap)(?: it| the item| the order)? or "
        r"refund(?: it| the item| the order)?",
        "refund the item …, and offer {other} instead",
    ),
    _phrase(
        r"(?:refund|exchange)(?: the item| the order| it)? or (?:give |offer )?store credit",
        "refund the item …, and offer store credit instead",
    ),
    # A kind of thing
    _phrase(
        r"the customer is an? (?P<word>[^\W\d]\w*)",
        'the customer has the tag "{word}"',
        is_open=True,
    ),
    _phrase(
        r"is an? (?:used|opened|worn) (?P<word>[^\W\d]\w*)",
        'the item has the tag "{word}" and was opened or used',
        is_open=True,
    ),
    _phrase(
        r"is not an? (?P<word>[^\W\d]\w*)",
        'the item does not have the tag "{word}"',
        'the item is not of the type "{word}"',
        is_open=True,
    ),
    _phrase(
        r"is an? (?P<word>[^\W\d]\w*)",
        'the item has the tag "{word}"',
        'the item is of the type "{word}"',
        is_open=True,
    ),
)
# The groups of patterns under which a word or a quoted text can stand.
_SAID = ("quoted", "word", "q", "w")
_OTHER = {"replace": "exchange", "swap": "exchange"}


def _count(written: str) -> int:
    return int(written) if written.isdigit() else 1


def _filled(template: str, found: re.Match[str]) -> str:
    """What to write, with what stood in the text."""
    parts = {name: (value or "").strip() for name, value in found.groupdict().items()}
    parts["word"] = next((parts[one] for one in _SAID if parts.get(one)), "")
    for name in ("how", "amount"):
        parts[name] = parts.get(name) or parts.get(f"{name}_2", "")
    parts["how"] = _HOW_MUCH.get(parts["how"].lower(), parts["how"].lower())
    parts["who"] = parts.get("who") or "item"
    if "count" in parts:
        parts["days"] = str(_count(parts["count"]) * _DAYS_OF[parts["unit"].lower()])
    if "event" in parts:
        parts["event"] = _EVENTS[parts["event"].lower() or "delivery"]
    # Another condition follows: both must hold.
    if parts.get("more"):
        parts["more"] = " and …"
    if "verb" in parts:
        verb = parts["verb"].lower()
        is_bare = verb.split()[0] in {"delivered", "shipped", "ordered", "placed"}
        parts["verb"] = f"was {verb}" if is_bare else verb
        parts["subject"] = parts["subject"] or "the item"
    if "other" in parts:
        parts["other"] = _OTHER.get(parts["other"].lower(), parts["other"].lower())
    return template.format(**parts)


def _joined(words: list[Word]) -> tuple[str, list[int]]:
    """Words as a text with single blanks, and where in it each begins."""
    text, starts = "", []
    for word in words:
        gap = "" if not text or word.kind in {"%", ",", ";", ":"} else " "
        starts.append(len(text) + len(gap))
        text += gap + " ".join(word.text.split())
    return text, starts


def said_instead(words: list[Word], index: int, is_misspelled: bool) -> tuple[tuple[str, ...], str]:
    """What to write for the phrase around the word at `index`, and a remark; both may be empty."""
    if index >= len(words):
        return (), ""
    first = max(0, index - _REACH)
    text, starts = _joined(words[first : index + _REACH])
    at = starts[index - first]
    for phrase in _PHRASES:
        if phrase.is_open and is_misspelled:
            continue
        for found in phrase.pattern.finditer(text):
            if found.start() <= at < found.end():
                said = tuple(_filled(one, found) for one in phrase.instead)
                return said, phrase.remark
    return (), ""
