"""Clients and partners as people look them up: lists a page at a time, and all that is known of one.

A stranger's trap: `only` narrows every question to one partner, here and not at the door. What is another partner's is
answered like what does not exist: with None.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

import polars as pl

from connector import ledger
from connector.billing.identity import reference_digest
from connector.domain.employees import band_label
from connector.runs.explain import Reason, of_client, of_document, told_outside
from connector.runs.known import read_partners
from connector.runs.views import DocumentState, Listed, documents, listed

_LATEST = (
    "NOT EXISTS (SELECT 1 FROM client_version AS later"
    " WHERE later.client_id = client_version.client_id AND later.sequence > client_version.sequence)"
)
_LINES = ("document_line", "credit_line", "adjustment_line")


@dataclass(frozen=True)
class Asked:
    """What is asked of a list.

    Attributes:
        search: a text that rows hold, in whatever case; empty for all.
        start: the first row, from 0.
        most: how many rows at most.
        only: the one partner whose rows count; empty for every partner.
    """

    search: str = ""
    start: int = 0
    most: int = 50
    only: str = ""


@dataclass(frozen=True)
class Said:
    """What was said of a client at one time.

    Attributes:
        said_on: the day that its upload was for.
        recorded_at, run_id: when and by which run it came into the ledger.
        source, row: the name of its file, and where in it.
        partner_id, plan, status, template: as said; the template is empty for none.
        created_on, upgraded_on, archived_on: its days; None for never.
        size: the employee count, the band, or both, in words; empty for neither.
        advisors, users: how many; None where that was not said.
        bucket: where its record ended.
    """

    said_on: date
    recorded_at: datetime
    run_id: str
    source: str
    row: int
    partner_id: str
    plan: str
    status: str
    template: str
    created_on: date
    upgraded_on: date | None
    archived_on: date | None
    size: str
    advisors: int | None
    users: int | None
    bucket: str


@dataclass(frozen=True)
class Client:
    """A client as it stands: its id, its name (empty where it is erased), and what was said of it last."""

    client_id: str
    name: str
    now: Said


@dataclass(frozen=True)
class ClientFile:
    """All that is known of a client: what was said, the newest first; its charges with reasons; its documents."""

    client: Client
    said: tuple[Said, ...]
    reasons: tuple[Reason, ...]
    documents: tuple[Listed, ...]


@dataclass(frozen=True)
class Partner:
    """A partner: its name (empty where it is erased), its versions, the newest first, and how many clients it has."""

    partner_id: str
    name: str
    versions: tuple[Mapping[str, Any], ...]
    clients: int

    @property
    def now(self) -> Mapping[str, Any]:
        """Its newest version."""
        return self.versions[0]


def clients(asked: Asked, namespaces: Iterable[str] = ()) -> tuple[tuple[Client, ...], int]:
    """A page of the clients, the one that was said something of last first; and how many there are.

    Args:
        asked: the search looks into names, our ids and partner ids; a client's id in a workbook is found if whole.
        namespaces: whose ids the workbooks carry.
    """
    shown, total = _found(asked, namespaces)
    names = dict(_names("client", shown).iter_rows())
    said = _said(ledger.read_among("client_version", "client_id", shown))
    return tuple(Client(one, names.get(one, ""), said[one][0]) for one in shown), total


def client(client_id: str, only: str = "") -> ClientFile | None:
    """All that is known of a client.

    Args:
        client_id: our own id.
        only: the partner that asks: it is told what concerns it and nothing of other partners; empty for everything.

    Returns:
        None where there is no such client, or it is another partner's now.
    """
    if not client_id.isprintable():
        return None
    said = _said(ledger.read("client_version", "client_id = ?", [client_id])).get(client_id, ())
    if not said or (only and said[0].partner_id != only):
        return None
    own = tuple(one for one in said if only in ("", one.partner_id))
    name = dict(_names("client", [client_id]).iter_rows()).get(client_id, "")
    charges = ledger.read("charge", "subject_type = ? AND subject_id = ?", ["client", client_id], columns=["charge_id"])
    lines = [ledger.read_among(table, "charge_id", charges["charge_id"], columns=["document_id"]) for table in _LINES]
    on = ledger.read_among("document", "document_id", pl.concat(lines)["document_id"].unique(), columns=["number"])
    numbers = set(on["number"])
    stood = tuple(one for one in listed(only) if one.number in numbers)
    return ClientFile(Client(client_id, name, own[0]), own, _reasons(of_client(client_id, only), only), stood)


def partners(asked: Asked) -> tuple[tuple[Partner, ...], int]:
    """A page of the partners in the order of their ids, and how many there are; the search looks into id and name."""
    master = read_partners()
    if asked.only:
        master = master.filter(pl.col("partner_id") == asked.only)
    named = master.group_by("partner_id").agg(pl.col("name").last()).sort("partner_id")
    if asked.search:
        named = named.filter(_holds(asked.search, "partner_id", "name"))
    shown = named["partner_id"].slice(asked.start, asked.most).to_list()
    return _partners(master, shown), named.height


def partner(partner_id: str, only: str = "") -> Partner | None:
    """A partner; None where there is no such one, or another partner asks (`only`)."""
    if only not in ("", partner_id) or not partner_id.isprintable():
        return None
    return next(iter(_partners(read_partners(), [partner_id])), None)


def partner_documents(asked: Asked) -> tuple[tuple[Listed, ...], int]:
    """A page of the documents, the newest number first, and how many there are; the search looks into the number."""
    found = [one for one in listed(asked.only) if asked.search.lower() in one.number.lower()]
    return tuple(found[asked.start : asked.start + asked.most]), len(found)


def partner_document(
    number: str, only: str = "", start: int = 0, most: int | None = None
) -> tuple[DocumentState, tuple[Reason, ...]] | None:
    """A document and the reasons of its lines, or of some of them as `explain.of_document` takes them.

    None where there is no such one, or it is another partner's.
    """
    own = (one for one in documents(number=number) if only in ("", one.document.party.partner_id))
    found = next(own, None)
    return None if found is None else (found, _reasons(of_document(found, start, most), only))


def _reasons(reasons: tuple[Reason, ...], only: str) -> tuple[Reason, ...]:
    """The reasons as who asks is told them: a partner is not told of folders."""
    return told_outside(reasons) if only else reasons


def _partners(master: pl.DataFrame, shown: Sequence[str]) -> tuple[Partner, ...]:
    """These partners of the master, in their order; those that it does not know are left out."""
    listed = ", ".join("?" for _ in shown) or "NULL"
    where = f"{_LATEST} AND partner_id IN ({listed})"
    owners = ledger.read("client_version", where, list(shown), columns=["partner_id"])
    counts = dict(owners.group_by("partner_id").len().iter_rows())
    newest = master.sort("valid_from", descending=True)
    versions = {one: tuple(newest.filter(pl.col("partner_id") == one).to_dicts()) for one in shown}
    return tuple(Partner(one, own[0]["name"] or "", own, counts.get(one, 0)) for one, own in versions.items() if own)


def _found(asked: Asked, namespaces: Iterable[str]) -> tuple[list[str], int]:
    """The ids of a page of clients, and how many there are."""
    digests = [reference_digest(one, asked.search, ledger.alias_key()) for one in namespaces if asked.search]
    listed = ledger.aliases_of(digests)["client_id"].to_list()
    looked = ledger.Looked(asked.only, asked.search, listed)
    if asked.search.isascii():
        return ledger.clients_like(looked, asked.start, asked.most)
    ids, _ = ledger.clients_like(looked)  # more than those that hold it: letters beyond ASCII are compared here
    near = pl.DataFrame({"client_id": ids}, schema={"client_id": pl.String})
    owners = ledger.read_among("client_version", "client_id", ids).sort("sequence").unique("client_id", keep="last")
    near = near.join(owners.select("client_id", "partner_id"), on="client_id", how="left", maintain_order="left")
    near = near.join(_names("client", ids), on="client_id", how="left", maintain_order="left")
    fits = _holds(asked.search, "client_id", "partner_id", "name") | pl.col("client_id").is_in(listed)
    kept = near.filter(fits)["client_id"]
    return kept.slice(asked.start, asked.most).to_list(), kept.len()


def _holds(search: str, *columns: str) -> pl.Expr:
    wanted = search.lower()
    own = [pl.col(one).fill_null("").str.to_lowercase().str.contains(wanted, literal=True) for one in columns]
    return pl.any_horizontal(own)


def _names(owner: str, ids: Iterable[str]) -> pl.DataFrame:
    """The names of these clients: `client_id` and `name`."""
    own = ledger.read_among("personal", "owner_id", ids)
    told = own.filter((pl.col("owner_type") == owner) & (pl.col("field") == "name"))
    return told.select(client_id="owner_id", name="value")


def _said(versions: pl.DataFrame) -> dict[str, tuple[Said, ...]]:
    """What was said of each client, the newest first."""
    sources = ledger.read_among("source", "source_id", versions["source_id"].unique(), columns=["source_id", "name"])
    names = dict(sources.iter_rows())
    found: dict[str, list[Said]] = {}
    for row in versions.sort("sequence", descending=True).iter_rows(named=True):
        found.setdefault(row["client_id"], []).append(_one_said(row, PurePath(names[row["source_id"]]).name))
    return {one: tuple(said) for one, said in found.items()}


def _one_said(row: Mapping[str, Any], source: str) -> Said:
    same = ("run_id", "recorded_at", "row", "partner_id", "plan", "status", "created_on", "upgraded_on", "archived_on")
    counted = ("advisors", "users", "bucket")
    return Said(
        said_on=row["said_on"] or row["recorded_at"].date(),
        source=source,
        template=row["template"] or "",
        size=_size(row),
        **{name: row[name] for name in (*same, *counted)},
    )


def _size(row: Mapping[str, Any]) -> str:
    stated = [str(row["count_low"])] if row["count_low"] is not None else []
    if row["band_low"] is not None:
        stated.append(f"band {band_label(row['band_low'], row['band_high'])}")
    return ", ".join(stated)
