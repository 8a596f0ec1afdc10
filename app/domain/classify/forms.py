"""Web forms that arrive as a message: lines with a label each.

Who sent the form, from where and when is set aside; what is asked stays, with its labels, since
"Order number: 1001" says what 1001 is.
"""

from __future__ import annotations

import re

_LABELLED = re.compile(
    r"\s{0,4}[*_]{0,2}(?P<label>[^\W\d_][^:\n]{0,40}?)[*_]{0,2}\s?[:=]\s{0,3}(?P<value>.*)"
)
_ASIDE = frozenset(
    (
        *("name", "first name", "last name", "full name", "email", "e-mail", "email address"),
        *("phone", "phone number", "telephone", "mobile", "address", "street", "city", "country"),
        *("postcode", "zip", "zip code", "submitted", "submitted at", "date submitted", "ip"),
        *("ip address", "browser", "user agent", "url", "page", "referrer", "locale", "language"),
        *("vorname", "nachname", "telefon", "telefonnummer", "anschrift", "adresse", "straße"),
        *("plz", "ort", "land", "gesendet am", "nom", "prénom", "courriel", "téléphone", "ville"),
        *("nombre", "apellidos", "correo", "correo electrónico", "teléfono", "dirección"),
        *("naam", "voornaam", "achternaam", "telefoonnummer", "adres", "nome", "cognome"),
        *("apelido", "telefone", "telemóvel", "morada", "endereço", "telefono", "indirizzo"),
        *("customer name", "customer email", "contact", "company", "firma", "société"),
    )
)
_LEAST_LINES = 3


def split_form(lines: list[str]) -> tuple[list[str], list[str]] | None:
    """Lines that say what is asked, and lines about the sender; None for what is no form."""
    filled = [line for line in lines if line.strip()]
    matches = [_LABELLED.fullmatch(line[:400]) for line in filled]
    labelled = sum(match is not None for match in matches)
    aside = [match is not None and match["label"].strip().lower() in _ASIDE for match in matches]
    if labelled < _LEAST_LINES or labelled < 0.5 * len(filled) or not any(aside):
        return None
    own = [line for line, is_aside in zip(filled, aside, strict=True) if not is_aside]
    rest = [line for line, is_aside in zip(filled, aside, strict=True) if is_aside]
    return (own, rest) if own else None
