"""The vendor's own Admin schema, from the package that `make test` fetches."""

from __future__ import annotations

import gzip
import json
import os
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_client_schema

from tests.support.prerequisites import NPM_PACKAGES

DEFAULT_FOLDER = NPM_PACKAGES / "shopify-dev-mcp" / "package" / "dist" / "data"


@cache
def load_vendor_schema(version: str = "2026-10") -> GraphQLSchema:
    """The vendor's schema. Fails the test, never skips it, when the package isn't there."""
    folder = Path(os.environ.get("MAKEGOOD_SHOPIFY_SCHEMA_DIR") or DEFAULT_FOLDER)
    path = folder / f"admin_{version}.json.gz"
    if not path.is_file():
        pytest.fail(
            f"{path.name} is missing in {folder}: `make test` fetches it, and so does "
            "`python scripts/fetch_test_packages.py`; MAKEGOOD_SHOPIFY_SCHEMA_DIR names another "
            "folder",
            pytrace=False,
        )
    with gzip.open(path, "rb") as packed:
        raw = json.load(packed)
    # The vendor deprecates fields that an interface still has, which graphql-core refuses.
    return build_client_schema(raw["data"], assume_valid=True)
