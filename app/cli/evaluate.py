"""`makegood evaluate`: how good the classifier is on labelled tickets on disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from app.domain.classify.trained import TrainedClassifier, shipped_card
from app.evaluation.measure import FOLDER, Gold, bootstrap, evaluate, load_set
from app.evaluation.pins import falls
from app.evaluation.speed import speed

_SHOWN = (
    ("refund_f1", "refund F1"),
    ("refund_precision", "precision"),
    ("kind_macro_f1", "kind macro-F1"),
    ("calibration_error", "calibration error"),
    ("decided", "decided alone"),
    ("decided_accuracy", "of these right"),
    ("language", "language"),
    ("other_languages_to_a_person", "other languages to a person"),
    ("orders_exact", "orders"),
    ("amounts_exact", "amounts"),
    ("reason", "reason"),
)


@click.command("evaluate")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.option("--speed", "with_speed", is_flag=True, help="Measure time and memory too.")
def evaluate_command(files: tuple[Path, ...], as_json: bool, with_speed: bool) -> None:
    """Print the scores on labelled tickets, with 95 % intervals.

    FILES are JSON lines with "id", "text", "language" and any of "subject", "kind", "refund",
    "reason", "orders", "amounts"; without FILES, all sets in the folder `evaluation`. Ends with 1
    when a score has dropped below its interval on the model card.
    """
    paths = list(files) or sorted(FOLDER.glob("*.jsonl"))
    if not paths:
        click.echo(f"makegood evaluate: no *.jsonl in {FOLDER}; name the files", err=True)
        sys.exit(2)
    classifier = TrainedClassifier()
    report: dict[str, Any] = {"classifier": classifier.name, "sets": {}}
    everything: list[Gold] = []
    for path in paths:
        try:
            rows = load_set(path)
        except (OSError, ValueError) as error:
            click.echo(f"makegood evaluate: {error}; mend the line and try again", err=True)
            sys.exit(2)
        everything += rows
        if rows:
            report["sets"][path.stem] = bootstrap(evaluate(classifier.classify, rows))
    if with_speed:
        report["speed"] = speed(classifier, everything)
    report["fallen"] = falls(report["sets"], shipped_card())
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _print(report)
    sys.exit(1 if report["fallen"] else 0)


def _print(report: dict[str, Any]) -> None:
    for name, scores in report["sets"].items():
        click.echo(f"{name} ({scores['rows']} tickets)")
        for key, title in _SHOWN:
            found = scores.get(key)
            if found is not None:
                interval = f"{found['low']:.3f} to {found['high']:.3f}"
                click.echo(f"  {title:<28} {found['score']:.3f}   ({interval})")
    if "speed" in report:
        _print_speed(report["speed"])
    for line in report["fallen"]:
        click.echo(f"fallen: {line}")


def _print_speed(found: dict[str, Any]) -> None:
    click.echo(f"tickets, ms of CPU: {json.dumps(found['tickets_ms'])}")
    click.echo(f"memory, MB: {found['memory_mb']}")
    click.echo("mails of 200 kB, ms of CPU (as a ticket, as a reply)")
    for name, taken in found["huge_mails_ms"].items():
        click.echo(f"  {name:<28} {taken:6.1f} {found['huge_replies_ms'][name]:6.1f}")
    click.echo(f"  {'worst':<28} {found['worst_huge_ms']:6.1f}")
