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
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class Commands:
    """Runs commands, one after another. A context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.commands"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None, timeout: int = 60
    ) -> Done:
        """What `makegood ARGUMENTS` does with more in its environment; ended after `timeout`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with tempfile.TemporaryDirectory(prefix="mg-command-") as folder:
            outputs = [Path(folder) / name for name in ("stdout", "stderr")]
            order = {
                "arguments": arguments,
                "environment": {**os.environ, **(environment or {})},
                "outputs": [str(path) for path in outputs],
                "timeout": timeout,
            }
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return Done(code, *(path.read_text() for path in outputs))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


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
