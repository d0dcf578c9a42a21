"""The points themselves: unarmed they do nothing, armed they act at the time asked for, and all of them are reached."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import connector.runs
from connector.runs.crashpoints import POINTS, arm, arm_from, disarm, kill_self, reached, watch


@pytest.fixture(autouse=True)
def unarmed() -> Iterator[None]:
    yield
    disarm()


def test_an_unarmed_point_does_nothing() -> None:
    for point in POINTS:
        reached(point)


def test_an_armed_point_acts_once_at_the_time_asked_for() -> None:
    acted: list[str] = []
    arm("push:claimed", 3, lambda: acted.append("acted"))
    for _ in range(2):
        reached("push:claimed")
        reached("push:intent")
    assert acted == []
    for _ in range(3):
        reached("push:claimed")
    assert acted == ["acted"]


def test_a_watch_hears_of_every_point_until_it_is_disarmed() -> None:
    heard: list[str] = []
    watch(heard.append)
    reached("push:claimed")
    reached("push:intent")
    disarm()
    reached("push:settled")
    assert heard == ["push:claimed", "push:intent"]


def test_an_empty_text_disarms() -> None:
    acted: list[str] = []
    arm("push:claimed", action=lambda: acted.append("acted"))
    arm_from("")
    reached("push:claimed")
    assert acted == []


@pytest.mark.parametrize("text", ["push:nowhere", "push:claimed#0", "push:claimed#x"])
def test_a_text_that_names_no_point_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"crash point|invalid literal"):
        arm_from(text)


@pytest.mark.parametrize(("text", "passed"), [("push:intent", 0), ("push:intent#3", 2)])
def test_an_armed_process_is_killed_there(text: str, passed: int) -> None:
    program = (
        "from connector.runs.crashpoints import arm_from, reached\n"
        f"arm_from({text!r})\n"
        "for n in range(5): reached('push:intent'); print(n, flush=True)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout.split()) == (-9, [str(n) for n in range(passed)])


def test_killing_is_by_the_signal_that_no_program_can_catch(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda process, signal: sent.append((process, signal)))
    monkeypatch.setattr("os.getpid", lambda: 7)
    kill_self()
    assert sent == [(7, 9)]


def test_every_point_stands_in_the_code_once_and_every_one_there_is_listed() -> None:
    folder = Path(connector.runs.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    assert sorted(re.findall(r'reached\("([a-z:-]+)"\)', code)) == sorted(POINTS)
