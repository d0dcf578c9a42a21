"""Write `samples/`: invented partners, clients and bundles, and one row for each fault that a row can have.

Run by `make golden`. The files come out byte for byte the same, so that a diff shows what was changed here.
"""

import csv
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

SAMPLES = Path(__file__).parents[2] / "samples"
_STAMP = (2025, 6, 20, 0, 0, 0)
_NEVER_CALCULATED = "=0*1"

Row = Sequence[Any]


def day(text: str) -> date:
    return date.fromisoformat(text)


GO_LIVE, LONG_AGO = day("2025-03-01"), day("2024-01-01")

PARTNER_COLUMNS = (
    "Partner ID", "Partner name", "Kind", "Selling entity", "Currency", "Country", "Tax status", "Tax number", "Terms",
    "PO reference", "Payment method", "Contact ID", "Email", "Included places", "Included until", "Opening places",
    "Grouping", "Valid from",
)  # fmt: skip


def partner(number: str, name: str, **changed: Any) -> Row:
    """A partner row: what most partners share, and what this one has of its own."""
    usual: dict[str, Any] = {
        "Kind": "MSP", "Selling entity": "us", "Currency": "USD", "Country": "US", "Tax status": "Taxable",
        "Terms": "Net 30", "Payment method": "Bank transfer", "Grouping": "On event", "Valid from": LONG_AGO,
    }  # fmt: skip
    values = {**usual, **{key.replace("_", " "): value for key, value in changed.items()}}
    return [number, f"{name} (sample)", *(values.get(column) for column in PARTNER_COLUMNS[2:])]


UK = {"Selling_entity": "uk", "Currency": "GBP", "Country": "GB"}
PARTNERS: list[Row] = [
    partner("P-1001", "Aspen Advisory", Kind="Advisor", Email="books@aspen.example", Included_places=5,
            Included_until=day("2025-12-31"), PO_reference="PO-7781"),
    partner("P-1002", "Birch Managed Services", Tax_status="Exempt", Grouping="Monthly", Terms=15),
    partner("P-1003", "Cedar Security", Kind="MSSP", Tax_number="GB000000000", **UK),
    partner("P-1004", "Dogwood IT", Payment_method="Card"),
    partner("P-1005", "Elm Advisory", Kind="Advisor", Opening_places=3,
            **{**UK, "Country": "IE", "Tax_status": "Reverse charge"}),
    partner("P-1006", "Fir Partners", Tax_status="Reverse charge"),  # document-tax-unmapped
    partner("P-1007", "Gum Services", Valid_from=day("2025-06-01")),
    partner("P-1011", "Hazel Services", Selling_entity="au"),  # partner-selling-entity
    partner("P-1012", "Iris Services", Currency="EUR"),  # partner-currency
    partner("P-1013", "Juniper Services", Currency="USB"),  # record-currency
    partner("P-1014", "Kapok Services", Country="Ruritania"),  # record-country
    partner("P-1015", "Larch Services", Email="books at larch"),  # record-email
    partner("P-1016", "Maple Services", Contact_ID="ask Mary"),  # record-contact-id
    partner("P-1017", "Nutmeg Services", Kind="Reseller"),  # record-choice
    partner("P-1018", "Oak Services", Terms="soon"),  # record-whole-number
    partner("P-1019", "Pine Services", Country="US"),  # partner-conflict, with the next row
    partner("P-1019", "Pine Services", Country="CA"),
]  # fmt: skip

CLIENT_COLUMNS = (
    "Client ID", "Partner ID", "Client name", "Website", "Plan", "Template", "Record type", "Created on",
    "Upgraded on", "Employees", "Employee band", "Employees as of", "Status", "Country",
)  # fmt: skip
FULL, ASSESSMENT = "Full feature Spoke", "Assessment Only"


def client(number: Any, owner: Any, name: str, plan: Any, created: Any, employees: Any, **changed: Any) -> Row:
    """A client row; the website follows from the name unless it is given."""
    site = re.sub(r"[^a-z]", "", name.lower()) + ".example"
    usual: dict[str, Any] = {
        "Website": site, "Plan": plan, "Created on": created, "Employees": employees, "Status": "Active",
        "Record type": "Client", "Country": "US",
    }  # fmt: skip
    values = {**usual, **{key.replace("_", " "): value for key, value in changed.items()}}
    return [number, owner, f"{name} (sample)", *(values.get(column) for column in CLIENT_COLUMNS[3:])]


CLIENTS: list[Row] = [
    # All nine employee tiers, as counts and as bands, across partners.
    client("C-001", "P-1001", "Amber Bakery", FULL, day("2025-03-01"), 1),
    client("C-002", "P-1001", "Basalt Books", FULL, day("2025-03-14"), "2-10"),
    client("C-003", "P-1001", "Copper Clinics", FULL, day("2025-04-02"), 50, Employee_band="11-50",
           Employees_as_of=day("2025-04-01")),
    client("C-004", "P-1004", "Delta Dental", FULL, day("2025-04-30"), "51–200"),
    client("C-005", "P-1004", "Ember Energy", FULL, day("2025-07-01"), 201),  # record-future
    client("C-006", "P-1002", "Fjord Foods", FULL, day("2025-05-05"), "501-1,000"),
    client("C-007", "P-1002", "Garnet Glass", FULL, day("2025-06-03"), 1001),  # waits for the end of June
    client("C-008", "P-1004", "Harbour Hotels", FULL, day("2025-05-20"), "5,001-10,000"),
    client("C-009", "P-1001", "Indigo Industries", FULL, day("2025-06-20"), "10,001+"),
    client("C-010", "P-1004", "Jade Joinery", FULL, day("2025-06-10"), 500, Employee_band="501-1,000"),
    # Upgrades, and a client created and upgraded on one day: each bills once.
    client("C-011", "P-1001", "Kelp Kitchens", FULL, day("2025-03-10"), "SIZE_11_TO_50", Upgraded_on=day("2025-05-12")),
    client("C-012", "P-1002", "Lumen Law", FULL, day("2025-05-19"), 8, Upgraded_on=day("2025-05-19")),
    client("C-013", "P-1001", "Mica Motors", FULL, day("2025-01-15"), 75, Upgraded_on=day("2025-04-15")),
    # Before go-live: opening entries, and an Assessment Only client of that time.
    client("C-014", "P-1001", "Nickel News", FULL, day("2024-11-04"), 120),
    client("C-015", "P-1001", "Onyx Optics", ASSESSMENT, day("2025-02-11"), 9),
    # Assessment Only, inside a bundle; from a template; with leading zeros in the id.
    client("C-016", "P-1001", "Pearl Print", ASSESSMENT, day("2025-03-20"), None),
    client("C-017", "P-1001", "Quartz Quilts", ASSESSMENT, day("2025-04-22"), "2-10"),
    client("00018", "P-1004", "Ruby Roofing", None, day("2025-05-02"), 33, Template="Starter assessment"),
    client("C-019", "P-1004", "Slate Schools", None, day("2025-05-03"), 33, Template="Full onboarding"),
    client("T-1", "P-1001", "Starter assessment", ASSESSMENT, day("2025-01-01"), None, Record_type="Template",
           Website=None),
    # Rules: held, not billable. Archived before it was billed. A document that a missing tax code blocks.
    client("C-020", "P-1001", "Topaz Test", FULL, day("2025-04-01"), 5, Website="example.com"),
    client("C-021", "P-1001", "Umber Utilities", FULL, day("2025-04-01"), 5, Website="hold.example"),
    client("C-022", "P-1004", "Verdigris Vets", FULL, day("2025-04-08"), 12, Status="Archived"),  # client-archived
    client("C-023", "P-1006", "Willow Wines", FULL, day("2025-04-09"), 12),  # document-tax-unmapped
    # One row for each fault that a row can have.
    client("C-101", "P-9999", "Fault Partner", FULL, GO_LIVE, 5),  # partner-unknown
    client("C-102", "P-1007", "Fault Early", FULL, GO_LIVE, 5),  # partner-not-yet-valid
    client("C-103", "P-1001", "Fault Template", None, GO_LIVE, 5, Template="No such template"),  # template-unknown
    client("C-104", "P-1001", "Fault Twice", FULL, GO_LIVE, 5),  # record-duplicate
    client("C-104", "P-1001", "Fault Twice", FULL, GO_LIVE, 5),
    client("C-105", "P-1001", "Fault One", FULL, GO_LIVE, 5),  # record-duplicate-id
    client("C-105", "P-1001", "Fault Two", FULL, GO_LIVE, 55),
    client("C-106", "P-1001", "Fault Shared", FULL, GO_LIVE, 5),  # client-domain-shared
    client("C-107", "P-1001", "Fault Shared", FULL, GO_LIVE, 6),
    client("C-108", "P-1001", "Fault Size", FULL, GO_LIVE, None),  # rate-size-unknown
    client("C-109", None, "Fault Blank", FULL, GO_LIVE, 5),  # record-missing
    client(None, "P-1001", "Fault Identity", FULL, GO_LIVE, 5, Website=None),  # client-no-identity
    client("1.23457E+11", "P-1001", "Fault Excel", FULL, GO_LIVE, 5),  # record-identifier
    client("C-110", "P-1001", "Fault _x0007_ Bell", FULL, GO_LIVE, 5, Website="bell.example"),  # record-text
    client("C-111", "P-1001", "Fault Domain", FULL, GO_LIVE, 5, Website="not a site"),  # record-domain
    client("C-112", "P-1001", "Fault Plan", "Premium", GO_LIVE, 5),  # record-plan
    client("C-113", "P-1001", "Fault Status", FULL, GO_LIVE, 5, Status="Dormant"),  # record-status
    client("C-114", "P-1001", "Fault Date", FULL, "last spring", 5),  # record-date
    client("C-115", "P-1001", "Fault Order", FULL, "04/05/2025", 5),  # record-date-ambiguous
    client("C-116", "P-1001", "Fault Back", FULL, day("2025-05-02"), 5, Upgraded_on=day("2025-04-02")),
    client("C-117", "P-1001", "Fault Upgrade", ASSESSMENT, GO_LIVE, 5, Upgraded_on=day("2025-04-02")),
    client("C-118", "P-1001", "Fault Circa", FULL, GO_LIVE, "c. 50"),  # record-employees
    client("C-119", "P-1001", "Fault October", FULL, GO_LIVE, datetime(2025, 10, 2)),  # noqa: DTZ001  # a cell has no zone
    client("C-120", "P-1001", "Fault Error", FULL, GO_LIVE, "#N/A"),  # cell-error
    client("C-121", "P-1001", "Fault Formula", FULL, GO_LIVE, "=25*2"),  # cell-formula-without-value
    client(12345678901234567, "P-1001", "Fault Digits", FULL, GO_LIVE, 5),  # cell-digits-lost
    client("C-122", "P-1001", "Fault Zero", FULL, GO_LIVE, _NEVER_CALCULATED),  # cell-formula-never-calculated
]  # fmt: skip

TEMPLATES: list[Row] = [
    ["Starter assessment", None, ASSESSMENT, LONG_AGO],
    ["Full onboarding", "P-1004", FULL, LONG_AGO],
    ["Twofold", None, FULL, LONG_AGO],  # template-conflict, with the next row
    ["Twofold", None, ASSESSMENT, LONG_AGO],
]

UK_CLIENTS = """\
Spoke ID;Hub ID;Spoke;Website domain;Plan;Created on;Upgraded on;Company size;Status;Country
S-201;P-1003;Yew Yachts (sample);yewyachts.example;Full;2025-03-03;;51-200;Active;GB
S-202;P-1003;Zinc Zoos (sample);https://www.zinczoos.example/home;Full;2025-04-11;;201-500;Active;GB
S-203;P-1005;"Alder; Ash & Co (sample)";alderash.example;Full;2025-04-28;2025-05-30;1 001-5 000;Active;IE
S-204;P-1005;Beech Bikes (sample);beechbikes.example;Assessment;2025-05-06;;11-50;Active;IE
S-205;P-1003;Chestnut Charity (sample);chestnut.example;Full;2025-05-06;;7;Active;GB;one field too many
"""

BUNDLES = """\
Partner ID,Purchase reference,Purchased on,Bundles
P-1001,PO-AO-1,2025-03-05,1
P-1003,PO-AO-7,2025-05-15,2
P-1001,PO-AO-0,2025-01-20,1
P-1004,,2025-05-15,1
P-1004,PO-AO-9,2025-05-16,0
"""

# The next month: the same list again with edits, and what only a second upload can show.
LATER: list[Row] = [
    CLIENTS[0],  # unchanged
    client("C-002", "P-1001", "Basalt Books", FULL, day("2025-03-14"), "11-50"),  # grown after it was billed
    client("C-016", "P-1001", "Pearl Print", FULL, day("2025-03-20"), "51-200", Upgraded_on=day("2025-06-18")),
    client("C-301", "P-1004", "Dunlin Docks", FULL, day("2025-06-19"), 15),
    client("C-017", "P-1001", "Quartz Quilts", FULL, day("2025-04-22"), "2-10"),  # client-upgrade-undated
    client("C-003", "P-1001", "Copper Clinics", ASSESSMENT, day("2025-04-02"), 50),  # client-downgraded
    client("C-004", "P-1001", "Delta Dental", FULL, day("2025-04-30"), "51-200"),  # client-moved
    client("C-010", "P-1004", "Jackdaw Jewels", FULL, day("2025-06-25"), 9),  # client-id-reused
    client("C-014", "P-1001", "Nickel News", FULL, day("2025-04-04"), 120),  # client-was-opened
    client(None, "P-1001", "Mica Motors", FULL, day("2025-06-03"), 75, Website="mica.example"),  # client-name-known
    client("C-302", "P-1001", "Amber Bakery", FULL, day("2025-06-02"), 1),  # client-domain-known
    client("C-303", "P-1004", "Copper Clinics", FULL, day("2025-06-02"), 50),  # client-domain-other-partner
]
LATER_BUNDLES = """\
Partner ID,Purchase reference,Purchased on,Bundles
P-1001,PO-AO-1,2025-03-05,3
P-1001,PO-AO-2,2025-06-12,1
"""


def fill(sheet: Worksheet, title: str, columns: Sequence[str], rows: Sequence[Row], total: str = "") -> None:
    sheet.append([title])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append([])
    sheet.append(list(columns))
    for cell in sheet[3]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append(list(row))
    if total:
        sheet.append([total, None, len(rows)])
    sheet.freeze_panes = "A4"
    for letter in "ABCDEFGHIJKLMNOPQR":
        sheet.column_dimensions[letter].width = 20


def save(book: Workbook, path: Path) -> None:
    """Save without the moment of saving, and with a cached 0 in the formula that stands for one."""
    book.properties.created = book.properties.modified = datetime(*_STAMP)  # noqa: DTZ001  # the format has no zone
    buffer = BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/"):
                never = _NEVER_CALCULATED[1:].encode()
                data = re.sub(rb"<f>" + re.escape(never) + rb"</f><v ?/>", b"<f>" + never + b"</f><v>0</v>", data)
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2025-06-20T00:00:00Z", data))


def workbook(*sheets: tuple[str, str, Sequence[str], Sequence[Row], str]) -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, title, columns, rows, total in sheets:
        fill(book.create_sheet(name), title, columns, rows, total)
    return book


def make(folder: Path) -> None:
    """Write every sample into the folder."""
    (folder / "later").mkdir(parents=True, exist_ok=True)
    templates = ("Template", "Partner ID", "Plan", "Valid from")
    save(workbook(("Partners", "Partners (invented)", PARTNER_COLUMNS, PARTNERS, "")), folder / "partners.xlsx")
    save(
        workbook(
            ("Clients", "Clients to June 2025 (invented)", CLIENT_COLUMNS, CLIENTS, "Total"),
            ("Templates", "Client templates (invented)", templates, TEMPLATES, ""),
        ),
        folder / "clients.xlsx",
    )
    save(workbook(("Clients", "July (invented)", CLIENT_COLUMNS, LATER, "")), folder / "later" / "clients-july.xlsx")
    (folder / "clients-uk.csv").write_text(UK_CLIENTS, encoding="utf-8")
    (folder / "bundles.csv").write_text(BUNDLES, encoding="utf-8")
    (folder / "later" / "bundles.csv").write_text(LATER_BUNDLES, encoding="utf-8")
    assert list(csv.reader(BUNDLES.splitlines()))


if __name__ == "__main__":
    make(SAMPLES)
