"""What a mapping can say, seen through the door: words for sizes and identifiers, letters, size sources."""

from pathlib import Path

import pytest
from intake_kit import CLIENT, CLIENT_HEADER, ROOT, codes, read, write_csv

from connector.intake import Intake, Mappings, load_mappings, read_sources

_AT = "      client_ref: [Client ID"


def told(tmp_path: Path, lines: str) -> Mappings:
    """The shipped mapping, its clients told something more."""
    text = (ROOT / "mappings" / "workbook.yaml").read_text("utf-8")
    assert "  clients:\n    columns:\n" in text
    (tmp_path / "workbook.yaml").write_text(text.replace("  clients:\n", f"  clients:\n{lines}", 1), "utf-8")
    mappings, problems = load_mappings(tmp_path)
    assert mappings is not None, problems
    return mappings


def worded(tmp_path: Path, line: str) -> Mappings:
    """The shipped mapping with a further value map of the clients."""
    text = (ROOT / "mappings" / "workbook.yaml").read_text("utf-8")
    (tmp_path / "workbook.yaml").write_text(text.replace("    values:\n", f"    values:\n      {line}\n", 1), "utf-8")
    mappings, problems = load_mappings(tmp_path)
    assert mappings is not None, problems
    return mappings


def clients(tmp_path: Path, mappings: Mappings, column: str, values: list[str]) -> Intake:
    at = CLIENT_HEADER.index(column)
    rows = [(*CLIENT[:at], f'"{value}"', *CLIENT[at + 1 :]) for value in values]
    return read_sources([write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, *rows])], mappings)


def test_words_for_sizes_are_compared_closely(tmp_path: Path) -> None:
    line = """employees: {"11-50": [Small, s], "10001+": ["10,000+"], "80": [about 80]}"""
    texts = ["small", "S", "10,000+", "About  80", "10000", "1150"]
    got = clients(tmp_path, worded(tmp_path, line), "Employees", texts)
    assert got.problems == ()
    assert got.clients.select("employees_text", "count_low", "band_low", "band_high").rows() == [
        ("small", None, 11, 50),
        ("S", None, 11, 50),
        ("10,000+", None, 10_001, None),
        ("About  80", 80, None, None),
        ("10000", 10_000, None, None),
        ("1150", 1150, None, None),
    ]


def test_words_for_identifiers_are_compared_closely(tmp_path: Path) -> None:
    got = clients(
        tmp_path, worded(tmp_path, "partner_id: {P-1: [1-01, Alpha]}"), "Partner ID", ["1–01", "alpha", "101"]
    )
    assert (got.problems, got.clients["partner_id"].to_list()) == ((), ["P-1", "P-1", "101"])


@pytest.mark.parametrize(
    ("letters", "read_rows", "refused"),
    [
        ("", [], ["a bare letter: two different letter maps are in use"] * 3),
        ("b_is_2_to_10", [(1, 1), (2, 10), (10_001, None)], []),
        (
            "b_is_1_to_10",
            [(1, 1), (10_001, None)],
            ["B means 1-10 in this letter map, which is two tiers: 1 and 2-10"],
        ),
    ],
)
def test_letters_are_sizes_only_by_a_map_that_is_named(
    tmp_path: Path, letters: str, read_rows: list[tuple[int, int | None]], refused: list[str]
) -> None:
    mappings = told(tmp_path, f"    size_letters: {letters}\n" if letters else "")
    got = clients(tmp_path, mappings, "Employees", ["A", "B", "I"])
    assert got.clients.select("band_low", "band_high").rows() == read_rows
    assert [problem.message.partition("band: ")[2] for problem in got.problems] == refused


@pytest.mark.parametrize(
    ("source", "sizes"),
    [
        ("both", [(116, 11, 50), (None, 11, 50), (7, None, None), (9, None, None)]),
        ("count", [(116, None, None), (None, 11, 50), (7, None, None), (9, None, None)]),
        ("band", [(None, 11, 50), (None, 11, 50), (7, None, None), (9, None, None)]),
    ],
)
def test_which_size_is_passed_on(tmp_path: Path, source: str, sizes: list[tuple[int | None, ...]]) -> None:
    header = (*CLIENT_HEADER[:6], "Headcount", "Size band", "Status")
    filled = [("116", "11-50"), ("", "11-50"), ("7", ""), ("9", "")]
    path = write_csv(tmp_path / "clients.csv", [header, *((*CLIENT[:6], *both, "Active") for both in filled)])
    got = read_sources([path], told(tmp_path, f"    size_source: {source}\n"))
    assert got.problems == ()
    assert got.clients.select("count_low", "band_low", "band_high").rows() == sizes
    assert got.clients["employees_text"][0] == "116 / 11-50"


def test_faults_of_the_newer_keys_come_with_their_places(tmp_path: Path) -> None:
    print_of_both = "0123456789abcdef"
    (tmp_path / "a.yaml").write_text(
        "mapping: a\nnamespace: own\nrecords:\n  templates:\n"
        f"    fingerprints: [{print_of_both}, short]\n"
        "    size_source: count\n"
        "    columns: {template: [T], plan: [P], valid_from: [F]}\n"
        "    constants: {valid_from: 03/04/2025}\n",
        "utf-8",
    )
    (tmp_path / "b.yaml").write_text(
        "mapping: b\nnamespace: own\nrecords:\n  clients:\n"
        f"    fingerprints: [{print_of_both}]\n"
        "    columns: {client_ref: [C], partner_id: [P], name: [N1], plan: [L], created_on: [D], status: [S],\n"
        "      employee_count: [E], employee_band: [B]}\n"
        "    values: {employee_count: {11-50: [x]}, employee_band: {7: [x], 2-10: [11–50, 2–10]}}\n"
        "    size_letters: linkedin\n",
        "utf-8",
    )
    mappings, problems = load_mappings(tmp_path)
    assert mappings is None
    assert [(str(problem.place), problem.code, problem.message) for problem in problems] == [
        ("mappings/a.yaml:5:38", "yaml-value", "'short' is no fingerprint of a header"),
        ("mappings/a.yaml:6:5", "yaml-unknown-key", "templates has no key 'size_source'"),
        ("mappings/a.yaml:8:29", "mapping-unknown-value", "'03/04/2025' can be read day first or month first"),
        (
            "mappings/b.yaml:5:20",
            "mapping-claimed-twice",
            f"the fingerprint {print_of_both} is claimed here and in mappings/a.yaml:5:20",
        ),
        ("mappings/b.yaml:8:31", "mapping-unknown-value", "employee_count has no value '11-50'"),
        ("mappings/b.yaml:8:60", "mapping-unknown-value", "employee_band has no value '7'"),
        ("mappings/b.yaml:8:75", "mapping-claimed-twice", "'11–50' is claimed by 11–50 and by 2-10"),
        ("mappings/b.yaml:9:19", "yaml-value", "size_letters cannot be 'linkedin'"),
    ]


@pytest.mark.parametrize("prefix", ["FT - ", "DT – ", "dd — ", "MD: ", "RT : ", "FT -", "DT- ", "DD \u2212 "])
def test_bulk_import_prefixes_are_no_part_of_a_header(tmp_path: Path, prefix: str) -> None:
    path = write_csv(tmp_path / "clients.csv", [[prefix + title for title in CLIENT_HEADER], CLIENT])
    assert (read(path).problems, read(path).clients.height) == ((), 1)


@pytest.mark.parametrize("header", ["FTE", "FT-Name", "DTCreated", "Md name"])
def test_what_only_begins_like_a_prefix_is_none(tmp_path: Path, header: str) -> None:
    path = write_csv(tmp_path / "clients.csv", [(*CLIENT_HEADER[:2], header, *CLIENT_HEADER[3:]), CLIENT])
    assert [code for _, code in codes(read(path).problems)] == ["sheet-no-header"]


@pytest.mark.parametrize(
    "titles",
    [
        ("Client team ID", "Hub ID", "Client team name", "Client website"),
        ("Spoke ID", "Partner team ID", "Spoke name", "Company domain"),
        ("Client", "Service provider", "Company", "URL"),
        ("Spoke number", "Hub number", "Spoke", "Company URL"),
        ("Client team number", "Service provider number", "Client team", "Spoke website"),
    ],
)
def test_the_vendors_drifting_names(tmp_path: Path, titles: tuple[str, ...]) -> None:
    header = (*titles, "Spoke plan", "Date created", "Company size", "Client team status")
    if titles[0] == "Client":
        header = ("External ID", *header[1:])
    got = read(write_csv(tmp_path / "clients.csv", [header, CLIENT]))
    assert got.problems == ()
    assert got.clients.select("client_ref", "partner_id", "name", "domain").rows() == [CLIENT[:4]]


def test_no_mapping_takes_the_namespace_of_what_was_made_here(tmp_path: Path) -> None:
    text = (ROOT / "mappings" / "workbook.yaml").read_text("utf-8")
    (tmp_path / "workbook.yaml").write_text(text.replace("namespace: platform", "namespace: made-here"), "utf-8")
    mappings, (problem,) = load_mappings(tmp_path)
    assert mappings is None
    assert (problem.code, problem.message) == (
        "mapping-claimed-twice",
        "the namespace made-here is that of clients made by the page",
    )


def test_the_built_in_mapping_reads_no_sheet_of_other_headers(tmp_path: Path) -> None:
    headers = ("Client ID made here", "Partner ID", "Client name", "Plan", "Created on", "Status")
    path = write_csv(tmp_path / "clients.csv", [headers, ("W-1", "P-1", "Elm", "Full", "2025-03-01", "Active")])
    assert codes(read(path).problems) == [("1", "sheet-no-header")]
