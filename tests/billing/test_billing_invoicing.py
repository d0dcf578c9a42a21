"""From charges to documents: grouped as declared, whole or blocked (invariant 9), every contact a partner (R8)."""

from calendar import monthrange
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from billing_documents import BOOKS, charge, drafts, ready
from billing_frames import QUICK, TODAY, Row, context, entity, partner
from hypothesis import given
from hypothesis import strategies as st

from connector.billing.invoicing import Draft
from connector.domain.documents import Document, Line, Party
from connector.domain.money import Money


def _charged(draft: Draft) -> list[str]:
    return [line.charge_id for line in draft.document.lines]


def test_a_document_is_written_out_with_everything_the_books_need() -> None:
    given = context(
        partner(
            name="Northwind " * 60,
            contact_id="xero-1",
            email="pay@northwind.example",
            tax_number="TN-1",
            po_reference="PO-77",
            payment_method="card",
            terms_days=45,
        )
    )
    (draft,) = drafts(
        charge("B", event="bundle", item="BUNDLE", tier=None, quantity=3, unit_minor=500, amount_minor=1500),
        charge("A", event="upgraded", unit_minor=6061, amount_minor=6061),
        given=given,
    )
    assert draft.faults == ()
    assert draft.document == Document(
        number="",
        kind="invoice",
        selling_entity="us",
        tenant="tenant-us",
        party=Party("P-1", "Northwind " * 60, "xero-1", "pay@northwind.example", "US", "TN-1"),
        currency="USD",
        dated=date(2025, 6, 15),
        due=date(2025, 7, 30),
        reference="PO-77",
        payment_method="card",
        lines=(
            Line(
                "A",
                "Full feature Spoke: label of A, 11-50 employees, upgraded 2025-05-01",
                "SPOKE",
                "SPOKE-1",
                "200",
                "OUTPUT",
                Decimal("8.25"),
                1,
                6061,
                6061,
                500,
            ),
            Line(
                "B",
                "Bundle: label of B, purchased 2025-05-01",
                "BUNDLE",
                None,
                "201",
                "OUTPUT",
                Decimal("8.25"),
                3,
                500,
                1500,
                124,
            ),
        ),
    )


def test_documents_are_grouped_by_entity_partner_and_currency() -> None:
    """R8: the contact is always the partner."""
    given = context(
        partner(valid_from=date(2025, 1, 1)),
        partner(partner_id="P-2", name="Contoso", selling_entity="uk", currency="GBP"),
    )
    got = drafts(
        charge("A"),
        charge("B", partner_id="P-2", selling_entity="uk", currency="GBP"),
        charge("C", event_on=date(2025, 4, 1)),
        charge("D", selling_entity="uk", currency="GBP"),
        given=given,
    )
    assert [
        (one.document.selling_entity, one.document.party.partner_id, one.document.currency, *_charged(one))
        for one in got
    ] == [
        ("uk", "P-1", "GBP", "D"),
        ("uk", "P-2", "GBP", "B"),
        ("us", "P-1", "USD", "C", "A"),
    ]
    assert len({one.document_id for one in got}) == 3


def test_wrong_6_partners_of_one_name_stay_two_contacts() -> None:
    given = context(partner(name="Same"), partner(partner_id="P-2", name="Same"))
    got = drafts(charge("A"), charge("B", partner_id="P-2"), given=given)
    assert [one.document.party.partner_id for one in got] == ["P-1", "P-2"]


def test_the_document_id_follows_from_run_and_group_not_from_the_lines() -> None:
    one, two = drafts(charge("A")), drafts(charge("A"), charge("B"))
    other = drafts(charge("A"), given=context(run_id="R-2"))
    assert (one[0].document_id == two[0].document_id, one[0].document_id == other[0].document_id) == (True, False)
    assert one[0].document_id.startswith("D-")


def test_the_partners_facts_are_those_of_the_runs_day_and_the_money_is_the_charges() -> None:
    given = context(
        partner(),
        partner(selling_entity="uk", currency="GBP", terms_days=7, name="Renamed", valid_from=date(2025, 6, 1)),
    )
    (draft,) = drafts(charge("A"), given=given)
    document = draft.document
    assert (document.selling_entity, document.currency, document.party.name, document.due) == (
        "us",
        "USD",
        "Renamed",
        date(2025, 6, 22),
    )


@pytest.mark.parametrize(
    ("dated", "terms", "due"),
    [
        (date(2024, 1, 30), 30, date(2024, 2, 29)),
        (date(2025, 1, 30), 30, date(2025, 3, 1)),
        (date(2025, 12, 31), 1, date(2026, 1, 1)),
        (date(2024, 2, 29), 366, date(2025, 3, 1)),
        (date(2025, 6, 15), 0, date(2025, 6, 15)),
    ],
)
def test_due_days_cross_leap_days_and_year_ends(dated: date, terms: int, due: date) -> None:
    given = context(partner(terms_days=terms, valid_from=date(2023, 1, 1)), as_of=dated)
    (draft,) = drafts(charge("A", event_on=dated), given=given)
    assert (draft.document.dated, draft.document.due) == (dated, due)


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        ({}, "Clients to 2025-06-15"),
        ({"po_reference": "PO-1"}, "PO-1"),
        ({"grouping": "monthly"}, "2025-05"),
        ({"grouping": "monthly", "po_reference": "PO-1"}, "PO-1"),
    ],
)
def test_the_reference_is_the_partners_or_says_what_is_billed(said: Row, reference: str) -> None:
    assert [one.document.reference for one in drafts(charge("A"), given=context(partner(**said)))] == [reference]


@pytest.mark.parametrize(
    ("event_on", "run_day", "period"),
    [
        (date(2025, 5, 1), date(2025, 5, 30), None),
        (date(2025, 5, 1), date(2025, 5, 31), "2025-05"),
        (date(2025, 5, 31), date(2025, 5, 31), "2025-05"),
        (date(2025, 5, 31), date(2025, 6, 1), "2025-05"),
        (date(2024, 2, 1), date(2024, 2, 28), None),
        (date(2024, 2, 1), date(2024, 2, 29), "2024-02"),
        (date(2025, 2, 1), date(2025, 2, 28), "2025-02"),
        (date(2024, 12, 31), date(2025, 1, 1), "2024-12"),
        (date(2025, 1, 1), date(2025, 1, 30), None),
    ],
)
def test_monthly_charges_wait_for_the_last_day_of_their_month(
    event_on: date, run_day: date, period: str | None
) -> None:
    given = context(partner(grouping="monthly", valid_from=date(2023, 1, 1)), as_of=run_day)
    got = ready(charge("A", event_on=event_on), given=given)["period"].to_list()
    assert got == ([] if period is None else [period])


_days = st.dates(date(2023, 6, 1), date(2026, 6, 1))


@QUICK
@given(st.lists(_days, max_size=8), _days)
def test_monthly_grouping_never_dates_a_charge_of_an_unfinished_month(days: list[date], run_day: date) -> None:
    given = context(partner(grouping="monthly", valid_from=date(2023, 1, 1)), as_of=run_day)
    charges = [charge(f"{at}", event_on=day) for at, day in enumerate(days)]
    got = drafts(*charges, given=given)
    ends = [day.replace(day=monthrange(day.year, day.month)[1]) for day in days]
    due = sorted(day.strftime("%Y-%m") for day, end in zip(days, ends, strict=True) if end <= run_day)
    assert [(one.document.reference, one.document.dated) for one in got] == [
        (month, run_day) for month in dict.fromkeys(due)
    ]
    assert sum(len(one.document.lines) for one in got) == len(due)


def test_no_document_is_dated_before_the_event_it_bills() -> None:
    """A run for an earlier day leaves later charges waiting, those of a partner billed at every run too."""
    assert ready(charge("A", event_on=date(2025, 6, 16)), charge("B", event_on=TODAY))["charge_id"].to_list() == ["B"]


def test_openings_and_charges_of_unbound_entities_stand_on_no_document() -> None:
    assert ready(charge("A", kind="opening"), charge("B", selling_entity="fr")).height == 0


def test_no_charges_are_no_documents() -> None:
    assert (ready().height, drafts()) == (0, ())


@pytest.mark.parametrize(
    ("said", "item", "fault"),
    [
        ({}, "OTHER", ("document-item-unmapped", "item OTHER has no account in the books of us")),
        (
            {"tax_status": "reverse_charge"},
            "SPOKE",
            (
                "document-tax-unmapped",
                "no tax code is declared for a reverse_charge partner in US buying SPOKE from us",
            ),
        ),
        (
            {"tax_status": "export", "country": None},
            "SPOKE",
            (
                "document-tax-unmapped",
                "no tax code is declared for a export partner in an unstated country buying SPOKE from us",
            ),
        ),
        (
            {"tax_status": "exempt", "country": "CA"},
            "SPOKE",
            ("document-tax-unmapped", "no tax code is declared for a exempt partner in CA buying SPOKE from us"),
        ),
    ],
)
def test_invariant_9_what_is_not_mapped_blocks_the_whole_document(said: Row, item: str, fault: tuple[str, str]) -> None:
    """Never a line of it: the other charge stays on the blocked document, and a fault is told once."""
    charges = (charge("A", item=item), charge("B", item=item), charge("C", item="SPOKE"))
    (draft,) = drafts(*charges, given=context(partner(**said)))
    assert draft.faults == (fault,)
    assert [line.charge_id for line in draft.document.lines] == ["A", "B", "C"]
    assert draft.document.net == Money(30_000, "USD")


def test_invariant_9_an_entity_without_books_blocks_its_documents_only() -> None:
    books = replace(BOOKS, by_entity={"us": BOOKS.by_entity["us"]})
    given = context(partner(), partner(partner_id="P-2", selling_entity="uk", currency="GBP"))
    got = drafts(
        charge("A"), charge("B", partner_id="P-2", selling_entity="uk", currency="GBP"), given=given, books=books
    )
    assert [(one.document.selling_entity, one.faults) for one in got] == [
        ("uk", (("document-item-unmapped", "item SPOKE has no account in the books of uk"),)),
        ("us", ()),
    ]


@pytest.mark.parametrize(
    ("currency", "where", "minor", "tax"),
    [("USD", "us", 6061, 500), ("JPY", "jp", 6061, 500), ("KWD", "kw", 1234567, 101852)],
)
def test_tax_has_the_currencys_own_digits(currency: str, where: str, minor: int, tax: int) -> None:
    given = context(partner(selling_entity=where, currency=currency), entities=(entity(where, currency),))
    (draft,) = drafts(
        charge("A", selling_entity=where, currency=currency, unit_minor=minor, amount_minor=minor), given=given
    )
    assert (draft.document.net, draft.document.tax) == (Money(minor, currency), Money(tax, currency))


@QUICK
@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.sampled_from(["P-1", "P-2"]), st.integers(1, 28)), max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_lines_of_all_documents_are_the_charges_in_any_order(rows: list[tuple[int, str, int]], random: Any) -> None:
    charges = [
        charge(f"CH-{at}", amount_minor=minor, unit_minor=minor, partner_id=who, event_on=date(2025, 5, day))
        for at, (minor, who, day) in enumerate(rows)
    ]
    mixed = list(charges)
    random.shuffle(mixed)
    got = drafts(*charges)
    assert got == drafts(*mixed)
    lines = [line for one in got for line in one.document.lines]
    assert sorted((line.charge_id, line.net_minor) for line in lines) == sorted(
        (row["charge_id"], row["amount_minor"]) for row in charges
    )
    assert all(Document.from_plain(one.document.to_plain()) == one.document for one in got)
