"""What is read of a long mail, and that what isn't is never lost in silence."""

from __future__ import annotations

import base64
import random
import re

import pytest

from app.domain.classify import features
from app.domain.classify.clean import MAX_CHARACTERS, MAX_READ, READ_CHARACTERS, clean
from app.domain.classify.cues import sentences
from app.domain.classify.extract import text_of
from app.domain.classify.trained import TrainedClassifier
from app.evaluation.hostile import hostile_mails

CLASSIFIER = TrainedClassifier()
_FILLER = "The weather was fine and we walked along the river for a while. "
_WISH = "Please refund my order 48213, the lamp arrived broken."
_CARD = "4111 1111 1111 1111"


def _letter(length: int) -> str:
    return _FILLER * (length // len(_FILLER))


def test_an_ordinary_letter_is_read_whole() -> None:
    found = clean(_letter(4_000) + _WISH)
    assert not found.was_cut
    assert found.body == found.text


@pytest.mark.parametrize("length", [5_000, 20_000, 150_000])
def test_a_wish_at_the_end_of_a_long_letter_is_read_and_goes_to_a_person(length: int) -> None:
    found = CLASSIFIER.classify(_letter(length) + "\n\n" + _WISH)
    assert found.orders == ("48213",)
    assert found.needs_human


@pytest.mark.parametrize("place", [3_600, 5_500, 12_000, 250_000])
def test_words_that_are_not_read_are_told_of(place: int) -> None:
    text = _letter(place) + _WISH + _letter(300_000)
    assert clean(text).was_cut
    assert CLASSIFIER.classify(text).needs_human


@pytest.mark.parametrize(
    "body",
    [
        _WISH + "\n\nOn Monday Ida wrote:\n" + _letter(90_000),
        _WISH + "\n\nOn Monday Ida wrote:\n" + "> it was on its way.\n" * 5_000,
        f"<p>{_WISH}</p><blockquote>{_letter(90_000)}</blockquote>",
        f"<p>{_WISH}</p><style>{'p { color: red } ' * 9_000}</style>",
    ],
    ids=["mail below", "marked lines", "blockquote", "style sheet"],
)
def test_a_long_quote_or_style_sheet_is_no_reason_to_ask(body: str) -> None:
    found = clean(body)
    assert not found.was_cut
    assert found.text == _WISH


def test_markup_beyond_what_is_read_is_told_of() -> None:
    assert clean("<p>" + "<b>x</b> " * 20_000 + _WISH + "</p>").was_cut


def test_the_tail_of_an_encoded_mail_is_told_of() -> None:
    text = base64.b64encode((_letter(100_000) + "é" * 9).encode()).decode()
    assert len(text) < MAX_CHARACTERS
    found = clean(text)
    assert found.text.startswith(_FILLER.strip())
    assert found.was_cut


@pytest.mark.parametrize("edge", [READ_CHARACTERS, MAX_READ, READ_CHARACTERS - 1_000])
def test_a_cut_through_a_card_number_shows_no_half_of_it(edge: int) -> None:
    for shift in range(len(_CARD) + 1):
        head = ("word " * edge)[: edge - shift]
        found = clean(head + _CARD + " and more words" * 2_000)
        shown = found.text + found.quoted + found.signature
        assert re.search(r"\d{4} \d{2}", shown) is None, shift


@pytest.mark.parametrize("shift", range(26))
def test_a_cut_before_the_end_shows_no_half_of_a_card_number(shift: int) -> None:
    text = "word " * 4_000 + _CARD + ("x" + " word" * 1_000)[: 2_000 - shift]
    assert re.search(r"\d{4} \d{2}", clean(text).text) is None


@pytest.mark.parametrize("shift", range(1, 8))
def test_half_an_order_number_names_no_order(shift: int) -> None:
    edge = READ_CHARACTERS - 1_000
    text = ("word " * edge)[: edge - shift] + "#4821377" + " more words" * 2_000
    assert set(CLASSIFIER.classify(text).orders) <= {"4821377"}


@pytest.mark.parametrize(
    ("markup", "told"),
    [
        ("<p>one</p><!-- <style> --><p>two</p>", "one\n\ntwo"),
        ("<style>p{}</style><p>one</p><script>x</p></script><p>two</p>", "one\n\ntwo"),
        ("<head><!-- </head> hidden --></head><p>one</p>", "one"),
        ("<p>one</p><style>p{}", "one"),
        ("<p>one</p><!-- never closed <p>two</p>", "one"),
        ('<p>one</p><div STYLE="color:red;Display : none">two</div><p>three</p>', "one\n\nthree"),
        ("<p>display: none is what I see</p>", "display: none is what I see"),
    ],
)
def test_only_what_is_shown_is_read(markup: str, told: str) -> None:
    assert re.sub(r"\s*\n\s*", "\n\n", clean(markup).text) == told


@pytest.mark.parametrize("behind", ["\u00b9", "\u00bd", "\u2460", " \u200b", "\u2007"])
@pytest.mark.parametrize("between", ["", "\u200b", " ", "\u00a0"])
def test_no_spelling_hides_a_card_number(between: str, behind: str) -> None:
    card = between.join(_CARD.split()) + behind
    found = clean(f"It was paid with {card}\nPlease refund it.", f"Card {card}")
    for part in (found.subject, found.text):
        assert "[card ending 1111]" in part
        assert "4111" not in part


@pytest.mark.parametrize("filler", [" ", "\u200b", "x", "Re: "])
def test_no_cut_of_a_long_subject_leaves_part_of_a_card_number(filler: str) -> None:
    for length in range(1_150, 1_220, 3):
        head = (filler * length)[:length]
        subject = clean("Please refund it.", f"{head} {_CARD} was charged").subject
        assert "4111" not in subject, length
        assert len(subject) <= 300


def test_no_cut_of_a_long_subject_makes_one_order_number_of_another() -> None:
    found = {
        CLASSIFIER.classify(
            "Please refund it.", f"{_letter(320)[:length]} order 48213 please"
        ).orders
        for length in range(280, 300)
    }
    assert found == {(), ("48213",)}


def test_markup_of_nothing_but_angles_is_told_of() -> None:
    assert clean(f"<p>{_WISH}</p>" + "<" * 20_000).was_cut
    assert clean(f"<p>{_WISH}</p>" + "<" * 20_000).text.startswith(_WISH)


def test_a_list_of_words_is_weighed_by_its_first_ones() -> None:
    """What an ordinary letter of the longest kind says is weighed whole."""
    words = [
        f"word{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}{n // 100 * 'u'}"
        for n in range(560)
    ]
    spans = features.looked_at(sentences(". ".join(words)))
    assert len(set(words)) == 560
    assert len(list(features.words_of(spans))) < 300
    letter = features.looked_at(sentences(" ".join(words[:250] * 2)))
    assert len(list(features.words_of(letter))) == 250


def test_each_stage_of_a_hostile_mail_gets_little_to_read() -> None:
    """Whatever 200 kB are made of, no stage behind the first cut gets more than a long letter."""
    for name, make in hostile_mails().items():
        text = make(random.Random(7))
        found = clean(text, text)
        assert len(text) > 150_000, name
        assert len(found.body) <= READ_CHARACTERS + 2, name
        assert len(found.subject) <= 300, name
        assert len(found.text) + len(found.quoted) + len(found.signature) <= 3 * MAX_READ, name
        spans = sentences(text_of(found))
        assert all(len(span.words) <= 80 for span in spans), name
        assert sum(len(span.words) for span in spans) <= READ_CHARACTERS, name
