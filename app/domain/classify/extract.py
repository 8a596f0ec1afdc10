"""Order numbers and amounts that a text names, as hints for people and for the order search.

Every pattern is bounded, so that the work grows with the text's length and no faster.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from decimal import Decimal

from price_parser.parser import parse_number

from app.domain.classification import NamedAmount
from app.domain.money import minor_unit_digits

# A text that names more isn't a customer's request.
MAX_FOUND = 20

_ADDRESS = re.compile(r"(?<!\S)(?:[^\s@]*+@\S*+|\S{0,10}(?:https?://|www\.)\S*+)")


def _without_addresses(text: str) -> str:
    """`text` with links and e-mail addresses blanked, so that no number is read out of them."""
    return _ADDRESS.sub(lambda found: " " * len(found.group()), text)


# --- amounts ------------------------------------------------------------------------------------

# None: a sign that several currencies share.
_SIGNS: dict[str, str | None] = {
    "€": "EUR", "$": "USD", "us$": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD", "au$": "AUD",
    "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "r$": "BRL", "mx$": "MXN", "£": "GBP", "¥": "JPY",
    "₹": "INR", "₺": "TRY", "₴": "UAH", "₽": "RUB", "₩": "KRW", "₪": "ILS", "zł": "PLN",
    "kč": "CZK", "ft": "HUF", "lei": "RON", "kr": None, "kr.": None, "fr.": "CHF", "sfr.": "CHF",
    "sfr": "CHF", "euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD",
    "dólares": "USD", "dolares": "USD", "bucks": "USD", "pound": "GBP", "pounds": "GBP",
    "pfund": "GBP", "libras": "GBP", "quid": "GBP", "franken": "CHF", "francs": "CHF",
    "franchi": "CHF", "reais": "BRL", "kronor": "SEK", "kroner": None, "zloty": "PLN",
    "złotych": "PLN", "yen": "JPY",
}  # fmt: skip
_CODES = (
    "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF RON BGN ISK JPY CNY KRW INR IDR THB SGD HKD TWD MYR"
    " PHP VND AUD NZD CAD MXN BRL ARS CLP COP PEN UYU ZAR TRY UAH RUB ILS AED SAR QAR KWD BHD OMR"
    " JOD TND MAD EGP NGN KES"
)
_CURRENCIES: dict[str, str | None] = {**_SIGNS, **{code.lower(): code for code in _CODES.split()}}


def _alternatives(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_NAME = rf"(?:{_alternatives(_CURRENCIES)})"
_GROUPED = r"[0-9]{1,3}(?:[ '’.,][0-9]{3}){1,4}(?![0-9])(?:[.,][0-9]{1,2}(?![0-9]))?"
_PLAIN = r"[0-9]{1,9}(?:[.,][0-9]{1,3}(?![0-9]))?"
_ROUND = r"(?:[.,:](?:-{1,2}|–|—))?"
_NUMBER = rf"(?:{_GROUPED}|{_PLAIN}){_ROUND}"
_EXACT_NUMBER = r"(?:[0-9]{1,3}(?:[ '’.,][0-9]{3}){0,4}|[0-9]{1,9})[.,][0-9]{2}(?![0-9])"
_START = r"(?<![^\W_])(?<![0-9][.,'’/:-])(?<![-/+#])"
_AMOUNT = re.compile(
    rf"(?<![^\W_])(?P<before>{_NAME})[ ]{{0,2}}(?P<first>{_NUMBER})(?![^\W_])(?![.,/:-][0-9])"
    rf"|{_START}(?P<euros>[0-9]{{1,6}})(?:€|EUR)(?P<cents>[0-9]{{2}})(?![^\W_])"
    rf"|{_START}(?P<exact>{_EXACT_NUMBER})[ ]{{0,2}}(?P<behind>{_NAME})(?![^\W_])"
    rf"|{_START}(?P<second>{_NUMBER})[ ]{{0,2}}(?P<after>{_NAME})"
    r"(?![^\W_])(?![ ]?[0-9]{1,7}[.,][0-9]{2})"
    rf"|{_START}(?P<bare>{_EXACT_NUMBER})(?![^\W_])(?![.,/:%-][0-9]?)"
    rf"|{_START}(?P<last>{_EXACT_NUMBER})(?=[.,!?](?:\s|$))",
    re.IGNORECASE,
)
# What makes a number with two decimals a time, a date, a size or a share instead of money.
_NOT_MONEY_AFTER = re.compile(
    r"(?i)[ ]{0,2}(?:%|uhr|h|am|pm|a\.m|p\.m|kg|g|cm|mm|m|ml|l|x|inch|zoll|percent|prozent|gb|v)"
    r"(?![^\W_])"
)
_NOT_MONEY_BEFORE = re.compile(
    r"(?i)(?:^|[^\w])(?:at|on|um|am|vom|seit|le|el|il|op|om|em|dia|às|alle|ore|version|v|size|größe)"
    r"[ ]{1,2}$"
)


def _decimal(written: str, currency: str | None) -> Decimal | None:
    """The value of a number as people write it, in whichever locale's spelling."""
    number = re.sub(r"[.,:](?:-{1,2}|–|—)$", "", written)
    number = re.sub(r"['’ ]", "", number)
    if currency is not None and minor_unit_digits(currency) == 3:
        tail = re.search(r"[.,]([0-9]{3})$", number)
        if tail is not None and not re.search(r"[.,]", number[: tail.start()]):
            return Decimal(number.replace(",", "."))
    return parse_number(number)


def find_amounts(text: str) -> tuple[NamedAmount, ...]:
    """Amounts that a text names, in order of appearance, each once.

    A number without a currency counts only when it has two decimals and isn't a time, date or
    size. "$" is read as US dollars; "kr" is shared by several currencies and gives None.
    """
    text = _without_addresses(text)
    found: dict[tuple[Decimal, str | None], NamedAmount] = {}
    for match in _AMOUNT.finditer(text):
        parts = match.groupdict()
        name = parts["before"] or parts["after"] or parts["behind"]
        currency = _CURRENCIES.get(name.lower()) if name else None
        written = parts["first"] or parts["second"] or parts["exact"]
        if parts["euros"]:
            written, currency = f"{parts['euros']}.{parts['cents']}", "EUR"
        bare = parts["bare"] or parts["last"]
        if bare is not None:
            before = text[max(0, match.start() - 12) : match.start()]
            if _NOT_MONEY_BEFORE.search(before) or _NOT_MONEY_AFTER.match(text, match.end()):
                continue
            written = bare
        value = _decimal(written, currency)
        if value is not None:
            key = (value, currency)
            found.setdefault(key, NamedAmount(amount=value, currency=currency))
        if len(found) >= MAX_FOUND:
            break
    return tuple(found.values())


# --- order numbers ------------------------------------------------------------------------------

_ORDER_LABEL = (
    r"(?:web|customer|online|purchase)?orders?(?:nummern?|numbers?|nr|id)?|bestell(?:ung(?:en)?"
    r"|nummern?|nr)|auftrag(?:s?nummern?|snr)?|auftr(?:ä|ae)ge|commandes?|pedidos?|encomendas?"
    r"|ordin[ei]|ord|bestelling(?:en)?|bestelnummers?|bestelnr|ordernummers?|(?:ó|o)rdenes|orden"
    r"|n(?:º|°|o)[ ]?de[ ]pedido"
)
_OTHER_LABEL = (
    r"track(?:ing)?(?:nummer|number|code)?|sendung(?:s?nummer|en)?|sendungs[a-zäöü]{0,20}"
    r"|paket(?:nummer)?|shipments?|awb|suivi|colis|seguimiento|rastreo|rastreio|rastreamento"
    r"|spedizione|tracciamento|zending|verzend[a-z]{0,12}|pakket|consignment|waybill|gu(?:í|i)a"
    r"|phones?|tel|telefon[a-z]{0,12}|tel(?:é|e)fono|t(?:é|e)l(?:é|e)phone|telefoon[a-z]{0,10}"
    r"|telefone|mobile|handy|mobil|m(?:ó|o)vil|celular|cell|cellulare|portable|whatsapp|call|fax"
    r"|invoices?|inv|rechnung(?:en|snummer|s-nr)?|rechnungs[a-zäöü]{0,20}|factures?|facturas?"
    r"|fatur[ae]s?|fattur[ae]|facturen|factuur(?:nummer)?|receipt|quittung|re-nr|credit note"
    r"|vat|ust|ustid|uid|tva|iva|btw|nif|cif|cnpj|cpf|p\.?[ ]?iva|steuernummer|tax|siret|siren|kvk"
    r"|customer|kunden(?:nummer|-?nr)?|client[e]?|klant(?:nummer)?|account|konto|compte|cuenta"
    r"|iban|bic|sku|article|artikel(?:nummer|nr|-nr)?|art|item|model|modell|mod(?:è|e)le|modelo"
    r"|serial|serien(?:nummer)?|rma|returns?|retouren?(?:nummer)?|ticket|case|vorgang(?:snummer)?"
    r"|zip|plz|postcode|postleitzahl|card|karte|carte|tarjeta|carta|kaart|cart(?:ã|a)o|ending"
    r"|transaction|transaktion[a-z]{0,8}|voucher|coupon|gutschein(?:code)?|pin|code"
)
_LABEL = re.compile(
    rf"(?<![^\W_])(?:(?P<order>{_ORDER_LABEL})|(?P<other>{_OTHER_LABEL}))(?![^\W_])", re.IGNORECASE
)
_TOKEN = re.compile(
    r"(?<![^\W_])(?P<hash>#[ ]?)?"
    r"(?P<number>(?:[A-Za-z]{1,5}-?)?[0-9]{3,12}(?:-[0-9]{1,2}(?![0-9]))?)(?![^\W_])"
)
# What may stand between "order" and its number.
_FILLER = re.compile(
    r"[\s:;=\"'’„“”«»()\[\]*_-]{0,6}"
    r"(?:(?:numbers?|num|no|nos|nr|nrs|nummern?|nummers?|num(?:e|é)ros?|n(?:ú|u)mero[s]?|numeri|n"
    r"|id|ids|is|was|are|code|ref|reference|referenz|with|the|my|and|under|mit|der|die|das|den"
    r"|meine|meiner|ist|lautet|sind|con|com|met|avec|est|es|es el|de|el|il|la|le|les|los|mi|a|o"
    r"|sono|zijn|het|mijn|placed|name|called)"
    r"(?:[\s.:;=°º№\"'’()\[\]*_-]{1,6}|$)){0,4}(?:n[°º][ ]?|№[ ]?)?",
    re.IGNORECASE,
)
_LIST_GAP = re.compile(
    r"\s{0,3}(?:[,;&+/–-]|and|und|et|y|e|ed|en|or|oder|ou|o|of|sowie|plus|to|bis|,\s?and|,\s?und)"
    r"\s{0,3}(?:(?:the|order|orders|number|no\.?|nr\.?|die|la|le|el|il|de|het|o|a)\s)?\s{0,2}",
    re.IGNORECASE,
)
_UNIT_AFTER = re.compile(
    r"(?i)[ ]{0,2}(?:days?|weeks?|months?|hours?|minutes?|tagen?|wochen|monaten?|stunden|jours"
    r"|semaines|mois|heures|d(?:í|i)as|semanas|meses|horas|dagen|weken|maanden|uur|dias|giorni"
    r"|settimane|mesi|ore|pieces|pcs|st(?:ü|u)ck|pi(?:è|e)ces|piezas|stuks|pe(?:ç|c)as|pezzi|%"
    r"|percent|prozent|x|km|kg|g|cm|mm|ml)(?![^\W_])"
)
_MONEY_AFTER = re.compile(rf"(?i)[ ]{{0,2}}{_NAME}(?![^\W_])(?![ ]?[0-9])")
_MONEY_BEFORE = re.compile(rf"(?i)(?<![^\W_]){_NAME}[ ]{{0,2}}$")
_LARGER_AFTER = re.compile(r"[.,](?:[0-9]{1,3})(?![0-9])|[:/-][0-9]{1,3}(?![0-9])|[ ]?-{1,2}>")
_LARGER_BEFORE = re.compile(r"[0-9][.,:/-]$|[+]$|\+[0-9 ()/-]{1,14}$")
# Prefixes that are no shop's: documents, carriers, standards.
_OTHER_PREFIXES = (
    "INV RE RG FA FV AR VAT UST TVA IVA BTW NIF CIF TEL FAX RMA SKU REF ISO PLZ ART ID NO NR TRK"
    " UPS DHL GLS DPD DIN IP PIN CVC"
)
_NOT_A_PREFIX = frozenset(f"{_OTHER_PREFIXES} {_CODES}".split())


def _number_kind(number: str) -> tuple[str, str]:
    """The letters and the digits of a number as written."""
    letters = re.match(r"[A-Za-z]*", number)
    prefix = letters.group() if letters else ""
    return prefix.upper(), re.sub(r"[^0-9]", "", number[len(prefix) :])


def _may_stand_alone(number: str, prefix: str, digits: str) -> bool:
    """Whether a number is an order's by its form alone: EN1001, SO-2231, 000000123."""
    if not prefix:
        return bool(re.fullmatch(r"[0-9]?000[0-9]{5,7}(?:-[0-9]{1,2})?", number))
    if prefix in _NOT_A_PREFIX or not number.startswith(prefix) or len(prefix) < 2:
        return False
    has_dash = number[len(prefix)] == "-"
    if has_dash:
        return len(prefix) <= 4 and len(digits) <= 9
    # Two letters and eight digits or more are a VAT number; longer words are product names.
    return len(prefix) == 2 and 4 <= len(digits) <= 7


def _candidates(text: str) -> Iterator[tuple[re.Match[str], str | None, str]]:
    """Number-like tokens with the nearest label before them ("order", "other") and the gap."""
    labels = [(m.end(), "order" if m.group("order") else "other") for m in _LABEL.finditer(text)]
    ends = [end for end, _ in labels]
    for token in _TOKEN.finditer(text):
        index = bisect_right(ends, token.start()) - 1
        if index < 0 or token.start() - ends[index] > 40:
            yield token, None, ""
        else:
            yield token, labels[index][1], text[ends[index] : token.start()]


def find_orders(text: str) -> tuple[str, ...]:
    """Order numbers as written, without `#`, in order of appearance, each once.

    A number counts with `#` before it, after a word for "order", in a list that continues such a
    number, or in a form that only orders have. Numbers labelled as tracking, phone, invoice, VAT
    and the like never count, nor do amounts, dates and years.
    """
    text = _without_addresses(text)
    found: dict[str, str] = {}
    last_end, last_length = -1, 0
    for token, label, gap in _candidates(text):
        number = token.group("number")
        prefix, digits = _number_kind(number)
        before = text[max(0, token.start() - 16) : token.start()]
        between = text[last_end : token.start()] if 0 <= last_end <= token.start() else ""
        continues = (
            0 < len(between) <= 20
            and _LIST_GAP.fullmatch(between) is not None
            and abs(len(digits) - last_length) <= 1
        )
        follows = _FILLER.fullmatch(gap) is not None if label else False
        if not continues and _LARGER_BEFORE.search(before):
            continue
        if _LARGER_AFTER.match(text, token.end()):
            continue
        is_hash = token.group("hash") is not None
        if not is_hash and (
            _UNIT_AFTER.match(text, token.end())
            or _MONEY_AFTER.match(text, token.end())
            or _MONEY_BEFORE.search(before)
        ):
            continue
        if prefix in _NOT_A_PREFIX and not (follows and label == "order"):
            continue
        if label == "other" and follows:
            continue
        is_year = not prefix and len(digits) == 4 and digits[:2] in {"19", "20"}
        if is_year and not is_hash and not continues and re.search(r"\b(?:de|of|a|o|la|le)\s", gap):
            continue
        if (
            is_hash
            or continues
            or (follows and label == "order")
            or _may_stand_alone(number, prefix, digits)
        ):
            found.setdefault(number.casefold(), number)
            last_end, last_length = token.end(), len(digits)
            if len(found) >= MAX_FOUND:
                break
    return tuple(found.values())
