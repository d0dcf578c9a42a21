"""How much memory a read takes, in the reading process and in the program that has started it.

The largest resident memory of each, as Linux tells it for a fresh process and for its children; and how little address
space (`Limits.memory_bytes`) is enough, which is another figure: space that is asked for and never used counts there.
Exit code 1 when a resident size is over its ceiling.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl

ROOT = Path(__file__).resolve().parent.parent
SHAPES = (("xlsx", 100_000), ("csv", 200_000), ("xlsx", 200_000), ("csv", 1_000_000))
SMALL_ROWS, SMALL_MIB, LARGE_MIB = 200_000, 1_024, 3_072  # up to so many rows, and above
STEP_MIB = 256

_HEADER = (
    "Client ID, Partner ID, Client name, Website, Plan, Created on, Upgraded on, Employees, Status, Country, "
    "Advisors, Users"
)
_READ = f"""
import resource, sys
from pathlib import Path
from connector.intake import Limits, load_mappings, read_sources
mappings, problems = load_mappings(Path({str(ROOT / "mappings")!r}))
assert mappings is not None, problems
given = {{"memory_bytes": int(sys.argv[3]) * 2**20}} if int(sys.argv[3]) else {{}}
intake = read_sources([Path(sys.argv[1])], mappings, limits=Limits(**given))
if intake.problems:
    sys.exit(str(intake.problems[0]))
assert intake.clients.height == int(sys.argv[2])
print(*(resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


def row(number: int) -> tuple[str | int, ...]:
    """A client; no two are alike."""
    return (
        *(f"C-{number:07d}", f"P-{number % 200:04d}", f"Client {number}", f"c{number}.example.com"),
        *("Full", f"2025-{number % 12 + 1:02d}-{number % 28 + 1:02d}", "", number % 4000 + 1, "Active"),
        *(("US", "GB", "AU")[number % 3], number % 9, number % 50),
    )


def make(path: Path, rows: int) -> None:
    """Write a file of so many clients."""
    header = _HEADER.split(", ")
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8") as out:
            out.write(",".join(header) + "\n")
            out.writelines(",".join(map(str, row(number))) + "\n" for number in range(rows))
        return
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Clients")
    sheet.append(header)
    for number in range(rows):
        sheet.append(row(number))
    book.save(path)


def read(path: Path, rows: int, space_mib: int = 0) -> tuple[int, int] | None:
    """Largest resident MiB of the program and of the reading process; None when the space was too small."""
    told = (str(path), str(rows), str(space_mib))
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-c", _READ, *told], capture_output=True, text=True, check=False
    )
    if done.returncode:
        assert "[file-too-costly]" in done.stderr or "[file-damaged]" in done.stderr, done.stderr
        return None
    program, child = map(int, done.stdout.split())
    return program, child


def space_needed(path: Path, rows: int, largest_mib: int) -> int:
    """The smallest address space in steps with which the file is read."""
    return next((mib for mib in range(STEP_MIB, largest_mib, STEP_MIB) if read(path, rows, mib)), largest_mib)


def main(wanted: list[str]) -> int:
    """Measure, print the table, compare with the ceilings. `--space` also looks for the address space needed."""
    over = []
    print(f"MiB; load {os.getloadavg()}")
    print(f"{'file':<24} {'on disk':>8} {'program':>8} {'reading':>8} {'ceiling':>8}   address space needed")
    with TemporaryDirectory() as folder:
        for kind, rows in SHAPES:
            path = Path(folder) / f"clients.{kind}"
            make(path, rows)
            used = read(path, rows)
            assert used is not None, path
            ceiling = SMALL_MIB if rows <= SMALL_ROWS else LARGE_MIB
            space = f"{space_needed(path, rows, 4_096):,}" if "--space" in wanted else "not looked for"
            name = f"{rows:,} × 12, .{kind}"
            size = path.stat().st_size // 2**20
            print(f"{name:<24} {size:>8,} {used[0]:>8,} {used[1]:>8,} {ceiling:>8,}   {space}", flush=True)
            if used[1] > ceiling or used[0] > ceiling:
                over.append(name)
    if over:
        print(f"over the ceiling: {'; '.join(over)}")
        return 1
    print("within the ceilings")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
