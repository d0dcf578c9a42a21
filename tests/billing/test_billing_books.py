"""Accounts and tax codes, as declared: what no row declares is not assumed, and two rows for one case are refused."""

from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from billing_frames import QUICK
from hypothesis import given
from hypothesis import strategies as st

from connector.billing.books import Books, BookSet, Item, TaxRow, load_books, read_books
from connector.domain.words import TaxStatus

HEAD = """books: us
items:
  SPOKE: {description: Spoke, account: '200', item_code: S-1}
  BUNDLE: {description: B, account: '201'}
"""


def loaded(tmp_path: Path, *texts: str) -> tuple[BookSet | None, list[tuple[str, str, str]]]:
    for number, text in enumerate(texts, 1):
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
    books, problems = load_books(tmp_path)
    return books, [(one.code, str(one.place), one.message) for one in problems]


def row(status: str, country: tuple[str, ...] = (), item: tuple[str, ...] = (), code: str = "C") -> TaxRow:
    return TaxRow((status,), country, item, code, Decimal(0), "books:1")


def test_books_are_read_whole(tmp_path: Path) -> None:
    tax = "tax:\n- {tax_status: [taxable, exempt], country: [US, other], item: SPOKE, code: OUTPUT, percent: 8.25}\n"
    books, problems = loaded(tmp_path, HEAD + tax, "mapping: workbook\n", "")
    assert problems == []
    assert books is not None
    assert books.by_entity == {
        "us": Books(
            "us",
            {"SPOKE": Item("Spoke", "200", "S-1"), "BUNDLE": Item("B", "201", None)},
            (
                TaxRow(
                    ("taxable", "exempt"), ("US", "other"), ("SPOKE",), "OUTPUT", Decimal("8.25"), "mappings/1.yaml:6:3"
                ),
            ),
            "mappings/1.yaml:1:1",
        )
    }


def test_the_digest_covers_every_books_file_and_nothing_else(tmp_path: Path) -> None:
    def digest(*texts: str) -> str:
        books, _ = loaded(tmp_path, *texts)
        assert books is not None
        return books.digest

    one = HEAD + "tax: []\n"
    first = digest(one, "mapping: a\n")
    assert digest(one, "mapping: b\n") == first
    assert digest(one + "# changed\n", "mapping: a\n") != first
    assert digest(one, one.replace("us", "uk")) != first


@pytest.mark.parametrize(
    ("status", "country", "item", "code"),
    [
        ("taxable", "US", "SPOKE", "HOME"),
        ("taxable", "GB", "SPOKE", None),
        ("exempt", "US", "BUNDLE", "EXEMPT"),
        ("exempt", "ZZ", "BUNDLE", "EXEMPT"),
        ("exempt", None, "BUNDLE", "EXEMPT"),
        ("exempt", "US", "SPOKE", None),
        ("export", "GB", "SPOKE", "ABROAD"),
        ("export", "US", "SPOKE", None),
        ("export", None, "SPOKE", None),
        ("reverse_charge", "IE", "SPOKE", "REVERSE"),
        ("reverse_charge", "GB", "SPOKE", None),
    ],
)
def test_a_tax_case_is_decided_by_the_row_that_declares_it(
    status: str, country: str | None, item: str, code: str | None
) -> None:
    """`other` stands for the countries no row names; a partner without a country is in none of them."""
    rows = (
        row("taxable", ("US",), code="HOME"),
        row("exempt", (), ("BUNDLE",), "EXEMPT"),
        row("export", ("other",), code="ABROAD"),
        row("reverse_charge", ("IE",), code="REVERSE"),
    )
    found = Books("us", {}, rows, "books:1").tax_row(status, country, item)
    assert (found.code if found else None) == code


def test_every_overlap_is_told_once_at_the_later_row(tmp_path: Path) -> None:
    tax = (
        "tax:\n"
        "- {tax_status: taxable, code: A, percent: 1}\n"
        "- {tax_status: taxable, country: US, code: B, percent: 2}\n"
        "- {tax_status: taxable, country: other, code: C, percent: 3}\n"
        "- {tax_status: taxable, country: US, item: SPOKE, code: D, percent: 4}\n"
        "- {tax_status: exempt, code: E, percent: 0}\n"
    )
    _, problems = loaded(tmp_path, HEAD + tax)
    pairs = [(place, message.partition("rows at ")[2]) for _, place, message in problems]
    assert {code for code, _, _ in problems} == {"books-tax-overlap"}
    assert sorted(pairs) == [
        ("mappings/1.yaml:7:3", "mappings/1.yaml:6:3 and mappings/1.yaml:7:3"),
        ("mappings/1.yaml:8:3", "mappings/1.yaml:6:3 and mappings/1.yaml:8:3"),
        ("mappings/1.yaml:9:3", "mappings/1.yaml:6:3 and mappings/1.yaml:9:3"),
        ("mappings/1.yaml:9:3", "mappings/1.yaml:7:3 and mappings/1.yaml:9:3"),
    ]


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    broken = (
        "books: uk\n"
        "items:\n"
        "  A: {description: d, acount: '1'}\n"
        "tax:\n"
        "- {tax_status: taxable, country: gb, code: X, percent: 120}\n"
        "- {tax_status: [], country: England, item: B, code: X, percent: 8.25 %}\n"
        "- {}\n"
    )
    books, problems = loaded(tmp_path, broken, "books: us\nitems: []\ntax: 0\n", HEAD + "tax: [\n")
    assert books is None
    assert problems == [
        ("yaml-unknown-key", "mappings/1.yaml:3:23", "item A has no key 'acount'"),
        ("yaml-missing-key", "mappings/1.yaml:3:6", "item A does not say 'account'"),
        ("yaml-value", "mappings/1.yaml:5:34", "'gb' is no country code"),
        ("yaml-value", "mappings/1.yaml:5:56", "percent must lie between 0 and 100"),
        ("yaml-value", "mappings/1.yaml:6:16", "tax_status is an empty list"),
        ("yaml-value", "mappings/1.yaml:6:29", "'England' is no country code"),
        ("yaml-value", "mappings/1.yaml:6:44", "item cannot be 'B'"),
        ("yaml-value", "mappings/1.yaml:6:65", "percent is '8.25 %'"),
        ("yaml-missing-key", "mappings/1.yaml:7:3", "a tax row does not say 'tax_status'"),
        ("yaml-missing-key", "mappings/1.yaml:7:3", "a tax row does not say 'code'"),
        ("yaml-missing-key", "mappings/1.yaml:7:3", "a tax row does not say 'percent'"),
        ("yaml-value", "mappings/2.yaml:2:8", "items must be a mapping (key: value)"),
        ("yaml-value", "mappings/2.yaml:3:6", "tax must be a list"),
        ("yaml-syntax", "mappings/3.yaml:5:6", "the bracket [ that opens here is not closed"),
    ]


def test_a_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    """What goes wrong, 7: nobody can tell whether it declares books, so it is told and nothing is billed."""
    (tmp_path / "2.yml").write_bytes(b"books: u\xff\n")
    books, problems = loaded(tmp_path, HEAD + "tax: []\n")
    assert (books, problems) == (None, [("yaml-unreadable", "mappings/2.yml", "mappings/2.yml is not UTF-8 (byte 9)")])


def test_a_fault_in_another_kind_of_mapping_is_left_to_its_reader(tmp_path: Path) -> None:
    books, problems = loaded(tmp_path, HEAD + "tax: []\n", "mapping: [\n", "mapping: a\nmapping: b\n")
    assert (books is None, problems) == (False, [])


def test_one_text_alone_is_read_too() -> None:
    whole = f"{HEAD}tax: [{{tax_status: taxable, code: T, percent: 0}}]\n"
    books, problems = read_books(whole, "mappings/books-us.yaml")
    assert (books and books.selling_entity, problems) == ("us", ())
    assert read_books("records: x\n", "mappings/other.yaml") == (None, ())
    broken, told = read_books(whole.replace("books:", "books: ["), "mappings/books-us.yaml")
    assert (broken, [one.code for one in told]) == (None, ["yaml-syntax"])


def test_a_folder_that_is_not_there_declares_no_books(tmp_path: Path) -> None:
    books, problems = load_books(tmp_path / "gone", "mappings")
    message = "mappings declares no books (accounts and tax codes) for any selling entity"
    assert (books, [str(one).splitlines()[0] for one in problems]) == (
        None,
        [f"mappings: error: {message} [books-none]"],
    )


_countries = st.lists(st.sampled_from(["US", "GB", "other"]), max_size=2, unique=True).map(tuple)
_items = st.lists(st.sampled_from(["SPOKE", "BUNDLE"]), max_size=1).map(tuple)
_tax_rows = st.lists(st.builds(row, st.sampled_from(["taxable", "exempt"]), _countries, _items), max_size=3)


@QUICK
@given(_tax_rows)
def test_books_are_refused_exactly_when_some_case_fits_two_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[TaxRow]
) -> None:
    text = HEAD + ("tax: []\n" if not rows else "tax:\n")
    for one in rows:
        parts = [f"country: [{', '.join(one.countries)}]"] if one.countries else []
        parts += [f"item: {item}" for item in one.items]
        text += "- {" + ", ".join([f"tax_status: {one.statuses[0]}", "code: C", "percent: 0", *parts]) + "}\n"
    books, _ = loaded(tmp_path_factory.mktemp("books"), text)
    named = {country for one in rows for country in one.countries} - {"other"}

    def fits(one: TaxRow, status: str, country: str, item: str) -> bool:
        here = not one.countries or country in one.countries or ("other" in one.countries and country not in named)
        return status in one.statuses and here and (not one.items or item in one.items)

    cases = product(TaxStatus, ["US", "GB", "FR"], ["SPOKE", "BUNDLE"])
    twice = any(sum(fits(one, *case) for one in rows) > 1 for case in cases)
    assert (books is None) == twice
