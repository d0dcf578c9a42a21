"""What single cells mean: dates, sizes, domains, words, numbers. Seen through the door, one column at a time."""

from datetime import date
from pathlib import Path

import pytest
from intake_kit import CLIENT, CLIENT_HEADER, ROOT, codes, read, write_csv

from connector.intake import Intake, load_mappings, read_sources

PARTNER_HEADER = (
    *("Partner ID", "Partner name", "Kind", "Selling entity", "Currency", "Country", "Tax status", "Terms"),
    *("Payment method", "Grouping", "Valid from", "Email", "Contact ID"),
)
CONTACT = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
PARTNER = (
    *("P-1", "Alpha", "MSP", "us", "usd", "UK", "Taxable", "Net 30", "Credit card", "Monthly", "2025-01-01"),
    *("a@alpha.com", CONTACT.upper()),
)


def clients(tmp_path: Path, column: str, values: list[str]) -> Intake:
    at = CLIENT_HEADER.index(column)
    rows = [(*CLIENT[:at], f'"{value}"', *CLIENT[at + 1 :]) for value in values]
    return read(write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, *rows]))


def test_dates(tmp_path: Path) -> None:
    days = {
        "2025-03-04": date(2025, 3, 4),
        "2025-03-04 17:30:00": date(2025, 3, 4),
        "2025-03-04T17:30": date(2025, 3, 4),
        "2025-03-04T17:30:00.250": date(2025, 3, 4),
        "2025-03-04 5:30 PM": date(2025, 3, 4),
        "25/03/2025 5:30:00 p.m.": date(2025, 3, 25),
        "2025/3/4": date(2025, 3, 4),
        "4 March 2025": date(2025, 3, 4),
        "4-Mar-2025": date(2025, 3, 4),
        "Sept 4, 2025": date(2025, 9, 4),
        "March 4th 2025": date(2025, 3, 4),
        "25/03/2025": date(2025, 3, 25),
        "03/25/2025": date(2025, 3, 25),
        "05/05/2025": date(2025, 5, 5),
    }
    got = clients(tmp_path, "Created on", list(days))
    assert (got.problems, got.clients["created_on"].to_list()) == ((), list(days.values()))


def test_dates_that_are_refused(tmp_path: Path) -> None:
    texts = ["3/4/25", "45720", "soon", "31 February 2025", "4 Brumaire 2025", "1999-12-31", "2101-01-01", "03/04/2025"]
    got = clients(tmp_path, "Created on", texts)
    refused = [(f"F{row}", "record-date") for row in range(2, 9)]
    assert codes(got.problems) == [*refused, ("F9", "record-date-ambiguous")]


@pytest.mark.parametrize(
    "text",
    [
        *("2025-03-01T02:30:00Z", "2025-03-01T02:30:00.000z", "2025-03-01T02:30+01:00", "2025-03-01 02:30:00 -0500"),
        *("2025-03-01 02:30 UTC", "2025-03-01T23:30:00\u221208", "2025-03-01 02:30 PM EST", "25/03/2025 02:30 GMT+1"),
        *("2025-03-01T02:30:00[Europe/London]", "2025-03-01 02:30 Europe/London", "03/04/2025 2:30 Z"),
    ],
)
def test_a_moment_with_a_time_zone_is_no_day(tmp_path: Path, text: str) -> None:
    got = clients(tmp_path, "Created on", [text])
    assert [(str(one.place).split(":")[-1], one.code, one.message) for one in got.problems] == [
        ("F2", "record-date", f"'{text}' is a moment with a time zone: which day it was depends on the selling entity")
    ]
    assert got.problems[0].next_step == "Write the day alone, such as 2025-03-01, as it was at the selling entity."


def test_a_time_with_something_behind_it_is_no_date(tmp_path: Path) -> None:
    got = clients(tmp_path, "Created on", ["2025-03-01 02:30 or so", "2025-03-01 02:30:00:00", "2025-03-01 02:30 5"])
    assert [problem.message for problem in got.problems] == [
        "'2025-03-01 02:30 or so' is not a date",
        "'2025-03-01 02:30:00:00' is not a date",
        "'2025-03-01 02:30 5' is not a date",
    ]


def test_a_column_proves_its_own_date_order(tmp_path: Path) -> None:
    got = clients(tmp_path, "Created on", ["03/04/2025", "25/04/2025"])
    assert got.clients["created_on"].to_list() == [date(2025, 4, 3), date(2025, 4, 25)]


def test_a_column_that_contradicts_itself_proves_nothing(tmp_path: Path) -> None:
    got = clients(tmp_path, "Created on", ["03/04/2025", "25/04/2025", "04/25/2025"])
    assert codes(got.problems) == [("F2", "record-date-ambiguous")]
    assert got.clients["created_on"].to_list() == [date(2025, 4, 25), date(2025, 4, 25)]


@pytest.mark.parametrize(("order", "day"), [("day_first", date(2025, 4, 3)), ("month_first", date(2025, 3, 4))])
def test_a_declared_date_order(tmp_path: Path, order: str, day: date) -> None:
    text = (ROOT / "mappings" / "workbook.yaml").read_text("utf-8")
    for declared in (f"date_order: {order}", f"date_order: {{created_on: {order}}}"):
        (tmp_path / "workbook.yaml").write_text(text.replace("# date_order: day_first", declared), "utf-8")
        mappings, problems = load_mappings(tmp_path)
        assert mappings is not None, problems
        row = ("C-1", "P-1", "Acme", "", "Full", "03/04/2025", "", "Active")
        path = write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, row])
        assert read_sources([path], mappings).clients["created_on"].to_list() == [day]


def test_employees(tmp_path: Path) -> None:
    sizes = {
        "50": (50, None, None),
        "50.0": (50, None, None),
        "1,200": (1200, None, None),
        "11–50": (None, 11, 50),
        "10,001+": (None, 10_001, None),
        "SIZE_2_TO_10": (None, 2, 10),
        "": (None, None, None),
    }
    got = clients(tmp_path, "Employees", list(sizes)).clients
    assert got.select("count_low", "band_low", "band_high").rows() == list(sizes.values())
    assert got["employees_text"].to_list() == [text or None for text in sizes]


def test_employees_that_are_refused(tmp_path: Path) -> None:
    texts = ["0", "-3", "2.5", ">200", "C", "10,000+", "11-49"]
    got = codes(clients(tmp_path, "Employees", texts).problems)
    assert got == [(f"G{row}", "record-employees") for row in range(2, 9)]


def test_employees_as_month_and_year_are_a_spoilt_band(tmp_path: Path) -> None:
    assert codes(clients(tmp_path, "Employees", ["Nov-50"]).problems) == [("G2", "record-employees-date")]


def test_count_and_band_in_columns_of_their_own(tmp_path: Path) -> None:
    header = (*CLIENT_HEADER[:6], "Headcount", "Size band", "Status")
    rows = [
        (*CLIENT[:6], "116", "11-50", "Active"),
        (*CLIENT[:6], "", "1", "Active"),
        (*CLIENT[:6], "11-50", "40", "Active"),
    ]
    got = read(write_csv(tmp_path / "clients.csv", [header, *rows]))
    assert got.clients.select("employees_text", "count_low", "band_low", "band_high").rows() == [
        ("116 / 11-50", 116, 11, 50),
        ("1", None, 1, 1),
    ]
    assert codes(got.problems) == [("G4", "record-employees"), ("H4", "record-employees")]


def test_domains(tmp_path: Path) -> None:
    domains = {
        "acme.com": "acme.com",
        "ACME.com": "acme.com",
        "https://www.acme.com/about?x=1": "acme.com",
        "http://acme.co.uk:8080": "acme.co.uk",
        "www.acme.com": "acme.com",
        "www.com": "www.com",
        "münchen.de": "xn--mnchen-3ya.de",
        "xn--mnchen-3ya.de": "xn--mnchen-3ya.de",
        "acme.com.": "acme.com",
    }
    got = clients(tmp_path, "Website", list(domains))
    assert (got.problems, got.clients["domain"].to_list()) == ((), list(domains.values()))


def test_domains_that_are_refused(tmp_path: Path) -> None:
    texts = ["acme", "info@acme.com", "10.0.0.1", "a b.com", "-x.com", "https://", "xn--a.de"]
    got = codes(clients(tmp_path, "Website", texts).problems)
    assert got == [(f"D{row}", "record-domain") for row in range(2, 9)]


def test_names(tmp_path: Path) -> None:
    got = clients(tmp_path, "Client name", ["\u00a0Zoë & Co\u200b ", "x" * 256, "bell\x07"])
    assert got.clients["name"].to_list() == ["Zoë & Co"]
    assert codes(got.problems) == [("C3", "record-text"), ("C4", "record-text")]


def test_identifiers_as_shown(tmp_path: Path) -> None:
    got = clients(tmp_path, "Client ID", ["007", "1,5E+7", "E1E1", "x" * 256])
    assert got.clients["client_ref"].to_list() == ["007", "E1E1"]
    assert codes(got.problems) == [("A3", "record-identifier"), ("A5", "record-text")]


@pytest.mark.parametrize("column", ["Client ID", "Partner ID"])
def test_identifiers_that_look_the_same_are_one(tmp_path: Path, column: str) -> None:
    spellings = [
        *("Café 1", "Cafe\u0301 1", "Café\u00a01", "Café\u202f1", "Café  1", "Café\u2003\u20031", "Caf\u00ade\u0301 1"),
        *("Ca\u200bfé 1", "Caf\u200dé 1", "\ufeffCafé\u2060 1", "Café 1\u200e", "Café \u200b 1", "Cafe\u034f\u0301 1"),
    ]
    got = clients(tmp_path, column, [*spellings, "CAFÉ 1", "Café-1"])
    field = {"Client ID": "client_ref", "Partner ID": "partner_id"}[column]
    assert (got.problems, got.clients[field].to_list()) == ((), ["Café 1"] * len(spellings) + ["CAFÉ 1", "Café-1"])


def test_references_and_templates_that_look_the_same_are_one(tmp_path: Path) -> None:
    bundles = [("Hub", "Order number", "Bought on", "Qty"), ("P-1", "PO\u00a07\u200b", "2025-03-01", "2")]
    templates = [("Template", "Plan", "Valid from"), ("Standard\u00a0e\u0301", "Full", "2025-01-01")]
    rows = [(*CLIENT_HEADER[:6], "Status", "Template"), (*CLIENT[:4], "", CLIENT[5], "Active", "Stand\u00adard é")]
    got = read(
        write_csv(tmp_path / "bundles.csv", bundles),
        write_csv(tmp_path / "templates.csv", templates),
        write_csv(tmp_path / "clients.csv", rows),
    )
    assert (got.problems, got.bundles["reference"].to_list()) == ((), ["PO 7"])
    assert got.templates["template"].to_list() == got.clients["template"].to_list() == ["Standard é"]


def test_an_identifier_of_nothing_that_shows_is_refused_and_excerpts_stay_as_written(tmp_path: Path) -> None:
    got = clients(tmp_path, "Client ID", ["\u00ad\u00ad", "a\u00a0b\u0007", "a\u202eb"])
    assert [(problem.code, problem.message) for problem in got.problems] == [
        ("record-text", "the text holds nothing that shows"),
        ("record-text", "the text holds the control character U+0007"),
        ("record-text", "the text holds the character U+202E, which turns the order of reading around"),
    ]
    assert got.problems[1].excerpt.startswith("a\u00a0b")
    assert got.clients.is_empty()


def test_partners(tmp_path: Path) -> None:
    got = read(write_csv(tmp_path / "partners.csv", [PARTNER_HEADER, PARTNER]))
    assert got.problems == ()
    assert {key: value for key, value in got.partners.row(0, named=True).items() if value is not None} == {
        "source": (tmp_path / "partners.csv").as_posix(),
        "sheet": "",
        "row": 2,
        "partner_id": "P-1",
        "name": "Alpha",
        "kind": "msp",
        "selling_entity": "us",
        "currency": "USD",
        "country": "GB",
        "tax_status": "taxable",
        "terms_days": 30,
        "payment_method": "card",
        "contact_id": CONTACT,
        "email": "a@alpha.com",
        "grouping": "monthly",
        "valid_from": date(2025, 1, 1),
    }


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("Terms", "367", "record-whole-number"),
        ("Terms", "1_0", "record-whole-number"),
        ("Currency", "XXX", "record-currency"),
        ("Contact ID", CONTACT.replace("-", ""), "record-contact-id"),
    ],
)
def test_partners_that_are_refused(tmp_path: Path, column: str, text: str, code: str) -> None:
    at = PARTNER_HEADER.index(column)
    got = read(write_csv(tmp_path / "partners.csv", [PARTNER_HEADER, (*PARTNER[:at], text, *PARTNER[at + 1 :])]))
    assert [problem.code for problem in got.problems] == [code]
    assert got.partners.is_empty()


def test_bundles_and_templates(tmp_path: Path) -> None:
    bundles = write_csv(
        tmp_path / "bundles.csv",
        [
            ("Hub", "Order number", "Bought on", "Qty"),
            ("P-1", "0042", "2025-03-01", "2"),
            ("P-1", "43", "2025-03-01", "0"),
        ],
    )
    templates = write_csv(
        tmp_path / "templates.csv", [("Template", "Plan", "Valid from"), ("Std", "Full", "2025-01-01")]
    )
    got = read(bundles, templates)
    assert got.bundles.select("partner_id", "reference", "purchased_on", "quantity").rows() == [
        ("P-1", "0042", date(2025, 3, 1), 2)
    ]
    assert got.templates.select("template", "partner_id", "plan", "valid_from").rows() == [
        ("Std", None, "full_spoke", date(2025, 1, 1))
    ]
    assert codes(got.problems) == [("D3", "record-whole-number")]
