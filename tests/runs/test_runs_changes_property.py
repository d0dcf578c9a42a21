"""Whatever is done to a list between two uploads, the diff is exactly that; and what the door cannot easily show."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import openpyxl
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from world import CLIENT_HEADER, World, client

from connector import ledger
from connector.intake import Intake
from connector.runs import workspace
from connector.runs.config import Config, load_config
from connector.runs.known import read_known
from connector.runs.plan import Inputs, make_plan
from connector.runs.runplan import RunPlan
from connector.runs.snapshots import Snapshot

NOW = datetime(2025, 6, 20, 15, 0, tzinfo=UTC)
FIELDS = ("client_ref", "partner_id", "name", "domain", "plan", "created_on", "upgraded_on", "employees", "status")
# Another text of each field that means something else; one that cannot be read blocks the row.
EDITS: Mapping[str, Callable[[str], str]] = {
    "client_ref": lambda old: f"{old}9",
    "partner_id": lambda old: f"{old}x",
    "name": lambda old: f"{old} & Sons",
    "domain": lambda old: f"new-{old}",
    "plan": lambda _: "Premium",
    "created_on": lambda old: "soon" if old.endswith("1") else "2025-05-02",
    "upgraded_on": lambda _: "2025-05-20",
    "employees": lambda old: "51-200" if old == "11-50" else "c. 50",
    "status": lambda _: "Archived",
}
Row = list[str]


@dataclass(repr=False)
class Uploads:
    """A folder whose plans remember the last uploads, as the store does."""

    inputs: Inputs
    config: Config
    files: workspace.Files
    kept: tuple[Snapshot, ...] = ()

    def plan(self, *paths: Path, change: Callable[[Intake], Intake] = lambda intake: intake) -> RunPlan:
        number = int(self.inputs.run_id[2:]) + 1
        intake = change(workspace.read_files(self.config, self.files.mappings, paths))
        self.inputs = replace(self.inputs, run_id=f"R-{number:04}", intake=intake, earlier=self.kept)
        plan = make_plan(self.inputs)
        fresh = [replace(one, snapshot_id=number * 100 + at) for at, one in enumerate(plan.snapshots)]
        self.kept = (*(one for one in self.kept if one.snapshot_id not in plan.continued), *fresh)
        return plan


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Uploads:
    world = World(tmp_path_factory.mktemp("changes") / "work", None)
    assert world.run("approve", world.plan(world.partners()).plain["run"]).code == 0
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    files = workspace.open_files(config)
    intake = workspace.read_files(config, files.mappings, [Path(world.partners())])
    known = read_known()
    ledger.close_store()  # planning needs it no more, and other tests open theirs
    return Uploads(
        Inputs(
            run_id="R-0000", now=NOW, as_of=None, intake=intake, rulebook=files.rulebook, books=files.books,
            pins=files.pins(config), tenants=config.books, known=known,
        ),
        config,
        files,
    )  # fmt: skip


def write(folder: Path, name: str, sheet: str, lines: Sequence[Sequence[str]]) -> Path:
    """Write the lines as text cells of a workbook, or as a CSV file."""
    path = folder / name
    if path.suffix == ".csv":
        path.write_text("\n".join(",".join(line) for line in lines) + "\n", encoding="utf-8")
        return path
    book = openpyxl.Workbook()
    book.worksheets[0].title = sheet
    for line in lines:
        book.worksheets[0].append([cell or None for cell in line])
    book.save(path)
    return path


def laid_out(rows: Sequence[Row], random: Random, further: int) -> list[list[str]]:
    """The rows under their header, the columns in any order, with further ones that nobody reads."""
    lines = [CLIENT_HEADER.split(","), *rows]
    columns = [*range(len(FIELDS)), *range(-further, 0)]
    random.shuffle(columns)
    return [
        [line[at] if at >= 0 else (f"Comment {at}" if line is lines[0] else f"about {at}") for at in columns]
        for line in lines
    ]


@settings(max_examples=12, deadline=None, phases=[Phase.generate])  # a smaller example is no clearer than its seed
@given(seed=st.integers(0, 2**32))
def test_the_diff_of_two_uploads_is_what_was_done_between_them(uploads: Uploads, seed: int) -> None:
    random = Random(seed)
    size, dropped, added, edited = (random.randint(*one) for one in ((4, 12), (0, 2), (0, 3), (0, 6)))
    further, name = random.randint(0, 2), random.choice(["clients.xlsx", "customers july.xlsx", "july.csv"])
    sheet = random.choice(["Clients", "Kunden", "Sheet1"])
    uploads.kept = ()
    faulty = {"created": "soon"} if random.random() < 0.3 else {}
    before = [client(f"C{number}", **(faulty if number == 0 else {})).split(",") for number in range(size)]
    after, edits = [list(row) for row in before], []
    gone = {row[0] for row in random.sample(before, dropped)}
    stays = [row for row in after if row[0] not in gone]
    for row in random.sample(stays, min(edited, len(stays))):
        at = random.randrange(len(FIELDS))
        old = row[at]
        row[at] = EDITS[FIELDS[at]](old)
        edits.append((row, FIELDS[at], old or None, row[at]))
    fresh = [client(f"N{number}").split(",") for number in range(added)]
    final = [*stays, *fresh]
    random.shuffle(final)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        first = uploads.plan(write(folder, "clients.xlsx", "Clients", laid_out(before, random, 0)))
        again = uploads.plan(write(folder, name, sheet, laid_out(final, random, further)))
    cells = again.every_change["cells"]
    told = [(one["row"], one["field"], one["before"], one["after"]) for one in cells]
    assert sorted(told) == sorted((2 + final.index(row), *cell) for row, *cell in edits)
    changed = again.every_change["rows"]
    assert sum(one["change"] == "new" for one in changed) == added
    assert sorted(one["row"] for one in changed if one["change"] == "gone") == sorted(
        2 + [row[0] for row in before].index(number) for number in gone
    )
    [comparison] = [one for one in again.changes.comparisons if one.records == "clients"]
    assert (comparison.rows, comparison.matched) == (len(final), len(stays))
    assert comparison.rows == comparison.new + comparison.changed + comparison.otherwise + comparison.unchanged
    # Nothing is approved here, so what it comes to is what the plans charge.
    difference = again.amounts.get("USD", 0) - first.amounts.get("USD", 0)
    assert sum(money.get("USD", 0) for money in comparison.money.values()) == difference


def test_a_repaired_copy_is_known_by_what_it_says_of_itself(uploads: Uploads, tmp_path: Path) -> None:
    """Nothing of the first upload had an identity; the copy says of which file it was made."""
    uploads.kept = ()
    bare = [client("", site="", name=name).split(",") for name in ("One", "Two", "Three")]
    first = uploads.plan(write(tmp_path, "clients.csv", "", laid_out(bare, Random(1), 0)))
    digest = str(first.sources[0]["sha256"])

    def repaired(intake: Intake) -> Intake:
        return replace(intake, sources=tuple(replace(one, lineage=digest) for one in intake.sources))

    whole = [client(name, name=name).split(",") for name in ("One", "Two", "Three")]
    path = write(tmp_path, "mended.csv", "", laid_out(whole, Random(2), 0))
    told = uploads.plan(path, change=repaired).changes.sentences[path.as_posix()]
    assert told.startswith("mended.csv: the repaired copy of clients.csv (R-")
    assert "6 cells changed" in told
    again = uploads.plan(path, change=repaired).changes.sentences[path.as_posix()]
    assert again.startswith("mended.csv: the same file as mended.csv (R-")
    whole[0][2] = "Uno"
    path = write(tmp_path, "mended again.csv", "", laid_out(whole, Random(3), 0))
    third = uploads.plan(path, change=repaired).changes.sentences[path.as_posix()]
    assert third.startswith("mended again.csv: the repaired copy of mended.csv (R-")


def test_the_same_rows_read_otherwise_are_changes_too(uploads: Uploads, tmp_path: Path) -> None:
    """A mapping that reads a word otherwise changes what the cell says, though nobody has touched it."""
    uploads.kept = ()
    rows = [client(f"C{number}").split(",") for number in range(3)]
    path = write(tmp_path, "clients.csv", "", laid_out(rows, Random(1), 0))
    uploads.plan(path)

    def reread(intake: Intake) -> Intake:
        return replace(intake, clients=intake.clients.with_columns(plan=pl.lit("assessment_only")))

    cells = uploads.plan(path, change=reread).every_change["cells"]
    assert {(one["field"], one["before"], one["after"]) for one in cells} == {("plan", "full_spoke", "assessment_only")}
    assert len(cells) == 3


def test_the_example_of_what_is_gone(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tests/problems/record-gone`: what is told of a row of `june.csv` that `input.csv` lacks."""
    uploads.kept = ()
    folder = Path(__file__).parents[1] / "problems" / "record-gone"
    monkeypatch.chdir(folder)
    uploads.inputs = replace(uploads.inputs, run_id="R-0006")
    uploads.plan(Path("june.csv"))
    problems = uploads.plan(Path("input.csv")).problems
    assert "\n\n".join(map(str, problems)) + "\n" == (folder / "expected.txt").read_text(encoding="utf-8")
