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


def clients(tmp_path: Path, column: str, values: list[str], declared: str = "") -> Intake:
    """Clients with these values in a column, read by the shipped mapping with this line added to it."""
    at = CLIENT_HEADER.index(column)
    rows = [(*CLIENT[:at], f'"{value}"', *CLIENT[at + 1 :]) for value in values]
    path = write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, *rows])
    if not declared:
        return read(path)
    shipped = (ROOT / "mappings" / "workbook.yaml").read_text("utf-8")
    (tmp_path / "workbook.yaml").write_text(f"{shipped}\n{declared}\n", "utf-8")
    mappings, faults = load_mappings(tmp_path)
    assert mappings is not None, faults
    return read_sources([path], mappings)


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
    assert got.problems[0].next_step == (
        "Declare time_zone: (such as Europe/London) in mappings/workbook.yaml, or write the day alone: 2025-03-01."
    )


@pytest.mark.parametrize(
    ("zone", "text", "day"),
    [
        ("Europe/London", "2025-06-30T23:30:00Z", date(2025, 7, 1)),
        ("Europe/London", "2025-06-30 22:30:00 UTC", date(2025, 6, 30)),
        ("America/New_York", "2025-07-01T03:59:59.999Z", date(2025, 6, 30)),
        ("America/New_York", "2025-07-01T06:00:00+02:00", date(2025, 7, 1)),
        ("Australia/Sydney", "2025-03-01 02:30:00 -0500", date(2025, 3, 1)),
        ("Pacific/Auckland", "2025-03-01T23:30:00\u221208:00", date(2025, 3, 2)),
        ("Europe/London", "2025-06-30 23:30:00", date(2025, 6, 30)),
    ],
)
def test_a_moment_is_told_in_the_days_of_the_declared_zone(tmp_path: Path, zone: str, text: str, day: date) -> None:
    got = clients(tmp_path, "Created on", [text], declared=f"time_zone: {zone}")
    assert (got.problems, got.clients["created_on"].to_list()) == ((), [day])


def test_a_zone_by_its_abbreviation_is_asked_about_even_so(tmp_path: Path) -> None:
    got = clients(tmp_path, "Created on", ["2025-03-01 02:30 PM EST"], declared="time_zone: Europe/London")
    assert [problem.code for problem in got.problems] == ["record-date"]


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


def test_a_column_that_contradicts_itself_proves_nothing_and_the_odd_cells_are_problems(tmp_path: Path) -> None:
    got = clients(tmp_path, "Created on", ["03/04/2025", "25/04/2025", "26.04.2025", "04/25/2025", "2025-04-25"])
    assert [(str(problem.place).split(":")[-1], problem.code, problem.message) for problem in got.problems] == [
        ("F2", "record-date-ambiguous", "'03/04/2025' can be read day first or month first"),
        (
            "F5",
            "record-date",
            "'04/25/2025' can only be read month first, but the column has both orders, such as '25/04/2025'",
        ),
    ]
    assert got.clients["created_on"].to_list() == [date(2025, 4, 25), date(2025, 4, 26), date(2025, 4, 25)]


def test_where_neither_order_is_rarer_all_that_prove_one_are_problems(tmp_path: Path) -> None:
    got = clients(tmp_path, "Created on", ["25/04/2025", "04/25/2025", "05/05/2025"])
    assert codes(got.problems) == [("F2", "record-date"), ("F3", "record-date")]


def test_every_day_up_to_twelve_is_asked_about(tmp_path: Path) -> None:
    got = clients(tmp_path, "Created on", ["01/02/2025", "12.11.2025", "07-07-2025"])
    assert codes(got.problems) == [("F2", "record-date-ambiguous"), ("F3", "record-date-ambiguous")]
    assert got.problems[0].next_step.startswith("Declare date_order: {created_on: day_first} (or month_first) in ")


def test_why_a_text_is_no_date(tmp_path: Path) -> None:
    told = {
        "45678": "'45678' is a bare number; formatted as a date it would be 2025-01-21",
        "45678.75": "'45678.75' is a bare number; formatted as a date it would be 2025-01-21",
        "60": "'60' is a bare number, not a date",
        "20250301": "'20250301' is a bare number, not a date",
        "3/4/25": "'3/4/25' has a year of two digits, so its century is not known",
        "4-Mar-25": "'4-Mar-25' has a year of two digits, so its century is not known",
        "Mar 4, '25": "'Mar 4, '25' has a year of two digits, so its century is not known",
        "soon": "'soon' is not a date",
        "TRUE": "'TRUE' is not a date",
    }
    got = clients(tmp_path, "Created on", list(told))
    assert [problem.message for problem in got.problems] == list(told.values())


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


def test_a_date_against_the_declared_order(tmp_path: Path) -> None:
    text = (ROOT / "mappings" / "workbook.yaml").read_text("utf-8")
    (tmp_path / "workbook.yaml").write_text(text.replace("# date_order: day_first", "date_order: day_first"), "utf-8")
    mappings, problems = load_mappings(tmp_path)
    assert mappings is not None, problems
    rows = [(*CLIENT[:5], day, *CLIENT[6:]) for day in ("25/04/2025", "04/25/2025", "31/13/2025")]
    got = read_sources([write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, *rows])], mappings)
    assert [problem.message for problem in got.problems] == [
        "'04/25/2025' is no date when it is read day first, as the mapping declares",
        "'31/13/2025' is not a day of the calendar",
    ]


def test_employees(tmp_path: Path) -> None:
    sizes: dict[str, tuple[int | None, ...]] = {
        "50": (50, None, None),
        "50.0": (50, None, None),
        "12.00": (12, None, None),
        "007": (7, None, None),
        "1,200": (1200, None, None),
        "1 200": (1200, None, None),
        "80 employees": (80, None, None),
        "11–50": (None, 11, 50),
        "1,001-5,000": (None, 1001, 5000),
        "1001–5000": (None, 1001, 5000),
        "1,001 — 5,000": (None, 1001, 5000),
        "10,001+": (None, 10_001, None),
        "10 000+": (None, 10_001, None),
        "10001+ employees": (None, 10_001, None),
        "SIZE_1": (None, 1, 1),
        "size_2_to_10": (None, 2, 10),
        "SIZE_10001_OR_MORE": (None, 10_001, None),
        "self-employed": (None, 1, 1),
        "": (None, None, None),
    }
    got = clients(tmp_path, "Employees", list(sizes))
    assert got.problems == ()
    assert got.clients.select("count_low", "band_low", "band_high").rows() == list(sizes.values())
    assert got.clients["employees_text"].to_list() == [text or None for text in sizes]


def test_employees_that_are_refused(tmp_path: Path) -> None:
    plainly = "is not a whole number or a size band"
    told = {
        "0": ": zero employees",
        "-3": ": a negative number",
        "2.5": ": not a whole number",
        "2,5": ": not a whole number",
        "1.200": ": not a whole number",
        "50%": ": a percentage",
        "TRUE": ": a truth value",
        ">200": "",
        "c. 50": "",
        "~50": "",
        "1e3": "",
        "1_000": "",
        "NaN": "",
        "C": ": a bare letter: two different letter maps are in use",
        "10,000+": ": 10,000+ leaves 10,000 itself open",
        "11-49": ": not one of the size bands",
    }
    got = clients(tmp_path, "Employees", list(told))
    assert {code for _, code in codes(got.problems)} == {"record-employees"}
    assert [problem.message for problem in got.problems] == [f"'{text}' {plainly}{why}" for text, why in told.items()]


def test_employees_that_the_spreadsheet_program_made_a_date_of(tmp_path: Path) -> None:
    bands = {
        "02-Oct": "2-10",
        "2-Oct": "2-10",
        "Oct-02": "2-10",
        "10-Feb": "2-10",
        "2. Okt": "2-10",
        "2-Oct-25": "2-10",
        "2025-10-02": "2-10",
        "2025-02-10 00:00:00": "2-10",
        "2025-10-02T00:00:00": "2-10",
        "2025-10-02T00:00:00Z": "2-10",
        "02/10/2025": "2-10",
        "Nov-50": "11-50",
        "Nov 1950": "11-50",
        "1950-11-01 00:00:00": "11-50",
        "May-2000": "",
        "2025-03-01": "",
    }
    got = clients(tmp_path, "Employees", list(bands))
    assert {code for _, code in codes(got.problems)} == {"record-employees-date"}
    again = "Format the column as text and enter the band again"
    steps = [f"{again}; it was {band} perhaps." if band else f"{again}." for band in bands.values()]
    assert [problem.next_step for problem in got.problems] == steps


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
        "//acme.com": "acme.com",
        "acme.com:443/login#top": "acme.com",
        "ftp://files.acme.com": "files.acme.com",
        "Bücher.example": "xn--bcher-kva.example",
        "www.10.com": "10.com",
    }
    got = clients(tmp_path, "Website", list(domains))
    assert (got.problems, got.clients["domain"].to_list()) == ((), list(domains.values()))


def test_domains_that_are_refused(tmp_path: Path) -> None:
    none = "it cannot be a domain"
    told = {
        "acme": none,
        "info@acme.com": "an e-mail address has no place here",
        "mailto:info@acme.com": "an e-mail address has no place here",
        "10.0.0.1": "an IP address is none",
        "http://10.0.0.1:8080/x": "an IP address is none",
        "[2001:db8::1]": "an IP address is none",
        "2001:db8::1": "an IP address is none",
        "a b.com": none,
        "-x.com": none,
        "https://": none,
        "xn--a.de": none,
        "acme.123": none,
        "n/a": none,
    }
    got = clients(tmp_path, "Website", list(told))
    assert [problem.message for problem in got.problems] == [
        f"'{text}' is not a website domain: {why}" for text, why in told.items()
    ]


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
