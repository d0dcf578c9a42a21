"""Files that are made to hurt: each ends with its reason, or is read; nothing outside the file is ever touched.

Those that may compute for longer are left to `bench/hostile.py`.
"""

import socket
import threading
from pathlib import Path

import pytest
from hostile_files import ALL
from hostile_kit import CLIENT, book
from hostile_sheets import SHEETS
from intake_kit import read
from xlsx_kit import packed

from connector.intake import Limits
from connector.intake.guard import open_source


@pytest.mark.parametrize("name", [name for name, hostile in ALL.items() if hostile.seconds <= 5])
def test_it_ends_with_its_reason_or_is_read(name: str, tmp_path: Path) -> None:
    hostile = ALL[name]
    path = tmp_path / f"file{hostile.suffix}"
    path.write_bytes(hostile.make())
    got = read(path)
    assert [problem.code for problem in got.problems] == [hostile.code] * bool(hostile.code)
    for problem in got.problems:
        assert hostile.says in problem.message
        assert "Traceback" not in problem.message
        assert len(problem.message) + len(problem.excerpt) < 1_000
        assert problem.next_step
    assert got.clients["name"].to_list() == ([] if hostile.code else [CLIENT[2]])
    assert got.sources[0].failed == (hostile.code.startswith("file-"))


@pytest.mark.parametrize(
    "name", ["a cell in XFD1048576", "row 4,000,000,000", "60 rows of 16,384 columns", "1,000,000 formatted blank rows"]
)
def test_time_is_not_what_ends_it(name: str, tmp_path: Path) -> None:
    """With twelve seconds of computing the outcome is the same: the reason is not the limit of time."""
    hostile = SHEETS[name]
    path = tmp_path / "file.xlsx"
    path.write_bytes(hostile.make())
    problems = open_source(path, "file.xlsx", Limits(cpu_seconds=12)).problems
    assert [problem.code for problem in problems] == [hostile.code] * bool(hostile.code)
    assert all("seconds" not in problem.message for problem in problems)


def test_links_are_never_followed(tmp_path: Path) -> None:
    """A server that a workbook names in a link, a query and a formula is never asked."""
    asked: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        path = tmp_path / "links.xlsx"
        contents = book()
        whole = SHEETS["external links, queries and DDE"].make()
        path.write_bytes(whole)
        contents["xl/_rels/workbook.xml.rels"] = str(contents["xl/_rels/workbook.xml.rels"]).replace(
            "</Relationships>",
            f'<Relationship Id="rId8" Type="x/template" Target="http://127.0.0.1:{port}/" TargetMode="External"/>'
            "</Relationships>",
        )
        other = tmp_path / "template.xlsx"
        other.write_bytes(packed(contents))

        def wait() -> None:
            try:
                asked.append(server.accept())
            except TimeoutError:
                return

        listener = threading.Thread(target=wait)
        listener.start()
        assert read(path, other).clients["name"].to_list() == ["Acme", "Acme"]
        listener.join()
    assert asked == []
