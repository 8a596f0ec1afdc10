"""`python -m integrations.sandbox.kustomer`: serve the sandbox until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from types import FrameType

from integrations.sandbox.kustomer.app import KustomerSandbox


def main(arguments: list[str] | None = None) -> int:
    """Prints one JSON line with urls and keys, then serves. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Serve the Kustomer sandbox on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--org", default="acme")
    parser.add_argument("--no-limits", action="store_true", help="count requests, refuse none")
    options = parser.parse_args(arguments)
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with KustomerSandbox(
        options.org, port=options.port, limits_enabled=not options.no_limits
    ) as sandbox:
        line = {
            "url": sandbox.base,
            "desk": sandbox.desk_url(),
            "api_key": sandbox.api_key,
            "runtime_key": sandbox.runtime_key,
        }
        print(json.dumps(line), flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
