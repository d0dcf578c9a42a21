"""mapping check, mapping schema, check --suggest-mapping: what they print, save and refuse."""

import json
from pathlib import Path

from world import World, command

HEADER = "Client Nr,Partner Nr,Name of client,Web-site URL,Plan of client,Created (date),Stat.\n"
ROWS = "C-1,P-1,Acme Ltd,acme.com,Full,2025-03-01,Active\nC-2,P-1,Birch Co,birch.com,Full,2025-03-02,Active\n"


def export(world: World, text: str = HEADER + ROWS) -> str:
    path = world.folder / "export.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_proposal_is_printed_saved_and_then_used(alone: World) -> None:
    path = export(alone)
    answer = alone.run("check", path, "--suggest-mapping", "--save", "spring")
    saved = alone.folder / "mappings" / "spring.yaml"
    assert (answer.code, answer.plain["complete"], answer.plain["saved"]) == (0, True, str(saved))
    assert answer.plain["yaml"] == saved.read_text("utf-8")
    (sheet,) = answer.plain["sheets"]
    assert (sheet["records"], sheet["header"]["first"], sheet["missing"]) == ("clients", 1, [])
    assert [column["field"] for column in sheet["columns"]] == [
        *("client_ref", "partner_id", "name", "domain", "plan", "created_on", "status"),
    ]
    checked = alone.run("check", path)
    assert (checked.code, checked.plain["sources"][0]["mappings"]) == (0, ["spring"])
    listed = alone.run("mapping", "check")
    assert [(one["mapping"], one["sheets_known"]) for one in listed.plain["mappings"]] == [
        ("spring", 1),
        ("workbook", 0),
        ("made-here", 2),
    ]
    (built_in,) = (one for one in listed.plain["mappings"] if one["mapping"] == "made-here")
    assert (built_in["file"], built_in["namespace"]) == ("built-in/made-here.yaml", "made-here")
    again = alone.run("check", path, "--suggest-mapping", "--save", "spring")
    assert (again.code, again.plain["error"]) == (
        2,
        "mappings/spring.yaml:15:20 already reads a sheet with these headers",
    )


def test_a_proposal_with_open_questions_is_saved_as_a_draft_that_stops_nothing(alone: World) -> None:
    path = export(alone, HEADER.replace("Stat.", "Colour") + ROWS.replace("Active", "red"))
    answer = alone.run("check", path, "--suggest-mapping", "--save", "spring")
    assert (answer.code, answer.plain["complete"]) == (3, False)
    assert answer.plain["saved"] == str(alone.folder / "mappings" / "spring.draft")
    assert [problem["code"] for problem in answer.plain["open"]] == ["mapping-no-column"]
    assert alone.run("mapping", "check").code == 0
    again = alone.run("check", path, "--suggest-mapping", "--save", "spring")
    assert (again.code, again.plain["next_step"]) == (2, "Choose another name.")


def test_for_people_the_mapping_alone_is_on_standard_output(alone: World) -> None:
    answer = command("check", export(alone), "--suggest-mapping", "--folder", str(alone.folder))
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("# yaml-language-server: $schema=mapping.schema.json\n")
    assert not (alone.folder / "mappings" / "export.yaml").exists()


def test_wrong_usage(alone: World) -> None:
    path = export(alone)
    for name in ("../evil", "Books", "books-us", "a.b"):
        assert alone.run("check", path, "--suggest-mapping", "--save", name).code == 2
    assert alone.run("check", path, path, "--suggest-mapping").code == 2
    assert alone.run("check", path, "--save", "x").code == 2
    assert alone.run("check", path, "--sheet", "x").code == 2
    empty = alone.run("check", export(alone, ""), "--suggest-mapping")
    assert (empty.code, [problem["code"] for problem in empty.plain["problems"]]) == (1, ["file-empty"])


def test_every_fault_of_the_mappings_is_listed(alone: World) -> None:
    (alone.folder / "mappings" / "m.yaml").write_text("mapping: m\nrecords: {users: {}}\n", "utf-8")
    answer = alone.run("mapping", "check")
    assert (answer.code, answer.plain["mappings"]) == (1, [])
    assert [problem["code"] for problem in answer.plain["problems"]] == ["yaml-missing-key", "yaml-unknown-key"]
    people = command("mapping", "check", "--folder", str(alone.folder))
    assert people.out.startswith("mappings/m.yaml:1:1: error: ")


def test_the_schema_is_printed() -> None:
    answer = command("mapping", "schema")
    schema = Path(__file__).parents[2] / "mappings" / "mapping.schema.json"
    assert (answer.code, json.loads(answer.out)) == (0, json.loads(schema.read_text("utf-8")))
