"""The letters of `letters.txt` as rows.

`python -m evaluation.reading.letters > evaluation/reading-letters.jsonl` writes them again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def _amounts(text: str) -> list[list[str | None]]:
    pairs = [part.split() for part in text.split(",") if part.strip()]
    return [[value, None if currency == "-" else currency] for value, currency in pairs]


def rows() -> list[dict[str, Any]]:
    """Every letter with the orders, amounts and language that it names."""
    text = Path(__file__).with_name("letters.txt").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = []
    for number, block in enumerate(text.split("===\n"), start=1):
        lines = [line for line in block.split("\n") if not line.startswith("# ")]
        if not any(lines):
            continue
        language, orders, amounts, subject = (part.strip() for part in lines[0].split("|"))
        found.append(
            {
                "id": f"letter-{language}-{number:03d}",
                "source": "reading-letters",
                "subject": subject or None,
                "text": "\n".join(lines[1:]).strip(),
                "language": None if language == "-" else language,
                "orders": [name.strip() for name in orders.split(",") if name.strip()],
                "amounts": _amounts(amounts),
            }
        )
    return found


def main() -> None:
    """Write all rows as JSON lines."""
    for row in rows():
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
