"""Files for a person to import: what stands in them, what cannot, and that a crash leaves whole files or none."""

import json
import os
import resource
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from accounting_kit import document, line
from files_kit import settings

from connector.accounting.answers import (
    Booked,
    Catalogue,
    Changes,
    ContactFound,
    NumberTaken,
    Outcome,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connector.accounting.connect import connect
from connector.accounting.port import AccountingSystem, Submission
from connector.accounting.preflight import check
from connector.accounting.totals import predict_tax_minor
from connector.domain.documents import CREDIT_NOTE, Document, Line, Party
from connector.ledger import process_lock
from connector.net.errors import SetupError

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
QUICKBOOKS = "quickbooks-csv"


def system(folder: Path, name: str = "xero-csv", **changes: Any) -> AccountingSystem:
    return connect(settings(folder, name, **changes), lambda: NOW, lambda _seconds: None)


def create(made: AccountingSystem, *documents: Document, epoch: int = 0) -> Mapping[str, Outcome]:
    batch = [Submission(one, one.party.partner_id, epoch) for one in documents]
    return made.create(batch, NOW + timedelta(minutes=1))


def written(folder: Path) -> list[Path]:
    return sorted((folder / "outbox" / "us-books").glob("*.csv"))


def text_of(folder: Path) -> str:
    (path,) = written(folder)
    return path.read_bytes().decode()


def states(made: AccountingSystem, *numbers: str) -> dict[str, tuple[str, str]]:
    found = made.read_back(numbers)
    assert not isinstance(found, RetryLater)
    return {number: (one.status, one.file.rpartition("/")[0]) for number, one in found.items()}


def priced(net: int, percent: str = "15", currency: str = "USD") -> Line:
    rate = Decimal(percent)
    tax = predict_tax_minor(net, rate, currency)
    return line(net_minor=net, unit_minor=net, tax_code="RATE", tax_percent=rate, tax_minor=tax)


def test_a_whole_file_of_xeros_credit_notes(tmp_path: Path) -> None:
    themes = {"card": "Card payments"}
    made = system(tmp_path, branding_themes=themes, tracking=(("Region", "North"), ("Channel", "Partners")))
    one = document(
        kind=CREDIT_NOTE,
        number="US-CN-000001",
        payment_method="card",
        lines=(line(quantity=2, net_minor=20_000, tax_minor=1650), line(item_code=None, description='A "B", C')),
    )
    two = document("US-CN-000002", kind=CREDIT_NOTE, party=Party("P-2", "Two"), reference="PO 7")
    assert {type(outcome) for outcome in create(made, one, two).values()} == {Booked}
    assert text_of(tmp_path) == (
        "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,"
        "POPostalCode,POCountry,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,InventoryItemCode,*Description,*Quantity,"
        "*UnitAmount,Discount,*AccountCode,*TaxType,TrackingName1,TrackingOption1,TrackingName2,TrackingOption2,Currency,"
        "BrandingTheme\r\n"
        "Harbor Advisory,,,,,,,,,,US-CN-000001,November,11/02/2026,12/02/2026,SPOKE-FULL,Full Spoke: Northwind Clinics,"
        "2,-100.00,,200,OUTPUT,Region,North,Channel,Partners,USD,Card payments\r\n"
        'Harbor Advisory,,,,,,,,,,US-CN-000001,November,11/02/2026,12/02/2026,,"A ""B"", C",1,'
        "-100.00,,200,OUTPUT,Region,North,Channel,Partners,USD,Card payments\r\n"
        '"Two, the Partner",,,,,,,,,,US-CN-000002,PO 7,11/02/2026,12/02/2026,SPOKE-FULL,Full Spoke: Northwind Clinics,'
        "1,-100.00,,200,OUTPUT,Region,North,Channel,Partners,USD,\r\n"
    )
    (path,) = written(tmp_path)
    assert path.name.startswith("xero-credit-notes-US-CN-000001-US-CN-000002-")
    assert path.stat().st_mode & 0o077 == 0


def test_a_whole_file_of_quickbooks_with_tax_codes_and_the_day_first(tmp_path: Path) -> None:
    made = system(tmp_path, QUICKBOOKS, month_first=False)
    create(made, document(lines=(line(quantity=3, net_minor=30_000, tax_minor=2475),)))
    assert text_of(tmp_path) == (
        "*InvoiceNo,*Customer,*InvoiceDate,*DueDate,Terms,Location,Memo,Item(Product/Service),ItemDescription,"
        "ItemQuantity,ItemRate,*ItemAmount,Item Tax Code\r\n"
        "US-000001,Harbor Advisory,02/11/2026,02/12/2026,,,November,SPOKE-FULL,Full Spoke: Northwind Clinics,"
        "3,100.00,300.00,OUTPUT\r\n"
    )
    assert made.capabilities.upload == (
        "In QuickBooks, with custom transaction numbers on: Settings > Import data > Invoices; dates DD/MM/YYYY,"
        " amounts exclusive of tax; create no customers and no items. Compare number, customer and total of what was"
        " imported, then move the file to outbox/us-books/imported/."
    )


@pytest.mark.parametrize(
    ("nets", "currency", "percent", "amounts", "total"),
    [
        ((2506, 2561, 2563), "USD", "15", ["25.06", "25.61", "25.63"], 8774),
        ((1500,), "JPY", "10", ["1500"], 1650),
        ((1, 5), "USD", "0", ["0.01", "0.05"], 6),
        ((123_456_789_012,), "USD", "8.875", ["1234567890.12"], 134_413_579_037),
    ],
)
def test_amounts_are_exact_and_the_tax_is_rounded_line_by_line(
    tmp_path: Path, nets: tuple[int, ...], currency: str, percent: str, amounts: list[str], total: int
) -> None:
    rates = {"RATE": Decimal(percent)}
    made = system(tmp_path, tax_codes=rates, base_currency=currency, currencies=frozenset({currency}))
    lines = tuple(priced(net, percent, currency) for net in nets)
    got = create(made, document(lines=lines, currency=currency))["US-000001"]
    assert isinstance(got, Booked)
    assert got.receipt.total_minor == total
    assert [row.split(",")[17] for row in text_of(tmp_path).splitlines()[1:]] == amounts


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reference": "=1+1"}, "The reference begins with =, which starts a formula in a spreadsheet."),
        ({"reference": " @me"}, "The reference begins with @, which starts a formula in a spreadsheet."),
        ({"reference": "\uff0b49"}, "The reference begins with \uff0b, which starts a formula in a spreadsheet."),
        ({"number": "-1"}, "The number begins with -, which starts a formula in a spreadsheet."),
        ({"reference": "\tA"}, "The reference has a line break or another control character, which no import"),
        (
            {"lines": (line(description="+cmd"),)},
            "The description of SPOKE-FULL begins with +, which starts a formula in a spreadsheet.",
        ),
        ({"lines": (line(description="A\r\nB"),)}, "The description of SPOKE-FULL has a line break or another control"),
        ({"currency": "EUR"}, "Example Vendor Inc. does not bill in EUR."),
        ({"dated": date(2026, 10, 31)}, "is locked up to 2026-10-31 (locked_until in connector.yaml)."),
        ({"party": Party("P-9", "Nine")}, "How the contact of partner P-9 is called in the books is not declared."),
    ],
)
def test_what_cannot_stand_in_a_cell_or_is_not_declared_is_refused_and_the_others_are_written(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    made = system(tmp_path, locked_until=date(2026, 10, 31))
    values = {"number": "US-000001", **changes}
    got = create(made, document(**values), document("US-000002"))
    refused = got[values["number"]]
    assert isinstance(refused, Rejected)
    assert told in str(refused)
    assert isinstance(got["US-000002"], Booked)
    assert len(text_of(tmp_path).splitlines()) == 2


def test_a_description_of_signs_inside_is_written_as_it_is(tmp_path: Path) -> None:
    create(system(tmp_path), document(lines=(line(description="Spoke = 1 + 2 - 3 @ 4"),)))
    assert "Spoke = 1 + 2 - 3 @ 4" in text_of(tmp_path)


def test_contacts_go_by_their_declared_names_alone(tmp_path: Path) -> None:
    made = system(tmp_path)
    parties = [Party("P-1", "Any"), Party("P-2", "Any", contact_id="X-7"), Party("P-3", "Any")]
    assert made.find_contacts(parties) == {
        "P-1": ContactFound("P-1", "number"),
        "P-2": ContactFound("X-7", "stored"),
        "P-3": Rejected(
            "How the contact of partner P-3 is called in the books is not declared.",
            "Add P-3 with the exact name to contacts of tenant us-books in connector.yaml.",
        ),
    }
    assert isinstance(made.create_contacts(parties[2:3], "key", NOW)["P-3"], Rejected)
    assert not (tmp_path / "outbox").exists()


def test_the_catalogue_is_what_was_declared(tmp_path: Path) -> None:
    held = system(tmp_path, QUICKBOOKS, locked_until=date(2026, 1, 31)).catalogue()
    assert isinstance(held, Catalogue)
    assert (held.item_accounts, held.accounts, held.kinds) == ({"SPOKE-FULL": ("200",)}, {}, {"invoice"})
    assert (held.lock_dates, held.in_cells) == ({"locked_until in connector.yaml": date(2026, 1, 31)}, True)
    assert check([document()], held) == {}
    told = check([document(kind=CREDIT_NOTE)], held)["US-000001"]
    assert told == (
        (
            "Example Vendor Inc. takes no credit notes by the import of this file."
            " Make it there by hand, or reach the books by their interface."
        ),
    )


def test_files_have_no_more_rows_than_an_import_takes(tmp_path: Path) -> None:
    def sized(number: int, lines: int) -> Submission:
        return Submission(document(f"US-{number:06d}", lines=(line(),) * lines), "P-1")

    sizes = (300, 200, 1, 501, 1)
    xero, quickbooks = system(tmp_path), system(tmp_path, QUICKBOOKS)
    many = [sized(number, lines) for number, lines in enumerate(sizes, 1)]
    assert [[len(one.document.lines) for one in cut] for cut in xero.batches(many)] == [[300, 200], [1], [501], [1]]
    assert [[len(one.document.lines) for one in cut] for cut in quickbooks.batches(many)] == [[300, 200, 1], [501, 1]]
    assert isinstance(create(xero, many[3].document)["US-000004"], Booked)
    whole, more = sized(5, 999), sized(6, 1000)
    assert isinstance(create(quickbooks, whole.document)["US-000005"], Booked)
    told = create(quickbooks, more.document)["US-000006"]
    assert isinstance(told, Rejected)
    assert told.reason == "The document has 1000 lines, and a file takes 999."


def test_no_document_is_in_two_files(tmp_path: Path) -> None:
    made = system(tmp_path)
    one, two, three = (document(f"US-00000{number}") for number in (1, 2, 3))
    create(made, one, two)
    got = create(made, two, three)
    assert isinstance(got["US-000002"], NumberTaken)
    assert isinstance(got["US-000003"], Booked)
    again = create(made, one, epoch=1)["US-000001"]
    assert isinstance(again, NumberTaken)
    assert again.reason.startswith("US-000001 stands in the file xero-invoices-US-000001-US-000002-")
    assert len(written(tmp_path)) == 2
    assert made.changes(NOW) == Changes((), whole=False)


def test_a_file_is_found_where_a_person_has_moved_it_and_told_when_it_was_changed_or_taken_away(tmp_path: Path) -> None:
    made = system(tmp_path)
    assert made.read_back(["US-000001"]) == {}
    assert not (tmp_path / "outbox").exists()
    create(made, document())
    (path,) = written(tmp_path)
    assert states(made, "US-000001", "US-000009") == {"US-000001": ("WRITTEN", "outbox/us-books")}
    path.rename(path.parent / "imported" / path.name)
    assert states(made, "US-000001") == {"US-000001": ("IMPORTED", "outbox/us-books/imported")}
    assert isinstance(create(made, document())["US-000001"], Booked)
    moved = path.parent / "imported" / path.name
    path.write_bytes(moved.read_bytes())  # copied back, which makes it wait no more than before
    assert states(made, "US-000001") == {"US-000001": ("IMPORTED", "outbox/us-books/imported")}
    path.unlink()
    moved.write_bytes(moved.read_bytes().replace(b"100.00", b"10.00"))
    assert states(made, "US-000001") == {"US-000001": ("CHANGED", "outbox/us-books/imported")}
    moved.unlink()
    assert states(made, "US-000001") == {"US-000001": ("GONE", "outbox/us-books")}
    path.mkdir()  # in its place stands what is no file
    with pytest.raises(SetupError, match="cannot be used"):
        made.read_back(["US-000001"])
    path.rmdir()
    assert isinstance(create(made, document())["US-000001"], NumberTaken)
    assert written(tmp_path) == []


def test_a_file_that_a_crash_left_with_its_record_gets_its_name_and_one_without_is_thrown_away(tmp_path: Path) -> None:
    made = system(tmp_path)
    create(made, document())
    (path,) = written(tmp_path)
    whole = path.read_bytes()
    aside = path.parent / ".records" / f"{path.name}.partial"
    path.rename(aside)
    assert states(made, "US-000001") == {"US-000001": ("WRITTEN", "outbox/us-books")}
    assert (path.read_bytes(), aside.exists()) == (whole, False)
    path.rename(aside)
    torn = path.parent / ".records" / f"{path.name}.new"
    (path.parent / ".records" / f"{path.name}.json").rename(torn)
    assert states(system(tmp_path), "US-000001") == {}
    assert (written(tmp_path), aside.exists(), torn.exists()) == ([], False, False)
    create(system(tmp_path), document())
    assert (path.read_bytes(), len(written(tmp_path))) == (whole, 1)


def test_a_file_that_gets_no_name_is_in_doubt_and_gets_it_later(tmp_path: Path) -> None:
    create(system(tmp_path / "there"), document())
    name = written(tmp_path / "there")[0].name
    in_the_way = tmp_path / "outbox" / "us-books" / name
    (in_the_way / "something").mkdir(parents=True)
    made = system(tmp_path)
    assert isinstance(create(made, document())["US-000001"], OutcomeUnknown)
    with pytest.raises(SetupError, match="cannot be used"):
        made.read_back(["US-000001"])
    (in_the_way / "something").rmdir()
    in_the_way.rmdir()
    assert states(made, "US-000001") == {"US-000001": ("WRITTEN", "outbox/us-books")}


def test_an_outbox_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in the place of the folder")
    with pytest.raises(SetupError, match=r"the outbox .* cannot be used") as told:
        create(system(tmp_path), document())
    assert told.value.next_step == "Make its folder writable for this user and see that its disk has space."


def test_a_file_for_which_the_disk_has_no_room_leaves_nothing(tmp_path: Path) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, usual[1]))  # bytes: as a full disk would, it ends a write early
    try:
        with pytest.raises(SetupError, match="cannot be used"):
            create(system(tmp_path), document())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert (written(tmp_path), states(system(tmp_path), "US-000001")) == ([], {})
    assert isinstance(create(system(tmp_path), document())["US-000001"], Booked)


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"name": "x", "entries": [{}]}'])
def test_a_record_that_cannot_be_read_is_told(tmp_path: Path, content: str) -> None:
    create(system(tmp_path), document())
    (record,) = (tmp_path / "outbox" / "us-books" / ".records").glob("*.json")
    plain = json.loads(record.read_text())
    assert "Harbor" not in json.dumps(plain)
    record.write_text(content)
    with pytest.raises(SetupError, match="which says what a file of the outbox holds, cannot be read"):
        system(tmp_path).read_back(["US-000001"])


def test_who_comes_while_another_writes_waits_for_it(tmp_path: Path) -> None:
    made = system(tmp_path)
    create(made, document())
    place, held, go = tmp_path / "outbox" / "us-books" / ".outbox", threading.Event(), threading.Event()

    def hold() -> None:
        with process_lock(place, "files"):
            held.set()
            go.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(10)
    got: list[object] = []
    reader = threading.Thread(target=lambda: got.append(states(made, "US-000001")))
    reader.start()
    reader.join(0.3)
    assert got == []
    go.set()
    other.join()
    reader.join()
    assert got == [{"US-000001": ("WRITTEN", "outbox/us-books")}]


def test_a_writer_that_does_not_let_go_is_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = system(tmp_path)
    create(made, document())
    monkeypatch.setattr("connector.accounting.files.outbox._WAIT_SECONDS", 0)
    with process_lock(tmp_path / "outbox" / "us-books" / ".outbox", "files"):
        later = create(made, document("US-000002"))["US-000002"]
        assert isinstance(later, RetryLater)
        assert later.reason == (
            f"The outbox of us-books: another process (number {os.getpid()}) holds the lock 'files'."
        )
        assert isinstance(made.read_back(["US-000001"]), RetryLater)
    assert len(written(tmp_path)) == 1
