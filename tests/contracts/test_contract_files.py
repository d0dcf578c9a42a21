"""The contract of accounting systems, kept by files for Xero's and QuickBooks' imports as far as it is about them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.register_assert_rewrite("accounting_contract")
from accounting_contract import AccountingContract, Connect, later  # noqa: E402  # its asserts tell what they compared
from files_kit import Person, settings  # noqa: E402  # after the line above

from connector.accounting.answers import CreditPair, Rejected  # noqa: E402  # as above
from connector.accounting.connect import connect  # noqa: E402  # as above
from connector.accounting.port import AccountingSystem, Submission  # noqa: E402  # as above
from connector.domain.documents import Party  # noqa: E402  # as above

# What the contract says of calls and of books that answer; and why nothing of that can be asked of a folder.
LEFT_OUT = {
    "test_what_has_changed_is_told_with_its_id_and_number": "a folder has no list of changes, and says so: not whole",
    "test_a_lost_answer_is_unknown_and_the_document_is_found": "no answer travels; processes are killed instead",
    "test_a_failure_before_the_work_is_unknown_and_nothing_is_found": "as above",
    "test_too_many_calls_is_a_refusal_before_anything_happened": "nothing is called",
    "test_an_expired_token_is_renewed_without_a_second_document": "nobody agrees to a file",
    "test_a_voided_document_is_found_and_is_not_ours": "what the books do is not known, but for the file",
    "test_a_contact_is_found_by_its_number_and_never_by_its_name": "contacts are declared, and none is absent",
    "test_a_name_that_is_taken_is_a_question_for_a_person": "no contact is created",
    "test_creating_a_contact_twice_gives_the_same_one": "as above",
    "test_many_contacts_are_created_and_found_at_once": "as above",
}
NO_CREDIT_MEMOS = "test_a_credit_note_is_booked_beside_its_invoice_and_found_by_its_own_number"


class Folder(Person):
    """The far side of files: what stands in them."""

    def documents(self) -> int:
        return len(self.numbers("xero-invoices")) + len(self.numbers("quickbooks-invoices"))


class FileContract(AccountingContract):
    """The part of the contract that files keep."""

    system_name: ClassVar[str] = "xero-csv"
    changes: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture
    def remote(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path)

    @pytest.fixture
    def connect(self, tmp_path: Path) -> Connect:
        def connected() -> AccountingSystem:
            made = settings(tmp_path, self.system_name, **self.changes)
            return connect(made, lambda: datetime.now(UTC), lambda _seconds: None)

        return connected

    @pytest.fixture
    def contact(self) -> str:
        return "P-1"


for _name in LEFT_OUT:
    setattr(FileContract, _name, None)


class TestXeroFiles(FileContract):
    """Files of Xero's imports keep it."""


class TestQuickBooksFiles(FileContract):
    """Files of QuickBooks' import keep it, but for credit memos."""

    system_name = "quickbooks-csv"
    refused = ({"item_code": "SPOKE-OLD"}, "SPOKE-OLD")

    @pytest.fixture
    def pair(self) -> CreditPair:
        """A credit memo that somebody made by hand, as no file takes one."""
        return CreditPair("made by hand", "quickbooks-invoices-C-1.csv")

    def test_a_credit_memo_is_refused(self, system: AccountingSystem, contact: str) -> None:
        made = self.document("CN-1", Party("P-1", "Harbor Advisory"), kind="credit_note")
        told = system.create([Submission(made, contact)], later())["CN-1"]
        assert isinstance(told, Rejected)
        assert told.reason == (
            "Example Vendor Inc. takes no credit notes by the import of this file."
            " Make it there by hand, or reach the books by their interface."
        )


setattr(TestQuickBooksFiles, NO_CREDIT_MEMOS, None)


class TestQuickBooksFilesWithoutTax(TestQuickBooksFiles):
    """The same of a company that has no sales tax."""

    known: ClassVar[Mapping[str, Any]] = {
        "account": "200",
        "tax_code": "NONE",
        "tax_percent": Decimal(0),
        "currency": "USD",
    }
    changes: ClassVar[Mapping[str, Any]] = {"has_tax": False, "tax_codes": {"NONE": Decimal(0)}}


setattr(TestQuickBooksFilesWithoutTax, NO_CREDIT_MEMOS, None)


def test_what_is_left_out_is_of_the_contract() -> None:
    contract = {name for name in vars(AccountingContract) if name.startswith("test_")}
    assert {*LEFT_OUT, NO_CREDIT_MEMOS} <= contract
