"""Card numbers and the like, taken out before anything is stored or logged."""

from __future__ import annotations

import re

from stdnum import iban, luhn

# 13 to 19 digits with single blanks, dots or dashes between them, not inside a longer number.
_CARD = re.compile(r"(?<![\w.-])\d(?:[ .-]?\d){12,18}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_CVC = re.compile(r"(?i)\b(cvc|cvv|cvv2|security code)(\W{0,3})\d{3,4}\b")


def mask_payment_data(text: str) -> str:
    """`text` with card numbers (Luhn), IBANs (check digits) and card security codes masked.

    The last four digits of a card stay, as a helpdesk shows them anyway. Linear in the text's
    length.
    """

    def card(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match.group())
        return f"[card ending {digits[-4:]}]" if luhn.is_valid(digits) else match.group()

    def account(match: re.Match[str]) -> str:
        return "[bank account]" if iban.is_valid(match.group(), False) else match.group()

    text = _CARD.sub(card, text)
    text = _IBAN.sub(account, text)
    return _CVC.sub(r"\1\2[removed]", text)
