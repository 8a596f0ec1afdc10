"""`python -m integrations.sandbox.zendesk`: serve the sandbox until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from types import FrameType

from integrations.sandbox.zendesk.app import ZendeskSandbox


def main(arguments: list[str] | None = None) -> int:
    """Prints one JSON line with the urls, then serves. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Serve the Zendesk sandbox on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--subdomain", default="acme")
    parser.add_argument("--sidebar-url", default="")
    options = parser.parse_args(arguments)
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with ZendeskSandbox(
        options.subdomain, port=options.port, sidebar_url=options.sidebar_url
    ) as sandbox:
        line = {"url": sandbox.base, "desk": sandbox.desk_url(), "token": sandbox.static_token}
        print(json.dumps(line), flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
