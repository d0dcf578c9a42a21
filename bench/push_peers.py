"""The vendors' own clients, used plainly, for `push.py`: full batches, one call after the other, for one minute."""

import os
import time
from collections.abc import Callable
from datetime import date
from itertools import count
from types import SimpleNamespace

import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.objects import Customer
from quickbooks.objects import Invoice as Sale
from quickbooks.objects.base import Ref
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from xero_python.accounting import AccountingApi, Contact, Contacts, Invoice, Invoices, LineItem
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token

from connector.sandbox import CLIENT_ID, CLIENT_SECRET, US_BOOKS
from connector.sandbox.quickbooks import CLIENT_ID as COMPANY_CLIENT
from connector.sandbox.quickbooks import CLIENT_SECRET as COMPANY_SECRET
from connector.sandbox.quickbooks import US_COMPANY

SECONDS = 60
XERO_BATCH, QUICKBOOKS_BATCH = 50, 30
REDIRECT = "http://127.0.0.1:9/callback"


def for_a_minute(call: Callable[[int], int]) -> float:
    """Documents a minute of a call made again and again; it takes its first number and says how many it made."""
    began, made = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        made += call(made + 1)
    return made * 60 / (time.perf_counter() - began)


def xero(url: str) -> float:
    """Documents a minute by xero-python."""
    form, pair = {"grant_type": "client_credentials"}, (CLIENT_ID, CLIENT_SECRET)
    reply = requests.post(f"{url}/connect/token", data=form, auth=pair, timeout=10).json()
    token = {"access_token": reply["access_token"], "scope": [], "expires_in": 1800, "token_type": "Bearer"}
    configuration = Configuration(oauth2_token=OAuth2Token(client_id=CLIENT_ID, client_secret=CLIENT_SECRET))
    client = ApiClient(configuration, oauth2_token_getter=lambda: token, oauth2_token_saver=lambda _: None)
    client.configuration.oauth2_token.update_token(**token)
    api = AccountingApi(client, base_url=f"{url}/api.xro/2.0")
    wanted = Contacts(contacts=[Contact(name="North", contact_number="P-1")])
    contact = Contact(contact_id=api.create_contacts(US_BOOKS.tenant_id, wanted).contacts[0].contact_id)

    def call(first: int) -> int:
        invoices = [
            Invoice(
                type="ACCREC",
                contact=contact,
                invoice_number=f"P-{number}",
                line_items=[LineItem(description="Spoke", quantity=1, unit_amount=18, account_code="200")],
                date=date(2026, 11, 2),
                due_date=date(2026, 12, 2),
                status="AUTHORISED",
            )
            for number in range(first, first + XERO_BATCH)
        ]
        done = api.create_invoices(US_BOOKS.tenant_id, Invoices(invoices=invoices), summarize_errors=False, unitdp=4)
        return len(done.invoices)

    return for_a_minute(call)


def quickbooks(url: str) -> float:
    """Documents a minute by python-quickbooks."""
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the sandbox speaks http
    numbers = count(1)
    with AuthClient(COMPANY_CLIENT, COMPANY_SECRET, REDIRECT, f"{url}/.well-known/openid_configuration") as auth:
        page = auth.get_authorization_url([Scopes.ACCOUNTING])
        back = requests.get(f"{page}&sandbox_company={US_COMPANY.code}", allow_redirects=False, timeout=10)
        code = back.headers["Location"].partition("code=")[2].partition("&")[0]
        auth.get_bearer_token(code, US_COMPANY.realm)
        api = QuickBooks(
            auth_client=auth, refresh_token=auth.refresh_token, company_id=US_COMPANY.realm, minorversion=75
        )
        api.api_url_v3 = f"{url}/v3"
        customer = Customer()
        customer.DisplayName = "North"
        customer = customer.save(qb=api)

        def call(_first: int) -> int:
            sales = [_sale(customer.Id, f"P-{next(numbers)}") for _ in range(QUICKBOOKS_BATCH)]
            done: SimpleNamespace = batch_create(sales, qb=api)
            return len(done.successes)

        return for_a_minute(call)


def _sale(customer: str, number: str) -> Sale:
    line = SalesItemLine()
    line.Amount, line.Description = 18, "Spoke"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef, line.SalesItemLineDetail.TaxCodeRef = _ref("21"), _ref("NON")
    line.SalesItemLineDetail.Qty, line.SalesItemLineDetail.UnitPrice = 1, 18
    made = Sale()
    made.CustomerRef, made.DocNumber = _ref(customer), number
    made.Line.append(line)
    return made


def _ref(key: str) -> Ref:
    made = Ref()
    made.value = key
    return made
