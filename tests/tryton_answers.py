"""A Tryton that answers as it is told, for what no real one can be brought to say."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import responses
from requests import PreparedRequest

URL = "https://erp.example.com"
LOGIN = "common.db.login"
DEC = "Decimal"


def decimal(text: str) -> dict[str, str]:
    return {"__class__": DEC, "decimal": text}


def day(year: int, month: int, of_month: int) -> dict[str, Any]:
    return {"__class__": "date", "year": year, "month": month, "day": of_month}


# What a company has set up, by model.
BOOKS: dict[str, Any] = {
    "company.company": [{"id": 1, "currency.": {"id": 1, "code": "USD"}}],
    "account.period": [{"id": 1, "state": "open", "start_date": day(2025, 1, 1), "end_date": day(2025, 1, 31)}],
    "currency.currency": [{"id": 1, "code": "USD", "active": True}],
    "account.tax": [
        {"id": 1, "name": "OUTPUT", "active": True, "type": "percentage", "rate": decimal("0.0825"), "group.": None}
    ],
    "account.account": [{"id": 7, "code": "200", "name": "Sales", "closed": False, "type.": {"revenue": True}}],
    "account.journal": [{"id": 1, "code": "REV", "name": "Revenue", "active": True}],
    "account.configuration": [{"id": 1, "default_account_receivable": 39}],
    "product.product": [],
}

Answer = tuple[int, Any]


class Told:
    """Answers by method; what is not told is answered as a company's books. Kept is every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[Any]]] = []
        self.answers: dict[str, Callable[[list[Any]], Answer]] = {LOGIN: lambda _: result([2, "token", None])}

    def tell(self, method: str, *answers: Answer) -> None:
        """Answer the calls of a method with these, one after the other; the last one stays."""
        left = list(answers)
        self.answers[method] = lambda _: left.pop(0) if len(left) > 1 else left[0]

    def act(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked = json.loads(request.body or b"")
        assert set(asked) == {"id", "method", "params"}
        method, params = asked["method"], asked["params"]
        self.calls.append((method, params))
        model = method.removeprefix("model.").rpartition(".")[0]
        status, body = self.answers.get(method, lambda _: result(BOOKS.get(model, [])))(params)
        return status, {}, body if isinstance(body, str) else json.dumps(body)


def result(value: Any) -> Answer:
    return 200, {"id": 0, "result": value}


def error(kind: str, *details: Any) -> Answer:
    return 200, {"id": 0, "error": [kind, list(details)]}


@contextmanager
def told() -> Iterator[Told]:
    """Every call to `URL` is answered by this."""
    made = Told()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as answering:
        answering.add_callback("POST", f"{URL}/billing/rpc/", made.act)
        yield made
