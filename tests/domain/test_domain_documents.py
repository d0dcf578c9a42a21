import json
from dataclasses import FrozenInstanceError, fields, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.documents import Document, Line, Party
from connector.domain.money import Money

_text = st.text(st.characters(codec="utf-8"), max_size=20)
_maybe = st.none() | _text
_minor = st.integers(0, 10**15)
_parties = st.builds(Party, _text, _text, _maybe, _maybe, _maybe, _maybe)
_lines = st.builds(
    Line,
    charge_id=_text,
    description=_text | st.just("a very long name " * 500),
    item=_text,
    item_code=_maybe,
    account=_text,
    tax_code=_text,
    tax_percent=st.decimals(0, 100, places=4),
    quantity=st.integers(1, 10**6),
    unit_minor=_minor,
    net_minor=_minor,
    tax_minor=_minor,
)
_documents = st.builds(
    Document,
    number=_text,
    kind=st.just("invoice"),
    selling_entity=_text,
    tenant=_text,
    party=_parties,
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    dated=st.dates(),
    due=st.dates(),
    reference=_text,
    payment_method=_text,
    lines=st.lists(_lines, max_size=4).map(tuple),
)

LINE = Line("CH-1", "Spoke", "SPOKE", None, "200", "OUTPUT", Decimal(15), 1, 2506, 2506, 376)
DOCUMENT = Document(
    number="US-000001",
    kind="invoice",
    selling_entity="us",
    tenant="tenant",
    party=Party("P-1", "Northwind"),
    currency="USD",
    dated=date(2024, 2, 29),
    due=date(2024, 3, 30),
    reference="PO-1",
    payment_method="card",
    lines=(LINE,),
)


@given(_documents)
def test_a_document_comes_back_equal_from_its_plain_form(document: Document) -> None:
    plain = document.to_plain()
    assert Document.from_plain(plain) == document
    assert Document.from_plain(json.loads(json.dumps(plain))) == document


@given(_documents)
def test_the_sum_of_the_lines_is_the_documents_money(document: Document) -> None:
    net, tax = sum(line.net_minor for line in document.lines), sum(line.tax_minor for line in document.lines)
    assert (document.net, document.tax, document.total) == tuple(
        Money(minor, document.currency) for minor in (net, tax, net + tax)
    )


def test_tax_is_the_sum_of_rounded_lines_not_rounded_on_the_sum() -> None:
    """What goes wrong, 5: 3.76 + 3.84 + 3.84 is 11.44; 15 % of the sum would be 11.45."""
    lines = tuple(replace(LINE, net_minor=net, tax_minor=tax) for net, tax in [(2506, 376), (2561, 384), (2563, 384)])
    document = replace(DOCUMENT, lines=lines)
    assert (document.net, document.tax, document.total) == (
        Money(7630, "USD"),
        Money(1144, "USD"),
        Money(8774, "USD"),
    )


def test_the_plain_form_is_written_out() -> None:
    plain = DOCUMENT.to_plain()
    assert (plain["dated"], plain["due"], plain["lines"][0]["tax_percent"]) == ("2024-02-29", "2024-03-30", "15")
    assert plain["party"] == {
        "partner_id": "P-1",
        "name": "Northwind",
        "contact_id": None,
        "email": None,
        "country": None,
        "tax_number": None,
    }
    names = [field.name for field in fields(Document)]
    assert [*plain, "moved_from"] == names
    moved = replace(DOCUMENT, moved_from=date(2024, 2, 20))
    assert moved.to_plain() == {**plain, "moved_from": "2024-02-20"}
    assert Document.from_plain(moved.to_plain()) == moved


@pytest.mark.parametrize("part", [DOCUMENT, DOCUMENT.party, LINE])
def test_a_document_cannot_be_changed(part: Document | Party | Line) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(part, fields(part)[0].name, "other")
