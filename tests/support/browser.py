"""Chromium, as the distribution ships it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.prerequisites import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
# The shell without windows first: it draws the same pages with half the work.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """Path of Chromium or Chrome, None when there is none; MAKEGOOD_CHROMIUM chooses one."""
    chosen = os.environ.get("MAKEGOOD_CHROMIUM")
    names = [chosen] if chosen else _NAMES
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium without a window; skips, or fails where tools must be there, without one."""
    # The module also tells scripts where Chromium is, before anything is installed.
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    if path is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


if __name__ == "__main__":
    found = chromium_path()
    print(found or "no Chromium")
    sys.exit(0 if found else 1)
