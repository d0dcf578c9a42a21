"""Books without an interface: planned, approved, and written into files for a person to import."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from files_kit import QUICKBOOKS_TENANT, XERO_TENANT, Person, bind
from world import BIRCH, PARTNER, PARTNER_HEADER, World, client

from connector import ledger
from connector.runs.config import FILE
from connector.runs.crashpoints import VARIABLE

CREDIT = ("--credit-only", "--reason", "not wanted", "--as-of", "2025-07-20")
UPLOAD = (
    "In Xero: Business > Invoices > Import (credit notes: the Import of credit notes); addresses: no; amounts are tax"
    " exclusive. Compare number, contact and total of the drafts, approve them, then move the file to"
    " outbox/us-books/imported/."
)
XERO_HEADER = (
    "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,POPostalCode,"
    "POCountry,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,InventoryItemCode,*Description,*Quantity,*UnitAmount,"
    "Discount,*AccountCode,*TaxType,TrackingName1,TrackingOption1,TrackingName2,TrackingOption2,Currency,BrandingTheme\r\n"
)


@pytest.fixture
def office(alone: World) -> World:
    """A working folder that no accounting system is called from."""
    bind(alone)
    return alone


@pytest.fixture
def person(office: World) -> Iterator[Person]:
    yield Person(office.folder)
    ledger.close_store()


def planned(world: World, *clients: str, partners: tuple[str, ...] = (PARTNER, BIRCH)) -> Any:
    return world.plan(world.partners(*partners), world.clients(*clients)).plain


def approved(world: World, *clients: str) -> str:
    run: str = planned(world, *clients)["run"]
    answer = world.run("approve", run)
    assert answer.code == 0, answer.out
    return run


def drift(world: World, code: int = 3) -> list[str]:
    told = world.run("reconcile")
    assert told.code == code, told.out
    return [one["what"] for one in told.plain["drift"]]


def test_a_run_is_written_into_a_file_of_xero_and_nothing_claims_that_it_is_booked(
    office: World, person: Person
) -> None:
    made = approved(office, client("A"), client("B", created="2025-05-02", size="1"))
    sent = office.run("push", made)
    assert sent.code == 0, sent.out
    (path,) = person.files()
    head, *lines = path.read_bytes().decode().splitlines(keepends=True)
    assert head == XERO_HEADER
    start = "One Partner Incorporated,,,,,,,,,,US-000001,Clients to 2025-06-20,06/20/2025,07/20/2025,SPOKE-FULL,"
    end = ",,200,Tax on Sales (8.25%),Region,North,,,USD,\r\n"
    assert sorted(lines) == [
        f'{start}"Full feature Spoke: Client A, 11-50 employees, created 2025-04-01",1,1800.00{end}',
        f'{start}"Full feature Spoke: Client B, 1 employees, created 2025-05-02",1,600.00{end}',
    ]
    shown = f"outbox/us-books/{path.name}"
    waiting = {"us-books": [{"file": shown, "documents": 1, "next_step": UPLOAD}]}
    assert sent.plain["files_to_import"] == waiting
    told = sent.plain["tenants"]["us-books"]
    assert (told["written_to_file"], told["found_in_file"], "booked" in told) == (["US-000001"], [], False)
    assert [one["name"] for one in sent.plain["tie_out"]["stages"]][-2:] == [
        "receipts",
        "documents in files for import",
    ]
    assert sent.plain["tie_out"]["ties"] is True
    (document,) = office.run("documents").plain["documents"]
    assert (document["state"], document["remote_id"]) == ("written to a file", path.name)
    again = office.run("push", made, as_json=False)
    assert again.code == 0
    assert f"To import: {shown} (1 document)" in again.out.replace("\n", "")
    assert office.run("push").code == 0
    assert person.files() == [path]
    assert office.run("exceptions").plain["exceptions"] == []
    assert office.run("rebuild", "--check").code == 0
    assert office.run("doctor").code == 0


@pytest.mark.usefixtures("on_each_database")
def test_what_a_push_says_for_people(office: World, person: Person) -> None:
    run = approved(office, client("A"))
    shown = office.run("show", run, as_json=False).out
    assert shown.endswith("us-books: a push writes these documents to a file, for a person to import.\n")
    said = office.run("push", run, as_json=False).out
    (path,) = person.files()
    assert "us-books: 1 written to a file, 0 found in a file already." in said
    assert path.name in said.replace("\n", "")
    assert "Business > Invoices > Import" in said
    assert "booked" not in said
    assert "whether the books have" in said


def test_a_file_that_was_moved_is_told_no_more_and_a_correction_is_a_file_of_credit_notes(
    office: World, person: Person
) -> None:
    made = approved(office, client("A"))
    assert office.run("push", made).code == 0
    person.move()
    looked = office.run("reconcile")
    assert (looked.code, looked.plain["files_to_import"], looked.plain["drift"]) == (0, [], [])
    assert office.run("push", made).plain["files_to_import"] == {"us-books": []}
    fixed = office.run("correct", "US-000001/1", *CREDIT).plain["run"]
    assert office.run("approve", fixed).code == 0
    sent = office.run("push", fixed)
    assert sent.code == 0, sent.out
    assert person.numbers() == ["US-000001", "US-CN-000001"]
    (credit,) = [one for one in person.files() if one.name.startswith("xero-credit-notes")]
    assert credit.read_text(encoding="utf-8").splitlines()[1] == (
        "One Partner Incorporated,,,,,,,,,,US-CN-000001,US-000001,07/20/2025,07/20/2025,SPOKE-FULL,"
        '"Credit of US-000001/1: Full feature Spoke: Client A, 11-50 employees, created 2025-04-01",1,-1800.00'
        ",,200,Tax on Sales (8.25%),Region,North,,,USD,"
    )


def test_a_file_that_was_edited_or_taken_away_is_drift_and_never_said_to_be_in_the_books(
    office: World, person: Person
) -> None:
    assert office.run("push", approved(office, client("A"))).code == 0
    (path,) = person.files()
    whole, shown = path.read_bytes(), f"outbox/us-books/{path.name}"
    assert drift(office, 0) == []
    path.write_bytes(whole.replace(b"1800.00", b"180.00"))
    changed = f"its file {shown} was changed after it was written, so that what was imported is not known"
    assert drift(office) == [changed]
    again = office.run("reconcile", "--reissue", "US-000001", "--reason", "wrong")
    assert again.plain["error"] == "still in a file for import: US-000001"
    accepted = office.run("reconcile", "--accept", "US-000001", "--reason", "only opened and saved")
    assert accepted.code == 0, accepted.out
    path.unlink()
    gone = f"its file {shown} is not in the outbox any more, and whether it was imported is not known"
    assert drift(office) == [gone]
    (told,) = office.run("exceptions").plain["exceptions"]
    assert (told["kind"], told["what"]) == ("document-drift", gone)
    assert told["next_step"] == (
        "Look in the books whether they have it as approved. If so: 'connector reconcile --accept US-000001"
        " --reason …'; if not, let it never be imported, take its file away, and bill it again:"
        " 'connector reconcile --reissue US-000001 --reason …'."
    )
    again = office.run("reconcile", "--reissue", "US-000001", "--reason", "it was never imported")
    assert (again.code, len(again.plain["documents"])) == (0, 1)
    path.write_bytes(whole)
    assert drift(office, 0) == []


def test_a_file_and_its_record_that_are_gone_are_told(office: World, person: Person) -> None:
    assert office.run("push", approved(office, client("A"))).code == 0
    (path,) = person.files()
    (path.parent / ".records" / f"{path.name}.json").unlink()
    assert drift(office) == ["no file of the outbox holds it, and whether it was imported is not known"]


def test_what_no_file_can_carry_blocks_the_plan(office: World, person: Person) -> None:
    other = "P-3,Three Partner,MSP,us,USD,US,Taxable,30,Bank transfer,On event,2024-01-01"
    rows = [f"{one},{reference}" for one, reference in ((PARTNER, "=HYPERLINK(1)"), (other, "PO 3"))]
    partners = office.write("partners.csv", f"{PARTNER_HEADER},PO reference", rows)
    made = office.plan(partners, office.clients(client("A"), client("B", "P-3")))
    assert made.code == 1
    assert [
        one["message"].partition("; ")[0]
        for one in made.plain["problems"]
        if one["code"] == "document-refused-by-books"
    ] == [
        (
            "The reference begins with =, which starts a formula in a spreadsheet. Change it in the partners sheet, the"
            " clients or mappings/, and plan again."
        ),
        (
            "How the contact of partner P-3 is called in the books is not declared. Add P-3 with the exact name to"
            " contacts of tenant us-books in connector.yaml."
        ),
    ]
    assert person.files() == []


def test_a_run_is_written_into_a_file_of_quickbooks_that_takes_no_credit_memo(alone: World) -> None:
    bind(alone, QUICKBOOKS_TENANT)
    office, person = alone, Person(alone.folder)
    assert office.run("push", approved(office, client("A", "P-2", created="2025-04-01"))).code == 0
    (path,) = person.files()
    assert path.read_bytes().decode() == (
        "*InvoiceNo,*Customer,*InvoiceDate,*DueDate,Terms,Location,Memo,Item(Product/Service),ItemDescription,"
        "ItemQuantity,ItemRate,*ItemAmount\r\n"
        'US-000001,"Two, the Partner",06/20/2025,07/05/2025,,,2025-04,SPOKE-FULL,'
        '"Full feature Spoke: Client A, 11-50 employees, created 2025-04-01",1,1800.00,1800.00\r\n'
    )
    fixed = office.run("correct", "US-000001/1", *CREDIT)
    assert "takes no credit notes by the import of this file" in fixed.out


def test_a_night_waits_for_the_person_who_imports_its_files(office: World, person: Person) -> None:
    assert office.run("push", approved(office, client("A"))).code == 0
    night = office.run("sync")
    assert (night.code, night.plain["outcome"]) == (3, "waits")
    (path,) = person.files()
    assert f"outbox/us-books/{path.name} waits to be imported: 1 documents. {UPLOAD}" in night.plain["sentences"]
    person.move()
    assert office.run("sync").code == 0


@pytest.mark.parametrize("point", ["push:intent", "push:before-wire", "push:after-wire", "push:settled"])
def test_killed_while_files_are_written_each_document_is_in_one_file(office: World, person: Person, point: str) -> None:
    run = approved(office, client("A"), client("B", "P-2", created="2025-04-02"))
    command = [sys.executable, "-m", "connector", "push", run, "--folder", str(office.folder)]
    ledger.close_store()
    killed = subprocess.run(command, env={**os.environ, VARIABLE: point}, capture_output=True, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    sent = office.run("push", run)
    assert sent.code == 0, sent.out
    assert person.numbers() == ["US-000001", "US-000002"]
    assert (len(person.files()), sent.plain["tie_out"]["ties"]) == (1, True)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("MM/DD/YYYY", "MM/DD", "date_format cannot be 'MM/DD'"),
        ("base_currency: USD", "base_currency: Dollars", "'Dollars' is not an ISO 4217 currency code"),
        ("(8.25%): 8.25", "(8.25%): 108.25", "the percent of Tax on Sales (8.25%) must lie between 0 and 100"),
        ('P-2: "Two, the Partner"', "P-2: one partner incorporated", "is the contact of P-1 and of P-2"),
        (
            "P-1: One Partner Incorporated",
            'P-1: "=One Partner Incorporated"',
            "'=One Partner Incorporated' begins with =, which starts a formula in a spreadsheet",
        ),
        ('["200", "201"]', "[]", "accounts is an empty list"),
        ('["200", "201"]', '["-200"]', "'-200' begins with -, which starts a formula in a spreadsheet"),
        ("{Region: North}", "{A: a, B: b, C: c}", "tracking names more than two categories"),
        ("{Region: North}", "{Region: +1}", "'+1' begins with +, which starts a formula in a spreadsheet"),
        ("{card: Card payments}", '{card: "@Card"}', "begins with @, which starts a formula in a spreadsheet"),
        ("    contacts:", "    taxation: none\n    contacts:", "tenant us-books has no key 'taxation'"),
        ("    date_format: MM/DD/YYYY\n", "", "tenant us-books does not say 'date_format'"),
        ("us-books:", "../books:", "'../books' cannot be a folder's name"),
    ],
)
def test_what_is_declared_wrongly_is_told_at_its_place(alone: World, old: str, new: str, told: str) -> None:
    bind(alone, XERO_TENANT)
    path = alone.folder / FILE
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    answer = alone.run("status")
    assert answer.code == 2
    assert told in " ".join(str(one) for one in answer.plain["problems"]), answer.out


def test_without_sales_tax_every_rate_is_nothing(alone: World) -> None:
    bind(alone, QUICKBOOKS_TENANT.replace("NON: 0", "NON: 8.25"))
    answer = alone.run("status")
    assert "the percent of NON must be 0, as taxation is none" in str(answer.plain["problems"])
