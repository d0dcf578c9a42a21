"""backup, dump and restore: nothing is lost between the databases, and nothing else is taken for a dump."""

import json
import sqlite3
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from postgres_server import Databases
from world import World, client, command

STATED = "CONNECTOR_LEDGER"


@pytest.fixture
def billed(alone: World) -> World:
    """A folder with an approved run, one that waits with a line on hold, and an erased snapshot."""
    files = [alone.partners(), alone.clients(client("A", name="Ä \\N 'ok"), client("B", plan="Assessment Only"))]
    assert alone.run("approve", alone.plan(*files).plain["run"]).code == 0
    assert alone.plan(alone.clients(client("C"), client("D"), name="more.csv")).code == 0
    assert alone.run("hold", "latest", "all", "--reason", "not yet").code == 0
    return alone


def told(world: World) -> list[Any]:
    """What the commands say of a ledger."""
    asked = (["runs"], ["documents"], ["balance"], ["show", "latest"], ["explain", "US-000001"], ["verify"])
    return [world.run(*one).plain for one in asked]


def test_a_ledger_goes_to_a_server_and_back_without_loss(
    billed: World, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (tmp_path / f"{n}.dump" for n in (1, 2, 3))
    before = told(billed)
    made = billed.run("dump", str(first))
    assert (made.code, made.plain["rows"]["charge"], made.plain["rows"]["runs_run"]) == (0, 1, 2)
    assert first.stat().st_mode & 0o777 == 0o600
    url = databases.make(ledger=False)
    monkeypatch.setenv(STATED, url)
    restored = billed.run("restore", str(first))
    assert (restored.code, restored.plain["sound"], restored.plain["rows"]) == (0, True, made.plain["rows"])
    assert told(billed) == before
    billed.run("dump", str(second))
    assert second.read_bytes() == first.read_bytes()
    monkeypatch.setenv(STATED, "back.sqlite3")
    assert billed.run("restore", str(second), as_json=False).out.startswith(f"{sum(made.plain['rows'].values())} rows")
    assert told(billed) == before
    billed.run("dump", str(third))
    assert third.read_bytes() == first.read_bytes()
    for place in (url, "back.sqlite3"):
        # Ids and numbers go on where they were, on either database.
        monkeypatch.setenv(STATED, place)
        assert billed.run("release", "all", "--reason", "now").code == 0
        approved = billed.run("approve", "R-0002").plain
        assert [one["number"] for one in approved["documents"]] == ["US-000002"]
        assert billed.run("verify").code == 0
    monkeypatch.delenv(STATED)
    databases.drop(url)


def test_a_ledger_that_is_not_empty_takes_no_dump(
    billed: World, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    billed.run("dump", str(tmp_path / "dump"))
    url = databases.make(ledger=False)
    before = told(billed)
    for place in ("ledger.sqlite3", url):
        monkeypatch.setenv(STATED, place)
        if place == url:
            assert billed.run("restore", str(tmp_path / "dump")).code == 0
        said = billed.run("restore", str(tmp_path / "dump"))
        assert said.code == 2
        assert said.plain["error"].startswith("the ledger is not empty: there are rows in billed_line, billed_sum")
        assert told(billed) == before
    databases.drop(url)


def _changed(dump: Path, target: Path, change: dict[str, bytes | None]) -> None:
    """A copy of a dump with parts changed or taken out."""
    with zipfile.ZipFile(dump) as archive, zipfile.ZipFile(target, "w") as other:
        for name in archive.namelist():
            data = change.get(name, archive.read(name))
            if data is not None:
                other.writestr(name, data)


def _listed(dump: Path, **changes: object) -> dict[str, bytes | None]:
    with zipfile.ZipFile(dump) as archive:
        data = json.dumps({**json.loads(archive.read("list.json")), **changes}).encode()
    return {"list.json": data, "list.sha256": sha256(data).hexdigest().encode()}


def test_what_is_no_whole_dump_of_this_version_is_refused_and_nothing_written(
    billed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump, bad = tmp_path / "dump", tmp_path / "bad"
    billed.run("dump", str(dump))
    whole = dump.read_bytes()
    with zipfile.ZipFile(dump) as archive:
        migrations = json.loads(archive.read("list.json"))["migrations"]
        info = archive.getinfo("charge/000001.parquet")
    monkeypatch.setenv(STATED, "new.sqlite3")

    def refused(said: str, step: str) -> None:
        answer = billed.run("restore", str(bad))
        assert (answer.code, said in answer.plain["error"]) == (2, True), answer.out
        assert answer.plain["next_step"].startswith(step)

    bad.write_bytes(whole[: len(whole) // 2])
    refused("is no whole dump: File is not a zip file", "Use another copy")
    bad.write_bytes(whole[: info.header_offset + 200] + b"!" + whole[info.header_offset + 201 :])
    refused("is no whole dump: Bad CRC-32", "Use another copy")
    for change, why in (
        ({"charge/000001.parquet": b"other"}, "charge/000001.parquet was changed"),
        ({"charge/000001.parquet": None}, "charge/000001.parquet is missing"),
        ({"list.json": b"{}"}, "its list was changed"),
        ({"list.json": None}, "it has no list of its parts"),
    ):
        _changed(dump, bad, change)
        refused(f"is no whole dump: {why}", "Use another copy")
    newer = "written by a newer version"
    for changes in ({"format": 2}, {"migrations": [*migrations, "ledger 0999_later"]}):
        _changed(dump, bad, _listed(dump, **changes))
        refused(newer, "Restore it with that version; nothing")
    _changed(dump, bad, _listed(dump, migrations=migrations[1:]))
    refused("written by an older version", "Restore it with that version into a new ledger")
    bad.unlink()
    refused("there is no file", "Name a file that 'connector dump' wrote")
    assert billed.run("runs").plain["runs"] == []
    assert billed.run("restore", str(dump)).code == 0


def test_an_altered_ledger_is_told_when_its_dump_is_put_back(
    billed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(billed.folder / "ledger.sqlite3", isolation_level=None)
    [(guard,)] = other.execute("SELECT sql FROM sqlite_master WHERE name = 'guard_charge_update'").fetchall()
    other.execute("DROP TRIGGER guard_charge_update")
    other.execute("UPDATE charge SET amount_minor = 1")
    other.execute(guard)
    other.close()
    billed.run("dump", str(tmp_path / "dump"))
    monkeypatch.setenv(STATED, "new.sqlite3")
    said = billed.run("restore", str(tmp_path / "dump"))
    assert (said.code, said.plain["sound"]) == (1, False)
    monkeypatch.setenv(STATED, "newer.sqlite3")
    assert "1 entries are not as written" in billed.run("restore", str(tmp_path / "dump"), as_json=False).out


def test_a_backup_is_a_whole_ledger_and_a_file_is_never_written_over(billed: World, tmp_path: Path) -> None:
    out = tmp_path / "backup.sqlite3"
    before = told(billed)
    made = billed.run("backup", str(out))
    assert (made.code, made.plain["bytes"], out.stat().st_mode & 0o777) == (0, out.stat().st_size, 0o600)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith((".", "backup"))] == ["backup.sqlite3"]
    (billed.folder / "ledger.sqlite3").write_bytes(out.read_bytes())
    for log in billed.folder.glob("ledger.sqlite3-*"):
        log.unlink()
    assert told(billed) == before
    for name in ("backup", "dump"):
        again = billed.run(name, str(out))
        assert (again.code, again.plain["error"]) == (2, f"{out} is there already")
        lost = billed.run(name, str(tmp_path / "nowhere" / "out"))
        assert (lost.code, "cannot be written (No such file or directory)" in lost.plain["error"]) == (2, True)
    assert "is a whole copy of the ledger" in command("backup", str(tmp_path / "b"), "-C", str(billed.folder)).out
    assert "holds the whole ledger" in command("dump", str(tmp_path / "d"), "-C", str(billed.folder)).out


def test_a_ledger_on_a_server_is_backed_up_by_its_own_means(
    alone: World, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.make()
    monkeypatch.setenv(STATED, url)
    said = alone.run("backup", str(tmp_path / "out"))
    assert (said.code, said.plain["next_step"]) == (
        2,
        "Back it up with pg_dump; 'connector dump' writes a file for any database.",
    )
    databases.drop(url)
