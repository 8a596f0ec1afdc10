#!/usr/bin/env bash
# Gets what the tests need, then runs them: `make test`, further pytest arguments in ARGS.
#
# What can't be had is named, and the tests that need it are left out and counted as such; with
# MAKEGOOD_NOTHING_SKIPPED=1 that is a failure instead.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/apt.sh

skipped=()
strict() { [ "${MAKEGOOD_NOTHING_SKIPPED:-}" = 1 ]; }
skip() {
  skipped+=("$1")
  say "Missing: $1"
}

has_chromium() { .venv/bin/python -m tests.support.browser >/dev/null; }
# The shell without windows draws the same pages with half the work, where the distribution has it.
has_chromium || apt_install chromium-headless-shell fonts-liberation fonts-dejavu-core \
  || apt_install chromium fonts-liberation fonts-dejavu-core || true
marker=()
if ! has_chromium; then
  skip "Chromium, so the browser tests don't run. Debian: sudo apt-get update && sudo apt-get install -y
  chromium-headless-shell. Elsewhere put Chromium or Chrome on PATH, or name it in MAKEGOOD_CHROMIUM."
  marker=(-m "not browser")
fi

.venv/bin/python scripts/fetch_test_packages.py \
  || skip "vendor packages from npm, so the tests that read them don't run (see above)"

if strict && [ ${#skipped[@]} -gt 0 ]; then
  say "Nothing may be skipped in this run."
  exit 1
fi

# Where Python is told to write no byte code, each of the many processes would compile all of ours.
.venv/bin/python -m compileall -q app integrations manifest

# Whole files go to one process, so that what a file sets up is set up once. Three for two
# processors: many tests wait, for a hold or a page.
parallel=(-n 3 --dist loadscope --no-loadscope-reorder)
case " $* " in *" -n "* | *" --pdb "* | *" -p no:xdist "*) parallel=() ;; esac

code=0
.venv/bin/python -m pytest ${parallel[@]+"${parallel[@]}"} "$@" ${marker[@]+"${marker[@]}"} || code=$?
for what in ${skipped[@]+"${skipped[@]}"}; do
  say "Not run: $what"
done
exit "$code"
