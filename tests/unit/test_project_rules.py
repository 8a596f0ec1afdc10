"""Rules that hold for every file of the project."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]

# Written in pieces, so that this file may be searched too.
REGISTRY_HOSTS = [
    "py" + "pi" + r"\.org",
    "python" + "hosted" + r"\.org",
    "npm" + "js" + r"\.(org|com)",
    "yarn" + "pkg" + r"\.com",
    "deb" + r"\.debian\.org",
    "archive" + r"\.ubuntu\.com",
]
MACHINE_PATHS = [rf"(?<![\w.:/-])/{folder}/[\w.-]" for folder in ("home", "root", "work", "farm")]
FORBIDDEN = re.compile("|".join([*REGISTRY_HOSTS, *MACHINE_PATHS]))

LOCKED = re.compile(r"^([A-Za-z0-9_.\[\]-]+)==([^\s;\\]+)", re.MULTILINE)


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout: no list of the project's own files")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def locked_versions(lock: str) -> dict[str, list[Version]]:
    """Each package of a lock with its versions: more than one where they depend on the Python."""
    versions: dict[str, list[Version]] = {}
    for name, version in LOCKED.findall((ROOT / lock).read_text()):
        versions.setdefault(canonicalize_name(name), []).append(Version(version))
    return versions


def requirements(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def test_no_file_names_a_registry_host_or_a_path_of_one_machine() -> None:
    found = []
    for path in tracked_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if FORBIDDEN.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "see https://" + "py" + "pi.org/project/rq",
        "registry=https://registry." + "npm" + "js.org/",
        'open("/' + 'work/main/app.py")',
        "cd /" + "root/project",
    ],
)
def test_the_search_finds_what_it_is_for(line: str) -> None:
    assert FORBIDDEN.search(line)


@pytest.mark.parametrize(
    "line",
    ["https://shop.example.com/home/sale", "GET /api/v2/tickets/35436", "the work/life balance"],
)
def test_the_search_leaves_other_text_alone(line: str) -> None:
    assert not FORBIDDEN.search(line)


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))]
)
def test_lock_agrees_with_pyproject(lock: str, extras: tuple[str, ...]) -> None:
    locked = locked_versions(lock)
    wrong = []
    for requirement in requirements(*extras):
        versions = locked.get(canonicalize_name(requirement.name), [])
        if not versions:
            wrong.append(f"{requirement.name} is not locked")
        wrong += [
            f"{requirement.name} {version} is outside {requirement.specifier}"
            for version in versions
            if version not in requirement.specifier
        ]
    assert not wrong, "; ".join(wrong) + ": run make lock"


def test_both_locks_have_the_same_versions() -> None:
    development = locked_versions("requirements-dev.lock")
    runtime = locked_versions("requirements.lock")
    assert {name: development.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_pins_every_package_by_hash_and_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"(?m)^(?=[A-Za-z])", text)
    unhashed = [entry.splitlines()[0] for entry in entries[1:] if "--hash=sha256:" not in entry]
    assert entries[1:]
    assert not unhashed
    assert not re.search(r"(?m)^\s*--(index-url|extra-index-url|find-links)|\w+://", text)
