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
from connector.runs.made_here import Row, reference, write_files
from connector.web.peoplefile import FILE

JOINED = "joined"  # what was made last of a client that is an export's from then on
_WAIT_SECONDS = 30.0
_CLIENTS = """
    SELECT made.id, made.partner_id, made.name, made.domain, step.row
      FROM web_made AS made JOIN web_madestep AS step
        ON step.id = (SELECT MAX(id) FROM web_madestep WHERE made_id = made.id)
     WHERE step.what <> ?
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
        try:
            page.execute("BEGIN IMMEDIATE")  # one at a time, so that an older state never replaces a newer one
            return write_files(to or folder, mapping, _clients(page), _templates(page))
        except OSError as error:
            message = f"{error.filename} cannot be written: {error.strerror}"
            raise StopError(message, "Check the rights of the folder.") from error


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
    with _opened(folder) as page:
        rows = [] if page is None else _clients(page)
    return one_client.take_over([one["client_ref"] for one in rows], mappings, now=now, by=by)


def client_row(number: int, partner_id: str, name: str, domain: str, kept: Row) -> Row:
    """The row of a client: what was made of it, and what names it."""
    return {**kept, "client_ref": reference(number), "partner_id": partner_id, "name": name, "domain": domain}


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
