"""How many calls the sending of documents takes, and how long."""

from dataclasses import replace
from datetime import timedelta

import pytest
from accounting_kit import document

from connector.accounting.answers import Budget
from connector.accounting.effort import Effort, effort
from connector.accounting.port import Capabilities
from connector.domain.documents import CREDIT_NOTE, INVOICE, Document

ABLE = Capabilities(
    system="books",
    batch_size=30,
    batch_bytes=1_000_000,
    in_flight=8,
    key_lifetime=timedelta(),
    quiet=timedelta(),
    time_out=timedelta(),
    number_is_unique=False,
    search_is_consistent=False,
    commits_after_failure=True,
    number_max_length=21,
    description_max_length=4000,
    adoptable=frozenset(),
)
AT_ONCE = {INVOICE: 40, CREDIT_NOTE: 1}


def documents(invoices: int, credit_notes: int = 0) -> list[Document]:
    kinds = [INVOICE] * invoices + [CREDIT_NOTE] * credit_notes
    return [document(f"US-{number:06}", kind=kind) for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("invoices", "credit_notes", "unique", "calls", "minutes"),
    [
        (1, 0, True, 8, 1),  # five of the catalogue, the contact, the call, and reading back
        (1, 0, False, 9, 1),  # and whether the number is free
        (1, 2, True, 11, 1),  # credit notes are looked for one by one
        (1200, 0, False, 5 + 1 + 40 + 2 * 30, 1),
        (1201, 0, False, 5 + 1 + 41 + 2 * 31, 2),
    ],
)
def test_calls_and_minutes(invoices: int, credit_notes: int, *, unique: bool, calls: int, minutes: int) -> None:
    able = replace(ABLE, number_is_unique=unique)
    found = effort(documents(invoices, credit_notes), able, Budget(480, 40, None, AT_ONCE))
    assert found == Effort(calls, None, minutes)


def test_calls_of_every_kind_can_be_what_takes_longest() -> None:
    assert effort(documents(1200), ABLE, Budget(10, 40, None, AT_ONCE)).minutes == 11


@pytest.mark.parametrize(
    ("made", "sentence", "too_much"),
    [
        (Effort(9, None, 1), "about 9 calls; done within about 1 minute of its start.", False),
        (
            Effort(9, 9, 2),
            "about 9 calls of the 9 that are left today; done within about 2 minutes of its start.",
            False,
        ),
        (
            Effort(9, 8, 2),
            "about 9 calls of the 8 that are left today; it goes on when the next day's calls are to be had.",
            True,
        ),
    ],
)
def test_for_people(made: Effort, sentence: str, *, too_much: bool) -> None:
    assert (str(made), made.is_too_much) == (sentence, too_much)
    assert Effort.from_plain(made.to_plain()) == made
