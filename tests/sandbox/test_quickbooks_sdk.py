"""The outside clients python-quickbooks and intuit-oauth talk to the sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import AuthorizationException, ObjectNotFoundException, QuickbooksException
from quickbooks.objects import CreditMemo, Customer, Invoice, Item, Payment, Preferences, TaxCode, Term
from quickbooks.objects.base import LinkedTxn, Ref
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.payment import PaymentLine
from quickbooks_client import REDIRECT, QuickBooksClient, consent

from connector.sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, US_COMPANY


@pytest.fixture
def auth(books: QuickBooksClient) -> Iterator[AuthClient]:
    made = AuthClient(CLIENT_ID, CLIENT_SECRET, REDIRECT, f"{books.url}/.well-known/openid_configuration")
    with made:
        assert made.get_authorization_url([Scopes.ACCOUNTING]).startswith(f"{books.url}/connect/oauth2?")
        made.get_bearer_token(consent(books.url)["code"], US_COMPANY.realm)
        yield made


@pytest.fixture
def api(books: QuickBooksClient, auth: AuthClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooks]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the sandbox speaks http
    made = QuickBooks(auth_client=auth, refresh_token=auth.refresh_token, company_id=US_COMPANY.realm, minorversion=75)
    made.api_url_v3 = f"{books.url}/v3"
    yield made
    made.session.close()


def ref(key: str) -> Ref:
    made = Ref()
    made.value = key
    return made


def north(api: QuickBooks) -> Customer:
    made = Customer()
    made.DisplayName = "Amy's Bird Sanctuary"
    return made.save(qb=api)


def spoke(amount: float) -> SalesItemLine:
    made = SalesItemLine()
    made.Amount, made.Description = amount, "Spoke"
    made.SalesItemLineDetail = SalesItemLineDetail()
    made.SalesItemLineDetail.ItemRef = ref("21")
    made.SalesItemLineDetail.TaxCodeRef = ref("NON")
    made.SalesItemLineDetail.Qty, made.SalesItemLineDetail.UnitPrice = 1, amount
    return made


def invoice(customer: Customer, number: str, amount: float = 25.06) -> Invoice:
    made = Invoice()
    made.CustomerRef, made.DocNumber = ref(customer.Id), number
    made.Line.append(spoke(amount))
    return made


def test_tokens_are_minted_refreshed_and_revoked(auth: AuthClient) -> None:
    assert (auth.expires_in, auth.x_refresh_token_expires_in, auth.realm_id) == (3600, 8_640_000, US_COMPANY.realm)
    first = auth.access_token
    auth.refresh()
    assert auth.access_token != first
    assert auth.revoke() is True
    with pytest.raises(AuthClientError):
        auth.refresh()


def test_an_invoice_is_made_found_changed_voided_and_deleted(api: QuickBooks) -> None:
    customer = north(api)
    made = invoice(customer, "A-1").save(qb=api, request_id="r-1")
    again = invoice(customer, "A-1").save(qb=api, request_id="r-1")
    assert (made.Id, made.TotalAmt, made.AllowOnlineACHPayment) == (again.Id, 25.06, False)
    assert Customer.filter(DisplayName="Amy's Bird Sanctuary", qb=api)[0].Id == customer.Id
    found = Invoice.choose(["A-1", "A-2"], field="DocNumber", qb=api)
    assert [(one.Id, one.CustomerRef.name) for one in found] == [(made.Id, "Amy's Bird Sanctuary")]
    found[0].PrivateNote = "changed"
    changed = found[0].save(qb=api)
    assert (changed.PrivateNote, changed.SyncToken, changed.TotalAmt) == ("changed", "1", 25.06)
    changed.void(qb=api)
    assert Invoice.get(made.Id, qb=api).TotalAmt == 0
    other = invoice(customer, "A-2").save(qb=api)
    other.delete(qb=api)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(other.Id, qb=api)
    assert Invoice.count(qb=api) == 1


def test_a_batch_and_its_faults(api: QuickBooks) -> None:
    customer = north(api)
    wanted = [invoice(customer, "A-1"), invoice(customer, "x" * 22), invoice(customer, "A-3")]
    answers = batch_create(wanted, qb=api)
    assert sorted(one.DocNumber for one in answers.successes) == ["A-1", "A-3"]
    assert [(one.Error[0].code, one.original_object.DocNumber) for one in answers.faults] == [("2050", "x" * 22)]
    assert len(batch_delete(Invoice.all(qb=api), qb=api).successes) == 2


def test_a_credit_memo_is_applied_by_a_payment(api: QuickBooks) -> None:
    customer = north(api)
    owed = invoice(customer, "A-1", 100).save(qb=api)
    memo = CreditMemo()
    memo.CustomerRef, memo.DocNumber = ref(customer.Id), "C-1"
    memo.Line.append(spoke(30))
    memo = memo.save(qb=api)
    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = ref(customer.Id), 0
    for document in (owed, memo):
        link, part = LinkedTxn(), PaymentLine()
        link.TxnId, link.TxnType, link.TxnLineId = document.Id, document.qbo_object_name, 0
        part.Amount, part.LinkedTxn = 30, [link]
        payment.Line.append(part)
    payment.save(qb=api)
    assert (Invoice.get(owed.Id, qb=api).Balance, CreditMemo.get(memo.Id, qb=api).RemainingCredit) == (70, 0)


def test_settings_and_changes_are_read(api: QuickBooks) -> None:
    assert [one.Sku for one in Item.all(qb=api)] == ["SPOKE-FULL", "SPOKE-AO-BUNDLE"]
    assert [one.Name for one in TaxCode.all(qb=api)] == ["TAX", "NON"]
    assert [one.DueDays for one in Term.all(qb=api)] == [0, 15, 30]
    assert Preferences.get(qb=api).TaxPrefs.PartnerTaxEnabled is True
    assert CompanyInfo.get(US_COMPANY.realm, qb=api).CompanyName == US_COMPANY.name
    made = invoice(north(api), "A-1").save(qb=api)
    since = datetime.now(UTC) - timedelta(days=1)
    told = change_data_capture([Invoice, CreditMemo], since.strftime("%Y-%m-%dT%H:%M:%SZ"), qb=api)
    assert [one.Id for one in told.Invoice] == [made.Id]


def test_errors_reach_the_outside_client(books: QuickBooksClient, api: QuickBooks) -> None:
    with pytest.raises(QuickbooksException) as twice:
        [north(api) for _ in range(2)]
    assert twice.value.error_code == 6240
    books.fault("token_expired")
    with pytest.raises(AuthorizationException):
        Item.all(qb=api)
    seen = SimpleNamespace(codes=[])
    for form in ("json", "lower_json", "xml"):
        books.switch(throttle_form=form)
        books.fault("throttle_minute")
        with pytest.raises(QuickbooksException) as refused:
            Item.all(qb=api)
        seen.codes.append(refused.value.error_code)
    assert seen.codes == [3001, 10000, 10000]


def test_the_outside_client_makes_a_second_invoice_when_the_reply_is_lost(
    books: QuickBooksClient, api: QuickBooks
) -> None:
    """The trap the product must not fall into: no look-up, no request id, and nothing refuses the number."""
    customer = north(api)
    books.fault("reply_lost_after_commit", path="invoice")
    with pytest.raises(OSError, match="Connection"):
        invoice(customer, "A-1").save(qb=api)
    invoice(customer, "A-1").save(qb=api)
    assert books.held() == {"open": 2}
