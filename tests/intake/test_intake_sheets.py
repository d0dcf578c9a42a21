"""Rows and headers: every row is of one kind, headers are found by evidence, several sheets and files at once."""

import unicodedata
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_kit import CLIENT, CLIENT_HEADER, ROOT, codes, read, shipped, write_csv, write_xlsx

from connector.intake import load_mappings, read_sources
from connector.intake.effort import free
from connector.intake.rawsheet import RawSheet
from connector.intake.sheets import read_sheet


def kinds(path: Path) -> list[str]:
    return read(path).rows["kind"].to_list()


def test_totals_templates_repeated_headers_and_blanks(tmp_path: Path) -> None:
    header = ("Record type", *CLIENT_HEADER)
    rows = [
        ("March",),
        header,
        ("Client", *CLIENT),
        ("Template", "", "", "Standard", "", "Full"),
        header,
        ("", "", "P-1", "", "", "", "", "Subtotal", "50"),
        ("", "", "P-1 Total", "", "", "", "", "50"),
        ("Client", *CLIENT[:2], "Total Fitness", *CLIENT[3:]),
        ("", "", "", "Total Fitness", "total.com"),
        ("Total", "", "", "", "", "", "", "£1,250.50"),
        (" ", "\u00a0"),
    ]
    assert kinds(write_xlsx(tmp_path / "clients.xlsx", {"Clients": rows})) == [
        *("title", "header", "record", "template", "header", "total", "total", "record", "blocked", "total", "blank"),
    ]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (("42", "", "Total", "", "", "", "1,250", ""), "total"),
        (("42", "Total", "", "", "", "", "1250", ""), "total"),
        (("42", "P-1 Total", "", "", "", "", "", ""), "total"),
        (("42", "", "", "", "", "Grand total:", "", ""), "total"),
        (("42", "", "", "", "Subtotal", "", "", ""), "total"),
        (("42", "P-1", "Total", "", "", "", "", ""), "blocked"),
        (("42", "", "Total Fitness", "", "", "", "", ""), "blocked"),
        (("42", "", "Total of Hearts", "", "", "", "", ""), "blocked"),
        (("42", "", "Acme", "", "", "Total", "", ""), "blocked"),
        (("42", "", "", "", "Full", "Total", "", ""), "blocked"),
        (("42", "", "Total", "total.com", "", "", "", ""), "blocked"),
        (("42", "", "Total", "", "", "2025-03-01", "", ""), "blocked"),
        (("C-42", "", "Total", "", "", "", "", ""), "blocked"),
    ],
)
def test_a_total_whose_count_stands_under_the_client_id(tmp_path: Path, row: tuple[str, ...], kind: str) -> None:
    path = write_xlsx(tmp_path / "clients.xlsx", {"Clients": [CLIENT_HEADER, CLIENT, row]})
    assert kinds(path) == ["header", "record", kind]


def test_a_stacked_header(tmp_path: Path) -> None:
    top = ("Client", "", "Partner", "", "Plan", "Created", "Employees", "Status")
    under = ("ID", "Name", "ID", "Colour", "", "on", "", "")
    row = ("C-1", "Acme", "P-1", "red", "Full", "2025-03-01", "50", "Active")
    got = read(write_csv(tmp_path / "clients.csv", [top, under, row]))
    assert got.clients.select("row", "client_ref", "name", "partner_id").rows() == [(3, "C-1", "Acme", "P-1")]
    assert got.rows["kind"].to_list() == ["header", "header", "record"]


def test_bulk_import_prefixes_and_better_headers(tmp_path: Path) -> None:
    header = ("FT - Client ID", "Partner", "DD – Partner ID", *CLIENT_HEADER[2:])
    got = read(write_csv(tmp_path / "clients.csv", [header, ("C-1", "Alpha Advisors", *CLIENT[1:])]))
    assert got.clients["partner_id"].to_list() == ["P-1"]
    assert codes(got.problems) == [("1", "sheet-unmapped-columns")]


def test_several_kinds_in_one_file_and_ignored_sheets(tmp_path: Path) -> None:
    sheets = {
        "Read me": [("How to",), (), ("Fill in",)],
        "A": [("Partner ID", "Reference", "Purchased on", "Quantity"), ("P-1", "B-1", date(2025, 3, 1), 1)],
        "B": [CLIENT_HEADER, CLIENT],
    }
    path = write_xlsx(tmp_path / "all.xlsx", sheets)
    got = read(path)
    assert (got.problems, got.bundles.height, got.clients.height) == ((), 1, 1)
    assert got.rows.select("sheet", "record_kind", "kind").rows() == [
        ("Read me", "", "title"),
        ("Read me", "", "blank"),
        ("Read me", "", "title"),
        ("A", "bundles", "header"),
        ("A", "bundles", "record"),
        ("B", "clients", "header"),
        ("B", "clients", "record"),
    ]
    (source,) = got.sources
    assert (source.mappings, source.rows, source.failed, len(source.sha256)) == (("workbook",), 7, False, 64)


def test_a_sheet_without_a_header_blocks_its_rows_with_one_problem(tmp_path: Path) -> None:
    got = read(write_csv(tmp_path / "notes.csv", [("alpha", "beta"), ("", ""), ("1", "2")]))
    assert codes(got.problems) == [("1", "sheet-no-header")]
    assert got.rows["kind"].to_list() == ["blocked", "blank", "blocked"]


def test_one_bad_file_never_stops_the_others(tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv", [CLIENT_HEADER, CLIENT])
    told: list[tuple[str, int, int]] = []
    missing = tmp_path / "missing.csv"
    got = read_sources([missing, good, good], shipped(), progress=lambda *step: told.append(step))
    assert [(source.failed, source.rows) for source in got.sources] == [(True, 0), (False, 2)]
    assert [problem.code for problem in got.problems] == ["file-missing"]
    assert [step for step in told if step[1] == step[2]] == [(missing.as_posix(), 0, 0), (good.as_posix(), 2, 2)]


def test_constants_and_more_needed_fields(tmp_path: Path) -> None:
    text = (ROOT / "mappings" / "workbook.yaml").read_text("utf-8")
    changed = text.replace(
        "    values:\n      plan:\n        assessment_only: [Assessment Only, Assessment-only Spoke, Assessment only",
        "    constants: {status: active, country: UK}\n    required: [[users, advisors], template]\n"
        "    values:\n      plan:\n        assessment_only: [Assessment Only, Assessment-only Spoke, Assessment only",
    )
    assert changed != text
    (tmp_path / "m.yaml").write_text(changed, "utf-8")
    mappings, problems = load_mappings(tmp_path)
    assert mappings is not None, problems
    header = (*CLIENT_HEADER[:6], "Template", "Users")
    path = write_csv(tmp_path / "c.csv", [header, (*CLIENT[:6], "Std", "3"), (*CLIENT[:6], "", "")])
    got = read_sources([path], mappings)
    assert got.clients.select("status", "country", "users").rows() == [("active", "GB", 3)]
    assert [problem.message for problem in got.problems] == ["blank: number of client users (H), template (G)"]


def test_every_fault_of_a_mapping_at_once(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "mapping: m\n"
        "namespace: platform\n"
        "date_order: {created: day_first, created_on: backwards}\n"
        "records:\n"
        "  bundles:\n"
        "    columns: {partner_id: [P], reference: [R], purchased_on: [D], quantity: [Q]}\n"
        "    constants: {quantity: one, colour: red}\n"
        "    required: [colour]\n"
        "    values: {purchased_on: {x: [y]}, reference: {a: [z], b: [z]}}\n"
        "  partners:\n"
        "    columns: {kind: [Kind]}\n"
        "    constants: {kind: reseller}\n"
        "  users: {}\n",
        "utf-8",
    )
    mappings, problems = load_mappings(tmp_path)
    assert mappings is None
    assert sorted((problem.code, str(problem.place)) for problem in problems) == [
        ("mapping-claimed-twice", "mappings/m.yaml:9:62"),
        *[("mapping-no-column", "mappings/m.yaml:11:5")] * 10,
        ("mapping-unknown-field", "mappings/m.yaml:3:14"),
        ("mapping-unknown-field", "mappings/m.yaml:7:32"),
        ("mapping-unknown-field", "mappings/m.yaml:8:16"),
        ("mapping-unknown-field", "mappings/m.yaml:9:28"),
        ("mapping-unknown-value", "mappings/m.yaml:12:23"),
        ("mapping-unknown-value", "mappings/m.yaml:7:27"),
        ("yaml-unknown-key", "mappings/m.yaml:13:3"),
        ("yaml-value", "mappings/m.yaml:3:46"),
    ]


_DAYS = st.dates(date(2001, 1, 1), date(2099, 12, 31))
_WORD = st.text(st.characters(codec="utf-8", categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=12)


@st.composite
def client_rows(draw: st.DrawFn) -> dict[str, object]:
    """One valid client, as a person would fill the sheet in."""
    created = draw(_DAYS)
    full = draw(st.booleans())
    later = (
        st.none() if not full or created.year > 2090 else st.just(created + timedelta(days=draw(st.integers(0, 400))))
    )
    return {
        "Client ID": f"C-{draw(_WORD)}",
        "Partner ID": f"P{draw(st.integers(0, 9999)):04d}",
        "Client name": f"N {draw(_WORD)}",
        "Website": f"c{draw(st.integers(0, 10**6))}.example.com",
        "Plan": "Full" if full else "Assessment Only",
        "Created on": created,
        "Upgraded on": draw(later),
        "Employees": draw(st.one_of(st.none(), st.integers(1, 10_000), st.sampled_from(["2-10", "11–50"]))),
        "Status": draw(st.sampled_from(["Active", "archived"])),
    }


def _expected(row: dict[str, object]) -> tuple[object, ...]:
    size = row["Employees"]
    return (
        *(unicodedata.normalize("NFC", str(row["Client ID"])), row["Partner ID"], row["Client name"], row["Website"]),
        "full_spoke" if row["Plan"] == "Full" else "assessment_only",
        *(row["Created on"], row["Upgraded on"]),
        None if size is None else str(size),
        str(row["Status"]).lower(),
    )


_READ = (
    *("client_ref", "partner_id", "name", "domain", "plan", "created_on", "upgraded_on", "employees_text", "status"),
)


@settings(max_examples=8, deadline=None)
@given(data=st.data(), rows=st.lists(client_rows(), min_size=1, max_size=5))
def test_any_valid_clients_in_any_column_order_and_one_spoilt_cell(
    tmp_path_factory: object, data: st.DataObject, rows: list[dict[str, object]]
) -> None:
    order = data.draw(st.permutations(list(rows[0])))
    path = Path(tmp_path_factory.mktemp("clients")) / "c.xlsx"  # type: ignore[attr-defined]
    write_xlsx(path, {"Clients": [order, *([row[name] for name in order] for row in rows)]})
    got = read(path)
    assert (got.problems, got.clients.select(_READ).rows()) == ((), [_expected(row) for row in rows])
    spoilt = data.draw(st.sampled_from(["Website", "Plan", "Created on", "Employees", "Status"]))
    at = data.draw(st.integers(0, len(rows) - 1))
    book = openpyxl.load_workbook(path)
    cell = book["Clients"].cell(at + 2, order.index(spoilt) + 1, "no such thing")
    book.save(path)
    after = read(path)
    assert [str(problem.place) for problem in after.problems] == [f"{path.as_posix()}:Clients!{cell.coordinate}"]
    rest = [_expected(row) for number, row in enumerate(rows) if number != at]
    assert after.clients.select(_READ).rows() == rest


def test_an_empty_sheet_has_no_rows() -> None:
    import polars as pl  # noqa: PLC0415  (only here)

    assert (
        read_sheet(RawSheet("Empty", hidden=False, frame=pl.DataFrame()), "x.xlsx", shipped(), free()).rows.height == 0
    )
