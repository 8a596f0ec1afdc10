"""Signals of a text in words, for notes and the sidebar."""

from __future__ import annotations

from app.domain.classification import Signal

SIGNAL_WORDS: dict[Signal, str] = {
    Signal.CHARGEBACK: "speaks of a chargeback or dispute",
    Signal.LAWYER: "speaks of a lawyer or court",
    Signal.REGULATOR: "speaks of consumer protection",
    Signal.POLICE: "speaks of the police",
    Signal.PRESS: "speaks of press or social media",
    Signal.BAD_REVIEW: "speaks of a bad review",
    Signal.INJECTION: "has instructions for machines in it: they were ignored",
    Signal.AUTO_REPLY: "was sent by a machine",
    Signal.UNSUPPORTED_LANGUAGE: "is in a language that isn't read",
}
