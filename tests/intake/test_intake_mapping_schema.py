"""The JSON Schema of mapping files: fresh, right about the shipped mapping, and never stricter than the loader."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from intake_kit import PROBLEMS, ROOT

from connector.declared import ListNode, MapNode, Node, ScalarNode, parse_yaml
from connector.intake import load_mappings, schema_text
from connector.intake.fields import FIELDS

SCHEMA = ROOT / "mappings" / "mapping.schema.json"
FAULTY = [path.name for path in sorted(PROBLEMS.glob("mapping-*")) if list((path / "mappings").glob("*.yaml"))]


def plain(node: Node | None) -> Any:
    if isinstance(node, MapNode):
        return {name: plain(value) for name, value in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.text if isinstance(node, ScalarNode) else None


def valid(text: str) -> bool:
    node, problems = parse_yaml(text, "m.yaml")
    assert problems == ()
    return jsonschema.Draft202012Validator(json.loads(schema_text())).is_valid(plain(node))


def test_the_schema_file_is_fresh_and_a_schema() -> None:
    assert SCHEMA.read_text("utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


def test_the_shipped_mapping_is_valid_and_names_its_schema() -> None:
    text = (ROOT / "mappings" / "workbook.yaml").read_text("utf-8")
    assert valid(text)
    assert text.splitlines()[0] == "# yaml-language-server: $schema=mapping.schema.json"


@pytest.mark.parametrize("code", FAULTY)
def test_every_faulty_mapping_is_refused_by_the_loader_and_mostly_by_the_schema(code: str) -> None:
    folder = PROBLEMS / code / "mappings"
    assert load_mappings(folder)[0] is None
    beyond_a_schema = {"mapping-claimed-twice"}
    assert [valid(path.read_text("utf-8")) for path in folder.glob("*.yaml")] == [code in beyond_a_schema]


GOOD = """\
mapping: m
namespace: platform
ignore_sheets: Notes
date_order: {created_on: day_first}
records:
  clients:
    fingerprints: [0123456789abcdef]
    size_source: band
    size_letters: b_is_2_to_10
    columns: {client_ref: [ID, [Ref, 42]], partner_id: P, name: [Title], plan: [Plan], created_on: [C], employees: [E],
      domain: [D], users: [U]}
    constants: {status: active}
    required: [domain, [users, advisors]]
    values: {employees: {11-50: [Small], "80": eighty}, country: {GB: UK}}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mapping: m\n", "mapping: m\ncolour: red\n"),
        ("namespace: platform\n", ""),
        ("day_first", "backwards"),
        ("created_on: day", "created: day"),
        ("clients:", "users:"),
        ("0123456789abcdef", "42"),
        ("size_source: band", "size_source: [band]"),
        ("b_is_2_to_10", "linkedin"),
        ("employees: {11", "employees: {12"),
        ('"80": eighty', '"0": none'),
        ("country: {GB", "created_on: {GB"),
        ("    constants: {status: active}\n", ""),
        ("[ID, [Ref, 42]]", "[]"),
        ("required: [domain", "required: [colour"),
        ("Notes", "[]"),
    ],
)
def test_what_the_schema_refuses_the_loader_refuses_too(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "m.yaml").write_text(GOOD, "utf-8")
    assert (load_mappings(tmp_path)[1], valid(GOOD)) == ((), True)
    changed = GOOD.replace(old, new)
    assert changed != GOOD
    (tmp_path / "m.yaml").write_text(changed, "utf-8")
    assert (load_mappings(tmp_path)[0], valid(changed)) == (None, False)


def test_every_field_is_in_the_schema_with_its_title() -> None:
    schema = json.loads(schema_text())
    for kind, fields in FIELDS.items():
        columns = schema["properties"]["records"]["properties"][kind.value]["properties"]["columns"]["properties"]
        assert list(columns) == list(fields)
        assert all(field.title.lower() in columns[name]["description"].lower() for name, field in fields.items())
