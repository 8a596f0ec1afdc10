#!/usr/bin/env bash
# Gets what the tests need, then runs them: `make test`, further pytest arguments in ARGS.
#
# What can't be had is named, and the tests that need it are left out and counted as such; with
# MAKEGOOD_NOTHING_SKIPPED=1 that is a failure instead.
set -euo pipefail
cd "$(dirname "$0")/.."

skipped=()
strict() { [ "${MAKEGOOD_NOTHING_SKIPPED:-}" = 1 ]; }
skip() {
  skipped+=("$1")
  printf 'Missing: %s\n' "$1" >&2
}

has_chromium() { .venv/bin/python -m tests.support.browser >/dev/null; }
if ! has_chromium; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium from the distribution, for the browser tests" >&2
    { DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 \
      && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || true
  fi
fi
marker=()
if ! has_chromium; then
  skip "Chromium, so the browser tests don't run (sudo apt-get update && sudo apt-get install -y chromium)"
  marker=(-m "not browser")
fi

.venv/bin/python scripts/fetch_test_packages.py \
  || skip "vendor packages from npm, so the tests that read them don't run (see above)"

if strict && [ ${#skipped[@]} -gt 0 ]; then
  echo "Nothing may be skipped in this run." >&2
  exit 1
fi

code=0
# The marker comes last: without it the ${x[@]+...} form keeps older bash from failing on set -u.
.venv/bin/python -m pytest "$@" ${marker[@]+"${marker[@]}"} || code=$?
for what in ${skipped[@]+"${skipped[@]}"}; do
  printf 'Not run: %s\n' "$what" >&2
done
exit "$code"
