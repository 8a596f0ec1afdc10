"""Cleaning: what the writer says now, apart from quotes, signatures and greetings."""

from __future__ import annotations

import pytest

from app.domain.classify.clean import clean
from app.domain.classify.unicode import normalise

INTRODUCTIONS = [
    "On Mon, 3 Mar 2025 at 09:12, Shop <help@example.com> wrote:",
    "On Mon, 3 Mar 2025 at 09:12, Shop\n<help@example.com> wrote:",
    "Am 3. März 2025 um 10:12 schrieb Laden <hilfe@example.com>:",
    "Le lun. 3 mars 2025 à 10:00, Boutique <aide@example.com> a écrit :",
    "El lun, 3 mar 2025 a las 10:00, Tienda (<ayuda@example.com>) escribió:",
    "Op ma 3 mrt 2025 om 10:00 schreef Winkel <hulp@example.com>:",
    "Em seg., 3 de mar. de 2025, Loja <ajuda@example.com> escreveu:",
    "Il giorno lun 3 mar 2025 alle ore 10:00 Negozio <aiuto@example.com> ha scritto:",
    "-----Original Message-----",
    "---------- Forwarded message ---------",
    "-----Ursprüngliche Nachricht-----",
    "From: Shop <help@example.com>\nSent: Monday\nTo: Ida\nSubject: Your order",
    "Von: Laden <hilfe@example.com>\nGesendet: Montag\nAn: Ida\nBetreff: Bestellung",
    "##- Please type your reply above this line -##",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_a_quoted_mail_is_kept_aside(introduction: str) -> None:
    found = clean(f"I want to send it back.\n\n{introduction}\nShall we refund order #9999?")
    assert found.text == "I want to send it back."
    assert "Shall we refund order #9999?" in found.quoted


def test_an_answer_below_a_marked_quote_is_the_body() -> None:
    found = clean("On Monday, Shop <a@example.com> wrote:\n> Refund or voucher?\n\nRefund please.")
    assert found.text == "Refund please."
    assert "Refund or voucher?" in found.quoted


def test_a_bare_forward_is_read_itself() -> None:
    found = clean("---------- Forwarded message ---------\nMy parcel never came.")
    assert "My parcel never came." in found.text


@pytest.mark.parametrize(
    "ending",
    [
        "Best regards,\nMaya Lind\n+44 20 7946 0111",
        "-- \nMaya Lind\nOrder desk 5555",
        "Mit freundlichen Grüßen\nMaya",
        "Cordialement,\nMaya",
        "Thanks,\nMaya",
        "Sent from my iPhone",
        "This e-mail and any attachments are confidential.\nRefund policy applies.",
        "Refund policy | Terms of service | Contact | Imprint",
    ],
)
def test_endings_are_cut(ending: str) -> None:
    assert clean(f"Hello,\n\nthe lamp is broken.\n\n{ending}").text == "the lamp is broken."


@pytest.mark.parametrize(
    "text",
    [
        "Thanks, but I want my money back.",
        "Hi, I want my money back.",
        "- the lamp is broken\n- the box is wet",
        "Best regards to your team, and where is my parcel?",
    ],
)
def test_what_only_looks_like_greeting_or_signature_stays(text: str) -> None:
    assert clean(text).text == text


def test_a_postscript_below_the_signature_is_read() -> None:
    assert "order 1001" in clean("It broke.\n\nRegards\nMaya\n\nPS: it was order 1001").text


def test_invisible_and_bidirectional_characters_are_removed() -> None:
    assert normalise("re\u200bfu\u00adnd\u202e \u2066#\ufeff1001\u2069") == "refund #1001"
    assert normalise("ＲＥＦＵＮＤ\u00a0４８") == "REFUND 48"
    assert normalise("a\r\nb\rc\x00d") == "a\nb\nc d"


def test_cards_are_masked_even_in_other_digits_or_with_hidden_characters() -> None:
    for card in (
        "4111 1111 1111 1111",
        "４１１１１１１１１１１１１１１１",
        "4111\u200b1111\u200b1111\u200b1111",
    ):
        body = clean(f"My card {card} was charged").text
        assert body == "My card [card ending 1111] was charged"


def test_markup_becomes_text() -> None:
    html = (
        "<html><head><style>p {color: red}</style></head><body><p>Money&nbsp;back</p>"
        "<div>please &amp; soon</div><script>refund()</script></body></html>"
    )
    body = clean(html).text
    assert [line.strip() for line in body.splitlines() if line.strip()] == [
        "Money back",
        "please & soon",
    ]
    assert clean("a < b and c > d").text == "a < b and c > d"


def test_only_a_greeting_is_still_something() -> None:
    assert clean("Hello").text == "Hello"
    assert clean("").text == ""
