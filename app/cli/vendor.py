"""A sandbox vendor as the demo sees it: a process of its own, and its control endpoints."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from typing import IO, Any

import requests

from app.domain.errors import ConfigurationError
from integrations.http import BoundedSession

_STOP_SECONDS = 5.0


class Vendor:
    """The control endpoints of one sandbox vendor."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = BoundedSession(5.0, 60.0)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """GET below `/_sandbox/`."""
        return self._read(self._session.get(f"{self.url}/_sandbox/{path}", params=query))

    def post(self, path: str, body: object) -> dict[str, Any]:
        """POST below `/_sandbox/`."""
        return self._read(self._session.post(f"{self.url}/_sandbox/{path}", json=body))

    def _read(self, response: requests.Response) -> dict[str, Any]:
        if not response.ok:
            raise ConfigurationError(f"the sandbox refuses {response.url}: {response.text[:300]}")
        found: dict[str, Any] = response.json()
        return found


def start_desk(stack: ExitStack, module: str, log: IO[bytes] | None, *options: str) -> Any:
    """Start a helpdesk sandbox, and have `stack` end it. Answers what it says about itself.

    Raises ConfigurationError when it doesn't start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *options],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    stack.callback(_end, process)
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise ConfigurationError(f"{module} didn't start; see what it wrote above.")
    return json.loads(line)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
