"""Many callers at once."""

from concurrent.futures import ThreadPoolExecutor

from sandbox_client import BULK, Client, invoice

CALLERS = 5


def test_callers_who_send_the_same_numbers_create_each_once(us: Client) -> None:
    contact = us.contact()
    us.control("POST", "limits", {"minute": 1000})

    def push(_: int) -> int:
        with Client(us.url) as client:
            body = {"Invoices": [invoice(contact, f"A-{n}") for n in range(20)]}
            made = client.put("Invoices", body, params=BULK, judged=False).json()["Invoices"]
            return sum(one["StatusAttributeString"] == "OK" for one in made)

    with ThreadPoolExecutor(CALLERS) as pool:
        created = sum(pool.map(push, range(CALLERS)))
    assert (created, us.invoices()) == (20, {"AUTHORISED": 20})


def test_the_minute_limit_holds_in_a_crowd(us: Client) -> None:
    us.control("POST", "limits", {"minute": 30})

    def ask(_: int) -> list[int]:
        with Client(us.url) as client:
            return [client.get("Items").status_code for _ in range(10)]

    with ThreadPoolExecutor(CALLERS) as pool:
        statuses = [status for found in pool.map(ask, range(CALLERS)) for status in found]
    assert (statuses.count(200), statuses.count(429)) == (30, 20)
    assert us.control("GET", "counts")["limit_breaches"]["minute"] == 20
