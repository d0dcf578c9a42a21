"""`rebuild --check` finds whatever of the differences does not follow any more."""

import shutil
from pathlib import Path

import pytest
from test_runs_rebuild import SENT, SUMS, Folder
from world import World, client

from connector import ledger
from connector.sandbox import SandboxServer

IDS, PLACES = "adjustment ids against their charges", "adjustments of a charge are 1, 2, …"
OWNERS, AMOUNTS = "adjustments against their charges", "amounts with adjustments against unit × quantity"
LINES, TAXES = "adjustments against lines of documents", "tax with adjustments against rates"
DIFFERENCES = (IDS, PLACES, OWNERS, AMOUNTS, LINES)
PLANNED = "adjustment rows against the approved plans"


@pytest.fixture(scope="module")
def adjusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clients billed; of one more is owed, of the other less, in the books."""
    folder = tmp_path_factory.mktemp("adjusted")
    server = SandboxServer(state=folder / "books.sqlite3", host="127.0.0.1", port=0)
    server.start()
    world = World(folder / "work", server)
    world.bill(world.partners(), world.clients(client("A"), client("B", created="2025-05-01")))
    world.bill(world.clients(client("A", size="51-200"), client("B", created="2025-05-01", size="2-10")))
    made = world.run("correct", "US-000001", "--difference", "--reason", "wrong", "--as-of", "2025-06-25").plain
    assert world.run("approve", made["run"]).code == 0
    assert world.run("push", made["run"]).code == 0
    server.stop()
    ledger.close_store()
    return world.folder


@pytest.fixture
def copy(adjusted: Path, tmp_path: Path) -> Folder:
    return Folder(shutil.copytree(adjusted, tmp_path / "work"))


def test_differences_agree_and_are_counted(copy: Folder) -> None:
    found = {one["name"]: (one["looked"], one["wrong"]) for one in copy.proofs()}
    assert {name: found[name] for name in (*DIFFERENCES, TAXES, PLANNED)} == dict.fromkeys(
        (*DIFFERENCES, TAXES, PLANNED), (2, 0)
    )
    assert {wrong for _, wrong in found.values()} == {0}


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE adjustment SET sequence = 2 WHERE amount_minor > 0", {IDS, PLACES, PLANNED}),
        ("UPDATE adjustment SET amount_minor = amount_minor + 1 WHERE amount_minor > 0", {AMOUNTS, LINES, PLANNED}),
        ("UPDATE adjustment SET quantity = 2 WHERE amount_minor > 0", {AMOUNTS, PLANNED}),
        ("UPDATE adjustment SET partner_id = 'P-2' WHERE amount_minor > 0", {OWNERS, LINES, PLANNED}),
        ("DELETE FROM adjustment", {LINES, PLANNED}),
        ("DELETE FROM adjustment_line", {LINES, TAXES, SUMS, SENT}),
        ("UPDATE adjustment_line SET account = '999' WHERE id = 1", {LINES}),
        (
            "UPDATE adjustment_line SET tax_minor = tax_minor + 1 WHERE id = 1",
            {SUMS, SENT, TAXES, "tax of lines against their rates"},
        ),
    ],
)
def test_a_difference_that_does_not_follow_any_more_is_told(copy: Folder, statement: str, wrong: set[str]) -> None:
    copy.behind(statement)
    assert {*copy.wrong()} == wrong
