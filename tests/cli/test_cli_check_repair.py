"""check --repair: the marked file, what is said of it, exit codes, and what is refused."""

import shutil
from pathlib import Path

import openpyxl
from world import CLIENT_HEADER, World, client

SAMPLES = Path(__file__).resolve().parent.parent.parent / "samples"


def test_the_way_from_a_faulty_file_to_a_clean_one(alone: World) -> None:
    path, out = alone.folder / "clients.xlsx", alone.folder / "marked.xlsx"
    shutil.copy(SAMPLES / "clients.xlsx", path)
    checked = alone.run("check", str(path), "--repair", str(out))
    assert checked.code == 1
    assert checked.plain["repaired"] == {
        "path": str(out),
        "marked_cells": 17,
        "not_kept": [],
        "message": f"Written: {out}, 18 problems on 17 cells, all in its Fix list",
    }
    again = alone.run("check", str(out)).plain
    assert [(one["code"], one["message"]) for one in again["problems"]] == [
        (one["code"], one["message"]) for one in checked.plain["problems"]
    ]
    assert again["sources"][0]["lineage"] == checked.plain["sources"][0]["sha256"]


def test_a_csv_becomes_a_workbook_and_its_marks_go_once_it_is_mended(alone: World) -> None:
    out = alone.folder / "marked.xlsx"
    source = alone.clients(client("A"), client("B", status="Nowhere"))
    checked = alone.run("check", source, "--repair", str(out))
    assert (checked.code, checked.plain["repaired"]["marked_cells"]) == (1, 1)
    assert checked.plain["repaired"]["not_kept"] == [
        "A .csv file carries no marks, so this is a workbook; every value stands in it as text."
    ]
    book = openpyxl.load_workbook(out)
    book["Data"].cell(3, CLIENT_HEADER.split(",").index("Status") + 1).value = "Active"
    book.save(alone.folder / "mended.xlsx")
    assert alone.run("check", str(alone.folder / "mended.xlsx")).code == 0


def test_what_there_is_nothing_to_mark_in(alone: World) -> None:
    out = alone.folder / "marked.xlsx"
    clean = alone.run("check", alone.clients(client("A")), "--repair", str(out))
    assert (clean.code, clean.plain["repaired"]["path"]) == (0, None)
    assert clean.plain["repaired"]["message"] == "no faults: nothing to repair"
    locked = alone.folder / "locked.xlsx"
    locked.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"))
    told = alone.run("check", str(locked), "--repair", str(out))
    assert (told.code, told.plain["repaired"]["path"]) == (1, None)
    assert told.plain["repaired"]["message"] == "the file could not be read, so there is nothing to mark"
    assert not out.exists()


def test_what_is_refused(alone: World) -> None:
    one, other = alone.clients(client("A", status="Nowhere")), alone.partners()
    out = alone.folder / "out.xlsx"
    several = alone.run("check", one, other, "--repair", str(out))
    assert (several.code, several.plain["error"]) == (2, "--repair marks one file, and several are named")
    itself = alone.run("check", one, "--repair", one)
    assert (itself.code, itself.plain["error"]) == (2, f"{one} exists already, and nothing is overwritten")
    nowhere = alone.run("check", one, "--repair", str(alone.folder / "no" / "out.xlsx"))
    assert (nowhere.code, nowhere.plain["error"]) == (2, f"there is no folder {alone.folder / 'no'}")
    named = alone.run("check", one, "--repair", str(alone.folder / "out.csv"))
    assert (named.code, named.plain["next_step"]) == (1, "Name it out.xlsx.")
    assert not out.exists()
