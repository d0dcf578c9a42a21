#!/usr/bin/env bash
# What the tests that look at the pages need of the system: Chromium, and nginx for the production set-up. Each is there,
# or is taken from Debian's packages where that can be done.
set -euo pipefail

have() { for name in "$@"; do command -v "$name" >/dev/null 2>&1 && return 0; done; return 1; }

lacking=()
have chromium chromium-browser google-chrome || lacking+=(chromium fonts-dejavu-core)
have nginx || [ -x /usr/sbin/nginx ] || lacking+=(nginx-light)
[ ${#lacking[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && have apt-get; then
  echo "Installing ${lacking[*]} for the tests of the page (once) …" >&2
  export DEBIAN_FRONTEND=noninteractive
  # Nothing that is installed here is started: the tests start it themselves.
  if { apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${lacking[@]}"; } >/dev/null 2>&1; then
    exit 0
  fi
fi
printf '%s\n%s\n' "There is no ${lacking[*]}, and it could not be installed: what needs it is left out of the tests of the page." \
  "Mend it with: sudo apt-get install ${lacking[*]}" >&2
[ "${CONNECTOR_BROWSER:-}" != required ] || exit 2
