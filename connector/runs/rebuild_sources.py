"""`rebuild --check`, from sources: what the ledger holds of a run against its approved plan and what its rows said.

A stranger's trap: a source that was erased says nothing any more. It is counted and told, never taken as agreeing.
"""

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from connector import ledger
from connector.domain.words import SETTLED, EventKind, RecordKind
from connector.runs import holds, kept_uploads, store
from connector.runs.overdraw import AUTO
from connector.runs.rebuild import Progress, Proof, prove
from connector.runs.runplan import RunPlan
from connector.runs.snapshots import Snapshot

# Per table, the frame of a plan that approval writes to it, and by which columns a row is found again.
_WRITTEN = {
    "charge": ("charges", ["charge_id"]),
    "credit": ("credits", ["charge_id"]),  # corrections alone have these two
    "adjustment": ("adjustments", ["adjustment_id"]),
    "client_version": ("clients", ["client_id"]),
    "partner_version": ("partners", ["partner_id", "valid_from"]),
    "template_version": ("templates", ["template", "partner_id", "valid_from"]),
}
_DAYS = {EventKind.CREATED.value: "value_created_on", EventKind.UPGRADED.value: "value_upgraded_on"}
_STATED = [*_DAYS, EventKind.BUNDLE.value]  # a renewal and a month follow from a charge before, not from a row
_PLACE = ["source", "sheet", "row"]


def source_proofs(progress: Progress) -> tuple[Proof, ...]:
    """What must be so between the ledger and the plans and sources it was written from."""
    runs = [state.run_id for state in store.run_states() if store.approved_at(state.run_id) is not None]
    found: dict[str, list[Proof]] = {}
    for number, run_id in enumerate(runs, 1):
        plan, _ = holds.planned(run_id)
        for proof in (*_against_plan(plan), *_against_sources(plan, kept_uploads.snapshots_of(run_id))):
            found.setdefault(proof.name, []).append(proof)
        progress("runs", number, len(runs))
    return tuple(_together(proofs) for proofs in found.values())


def _together(proofs: Sequence[Proof]) -> Proof:
    notes = dict.fromkeys(one.note for one in proofs if one.note)
    first = tuple(told for one in proofs for told in one.first)
    return Proof(
        proofs[0].name, sum(one.looked for one in proofs), sum(one.wrong for one in proofs), first, "; ".join(notes)
    )


def _against_plan(plan: RunPlan) -> Iterator[Proof]:
    """Every row the run wrote stands in its approved plan, word by word, and nothing of the plan is missing."""
    for table, (name, keys) in _WRITTEN.items():
        if name not in plan.frames:
            continue
        planned = plan.frames[name]
        if table == "client_version":
            planned = planned.filter(pl.col("bucket").is_in(SETTLED))
        yield _same_rows(
            f"{table} rows against the approved plans", ledger.read(table, "run_id = ?", [plan.run_id]), planned, keys
        )
    drafts = pl.DataFrame(
        [(one.document_id, one.document.total.minor, len(one.document.lines)) for one in plan.documents],
        schema={"document_id": pl.String, "total_minor": pl.Int64, "line_count": pl.Int64},
        orient="row",
    )
    documents = ledger.read("document", "run_id = ?", [plan.run_id])
    yield _same_rows("documents against the approved plans", documents, drafts, ["document_id"])
    sources = pl.DataFrame(
        [
            (f"{plan.run_id}/{n}", one["sha256"], one["size_bytes"], one["rows"])
            for n, one in enumerate(plan.sources, 1)
        ],
        schema={"source_id": pl.String, "sha256": pl.String, "size_bytes": pl.Int64, "row_count": pl.Int64},
        orient="row",
    )
    kept = ledger.read("source", "run_id = ?", [plan.run_id])
    yield _same_rows("sources against the approved plans", kept, sources, ["source_id"])


def _same_rows(name: str, rows: pl.DataFrame, planned: pl.DataFrame, keys: Sequence[str]) -> Proof:
    """Rows against rows by every column that both have."""
    own = [column for column in rows.columns if column in planned.columns and column not in ("run_id", "source_id")]
    columns = list(dict.fromkeys([*keys, *own]))
    there = rows.select(columns)
    wanted = planned.select(pl.col(column).cast(there.schema[column]) for column in columns)
    missing = wanted.join(there, on=columns, how="anti", nulls_equal=True)
    more = there.join(wanted, on=columns, how="anti", nulls_equal=True)
    different = pl.concat([more, missing]).select(keys).unique(maintain_order=True)
    every = pl.concat([there, wanted]).select(keys).unique(maintain_order=True)
    looked = every.join(different.with_columns(other=pl.lit(value=True)), on=list(keys), how="left", nulls_equal=True)
    told = pl.concat_str([pl.col(key).cast(pl.String).fill_null("") for key in keys], separator=" ")
    return prove(name, looked, pl.col("other").is_null(), told)


def _against_sources(plan: RunPlan, snapshots: Sequence[Snapshot]) -> Iterable[Proof]:
    """Every charge of the run names a row that stood in its source, leads to its subject, and says its day and size."""
    charges = ledger.read("charge", "run_id = ?", [plan.run_id])
    names = ledger.read("source", "run_id = ?", [plan.run_id]).select("source_id", source="name")
    automatic = pl.col("subject_id").str.contains(f"/{AUTO}", literal=True)
    stated = charges.filter(pl.col("event").is_in(_STATED) & ~automatic)
    # What a correction bills again rests on rows of earlier runs: it is counted and told, and not compared.
    again = stated.filter(pl.col("revision") > 1).height
    placed = stated.filter(pl.col("revision") == 1).join(names, on="source_id", how="left", maintain_order="left")
    erased = {one.source for one in snapshots if one.is_erased}
    owners = ledger.read("erasure")["owner_id"].implode()
    unknown = pl.col("source").is_in(sorted(erased)) | pl.col("subject_id").is_in(owners)
    gone = placed.filter(unknown)
    said = pl.concat(
        [_said(Snapshot("", "", kind, "", "", (), None).rows) for kind in (RecordKind.CLIENTS, RecordKind.BUNDLES)]
    )
    said = pl.concat([said, *(_said(one.rows) for one in snapshots)])
    looked = placed.filter(~unknown).join(said, on=_PLACE, how="left", maintain_order="left")
    size = pl.concat_str(
        [pl.col(one).cast(pl.String).fill_null("") for one in ("count_low", "band_low", "band_high")], separator="|"
    )
    day = pl.coalesce(*(pl.when(pl.col("event") == event).then(pl.col(name)) for event, name in _DAYS.items()))
    same = (
        (pl.col("subject") == pl.col("subject_id"))
        & (day.is_null() | (day == pl.col("event_on").cast(pl.String)))
        & ((pl.col("subject_type") != "client") | (pl.col("value_employees") == size))
    )
    erased_rows = f"the rows of {gone.height} charges are erased" if gone.height else ""
    corrected = f"{again} charges are billed again by corrections" if again else ""
    note = ", ".join(filter(None, (erased_rows, corrected)))
    told = pl.format("{}: its row is {}:{}!{}", "charge_id", "source", "sheet", "row")
    yield prove("charges against the rows of their sources", looked, same, told, note)


def _said(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of a snapshot as far as charges rest on them; those that were gone by then are left out."""
    nothing = pl.lit(None, pl.String)
    columns = ("value_created_on", "value_upgraded_on", "value_employees")
    own = (pl.col(name) if name in rows.columns else nothing.alias(name) for name in columns)
    return rows.filter(pl.col("missing_since").is_null()).select(*_PLACE, "subject", *own)
