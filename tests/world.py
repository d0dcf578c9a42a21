"""A working folder, a sandbox and the command line, as the tests use them: through the public doors only."""

import io
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from new_ledgers import put_new_ledger

from connector.cli.failing import guarded
from connector.cli.main import app
from connector.runs.config import FILE
from connector.runs.starter import config_text, make_folder, starter
from connector.sandbox import SandboxServer

TIME_OUT_SECONDS = 20
CLIENT_HEADER = "Client ID,Partner ID,Client name,Website,Plan,Created on,Upgraded on,Employees,Status"
PARTNER_HEADER = (
    "Partner ID,Partner name,Kind,Selling entity,Currency,Country,Tax status,Terms,Payment method,Grouping,Valid from"
)
PARTNER = "P-1,One Partner,MSP,us,USD,US,Taxable,30,Bank transfer,On event,2024-01-01"
BIRCH = "P-2,Two Partner,MSP,us,USD,US,Exempt,15,Card,Monthly,2024-01-01"
CEDAR = "P-3,Three Partner,MSSP,uk,GBP,GB,Taxable,30,Bank transfer,On event,2024-01-01"


def client(number: str, partner: str = "P-1", **changed: str) -> str:
    """A client line under `CLIENT_HEADER`: a full Spoke with 11 to 50 employees, created in April 2025."""
    usual = {"plan": "Full", "created": "2025-04-01", "upgraded": "", "size": "11-50", "status": "Active"}
    one = {"name": f"Client {number}", "site": f"{number.lower()}.example", **usual, **changed}
    values = (number, partner, one["name"], one["site"], one["plan"], one["created"], one["upgraded"], one["size"])
    return ",".join((*values, one["status"]))


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def plain(self) -> Any:
        return json.loads(self.out)


def command(*arguments: str) -> Answer:
    """Run the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = guarded(app, arguments)
    return Answer(code, out.getvalue(), err.getvalue())


class World:
    """A working folder bound to a sandbox."""

    def __init__(self, folder: Path, server: SandboxServer | None) -> None:
        self.folder, self.server = folder, server
        url = server.url if server else "http://127.0.0.1:9"
        make_folder(folder, url)
        if "CONNECTOR_LEDGER" not in os.environ:
            put_new_ledger(self._ledger)

    @property
    def _ledger(self) -> Path:
        return self.folder / "ledger.sqlite3"

    def without_ledger(self) -> None:
        """Leave the folder as `connector init` leaves it: the first command that needs a ledger makes it."""
        self._ledger.unlink(missing_ok=True)

    def bind(self, url: str) -> None:
        """Bind the folder's tenants to another address."""
        (self.folder / FILE).write_text(config_text(url), encoding="utf-8")

    def run(self, *arguments: str, as_json: bool = True) -> Answer:
        """Run a command in this folder."""
        extra = ["--json"] if as_json else []
        return command(arguments[0], *arguments[1:], "--folder", str(self.folder), *extra)

    def write(self, name: str, header: str, rows: Sequence[str]) -> str:
        """Write a CSV beside the working folder and return its path."""
        path = self.folder / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return str(path)

    def partners(self, *rows: str) -> str:
        return self.write("partners.csv", PARTNER_HEADER, rows or [PARTNER, BIRCH, CEDAR])

    def clients(self, *rows: str, name: str = "clients.csv") -> str:
        return self.write(name, CLIENT_HEADER, rows)

    def plan(self, *files: str, as_of: str = "2025-06-20") -> Answer:
        return self.run("plan", *files, "--as-of", as_of)

    def approved(self, *names: str, partner: str = "P-1") -> str:
        """A run that bills these clients and is approved."""
        run: str = self.plan(self.partners(), self.clients(*(client(name, partner) for name in names))).plain["run"]
        answer = self.run("approve", run)
        assert answer.code == 0, answer.out
        return run

    def bill_anyway(self, *files: str, as_of: str) -> None:
        """Plan, approve and push what can be billed of files that have faults too."""
        run = self.plan(*files, as_of=as_of).plain["run"]
        assert self.run("approve", run).code == 0
        assert self.run("push", run).code == 0

    def bill(self, *files: str, as_of: str = "2025-06-20") -> Mapping[str, Any]:
        """Plan, approve and push; the push's result."""
        planned = self.plan(*files, as_of=as_of)
        run = planned.plain["run"]
        assert self.run("approve", run).code == 0
        sent = self.run("push", run)
        assert sent.code == 0, sent.out
        return {"plan": planned.plain, "push": sent.plain}

    @property
    def samples(self) -> list[str]:
        folder = starter("samples")
        return [str(path) for path in sorted(folder.iterdir()) if path.suffix in (".xlsx", ".csv")]

    @property
    def later(self) -> list[str]:
        folder = starter("samples") / "later"
        return [str(path) for path in sorted(folder.iterdir())]

    def counts(self) -> Any:
        """What the sandbox counts: its documents by tenant."""
        assert self.server is not None
        return requests.get(f"{self.server.url}/sandbox/counts", timeout=TIME_OUT_SECONDS).json()

    def fault(self, **fault: Any) -> None:
        """Arm a fault in the sandbox."""
        assert self.server is not None
        answer = requests.post(f"{self.server.url}/sandbox/faults", json=fault, timeout=TIME_OUT_SECONDS)
        answer.raise_for_status()

    def limit(self, **limits: int) -> None:
        """Set limits of the sandbox, such as the calls of a minute."""
        assert self.server is not None
        requests.post(f"{self.server.url}/sandbox/limits", json=limits, timeout=TIME_OUT_SECONDS).raise_for_status()

    def lock(self, tenant: str, day: str | None, name: str = "PeriodLockDate") -> None:
        """Lock a tenant's books up to a day, or open them."""
        assert self.server is not None
        body = {"tenant": tenant, name: day}
        url = f"{self.server.url}/sandbox/organisation"
        requests.post(url, json=body, timeout=TIME_OUT_SECONDS).raise_for_status()

    def void(self, number: str) -> None:
        """Void an invoice in the US books, as a bookkeeper would."""
        url, headers = self._books("11111111-1111-4111-8111-111111111111")
        body = {"Invoices": [{"InvoiceNumber": number, "Status": "VOIDED"}]}
        requests.post(f"{url}/Invoices", headers=headers, json=body, timeout=TIME_OUT_SECONDS).raise_for_status()

    def contact(self, name: str) -> str:
        """Make a contact of this name in the US books, as a bookkeeper would; its id."""
        url, headers = self._books("11111111-1111-4111-8111-111111111111")
        body = {"Contacts": [{"Name": name}]}
        answer = requests.put(f"{url}/Contacts", headers=headers, json=body, timeout=TIME_OUT_SECONDS)
        return str(answer.json()["Contacts"][0]["ContactID"])

    def reprice(self, number: str, amount: int) -> None:
        """Give an invoice of the US books one line of this price, as a bookkeeper could."""
        url, headers = self._books("11111111-1111-4111-8111-111111111111")
        line = {"Description": "Repriced", "Quantity": 1, "UnitAmount": amount, "AccountCode": "200", "TaxType": "NONE"}
        body = {"Invoices": [{"InvoiceNumber": number, "LineItems": [line]}]}
        requests.post(f"{url}/Invoices", headers=headers, json=body, timeout=TIME_OUT_SECONDS).raise_for_status()

    def invoices(self, tenant_id: str) -> list[dict[str, Any]]:
        """A tenant's invoices as the sandbox has them, read over HTTP without any code of the product."""
        url, headers = self._books(tenant_id)
        pages = f"{url}/Invoices?page=1&pageSize=1000"
        return requests.get(pages, headers=headers, timeout=TIME_OUT_SECONDS).json()["Invoices"]  # type: ignore[no-any-return]

    def _books(self, tenant_id: str) -> tuple[str, dict[str, str]]:
        assert self.server is not None
        token = requests.post(
            f"{self.server.url}/connect/token",
            data={"grant_type": "client_credentials"},
            auth=("sandbox-client", "sandbox-secret"),
            timeout=TIME_OUT_SECONDS,
        ).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "xero-tenant-id": tenant_id, "Accept": "application/json"}
        return f"{self.server.url}/api.xro/2.0", headers
