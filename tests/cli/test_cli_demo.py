"""The demo: end to end on the samples; the second one on the same ledger bills nothing and says so."""

import socket
from pathlib import Path

from world import command


def test_the_second_demo_bills_nothing_and_says_so(tmp_path: Path) -> None:
    folder = str(tmp_path / "demo")
    first = command("demo", "--folder", folder, "--json")
    assert first.code == 0, first.out[-2000:] + first.err
    runs = first.plain["runs"]
    assert [run["push"]["tie_out"]["ties"] for run in runs] == [True, True]
    assert [sum(not one["faults"] for one in run["plan"]["documents"]) for run in runs] == [5, 3]
    assert first.plain["billed_nothing"] is False
    second = command("demo", "--folder", folder)
    assert second.code == 0, second.out[-2000:] + second.err
    assert "Nothing new was billed: every charge of these files is in the ledger already." in second.out
    assert "with your own workbook and your own Xero" in second.out


def test_the_demo_takes_another_port_when_the_usual_one_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", 8765))
            taken.listen()
        except OSError:
            pass  # somebody else has it, which is just as good
        assert command("demo", "--folder", str(tmp_path / "demo"), "--json").code == 0


def test_a_demo_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    told = command("demo", "--folder", str(tmp_path / "file" / "demo"), "--json")
    assert (told.code, told.plain["next_step"]) == (2, "Name another with --folder.")
