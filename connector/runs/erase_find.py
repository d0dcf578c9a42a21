"""Where a client or partner stands: its words, its rows in uploads and plans, its charges.

A stranger's trap: a row that was blocked led to no client, so it is known by the words of those that did.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from connector import ledger
from connector.domain.words import RecordKind
from connector.runs import scrub, store
from connector.runs.snapshots import Snapshot

_PLACE = ["source", "sheet", "row"]
_CLIENT_CELLS = ("client_ref", "name", "domain")
_PARTNER_CELLS = ("name", "email", "tax_number")


def charges_of(owner_type: str, owner_id: str) -> frozenset[str]:
    """The charges whose lines name a client, planned ones included; a partner is named by the document itself."""
    if owner_type != "client":
        return frozenset()
    billed = ledger.read("charge", "subject_id = ?", [owner_id])["charge_id"].to_list()
    planned = [
        one
        for state in store.run_states()
        for one in _own(store.load_frame(state.run_id, "charges"), "subject_id", owner_id)["charge_id"].to_list()
    ]
    return frozenset([*billed, *planned])


def words_of_owner(owner_type: str, owner_id: str, snapshots: Sequence[Snapshot]) -> frozenset[str]:
    """Every spelling of its names, domains, addresses and ids, wherever the ledger or a plan has one."""
    told = ledger.read("personal", "owner_type = ? AND owner_id = ?", [owner_type, owner_id])["value"].to_list()
    is_client = owner_type == "client"
    key, cells = ("client_id", _CLIENT_CELLS) if is_client else ("partner_id", _PARTNER_CELLS)
    for state in store.run_states():
        for name in ("clients",) if is_client else ("partners", "contact_details"):
            own = _own(store.load_frame(state.run_id, name), key, owner_id)
            told += [value for cell in cells for value in own[cell].to_list()]
    kind, leads = (RecordKind.CLIENTS, "subject") if is_client else (RecordKind.PARTNERS, "value_partner_id")
    for one in snapshots:
        if one.kind is kind:
            own = _own(one.rows, leads, owner_id)
            told += [
                value for cell in cells for form in ("shown", "value") for value in own[f"{form}_{cell}"].to_list()
            ]
    return scrub.words_of(told)


def own_rows(
    own: scrub.Own, frames: Mapping[str, pl.DataFrame], snapshots: Sequence[Snapshot], *, every_run: bool = False
) -> frozenset[scrub.Place]:
    """The rows of the owner in a plan's frames and in snapshots.

    Args:
        own: its ids and words.
        frames: the frames of one run; none for snapshots alone.
        snapshots: uploads.
        every_run: also rows that a snapshot carries from earlier runs.
    """
    places: set[scrub.Place] = set()
    for name, key in (("clients", "client_id"), ("standing", "client_id"), ("partners", "partner_id")):
        if name in frames:
            places.update(frames[name].filter(pl.col(key).is_in(sorted(own.owners))).select(_PLACE).rows())
    for one in snapshots:
        rows = one.rows if every_run else one.rows.filter(pl.col("run_id") == one.run_id)
        places.update(rows.filter(_stands(one.kind, own)).select(_PLACE).rows())
    return frozenset(places)


def _stands(kind: RecordKind, own: scrub.Own) -> pl.Expr:
    """Whether a row of a snapshot is the owner's: by its id, or, led nowhere, by a cell that is one of its words."""
    if kind not in (RecordKind.CLIENTS, RecordKind.PARTNERS):
        return pl.lit(value=False)
    is_client = kind is RecordKind.CLIENTS
    key, cells = ("subject", _CLIENT_CELLS) if is_client else ("value_partner_id", _PARTNER_CELLS)
    words = sorted(one.lower() for one in own.words)
    by_word = [
        pl.col(f"{form}_{cell}").str.strip_chars().str.to_lowercase().is_in(words)
        for cell in cells
        for form in ("shown", "value")
    ]
    led_nowhere = pl.col(key).is_null() & pl.any_horizontal(by_word)
    return (pl.col(key).is_in(sorted(own.owners)) | led_nowhere).fill_null(value=False)


def _own(frame: pl.DataFrame, key: str, owner_id: str) -> pl.DataFrame:
    return frame.filter(pl.col(key) == owner_id)
