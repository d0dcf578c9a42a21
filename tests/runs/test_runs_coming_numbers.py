"""Numbers that are in use in the books already are found before a run is approved."""

from pathlib import Path

import pytest
from push_kit import document, foreign_invoice
from world import World, client

US = "11111111-1111-4111-8111-111111111111"


def planned(world: World, *names: str) -> list[list[str]]:
    """The faults of the documents of a plan."""
    done = world.plan(world.partners(), world.clients(*(client(name) for name in names)))
    return [[text for _, text in one["faults"]] for one in done.plain["documents"]]


def theirs(world: World, number: int) -> None:
    """Another program's invoice under one of our numbers."""
    assert world.server is not None
    foreign_invoice(world.server.url, document(number))


@pytest.mark.usefixtures("on_each_database")
def test_a_number_that_the_books_have_already_blocks_the_plan(world: World) -> None:
    theirs(world, 1)
    told = (
        "The books have a document US-000001 already, a number that this run would give. Find out what made it;"
        " then change its number there, or give us another number_prefix in the rules."
    )
    assert planned(world, "A") == [[told]]
    rules = Path(world.folder) / "rules" / "entities.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("US-", "USA-"), encoding="utf-8")
    assert planned(world, "A") == [[]]


def test_the_numbers_looked_up_are_those_that_come_next(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A")))
    assert [one["InvoiceNumber"] for one in world.invoices(US)] == ["US-000001"]
    assert planned(world, "A", "B") == [[]]
    theirs(world, 3)
    assert planned(world, "A", "B") == [[]]  # one document takes one number
    theirs(world, 2)
    assert "US-000002 already" in planned(world, "A", "B")[0][0]


def test_books_that_cannot_be_looked_into_are_told(world: World) -> None:
    world.fault(kind="unavailable_503", times=1, path="Invoices")
    done = world.plan(world.partners(), world.clients(client("A")))
    assert done.plain["books_not_asked"] == {"us-books": "Xero is not available."}
