"""What the whole intake costs beside bare reads of the same file, and beside two validators doing the same checks.

The bare readers only turn a file into values; ours reads it in a process of its own, scans it, maps, types, checks and
counts. Exit code 1 when a threshold is passed. The validators live in an environment of their own (.venv-bench).
"""

import compileall
import csv
import os
import re
import sys
import zipfile
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import openpyxl
from bench_kit import Cost, cost_of, fastest, judge, ratio, rounds, table
from bench_rows import HEADER, client_rows
from bench_validators import FRICTIONLESS, PANDERA

ROWS = 100_000
CSV_ROWS = 1_000_000
ROUNDS = 5
CSV_ROUNDS = 3
MOST_CLEAN, MOST_FORMULAS, MOST_CSV, MOST_MEMORY = 1.8, 3.0, 5.0, 3.0
ROOT = Path(__file__).resolve().parent.parent
VALIDATORS = ROOT / ".venv-bench" / "bin" / "python"

OURS = "ours, end to end"
_INTAKE = f"""
import sys
from pathlib import Path
from connector.intake import load_mappings, read_sources
mappings, problems = load_mappings(Path({str(ROOT / "mappings")!r}))
assert mappings is not None, problems
intake = read_sources([Path(sys.argv[1])], mappings)
assert intake.clients.height == {{rows}} and not intake.problems, intake.problems[:3]
"""
_CALAMINE = """
import sys
from python_calamine import CalamineWorkbook
rows = CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).iter_rows()
assert sum(1 for _ in rows) == {rows} + 1
"""
_FASTEXCEL = """
import sys
import fastexcel, polars
sheet = fastexcel.read_excel(sys.argv[1]).load_sheet(0, dtypes="string")
assert polars.DataFrame(sheet).height == {rows}
"""
_OPENPYXL = """
import sys
import openpyxl
sheet = openpyxl.load_workbook(sys.argv[1], read_only=True).worksheets[0]
assert sum(1 for _ in sheet.iter_rows(values_only=True)) == {rows} + 1
"""
_POLARS = """
import sys
import polars
assert polars.read_csv(sys.argv[1], infer_schema=False).height == {rows}
"""


def make_workbook(path: Path) -> None:
    """Write the clients as a workbook."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Clients")
    sheet.append(HEADER)
    for row in client_rows(ROWS):
        sheet.append(row)
    book.save(path)


def make_formulas(clean: Path, path: Path) -> None:
    """The same workbook with a formula in every cell below the header, each with its calculated value beside it."""
    with zipfile.ZipFile(clean) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name.startswith("xl/worksheets/"):
                head, _, body = content.partition(b"</row>")
                body = re.sub(rb'(<c r="([A-Z]+[0-9]+)"[^>]*>)<v>', rb"\1<f>N(\2)</f><v>", body)
                text = rb'<c r="([A-Z]+[0-9]+)" t="inlineStr"><is><t>([^<]*)</t></is></c>'
                body = re.sub(text, rb'<c r="\1" t="str"><f>T(\1)</f><v>\2</v></c>', body)
                content = head + b"</row>" + body
            if name == "xl/workbook.xml":  # it was calculated: nothing is to be done when it is opened
                content = content.replace(b'fullCalcOnLoad="1"', b"")
            target.writestr(name, content)


def make_csv(path: Path) -> None:
    """Write ten times as many clients as text."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        writer.writerows(client_rows(CSV_ROWS))


def beside_readers(title: str, path: Path, programs: dict[str, str], runs: int, most: float) -> bool:
    """Ours beside the bare readers: computing and memory, each by the fastest."""
    costs = rounds(programs, path, runs)
    peer = fastest(costs, OURS)
    table(title, costs, peer)
    cpu = judge("computing", ratio(costs, OURS, peer), most)
    return judge("memory", ratio(costs, OURS, peer, "memory"), MOST_MEMORY) and cpu


def beside_validators(path: Path) -> bool:
    """Ours beside frictionless and pandera doing the same checks on the same workbook, in turn; ours must be ahead."""
    ahead = True
    print(f"\nthe same checks on {ROWS:,} rows; load {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    for name, program, runs in (("frictionless", FRICTIONLESS, 1), ("pandera", PANDERA, ROUNDS)):
        costs: dict[str, list[Cost]] = {OURS: [], name: []}
        for _ in range(runs):
            costs[name].append(cost_of(program, str(path), python=str(VALIDATORS)))
            costs[OURS].append(cost_of(_INTAKE.format(rows=ROWS), str(path)))
        for one, found in costs.items():
            cpu, memory = median(cost.cpu for cost in found), median(cost.memory for cost in found)
            print(f"  {one:<28} {cpu:7.2f} CPU-s  {memory:7.0f} MiB  median of {runs}")
        ahead = judge(f"ours by {name}", ratio(costs, OURS, name), 1.0) and ahead
    return ahead


def main() -> int:
    """Measure, print the tables, compare with the thresholds."""
    compileall.compile_dir(ROOT / "connector", quiet=1)  # as pip has compiled the peers when it installed them
    with TemporaryDirectory() as folder:
        clean, formulas, text = (Path(folder) / name for name in ("clean.xlsx", "formulas.xlsx", "clients.csv"))
        make_workbook(clean)
        make_formulas(clean, formulas)
        make_csv(text)
        bare = {"python-calamine": _CALAMINE, "fastexcel": _FASTEXCEL, OURS: _INTAKE}
        xlsx = {name: program.format(rows=ROWS) for name, program in bare.items()}
        plain = {name: program.format(rows=CSV_ROWS) for name, program in {"polars": _POLARS, OURS: _INTAKE}.items()}
        shape = f"{ROWS:,} rows × {len(HEADER)} columns"
        results = [
            beside_readers(f"{shape}, .xlsx", clean, xlsx, ROUNDS, MOST_CLEAN),
            beside_readers(f"{shape}, .xlsx full of formulas", formulas, xlsx, ROUNDS, MOST_FORMULAS),
            beside_readers(f"{CSV_ROWS:,} rows, .csv", text, plain, CSV_ROUNDS, MOST_CSV),
            beside_validators(clean),
        ]
        slow = cost_of(_OPENPYXL.format(rows=ROWS), str(clean))
        print(f"\nfor comparison, openpyxl read-only: {slow.cpu:.2f} CPU-s")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
