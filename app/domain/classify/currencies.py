"""Signs, codes and words for currencies."""

from __future__ import annotations

import re

# None: a sign or word that several currencies share.
_SIGNS: dict[str, str | None] = {
    "€": "EUR", "$": "USD", "us$": "USD", "u$s": "USD", "usd$": "USD", "ca$": "CAD", "c$": "CAD",
    "cad$": "CAD", "a$": "AUD", "au$": "AUD", "aud$": "AUD", "nz$": "NZD", "hk$": "HKD",
    "s$": "SGD", "sg$": "SGD", "r$": "BRL", "mx$": "MXN", "£": "GBP", "gb£": "GBP", "¥": "JPY",
    "円": "JPY", "元": "CNY", "₹": "INR", "₺": "TRY", "₴": "UAH", "₽": "RUB", "₩": "KRW",
    "원": "KRW", "₪": "ILS", "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN", "zł": "PLN",
    "zl": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON", "лв": "BGN", "руб": "RUB", "грн": "UAH",
    "tl": "TRY", "kr": None, "fr": "CHF", "sfr": "CHF", "rs": "INR", "rp": "IDR", "rm": "MYR",
    "euro": "EUR", "euros": "EUR", "eur": "EUR", "eurot": "EUR", "euroa": "EUR",
    "dollar": "USD", "dollars": "USD", "dólares": "USD", "dolares": "USD", "dollari": "USD",
    "dólar": "USD", "bucks": "USD", "usd": "USD", "pound": "GBP", "pounds": "GBP", "quid": "GBP",
    "pfund": "GBP", "libras": "GBP", "sterline": "GBP", "ponden": "GBP", "livres sterling": "GBP",
    "franken": "CHF", "francs": "CHF", "franchi": "CHF", "francos": "CHF", "reais": "BRL",
    "kronor": "SEK", "kroner": None, "zloty": "PLN", "złotych": "PLN", "złote": "PLN",
    "zlotys": "PLN", "yen": "JPY", "rupees": "INR", "rupien": "INR", "korun": "CZK",
    "forint": "HUF", "рублей": "RUB", "гривень": "UAH", "lira": "TRY", "rand": "ZAR",
    "s/": "PEN", "soles": "PEN", "pesos": None, "peso": None, "dirham": "AED",
    "dirhams": "AED", "fcfa": None, "cfa": None, "yuan": "CNY", "won": "KRW",
}  # fmt: skip
_CODES = (
    "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF RON BGN ISK JPY CNY KRW INR IDR THB SGD HKD TWD MYR"
    " PHP VND AUD NZD CAD MXN BRL ARS CLP COP PEN UYU ZAR TRY UAH RUB ILS AED SAR QAR KWD BHD OMR"
    " JOD TND MAD EGP NGN KES"
)
CODE_SET = frozenset(_CODES.split())
CURRENCY_NAMES: dict[str, str | None] = {
    **{code.lower(): code for code in _CODES.split()},
    **_SIGNS,
    "rmb": "CNY",
}
# What "$" stands for where a code or a word says so: "$1,349.00 MXN", "118,50 $ CAN".
_DOLLARS = {
    **{"cad": "CAD", "aud": "AUD", "nzd": "NZD", "hkd": "HKD", "sgd": "SGD", "usd": "USD"},
    **{"mxn": "MXN", "ars": "ARS", "clp": "CLP", "cop": "COP", "uyu": "UYU"},
    **{"ca": "CAD", "can": "CAD", "canadiens": "CAD", "canadian": "CAD", "canadienses": "CAD"},
    **{"us": "USD", "au": "AUD", "aus": "AUD", "nz": "NZD", "hk": "HKD", "mx": "MXN"},
    **{"mexicanos": "MXN", "argentinos": "ARS", "chilenos": "CLP", "colombianos": "COP"},
    **{"uruguayos": "UYU", "australiens": "AUD", "australian": "AUD", "mn": "MXN"},
    **{"canadesi": "CAD", "canadese": "CAD", "kanadische": "CAD", "kanadischen": "CAD"},
}
_IN_CAPITALS = frozenset({"ca", "can", "us", "au", "aus", "nz", "hk", "mx", "mn"})
OTHER_DOLLARS = frozenset(_DOLLARS.values()) - {"USD"}
DOLLAR_NAMES = frozenset({"$", "dollar", "dollars", "dólares", "dolares", "dollari", "pesos"})
# "30 Canadian dollars"
NATIONAL = re.compile(
    r"(?i)[ ]{1,2}(us|american|amerikanische|canadian|kanadische|australian|australische|mexican)"
    r"[ ](?:dollars?|pesos?)(?![^\W_])"
)
NATIONS = {
    **{"us": "usd", "american": "usd", "amerikanische": "usd", "canadian": "cad"},
    **{"kanadische": "cad", "australian": "aud", "australische": "aud", "mexican": "mxn"},
}
# "$ 25.000 pesos chilenos", "12 $ CAN", "$40 Canadian".
_NAME_OF_DOLLAR = re.compile(
    r"[ ]?(?:(?:pesos|d(?:ó|o)lares|dollars?)[ ])?\(?([A-Za-z]{2,11})(?![^\W_])"
)
# Crowns are those of the writer's language.
_CROWNS = {"sv": "SEK", "da": "DKK", "no": "NOK", "nb": "NOK", "is": "ISK"}
# Whoever writes in these languages of dirhams means those of Morocco.
_OF_MOROCCO = frozenset({"fr", "es"})
# Short words that stand for a currency only behind a number with decimals or beside "." or "$":
# "Fr. 12.03." is a Friday, "5 ft" a length, "3 rs" nothing.
WEAK_NAMES = frozenset(
    {"fr", "ft", "rs", "rm", "rp", "tl", "all", "top", "cop", "try", "mad", "won"}
)


def dollar_at(text: str, place: int) -> str | None:
    """The currency that a code or word at a place behind "$" or "pesos" tells, if one does."""
    found = _NAME_OF_DOLLAR.match(text, place)
    if found is None:
        return None
    name = found.group(1).lower()
    if name in _IN_CAPITALS and not found.group(1).isupper():
        return None
    return _DOLLARS.get(name)


def currency_of(name: str | None, language: str | None) -> str | None:
    """The code of a currency's name; None for names that several share. Raises KeyError."""
    if name in {"kr", "kroner"}:
        return _CROWNS.get(language or "")
    if name in {"dirham", "dirhams"} and language in _OF_MOROCCO:
        return "MAD"
    return CURRENCY_NAMES[name] if name is not None else None
