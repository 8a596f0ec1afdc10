"""Mail addresses and phone numbers that stand in a text.

They are offered to an agent and never trusted: anybody can write anybody's address.
"""

from __future__ import annotations

import re

import phonenumbers

_MAX = 3
_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"
)
# In international form only: what a local number means depends on the country, which isn't known.
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)[1-9][0-9 ()./-]{6,20}[0-9](?!\d)")


def find_emails(text: str) -> tuple[str, ...]:
    """Mail addresses in small letters, in order of appearance, each once, at most three."""
    if "@" not in text:
        return ()
    found = (match.group().lower() for match in _EMAIL.finditer(text))
    return tuple(dict.fromkeys(found))[:_MAX]


def find_phones(text: str) -> tuple[str, ...]:
    """Phone numbers as E.164, in order of appearance, each once, at most three."""
    found: dict[str, None] = {}
    for match in list(_PHONE.finditer(text))[: 4 * _MAX]:
        written = match.group()
        try:
            number = phonenumbers.parse("+" + written[2:] if written.startswith("00") else written)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            found[phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)] = None
    return tuple(found)[:_MAX]
