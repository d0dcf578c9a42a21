"""What Tryton's answers mean, those among them that no real server can be made to give: each says what may be done."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from accounting_kit import Time, document, line
from tryton_answers import BOOKS, LOGIN, URL, Answer, Told, day, decimal, error, result, told
from tryton_kit import settings

from connector.accounting.answers import (
    Booked,
    Change,
    Changes,
    ContactFound,
    CredentialsError,
    NumberTaken,
    Outcome,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from connector.accounting.connect import connect
from connector.accounting.port import AccountingSystem, Submission
from connector.domain.documents import INVOICE, Party
from connector.net.errors import SetupError

CREATE, POST, SEARCH = (f"model.account.invoice.{name}" for name in ("create", "post", "search_read"))
DELETE, SKIP = "model.account.invoice.delete", "model.res.user.warning.skip"
PARTIES, PARTY = "model.party.party.search_read", "model.party.party.create"
ONE = document(lines=(line(item_code=None),))
SENT = Submission(ONE, "3")


@pytest.fixture
def tryton() -> Iterator[Told]:
    with told() as made:
        made.tell(PARTIES, result([{"id": 3, "addresses": [4], "account_receivable": None}]))
        yield made


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def system(tryton: Told, time: Time) -> AccountingSystem:
    del tryton
    return connect(settings(URL), time.clock, time.sleep, time.monotonic)


def invoice(key: int = 9, state: str = "posted", **changes: Any) -> dict[str, Any]:
    """The document as Tryton tells of it."""
    return {
        "id": key,
        "number": "INV/1" if state != "draft" else None,
        "reference": ONE.number,
        "state": state,
        "party": 3,
        "currency.": {"id": 1, "code": "USD"},
        "invoice_date": day(ONE.dated.year, ONE.dated.month, ONE.dated.day),
        "payment_term_date": day(ONE.due.year, ONE.due.month, ONE.due.day),
        "untaxed_amount": decimal("100.00"),
        "tax_amount": decimal("8.25"),
        "total_amount": decimal("108.25"),
        "create_uid": 2,
        **changes,
    }


def found(*invoices: dict[str, Any]) -> Answer:
    return result(list(invoices))


def outcome(system: AccountingSystem, time: Time, *, epoch: int = 0) -> Outcome:
    return system.create([replace(SENT, epoch=epoch)], time.now + timedelta(seconds=2))[ONE.number]


def methods(tryton: Told) -> list[str]:
    return [method.removeprefix("model.account.invoice.") for method, _ in tryton.calls if "invoice" in method]


def test_a_document_goes_from_nothing_to_posted(system: AccountingSystem, time: Time, tryton: Told) -> None:
    tryton.tell(SEARCH, found(), found(invoice(state="draft")), found(invoice()))
    tryton.tell(CREATE, result([9]))
    tryton.tell(POST, result(None))
    got = outcome(system, time)
    assert isinstance(got, Booked)
    assert (got.receipt.id, got.receipt.number, got.receipt.given) == ("9", ONE.number, "INV/1")
    assert methods(tryton) == ["search_read", "create", "search_read", "post", "search_read"]


def test_of_several_drafts_the_first_is_posted_and_the_others_are_deleted_before(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    drafts = [invoice(8, "draft"), invoice(9, "draft"), invoice(10, "draft", party=5)]
    tryton.tell(SEARCH, found(), found(*reversed(drafts)), found(invoice(8)))
    tryton.tell(CREATE, result([9]))
    tryton.tell(DELETE, result(None))
    tryton.tell(POST, result(None))
    assert isinstance(outcome(system, time), Booked)
    written = [(method.rpartition(".")[2], params[0]) for method, params in tryton.calls if method in (DELETE, POST)]
    assert written == [("delete", [10, 9]), ("post", [8])]


def test_where_a_rival_cannot_be_deleted_nothing_is_posted(system: AccountingSystem, time: Time, tryton: Told) -> None:
    tryton.tell(SEARCH, found(), found(invoice(8, "draft"), invoice(9, "draft")))
    tryton.tell(CREATE, result([9]))
    tryton.tell(DELETE, error("UserError", "You cannot delete it.", "", None))
    assert outcome(system, time) == OutcomeUnknown("A second draft of it could not be deleted in Tryton.")
    assert POST not in [method for method, _ in tryton.calls]


def test_a_draft_of_an_earlier_call_is_posted_and_none_is_created(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    tryton.tell(SEARCH, found(invoice(state="draft")), found(invoice(state="draft")), found(invoice()))
    tryton.tell(POST, result(None))
    assert isinstance(outcome(system, time, epoch=1), Booked)
    assert CREATE not in [method for method, _ in tryton.calls]


def test_drafts_that_came_too_late_are_deleted_and_those_of_others_are_left(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    late, of_another = invoice(11, "draft"), invoice(12, "draft", create_uid=5)
    elsewhere, in_doubt = (invoice(key, "draft", reference=f"US-{key}") for key in (13, 14))
    standing = found(invoice(6, reference="US-13"))
    tryton.tell(SEARCH, found(invoice(), late, of_another, elsewhere, in_doubt), standing, found(invoice(), of_another))
    tryton.tell(DELETE, result(None))
    assert isinstance(outcome(system, time, epoch=1), NumberTaken)
    assert [params[0] for method, params in tryton.calls if method == DELETE] == [[11, 13]]


def test_totals_that_were_not_predicted_are_refused_before_anything_is_posted(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    other = {"tax_amount": decimal("8.26"), "total_amount": decimal("108.26")}
    tryton.tell(SEARCH, found(), found(invoice(state="draft", **other)))
    tryton.tell(CREATE, result([9]))
    tryton.tell(DELETE, result(None))
    said = "predicted USD 108.25 (tax USD 8.25), booked USD 108.26 (tax USD 8.26)"
    step = "Compare its taxes, prices and currency with the mapping; then send it again."
    assert outcome(system, time) == Rejected(f"Tryton would book other totals: {said}.", step)
    assert methods(tryton)[-1] == "delete"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, "failed", OutcomeUnknown("Tryton answered with status 500.")),
        (503, "locked", OutcomeUnknown("Tryton is not available, or its database is locked.")),
        (200, "<html>", OutcomeUnknown("Tryton's answer is not JSON.")),
        (200, {"id": 0}, OutcomeUnknown("Tryton's answer is not whole.")),
        (200, {"error": ["division by zero", "Traceback …"]}, OutcomeUnknown("Tryton failed: division by zero", True)),  # noqa: FBT003  # as it is written
        (200, {"error": "?"}, OutcomeUnknown("Tryton failed: ", alone=True)),
    ],
)
def test_an_answer_that_does_not_tell_leaves_the_document_in_doubt(
    system: AccountingSystem, time: Time, tryton: Told, status: int, body: Any, expected: Outcome
) -> None:
    tryton.tell(SEARCH, found(), found(invoice(state="draft")))
    tryton.tell(CREATE, (status, body))
    assert outcome(system, time) == expected
    assert methods(tryton) == ["search_read", "create", "search_read"]  # the draft stands for the next push


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("you must set an invoice date after", "give the document a day on or after"),
        ("The period is closed.", "Open the period in Tryton"),
        ("you must define a sequence", "Give the fiscal year its sequences"),
        ("You are not allowed to do that.", "Give the user of the connection the right"),
        ('The value for field "Taxes" is not valid.', "Map the item to a tax"),
        ("The account is closed.", "Map the item to an account"),
        ("The party is gone.", "Correct the partner's party"),
        ("No rate found for the currency.", "Add the currency and its rate"),
        ("No.", "Correct this in Tryton or in the partner's data"),
    ],
)
def test_a_refusal_is_quoted_with_what_to_do_and_its_draft_is_deleted(
    system: AccountingSystem, time: Time, tryton: Told, said: str, step: str
) -> None:
    tryton.tell(SEARCH, found(), found(invoice(state="draft")))
    tryton.tell(CREATE, result([9]))
    tryton.tell(DELETE, result(None))
    tryton.tell(POST, error("UserError", said, "", None))
    got = outcome(system, time)
    assert isinstance(got, Rejected)
    assert (got.reason, step in got.next_step) == (f"Tryton says: {said.rstrip('.')}.", True)
    assert methods(tryton)[-1] == "delete"


def test_only_warnings_about_what_was_approved_are_skipped(system: AccountingSystem, time: Time, tryton: Told) -> None:
    future, other = ("UserWarning", "1f.invoice_date_future", "In the future."), ("UserWarning", "2e.other", "Sure?")
    tryton.tell(SEARCH, found(), found(invoice(state="draft")))
    tryton.tell(CREATE, result([9]))
    tryton.tell(DELETE, result(None))
    tryton.tell(SKIP, result(None))
    tryton.tell(POST, error(*future), error(*future), error(*other))
    got = outcome(system, time)
    assert got == Rejected(
        "Tryton warns: Sure?.", "Correct this in Tryton or in the partner's data, then send it again."
    )
    assert [params[0] for method, params in tryton.calls if method == SKIP] == ["1f.invoice_date_future"]


def test_a_warning_without_end_leaves_the_draft_for_the_next_push(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    tryton.tell(SEARCH, found(), found(invoice(state="draft")))
    tryton.tell(CREATE, result([9]))
    tryton.tell(SKIP, result(None))
    tryton.tell(POST, error("UserWarning", "1f.invoice_taxes", "Other taxes."))
    stands = OutcomeUnknown("A draft of it stands in Tryton, and is posted by the next push.")
    assert outcome(system, time) == stands
    tryton.tell(SEARCH, found(), found(invoice(state="draft")))
    tryton.tell(SKIP, (503, ""))
    assert outcome(system, time) == stands


def test_a_long_refusal_is_cut(system: AccountingSystem, time: Time, tryton: Told) -> None:
    tryton.tell(SEARCH, found(), found())
    tryton.tell(CREATE, error("UserError", "word " * 500, "", None))
    got = outcome(system, time)
    assert isinstance(got, Rejected)
    assert (len(got.reason), got.reason[-3:]) == (len("Tryton says: ") + 500 + 3, " ….")


def test_a_receipt_that_cannot_be_read_leaves_the_document_in_doubt(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    for last in ((503, ""), found(invoice(party=5)), found()):
        tryton.tell(SEARCH, found(), found(invoice(state="draft")), last)
        tryton.tell(CREATE, result([9]))
        tryton.tell(POST, result(None))
        assert outcome(system, time) == OutcomeUnknown("Tryton's answer does not tell the document.")


def test_looks_that_fail_before_the_first_write_are_to_be_asked_again(time: Time, tryton: Told) -> None:
    for method, answer in (
        (SEARCH, (503, "")),
        (SEARCH, found({"id": 1})),
        (SEARCH, result([1])),
        (PARTIES, result(None)),
        ("model.account.tax.search_read", (500, "")),
        ("model.company.company.search_read", (500, "")),
        (LOGIN, (500, "")),
        (LOGIN, result("?")),
        (LOGIN, (429, "")),
    ):
        fresh = connect(settings(URL), time.clock, time.sleep, time.monotonic)
        usual = dict(tryton.answers)
        tryton.tell(method, answer)
        assert isinstance(outcome(fresh, time), RetryLater)
        tryton.answers = usual
    assert CREATE not in [method for method, _ in tryton.calls]


def test_a_look_that_fails_after_the_draft_leaves_it_in_doubt(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    tryton.tell(SEARCH, found(), (503, ""))
    tryton.tell(CREATE, result([9]))
    assert outcome(system, time) == OutcomeUnknown("Tryton is not available, or its database is locked.")


def test_nothing_is_written_later_than_a_third_of_the_quiet_period(time: Time, tryton: Told) -> None:
    def slow(_params: list[Any]) -> Answer:
        time.now += timedelta(seconds=31)
        return result([9])

    tryton.answers[CREATE] = slow
    tryton.tell(SEARCH, found(), found(invoice(state="draft")))
    system = connect(settings(URL, quiet_seconds=90), time.clock, time.sleep, time.monotonic)
    assert outcome(system, time) == OutcomeUnknown("The time to send it was over before it could be sent.")
    assert POST not in [method for method, _ in tryton.calls]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tax_code": "GONE"}, "SPOKE-FULL has the tax GONE, which Tryton does not have here."),
        ({"account": "999"}, "SPOKE-FULL has the account 999, which Tryton does not have here, or has closed."),
        ({"item_code": "GONE"}, "SPOKE-FULL has no product in Tryton: GONE."),
    ],
)
def test_what_tryton_lacks_is_told_without_a_write(
    system: AccountingSystem, time: Time, tryton: Told, changes: dict[str, Any], reason: str
) -> None:
    tryton.tell(SEARCH, found())
    one = replace(ONE, lines=(line(**{"item_code": None, **changes}),))
    got = system.create([Submission(one, "3")], time.now)[one.number]
    assert isinstance(got, Rejected)
    assert got.reason == reason
    assert CREATE not in [method for method, _ in tryton.calls]


def test_a_currency_or_a_party_that_cannot_be_billed_is_told(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    tryton.tell(SEARCH, found())
    euros = replace(ONE, currency="EUR")
    (got,) = system.create([Submission(euros, "3")], time.now).values()
    assert str(got).startswith("Tryton has no currency EUR.")
    tryton.tell(PARTIES, result([{"id": 3, "addresses": [], "account_receivable": 7}]))
    assert "no address in Tryton" in str(outcome(system, time))


def test_a_session_that_ended_is_begun_again_once(system: AccountingSystem, tryton: Told) -> None:
    tryton.tell("model.account.tax.search_read", (401, ""), result(BOOKS["account.tax"]))
    assert not isinstance(system.catalogue(), RetryLater)
    assert [method for method, _ in tryton.calls].count(LOGIN) == 2
    tryton.tell("model.account.tax.search_read", (401, ""))
    with pytest.raises(CredentialsError, match="does not keep billing-us logged in"):
        system.catalogue()


@pytest.mark.parametrize(
    ("method", "answer", "words"),
    [
        (LOGIN, (401, "<html>"), "Tryton does not accept the password of billing-us, or knows no such user"),
        (LOGIN, (404, ""), "Tryton has no such database at this address"),
        ("model.account.tax.search_read", (403, ""), "Tryton does not know the calls that are made"),
        (
            "model.account.tax.search_read",
            error("UserError", "You are not allowed to read it.", "", None),
            "Tryton does not let billing-us read account.tax: You are not allowed to read it.",
        ),
        ("model.company.company.search_read", result([]), "Tryton shows this user 0 companies of the name"),
        ("model.account.journal.search_read", result([]), "Tryton has not one journal of sales"),
    ],
)
def test_what_a_person_must_mend_is_told(
    system: AccountingSystem, tryton: Told, method: str, answer: Answer, words: str
) -> None:
    tryton.tell(method, answer)
    with pytest.raises(SetupError, match=words):
        system.catalogue()


def test_a_company_without_an_open_period_takes_nothing(system: AccountingSystem, tryton: Told) -> None:
    closed = [{**BOOKS["account.period"][0], "state": "closed"}]
    tryton.tell("model.account.period.search_read", result(closed))
    got = system.catalogue()
    assert not isinstance(got, RetryLater)
    assert {name: f"{at}" for name, at in got.lock_dates.items()} == {"no open period": "9999-12-31"}


def test_parties_of_an_answer_that_is_not_whole_are_in_doubt(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    def created(*parties: Party) -> dict[str, object]:
        return dict(system.create_contacts(parties, "k", time.now))

    one, two = Party("P-1", "One", country="US", tax_number="T-1"), Party("P-2", "Two")
    tryton.tell(PARTIES, result([]))
    tryton.tell(PARTY, result([5]))
    tryton.tell("model.country.country.search_read", result([{"id": 8, "code": "US"}]))
    assert created(one) == {"P-1": ContactFound("5", "created")}
    (values,) = tryton.calls[-1][1][0]
    assert values["addresses"] == [["create", [{"country": 8}]]]
    assert values["identifiers"] == [["create", [{"type": None, "code": "T-1"}]]]
    unknown = OutcomeUnknown("Tryton's answer does not mention every party.")
    assert created(one, two) == {"P-1": unknown, "P-2": unknown}
    tryton.tell(PARTY, error("UserError", "The e-mail is wrong.", "", None))
    alone = OutcomeUnknown("The e-mail is wrong.", alone=True)
    assert created(one, two) == {"P-1": alone, "P-2": alone}
    assert isinstance(created(two)["P-2"], Rejected)
    tryton.tell("model.country.country.search_read", (500, ""))
    assert isinstance(created(one)["P-1"], RetryLater)
    tryton.tell(PARTIES, result([]), (500, ""))
    assert isinstance(created(one)["P-1"], RetryLater)
    assert isinstance(created(one)["P-1"], RetryLater)


def test_parties_that_are_gone_or_not_active_are_for_a_person(system: AccountingSystem, tryton: Told) -> None:
    tryton.tell(PARTIES, result([{"id": 3, "code": "P-1", "name": "One", "active": False}]))
    got = system.find_contacts([Party("P-1", "One", "3"), Party("P-2", "Two", "7")])
    assert not isinstance(got, RetryLater)
    assert [str(one).partition(" in Tryton")[0] for one in got.values()] == [
        "The party of partner P-1 is not active",
        "The party 7 that partner P-2 is linked to does not exist",
    ]
    tryton.tell(PARTIES, result([]), (500, ""))
    assert isinstance(system.find_contacts([Party("P-1", "One", "3"), Party("P-2", "Two")]), RetryLater)
    assert isinstance(system.find_contacts([Party("P-1", "One", "3")]), RetryLater)


def test_looks_by_number_and_for_changes_say_when_they_are_not_whole(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    for answer in ((503, ""), found({"id": 1})):
        tryton.tell(SEARCH, answer)
        assert isinstance(system.read_back([ONE.number]), RetryLater)
        assert isinstance(system.changes(time.now), RetryLater)
    tryton.tell("model.company.company.search_read", (503, ""))
    fresh = connect(settings(URL), time.clock, time.sleep, time.monotonic)
    assert isinstance(fresh.read_back([ONE.number]), RetryLater)
    assert isinstance(fresh.changes(time.now), RetryLater)


def test_two_living_documents_of_a_number_are_both_told(system: AccountingSystem, tryton: Told) -> None:
    tryton.tell(SEARCH, found(invoice(5, "cancelled"), invoice(6), invoice(7, "paid"), invoice(8, "draft")))
    got = system.read_back([ONE.number])
    assert not isinstance(got, RetryLater)
    told_of = got[ONE.number]
    assert (told_of.id, told_of.status, told_of.others) == ("6", "POSTED", ("7",))


def test_changes_are_asked_for_from_as_long_ago_as_a_zone_can_be_behind(
    system: AccountingSystem, time: Time, tryton: Told
) -> None:
    begun = time.now - timedelta(hours=1)
    others = {"reference": "US-9", "create_uid": 5}
    tryton.tell(SEARCH, found(invoice(), invoice(10, "draft"), invoice(11, "draft", **others)))
    assert system.changes(begun) == Changes((Change("9", INVOICE, ONE.number), Change("11", INVOICE, "US-9")))
    asked = tryton.calls[-1][1][0][-1]
    earliest = begun - timedelta(hours=12)
    assert (asked[:2], asked[2]["day"], asked[2]["hour"]) == (["write_date", ">="], earliest.day, earliest.hour)
    assert system.changes(time.now + timedelta(seconds=1)) == Changes(())
