"""`makegood classify`: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import sys

import click

from app.domain.classify.trained import TrainedClassifier


@click.command()
def classify() -> None:
    """Classify texts: lines {"id", "text", "subject"?} on stdin, one answer line each."""
    classifier = TrainedClassifier()
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            identifier, text, subject = row["id"], row["text"], row.get("subject")
            if not isinstance(text, str) or not isinstance(subject, str | None):
                raise TypeError("text and subject must be strings")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            click.echo(
                f'makegood classify: line {number}: {problem}; expected {{"id": …, "text": "…"}}',
                err=True,
            )
            sys.exit(2)
        found = classifier.classify(text, subject).model_dump(mode="json", exclude={"classifier"})
        sys.stdout.write(json.dumps({"id": identifier, **found}, ensure_ascii=False) + "\n")
        sys.stdout.flush()
