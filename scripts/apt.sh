# Sourced by the scripts beside it: packages of the distribution.

say() { printf '%s\n' "$*" >&2; }

# Installs the packages named; false when this user may not, apt is missing or it failed.
apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  local log=.cache/apt.log
  mkdir -p .cache
  say "Installing from the distribution: $*"
  if DEBIAN_FRONTEND=noninteractive apt-get update >"$log" 2>&1 \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1; then
    return
  fi
  tail -n 5 "$log" >&2
  return 1
}
