"""A small client of the sandbox; every body it sends and gets is judged by the vendor's schema."""

import json
from decimal import Decimal
from typing import Any, Self

import requests
from sandbox_schema import faults

from connector.sandbox import CLIENT_ID, CLIENT_SECRET, US_BOOKS, Tenant

Body = dict[str, Any]
SCHEMAS = {"Organisation": "Organisations"}
BULK = {"summarizeErrors": "false"}


def mint(url: str, scope: str = "") -> str:
    form = {"grant_type": "client_credentials", "scope": scope}
    reply = requests.post(f"{url}/connect/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["access_token"])


class Client:
    """One app calling one tenant. ``judged=False`` is for bodies that are wrong on purpose."""

    def __init__(self, url: str, tenant: Tenant = US_BOOKS, scope: str = "") -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers.update(
            {
                "Authorization": f"Bearer {mint(url, scope)}",
                "xero-tenant-id": tenant.tenant_id,
                "Accept": "application/json",
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def call(self, method: str, path: str, body: Any = None, *, judged: bool = True, **more: Any) -> requests.Response:
        plain = path.partition("?")[0]
        resource = plain.split("/")[-1 if plain.endswith("Allocations") else 0]
        name = SCHEMAS.get(resource, resource)
        headers = (
            {"Content-Type": "application/json", **more.pop("headers", {})}
            if method != "GET"
            else more.pop("headers", {})
        )
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if judged and data is not None:
            assert faults("write", name, data) == []
        is_judged = more.pop("judged_reply", True)  # not where the reply echoes a value that is wrong on purpose
        more = {"timeout": 10, **more}
        reply = self.session.request(method, f"{self.url}/api.xro/2.0/{path}", data=data, headers=headers, **more)
        is_json = reply.headers.get("Content-Type", "").startswith("application/json")
        if is_judged and is_json and reply.status_code in (200, 400) and "Title" not in reply.text:
            assert faults("read", name if reply.status_code == 200 else "Error", reply.content) == []
        return reply

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def put(self, path: str, body: Any, **more: Any) -> requests.Response:
        return self.call("PUT", path, body, **more)

    def post(self, path: str, body: Any, **more: Any) -> requests.Response:
        return self.call("POST", path, body, **more)

    def control(self, method: str, path: str, body: Any = None) -> Body:
        reply = requests.request(method, f"{self.url}/sandbox/{path}", json=body, timeout=10)
        assert reply.status_code == 200, reply.text
        found: Body = exact(reply)
        return found

    def fault(self, kind: str, **more: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **more})

    def contact(self, name: str = "Sample Partner", **more: str) -> str:
        reply = self.put("Contacts", {"Contacts": [{"Name": name, **more}]})
        assert reply.status_code == 200, reply.text
        return str(reply.json()["Contacts"][0]["ContactID"])

    def invoices(self) -> dict[str, int]:
        counts: dict[str, int] = self.control("GET", "counts")["tenants"][US_BOOKS.tenant_id]["Invoices"]
        return counts


def exact(reply: requests.Response) -> Any:
    """The reply's JSON with exact numbers."""
    return json.loads(reply.text, parse_float=Decimal)


def line(amount: float | str = 100, **more: Any) -> Body:
    return {
        "Description": "Spoke",
        "Quantity": 1,
        "UnitAmount": amount,
        "AccountCode": "200",
        "TaxType": "OUTPUT",
        **more,
    }


def invoice(contact_id: str, number: str = "", **more: Any) -> Body:
    """An approved invoice of one line, 100 + 8.25 tax."""
    body = {
        "Type": "ACCREC",
        "Contact": {"ContactID": contact_id},
        "Date": "2026-11-02",
        "DueDate": "2026-12-02",
        "Status": "AUTHORISED",
        "LineItems": [line()],
        **more,
    }
    return {**body, "InvoiceNumber": number} if number else body


def note(contact_id: str, number: str, **more: Any) -> Body:
    body = invoice(contact_id, **more) | {"Type": "ACCRECCREDIT", "CreditNoteNumber": number}
    del body["DueDate"]
    return body


def messages(element: Body) -> list[str]:
    return [error["Message"] for error in element.get("ValidationErrors", [])]
