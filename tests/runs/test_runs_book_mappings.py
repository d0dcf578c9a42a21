"""Accounts and tax codes beside what the books have, and other ones written into the file that people edit."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from files_kit import bind as by_files
from world import World

from connector.accounting.answers import Account, Catalogue, TaxCode
from connector.runs import book_mappings
from connector.runs.book_mappings import Mapped
from connector.runs.config import Config, load_config
from connector.runs.errors import StopError

WHERE, ITEM = "Sample US Books", "Item SPOKE-AO-BUNDLE is not sold in"
OTHER = "map SPOKE-AO-BUNDLE to another."
RATE = (
    f"Tax code OUTPUT has 8.5 % in {WHERE}, and the document was made with 8.25 %."
    " Correct the mapping and plan the document again."
)
BY_ITEM = (
    f"Item SPOKE-FULL is booked to Sales in {WHERE}, and the mapping says 200."
    " Correct the account of SPOKE-FULL in the mapping, or that of the item there."
)
CATALOGUE = Catalogue(
    organisation=WHERE,
    base_currency="USD",
    currencies=frozenset({"USD"}),
    lock_dates={},
    tax_codes={
        "OUTPUT": TaxCode(Decimal("8.50"), for_revenue=True, is_active=True),
        "NONE": TaxCode(Decimal(0), for_revenue=True, is_active=True),
        "INPUT": TaxCode(Decimal(5), for_revenue=False, is_active=True),
        "OLD": TaxCode(Decimal(5), for_revenue=True, is_active=False),
        "LATER": TaxCode(None, for_revenue=True, is_active=True),
    },
    accounts={
        "090": Account("Bank", is_active=True, for_lines=False),
        "200": Account("Sales", is_active=True, for_lines=True),
        "202": Account("Bundles", is_active=True, for_lines=True),
        "310": Account("Old sales", is_active=False, for_lines=True),
    },
    items={"SPOKE-FULL": "Full spoke", "SPOKE-2": "Second spoke"},
    fetched_at=datetime(2026, 11, 27, tzinfo=UTC),
)


def config_of(world: World) -> Config:
    return load_config(world.folder, os.environ)


def file_of(world: World) -> Path:
    return world.folder / "mappings" / "books-us.yaml"


def us(world: World, catalogue: Catalogue | None = CATALOGUE) -> Mapped:
    found = book_mappings.one(config_of(world), "us", {"us-books": catalogue} if catalogue else {})
    assert found is not None
    return found


def test_each_value_stands_beside_what_the_books_call_it_and_refuse_of_it(alone: World) -> None:
    own = us(alone)
    assert (own.entity, own.tenant, own.file) == ("us", "us-books", "books-us.yaml")
    assert [(one.name, one.account_name, one.item_name, one.faults) for one in own.items] == [
        ("SPOKE-FULL", "Sales", "Full spoke", ()),
        (
            "SPOKE-AO-BUNDLE",
            "",
            "",
            (
                f"Account 201 does not exist in {WHERE}. Create it, or {OTHER}",
                f"{ITEM} {WHERE}. Create it there, or {OTHER}",
            ),
        ),
    ]
    assert [(one.row.code, one.faults) for one in own.tax] == [
        (
            "OUTPUT",
            (RATE,),
        ),
        ("NONE", ()),
        ("NONE", ()),
    ]
    assert own.faults == 3
    assert own.accounts == {"200": "Sales", "202": "Bundles"}
    assert own.tax_codes == {"OUTPUT": "8.5 %", "NONE": "0 %", "LATER": "computed by the books"}
    assert [one.entity for one in book_mappings.mapped(config_of(alone), {})] == ["uk", "us"]
    nothing = us(alone, None)
    assert (nothing.faults, nothing.accounts, nothing.tax_codes, nothing.sold) == (0, {}, {}, {})
    assert book_mappings.one(config_of(alone), "nowhere", {}) is None


def test_what_is_chosen_is_written_value_by_value_and_comments_stay(alone: World) -> None:
    own, before = us(alone), file_of(alone).read_text(encoding="utf-8")
    chosen = {
        "account.SPOKE-AO-BUNDLE": "202",
        "item_code.SPOKE-FULL": "SPOKE-2",
        "account.SPOKE-FULL": "200",
        "tax.0": "OUTPUT",
        "tax.1": "LATER",
        "tax.2": "",
        "account.UNKNOWN": "200",
    }
    made = book_mappings.change(own, CATALOGUE, chosen, own.digest)
    assert [line for line in made.lines if line[0] in "+-"] == [
        "-    item_code: SPOKE-FULL",
        "+    item_code: SPOKE-2",
        '-    account: "201"',
        '+    account: "202"',
        "-  - {tax_status: taxable, country: US, code: OUTPUT, percent: 8.25}",
        "-  - {tax_status: exempt, code: NONE, percent: 0}",
        "+  - {tax_status: taxable, country: US, code: OUTPUT, percent: 8.5}",
        "+  - {tax_status: exempt, code: LATER, percent: 0}",
    ]
    assert file_of(alone).read_text(encoding="utf-8") == before
    book_mappings.save(config_of(alone), own, made)
    after = us(alone)
    assert after.text == made.text
    assert [line for line in after.text.splitlines() if line.startswith("#")] == [
        line for line in before.splitlines() if line.startswith("#")
    ]
    assert [one.faults for one in after.tax] == [(), (), ()]
    assert book_mappings.change(after, CATALOGUE, {**chosen, "tax.1": ""}, after.digest).lines == ()


def test_a_file_that_was_changed_meanwhile_is_not_written(alone: World) -> None:
    own = us(alone)
    made = book_mappings.change(own, CATALOGUE, {"account.SPOKE-FULL": "202"}, own.digest)
    other = own.text + "# by another hand\n"
    file_of(alone).write_text(other, encoding="utf-8")
    with pytest.raises(StopError) as refused:
        book_mappings.save(config_of(alone), own, made)
    assert refused.value.message == "books-us.yaml was changed meanwhile"
    with pytest.raises(StopError) as refused:
        book_mappings.change(us(alone), CATALOGUE, {"account.SPOKE-FULL": "202"}, own.digest)
    assert refused.value.message == "books-us.yaml was changed meanwhile"
    assert file_of(alone).read_text(encoding="utf-8") == other


@pytest.mark.parametrize(
    ("key", "value"), [("account.SPOKE-FULL", "310"), ("account.SPOKE-FULL", "090"), ("tax.0", "INPUT"), ("tax.0", "X")]
)
def test_only_what_the_books_take_can_be_chosen(alone: World, key: str, value: str) -> None:
    own = us(alone)
    with pytest.raises(StopError) as refused:
        book_mappings.change(own, CATALOGUE, {key: value}, own.digest)
    assert refused.value.message == f"{value} cannot be chosen in the books of us"


def test_where_items_decide_their_accounts_are_chosen_and_a_file_with_faults_is_told(alone: World) -> None:
    by_item = replace(CATALOGUE, item_accounts={"SPOKE-FULL": ("Sales", "Income:Sales"), "SPOKE-2": ()}, accounts={})
    own = us(alone, by_item)
    assert own.accounts == {"Sales": ""}
    assert own.items[0].faults == (BY_ITEM,)
    text = file_of(alone).read_text(encoding="utf-8")
    file_of(alone).write_text(text.replace("account:", "acount:", 1), encoding="utf-8")
    with pytest.raises(StopError) as refused:
        us(alone)
    assert refused.value.message == "the books of the mappings have faults"
    assert [one.code for one in refused.value.problems] == ["yaml-unknown-key", "yaml-missing-key"]


def test_what_lines_are_sorted_under_is_told_of_each_system(alone: World) -> None:
    assert us(alone, None).tracking == {}
    settings = alone.folder / "connector.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace("system: xero\n", "system: xero\n    tracking: {Region: North}\n", 1), encoding="utf-8"
    )
    assert us(alone, None).tracking == {"Region": "North"}
    quickbooks = text.replace("system: xero\n", "system: quickbooks\n    class: Spokes\n    taxation: global\n", 1)
    quickbooks = quickbooks.replace("    invoice_status: AUTHORISED   # or DRAFT\n", "", 1)
    authorize = "    authorize_url: https://example.com\n    api_url"
    settings.write_text(quickbooks.replace("    api_url", authorize, 1), encoding="utf-8")
    assert us(alone, None).tracking == {"class": "Spokes"}
    settings.write_text(text.replace("  us: us-books\n", ""), encoding="utf-8")
    assert (us(alone, None).tenant, us(alone, None).tracking) == ("", {})
    settings.write_text(text, encoding="utf-8")
    by_files(alone)
    assert us(alone, None).tracking == {"Region": "North"}


def test_a_choice_that_would_make_a_fault_is_not_written(alone: World) -> None:
    odd = replace(CATALOGUE, accounts={**CATALOGUE.accounts, " ": Account("Blank", is_active=True, for_lines=True)})
    own = us(alone, odd)
    with pytest.raises(StopError) as refused:
        book_mappings.change(own, odd, {"account.SPOKE-FULL": " "}, own.digest)
    assert refused.value.message == "books-us.yaml would have faults"
