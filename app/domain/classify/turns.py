"""Transcripts of chats and calls: only what the customer said counts; the rest is kept aside."""

from __future__ import annotations

import re
from collections.abc import Sequence

_STAMP = r"(?:[\[(]?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?[\])]?[\s,–-]{0,3})"
_TURN = re.compile(
    rf"\s{{0,4}}(?P<before>{_STAMP}?)(?:\*{{0,2}})(?P<name>[^\W_][^:\n\[\]()<>@]{{0,38}}?)(?:\*{{0,2}})"
    rf"\s?(?P<after>[\[(]?\d{{1,2}}:\d{{2}}(?::\d{{2}})?[\])]?)?\s{{0,2}}:(?:\*{{0,2}})(?!//)\s{{0,3}}(?P<said>.*)"
)
_CUSTOMERS = frozenset(
    (
        *("customer", "visitor", "caller", "client", "user", "requester", "guest", "shopper", "me"),
        *("buyer", "kunde", "kundin", "besucher", "besucherin", "anrufer", "anruferin", "cliente"),
        *(
            "visiteur",
            "visiteuse",
            "appelant",
            "usuario",
            "visitante",
            "klant",
            "bezoeker",
            "beller",
        ),
        *("utilizador", "usuário", "utente", "visitatore", "chiamante", "end-user", "enduser"),
    )
)
_AGENTS = frozenset(
    (
        *("agent", "support", "bot", "chatbot", "assistant", "advisor", "adviser", "operator"),
        *("representative", "rep", "system", "service", "team", "helpdesk", "admin", "staff"),
        *("mitarbeiter", "mitarbeiterin", "berater", "beraterin", "kundenservice", "conseiller"),
        *("conseillère", "agente", "asesor", "asesora", "soporte", "medewerker", "klantenservice"),
        *("atendente", "assistente", "operatore", "operatrice", "assistenza", "virtual", "auto"),
    )
)
# What only somebody of the merchant says.
_AGENTS_SAY = (
    *("how can i help", "how may i help", "thanks for contacting", "thank you for contacting"),
    *("thank you for calling", "thanks for calling", "wie kann ich ihnen", "wie kann ich dir"),
    *("wie kann ich helfen", "comment puis-je vous aider", "en qué puedo ayudar"),
    *("waarmee kan ik", "hoe kan ik je helpen", "como posso ajudar", "em que posso ajudar"),
    *("come posso aiutar", "let me check that for you", "i can see your order"),
)
# Labels of forms and mails that look like speakers.
_NO_SPEAKERS = frozenset(
    (
        *("order", "order number", "order no", "re", "ps", "subject", "date", "to", "from", "cc"),
        *("tel", "phone", "email", "e-mail", "name", "message", "reason", "amount", "total"),
        *("address", "product", "item", "note", "comment", "bestellung", "betreff", "datum"),
        *(
            "chat started",
            "started",
            "served by",
            "chat ended",
            "department",
            "duration",
            "agent name",
        ),
        *("commande", "pedido", "ordine", "bestelling", "encomenda", "price", "quantity", "size"),
    )
)
# Numbers as a call's transcript has them: "4 4 1 0".
_SPOKEN_DIGITS = re.compile(r"(?<!\S)(?:\d ){3,15}\d(?!\S)")
# An answer of so few words, one of them with digits, is the number that was asked for.
_MOST_WORDS_OF_NUMBER = 6
_LEAST_DIGITS = 3
_ORDER_WORDS = (
    *("order", "bestell", "commande", "pedido", "encomenda", "ordine", "auftrag", "booking"),
    *("reserv", "réserv", "buchung", "boeking", "prenotazione", "reference", "confirmation"),
)
_LEAST_TURNS = 3
_MOST_SPEAKERS = 5


def _words(name: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)?", name.lower()))


def _customers(turns: Sequence[tuple[str, str]], requester: str | None) -> set[str] | None:
    """Which speakers are the customer's side; None where that can't be told."""
    names = list(dict.fromkeys(name for name, _ in turns))
    agents = {name for name in names if _words(name) & _AGENTS}
    for name, said in turns:
        if any(phrase in said.lower() for phrase in _AGENTS_SAY):
            agents.add(name)
    known = {name for name in names if _words(name) & _CUSTOMERS and name not in agents}
    if requester:
        known |= {name for name in names if _words(name) & _words(requester) and name not in agents}
    if known:
        return known
    rest = set(names) - agents
    return rest if agents and rest else None


def _is_only_a_number(said: str) -> bool:
    """Whether an answer is a number and hardly more: "it's 88-0451 i think"."""
    words = said[:200].split()
    with_digits = [word for word in words if any(sign.isdigit() for sign in word)]
    if len(words) > _MOST_WORDS_OF_NUMBER or len(with_digits) != 1:
        return False
    return sum(sign.isdigit() for sign in with_digits[0]) >= _LEAST_DIGITS


def split_turns(lines: list[str], requester: str | None) -> tuple[list[str], list[str]] | None:
    """The customer's words and everybody else's; None for a text that is no transcript.

    A transcript has at least three turns of two to five speakers, and hardly anything else. A line
    without a speaker goes on with the turn before it.
    """
    turns: list[tuple[str, str]] = []
    spoken: list[tuple[str | None, str]] = []
    for line in lines:
        if not line.strip():
            continue
        match = _TURN.fullmatch(line[:2000])
        name = match["name"].strip().lower() if match else ""
        if match and name not in _NO_SPEAKERS and len(name.split()) <= 4:
            turns.append((name, match["said"]))
            spoken.append((name, match["said"]))
        else:
            spoken.append((None, line))
    speakers = {name for name, _ in turns}
    if len(turns) < _LEAST_TURNS or not 2 <= len(speakers) <= _MOST_SPEAKERS:
        return None
    if len(turns) < 0.4 * len(spoken):
        return None
    customers = _customers(turns, requester)
    if customers is None:
        return None
    own: list[str] = []
    others: list[str] = []
    speaker: str | None = None
    for who, said in spoken:
        speaker = who if who is not None else speaker
        if speaker not in customers:
            others.append(said)
            continue
        said = _SPOKEN_DIGITS.sub(lambda digits: digits.group().replace(" ", ""), said)
        asked = others[-1].lower() if others else ""
        if _is_only_a_number(said) and any(word in asked for word in _ORDER_WORDS):
            # The answer to "what is your order number?" keeps what was asked.
            said = f"Order number: {said.strip()}"
        own.append(said)
    return own, others
