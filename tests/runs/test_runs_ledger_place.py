"""The ledger by one setting: a file, or a PostgreSQL database by its URL; a password never in the file, never shown."""

from pathlib import Path

import pytest
from postgres_server import Databases
from world import World, client, command

from connector.ledger import Server
from connector.runs.config import FILE, load_config
from connector.runs.errors import StopError

URL = "postgresql://billing@db.example/books"
PLACE = Server("db.example", 0, "billing", "books")
FORM = "Write postgresql://LOGIN@HOST:PORT/DATABASE."


def state(world: World, ledger: str) -> None:
    """Put another ledger into the settings."""
    path = world.folder / FILE
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("ledger: ledger.sqlite3", f"ledger: {ledger}"), encoding="utf-8")


def faults(world: World) -> list[str]:
    with pytest.raises(StopError) as stop:
        load_config(world.folder, {})
    return [str(one) for one in stop.value.problems]


def test_a_file_or_a_url_in_the_settings_or_the_environment(alone: World) -> None:
    folder = alone.folder
    assert load_config(folder, {}).ledger == folder / "ledger.sqlite3"
    assert load_config(folder, {}).cache == folder / ".cache"
    assert load_config(folder, {"CONNECTOR_LEDGER": "/elsewhere/l.db"}).ledger == Path("/elsewhere/l.db")
    assert load_config(folder, {"CONNECTOR_LEDGER": "/elsewhere/l.db"}).cache == Path("/elsewhere/.cache")
    state(alone, URL)
    assert load_config(folder, {}).ledger == PLACE
    assert load_config(folder, {}).cache == folder / ".cache"
    assert load_config(folder, {"CONNECTOR_LEDGER": "l.db"}).ledger == folder / "l.db"
    secret = load_config(folder, {"CONNECTOR_LEDGER": "postgresql://a:hunter2@h/x"})
    assert (secret.ledger, "hunter2" in repr(secret)) == (Server("h", 0, "a", "x", "hunter2"), False)


def test_a_password_in_the_settings_is_refused_without_being_shown(alone: World) -> None:
    state(alone, "postgresql://billing:hunter2@db.example/books")
    [told] = faults(alone)
    assert told.splitlines() == [
        "connector.yaml:3:9: error: a password must not stand in connector.yaml [yaml-value]",
        "Take it out, and give it in PGPASSWORD or ~/.pgpass, or give the whole URL in CONNECTOR_LEDGER.",
    ]
    said = command("doctor", "--folder", str(alone.folder), "--json")
    assert "hunter2" not in said.out + said.err


def test_a_url_that_cannot_be_used_is_told_with_its_form(alone: World) -> None:
    with pytest.raises(StopError) as stop:
        load_config(alone.folder, {"CONNECTOR_LEDGER": "postgresql://a:hunter2@host"})
    assert (stop.value.message, stop.value.next_step) == (
        "the URL in CONNECTOR_LEDGER cannot be used: it names no database",
        FORM,
    )
    state(alone, "postgresql://a:hunter2@host/x?sslmode2=1")
    [told] = faults(alone)
    assert told.startswith("connector.yaml:3:9: error: the ledger's URL cannot be used: it has the option sslmode2")
    assert (FORM in told, "hunter2" in told) == (True, False)


def test_doctor_says_where_the_ledger_is_and_as_whom(alone: World, databases: Databases) -> None:
    alone.without_ledger()
    url = databases.make()
    state(alone, url)
    said = alone.run("doctor")
    [told] = [one["told"] for one in said.plain["findings"] if one["what"] == "ledger"]
    name = url.rpartition("/")[2]
    assert told.startswith(f"{name} is whole: PostgreSQL ")
    assert told.endswith(", as connector_app for the login ledger_owner, which owns the tables and may migrate them")
    assert alone.plan(alone.partners(), alone.clients(client("A"))).code == 0
    assert not (alone.folder / "ledger.sqlite3").exists()
    databases.drop(url)
    gone = alone.run("runs")
    assert (gone.code, gone.plain["next_step"]) == (2, "Let an administrator make it: CREATE DATABASE …")


def test_a_simulation_makes_no_ledger_and_says_when_it_cannot_look(alone: World, databases: Databases) -> None:
    url = databases.make(ledger=False)
    state(alone, url)
    asked = ("rules", "simulate", str(alone.folder / "rules"), "--folder", str(alone.folder), "--json")
    assert command(*asked).code in (0, 1)
    assert databases.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'connector'", url) == [(0,)]
    databases.drop(url)
    assert "the ledger's database is not there" in command(*asked).plain["error"]


def test_what_is_erased_is_erased_on_a_server_too(alone: World, databases: Databases) -> None:
    url = databases.make()
    state(alone, url)
    people = [client("A", plan="Assessment Only", name="Quillfeather Clinics"), client("B", plan="Assessment Only")]
    assert alone.run("approve", alone.plan(alone.partners(), alone.clients(*people)).plain["run"]).code == 0
    assert "Quillfeather" in alone.run("show", "latest").out
    done = alone.run("erase", "Quillfeather Clinics", "--yes")
    assert done.code == 0, done.out
    said = [alone.run(*one) for one in (["show", "latest"], ["verify"], ["rebuild", "--check"])]
    assert [one.code for one in said] == [0, 0, 0]
    assert "Quillfeather" not in "".join(one.out for one in said)
    assert databases.run("SELECT count(*) FROM connector.personal WHERE value LIKE 'Quill%'", url) == [(0,)]
    databases.drop(url)
