"""`makegood demo`: everything set up against sandbox vendors, with a person or without one."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from app.cli.casting import Part, cast, stories_of
from app.cli.desks import DESKS
from app.cli.headless import play_headless
from app.cli.interactive import play_for_a_person
from app.cli.promises import examine
from app.cli.report import table
from app.cli.shops import SHOPS
from app.cli.stage import Show, Stage

_HEADLESS_HOLD_SECONDS = 1.0
_INTERACTIVE_HOLD_SECONDS = 5.0
_SETTLES_AFTER_SECONDS = 45.0


def _known(kind: str, given: str | None, usual: str, known: Iterable[str]) -> tuple[str, ...]:
    """The names in a list, each once. Raises click.UsageError with what there is."""
    wanted = usual if given is None else given
    names = tuple(dict.fromkeys(name.strip() for name in wanted.split(",")))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.UsageError(
            f"there is no {kind} {', '.join(unknown) or wanted!r}; there is: {', '.join(known)}"
        )
    return names


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The given folder, or a temporary one that is removed again."""
    if given is not None:
        yield given
        return
    made = Path(tempfile.mkdtemp(prefix="makegood-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@click.command()
@click.option("--headless", is_flag=True, help="No person: play everything, check all promises.")
@click.option("--json", "as_json", is_flag=True, help="One JSON report on stdout (headless).")
@click.option("--helpdesk", help="Which, comma separated. All for a person, else zendesk.")
@click.option("--store", help="Which, comma separated. All for a person, else shopify.")
@click.option(
    "--tickets",
    type=click.IntRange(1, 20_000),
    default=None,
    help="How many tickets, shared among the pairs of helpdesk and store; each story once unless "
    "given. Beyond all stories they are told again by other people.",
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, help="Our port; 0 is a free one."
)
@click.option(
    "--workers", type=click.IntRange(1, 32), default=2, show_default=True, help="Worker processes."
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep database and log here; else they are removed at the end.",
)
def demo(
    headless: bool,
    as_json: bool,
    helpdesk: str | None,
    store: str | None,
    tickets: int | None,
    port: int,
    workers: int,
    data_dir: Path | None,
) -> None:
    """Run Makegood with sandbox vendors: tickets come in, a desk shows them, refunds work.

    With --headless the exit code is 0 only if every promise held, 1 otherwise.
    """
    helpdesks = _known("helpdesk", helpdesk, "zendesk" if headless else ",".join(DESKS), DESKS)
    stores = _known("store", store, "shopify" if headless else ",".join(SHOPS), SHOPS)
    count = tickets or len(helpdesks) * stories_of(stores)
    if as_json and not headless:
        raise click.UsageError("--json needs --headless: a person gets a desk, not a report")
    if data_dir is not None and (data_dir / "makegood.sqlite3").exists():
        raise click.UsageError(f"{data_dir} already holds a database: give an empty folder")
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: _stop(stopping))
    with _folder(data_dir) as folder:
        folder.mkdir(parents=True, exist_ok=True)
        log_file = folder / "log.jsonl"
        show = Show(
            folder=folder,
            port=port,
            workers=workers,
            hold_seconds=_HEADLESS_HOLD_SECONDS if headless else _INTERACTIVE_HOLD_SECONDS,
            settles_after_seconds=None if headless else _SETTLES_AFTER_SECONDS,
            log_file=log_file,
            high_volume=headless,
            helpdesks=helpdesks,
            stores=stores,
        )
        try:
            if headless:
                sys.exit(_headless(show, count, as_json))
            with Stage(show) as stage:
                play_for_a_person(stage, _parts(stage, count), stopping)
        except KeyboardInterrupt:
            click.echo("\nStopped.", err=True)


def _stop(stopping: threading.Event) -> None:
    """Ends the demo as Ctrl-C does, also while it is still being set up."""
    stopping.set()
    raise KeyboardInterrupt


def _parts(stage: Stage, tickets: int) -> list[Part]:
    return cast(tickets, datetime.now(UTC), stage.show.helpdesks, stage.shops)


def _headless(show: Show, tickets: int, as_json: bool) -> int:
    def say(text: str) -> None:
        click.echo(text, err=True)

    say("setting up: sandbox vendors, database, queue, web, workers, clock")
    with Stage(show) as stage:
        played = play_headless(stage, _parts(stage, tickets), say)
        report = examine(stage, played)
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        click.echo(table(report))
    for name, promise in report.promises.items():
        if not promise.held:
            say(f"broken: {name}: {promise.detail}")
    return 0 if report.held else 1
