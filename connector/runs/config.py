"""`connector.yaml`: where things are, who keeps each selling entity's books, what is fetched, how much is read.

Secrets never stand in it: a credential is the name of an environment variable, or the word `sandbox` for the built-in
sandbox, whose client id and secret are public.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from connector.accounting.connect import TenantSettings
from connector.declared import Node, Reader, read_yaml
from connector.export import Export, read_exports
from connector.intake import Limits
from connector.ledger import Place, is_url, server_of
from connector.runs.config_limits import read_limits
from connector.runs.config_sync import SyncSettings, read_sync
from connector.runs.config_tenants import read_tenant
from connector.runs.errors import StopError

FILE = "connector.yaml"
_LEDGER = "CONNECTOR_LEDGER"
_URL_FORM = "Write postgresql://LOGIN@HOST:PORT/DATABASE."
_PASSWORD = f"Take it out, and give it in PGPASSWORD or ~/.pgpass, or give the whole URL in {_LEDGER}."
_LONGEST_KEPT_DAYS = 36_500


@dataclass(frozen=True)
class Config:
    """The working folder's settings.

    Attributes:
        folder: the working folder.
        ledger: the ledger's database file, or the PostgreSQL database it is in.
        rules, mappings: folders of the accountants' files.
        tenants: settings of each accounting tenant, by its name here.
        books: the tenant of each selling entity.
        exports: what `fetch` downloads, by its name here.
        limits: how much of a file is read.
        two_persons: whoever planned a run may not approve it.
        retention_days: how long uploads are kept; None: until somebody erases them.
        sync: the nightly run.
    """

    folder: Path
    ledger: Place
    rules: Path
    mappings: Path
    tenants: Mapping[str, TenantSettings]
    books: Mapping[str, str]
    exports: Mapping[str, Export] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    two_persons: bool = False
    retention_days: int | None = None
    sync: SyncSettings = field(default_factory=SyncSettings)

    @property
    def cache(self) -> Path:
        """Where proofs of rulebooks are kept: beside a ledger's file, else in the working folder."""
        return (self.ledger.parent if isinstance(self.ledger, Path) else self.folder) / ".cache"


def load_config(folder: Path, environment: Mapping[str, str]) -> Config:
    """Read the working folder's `connector.yaml`; `CONNECTOR_LEDGER`, `_RULES` and `_MAPPINGS` override its paths.

    Raises:
        StopError: the file is missing or faulty, every fault is in its problems; or `CONNECTOR_LEDGER` is.
    """
    if not (folder / FILE).is_file():
        where = "this folder" if str(folder) == "." else str(folder)
        raise StopError(f"{where} has no {FILE}", "Run 'connector init' here, or name the folder with --folder.")
    node, text, problems = read_yaml(folder / FILE, FILE)
    reader = Reader(text)
    required = ("ledger", "rules", "mappings", "tenants", "books")
    entries = reader.mapping(node, FILE, required, ("exports", "limits", "approval", "retention_days", "sync")) or {}
    paths = {name: _path(reader, entries.get(name), name, folder, environment) for name in ("rules", "mappings")}
    place = _ledger(reader, entries.get("ledger"), folder, environment)
    named = reader.mapping(entries.get("tenants"), "tenants", open_keys=True) or {}
    tenants = {name: read_tenant(reader, at, name, folder, environment) for name, at in named.items()}
    bound = reader.mapping(entries.get("books"), "books", open_keys=True) or {}
    books = {entity: reader.choice(at, f"books of {entity}", tenants) for entity, at in bound.items()}
    approval = reader.mapping(entries.get("approval"), "approval", (), ("two_persons",)) or {}
    retention = reader.whole(entries.get("retention_days"), "retention_days", 1, _LONGEST_KEPT_DAYS)
    two_persons = reader.choice(approval.get("two_persons"), "two_persons", ["required", "off"]) == "required"
    exports, limits = read_exports(reader, entries.get("exports")), read_limits(reader, entries.get("limits"))
    sync = read_sync(reader, entries.get("sync"), exports)
    # Without excerpts: a person may have typed a secret where its name belongs.
    faults = tuple(replace(one, excerpt="", mark=(0, 0)) for one in (*problems, *reader.problems))
    if faults or node is None:
        message = f"{FILE} cannot be used" if faults else f"{FILE} is empty"
        raise StopError(
            message, f"Mend {FILE}; 'connector init' in an empty folder shows a whole one.", problems=faults
        )
    return Config(
        folder=folder,
        ledger=place,
        rules=paths["rules"],
        mappings=paths["mappings"],
        tenants={name: tenant for name, tenant in tenants.items() if tenant is not None},
        books={entity: tenant for entity, tenant in books.items() if tenant is not None},
        exports=exports,
        limits=limits,
        two_persons=two_persons,
        retention_days=retention,
        sync=sync,
    )


def _ledger(reader: Reader, node: Node | None, folder: Path, environment: Mapping[str, str]) -> Place:
    """The ledger's place. A password may stand in the environment, and never in the file."""
    stated = reader.text(node, "ledger") or "ledger"
    wanted = environment.get(_LEDGER, stated)
    if _LEDGER in environment and is_url(wanted):
        try:
            return server_of(wanted)
        except ValueError as error:
            raise StopError(f"the URL in {_LEDGER} cannot be used: {error}", _URL_FORM) from None
    if node is not None and is_url(stated):
        try:
            server = server_of(stated)
        except ValueError as error:
            reader.fault(node, f"the ledger's URL cannot be used: {error}", _URL_FORM)
            return folder / "ledger"
        if server.password:
            reader.fault(node, f"a password must not stand in {FILE}", _PASSWORD)
        if _LEDGER not in environment:
            return server
    return folder / wanted


def _path(reader: Reader, node: Node | None, name: str, folder: Path, environment: Mapping[str, str]) -> Path:
    stated = reader.text(node, name) or name
    return folder / environment.get(f"CONNECTOR_{name.upper()}", stated)
