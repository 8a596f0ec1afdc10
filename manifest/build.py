"""Builds what a helpdesk installs. The same input gives the same bytes.

Zendesk: `manifest/zendesk/` holds manifest, texts and logos; address and version are filled in, the
required fields come from the adapter, so that what is created is what is written later.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from integrations.helpdesks.zendesk.fields import TICKET_FIELDS, USER_FIELDS
from manifest.problems import BadPackage
from manifest.rules import package_problems

SOURCE = Path(__file__).parent / "zendesk"
SIDEBAR_PATH = "/zendesk/sidebar"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644 << 16


def zendesk_requirements() -> dict[str, dict[str, object]]:
    """The fields that installing the app creates, by identifiers of our own."""
    return {
        "ticket_fields": {f"refund_{spec.name}": spec.body() for spec in TICKET_FIELDS},
        "user_fields": {f"customer_{spec.name}": spec.body() for spec in USER_FIELDS},
    }


def zendesk_manifest(url: str, version: str) -> dict[str, Any]:
    """The manifest for one deployment, whose public address is `url`."""
    manifest: dict[str, Any] = json.loads((SOURCE / "manifest.json").read_text())
    manifest["version"] = version
    manifest["location"]["support"]["ticket_sidebar"]["url"] = url.rstrip("/") + SIDEBAR_PATH
    return manifest


def build_zendesk(url: str, out_dir: Path, version: str) -> Path:
    """Write the package for a deployment at `url` (https, or http on localhost) and check it.

    Returns the zip's path. Raises BadPackage; then no package is left behind.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.query or parts.fragment:
        raise BadPackage(f"{url} is not the address of a deployment")
    files = {
        "manifest.json": _json(zendesk_manifest(url, version)),
        "requirements.json": _json(zendesk_requirements()),
    }
    for folder, pattern in (("translations", "*.json"), ("assets", "*.png")):
        for path in sorted((SOURCE / folder).glob(pattern)):
            files[f"{folder}/{path.name}"] = path.read_bytes()
    out_dir.mkdir(parents=True, exist_ok=True)
    package = out_dir / f"makegood-zendesk-{version}.zip"
    _write(package, files)
    problems = package_problems(package)
    if problems:
        package.unlink()
        raise BadPackage("; ".join(problems))
    return package


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _write(package: Path, files: dict[str, bytes]) -> None:
    """A zip without anything that differs between two builds."""
    with zipfile.ZipFile(package, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _FIXED_TIME)
            info.external_attr = _REGULAR_FILE
            info.create_system = 3
            # Stored: packed bytes depend on the compressor's version, and the files are small.
            info.compress_type = zipfile.ZIP_STORED
            archive.writestr(info, files[name])
