"""A correction from the command line: its credit note is applied to the invoice, or told with the next step."""

from typing import Any

from world import Answer, World, client


def credited(world: World, **fault: Any) -> Answer:  # a fault of the sandbox
    """An invoice in the books, and the push of the credit note that takes it back."""
    world.bill(world.partners(), world.clients(client("A")))
    made = world.run("correct", "US-000001", "--credit-only", "--reason", "a test client", "--as-of", "2025-06-25")
    assert world.run("approve", made.plain["run"]).code == 0
    if fault:
        world.fault(**fault)
    return world.run("push", made.plain["run"])


def attention(world: World) -> list[tuple[str, ...]]:
    """What needs a person."""
    return [tuple(one.values()) for one in world.run("exceptions").plain["exceptions"]]


def test_a_push_says_what_is_applied(world: World) -> None:
    sent = credited(world)
    (result,) = sent.plain["tenants"].values()
    told = "USD 1,948.50 of it applied to US-000001"
    assert result["applied"] == [
        {
            "number": "US-CN-000001",
            "invoice": "US-000001",
            "amount_minor": 194_850,
            "currency": "USD",
            "told": told,
        }
    ]
    assert (sent.code, result["unapplied"], attention(world)) == (0, [], [])
    assert world.run("reconcile").code == 0
    assert world.run("rebuild", "--check").code == 0


def test_a_refused_credit_is_an_exception_until_it_is_applied(world: World) -> None:
    sent = credited(world, kind="echo_400", method="PUT", path="CreditNotes/")
    (result,) = sent.plain["tenants"].values()
    assert (sent.code, result["booked"], result["applied"]) == (3, ["US-CN-000001"], [])
    assert [one["number"] for one in result["unapplied"]] == ["US-CN-000001"]
    assert sent.plain["tie_out"]["ties"]
    ((kind, where, what, step),) = attention(world)
    assert (kind, where) == ("credit-rejected", "US-CN-000001")
    assert what.startswith("not applied to its invoice: Xero says: ")
    assert step == "Mend the cause or apply it in the books yourself, then 'connector push R-0002 --retry-rejected'."
    world.fault(kind="echo_400", method="PUT", path="CreditNotes/")
    again = world.run("push", "R-0002", "--retry-rejected", as_json=False)
    assert again.code == 3
    assert "US-CN-000001: booked, but not applied: Xero says: " in again.out
    again = world.run("push", "R-0002", "--retry-rejected", as_json=False)
    assert (again.code, attention(world)) == (0, [])
    assert "US-CN-000001: USD 1,948.50 of it applied to US-000001." in again.out


def test_a_credit_that_waits_is_told_and_goes_on_by_itself(world: World) -> None:
    sent = credited(world, kind="offline_503", method="GET", path="CreditNotes/")
    (result,) = sent.plain["tenants"].values()
    assert (sent.code, [one["number"] for one in result["waiting"]]) == (3, ["US-CN-000001"])
    told = "not applied to its invoice yet: The organisation is offline in Xero."
    assert attention(world) == [("credit-open", "US-CN-000001", told, "'connector push R-0002'.")]
    assert world.run("push").code == 0
    assert attention(world) == []


def test_the_credit_of_a_difference_is_applied_to_the_invoice_of_its_line(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    assert world.run("approve", world.plan(world.clients(client("A", size="2-10"))).plain["run"]).code == 0
    words = ("US-000001/1", "--difference", "--reason", "the headcount", "--as-of", "2025-06-25")
    made = world.run("correct", *words)
    assert world.run("approve", made.plain["run"]).code == 0
    (result,) = world.run("push", made.plain["run"]).plain["tenants"].values()
    applied = [(one["number"], one["invoice"], one["told"]) for one in result["applied"]]
    assert applied == [("US-CN-000001", "US-000001", "USD 974.25 of it applied to US-000001")]
