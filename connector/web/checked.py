"""What was read of an upload, kept beside its files so that pages of it are fast: the sheets, the faults, the copies.

Everything here is written by the worker that stands in the upload's folder, and read by the page.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from connector.domain.places import Cell, column_letters
from connector.intake import Intake, Limits, Mappings, SheetGuess, guess_of
from connector.intake.repair.door import repair
from connector.runs.compared import FRAMES, Compared
from connector.runs.errors import StopError
from connector.runs.run_tables import CHANGES

FOLDER = ".checked"  # no upload has such a name: names of uploads begin with a letter or a digit
FAULTS = "faults.arrow"
MOST_OF_A_PAGE = 100
_MIDNIGHT = " 00:00:00"  # of a day, as a spreadsheet keeps it
_FAULTS = {
    "file": pl.String,
    "sheet": pl.String,
    "row": pl.Int64,
    "column": pl.Int64,
    "where": pl.String,
    "code": pl.String,
    "severity": pl.String,
    "message": pl.String,
    "next_step": pl.String,
}


@dataclass(frozen=True)
class GridRow:
    """One row of a sheet as it stands: its number, what it is, its cells; a cell's faults are its second part."""

    number: int
    kind: str
    cells: tuple[tuple[str, str], ...]
    faults: str


def keep_check(intake: Intake, mappings: Mappings, limits: Limits) -> Mapping[str, Any]:
    """Keep what was read in the folder that this process stands in; what came of it, in counts."""
    place = Path(FOLDER)
    place.mkdir(mode=0o700, exist_ok=True)
    faults = pl.DataFrame([_fault(one) for one in intake.problems], schema=_FAULTS, orient="row")
    faults.write_ipc(place / FAULTS)
    sheets = []
    for number, ((source, name), sheet) in enumerate(intake.sheets.items()):
        kinds = intake.rows.filter((pl.col("source") == source) & (pl.col("sheet") == name))
        frame = sheet.shown.with_columns(pl.Series("_kind", _whole(kinds, sheet.shown.height), dtype=pl.String))
        frame.write_ipc(place / f"sheet-{number}.arrow", compression="zstd")
        own = faults.filter((pl.col("file") == source) & (pl.col("sheet") == name))
        sheets.append(
            {
                "number": number,
                "file": source,
                "sheet": name,
                "records": sheet.kind.value if sheet.kind else "",
                "mapping": sheet.mapping,
                "rows": sheet.shown.height,
                "kinds": dict(kinds.group_by("kind").len().sort("kind").iter_rows()),
                "errors": own.filter(pl.col("severity") == "error").height,
                "warnings": own.filter(pl.col("severity") == "warning").height,
                "proposed": _keep_guess(place / _guess_file(number), guess_of(sheet, mappings)),
            }
        )
    counted = dict(faults.group_by("severity").len().iter_rows())
    found = {
        "sheets": sheets,
        "errors": counted.get("error", 0),
        "warnings": counted.get("warning", 0),
        "marked": _marked(intake, limits, place),
        "unread": [one.name for one in intake.sources if one.failed],
    }
    (place / "found.json").write_text(json.dumps(found), encoding="utf-8")
    return found


def keep_compared(compared: Compared | StopError) -> Mapping[str, Any]:
    """Keep what differs from the last upload in the folder that this process stands in; what it comes to."""
    place = Path(FOLDER)
    for name in FRAMES:
        (place / f"{name}.arrow").unlink(missing_ok=True)
    if isinstance(compared, StopError):
        return {"not_compared": f"{compared.message}. {compared.next_step}"}
    for name, frame in compared.frames.items():
        frame.write_ipc(place / f"{name}.arrow", compression="zstd")
    return {
        "compared": {
            "sentences": list(compared.changes.sentences.values()),
            "documents": compared.documents,
            "totals": {code: total.minor for code, total in compared.totals.items()},
            "tables": {name: compared.frames[frame].height for name, frame in CHANGES.items()},
        }
    }


def differences(place: Path) -> dict[str, pl.DataFrame]:
    """What differs from the last upload, as `Compared.frames`; nothing where it was not compared."""
    found = {name: place / FOLDER / f"{name}.arrow" for name in FRAMES}
    return {name: pl.read_ipc(path) for name, path in found.items() if path.is_file()}


def _guess_file(number: int) -> str:
    return f"guess-{number}.json"


def _keep_guess(path: Path, guess: SheetGuess | None) -> bool:
    """Keep what a sheet seems to be, for whoever confirms a mapping; whether there is anything to confirm."""
    path.unlink(missing_ok=True)
    if guess is None:
        return False
    path.write_text(json.dumps(asdict(guess)), encoding="utf-8")
    return True


def guessed(place: Path, told: Mapping[str, Any]) -> SheetGuess | None:
    """What a sheet of an upload seems to be; None where every column of it is read."""
    if not told.get("proposed"):
        return None
    return SheetGuess.from_plain(json.loads((place / FOLDER / _guess_file(told["number"])).read_text("utf-8")))


def _whole(kinds: pl.DataFrame, height: int) -> list[str]:
    """The kind of each row of a sheet."""
    own = dict(kinds.select("row", "kind").iter_rows())
    return [own.get(number, "blank") for number in range(1, height + 1)]


def _fault(one: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a problem
    place = one.place
    parts = (place.sheet, place.row, place.column) if isinstance(place, Cell) else ("", place.line, place.column)
    return (place.file, *parts, str(place), one.code, one.severity.value, one.message, one.next_step)


def _marked(intake: Intake, limits: Limits, place: Path) -> list[dict[str, Any]]:
    """The marked copy of each file that has something to mark, and a sentence for each that cannot be marked."""
    made = []
    wanted = {problem.place.file for problem in intake.problems}
    for number, source in enumerate(intake.sources):
        if source.name not in wanted:
            continue
        out = place / f"marked-{number}.xlsx"
        out.unlink(missing_ok=True)
        if source.failed:
            made.append({"file": source.name, "number": number, "path": "", "told": "It could not be read."})
            continue
        done = repair(intake, Path(source.name), out, limits=limits)
        if done.path is None:
            told, path = f"{done.message[0].upper()}{done.message[1:]}. {done.next_step}", ""
        else:
            cells = "1 cell is marked" if done.marked_cells == 1 else f"{done.marked_cells} cells are marked"
            told, path = " ".join((f"{cells}; the Fix list has all.", *done.not_kept)), done.path.name
        made.append({"file": source.name, "number": number, "path": path, "told": told})
    return made


def faults(place: Path, search: str, sheet: str) -> pl.DataFrame:
    """The faults of an upload, those that block first; of one sheet (`FILE/SHEET`), and with a word in them."""
    found = pl.read_ipc(place / FOLDER / FAULTS)
    if sheet:
        found = found.filter(pl.concat_str("file", pl.lit("/"), "sheet") == sheet)
    if search:
        wanted = search.lower()
        texts = ("where", "code", "message", "next_step")
        found = found.filter(
            pl.any_horizontal(pl.col(one).str.to_lowercase().str.contains(wanted, literal=True) for one in texts)
        )
    return found.sort(pl.col("severity") != "error", maintain_order=True)


def grid(place: Path, told: Mapping[str, Any], start: int, *, faulty: bool) -> tuple[list[str], list[GridRow], int]:
    """A page of a sheet as a grid: its columns' letters, its rows with the faults on their cells, how many there are.

    Args:
        place: the upload's folder.
        told: the sheet, as `keep_check` tells of it.
        start: the first row, from 0.
        faulty: only the rows with faults.
    """
    frame = pl.read_ipc(place / FOLDER / f"sheet-{told['number']}.arrow").with_row_index("_row", 1)
    own = pl.read_ipc(place / FOLDER / FAULTS).filter(
        (pl.col("file") == told["file"]) & (pl.col("sheet") == told["sheet"])
    )
    if faulty:
        frame = frame.filter(pl.col("_row").is_in(own["row"].unique().implode()))
    total = frame.height
    shown = frame.slice(start, MOST_OF_A_PAGE)
    numbers = [int(name[1:]) for name in shown.columns if name[0] == "c"]
    near = own.filter(pl.col("row").is_in(shown["_row"].implode()))
    on_cells: dict[tuple[int, int], list[str]] = {}
    for row, column, message, step in near.select("row", "column", "message", "next_step").iter_rows():
        on_cells.setdefault((row, column if column in numbers else 0), []).append(f"{message}. {step}")
    rows = [
        GridRow(
            one["_row"],
            one["_kind"],
            tuple(
                ((one[f"c{at}"] or "").removesuffix(_MIDNIGHT), "\n".join(on_cells.get((one["_row"], at), ())))
                for at in numbers
            ),
            "\n".join(on_cells.get((one["_row"], 0), ())),
        )
        for one in shown.iter_rows(named=True)
    ]
    return [column_letters(at) for at in numbers], rows, total
