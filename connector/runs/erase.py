"""Erasing what is personal of a client or partner, and what was uploaded longer ago than it is kept.

Entries stay: they hold ids, amounts and codes. Names go from the erasable table, stored plans, kept uploads, and
requests that were sent; that it was done is an entry itself. A stranger's trap: a re-upload of an erased client is
recognised by its keyed aliases and is not billed again, but brings its name back.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from connector import ledger
from connector.billing.identity import reference_digest
from connector.ledger import outbox
from connector.runs import kept_uploads, scrub, serial, store
from connector.runs.crashpoints import reached
from connector.runs.erase_find import charges_of, own_rows, words_of_owner
from connector.runs.errors import INPUT, REMAINS, StopError
from connector.runs.issuing import LINES
from connector.runs.snapshots import Snapshot

CLIENT, PARTNER, RUN = "client", "partner", "run"
_NAMED = 5


@dataclass(frozen=True)
class Erasure:
    """What was erased.

    Attributes:
        owner_type, owner_id: whose: a client, a partner, or a run whose uploads are not kept any longer.
        items: names, cells, sentences, rows and keys that are gone.
        kept: events of documents that quote a name in what an accounting system said; they are entries and stay.
        plans: runs that waited for approval and cannot be approved any more.
    """

    owner_type: str
    owner_id: str
    items: int
    kept: int = 0
    plans: tuple[str, ...] = ()


def find_owner(subject: str, namespaces: Iterable[str], also: Iterable[str] = ()) -> tuple[str, str]:
    """Who is meant: a partner by its id; a client by our id, its id in a workbook, or its name.

    Args:
        subject: the word that a person gave.
        namespaces: whose ids the workbooks carry.
        also: further clients of that name, which the ledger may not know yet.

    Raises:
        StopError: nobody, or several clients.
    """
    if not ledger.read("partner_version", "partner_id = ?", [subject]).is_empty():
        return PARTNER, subject
    key = ledger.alias_key()
    digests = [reference_digest(one, subject, key) for one in namespaces]
    names = ledger.read("personal", "owner_type = 'client' AND field = 'name'")
    named = names.filter(pl.col("value").str.to_lowercase() == subject.lower())["owner_id"]
    listed = ledger.read("client_alias").filter(pl.col("digest").is_in(digests))["client_id"]
    found = sorted({*also, *named, *listed, *ledger.read("client", "client_id = ?", [subject])["client_id"]})
    if not found:
        raise StopError(
            f"neither a client nor a partner is {subject}", "Name a partner's id, or a client's id or name.", INPUT
        )
    if len(found) > 1:
        raise StopError(f"{subject} is the name of {', '.join(found)}", "Name one of these ids.", INPUT)
    return CLIENT, found[0]


def erase_owner(owner_type: str, owner_id: str, *, now: datetime, by: str) -> Erasure:
    """Erase every name of a client or partner, in one transaction; overwritten in the file when this returns.

    Raises:
        StopError: a document that names it is not in the books yet.
    """
    with ledger.transaction():
        serial.hold_runs(one.run_id for one in store.run_states())
        charges = charges_of(owner_type, owner_id)
        documents = _documents(owner_type, owner_id, charges)
        _refuse_unsent(documents)
        snapshots = kept_uploads.every_snapshot()
        words = words_of_owner(owner_type, owner_id, snapshots)
        parties = frozenset([owner_id]) if owner_type == PARTNER else frozenset[str]()
        base = scrub.Own(words=words, owners=frozenset([owner_id]), charges=charges, parties=parties)
        items, plans = _scrub_runs(base, snapshots, now, by)
        items += _scrub_requests(documents, base) + _reseal(snapshots, base)
        items += ledger.erase(owner_type, owner_id)
        done = Erasure(owner_type, owner_id, items, _quoted(documents, base), plans)
        _enter(done, now, by)
        reached("erase:before-commit")
    reached("erase:committed")
    ledger.overwrite_erased()
    return done


def erase_uploads(days: int, exports: Path, *, now: datetime, by: str) -> tuple[Erasure, ...]:
    """Erase what was uploaded longer ago: the kept sources of each run, what its plan quotes of them, fetched exports.

    Names of clients and partners, and documents, are not uploads: they stay until their owner is erased.

    Args:
        days: how long uploads are kept.
        exports: the folder of fetched exports; its files of that age are deleted.
        now: the moment, UTC.
        by: who erases.
    """
    before = now - timedelta(days=days)
    known = ledger.read("erasure", "owner_type = ?", [RUN])["owner_id"].to_list()
    with ledger.transaction():
        serial.hold_runs(one.run_id for one in store.run_states())
        due = [one.run_id for one in store.run_states() if one.created_at < before and one.run_id not in known]
        serial.hold_runs(due)
        done = [_erase_run(run_id, now, by) for run_id in due]
    ledger.overwrite_erased()
    for path in sorted(exports.glob("*")) if exports.is_dir() else ():
        if path.is_file() and path.stat().st_mtime < before.timestamp():
            path.unlink()
            done.append(Erasure("export", path.name, 1))
    return tuple(done)


def _erase_run(run_id: str, now: datetime, by: str) -> Erasure:
    plain, frames = store.stored_plan(run_id)
    places = frames["rows"].select("source", "sheet", "row").rows()
    clients = frames["clients"]["client_id"].to_list()
    partners = frames["contact_details"]["partner_id"].to_list() + frames["partners"]["partner_id"].to_list()
    own = scrub.Own(places=frozenset(places), owners=frozenset([*clients, *partners]), every_problem=True)
    items = _rewrite(run_id, plain, frames, own) + kept_uploads.drop_keys(run_id)
    done = Erasure(RUN, run_id, items, 0, _closed([run_id], now, by))
    _enter(done, now, by)
    return done


def _documents(owner_type: str, owner_id: str, charges: frozenset[str]) -> Sequence[outbox.OutboxItem]:
    """The documents that name the owner."""
    if owner_type == PARTNER:
        wanted = ledger.read("document", "partner_id = ?", [owner_id])["document_id"]
    else:
        lines = pl.concat(ledger.read(table).select("document_id", "charge_id") for table in LINES)
        wanted = lines.filter(pl.col("charge_id").is_in(sorted(charges)))["document_id"]
    ids = set(wanted.to_list())
    return [one for one in outbox.items() if one.document_id in ids]


def _refuse_unsent(documents: Sequence[outbox.OutboxItem]) -> None:
    unsent = [one for one in documents if one.state is not outbox.State.DONE]
    if unsent:
        told = ", ".join(f"{one.number} ({one.state.value})" for one in unsent[:_NAMED])
        message = f"{len(unsent)} documents that name it are not in the books yet: {told}"
        raise StopError(message, "'connector push' sends them; 'connector exceptions' tells what else.", REMAINS)


def _scrub_runs(base: scrub.Own, snapshots: Sequence[Snapshot], now: datetime, by: str) -> tuple[int, tuple[str, ...]]:
    """Take the owner out of every stored plan; the runs that cannot be approved any more are told."""
    items, touched = 0, []
    for state in store.run_states():
        plain, frames = store.stored_plan(state.run_id)
        own = replace(base, places=own_rows(base, frames, [one for one in snapshots if one.run_id == state.run_id]))
        changed = _rewrite(state.run_id, plain, frames, own)
        items += changed
        if changed:
            touched.append(state.run_id)
    return items, _closed(touched, now, by)


def _rewrite(run_id: str, plain: Mapping[str, object], frames: Mapping[str, pl.DataFrame], own: scrub.Own) -> int:
    """Store a run's plan and frames without what is to be erased; how many values were changed."""
    after = scrub.plan_scrubbed(plain, own)
    scrubbed = {name: scrub.frame_scrubbed(name, frame, own) for name, frame in frames.items()}
    store.rewrite_plan(run_id, after, scrubbed)
    cells = sum(scrub.cells_changed(frames[name], frame) for name, frame in scrubbed.items())
    return scrub.differences(dict(plain), after) + cells


def _closed(runs: Sequence[str], now: datetime, by: str) -> tuple[str, ...]:
    """Of some runs those that waited for approval: without their names they must be planned again."""
    waiting = [run_id for run_id in runs if store.state_of(run_id).state == store.PLANNED]
    for run_id in waiting:
        store.add_event(run_id, store.ERASED, now, by)
    return tuple(waiting)


def _scrub_requests(documents: Sequence[outbox.OutboxItem], own: scrub.Own) -> int:
    items = 0
    for one in documents:
        before = json.loads(one.request)
        after = scrub.document_scrubbed(before, own)
        outbox.rewrite_sent(one, json.dumps(after, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
        items += scrub.differences(before, after)
    return items


def _reseal(snapshots: Sequence[Snapshot], own: scrub.Own) -> int:
    """Keep the uploads without the owner's rows, under new keys; how many rows went."""
    items = 0
    for one in snapshots:
        gone = own_rows(own, {}, [one], every_run=True)
        left = one.rows.filter(~_at(gone)) if gone else one.rows
        if left.height < one.rows.height:
            kept_uploads.reseal(replace(one, records=left))
            items += one.rows.height - left.height
    return items


def _at(places: frozenset[scrub.Place]) -> pl.Expr:
    wanted = [f"{source}\x1f{sheet}\x1f{row}" for source, sheet, row in places]
    return pl.concat_str(["source", "sheet", pl.col("row").cast(pl.String)], separator="\x1f").is_in(wanted)


def _quoted(documents: Sequence[outbox.OutboxItem], own: scrub.Own) -> int:
    """Events of these documents that quote a name."""
    ids = [one.document_id for one in documents]
    told = ledger.read("document_event").filter(pl.col("document_id").is_in(ids))["detail"].to_list()
    return sum(own.scrubbed(text) != text for text in told)


def _enter(done: Erasure, now: datetime, by: str) -> None:
    """The entry that says so; it holds an id and a number."""
    row = (done.owner_type, done.owner_id, done.items, by, now)
    ledger.append("erasure", pl.DataFrame([row], schema=dict(ledger.insert_schema("erasure")), orient="row"))
    ledger.seal(now, by)
