"""Whole mails written by hand, one file a writer: `mails/WRITER.jsonl`.

Each writer worked without seeing the others' mails, so a score on a writer that was left out of the
training says what to expect of people whom nobody asked.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.corpus import LANGUAGES, Example, Writer

FOLDER = Path(__file__).parent / "mails"


def read_mails(folder: Path = FOLDER) -> dict[str, list[Example]]:
    """The mails of each writer. A mail without `refund` is one on which people disagree."""
    found: dict[str, list[Example]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found[path.stem] = [
            Example(
                text=row["text"],
                subject=row["subject"],
                kind=row["kind"],
                refund=row["refund"],
                reason=row["reason"],
                language=row["language"],
                source=path.stem,
            )
            for row in rows
        ]
    return found


def varied(examples: Sequence[Example], seed: int) -> Iterator[Example]:
    """Each mail twice more: once as a hasty writer would type it, once with talk around it.

    Half of them lose their subject, so that the text is learned without it.
    """
    draw, writer = random.Random(seed), Writer(seed, "all")  # noqa: S311
    for example in examples:
        for text in (
            writer.mistyped(example.text),
            writer.with_talk(example.text, example.language)
            if example.language in LANGUAGES
            else example.text,
        ):
            subject = example.subject if draw.random() < 0.5 else None
            yield dataclasses.replace(example, text=text, subject=subject)
