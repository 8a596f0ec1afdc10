"""Public sets of labelled utterances, read from a folder; none of their rows are in the project."""

from __future__ import annotations

import csv
from pathlib import Path

from training.corpus import Example

# Columns: text, lang, kind, refund (1, 0 or empty), refund_related, orders, amounts, source_label.
SETS = {
    "bitext": {
        "title": "Customer Service Tagged Training Dataset for Intent Detection",
        "by": "Bitext Innovations",
        "licence": "CDLA-Sharing-1.0",
    },
    "banking77": {
        "title": "BANKING77 (Casanueva et al., 2020)",
        "by": "PolyAI",
        "licence": "CC BY 4.0",
    },
    "nlupp": {
        "title": "NLU++ (Casanueva et al., 2022)",
        "by": "PolyAI",
        "licence": "CC BY 4.0",
    },
    "clinc150": {
        "title": "CLINC150 / oos-eval (Larson et al., 2019)",
        "by": "Clinc Inc.",
        "licence": "CC BY 3.0",
    },
    "multidogo": {
        "title": "MultiDoGO (Peskov et al., 2019)",
        "by": "Amazon",
        "licence": "CDLA-Permissive-1.0",
    },
    "taubench_retail": {
        "title": "tau-bench retail",
        "by": "Sierra",
        "licence": "MIT",
    },
}


def read_set(folder: Path, name: str) -> list[Example]:
    """All rows of one set; `refund` is None where its labels leave it open."""
    examples: list[Example] = []
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            # Wishes to send goods back without a word on money: people disagree on those.
            is_open = row["refund"] == "" or row["kind"] == "return"
            examples.append(
                Example(
                    text=row["text"],
                    subject=None,
                    kind=row["kind"],
                    refund=None if is_open else row["refund"] == "1",
                    reason="unknown",
                    language=row["lang"],
                    source=name,
                )
            )
    return examples
