"""Writes what is generated in docs/policy-language.md anew: tables, and the rule of precedence."""

from __future__ import annotations

from pathlib import Path

from app.domain.policy.language.reference import said_table
from app.domain.policy.precedence import PRECEDENCE

DOCUMENT = Path(__file__).parents[1] / "docs/policy-language.md"


def renewed(text: str) -> str:
    """The document with its generated parts as the code has them now."""
    for name, content in (("said", said_table()), ("precedence", f"> {PRECEDENCE}")):
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{content}\n{end}{rest.partition(end)[2]}"
    return text


def main() -> None:
    """Renew the document."""
    DOCUMENT.write_text(renewed(DOCUMENT.read_text()))
    print(f"Wrote {DOCUMENT.name}.")


if __name__ == "__main__":
    main()
