"""A real ledger through the command line: logged in, planned, approved, pushed, tied out; and read by proteus."""

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from tryton_kit import UK, US, bind, read_books
from tryton_server import TrytonServer
from world import World, client

from connector.runs.config import FILE
from connector.runs.starter import starter

RECEIVABLE, TAX = "1.2.1", "6.3.6"


@pytest.fixture
def office(alone: World, tryton: TrytonServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A working folder whose books are two companies of a real Tryton."""
    bind(alone, tryton.url, monkeypatch)
    return alone


def expected(upload: str) -> list[dict[str, Any]]:
    """The documents that must come out of the samples, as they are written beside them."""
    told = json.loads((starter("samples") / "expected.json").read_text(encoding="utf-8"))
    return list(told[upload]["documents"])


def amount(minor: int) -> str:
    return str(Decimal(minor).scaleb(-2))


def booked(one: dict[str, Any], dated: str) -> dict[str, Any]:
    """What a document of the samples is in Tryton, by the rules of double entry."""
    nets: dict[str, Decimal] = defaultdict(Decimal)
    for _, account, _, net, _ in one["lines"]:
        nets[account] -= Decimal(net).scaleb(-2)
    net, tax = (sum(line[place] for line in one["lines"]) for place in (3, 4))
    moves = [[account, str(at), ""] for account, at in nets.items()]
    moves += [[TAX, amount(-tax), ""]] if tax else []
    moves.append([RECEIVABLE, amount(net + tax), one["partner"]])
    return {
        "reference": one["number"],
        "description": one["reference"],
        "state": "posted",
        "party": one["partner"],
        "currency": one["currency"],
        "dated": dated,
        "due": [one["due"]],
        "net": amount(net),
        "tax": amount(tax),
        "total": amount(net + tax),
        "lines": sorted([text, account, [code], amount(of)] for text, account, code, of, _ in one["lines"]),
        "moves": sorted(moves),
    }


def standing(one: dict[str, Any]) -> dict[str, Any]:
    """What proteus tells of an invoice, but for its number; moves summed for each account."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for account, at, party in one["moves"]:
        sums[account, party] += Decimal(at)
    moves = sorted([account, str(at), party] for (account, party), at in sums.items() if at)
    return {name: at for name, at in one.items() if name != "number"} | {"lines": sorted(one["lines"]), "moves": moves}


def test_the_samples_end_as_posted_invoices_with_their_totals_taxes_parties_and_moves(
    office: World, tryton: TrytonServer
) -> None:
    office.bill_anyway(*office.samples, as_of="2025-06-20")
    told = office.run("push", "latest")
    assert (told.code, told.plain["tie_out"]["ties"]) == (0, True), told.out
    for company, currency in ((US, "USD"), (UK, "GBP")):
        books = read_books(tryton.url, company)
        wanted = [booked(one, "2025-06-20") for one in expected("samples") if one["currency"] == currency]
        assert [standing(one) for one in books["invoices"]] == sorted(wanted, key=lambda one: one["reference"])
        assert sum(Decimal(at) for at in books["balances"].values()) == 0
        owed = sum(Decimal(one["total"]) for one in wanted)
        assert Decimal(books["balances"][RECEIVABLE]) == owed
        own = [one for one in office.run("documents").plain["documents"] if one["document"]["currency"] == currency]
        assert {one["number"]: one["number_in_the_books"] for one in own} == {
            one["reference"]: one["number"] for one in books["invoices"]
        }


def test_connect_and_doctor_tell_what_is_reached(office: World) -> None:
    assert office.run("connect", "tryton").plain["next_step"] == "Name one: uk-books, us-books."
    told = office.run("connect", "tryton", "us-books")
    assert told.plain == {"tenant": "us-books", "organisation": US, "currency": "USD", "exit_code": 0}
    shown = office.run("connect", "tryton", "uk-books", as_json=False).out
    assert shown == (
        "uk-books is connected to Sample UK Books (GBP).\n"
        "Nothing was stored: the password stays in the environment. Next: 'connector doctor'.\n"
    )
    found = {one["what"]: one for one in office.run("doctor").plain["findings"]}
    assert found["tenant us-books"]["good"]
    assert found["tenant us-books"]["told"].startswith("Sample US Books, USD, ")


def test_what_does_not_fit_the_company_is_told_with_what_to_do(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    file = office.folder / FILE
    text = file.read_text(encoding="utf-8")
    cases = [
        (("database: billing", "database: another"), "Correct api_url or database."),
        (("company: Sample US Books", "company: Nobody"), "Correct company of the tenant, or give the user access"),
        (("    calls_per", "    journal: CASH\n    calls_per"), "Name one by its code: journal of the tenant."),
        (("lines: accounts", "lines: both"), "Write one of: accounts, products."),
        (
            ("quiet_seconds: 180", "quiet_seconds: 179"),
            "Write quiet_seconds: 180 or more, or a shorter time_out_seconds.",
        ),
        (("    company: Sample US Books\n", ""), "company"),
    ]
    for (what, otherwise), step in cases:
        file.write_text(text.replace(what, otherwise), encoding="utf-8")
        assert step in office.run("connect", "tryton", "us-books").out
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("TRYTON_PASSWORD", "")
    assert "us-books: the user or the password is missing" in office.run("connect", "tryton", "us-books").out
    monkeypatch.setenv("TRYTON_PASSWORD", "canary-7d1c")
    told = office.run("connect", "tryton", "us-books")
    assert "does not accept the password of billing-us" in told.out
    assert "canary-7d1c" not in told.out + told.err + office.run("doctor").out


def test_a_correction_reaches_the_ledger_and_what_a_person_cancels_is_drift(
    office: World, tryton: TrytonServer
) -> None:
    files = (client("A"), client("B", created="2025-05-01"))
    office.bill(office.partners(), office.clients(*files))
    corrected = office.clients(client("A", size="51-200"), files[1])
    assert office.run("approve", office.plan(corrected).plain["run"]).code == 0
    made = office.run("correct", "US-000001/1", "--reason", "the headcount was wrong", "--as-of", "2025-06-25")
    assert office.run("approve", made.plain["run"]).code == 0
    sent = office.run("push", made.plain["run"])
    assert (sent.code, sent.plain["tie_out"]["ties"]) == (0, True), sent.out
    books = read_books(tryton.url)
    assert [(one["reference"], one["number"], one["total"]) for one in books["invoices"]] == [
        ("US-000001", "INV/2025/1", "3897.00"),
        ("US-000002", "INV/2025/2", "3897.00"),
        ("US-CN-000001", "CRN/2025/1", "-1948.50"),
    ]
    balances = {code: Decimal(at) for code, at in books["balances"].items()}
    assert balances == {RECEIVABLE: Decimal("5845.50"), "200": Decimal(-5400), TAX: Decimal("-445.50")}
    assert office.run("reconcile").code == 0
    assert [office.run(*words).code for words in (("verify",), ("rebuild", "--check"))] == [0, 0]
    tryton.call("model.account.invoice.cancel", [1], {"company": 1})
    found = office.run("reconcile")
    assert found.code == 3
    assert "it is VOIDED in the books" in found.out
