"""A rulebook of 200 rules with quotes for 50 partners: what proving it and taking it up again cost.

The aims are absolute, as people feel them: 10 CPU-seconds to check, 0.2 s to load what was checked. So that a slow
machine is not taken for a slow program, both are printed beside a peer: reading the same files with PyYAML's C parser.
"""

import os
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench_kit import cost_of
from bench_rules import write_rulebook

ROUNDS = 5
MOST_CHECK_S, MOST_CACHED_S = 10.0, 0.2
_LOADED = """
import resource, sys
from pathlib import Path
from connector.rulebook import load
before = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
book, problems = load(Path(sys.argv[1]), cache=Path(sys.argv[2]))
after = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
assert book is not None, [str(problem) for problem in problems[:3]]
spent = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(before, after))
Path(sys.argv[3]).write_text(f"{spent} {book.cell_count}")
"""
_PEER = """
import sys, yaml
from pathlib import Path
for path in Path(sys.argv[1]).glob("*.yaml"):
    yaml.load(path.read_text(), yaml.CSafeLoader)
"""


def main() -> int:
    """Measure, print, compare with the aims."""
    with TemporaryDirectory() as name:
        folder, cache, told = (Path(name) / part for part in ("rules", "cache", "told"))
        count = write_rulebook(folder)
        whole = cost_of(_LOADED, str(folder), str(cache), str(told)).cpu
        checked, cells = told.read_text().split()
        cached = []
        for _ in range(ROUNDS):
            cost_of(_LOADED, str(folder), str(cache), str(told))
            cached.append(float(told.read_text().split()[0]))
        peer = median(cost_of(_PEER, str(folder)).cpu for _ in range(ROUNDS))
    print(f"\n{count} rules, {cells} cells; load {os.getloadavg()[0]:.1f}")
    print(f"  check        {float(checked):6.2f} CPU-s of at most {MOST_CHECK_S} (with imports {whole:.2f})")
    print(
        f"  cached load  {median(cached):6.3f} CPU-s of at most {MOST_CACHED_S}; PyYAML reads the files in {peer:.2f}"
    )
    return 0 if float(checked) <= MOST_CHECK_S and median(cached) <= MOST_CACHED_S else 1


if __name__ == "__main__":
    sys.exit(main())
