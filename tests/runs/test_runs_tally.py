"""What the database counts and sums of a run is what its rows come to, whatever became of its charges."""

import os
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from world import BIRCH, CEDAR, PARTNER, World, client

from connector import ledger
from connector.ledger import RunTally, Tally
from connector.runs import workspace
from connector.runs.config import load_config
from connector.runs.looked import which_ledger
from connector.runs.tieout import tie_out


def by_rows(run_id: str) -> RunTally:
    """The same by the rows themselves."""
    documents = ledger.read("document", "run_id = ?", [run_id]).select("document_id", "currency")
    lines = ledger.read("document_line").join(documents, on="document_id")
    entries = ledger.read("charge", "run_id = ?", [run_id])
    charges = entries.filter(pl.col("kind") == "charge")

    def tallied(frame: pl.DataFrame, column: str) -> tuple[Tally, ...]:
        sums = frame.group_by("currency").agg(pl.len(), pl.col(column).sum()).sort("currency")
        return tuple(Tally(*row) for row in sums.iter_rows())

    return RunTally(
        openings=entries.height - charges.height,
        charges=tallied(charges, "amount_minor"),
        waiting=tallied(charges.join(lines, on="charge_id", how="anti"), "amount_minor"),
        lines=tallied(lines, "net_minor"),
        earlier=tallied(lines.join(charges, on="charge_id", how="anti"), "net_minor"),
    )


@pytest.mark.usefixtures("on_each_database")
def test_own_charges_waiting_ones_and_those_of_earlier_runs(world: World) -> None:
    partners = world.partners(PARTNER, BIRCH, CEDAR)  # BIRCH is billed at the month's end, CEDAR in pounds
    first = (client("C-1"), client("C-2", "P-2"), client("C-3", "P-3"), client("C-0", created="2020-01-01"))
    world.bill(partners, world.clients(*first), as_of="2025-04-20")
    world.bill(partners, world.clients(*first, client("C-4", created="2025-05-02")), as_of="2025-05-20")
    assert world.plan(partners, world.clients(*first, client("C-5"))).code in (0, 1)
    workspace.open_ledger(load_config(world.folder, os.environ))
    found = {run: ledger.tally_run(run) for run in ("R-0001", "R-0002", "R-0003", "R-0404")}
    assert found == {run: by_rows(run) for run in found}
    assert found["R-0001"].waiting
    assert found["R-0002"].earlier
    assert [one.currency for one in found["R-0001"].charges] == ["GBP", "USD"]
    for run in ("R-0001", "R-0002"):
        assert tie_out(run).ties


def test_what_is_kept_of_a_ledger_is_not_told_of_a_copy_that_went_on_otherwise(world: World, tmp_path: Path) -> None:
    config = load_config(world.folder, os.environ)
    assert isinstance(config.ledger, Path)
    workspace.open_ledger(config)
    key = which_ledger()
    ledger.close_store()
    copy = replace(config, ledger=tmp_path / "copy.sqlite3")
    copy.ledger.write_bytes(config.ledger.read_bytes())
    workspace.open_ledger(copy)
    assert which_ledger() != key
