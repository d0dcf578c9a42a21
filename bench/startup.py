"""What `connector --help` costs in CPU, beside a bare interpreter that imports typer. Run by `make bench`.

Exits 1 above three times the peer, or above half a second on a machine that imports typer in 0.2 s.
"""

import os
import resource
import statistics
import subprocess
import sys

ROUNDS = 7
MOST_RATIO = 3.0


def cpu_seconds(*command: str) -> float:
    """The CPU that one run of a command takes, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # our own program
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Measure both in turns, print the medians and the ratio."""
    ours = [sys.executable, "-m", "connector", "--help"]
    peer = [sys.executable, "-c", "import typer"]
    pairs = [(cpu_seconds(*ours), cpu_seconds(*peer)) for _ in range(ROUNDS)]
    help_s, typer_s = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = help_s / typer_s
    print(f"connector --help {help_s:.3f} CPU-s, import typer {typer_s:.3f} CPU-s, ratio {ratio:.2f}; "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    return 0 if ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
