"""The files of the last run once more, byte for byte, after it was applied whole: nothing is read, for nothing is new.

Every row is then `unchanged`, and the plan says so from what the last one counted. A stranger's trap: that the files
are the same is not enough. Rules, mappings, books and program must be those of that run, no other run may have been
approved since, and nothing may wait: no question, no line on hold, no charge without its document, no term that begins
by itself. Whatever is not plainly so is read and planned as always.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from connector import __version__, ledger
from connector.billing import counts
from connector.domain.words import REMEMBERED, Bucket, RecordKind, RowKind
from connector.intake import Limits, sized_digest
from connector.rulebook import Rulebook
from connector.runs import kept_uploads, store
from connector.runs.changes import SAME, Changes, Comparison, Earlier
from connector.runs.plan import refuse_untied
from connector.runs.rows import hidden_rows, record_buckets, row_kinds
from connector.runs.runplan import Pins, RunPlan
from connector.runs.standing import begins_by_time
from connector.runs.versions import compared_checks

_CALM = {*REMEMBERED, "new"}  # what becomes `unchanged` once it is applied; `new` of a partner
_SOURCE = ["source", "sheet", "row"]


@dataclass(frozen=True)
class Now:
    """What a plan follows from besides its files.

    Attributes:
        rulebook: what rates.
        pins: what of the accountants' files approval compares.
        days: the day of the run in each selling entity.
        moment: the moment, UTC.
    """

    rulebook: Rulebook
    pins: Pins
    days: Mapping[str, date]
    moment: datetime


def last_run(paths: Sequence[Path], limits: Limits, now: Now) -> tuple[RunPlan, dict[str, str]] | None:
    """The plan of the run whose files these are and after which nothing is new, and their digests; None for none.

    Args:
        paths: the files.
        limits: ceilings for each file.
        now: what else a plan follows from.
    """
    plain = store.last_plan()
    if plain is None or not paths:
        return None
    if plain.get("again_of"):
        plain = store.plain_plan(plain["again_of"])
    if not _was_so(plain, now) or not _is_so_since(plain):
        return None
    digests = _digests(paths, limits, Counter(one["size_bytes"] for one in plain["sources"]))
    if Counter(digests.values()) != Counter(one["sha256"] for one in plain["sources"]):
        return None
    return store.without_documents(plain), digests


def _digests(paths: Sequence[Path], limits: Limits, sizes: Counter[int]) -> dict[str, str]:
    """The digest of each file, by its name; none where their sizes tell already that they are others."""
    names = dict.fromkeys(path.as_posix() for path in paths)
    found = {name: sized_digest(Path(name), limits) for name in names} if _have(names, sizes) else {}
    return {name: digest for name, digest in found.items() if digest}


def _have(names: Iterable[str], sizes: Counter[int]) -> bool:
    there = [path for path in map(Path, names) if path.is_file()]
    return Counter(path.stat().st_size for path in there) == sizes


def _was_so(plain: Mapping[str, Any], now: Now) -> bool:
    """Whether that run was under the same rules, and each of its records is settled once it is applied."""
    found = [bucket for buckets in plain["buckets"].values() for bucket in buckets]
    compared = plain.get("changes", {}).get("comparisons", ())
    return (
        plain.get("program") == __version__
        and len(plain["sources"]) > 0
        and plain["pins"] == asdict(now.pins)
        and not begins_by_time(now.rulebook)
        and not plain["problems"]
        and plain["correction"] is None
        and {*found} <= _CALM
        and all(date.fromisoformat(day) <= now.days[entity] for entity, day in plain["as_of"].items())
        and not any(one["gone"] or one["still_gone"] or one["elsewhere"] for one in compared)
    )


def _is_so_since(plain: Mapping[str, Any]) -> bool:
    """Whether that run was applied whole, its sources are kept, no other run came between, and nothing waits."""
    run_id = plain["run"]
    settled = {bucket for buckets in plain["buckets"].values() for bucket in buckets} <= {Bucket.UNCHANGED.value}
    return (
        store.approved_since(run_id) == []
        and (settled or store.is_applied_whole(run_id))
        and store.state_of(run_id).state != store.ERASED
        and kept_uploads.are_last(run_id)
        and store.last_doubts().is_empty()
        and not store.holds()
        and ledger.read("erasure", "recorded_at >= ?", [datetime.fromisoformat(plain["created_at"])]).is_empty()
        and ledger.waiting_charges().filter(pl.col("kind") == "charge").is_empty()
    )


def plan_again(base: RunPlan, digests: Mapping[str, str], run_id: str, now: Now) -> RunPlan:
    """The plan over the same files, of which nothing is new.

    Args:
        base: the plan of `last_run`.
        digests: the digest of each file, by its name.
        run_id: the run.
        now: what else the plan follows from.
    """
    names = _names(base, digests)
    rows = base.frames["rows"].with_columns(pl.col("source").replace_strict(names))
    none = pl.lit(None, pl.String)
    rows = rows.with_columns(
        bucket=pl.when(pl.col("bucket").is_not_null()).then(pl.lit(Bucket.UNCHANGED.value)),
        rule_id=none,
        code=none,
        reason=none,
    )
    order = {name: at for at, name in enumerate(digests)}
    rows = rows.sort(pl.col("source").replace_strict(order, return_dtype=pl.Int64), maintain_order=True)
    clients = pl.concat(base.frames[name].select(*_SOURCE, "client_id") for name in ("standing", "clients"))
    clients = clients.with_columns(pl.col("source").replace_strict(names))
    standing = rows.select(_SOURCE).join(clients, on=_SOURCE, maintain_order="left")
    sources = {names[str(one["name"])]: {**one, "name": names[str(one["name"])]} for one in base.sources}
    comparisons = tuple(_compared(one, base.run_id, names) for one in base.changes.comparisons)
    charges = base.frames["charges"].clear()
    checks = _checks(rows, {name: sources[name]["rows"] for name in digests}, charges, comparisons)
    refuse_untied(checks)
    return replace(
        base,
        run_id=run_id,
        created_at=now.moment,
        as_of=now.days,
        sources=tuple(sources[name] for name in digests),
        row_kinds=row_kinds(rows),
        hidden=hidden_rows(rows),
        buckets=record_buckets(rows),
        terms={"events": {}, "stopped": 0},
        amounts={},
        drafts=(),
        checks=checks,
        unasked={},
        efforts={},
        frames={**{name: one.clear() for name, one in base.frames.items()}, "rows": rows, "standing": standing},
        changes=Changes(_in_order(comparisons, order), tuple(sorted({one.source for one in base.changes.comparisons}))),
        again_of=base.run_id,
    )


def _names(base: RunPlan, digests: Mapping[str, str]) -> dict[str, str]:
    """What each file of that run is called now; of files with one digest, one after the other."""
    left = list(digests.items())
    names = {}
    for one in base.sources:
        found = next(pair for pair in left if pair[1] == one["sha256"])
        left.remove(found)
        names[str(one["name"])] = found[0]
    return names


def _compared(one: Comparison, run_id: str, names: Mapping[str, str]) -> Comparison:
    """The comparison of a source that is the same file."""
    earlier = (Earlier(one.source, run_id, SAME),)
    return Comparison.unchanged_from(names[one.source], one.records, earlier, one.rows, one.gone_is)


def _in_order(comparisons: tuple[Comparison, ...], order: Mapping[str, int]) -> tuple[Comparison, ...]:
    kinds = [kind.value for kind in RecordKind]
    return tuple(sorted(comparisons, key=lambda one: (kinds.index(one.records), order[one.source])))


def _checks(
    rows: pl.DataFrame, of_sources: Mapping[str, int], charges: pl.DataFrame, comparisons: tuple[Comparison, ...]
) -> tuple[counts.Check, ...]:
    """The equations of a plan without charges, over the rows it tells of."""
    said = Counter[str]()
    for one in comparisons:
        said[one.records] += one.rows
    records = {kind.value: said[kind.value] for kind in RecordKind}
    billed = [RecordKind.CLIENTS.value, RecordKind.BUNDLES.value]
    settled = rows.filter((pl.col("kind") == RowKind.RECORD.value) & pl.col("record_kind").is_in(billed))
    settled = settled.with_columns(metric=pl.lit(None, pl.String))
    return (
        *counts.row_checks(rows, of_sources, records),
        *counts.charge_checks([settled], sum(said[kind] for kind in billed), charges),
        *counts.term_checks(settled.clear(), 0, charges, charges),
        *counts.money_checks(charges, charges, ()),
        *(
            check
            for kind in RecordKind
            if kind.value in said
            for check in compared_checks(kind, *[said[kind.value]] * 4)
        ),
    )
