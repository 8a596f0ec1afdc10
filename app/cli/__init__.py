"""The `makegood` command. Exit codes: 0 done, 1 a check failed, 2 bad usage or input."""

from __future__ import annotations

import gc
import sys

import click
from pydantic import ValidationError

from app.cli.lazy import Later, LazyGroup
from app.domain.errors import AppError

# Each command is imported only when it is used: `makegood web` needs nothing of the demo.
COMMANDS = {
    "audit": Later("app.cli.ledger:audit", "The record of every act."),
    "bench": Later("app.cli.bench:bench", "Measure webhook, triage and sidebar."),
    "classify": Later(
        "app.cli.classify:classify",
        'Classify texts: lines {"id", "text", "subject"?} on stdin, one answer line each.',
    ),
    "clock": Later(
        "app.cli.processes:clock",
        "Move scheduled jobs to their queues and announce what is unfinished (RQ's scheduler).",
    ),
    "connect": Later("app.cli.connect:connect", "Connect a helpdesk or a store."),
    "demo": Later(
        "app.cli.demo:demo",
        "Run Makegood with sandbox vendors: tickets come in, a desk shows them, refunds work.",
    ),
    "disconnect": Later("app.cli.connect:disconnect", "Undo a connection."),
    "doctor": Later(
        "app.cli.doctor:doctor",
        "Check everything that Makegood needs; each fault comes with its mend.",
    ),
    "evaluate": Later(
        "app.cli.evaluate:evaluate_command",
        "Print the scores on labelled tickets, with 95 % intervals.",
    ),
    "manifest": Later("app.cli.manifest:manifest", "The installable packages."),
    "migrate": Later("app.cli.processes:migrate", "Bring the database to the newest revision."),
    "policy": Later("app.cli.policy:policy", "Check a policy, and say it back clause by clause."),
    "reconcile": Later("app.cli.ledger:reconcile", "Hold the ledger against the stores' books."),
    "serve": Later(
        "app.cli.processes:serve",
        "Run everything on this machine: database, queue, web, workers and clock.",
    ),
    "tiers": Later(
        "app.cli.tiers:tiers",
        "Show or replace the mapping of roles, groups and teams to tiers.",
    ),
    "train": Later(
        "app.cli.train:train", "Adapt the shipped classifier to an account's own labels."
    ),
    "web": Later("app.cli.processes:web", "Answer webhooks, sidebar and API (gunicorn)."),
    "worker": Later(
        "app.cli.processes:worker", "Do what the queue announces: refunds, ticket writes, triage."
    ),
}


@click.group(
    cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="makegood")
def _group() -> None:
    """Refunds inside the helpdesk: decided by policy, released by a click, paid once."""


def main() -> None:
    """Entry point: errors of ours become one clear sentence, never a stack trace."""
    # Values refer to no ring of each other, so counting references frees nearly everything. A
    # decision by a long policy makes thousands of them: looked through at Python's own rhythm
    # (every 700), they cost a fifth of its time.
    gc.set_threshold(20_000, 20, 20)
    try:
        _group(prog_name="makegood")
    except ValidationError as error:
        for fault in error.errors():
            where = ".".join(str(part) for part in fault["loc"]) or "settings"
            click.echo(f"makegood: {where}: {fault['msg']}", err=True)
        click.echo("makegood: settings are MAKEGOOD_… environment variables", err=True)
        sys.exit(2)
    except AppError as error:
        click.echo(f"makegood: {error}", err=True)
        sys.exit(2)
