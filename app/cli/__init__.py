"""The `makegood` command. Exit codes: 0 done, 1 a check failed, 2 bad usage or input."""

from __future__ import annotations

import gc
import importlib
import sys

import click
from pydantic import ValidationError

from app.domain.errors import AppError

# Each command is imported only when it is used: `makegood web` needs nothing of the demo.
_COMMANDS = {
    "audit": "app.cli.ledger:audit",
    "bench": "app.cli.bench:bench",
    "classify": "app.cli.classify:classify",
    "clock": "app.cli.processes:clock",
    "connect": "app.cli.connect:connect",
    "demo": "app.cli.demo:demo",
    "disconnect": "app.cli.connect:disconnect",
    "doctor": "app.cli.doctor:doctor",
    "evaluate": "app.cli.evaluate:evaluate_command",
    "manifest": "app.cli.manifest:manifest",
    "migrate": "app.cli.processes:migrate",
    "policy": "app.cli.policy:policy",
    "reconcile": "app.cli.ledger:reconcile",
    "serve": "app.cli.processes:serve",
    "tiers": "app.cli.tiers:tiers",
    "train": "app.cli.train:train",
    "web": "app.cli.processes:web",
    "worker": "app.cli.processes:worker",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, name = place.split(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
