"""Files that hold a policy's text, read for the commands of `makegood policy`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

_MOST_BYTES = 1_000_000


def refuse(message: str) -> NoReturn:
    """Say what is wrong, and end with exit code 2."""
    click.echo(f"makegood policy: {message}", err=True)
    sys.exit(2)


def read_text(file: str) -> str:
    """The text of a policy file, `-` for stdin; ends with exit code 2 when it can't be read."""
    try:
        raw = sys.stdin.buffer.read(_MOST_BYTES + 1) if file == "-" else _bytes_of(Path(file))
    except OSError as error:
        refuse(f"{file}: {error.strerror or error}. Give the path of a policy's text file.")
    if len(raw) > _MOST_BYTES:
        refuse(f"{file}: larger than {_MOST_BYTES:,} bytes, which no policy is.")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        refuse(f"{file}:{line}: not UTF-8 text. Save the file as plain text in UTF-8.")


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(_MOST_BYTES + 1)
