#!/usr/bin/env bash
# Chromium for the tests that look at the pages: it is there, or it is taken from Debian's packages where that can be done.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium for the browser tests (once) …" >&2
  export DEBIAN_FRONTEND=noninteractive
  if { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1; then
    exit 0
  fi
fi
printf '%s\n%s\n' "There is no Chromium, and it could not be installed: the pages are not looked at in a browser." \
  "Mend it with: sudo apt-get install chromium" >&2
[ "${CONNECTOR_BROWSER:-}" != required ] || exit 2
