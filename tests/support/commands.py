"""`makegood` commands in processes of their own that don't import everything again.

A process that has imported all commands forks one for each line of JSON on its stdin. What a
command gets and leaves is what the shell would give and see: arguments, environment, the two
outputs, the exit code.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.forking import Forking


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class Commands(Forking):
    """Runs commands, one after another."""

    def __init__(self) -> None:
        super().__init__("tests.support.commands")

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None, timeout: int = 60
    ) -> Done:
        """What `makegood ARGUMENTS` does with more in its environment; ended after `timeout`."""
        with tempfile.TemporaryDirectory(prefix="mg-command-") as folder:
            outputs = [Path(folder) / name for name in ("stdout", "stderr")]
            order = {
                "arguments": arguments,
                "environment": {**os.environ, **(environment or {})},
                "outputs": [str(path) for path in outputs],
                "timeout": timeout,
            }
            self.send_order(order)
            return Done(self.ended(), *(path.read_text() for path in outputs))


def _become(order: Mapping[str, Any]) -> None:
    """Be the command, in a child; ends as the command ends."""
    from app.cli import main

    signal.alarm(order["timeout"])
    os.environ.clear()
    os.environ.update(order["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in enumerate(order["outputs"], start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["makegood", *order["arguments"]]
    main()


def _serve() -> None:
    from app.cli import COMMANDS

    for command in COMMANDS.values():
        command.load()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
            return
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    _serve()
