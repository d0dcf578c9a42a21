"""What the benches share: fresh processes measured with all their children, and medians of rounds.

Every figure is of a fresh process, so that interpreter and imports count for each alike; the peers of one bench take
turns, so that what else the machine does falls on all of them.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Cost:
    """What one process took, its children included.

    Attributes:
        cpu: seconds of processor time, user and system.
        memory: the peak of the memory its processes hold together (proportional set size), in MiB.
    """

    cpu: float
    memory: float


def cost_of(program: str, *arguments: str, python: str = sys.executable) -> Cost:
    """Run a program's text in a fresh interpreter and measure it.

    Raises:
        RuntimeError: it failed.
    """
    process = subprocess.Popen([python, "-c", program, *arguments])  # noqa: S603  (our own programs)
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    if process.returncode:
        message = f"a bench program ended with {process.returncode}:\n{program}"
        raise RuntimeError(message)
    return Cost(usage.ru_utime + usage.ru_stime, peak[0] / 1024)


def rounds(programs: Mapping[str, str], path: Path, runs: int) -> dict[str, list[Cost]]:
    """Every program once per round, in turn."""
    costs: dict[str, list[Cost]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, program in programs.items():
            costs[name].append(cost_of(program, str(path)))
    return costs


def fastest(costs: Mapping[str, Sequence[Cost]], without: str) -> str:
    """The peer with the least median of processor time."""
    return min((name for name in costs if name != without), key=lambda name: median(one.cpu for one in costs[name]))


def ratio(costs: Mapping[str, Sequence[Cost]], ours: str, peer: str, what: str = "cpu") -> float:
    """The median over the rounds of ours by the peer's."""
    pairs = zip(costs[ours], costs[peer], strict=True)
    return median(getattr(own, what) / getattr(bare, what) for own, bare in pairs)


def table(title: str, costs: Mapping[str, Sequence[Cost]], peer: str) -> None:
    """Print medians, and each by the peer's."""
    print(f"\n{title}; medians of {len(costs[peer])}; load {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    base = median(one.cpu for one in costs[peer])
    for name, runs in costs.items():
        cpu, memory = median(one.cpu for one in runs), median(one.memory for one in runs)
        print(f"  {name:<28} {cpu:7.2f} CPU-s  {memory:7.0f} MiB  {cpu / base:6.2f} × {peer}")


def judge(what: str, found: float, most: float) -> bool:
    """Print whether a ratio is within its threshold."""
    within = found <= most
    print(f"  {'within' if within else 'BEYOND'} the threshold: {what} {found:.2f} of at most {most}")
    return within


def judge_least(what: str, found: float, least: float) -> bool:
    """Print whether a ratio reaches its threshold."""
    within = found >= least
    print(f"  {'within' if within else 'BEYOND'} the threshold: {what} {found:.2f} of at least {least}")
    return within


def _watch(process: subprocess.Popen[bytes], peak: list[int]) -> None:
    """Keep the most that the process and its children hold together, in KiB."""
    while process.returncode is None and Path(f"/proc/{process.pid}").exists():
        peak[0] = max(peak[0], sum(map(_held, (process.pid, *_children(process.pid)))))
        time.sleep(_SAMPLE_SECONDS)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _held(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
