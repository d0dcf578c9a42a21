"""The starter files that travel with the program (rules, mappings, samples), and the working folder made of them."""

from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

import connector
from connector.runs.config import FILE
from connector.runs.errors import StopError

_HERE = Path(connector.__file__).parent
_CONFIG = """\
# Where things are, and which accounting tenant keeps the books of each selling entity.
# Every path is relative to this file. 'connector --help' lists the commands, 'connector doctor' checks all of this.
ledger: ledger.sqlite3           # or a PostgreSQL database: postgresql://LOGIN@HOST:PORT/DATABASE, without a password
rules: rules
mappings: mappings
tenants:
  us-books:                      # the built-in sandbox: start it with 'connector sandbox'
    system: xero
    api_url: {url}/api.xro/2.0
    token_url: {url}/connect/token
    tenant_id: 11111111-1111-4111-8111-111111111111
    credentials: sandbox
    invoice_status: AUTHORISED   # or DRAFT
    quiet_seconds: 3             # after an unanswered call, how long the sandbox may still act on it
    time_out_seconds: 10
  uk-books:
    system: xero
    api_url: {url}/api.xro/2.0
    token_url: {url}/connect/token
    tenant_id: 22222222-2222-4222-8222-222222222222
    credentials: sandbox
    invoice_status: AUTHORISED
    quiet_seconds: 3
    time_out_seconds: 10
  # your own Xero (a custom connection: client id and secret come from the environment, never from this file):
  # us-xero:
  #   system: xero
  #   api_url: https://api.xero.com/api.xro/2.0
  #   token_url: https://identity.xero.com/connect/token
  #   tenant_id: the organisation's tenant id
  #   credentials: {{client_id_from: XERO_US_CLIENT_ID, client_secret_from: XERO_US_CLIENT_SECRET}}
  #   invoice_status: DRAFT
  # or by the consent of a person (then 'connector connect xero us-xero'): docs/operations.md
  #   grant: code
  #   authorize_url: https://login.xero.com/identity/connect/authorize
  #   redirect_uri: https://billing.example.com/callback   # as registered with the app; the address is then pasted
  # your own QuickBooks Online (then 'connector connect quickbooks us-quickbooks'): docs/operations.md
  # us-quickbooks:
  #   system: quickbooks
  #   api_url: https://quickbooks.api.intuit.com
  #   authorize_url: https://appcenter.intuit.com/connect/oauth2
  #   token_url: https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer
  #   tenant_id: "the company's id (realm)"
  #   credentials: {{client_id_from: QUICKBOOKS_CLIENT_ID, client_secret_from: QUICKBOOKS_CLIENT_SECRET}}
  #   redirect_uri: https://billing.example.com/callback   # as registered with the app; the address is then pasted
  #   taxation: automated          # or manual, with document_tax_code; global outside the United States
  # a company in Tryton, by a user of its own (then 'connector connect tryton us-tryton'): docs/operations.md
  # us-tryton:
  #   system: tryton
  #   api_url: https://erp.example.com
  #   database: billing
  #   company: Example Vendor Inc.
  #   lines: accounts              # or products
  #   credentials: {{user_from: TRYTON_USER, password_from: TRYTON_PASSWORD}}
  # no access for programs: files that a person imports into Xero (or system: quickbooks-csv): docs/operations.md
  # us-files:
  #   system: xero-csv
  #   organisation: Example Vendor Inc.
  #   base_currency: USD
  #   date_format: MM/DD/YYYY      # as its import reads dates; DD/MM/YYYY outside the United States
  #   tax_codes: {{"Tax on Sales (8.25%)": 8.25}}   # the names that Xero shows, as the tax rows of mappings/ have them
  #   accounts: ["200", "201"]
  #   contacts: {{P-1: the exact name of its contact}}
books:                           # selling entity (rules/entities.yaml): tenant
  us: us-books
  uk: uk-books

# The platform's export, fetched by 'connector fetch' into exports/. Its key comes from the environment:
# exports:
#   platform:
#     url: https://platform.example.com/api/v1/clients
#     format: json               # json, ndjson, parquet or csv
#     records: data.items        # where the list stands in a page
#     paging: {{cursor_param: cursor, next: meta.next_cursor, size_param: limit, size: 500}}
#     # or, when each page holds the link to the next:  paging: {{next_link: links.next}}
#     auth: {{bearer_from: PLATFORM_TOKEN}}
#     # or, a key that is exchanged for a token:  auth: {{api_key_from: PLATFORM_KEY, token_url: https://…/token}}
#     largest_mb: 100            # allow_http and allow_private: true, time_out_seconds, most_pages: docs/operations.md

# How much of a file is read at all; these are the defaults.
# limits: {{file_mb: 200, memory_mb: 3072, cpu_seconds: 18, wall_seconds: 60, rows: 1048576, columns: 512}}

# With this, whoever planned a run cannot approve it; without it, one person may do both.
# approval: {{two_persons: required}}

# What 'connector sync' does every night, and what it may approve by itself: docs/operations.md.
# sync:
#   approve:
#     problems: none                       # or warnings: let warnings through
#     largest_line: {{USD: 5000, GBP: 5000}}
#     largest_document: {{USD: 20000, GBP: 20000}}
#     unusual: {{times: 3, runs: 6}}         # more than 3 times the median of the last 6 runs waits

# How many days uploads are kept; 'connector erase --older-than' without a number erases what is older.
# retention_days: 730
"""
SANDBOX_PORT = 8765


def starter(name: str) -> Path:
    """The folder of that name among the starter files: in the installed package, or beside it in a checkout.

    Raises:
        StopError: the installation is not whole.
    """
    for place in (_HERE / "starter" / name, _HERE.parent / name):
        if place.is_dir():
            return place
    raise StopError(f"this installation lacks its {name} files", "Install the package again.")


def config_text(sandbox_url: str) -> str:
    """The settings of a working folder whose books are in the sandbox at this address."""
    return _CONFIG.format(url=sandbox_url)


def make_folder(folder: Path, sandbox_url: str = f"http://127.0.0.1:{SANDBOX_PORT}") -> tuple[Path, ...]:
    """Make a working folder that runs as it is: settings, rules, mappings and samples.

    Nothing that exists is overwritten.

    Returns:
        what was made.

    Raises:
        StopError: one of the files is there already, or the folder cannot be written.
    """
    wanted = [folder / FILE, *(folder / name for name in ("rules", "mappings", "samples"))]
    present = [path.name for path in wanted if path.exists()]
    if present:
        message = f"{folder} holds {', '.join(present)} already, and nothing is overwritten"
        raise StopError(message, "Name an empty folder, or move those away.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".connector-init-", dir=folder) as staging:
            made = Path(staging)
            for path in wanted[1:]:
                copytree(starter(path.name), made / path.name, ignore=ignore_patterns("__pycache__"))
            (made / FILE).write_text(config_text(sandbox_url), encoding="utf-8")
            for path in wanted:
                (made / path.name).rename(path)
    except OSError as error:
        # copytree gathers its failures in a list of (from, to, reason)
        reason = error.strerror or (error.args[0][0][2] if isinstance(error.args[0], list) else str(error))
        step = "Check its rights and the room on the disk."
        raise StopError(f"{folder} cannot be written: {reason}", step) from error
    return tuple(wanted)
