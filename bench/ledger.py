"""The ledger under years and under millions: what planning and approving cost beside a bare insert of the same rows.

Bulk: uploads of 100,000 new clients each, planned and approved one after the other, on SQLite and on PostgreSQL; the
peer writes the same rows into the same tables and indexes, without guards, by executemany and by COPY, upload by upload
with a commit for each. What is compared is seconds by the clock, since a server's work is not ours to count; reading
the files is not in them. Growth is that of the uploads beside that of the peer: the first goes into an empty database,
and what its indexes and caches take as they fill is the database's own. Years: a
rulebook with monthly terms and a clock of its own; every run is planned and approved. Again: the same file once more.
Exit code 1 when a threshold is passed.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench_kit import judge
from ledger_runs import BARE, CLIENTS, again, bulk, years

ROOT = Path(__file__).resolve().parent.parent
MOST_BY_BARE, MOST_MIB, MOST_GROWTH, MOST_BY_YEARS, MOST_BY_INTAKE = 4.0, 1_536, 1.2, 1.5, 1.5
UPLOADS, YEARS, MONTHLY = 10, 10, 5_000
# Those of the tests suit hundreds of small databases; one of millions of rows is given memory, as any server is.
SERVER = ("shared_buffers=1GB", "max_wal_size=8GB")
_WORKS = {"bulk": bulk, "years": years, "again": again}


def fresh(work: str, folder: Path, *numbers: int, **settings: str) -> dict[str, Any]:
    """What a work tells, done in a process of its own under these further settings of the environment."""
    environment = {**os.environ, **settings}
    command = [sys.executable, __file__, "--work", work, str(folder), *map(str, numbers)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - ourselves
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def told_bulk(name: str, found: dict[str, Any]) -> bool:
    """Print what the uploads cost; whether all is within the thresholds."""
    ours, bare = found["seconds"], found["bare"]
    count = len(ours) * CLIENTS
    print(f"\n{name}: {count:,} charges in {len(ours)} uploads, and bare; load {os.getloadavg()[0]:.1f}")
    print(f"  ours {sum(ours):7.1f} s  {found['mib']:6.0f} MiB;  bare {sum(bare):7.1f} s;  totals {found['total']}")
    print("  each upload: " + ", ".join(f"{one:.1f}" for one in ours))
    print("  bare:        " + ", ".join(f"{one:.1f}" for one in bare))
    straight, theirs = (sum(one) / one[0] / len(one) for one in (ours, bare))
    print(f"  growth by a straight line through the first upload: ours {straight:.2f}, bare {theirs:.2f}")
    within = judge(f"by bare, {name}", sum(ours) / sum(bare), MOST_BY_BARE)
    within &= judge("MiB at most", found["mib"], MOST_MIB)
    return within & judge("growth, by that of bare inserts", straight / theirs, MOST_GROWTH)


def told_years(found: dict[str, Any]) -> bool:
    """Print what a run costs after years; whether that is within the threshold."""
    seconds = found["seconds"]
    early, late = median(seconds[1:13]), median(seconds[-12:])
    print(f"\nYears: {found['charges']:,} charges in {len(seconds)} monthly runs; load {os.getloadavg()[0]:.1f}")
    print(f"  a run of the first year {early:.2f} s, of the last {late:.2f} s; totals {found['total']}, as expected")
    return judge("the last year's runs by the first year's", late / early, MOST_BY_YEARS)


def told_again(found: dict[str, Any]) -> bool:
    """Print what an unchanged upload costs; whether that is within the threshold."""
    read, planned, check, plan = (median(one) for one in zip(*found["rounds"], strict=True))
    print(f"\nThe same file again: {found['rows']:,} rows, {found['charges']} charges; load {os.getloadavg()[0]:.1f}")
    print(f"  reading alone {read:.2f} s, planning from the files {planned:.2f} s")
    print(f"  'connector check' {check:.2f} s, 'connector plan' {plan:.2f} s")
    print("  with one row more: reading {:.2f} s, planning what was read {:.2f} s".format(*found["edited"]))
    within = found["charges"] == 0
    within &= judge("planning by reading", planned / read, MOST_BY_INTAKE)
    return within & judge("'plan' by 'check'", plan / check, MOST_BY_INTAKE)


def main() -> int:
    """Run the benches; 1 when a threshold is passed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--work", nargs="+", help="(a work, its folder and its numbers: how this program calls itself)")
    asked.add_argument("--uploads", type=int, default=UPLOADS, help=f"uploads of {CLIENTS:,} clients each")
    asked.add_argument("--years", type=int, default=YEARS, help="years of monthly runs")
    asked.add_argument("--only", choices=["bulk", "years", "again"], help="one of them")
    given = asked.parse_args()
    if given.work:
        work, folder, *numbers = given.work
        print(json.dumps(_WORKS[work](Path(folder), *map(int, numbers))))
        return 0
    within = True
    with TemporaryDirectory() as place:
        folder = Path(place)
        if given.only in (None, "bulk"):
            within &= told_bulk("SQLite", fresh("bulk", folder / "sqlite", given.uploads))
            sys.path.append(str(ROOT / "tests"))
            from postgres_server import running  # noqa: PLC0415 - only here is a server needed

            with running(settings=SERVER) as server:
                postgres = fresh(
                    "bulk", folder / "postgres", given.uploads, CONNECTOR_LEDGER=server.make(), **{BARE: server.make()}
                )
            within &= told_bulk("PostgreSQL", postgres)
        if given.only in (None, "years"):
            within &= told_years(fresh("years", folder / "years", given.years, MONTHLY))
        if given.only in (None, "again"):
            within &= told_again(fresh("again", folder / "again", 5))
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
