"""The main job on the samples against a real ledger: workbooks in, posted invoices and a trial balance out.

`make tryton-demo` runs it in build/tryton-demo. The folder stays, its books too, so that a second one bills nothing.
"""

import os
import sys
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from tryton_kit import LOGINS, PASSWORD, SETTINGS, UK, US, declared, read_books  # noqa: E402 - after the path of the kits
from tryton_server import HOME, LACKING, TrytonServer  # noqa: E402 - as above

from connector.cli.failing import guarded  # noqa: E402 - as above
from connector.cli.main import app  # noqa: E402 - as above
from connector.runs.config import FILE  # noqa: E402 - as above
from connector.runs.starter import make_folder  # noqa: E402 - as above

UPLOADS = (("samples", "2025-06-20"), ("samples/later", "2025-07-15"))


def main(folder: Path) -> int:
    """Run the demo; 0 where everything ties out."""
    if not (HOME / "books.sqlite").is_file():
        sys.stderr.write(f"{LACKING}\n")
        return 2
    server = TrytonServer(folder / "tryton", keeps=True)
    server.start()
    try:
        if not (folder / FILE).exists():
            make_folder(folder)
        (folder / FILE).write_text(SETTINGS.format(tenants=declared(server.url)), encoding="utf-8")
        codes = [_billed(folder, upload, day) for upload, day in UPLOADS]
        for company in (US, UK):
            _show(server.url, company)
        return max(codes)
    finally:
        server.stop()


def _billed(folder: Path, upload: str, day: str) -> int:
    """Plan, approve and push one upload; the exit code of the push. Faulty rows are told and do not stop it."""
    files = sorted(str(path) for path in (folder / upload).iterdir() if path.suffix in (".xlsx", ".csv"))
    here = ["--folder", str(folder)]
    sys.stdout.write(f"\n{upload}, as of {day}\n")
    guarded(app, ["plan", *files, "--as-of", day, *here])
    guarded(app, ["approve", "latest", *here])
    return guarded(app, ["push", "latest", "--until-done", *here])


def _show(url: str, company: str) -> None:
    """The invoices and the trial balance of a company, as proteus reads them."""
    books = read_books(url, company)
    sys.stdout.write(f"\n{company}, read back\n")
    for one in books["invoices"]:
        sys.stdout.write(f"  {one['number']:<14} {one['reference']:<13} {one['party']:<8} {one['state']:<8}")
        sys.stdout.write(f" {one['currency']} {Decimal(one['total']):>12,.2f}\n")
    for code, amount in sorted(books["balances"].items()):
        sys.stdout.write(f"  {code:<6} {Decimal(amount):>12,.2f}\n")
    sys.stdout.write(f"  sum    {sum(map(Decimal, books['balances'].values())):>12,.2f}\n")


if __name__ == "__main__":
    for name, company in (("TRYTON_US_USER", US), ("TRYTON_UK_USER", UK)):
        os.environ[name] = LOGINS[company]
    os.environ["TRYTON_PASSWORD"] = PASSWORD
    sys.exit(main(Path(sys.argv[1]).resolve()))
