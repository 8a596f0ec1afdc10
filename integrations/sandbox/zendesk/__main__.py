"""`python -m integrations.sandbox.zendesk`: serve the sandbox until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from integrations.sandbox.zendesk.app import ZendeskSandbox


def _read(folder: Path | None, name: str) -> dict[str, Any] | None:
    if folder is None or not (folder / name).is_file():
        return None
    loaded: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return loaded


def main(arguments: list[str] | None = None) -> int:
    """Prints one JSON line with the urls, then serves. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Serve the Zendesk sandbox on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--subdomain", default="acme")
    parser.add_argument("--sidebar-url", default="")
    parser.add_argument("--package", type=Path, help="folder with manifest.json of the app")
    parser.add_argument("--no-limits", action="store_true", help="count requests, refuse none")
    options = parser.parse_args(arguments)
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with ZendeskSandbox(
        options.subdomain,
        port=options.port,
        sidebar_url=options.sidebar_url,
        manifest=_read(options.package, "manifest.json"),
        requirements=_read(options.package, "requirements.json"),
        limits_enabled=not options.no_limits,
    ) as sandbox:
        line = {"url": sandbox.base, "desk": sandbox.desk_url(), "token": sandbox.static_token}
        print(json.dumps(line), flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
