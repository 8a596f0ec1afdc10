"""What a Kustomer org installs: one app definition, built and checked here.

The source files hold texts and fixed parts; addresses and version are filled in, and attributes,
klasses and commands come from the adapter, so that what is created is what is used later.
https://developer.kustomer.com/docs/apps/app-definition
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from integrations.helpdesks.kustomer.commands import COMMANDS
from integrations.helpdesks.kustomer.fields import ATTRIBUTES
from integrations.helpdesks.kustomer.sign_in import KLASS
from manifest.kustomer.rules import definition_problems
from manifest.problems import BadPackage

SOURCE = Path(__file__).parent
# Kustomer's log of commands shows what changes something; looking would fill it.
_LOGGED = frozenset({"act", "refund"})


def definition(url: str, version: str) -> dict[str, Any]:
    """The app definition for a deployment at `url` (https; http on this machine). Unchecked."""
    address = url.rstrip("/")
    text = (SOURCE / "definition.json").read_text()
    host = urlsplit(address).hostname or ""
    text = text.replace("{url}", address).replace("{host}", host)
    made: dict[str, Any] = json.loads(text)
    made["version"] = version
    made["i18n"] = {
        path.stem: json.loads(path.read_text()) for path in sorted((SOURCE / "i18n").glob("*.json"))
    }
    made["klasses"] = [*_attributes(), _sign_in_klass(str(made["app"]))]
    made["commands"] = [_command(str(made["app"]), address, name) for name in COMMANDS]
    notes = made["changelog"]
    # Each version needs a line; one without news of its own carries the latest.
    notes.setdefault(version, list(notes.values())[-1])
    return made


def _attributes() -> list[dict[str, Any]]:
    return [
        {
            "name": resource,
            "metadata": {
                "standard": True,
                "properties": {spec.key: {"displayName": spec.title} for spec in specs},
            },
        }
        for resource, specs in ATTRIBUTES.items()
    ]


def _sign_in_klass(app: str) -> dict[str, Any]:
    """The kind of object by which Kustomer's server says who clicks."""
    return {
        "name": f"{app}-{KLASS}",
        "icon": "lock",
        "color": "#5c6b7a",
        "metadata": {"properties": {}},
    }


def _command(app: str, address: str, name: str) -> dict[str, Any]:
    """Its input has no narrower schema: whether a schema sees the body alone isn't documented, and
    we check bodies ourselves."""
    return {
        "name": name,
        "displayName": COMMANDS[name],
        "url": f"{address}/kustomer/commands/{name}",
        "httpMethod": "post",
        "auditLogging": name in _LOGGED,
        "appSettings": {"serviceToken": {"key": f"{app}.default.serviceToken"}},
        "defaultHeaders": {
            "authorization": "Bearer {{serviceToken}}",
            "content-type": "application/json",
        },
        "inputSchema": {"type": "object"},
    }


def build_kustomer(url: str, out_dir: Path, version: str) -> Path:
    """Write the definition for a deployment at `url` and check it; the same input gives the same
    bytes. Returns the file's path. Raises BadPackage; then no file is left behind."""
    made = checked_definition(url, version)
    out_dir.mkdir(parents=True, exist_ok=True)
    path = out_dir / f"makegood-kustomer-{version}.json"
    path.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n")
    return path


def checked_definition(url: str, version: str) -> dict[str, Any]:
    """As `definition`, by every rule that is known. Raises BadPackage, naming every reason."""
    parts = urlsplit(url)
    if not parts.hostname or parts.query or parts.fragment:
        raise BadPackage(f"{url} is not the address of a deployment")
    made = definition(url, version)
    problems = definition_problems(made)
    if problems:
        raise BadPackage("; ".join(problems))
    return made
