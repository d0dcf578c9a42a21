"""A small client of the sandbox's QuickBooks; every body it sends and gets is judged by the vendor's schema."""

import json
import time
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import requests
from quickbooks_schema import faults, reply_faults

from connector.sandbox.quickbooks import CLIENT_ID, CLIENT_SECRET, SCOPE, US_COMPANY, Company

Body = dict[str, Any]
NAMES = {
    "invoice": "Invoice",
    "creditmemo": "CreditMemo",
    "customer": "Customer",
    "payment": "Payment",
    "batch": "IntuitBatchRequest",
}
REDIRECT = "http://127.0.0.1:9/callback"
BEARER = "oauth2/v1/tokens/bearer"


def consent(url: str, company: Company = US_COMPANY, **more: str) -> dict[str, str]:
    """What comes back to the app when the person has agreed: code, state, realmId."""
    asked = {"client_id": CLIENT_ID, "response_type": "code", "scope": SCOPE, "redirect_uri": REDIRECT, "state": "s"}
    asked |= {"sandbox_company": company.code, **more}
    reply = requests.get(f"{url}/connect/oauth2", params=asked, allow_redirects=False, timeout=10)
    assert reply.status_code == 302, reply.text
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}


def grant(url: str, form: dict[str, str], **headers: str) -> requests.Response:
    """Ask for tokens."""
    auth = (CLIENT_ID, CLIENT_SECRET)
    return requests.post(f"{url}/{BEARER}", data=form, auth=auth, headers=headers, timeout=10)


def mint(url: str, company: Company = US_COMPANY, **more: str) -> Body:
    """The tokens of a new consent."""
    form = {"grant_type": "authorization_code", "code": consent(url, company, **more)["code"], "redirect_uri": REDIRECT}
    reply = grant(url, form)
    assert reply.status_code == 200, reply.text
    found: Body = reply.json()
    return found


def refresh(url: str, token: str, **headers: str) -> requests.Response:
    return grant(url, {"grant_type": "refresh_token", "refresh_token": token}, **headers)


class QuickBooksClient:
    """One app calling one company. ``judged=False`` is for bodies that are wrong on purpose."""

    def __init__(self, url: str, company: Company = US_COMPANY) -> None:
        self.url = url
        self.company = company
        self.root = f"{url}/v3/company/{company.realm}"
        self.session = requests.Session()
        self.session.headers.update(
            {"Authorization": f"Bearer {mint(url, company)['access_token']}", "Accept": "application/json"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def call(self, method: str, path: str, body: Any = None, *, judged: bool = True, **more: Any) -> requests.Response:
        params = {"minorversion": "75", **more.pop("params", {})}
        headers = {"Content-Type": "application/json"} if body is not None else {}
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if judged and data is not None and path in NAMES:
            assert faults(NAMES[path], json.loads(data)) == []
        more = {"timeout": 10, **more}
        headers |= more.pop("headers", {})
        reply = self.session.request(method, f"{self.root}/{path}", data=data, params=params, headers=headers, **more)
        if reply.headers.get("Content-Type", "").startswith("application/json"):
            assert reply_faults(reply.json()) == []
        return reply

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any, **more: Any) -> requests.Response:
        return self.call("POST", path, body, **more)

    def query(self, words: str, **more: Any) -> requests.Response:
        return self.get("query", params={"query": words}, **more)

    def made(self, path: str, body: Any, **more: Any) -> Body:
        """The object that a write gives back."""
        reply = self.post(path, body, **more)
        assert reply.status_code == 200, reply.text
        found: Body = json.loads(reply.text)[NAMES[path]]
        return found

    def refused(self, path: str, body: Any, **more: Any) -> list[str]:
        """The codes a write is refused with."""
        reply = self.post(path, body, judged=False, **more)
        assert reply.status_code == 400, reply.text
        return codes(reply.json())

    def all_of(self, kind: str, condition: str = "") -> list[Body]:
        """The objects of a kind that meet a condition."""
        return self.found(f"select * from {kind} {condition}")  # noqa: S608  # no SQL: the remote's own language

    def found(self, words: str) -> list[Body]:
        """The objects of a query."""
        reply = self.query(words)
        assert reply.status_code == 200, reply.text
        answer: Body = reply.json()["QueryResponse"]
        return next((value for value in answer.values() if isinstance(value, list)), [])

    def batch(self, *items: Body, **more: Any) -> dict[str, Body]:
        """The answers of a batch by their bId."""
        reply = self.post("batch", {"BatchItemRequest": list(items)}, **more)
        assert reply.status_code == 200, reply.text
        return {one["bId"]: one for one in reply.json()["BatchItemResponse"]}

    def control(self, method: str, path: str, body: Any = None) -> Body:
        reply = requests.request(method, f"{self.url}/sandbox/quickbooks/{path}", json=body, timeout=10)
        assert reply.status_code == 200, reply.text
        found: Body = reply.json()
        return found

    def switch(self, **switches: Any) -> None:
        self.control("POST", "switches", switches)

    def fault(self, kind: str, **more: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **more})

    def customer(self, name: str = "Sample Partner", **more: Any) -> str:
        return str(self.made("customer", {"DisplayName": name, **more})["Id"])

    def held(self, kind: str = "Invoice") -> dict[str, int]:
        """How many objects of a kind there are, by the sandbox's own status."""
        counts: dict[str, int] = self.control("GET", "counts")["tenants"][self.company.realm][kind]
        return counts

    def wait_for(self, wanted: dict[str, int]) -> None:
        """Wait until so many invoices are there."""
        until = time.monotonic() + 20
        while self.held() != wanted:
            assert time.monotonic() < until, (self.held(), wanted)
            time.sleep(0.02)

    def wait_for_call(self, name: str, n: int) -> None:
        """Wait until that many calls of a name have arrived."""
        until = time.monotonic() + 20
        while self.control("GET", "counts")["requests"]["by_path"].get(name, 0) < n:
            assert time.monotonic() < until
            time.sleep(0.02)


def codes(body: Body) -> list[str]:
    """The error codes of a fault."""
    return [error["code"] for error in body["Fault"]["Error"]]


def line(amount: float = 100, code: str = "TAX", **more: Any) -> Body:
    detail = {"ItemRef": {"value": "21"}, "Qty": 1, "UnitPrice": amount, "TaxCodeRef": {"value": code}}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail | more}


def invoice(customer: str, number: str = "", *lines: Body, **more: Any) -> Body:
    """An invoice of one line of 100 unless lines are given."""
    body = {"CustomerRef": {"value": customer}, "TxnDate": "2026-11-02", "Line": list(lines or (line(),)), **more}
    return {**body, "DocNumber": number} if number else body


def item(bid: str, body: Body, kind: str = "Invoice", operation: str = "create", **more: str) -> Body:
    """An item of a batch."""
    return {"bId": bid, "operation": operation, kind: body, **more}
