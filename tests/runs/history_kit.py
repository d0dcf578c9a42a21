"""What the histories of billing share: rules that renew by the month, clients as records, and what stands charged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from frames_kit import Row, source
from history_oracle import CHANGE_DAY, Client, Key
from postgres_server import Databases
from push_kit import fresh_ledger
from terms_kit import change, renewing
from world import World

from connector import ledger
from connector.billing.identity import reference_digest
from connector.domain.words import RecordKind
from connector.ledger import Place, open_store, server_of
from connector.runs import workspace
from connector.runs.config import Config, load_config

MOST_CLIENTS = 4


@dataclass(frozen=True)
class Folder:
    """A working folder whose rules renew each Spoke by the month, and the same after a change of prices."""

    config: Config
    before: workspace.Files
    after: workspace.Files


def renewing_folder(home: Path) -> Folder:
    """A folder of its own, its files read once."""
    world = World(home / "work", None)
    renewing(world, term="monthly")
    config = load_config(world.folder, {})
    before = workspace.open_files(config)
    books = world.folder / "rules" / "price-books"
    first = (books / "standard-2025-03-usd.yaml").read_text(encoding="utf-8")
    change(world, {"effective_to: 2025-12-31": "effective_to: 2025-06-30"}, "price-books/standard-2025-03-usd.yaml")
    for old, new in (("effective_from: 2025-03-01", f"effective_from: {CHANGE_DAY}"), (": 900", ": 1000"),
                     (": 1800", ": 1900"), (": 3600", ": 3700")):  # fmt: skip
        assert old in first
        first = first.replace(old, new)
    (books / "standard-2025-07-usd.yaml").write_text(first, encoding="utf-8")
    return Folder(config, before, workspace.open_files(config))


def record(client: Client) -> Row:
    """A row of `tables.CLIENTS`."""
    low, high = client.band.split("-")
    return {
        "client_ref": f"C-{client.number}",
        "namespace": "platform",
        "partner_id": client.partner,
        "name": f"{client.name} {client.number}",
        "domain": f"c{client.number}.example",
        "plan": "full_spoke" if client.full else "assessment_only",
        "created_on": client.created,
        "upgraded_on": client.upgraded,
        "employees_text": client.band,
        "band_low": int(low),
        "band_high": int(high),
        "status": "archived" if client.archived else "active",
        "archived_on": client.archived_on,
    }


def partner(number: int, grouping: str) -> Row:
    """A row of `tables.PARTNERS`."""
    return {
        "partner_id": f"P-{number}",
        "name": f"Partner {number}",
        "kind": "msp",
        "selling_entity": "us",
        "currency": "USD",
        "country": "US",
        "tax_status": "taxable",
        "terms_days": 30,
        "payment_method": "bank_transfer",
        "grouping": grouping,
        "valid_from": date(2024, 1, 1),
    }


PARTNERS = source("partners.csv", RecordKind.PARTNERS, [partner(1, "on_event"), partner(2, "monthly")])


def on_sqlite(home: Path) -> Callable[[], Place]:
    """Makes and opens a new ledger, in the place of the one before."""

    def fresh() -> Place:
        fresh_ledger(home / "ledger.sqlite3")
        return home / "ledger.sqlite3"

    return fresh


def on_postgresql(databases: Databases) -> Callable[[], Place]:
    """The same on a server."""
    made: list[str] = []

    def fresh() -> Place:
        for one in made:
            databases.drop(one)
        made[:] = [databases.make()]
        open_store(server_of(made[0]))
        return server_of(made[0])

    return fresh


def standing() -> list[tuple[int, str, int, int, int, int]]:
    """Client, metric, term, revision, amount and what of it is credited, of every charge."""
    credited = dict(ledger.read("credit").select("charge_id", "amount_minor").iter_rows())
    rows = _charges().select("number", "metric", "ordinal", "revision", "amount_minor", "charge_id").iter_rows()
    return sorted((*row, credited.get(charge, 0)) for *row, charge in rows)


def charge_ids() -> dict[Key, str]:
    """The charge that stands for each term."""
    rows = _charges().sort("revision").select("number", "ordinal", "charge_id").iter_rows()
    return {(number, ordinal): charge for number, ordinal, charge in rows}


def _charges() -> pl.DataFrame:
    key = ledger.alias_key()
    digests = {reference_digest("platform", f"C-{number}", key): number for number in range(MOST_CLIENTS)}
    aliases = ledger.read("client_alias", "kind = 'ref'").select("digest", "client_id").iter_rows()
    owners = {client: digests[digest] for digest, client in aliases}
    return ledger.read("charge").with_columns(number=pl.col("subject_id").replace_strict(owners, return_dtype=pl.Int64))
