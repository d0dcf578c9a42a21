#!/usr/bin/env bash
# Tryton for the tests and the demo, in .venv-tryton: a server from PyPI packages, and a prepared database that is copied
# for each run. It is there, or it is made (once; a minute); where it cannot be had, that is one line.
set -euo pipefail
cd "$(dirname "$0")/.."

home=.venv-tryton
stamp=$home/.ready
wanted=$(cat requirements/tryton.txt tools/tryton.sh tools/tryton_books.py | sha256sum | cut -d' ' -f1)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -f "$home/books.sqlite" ]; then exit 0; fi

lacks() {
  printf 'There is no Tryton, and it could not be made (%s): nothing is tested against a real ledger.\n' "$1" >&2
  [ "${CONNECTOR_TRYTON:-}" != required ] || exit 2
  exit 0
}

echo "Setting up Tryton in $home (once; a minute) …" >&2
rm -rf "$home"
.venv/bin/python -m venv "$home"
"$home/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/tryton.txt 2>"$home/log" \
  || lacks "its packages cannot be installed: $home/log"

# The database is made in a folder of its own, so that nothing half made is ever taken for it.
making=$home/making
mkdir "$making"
printf '[database]\nuri = sqlite://\npath = %s\n' "$PWD/$making" > "$making/trytond.conf"
printf 'not-a-secret-admin\n' > "$making/password"
touch "$making/billing.sqlite"
modules="ir res account_invoice account_product"
# shellcheck disable=SC2086 # a list of modules
TRYTONPASSFILE="$making/password" "$home/bin/trytond-admin" -c "$making/trytond.conf" -d billing -u $modules \
  --activate-dependencies --email admin@example.com >>"$home/log" 2>&1 || lacks "its modules cannot be activated: $home/log"
"$home/bin/python" tools/tryton_books.py billing "$making/trytond.conf" >>"$home/log" 2>&1 \
  || lacks "its books cannot be made: $home/log"
"$home/bin/python" - "$making/billing.sqlite" "$home/books.sqlite" <<'PYTHON'
import sqlite3
import sys

with sqlite3.connect(sys.argv[1]) as made, sqlite3.connect(sys.argv[2]) as kept:
    made.backup(kept)
PYTHON
rm -rf "$making"
echo "$wanted" > "$stamp"
