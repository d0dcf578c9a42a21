#!/usr/bin/env bash
# Make .venv with everything the project needs, or say in one sentence what is missing and the command that mends it.
set -euo pipefail
cd "$(dirname "$0")/.."

lacks() { printf '%s\nMend it with: %s\nThen run make again.\n' "$1" "$2" >&2; exit 2; }

python=""
for candidate in "${PYTHON:-}" python3.11 python3.12 python3; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
  if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || lacks "Python 3.11 or 3.12 is missing." "apt-get install python3.11 python3.11-venv python3.11-dev"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import venv, ensurepip' 2>/dev/null || lacks "Python's venv module is missing." "apt-get install python$version-venv"

stamp=.venv/.ready
wanted=$(cat requirements/*.txt pyproject.toml tools/setup.sh | sha256sum | cut -d' ' -f1)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted-$version" ] && .venv/bin/python -c 'import connector, durable' 2>/dev/null; then
  exit 0
fi

# durable-rules comes as source only, so it is compiled here.
command -v "${CC:-gcc}" >/dev/null 2>&1 || lacks "A C compiler is missing, which durable-rules is built with." "apt-get install gcc"
headers=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
[ -f "$headers/Python.h" ] || lacks "The C headers of Python are missing, which durable-rules is built with." "apt-get install python$version-dev"

echo "Setting up .venv with Python $version (once; a few minutes) …" >&2
rm -rf .venv
"$python" -m venv .venv
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
pip install --require-hashes -r requirements/build.txt
pip install --no-build-isolation --require-hashes -r requirements/dev.txt
pip install --no-build-isolation --no-deps --editable .
.venv/bin/connector version >&2
echo "$wanted-$version" > "$stamp"
