"""How much computing the whole intake of 100,000 rows × 12 columns takes, against the bare readers there are.

Every figure is the processor time (user and system, all child processes included) of a fresh Python process, so that
interpreter and imports count for each alike. The bare readers only turn the file into values; ours reads, scans, maps,
types, checks and counts. Exit code 1 when ours takes more than 1.8 times the fastest bare reader.
"""

import os
import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import openpyxl

ROWS = 100_000
RUNS = 5
LARGEST_RATIO = 1.8
FULL, UPGRADED, COUNTED = 0.6, 0.3, 0.5  # shares of the clients
MAPPINGS = Path(__file__).resolve().parent.parent / "mappings"

_HEADER = (
    "Client ID, Partner ID, Client name, Website, Plan, Created on, Upgraded on, Employees, Status, Country, "
    "Advisors, Users"
)
_OURS = f"""
import sys
from pathlib import Path
from connector.intake import load_mappings, read_sources
mappings, problems = load_mappings(Path({str(MAPPINGS)!r}))
assert mappings is not None, problems
intake = read_sources([Path(sys.argv[1])], mappings)
assert intake.clients.height == {ROWS} and not intake.problems, intake.problems[:3]
"""
_CALAMINE = """
import sys
from python_calamine import CalamineWorkbook
rows = CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).iter_rows()
assert sum(1 for _ in rows) == {rows}
"""
_FASTEXCEL = """
import sys
import fastexcel, polars
sheet = fastexcel.read_excel(sys.argv[1]).load_sheet(0, dtypes="string")
assert polars.DataFrame(sheet).height == {rows} - 1
"""
_OPENPYXL = """
import sys
import openpyxl
sheet = openpyxl.load_workbook(sys.argv[1], read_only=True).worksheets[0]
assert sum(1 for _ in sheet.iter_rows(values_only=True)) == {rows}
"""
_OURS_NAME = "ours, end to end"
# Ours stands beside the readers it is compared with: what else the machine does falls on all of them.
PROGRAMS = {
    "python-calamine, rows": _CALAMINE.format(rows=ROWS + 1),
    "fastexcel, text columns": _FASTEXCEL.format(rows=ROWS + 1),
    _OURS_NAME: _OURS,
    "openpyxl, read-only": _OPENPYXL.format(rows=ROWS + 1),
}


def make_workbook(path: Path) -> None:
    """Write the same clients every time: half with a count, half with a band, some upgraded."""
    chance = random.Random(20250301)  # noqa: S311  (the same file every time, not a secret)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Clients")
    sheet.append(_HEADER.split(", "))
    for number in range(ROWS):
        created = date(2021, 1, 1) + timedelta(days=chance.randrange(1500))
        full = chance.random() < FULL
        upgraded = created + timedelta(days=chance.randrange(200)) if full and chance.random() < UPGRADED else None
        size = chance.randrange(1, 4000) if chance.random() < COUNTED else chance.choice(("2-10", "11-50", "51-200"))
        sheet.append(
            (
                f"C-{number:06d}",
                f"P-{chance.randrange(200):04d}",
                f"Client {number} Ltd",
                f"client{number}.example.com",
                "Full feature Spoke" if full else "Assessment Only",
                created,
                upgraded,
                size,
                "Active",
                chance.choice(("US", "GB", "AU")),
                chance.randrange(9),
                chance.randrange(50),
            )
        )
    book.save(path)


def cpu_seconds(program: str, workbook: Path) -> float:
    """Processor time of one fresh process that runs the program, with all its children."""
    process = subprocess.Popen([sys.executable, "-c", program, str(workbook)])  # noqa: S603  (our own programs)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, program
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Measure, print the table, compare with the threshold."""
    with TemporaryDirectory() as folder:
        workbook = Path(folder) / "clients.xlsx"
        make_workbook(workbook)
        runs: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for _ in range(RUNS):
            for name, program in PROGRAMS.items():
                runs[name].append(cpu_seconds(program, workbook))
    medians = {name: median(seconds) for name, seconds in runs.items()}
    fastest = min((name for name in medians if name != _OURS_NAME), key=lambda name: medians[name])
    print(f"{ROWS:,} rows × 12 columns, .xlsx; medians of {RUNS}; load {os.getloadavg()}")
    for name, seconds in medians.items():
        print(f"{name:<26} {seconds:6.2f} CPU-s   {seconds / medians[fastest]:5.2f} × the fastest bare reader")
    # Round by round, so that what else the machine does falls on both.
    ratio = median(ours / bare for ours, bare in zip(runs[_OURS_NAME], runs[fastest], strict=True))
    if ratio > LARGEST_RATIO:
        print(f"too slow: ours takes {ratio:.2f} times {fastest}; at most {LARGEST_RATIO} is allowed")
        return 1
    print(f"within the threshold: {ratio:.2f} of at most {LARGEST_RATIO}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
