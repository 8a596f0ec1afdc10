"""Messages that no customer wrote just now: answers of machines, and bounces."""

from __future__ import annotations

from collections.abc import Mapping

_SUBJECTS = (
    *(
        "automatic reply",
        "auto reply",
        "autoreply",
        "auto-reply",
        "out of office",
        "out of the off",
    ),
    *("automatische antwort", "abwesenheitsnotiz", "abwesenheit", "réponse automatique"),
    *("reponse automatique", "absence du bureau", "respuesta automática", "respuesta automatica"),
    *("fuera de la oficina", "automatisch antwoord", "afwezigheid", "resposta automática"),
    *("ausência temporária", "risposta automatica", "fuori sede", "undeliverable"),
    *("undelivered mail", "delivery status notification", "mail delivery failed", "failure notice"),
    *("returned mail", "unzustellbar", "delivery failure", "autosvar", "automatyczna odpowiedź"),
)
# Only words that no customer begins with: "I am away next week" may open a real request.
_BEGINNINGS = (
    *("this is an automated", "this is an automatic", "this message was created automatically"),
    *("i am out of the office", "i'm out of the office", "i am currently out of the office"),
    *("i am currently out of office", "i am on annual leave", "i'm on annual leave"),
    *("thank you for your email. i am currently", "thank you for your message. i am currently"),
    *(
        "dies ist eine automatisch",
        "ich bin derzeit nicht im büro",
        "ich bin zurzeit nicht im büro",
    ),
    *("vielen dank für ihre nachricht. ich bin derzeit", "ich bin momentan nicht im büro"),
    *("ceci est un message automatique", "je suis actuellement absent", "je suis absent du bureau"),
    *("este es un mensaje automático", "estoy fuera de la oficina", "estaré fuera de la oficina"),
    *("dit is een automatisch", "ik ben momenteel niet aanwezig", "ik ben momenteel afwezig"),
    *("esta é uma mensagem automática", "estou fora do escritório", "encontro-me ausente do"),
    *("questo è un messaggio automatico", "sono fuori ufficio", "sarò fuori ufficio"),
    *("this is the mail system at host", "delivery has failed to these recipients"),
    *("we have received your request", "your request has been received"),
)
# Headers of machines, with the values that mean nothing.
_HEADERS: dict[str, frozenset[str]] = {
    "auto-submitted": frozenset({"", "no"}),
    "x-autoreply": frozenset({"", "no"}),
    "x-autorespond": frozenset({"", "no"}),
    "x-failed-recipients": frozenset({""}),
}
_PRECEDENCES = frozenset({"auto_reply", "bulk", "junk", "list"})
# Forms of shops often come from "noreply", with a customer behind them; bounces never do.
_MACHINES = ("mailer-daemon", "postmaster")


def is_automatic(subject: str, text: str) -> bool:
    """Whether subject or opening words are those of a machine's message."""
    title = subject.lower()
    for prefix in ("re: ", "aw: ", "fw: ", "fwd: "):
        title = title.removeprefix(prefix)
    if title.startswith(_SUBJECTS):
        return True
    return text[:200].lower().lstrip(" *-#").startswith(_BEGINNINGS)


def headers_say_automatic(headers: Mapping[str, str]) -> bool:
    """Whether a mail's headers mark it as sent by a machine (RFC 3834 and habits before it)."""
    given = {name.lower(): value.strip().lower() for name, value in headers.items()}
    marked = any(name in given and given[name] not in empty for name, empty in _HEADERS.items())
    return marked or given.get("precedence") in _PRECEDENCES


def is_machine_address(address: str) -> bool:
    """Whether nobody reads what is sent to this address, so no customer writes from it."""
    return address.strip().lower().partition("@")[0].startswith(_MACHINES)
