"""Each fault that would make the books refuse a document is found before, and told with what to do."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from accounting_kit import catalogue, document, line

from connector.accounting.answers import TaxCode
from connector.accounting.preflight import check


def faults_of_line(**changes: object) -> tuple[str, ...]:
    return check([document(lines=(line(**changes),))], catalogue()).get("US-000001", ())


def test_a_good_document_has_no_fault() -> None:
    assert check([document(), document("US-000002", lines=(line(item_code=None),))], catalogue()) == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"account": "999"}, "Account 999 does not exist in Books. Create it, or map SPOKE-FULL to another."),
        ({"account": "310"}, "Account 310 is archived in Books. Restore it, or map SPOKE-FULL to another."),
        ({"account": "090"}, "Account 090 of Books takes no sales. Map SPOKE-FULL to another."),
        ({"item_code": "X"}, "Item X is not sold in Books. Create it there, or map SPOKE-FULL to another."),
        ({"tax_code": "X"}, "Tax code X does not exist in Books. Create it, or map SPOKE-FULL to another."),
        ({"tax_code": "OLD"}, "Tax code OLD does not exist in Books. Create it, or map SPOKE-FULL to another."),
        ({"tax_code": "INPUT"}, "Tax code INPUT of Books is not for sales. Map SPOKE-FULL to another."),
        (
            {"tax_code": "OTHER"},
            (
                "Tax code OTHER has 20 % in Books, and the document was made with 8.25 %."
                " Correct the mapping and plan the document again."
            ),
        ),
        ({"description": "  "}, "The line of SPOKE-FULL has no description. Write one in the mapping."),
        (
            {"description": "x" * 4001},
            "The description of SPOKE-FULL has more than 4000 characters. Shorten it in the mapping.",
        ),
        ({"tax_minor": 824}, "The tax on SPOKE-FULL is not what the books will compute. Plan the document again."),
        ({"quantity": 2}, "The line of SPOKE-FULL is not its quantity times its price. Plan the document again."),
    ],
)
def test_faults_of_a_line(changes: dict[str, object], expected: str) -> None:
    assert faults_of_line(**changes) == (expected,)


def test_faults_of_the_head() -> None:
    locked = catalogue(lock_dates={"period lock date": date(2026, 11, 2)})
    made = document("N" * 22, lines=(), currency="CHF")
    assert check([made], locked) == {
        "N" * 22: (
            f"The number {'N' * 22} has more than 21 characters. Shorten the prefix.",
            "The document has no lines. Plan it again.",
            "Books does not bill in CHF. Add the currency there, or bill the partner in USD.",
            (
                "The document is dated 2026-11-02, and Books is locked up to 2026-11-02 (period lock date)."
                " Move the lock date, or give the document a later date."
            ),
        )
    }
    assert check([replace(made, number="N-1", currency="USD", lines=(line(),), dated=date(2026, 11, 3))], locked) == {}


def test_a_currency_that_does_not_exist_is_one_fault() -> None:
    assert check([document(currency="ZZZ")], catalogue(currencies=None)) == {
        "US-000001": ("Books does not bill in ZZZ. Add the currency there, or bill the partner in USD.",)
    }


@pytest.mark.parametrize(("currency", "net"), [("JPY", 1005), ("KWD", 1000)])
def test_a_tax_that_two_decimals_cannot_tell_is_a_fault(currency: str, net: int) -> None:
    percent = Decimal("8.25")
    made = document(currency=currency, lines=(line(unit_minor=net, net_minor=net, tax_percent=percent, tax_minor=0),))
    words = f"The tax on SPOKE-FULL cannot be told exactly in {currency}, for want of its digits. Use a whole price."
    assert check([made], catalogue()) == {"US-000001": (words,)}


def test_the_same_fault_of_two_lines_is_told_once() -> None:
    made = document(lines=(line(account="999"), line(account="999", charge_id="CH-2")))
    assert len(check([made], catalogue())["US-000001"]) == 1


def test_where_items_decide_on_accounts_the_mapping_says_which_is_expected() -> None:
    books = catalogue(accounts={}, item_accounts={"SPOKE-FULL": ("Sales", "79")})
    other = "Item SPOKE-FULL is booked to Sales in Books, and the mapping says 200."
    expected = {
        "A": (),
        "B": (),
        "C": (f"{other} Correct the account of SPOKE-FULL in the mapping, or that of the item there.",),
        "D": ("Books books by items, and SPOKE-FULL is mapped to none. Give it an item_code in the mapping.",),
        "E": ("Item OTHER is not sold in Books. Create it there, or map SPOKE-FULL to another.",),
    }
    lines = {
        "A": line(account="Sales"),
        "B": line(account="79"),
        "C": line(),
        "D": line(item_code=None),
        "E": line(item_code="OTHER"),
    }
    found = check([document(number, lines=(one,)) for number, one in lines.items()], books)
    assert {number: found.get(number, ()) for number in expected} == expected


def test_a_rate_that_only_the_books_know_is_not_compared() -> None:
    books = catalogue(tax_codes={"OUTPUT": TaxCode(None, for_revenue=True, is_active=True)})
    assert check([document()], books) == {}
