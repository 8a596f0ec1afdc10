"""What some tests need and not every machine has.

`make test` gets these things where it can. A test whose need isn't met is skipped with the reason;
with MAKEGOOD_NOTHING_SKIPPED=1, as in CI, it fails.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
NPM_PACKAGES = ROOT / ".cache" / "npm"


def missing(reason: str) -> NoReturn:
    """Ends the test: skipped with `reason`, or failed where nothing may be skipped."""
    if os.environ.get("MAKEGOOD_NOTHING_SKIPPED") == "1":
        pytest.fail(f"missing: {reason}", pytrace=False)
    pytest.skip(f"missing: {reason}")


def npm_package(name: str) -> Path:
    """Folder of a vendor package: `shopify-dev-mcp` or `zendesk_app_framework_sdk`."""
    folder = NPM_PACKAGES / name / "package"
    if not folder.is_dir():
        missing(f"npm package {name}; python scripts/fetch_test_packages.py fetches it")
    return folder


def zendesk_openapi() -> Path:
    """Zendesk's OpenAPI document, named by MAKEGOOD_ZENDESK_OAS.

    No package carries it, so where the variable isn't set its tests are skipped, in CI too.
    Published at https://developer.zendesk.com/api-reference/ticketing/introduction/
    """
    named = os.environ.get("MAKEGOOD_ZENDESK_OAS")
    if not named:
        pytest.skip("MAKEGOOD_ZENDESK_OAS does not name Zendesk's OpenAPI document")
    path = Path(named)
    if not path.is_file():
        pytest.fail(f"MAKEGOOD_ZENDESK_OAS names no file: {path}", pytrace=False)
    return path
