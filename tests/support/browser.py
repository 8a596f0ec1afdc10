"""Chromium, as the distribution ships it."""

from __future__ import annotations

import os
import shutil
import sys

# Quiet on a machine without a screen or a network; --no-sandbox because tests may run as root.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    """Path of Chromium or Chrome, None when there is none; MAKEGOOD_CHROMIUM chooses one."""
    chosen = os.environ.get("MAKEGOOD_CHROMIUM")
    names = [chosen] if chosen else ["chromium", "chromium-browser", "google-chrome"]
    return next((path for name in names if (path := shutil.which(name))), None)


if __name__ == "__main__":
    found = chromium_path()
    print(found or "no Chromium")
    sys.exit(0 if found else 1)
