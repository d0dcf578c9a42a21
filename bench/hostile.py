"""How much each hostile file of the tests keeps the machine busy. Exit code 1 when one takes more than it may.

Counted is the processor time of reading, all child processes included, so that what else the machine does is left out;
the wall time stands beside it. What each file comes to is tested elsewhere. Words on the command line choose files.
"""

import os
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "intake"))

import hostile_files  # noqa: E402  (the path to it is set above)

from connector.intake import Intake, Mappings, load_mappings, read_sources  # noqa: E402  (as above)

_SHOWN = 70


def measure(content: bytes, suffix: str, mappings: Mappings) -> tuple[Intake, float, float]:
    """What the file comes to, its processor seconds, and its wall seconds."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        path.write_bytes(content)
        wall, busy = time.perf_counter(), _busy()
        intake = read_sources([path], mappings)
        return intake, _busy() - busy, time.perf_counter() - wall


def _busy() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main(wanted: list[str]) -> int:
    """Read each file, print its figures, compare with the threshold."""
    mappings, problems = load_mappings(ROOT / "mappings")
    assert mappings is not None, problems
    slow = []
    print(f"{'file':<56} {'bytes':>10} {'CPU-s':>6} {'wall':>6}  comes to; load {os.getloadavg()}")
    for name, hostile in hostile_files.ALL.items():
        if wanted and not any(word in name for word in wanted):
            continue
        content = hostile.make()
        intake, busy, wall = measure(content, hostile.suffix, mappings)
        told = "; ".join(f"{problem.code}: {problem.message[:_SHOWN]}" for problem in intake.problems[:2])
        found = [problem.code for problem in intake.problems]
        mark = "" if found == [hostile.code] * bool(hostile.code) else "other than expected: "
        if busy > hostile.seconds:
            slow.append(f"{name} ({busy:.1f} of {hostile.seconds:g})")
        print(f"{name:<56} {len(content):>10,} {busy:>6.2f} {wall:>6.2f}  {mark}{told or 'read'}", flush=True)
    for who, process in ((resource.RUSAGE_CHILDREN, "a reading process"), (resource.RUSAGE_SELF, "this process")):
        print(f"largest memory of {process}: {resource.getrusage(who).ru_maxrss / 1024:,.0f} MiB")
    if slow:
        print(f"too slow: {'; '.join(slow)}")
        return 1
    print("within the thresholds")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
