"""What is wrong or doubtful in a policy's text: where, what was read, what can be written."""

from __future__ import annotations

from enum import StrEnum

from app.domain.base import Value


class Place(Value):
    """A line and a column of the text, both counted from 1."""

    line: int
    column: int


class Severity(StrEnum):
    """An error keeps the policy from being used; a warning is for its author to think about."""

    ERROR = "error"
    WARNING = "warning"


class Problem(Value):
    """One thing to mend.

    `understood` is the part of the sentence that was read; `suggestions` are what can be written
    instead, the nearest first.
    """

    place: Place
    code: str
    message: str
    severity: Severity = Severity.ERROR
    understood: str | None = None
    suggestions: tuple[str, ...] = ()

    def in_words(self, file: str) -> str:
        """`file:line:column: error: …`, with what can be written below it."""
        lines = [f"{file}:{self.place.line}:{self.place.column}: {self.severity}: {self.message}"]
        if self.understood:
            lines.append(f"    understood so far: {self.understood}")
        if self.suggestions:
            lines.append(f"    you can write: {' | '.join(self.suggestions)}")
        return "\n".join(lines)
