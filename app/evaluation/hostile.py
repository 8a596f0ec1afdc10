"""Mails of 200 kB that are hard to read, each drawn anew so that no cache knows it."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable, Mapping, Sequence

HUGE = 200_000
# What is asked in each of them, so that the whole way is gone: found, matched and summed up.
WISH = "Please refund my order 48213, the lamp arrived broken.\n"

Draw = random.Random
Make = Callable[[Draw], str]

_CUES = (
    *("refund", "money back", "i want", "please", "broken", "damaged", "not arrived", "cancel"),
    *("charged twice", "return", "exchange", "wrong item", "where is", "still waiting"),
    *("do not want", "lawyer", "chargeback", "remboursement", "erstattung", "kaputt", "reembolso"),
)
_TAGS = ("div", "table", "tr", "td", "p", "span", "b", "font", "blockquote", "ul", "li", "style")
_NAMES = ("Agent", "Customer", "Ida", "Bot", "Visitor", "Ben", "Support")
_CURRENCIES = ("€", "$", "£", "EUR", "USD", "kr", "Fr.", "zł")


def _filled(piece: Make, before: str = WISH) -> Make:
    """Mails made of pieces, each piece drawn anew; the wish stands first."""

    def make(draw: Draw) -> str:
        parts, length = [before], len(before)
        while length < HUGE:
            parts.append(piece(draw))
            length += len(parts[-1])
        return "".join(parts)[:HUGE]

    return make


def _said(piece: str) -> Make:
    """The same piece again and again."""
    return lambda draw: piece * 20


def _word(draw: Draw, alphabet: str = string.ascii_lowercase) -> str:
    return "".join(draw.choices(alphabet, k=draw.randint(2, 12)))


def _digits(draw: Draw, least: int, most: int) -> str:
    return "".join(draw.choices(string.digits, k=draw.randint(least, most)))


def _card(draw: Draw) -> str:
    """Sixteen digits with the right last one, in groups."""
    digits = [int(sign) for sign in _digits(draw, 15, 15)]
    total = sum(
        d if place % 2 else (2 * d - 9 if d > 4 else 2 * d) for place, d in enumerate(digits)
    )
    written = "".join(map(str, [*digits, -total % 10]))
    return " ".join(written[i : i + 4] for i in range(0, 16, 4))


def _signs(first: int, last: int) -> Make:
    return lambda draw: "".join(chr(draw.randint(first, last)) for _ in range(draw.randint(1, 30)))


def _base64(draw: Draw) -> str:
    written = "".join(f"{WISH}{_word(draw)} {_word(draw)}.\n" for _ in range(2_000))
    return base64.encodebytes(written.encode() * 3).decode()[:HUGE]


def _deep(tag: str) -> Make:
    """Markup that is opened again and again and never closed."""
    return _filled(lambda draw: f"<{tag}>" + draw.choice(("", "x", "refund ")), f"<p>{WISH}</p>")


def _attributes(draw: Draw) -> str:
    names = "".join(f" {_word(draw)}='{_word(draw)}'" for _ in range(300))
    return f"<p{names}>{_word(draw)}</p>"


def _table(draw: Draw) -> str:
    cells = "".join(f"<td style='width:{_digits(draw, 1, 3)}px'>{_word(draw)}" for _ in range(4))
    return f"<table border=0 cellpadding=0><tbody><tr>{cells}"


_TEXTS: Mapping[str, Make] = {
    "words nobody knows": _filled(lambda draw: _word(draw) + draw.choice("      .,?!\n") + " "),
    "one line of words": _filled(lambda draw: _word(draw) + " "),
    "one word": _filled(lambda draw: _word(draw), ""),
    "one letter": _filled(_said("a"), ""),
    "cue phrases": _filled(lambda draw: draw.choice(_CUES) + draw.choice((" ", " ", ". ", "\n"))),
    "one cue": _filled(_said("i want a refund "), ""),
    "cues in one-word lines": _filled(lambda draw: draw.choice(_CUES) + "\n"),
    "apostrophes": _filled(_said("l'argent d'un j'ai qu'il ")),
    "questions": _filled(lambda draw: _word(draw) + "? "),
    "negations": _filled(_said("not no never kein pas if wenn ")),
    "shouting": _filled(lambda draw: _word(draw).upper() + "!!! "),
}
_NUMBERS: Mapping[str, Make] = {
    "digits, one run": _filled(lambda draw: _digits(draw, 50, 50), ""),
    "digits, spaced": _filled(lambda draw: _digits(draw, 1, 1) + " "),
    "digits, in pairs": _filled(lambda draw: _digits(draw, 2, 2) + " "),
    "digits, in fours": _filled(lambda draw: _digits(draw, 4, 4) + " "),
    "digits with dashes": _filled(lambda draw: _digits(draw, 1, 6) + "-"),
    "digits with dots": _filled(lambda draw: _digits(draw, 1, 6) + "."),
    "digits and letters": _filled(lambda draw: _digits(draw, 1, 4) + _word(draw)[:3] + " "),
    "digits between letters": _filled(lambda draw: _digits(draw, 1, 2) + draw.choice("abcxyz"), ""),
    "cards": _filled(lambda draw: _card(draw) + draw.choice(("\n", ", ", " "))),
    "accounts": _filled(lambda draw: f"DE{_digits(draw, 2, 2)} ABCD {_digits(draw, 4, 4)} EFGH "),
    "accounts in one": _filled(lambda draw: f"de{_digits(draw, 18, 18)} "),
    "security codes": _filled(lambda draw: f"cvc {_digits(draw, 3, 4)} "),
    "orders": _filled(lambda draw: f"#{_digits(draw, 4, 7)} "),
    "orders in a list": _filled(lambda draw: f"{_digits(draw, 5, 5)}, ", "refund my orders "),
    "orders with a word": _filled(lambda draw: f"order {_digits(draw, 4, 8)} and "),
    "orders with letters": _filled(
        lambda draw: f"{_word(draw)[:4].upper()}-{_digits(draw, 4, 7)} "
    ),
    "spoken digits": _filled(lambda draw: draw.choice(("one ", "two ", "three ", "oh-", "nine "))),
    "amounts": _filled(
        lambda draw: f"{_digits(draw, 1, 4)}.{_digits(draw, 2, 2)} {draw.choice(_CURRENCIES)} "
    ),
    "amounts with signs before": _filled(
        lambda draw: f"{draw.choice(_CURRENCIES)}{_digits(draw, 1, 4)},{_digits(draw, 2, 2)} "
    ),
    "dates": _filled(lambda draw: f"{draw.randint(1, 28)}.{draw.randint(1, 12)}.2026 "),
    "dates with months": _filled(lambda draw: f"{draw.randint(1, 28)} {_word(draw)} 2026 "),
    "times": _filled(lambda draw: f"{draw.randint(1, 23)}:{_digits(draw, 2, 2)} "),
    "phones": _filled(lambda draw: f"+49 {_digits(draw, 3, 4)} {_digits(draw, 6, 8)} "),
    "article numbers": _filled(lambda draw: f"{_word(draw)[:4].upper()}-{_digits(draw, 2, 4)}-X "),
}
_ADDRESSES: Mapping[str, Make] = {
    "links": _filled(lambda draw: f"https://example.com/{_word(draw)}?id={_digits(draw, 4, 9)} "),
    "links in one": _filled(lambda draw: f"https://example.com/{_word(draw)}", ""),
    "mail addresses": _filled(lambda draw: f"{_word(draw)}@example.com "),
    "mail addresses in one": _filled(lambda draw: f"{_word(draw)}@", ""),
    "almost addresses": _filled(lambda draw: f"{_word(draw)}." + "@" * draw.randint(0, 2)),
}
_SCRIPTS: Mapping[str, Make] = {
    "emoji": _filled(lambda draw: chr(draw.randint(0x1F300, 0x1F6FF)) + "\ufe0f" + _word(draw)),
    "joined emoji": _filled(_said("👩\u200d👩\u200d👧 ")),
    "combining marks": _filled(lambda draw: "z" + _signs(0x300, 0x36F)(draw)),
    "one letter with marks": _filled(_signs(0x300, 0x36F), "a"),
    "zero width": _filled(lambda draw: "\u200b".join(_word(draw)) + " "),
    "bidirectional": _filled(lambda draw: f"\u202e{_word(draw)}\u202c \u2067{_word(draw)}\u2069 "),
    "Chinese": _filled(_signs(0x4E00, 0x9FFF)),
    "Korean": _filled(_signs(0xAC00, 0xD7A3)),
    "Arabic": _filled(lambda draw: _signs(0x621, 0x64A)(draw) + " "),
    "Russian": _filled(lambda draw: _signs(0x430, 0x44F)(draw) + " "),
    "look-alikes": _filled(lambda draw: _word(draw, "abcdeаеорс") + " "),
    "full width": _filled(lambda draw: _signs(0xFF10, 0xFF5A)(draw) + " "),
    "ligatures": _filled(_signs(0xFB00, 0xFDFB)),
    "controls": _filled(_signs(0, 0x9F)),
    "half surrogates": _filled(_signs(0xD800, 0xDFFF)),
}
_MARKUP: Mapping[str, Make] = {
    "bold words": _filled(lambda draw: f"<b>{_word(draw)}</b> ", f"<p>{WISH}</p>"),
    "paragraphs": _filled(lambda draw: f"<p>{_word(draw)} {_word(draw)}</p>\n", f"<p>{WISH}</p>"),
    "nested tables": _filled(_table, f"<p>{WISH}</p>"),
    **{
        f"unclosed {tag}": _deep(tag) for tag in ("div", "b", "blockquote", "table", "style", "pre")
    },
    "mixed tags": _filled(
        lambda draw: f"<{draw.choice(('', '/'))}{draw.choice(_TAGS)}>{_word(draw)}", "<p>"
    ),
    "quotes in markup": _filled(
        lambda draw: f"<blockquote>{_word(draw)}</blockquote>", f"<p>{WISH}</p>"
    ),
    "attributes": _filled(_attributes, f"<p>{WISH}</p>"),
    "one endless tag": _filled(lambda draw: f" {_word(draw)}='{_word(draw)}'", f"<p>{WISH}</p><p"),
    "open angles": _filled(_said("<"), f"<p>{WISH}</p>"),
    "half tags": _filled(lambda draw: f"<p {_word(draw)} ", f"<p>{WISH}</p>"),
    "style sheets": _filled(
        lambda draw: f"<style>p{{color:{_word(draw)}}}</style><!-- x -->", f"<p>{WISH}</p>"
    ),
    "styles of tags": _filled(
        lambda draw: f"<p style='color:red;font-size:{draw.randint(0, 9)}px'>{_word(draw)}</p>",
        f"<p>{WISH}</p>",
    ),
    "hidden parts": _filled(
        lambda draw: f"<span style='display:none'>{_word(draw)}</span>{_word(draw)} ",
        f"<p>{WISH}</p>",
    ),
    "comments": _filled(lambda draw: f"<!-- {_word(draw)} -->{_word(draw)}", f"<p>{WISH}</p>"),
    "open comments": _filled(_said("<!-- <style> "), f"<p>{WISH}</p>"),
    "entities": _filled(
        lambda draw: draw.choice(("&amp;", "&euro;", "&#8364;", "&nbsp;", f"&{_word(draw)};")),
        f"<p>{WISH}</p>",
    ),
    "blanks in markup": _filled(_said(" \n \t "), f"<p>{WISH}</p>"),
    "a picture": _filled(
        lambda draw: f"<img src='data:image/png;base64,{_word(draw, string.ascii_letters) * 900}'>",
        f"<p>{WISH}</p>",
    ),
}
_LINES: Mapping[str, Make] = {
    "short lines": _filled(lambda draw: _word(draw) + "\n"),
    "empty lines": _filled(_said("\n \n\t\n")),
    "blanks": _filled(_said(" ")),
    "quoted lines": _filled(lambda draw: f"> {_word(draw)} {_word(draw)} {_digits(draw, 1, 5)}\n"),
    "nested quotes": _filled(lambda draw: ">" * draw.randint(1, 40) + f" {_word(draw)}\n"),
    "only quote marks": _filled(_said("> > > > >")),
    "threads": _filled(
        lambda draw: f"On Monday {_word(draw)} wrote:\n> where is it?\n\n{_word(draw)} refund me\n"
    ),
    "introductions": _filled(lambda draw: f"On Monday {_word(draw)}\n"),
    "headers": _filled(lambda draw: f"From: {_word(draw)}\nSent: {_word(draw)}\n"),
    "signatures": _filled(lambda draw: f"--\n{_word(draw)}\nBest regards\n"),
    "forms": _filled(lambda draw: f"{_word(draw)}: {_word(draw)}\n"),
    "chat": _filled(
        lambda draw: f"{draw.choice(_NAMES)}: {_word(draw)} refund {_digits(draw, 4, 5)}\n"
    ),
    "chat with times": _filled(
        lambda draw: (
            f"[{draw.randint(10, 23)}:{draw.randint(10, 59)}] {draw.choice(_NAMES)}:"
            f" {' '.join(_digits(draw, 6, 6))}\n"
        )
    ),
    "chat of many": _filled(lambda draw: f"{_word(draw)}: {_word(draw)} {_word(draw)}\n"),
    "colons": _filled(_said("a:")),
    "base64": _base64,
    "base64 of nothing": _filled(lambda draw: _word(draw, string.ascii_letters) * 7 + "\n", ""),
    "quoted-printable": _filled(lambda draw: f"=C3=BC{_word(draw)}=20=\n"),
    "blobs": _filled(lambda draw: _word(draw, string.ascii_letters) * 40 + " "),
    "almost blobs": _filled(lambda draw: (_word(draw) * 90)[:199] + " "),
}


def prose_of(texts: Sequence[str]) -> Make:
    """Mails made of what people wrote, in any order."""
    return _filled(lambda draw: draw.choice(texts) + "\n\n")


def hostile_mails() -> Mapping[str, Make]:
    """All shapes by name; each makes a mail of 200 kB from a source of chance."""
    return {**_TEXTS, **_NUMBERS, **_ADDRESSES, **_SCRIPTS, **_MARKUP, **_LINES}
