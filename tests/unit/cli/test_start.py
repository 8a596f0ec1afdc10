"""A command imports what it needs, and the list of commands none of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from app.cli import COMMANDS
from app.cli.lazy import Later, LazyGroup

# What takes long to import, and only some commands need.
HEAVY = {"alembic", "flask", "gunicorn", "lark", "redis", "requests", "rq", "sqlalchemy", "zenpy"}

POLICY = Path(__file__).parents[3] / "app/domain/policy/shipped/default.policy"


def every_entry(table: dict[str, Later], path: str = "") -> Iterator[tuple[str, Later]]:
    """All commands that stand in a table, and in the tables of groups among them."""
    for name, later in table.items():
        yield f"{path}{name}", later
        command = later.load()
        if isinstance(command, LazyGroup):
            yield from every_entry(dict(command.table), f"{path}{name} ")


def imported(*arguments: str) -> set[str]:
    """The packages that a process has imported at the end of a command that succeeds."""
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('\\n' + ' '.join(sys.modules), file=sys.stderr))\n"
        "from app.cli import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stderr.splitlines()[-1].split()}


def test_each_line_of_a_list_begins_the_help_of_its_command() -> None:
    entries = dict(every_entry(COMMANDS))
    assert {"web", "policy", "policy check"} <= set(entries)
    told = {name: entry.load().get_short_help_str(limit=1_000) for name, entry in entries.items()}
    assert told == {name: entry.line for name, entry in entries.items()}


def test_a_command_that_does_not_exist_is_bad_usage() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "polizy"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "No such command 'polizy'" in done.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("policy", "--help"), ("policy", "example")])
def test_lists_and_examples_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) & (HEAVY - {"lark"}) == set()


def test_a_list_reads_no_grammar() -> None:
    assert "lark" not in imported("--help")


def test_to_check_a_policy_takes_neither_database_nor_vendors() -> None:
    used = imported("policy", "check", str(POLICY))
    assert used & HEAVY == {"lark"}


def test_help_is_wrapped_as_click_does_it() -> None:
    """Commands that stand in a table look like others in the help."""

    @click.group()
    def plain() -> None:
        pass

    for name, later in COMMANDS.items():
        plain.add_command(later.load(), name)
    lazy = LazyGroup("plain", table=COMMANDS)
    shown = [
        group.get_help(click.Context(group, info_name="makegood")).split("Commands:")[1]
        for group in (plain, lazy)
    ]
    assert shown[0] == shown[1]
