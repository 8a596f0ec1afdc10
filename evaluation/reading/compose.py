"""Mails put together from written sentences, with the orders and amounts that they name.

`python -m evaluation.reading.compose > evaluation/reading-composed.jsonl` writes them again: the
same ones each time. Every mail has a greeting, what happened, numbers that are neither orders nor
amounts, a wish, a closing with a signature, and often a quoted mail that names another order: it
counts where the mail itself names none.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "de", "fr", "es", "nl", "pt", "it", "pl", "sv", "da", "cs", "tr")
_ROWS = {"en": 70, "de": 50, "fr": 50, "es": 50, "nl": 50, "pt": 50, "it": 50}
_OTHER_ROWS = 14

# How people write an amount: units are filled in for {n}, hundredths for {c}.
_EURO = (
    *(("{n},{c} €", "EUR"), ("{n},{c}€", "EUR"), ("€ {n},{c}", "EUR"), ("€{n}.{c}", "EUR")),
    *(("EUR {n},{c}", "EUR"), ("{n},{c} Euro", "EUR"), ("{n} €", "EUR"), ("{n},- €", "EUR")),
    *(("1.{n:0>3},{c} €", "EUR"), ("{n}€", "EUR"), ("{n},{c} EUR", "EUR")),
)
_AMOUNTS: dict[str, tuple[tuple[str, str | None], ...]] = {
    "en": (
        *(("${n}.{c}", "USD"), ("£{n}.{c}", "GBP"), ("$1,{n:0>3}.{c}", "USD"), ("£{n}", "GBP")),
        *(("{n}.{c} USD", "USD"), ("{n} dollars", "USD"), ("{n} bucks", "USD"), ("{n}.{c}", None)),
        *(
            ("{n} pounds", "GBP"),
            ("CA${n}.{c}", "CAD"),
            ("AU${n}.{c}", "AUD"),
            ("{n} euros", "EUR"),
        ),
        *(("Rs. {n}", "INR"), ("₹1,{n:0>3}.{c}", "INR"), ("¥{n}", "JPY"), ("{n} quid", "GBP")),
        *(("€{n}.{c}", "EUR"), ("GBP {n}.{c}", "GBP"), ("${n}", "USD")),
    ),
    "de": (*_EURO, ("CHF {n}.{c}", "CHF"), ("1'{n:0>3}.{c} CHF", "CHF"), ("Fr. {n}.-", "CHF")),
    "fr": (*_EURO, ("{n} euros", "EUR"), ("1 {n:0>3},{c} €", "EUR"), ("CHF {n}.{c}", "CHF")),
    "es": (*_EURO, ("{n} euros", "EUR"), ("{n},{c} euros", "EUR"), ("US$ {n}.{c}", "USD")),
    "nl": (*_EURO, ("€ {n},-", "EUR"), ("{n} euro", "EUR")),
    "pt": (*_EURO, ("{n} euros", "EUR"), ("R$ {n},{c}", "BRL"), ("R$ 1.{n:0>3},{c}", "BRL")),
    "it": (*_EURO, ("{n} euro", "EUR"), ("euro {n},{c}", "EUR")),
    "pl": (
        ("{n},{c} zł", "PLN"),
        ("1 {n:0>3},{c} zł", "PLN"),
        ("{n} zł", "PLN"),
        ("{n} PLN", "PLN"),
    ),
    "sv": (("{n} kr", "SEK"), ("{n},{c} kr", "SEK"), ("{n}:- kr", "SEK"), ("{n} SEK", "SEK")),
    "da": (("{n} kr.", "DKK"), ("{n},{c} kr.", "DKK"), ("DKK {n},{c}", "DKK")),
    "cs": (("{n} Kč", "CZK"), ("1 {n:0>3} Kč", "CZK"), ("{n},{c} Kč", "CZK")),
    "tr": (("{n},{c} TL", "TRY"), ("{n} TL", "TRY"), ("₺{n},{c}", "TRY")),
}
# How stores number orders; the sign before the number isn't part of it.
_FORMS = ("{n:d}", "{n:d}", "{n:d}", "00000{n:d}", "SO-{n:d}", "EN{n:d}", "DE-{n:d}", "1000{n:d}")


def read_parts(language: str) -> dict[str, list[str]]:
    """The written sentences of a language, by what they are."""
    text = Path(__file__).with_name(f"parts_{language}.txt").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for block in ("\n" + text).split("\n["):
        name, closed, lines = block.partition("]\n")
        if closed:
            found[name] = [line.replace("\\n", "\n") for line in lines.splitlines() if line]
    return found


class _Mail:
    """One mail in the making: its lines, and what they name."""

    def __init__(self, language: str, draw: random.Random) -> None:
        self.language, self.draw = language, draw
        self.orders: list[str] = []
        self.amounts: list[list[str | None]] = []

    def order(self, *, with_sign: bool) -> str:
        number = self.draw.choice(_FORMS).format(n=self.draw.randint(1001, 9890))
        if number not in self.orders:
            self.orders.append(number)
        if with_sign:
            return self.draw.choice(("#", "#", "# ")) + number
        return number

    def amount(self) -> str:
        form, currency = self.draw.choice(_AMOUNTS[self.language])
        units, cents = self.draw.randint(11, 899), self.draw.randint(10, 99)
        written = form.format(n=units, c=cents)
        value = f"1{units:03d}" if "{n:0>3}" in form else str(units)
        value += f".{cents}" if "{c}" in form else ""
        if [value, currency] not in self.amounts:
            self.amounts.append([value, currency])
        return written

    def fill(self, line: str) -> str:
        for sign in ("{o}", "{h}", "{a}"):
            while sign in line:
                text = self.amount() if sign == "{a}" else self.order(with_sign=sign == "{h}")
                line = line.replace(sign, text, 1)
        return line

    def answers(self, order: str, amount: str) -> None:
        """What is quoted is meant, where the mail itself names no order: also its amount."""
        if self.orders:
            return
        self.orders.append(order)
        if not self.amounts and amount:
            self.amounts.append([*amount.split()])


def compose(language: str, number: int) -> dict[str, Any]:
    """One mail of a language; the same number gives the same mail."""
    draw = random.Random(f"{language}-{number}")  # noqa: S311
    parts = read_parts(language)
    mail = _Mail(language, draw)
    subject = None
    body = [mail.fill(draw.choice(parts["greeting"])), ""] if draw.random() < 0.8 else []
    told = [draw.choice(parts["problem"]), draw.choice(parts["wish"])]
    roll = draw.random()
    if roll < 0.62:
        told.insert(draw.randint(0, 1), draw.choice(parts["order"]))
    elif roll < 0.78:
        told.insert(0, draw.choice(parts["orders"]))
    if draw.random() < 0.6:
        told.insert(draw.randint(0, len(told)), draw.choice(parts["amount"]))
    elif draw.random() < 0.35:
        told.append(draw.choice(parts["amounts"]))
    for _ in range(draw.choice((0, 1, 1, 2))):
        told.insert(draw.randint(0, len(told)), draw.choice(parts["other"]))
    sentences = [mail.fill(line) for line in told]
    body.append(("\n" if draw.random() < 0.4 else " ").join(sentences))
    if draw.random() < 0.75:
        body += ["", draw.choice(parts["closing"])]
    if draw.random() < 0.35:
        order, amount, quote = draw.choice(parts["quote"]).split(" | ")
        body += ["", quote]
        mail.answers(order, amount)
    return {
        "id": f"composed-{language}-{number:03d}",
        "source": "reading-composed",
        "subject": subject,
        "text": "\n".join(body),
        "language": language,
        "orders": mail.orders,
        "amounts": mail.amounts,
    }


def main() -> None:
    """Write all rows as JSON lines."""
    for language in LANGUAGES:
        for number in range(_ROWS.get(language, _OTHER_ROWS)):
            row = compose(language, number)
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
