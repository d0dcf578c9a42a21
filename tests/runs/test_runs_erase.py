"""Erasure: no name is found in the file any more, money and entries stay, and the ledger still proves itself."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from world import CLIENT_HEADER, PARTNER_HEADER, World, client

from connector import ledger
from connector.cli import erasing
from connector.runs import kept_uploads, scrub, store
from connector.runs.crashpoints import POINTS, VARIABLE
from connector.runs.scrub import Own
from connector.sandbox import SandboxServer

CLIENT = ("Quillfeather Clinics", "quillfeather.example", "QUILL-77")
PARTNER = ("Wexcombe Advisors", "pay@wexcombe.example", "WEX-TAX-88")
_TABLES = ("charge", "document", "document_line", "receipt", "client", "client_alias", "client_version")


class Folder(World):
    """A working folder without its sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.server = folder, None

    @property
    def path(self) -> Path:
        return next(self.folder.rglob("ledger.sqlite3"))

    def found(self, words: tuple[str, ...]) -> set[str]:
        """Which words the raw bytes of the ledger's files, and whatever is sealed or packed in them, hold."""
        raw = b"".join(one.read_bytes() for one in self.path.parent.glob("ledger.sqlite3*"))
        ledger.open_store(self.path)
        told = [repr(store.stored_plan(one.run_id)[0]) for one in store.run_states()]
        frames = [frame for one in store.run_states() for frame in store.stored_plan(one.run_id)[1].values()]
        frames += [one.rows for one in kept_uploads.every_snapshot()]
        told += [repr(frame.rows()) for frame in frames]
        ledger.close_store()
        return {word for word in words if word.encode() in raw or any(word in one for one in told)}

    def entries(self) -> dict[str, pl.DataFrame]:
        ledger.open_store(self.path)
        found = {table: ledger.read(table) for table in _TABLES}
        ledger.close_store()
        return found

    def proved(self) -> bool:
        return (self.run("verify").code, self.run("rebuild", "--check").code) == (0, 0)


def _partners(world: World) -> str:
    header = PARTNER_HEADER.replace("Partner name,", "Partner name,Email,Tax number,")
    rest = "MSP,us,USD,US,Taxable,30,Bank transfer,On event,2024-01-01"
    rows = [f"P-1,{','.join(PARTNER)},{rest}", f"P-2,Other Partner,,,{rest}"]
    return world.write("partners.csv", header, rows)


def _clients(world: World, *, size: str = "11-50", name: str = CLIENT[0]) -> str:
    quill = client(CLIENT[2], name=name, site=CLIENT[1], size=size)
    blocked = client("BLOCKED", name=CLIENT[0], site="blocked.example", size=f"about {CLIENT[0]}")
    return world.clients(quill, client("OTHER", name="Other Clinics"), client("THIRD", partner="P-2"), blocked)


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Billed and sent; edited and planned again, approved; and planned once more."""
    folder = tmp_path_factory.mktemp("billed")
    server = SandboxServer(state=folder / "books.sqlite3", host="127.0.0.1", port=0)
    server.start()
    world = World(folder / "work", server)
    world.bill_anyway(
        _partners(world), world.clients(client(CLIENT[2], name=CLIENT[0], site=CLIENT[1])), as_of="2025-06-20"
    )
    world.bill_anyway(_partners(world), _clients(world), as_of="2025-06-21")
    bundles = world.write("bundles.csv", "Partner ID,Reference,Purchased on,Quantity", ["P-2,PO-1,2025-06-01,1"])
    world.plan(_clients(world, size="51-200", name=f"{CLIENT[0]} Ltd"), bundles, as_of="2025-06-22")
    server.stop()
    ledger.close_store()
    return world.folder


@pytest.fixture
def copy(billed: Path, tmp_path: Path) -> Iterator[Folder]:
    yield Folder(shutil.copytree(billed, tmp_path / "work"))
    ledger.close_store()


def test_a_name_on_a_credit_note_is_erased_too(world: World) -> None:
    world.bill(_partners(world), world.clients(client(CLIENT[2], name=CLIENT[0], site=CLIENT[1])))
    run = world.run("correct", "US-000001", "--credit-only", "--reason", "a mistake", "--as-of", "2025-06-21").plain[
        "run"
    ]
    assert world.run("approve", run).code == 0
    unsent = world.run("erase", CLIENT[2], "--yes")
    assert unsent.plain["error"] == "1 documents that name it are not in the books yet: US-CN-000001 (ready)"
    assert world.run("push", run).code == 0
    copy = Folder(world.folder)
    assert copy.found(CLIENT) == {*CLIENT}
    assert copy.run("erase", CLIENT[2], "--yes").code == 0
    assert copy.found(CLIENT) == set()
    assert copy.proved()


@pytest.mark.parametrize("who", [CLIENT[0].upper(), CLIENT[2]])
def test_a_client_is_erased_everywhere_and_its_money_stays(copy: Folder, who: str) -> None:
    assert copy.found(CLIENT) == {*CLIENT}
    before = copy.entries()
    done = copy.run("erase", who, "--yes").plain["erased"]
    assert [(one["owner_type"], one["items"] > 20, one["kept"], one["plans"]) for one in done] == [
        ("client", True, 0, ["R-0003"])
    ]
    assert copy.found(CLIENT) == set()
    assert copy.found(("Other Clinics", PARTNER[0])) == {"Other Clinics", PARTNER[0]}
    assert all(frame.equals(before[table]) for table, frame in copy.entries().items())
    assert copy.proved()
    number = copy.run("documents").plain["documents"][0]["number"]
    explained = copy.run("explain", number).plain["explained"][0]
    assert "(erased)" in explained["title"]
    assert "(erased)" in copy.run("explain", done[0]["owner_id"]).plain["explained"][0]["facts"]["bills"]
    assert "(erased)" in copy.run("show", "R-0001", as_json=False).out
    told = copy.run("erase", done[0]["owner_id"], "--yes", as_json=False).out
    assert "Backups, and your own workbooks, keep what they held." in told
    refused = copy.run("approve", "R-0003")
    assert (refused.code, refused.plain["error"]) == (1, "names were erased from R-0003 while it waited for approval")
    held = copy.run("hold", "R-0003", "all", "--reason", "wait")
    assert (held.code, held.plain["error"]) == (1, refused.plain["error"])
    assert copy.run("push", "R-0003").plain["error"] == "R-0003 is not approved"
    again = copy.run("erase", done[0]["owner_id"], "--yes").plain["erased"]
    assert again[0]["items"] == 0
    assert copy.proved()


def test_an_erased_client_that_is_uploaded_again_is_not_billed_again(copy: Folder) -> None:
    told = copy.run("erase", CLIENT[2], "--yes", as_json=False).out
    assert "plan again what waited for approval: R-0003" in told
    plan = copy.plan(_clients(copy), as_of="2025-06-23").plain
    assert plan["documents"] == []
    assert plan["buckets"]["clients"]["unchanged"] == 3


def test_a_partner_is_erased_everywhere_and_its_clients_stay(copy: Folder) -> None:
    assert copy.found(PARTNER) == {*PARTNER}
    before = copy.entries()
    assert copy.run("erase", "P-1", "--yes").code == 0
    assert copy.found(PARTNER) == set()
    assert copy.found(CLIENT) == {*CLIENT}
    assert all(frame.equals(before[table]) for table, frame in copy.entries().items())
    assert copy.proved()
    parties = {one["document"]["party"]["name"] for one in copy.run("documents").plain["documents"]}
    assert parties == {"(erased)", "Other Partner"}
    note = [one["note"] for one in copy.run("rebuild", "--check").plain["proofs"] if "word by word" in one["name"]]
    assert note == ["of 2 the names are erased, so that only numbers and amounts were compared"]


def test_that_it_was_erased_is_an_entry_without_a_name(copy: Folder) -> None:
    who = copy.run("erase", CLIENT[2], "--yes").plain["erased"][0]
    ledger.open_store(copy.path)
    rows = ledger.read("erasure", columns=["owner_type", "owner_id", "items"]).rows()
    links = ledger.read("chain_link", "entity = 'ledger'")["contents"].to_list()
    assert rows == [("client", who["owner_id"], who["items"])]
    assert '"erasure"' in links[-1]


def test_what_is_not_in_the_books_yet_is_refused(alone: World) -> None:
    run = alone.plan(_partners(alone), _clients(alone)).plain["run"]
    alone.run("approve", run)
    for who in (CLIENT[2], "P-1"):
        refused = alone.run("erase", who, "--yes")
        assert refused.code == 3
        assert "documents that name it are not in the books yet: US-00000" in refused.plain["error"]
    assert Folder(alone.folder).found(CLIENT) == {*CLIENT}


def test_an_answer_of_the_books_that_quotes_a_name_stays_and_is_counted(copy: Folder) -> None:
    ledger.open_store(copy.path)
    document = ledger.read("document", "partner_id = 'P-1'")["document_id"][0]
    ledger.outbox.record_event(document, "drift", f"the contact {PARTNER[0]} is archived", datetime.now(UTC))
    ledger.close_store()
    told = copy.run("erase", "P-1", "--yes", as_json=False)
    assert "1 events quote a name in an answer of the accounting system" in told.out


def test_uploads_past_their_retention(copy: Folder) -> None:
    ledger.open_store(copy.path)
    from connector.runs.models import Run  # noqa: PLC0415 - needs Django set up

    Run.objects.filter(run_id="R-0001").update(created_at=datetime.now(UTC) - timedelta(days=100))
    ledger.close_store()
    exports = copy.folder / "exports"
    exports.mkdir()
    for name, days in (("old.ndjson", 100), ("new.ndjson", 1)):
        (exports / name).write_text("{}")
        then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(exports / name, (then, then))
    assert copy.run("erase", "--uploads", "--yes").plain["error"] == "nothing says how long uploads are kept"
    settings = copy.folder / "connector.yaml"
    settings.write_text(settings.read_text() + "\nretention_days: 30\n")
    done = copy.run("erase", "--uploads", "--yes").plain["erased"]
    assert [(one["owner_type"], one["owner_id"]) for one in done] == [("run", "R-0001"), ("export", "old.ndjson")]
    assert [one.name for one in exports.iterdir()] == ["new.ndjson"]
    ledger.open_store(copy.path)
    plain, frames = store.stored_plan("R-0001")
    assert {one.is_erased for one in kept_uploads.every_snapshot() if one.run_id == "R-0001"} == {True}
    assert {one["excerpt"] for one in plain["problems"]} <= {""}
    assert set(frames["rows"]["subject"].drop_nulls()) == {"(erased)"}
    assert frames["clients"]["name"].to_list() == [None]
    ledger.close_store()
    assert copy.proved()
    assert copy.run("erase", "--older-than", "30", "--yes", as_json=False).out.startswith("No upload is older.")


def test_a_plan_whose_upload_was_erased_cannot_be_approved(copy: Folder) -> None:
    ledger.open_store(copy.path)
    from connector.runs.models import Run  # noqa: PLC0415 - needs Django set up

    Run.objects.update(created_at=datetime.now(UTC) - timedelta(days=100))
    ledger.close_store()
    done = copy.run("erase", "--older-than", "30", "--yes").plain["erased"]
    assert [one["plans"] for one in done] == [[], [], ["R-0003"]]
    assert copy.run("approve", "R-0003").code == 1
    assert copy.proved()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["P-9", "--yes"], "neither a client nor a partner is P-9"),
        (["P-1"], "erasing every name of partner P-1 cannot be undone"),
        (["--older-than", "3"], "erasing every upload older than 3 days cannot be undone"),
        ([], "name whom to erase"),
        (["P-1", "--uploads"], "name whom to erase"),
    ],
)
def test_what_is_refused(copy: Folder, arguments: list[str], told: str) -> None:
    refused = copy.run("erase", *arguments)
    assert refused.code in (1, 2)
    assert told in refused.plain["error"]


def test_a_name_of_several_clients_asks_which(alone: World) -> None:
    alone.write("clients.csv", CLIENT_HEADER, [])
    rows = [client("A", name="Same", site="a.example"), client("B", partner="P-2", name="Same", site="b.example")]
    run = alone.plan(alone.partners(), alone.clients(*rows)).plain["run"]
    alone.run("approve", run)
    assert alone.run("erase", "same", "--yes").plain["error"].startswith("same is the name of CL-")


@pytest.mark.parametrize(("answer", "erased"), [("P-1", True), ("P-2", False), ("", False)])
def test_a_person_is_asked_twice(copy: Folder, monkeypatch: pytest.MonkeyPatch, answer: str, *, erased: bool) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(erasing.typer, "confirm", lambda *_, **__: bool(answer))
    monkeypatch.setattr(erasing.typer, "prompt", lambda *_, **__: answer)
    found = copy.run("erase", "P-1")
    assert (found.code == 0) == erased
    assert (copy.found(PARTNER) == set()) == erased


@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("erase:")])
def test_killed_while_erasing_it_is_done_or_not_and_can_be_done_again(copy: Folder, point: str) -> None:
    program = [sys.executable, "-m", "connector", "erase", "P-1", "--yes", "--folder", str(copy.folder)]
    done = subprocess.run(program, env={**os.environ, VARIABLE: point}, check=False, capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert copy.proved()
    assert copy.run("erase", "P-1", "--yes").code == 0
    assert copy.found(PARTNER) == set()
    assert copy.proved()


def test_a_word_is_taken_out_whole_and_nothing_beside_it() -> None:
    own = Own(words=scrub.words_of(["Acme", "acme.example", "X", None, " "]))
    assert own.words == {"Acme", "acme.example"}
    assert own.scrubbed("acme of ACME.example, Acmeville, X") == "(erased) of (erased), Acmeville, X"
    assert Own().scrubbed("Acme") == "Acme"


def test_values_that_changed_are_counted() -> None:
    before = {"a": 1, "b": [1, 2, {"c": "x"}], "d": [1]}
    after = {"a": 2, "b": [1, 3, {"c": "y"}], "d": []}
    assert (scrub.differences(before, before), scrub.differences(before, after)) == (0, 4)
