"""The files of what was made by the page, written from what it keeps: clients, and the templates that they came from.

A stranger's trap: the files follow from what is kept, and are written anew after each change and before each plan. What
somebody writes into them by hand is lost. Django is not needed: the nightly run writes them too, beside the page.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from connector.intake import Mapping as Layout
from connector.intake import Mappings
from connector.runs import one_client
from connector.runs.errors import StopError
from connector.runs.made_here import Row, number_of, reference, write_files
from connector.web.peoplefile import FILE

JOINED = "joined"  # what was made last of a client that is an export's from then on
_WAIT_SECONDS = 30.0
_CLIENTS = """
    SELECT made.id, made.partner_id, made.name, made.domain, step.row
      FROM web_made AS made JOIN web_madestep AS step
        ON step.id = (SELECT MAX(id) FROM web_madestep WHERE made_id = made.id)
     WHERE step.what <> ? AND made.name <> ''
     ORDER BY made.id
"""
# Of each name that a template has had, the day from which: a client keeps the name by which it was made.
_TEMPLATES = """
    SELECT step.name, template.partner_id, template.plan, MIN(step.day)
      FROM web_madetemplate AS template JOIN web_templatestep AS step ON step.template_id = template.id
     GROUP BY template.id, step.name
     ORDER BY MIN(step.id)
"""


def write(folder: Path, mapping: Layout, to: Path | None = None) -> tuple[Path, ...]:
    """Write the files of what was made here, in the order of the ids.

    Args:
        folder: the working folder.
        mapping: `Mappings.made_here`.
        to: where they are written; None: into the working folder.

    Returns:
        their paths; none where nothing was made.

    Raises:
        StopError: one cannot be written, or what is kept cannot be read.
    """
    with _opened(folder) as page:
        if page is None:
            return ()
        page.execute("BEGIN IMMEDIATE")  # one at a time, so that an older state never replaces a newer one
        return _write(page, to or folder, mapping)


def templates(folder: Path) -> list[Row]:
    """The rows of the templates made here.

    Raises:
        StopError: what is kept cannot be read.
    """
    with _opened(folder) as page:
        return [] if page is None else _templates(page)


def take_over(folder: Path, mappings: Mappings, *, now: datetime, by: str) -> int:
    """Have clients of earlier versions known by ids of their own; see `one_client.take_over`. The ledger is open.

    Raises:
        StopError: what is kept cannot be read.
    """
    return one_client.take_over(_named(folder), mappings, now=now, by=by)


def called(folder: Path, mappings: Mappings, who: str) -> set[str]:
    """The clients that those made here are or will be (`one_client.ids_of`) and that are called this.

    Args:
        folder: the working folder.
        mappings: they say whose ids a file carries.
        who: a name, an id such as `W-000001`, or our own id. The ledger is open.

    Raises:
        StopError: what is kept cannot be read.
    """
    names, wanted = _named(folder), who.casefold()
    ids = one_client.ids_of(names, mappings)
    return {ids[one] for one, name in names.items() if wanted in (one.casefold(), name.casefold(), ids[one].casefold())}


def forget(folder: Path, mappings: Mappings, client_id: str) -> int:
    """Erase the names and domains of what a client is here; overwritten in the file when this returns.

    It leaves the file of clients made here too, for a row without a name is none. What was billed stands.
    While another process reads, the write-ahead log keeps what it held until the next time.

    Args:
        folder: the working folder.
        mappings: they say whose ids a file carries.
        client_id: the client, see `one_client.ids_of`. The ledger is open.

    Returns:
        how many clients made here were erased.

    Raises:
        StopError: what is kept cannot be read, or a file cannot be written.
    """
    own = [one for one, client in one_client.ids_of(_named(folder), mappings).items() if client == client_id]
    with _opened(folder) as page:
        if page is None or not own:
            return 0
        page.execute("PRAGMA secure_delete = ON")
        page.execute("BEGIN IMMEDIATE")
        page.executemany("UPDATE web_made SET name = '', domain = '' WHERE id = ?", [[number_of(one)] for one in own])
        _write(page, folder, mappings.made_here)
        page.execute("COMMIT")
        page.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(own)


def client_row(number: int, partner_id: str, name: str, domain: str, kept: Row) -> Row:
    """The row of a client: what was made of it, and what names it."""
    return {**kept, "client_ref": reference(number), "partner_id": partner_id, "name": name, "domain": domain}


def _write(page: sqlite3.Connection, to: Path, mapping: Layout) -> tuple[Path, ...]:
    try:
        return write_files(to, mapping, _clients(page), _templates(page))
    except OSError as error:
        message = f"{error.filename} cannot be written: {error.strerror}"
        raise StopError(message, "Check the rights of the folder.") from error


def _named(folder: Path) -> dict[str, str]:
    """The name of every client made here, by its id; empty where it is erased."""
    with _opened(folder) as page:
        found = page.execute("SELECT id, name FROM web_made") if page is not None and _has(page, "web_made") else ()
        return {reference(one): name for one, name in found}


def _clients(page: sqlite3.Connection) -> list[Row]:
    found = page.execute(_CLIENTS, [JOINED]) if _has(page, "web_madestep") else ()
    return [client_row(one, owner, name, site, json.loads(kept)) for one, owner, name, site, kept in found]


def _templates(page: sqlite3.Connection) -> list[Row]:
    found = page.execute(_TEMPLATES) if _has(page, "web_templatestep") else ()
    names = ("template", "partner_id", "plan", "valid_from")
    return [dict(zip(names, one, strict=True)) for one in found]


def _has(page: sqlite3.Connection, table: str) -> bool:
    """Whether the file knows this table: one that an earlier version wrote may not."""
    return page.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone() is not None


@contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """What the page keeps; None where there is none."""
    path = folder / FILE
    if not path.is_file():
        yield None
        return
    try:
        address = f"{path.resolve().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, _WAIT_SECONDS, isolation_level=None, uri=True)) as page:
            yield page
    except sqlite3.Error as error:
        raise StopError(f"{path} cannot be read: {error}", "Check that it is a file of the page.") from error
