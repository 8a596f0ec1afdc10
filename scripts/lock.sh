#!/usr/bin/env bash
# Writes the locks anew from pyproject.toml: `make lock`. Needs nothing but the environment.
#
# They hold for every Python and processor that pyproject.toml allows, with the hash of each file,
# and name no address: pip asks the index that the machine is set up for.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.cache/lock-tools
[ -x "$tools/bin/uv" ] || { .venv/bin/python -m venv "$tools" && "$tools/bin/pip" install --quiet "uv>=0.9"; }

compile() { # lock, further arguments
  local lock=$1
  shift
  "$tools/bin/uv" pip compile --quiet --universal --generate-hashes --no-header \
    --no-emit-index-url --no-emit-find-links --python-version 3.11 "$@" \
    --output-file "$lock" pyproject.toml
}
compile requirements.lock "${@}"
compile requirements-dev.lock --extra dev --constraints requirements.lock "${@}"
echo "Wrote requirements.lock and requirements-dev.lock."
