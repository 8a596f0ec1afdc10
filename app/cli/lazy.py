"""Command groups that import a command when it is used, and none to list them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click


class Later(NamedTuple):
    """A command that isn't imported yet: `module:name`, and its line in the group's help.

    The line is what the command's own help begins with; a test holds the two together.
    """

    place: str
    line: str

    def load(self) -> click.Command:
        """The command itself."""
        module, name = self.place.split(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found


class LazyGroup(click.Group):
    """A group of commands that stand in a table."""

    def __init__(self, *args: Any, table: Mapping[str, Later], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        return sorted(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None when there is none of that name."""
        later = self.table.get(cmd_name)
        return later.load() if later else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names with their lines, as click does it for commands that it has."""
        width = formatter.width - 6 - max(map(len, self.table))
        lines = [
            (name, click.Command(name, help=self.table[name].line).get_short_help_str(width))
            for name in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(lines)
