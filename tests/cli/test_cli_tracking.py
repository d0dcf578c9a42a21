"""Xero lines sorted under tracking categories, by the settings of the tenant."""

from world import World, client

from connector.runs.config import FILE

US = "11111111-1111-4111-8111-111111111111"


def declare(world: World, tracking: str) -> None:
    path = world.folder / FILE
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("invoice_status: AUTHORISED", f"invoice_status: AUTHORISED\n    tracking: {tracking}", 1)
    )


def test_every_line_is_sorted_under_what_the_settings_say(world: World) -> None:
    declare(world, "{Region: North, Channel: Partners}")
    world.bill(world.partners(), world.clients(client("A"), client("B")))
    (made,) = world.invoices(US)
    told = [[(one["Name"], one["Option"]) for one in line["Tracking"]] for line in made["LineItems"]]
    assert told == [[("Region", "North"), ("Channel", "Partners")]] * 2


def test_a_category_that_xero_does_not_have_stops_everything_before_it_is_sent(world: World) -> None:
    declare(world, "{Territory: North}")
    planned = world.plan(world.partners(), world.clients(client("A")))
    assert planned.plain["books_not_asked"] == {"us-books": "Xero has no active tracking category Territory"}


def test_more_categories_than_xero_takes_are_a_fault_of_the_settings(world: World) -> None:
    declare(world, "{One: a, Two: b, Three: c}")
    (problem,) = world.run("runs").plain["problems"]
    assert (problem["message"], problem["next_step"]) == (
        "tracking names more than two categories",
        "Xero takes two of a line.",
    )
