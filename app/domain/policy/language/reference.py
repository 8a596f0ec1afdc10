"""The table of what can be said about each fact, for the language's reference."""

from __future__ import annotations

from app.domain.policy.facts import FACTS, FactSpec, fact_spec
from app.domain.policy.language.grammar import value_words
from app.domain.policy.language.vocabulary import FORMS, SUBJECTS, Form

_EXAMPLES = {
    "{ago}": "within the last 30 days",
    "{count}": "at least 3",
    "{money}": "more than 50 EUR",
    "{percent}": "at least 20%",
    "{days}": "at most 14 days",
    "{minutes}": "at least 30 minutes",
    "{text}": '"sample"',
    "{texts}": '"one" or "two"',
    "{code}": "EUR",
    "{codes}": "EUR or USD",
    "{dates}": "from 1 November to 24 December",
    "{span}": "30 days",
}
_HEADINGS = {
    "item": "The item",
    "order": "The order",
    "customer": "The customer",
    "service": "The service",
    "today": "Today",
    "reason": "The reason",
    "kind": "The kind of request",
    "channel": "The channel",
    "decision": "The decision (in tiers and automatic release only)",
}


def spec_of(form: Form) -> FactSpec:
    """The fact that a form speaks of; for history, with 30 days as its window."""
    spec = fact_spec(form.fact if form.fact in FACTS else f"{form.fact}30d")
    if spec is None:  # pragma: no cover - the vocabulary's own test holds it to the facts
        raise KeyError(form.fact)
    return spec


def spoken(form: Form, words: str) -> str:
    """A form as a complete condition, with an example in each slot."""
    values = [value_words(value) for value in spec_of(form).values]
    slots = {**_EXAMPLES, "{word}": "".join(values[:1]), "{words}": " or ".join(values[:2])}
    said = " ".join(slots.get(word, word) for word in words.split())
    return f"{SUBJECTS[form.subject]} {said}"


def said_table() -> str:
    """A Markdown table for each subject: what can be said, its opposite, and who knows it."""
    lines: list[str] = []
    for subject, heading in _HEADINGS.items():
        lines += [f"### {heading}", "", "| say | or its opposite | fact | known to |"]
        lines += ["|---|---|---|---|"]
        for form in FORMS:
            if form.subject != subject:
                continue
            spec = spec_of(form)
            denial = f"`{spoken(form, form.denial)}`" if form.denial else ""
            fact = form.fact.rstrip("_") + (f" ({form.note})" if form.note else "")
            lines.append(
                f"| `{spoken(form, form.words)}` | {denial} | {fact} | {_known_to(spec)} |"
            )
        lines.append("")
    lines += ["### Words for the values of a fact", ""]
    for spec in FACTS.values():
        if spec.values:
            words = ", ".join(f"`{value_words(value)}`" for value in spec.values)
            lines.append(f"- {spec.label} (`{spec.name}`): {words}")
    return "\n".join(lines)


def _known_to(spec: FactSpec) -> str:
    known = ["a person, who says it in the sidebar"] if spec.by_hand else []
    if not spec.stores:
        return "; ".join([*(known or ["no store"]), "a document brings it"])
    if spec.source.value in {"request", "calendar", "decision"}:
        return spec.source.value
    return "; ".join([", ".join(spec.stores), *known])
