"""A plan tells how many calls its sending takes, and whether this day's calls suffice."""

import requests
from world import World, client

from connector.runs.config import FILE

POLICY = """
sync:
  approve:
    problems: warnings
    largest_line: {USD: 5000}
    largest_document: {USD: 20000}
    unusual: {times: 3, runs: 5}
"""


def test_a_plan_tells_how_many_calls_its_sending_takes(world: World) -> None:
    planned = world.plan(world.partners(), world.clients(client("A"), client("B", "P-3", size="7")))
    sending = planned.plain["sending"]
    assert sorted(sending) == ["uk-books", "us-books"]
    left = sending["us-books"]["calls_left_today"]
    assert sending["us-books"] == {"calls": 8, "calls_left_today": left, "minutes": 1}
    words = f"Sending to us-books: about 8 calls of the {left} that are left today; done within about 1 minute"
    run = planned.plain["run"]
    assert words in " ".join(world.run("show", run, as_json=False).out.split())
    assert world.run("show", run).plain["sending"] == sending


def test_a_plan_that_bills_nothing_takes_no_calls(world: World) -> None:
    files = [world.partners(), world.clients(client("A"))]
    world.bill(*files)
    assert world.plan(*files).plain["sending"] == {}


def test_a_day_that_has_not_calls_enough_is_told_and_waits_for_a_person(world: World) -> None:
    files = [world.partners(), world.clients(client("A"))]
    world.bill(*files)
    path = world.folder / FILE
    path.write_text(path.read_text(encoding="utf-8") + POLICY, encoding="utf-8")
    assert world.server is not None
    told = requests.get(f"{world.server.url}/sandbox/counts", timeout=10).json()
    world.limit(day=told["requests"]["total"] + 6)
    night = world.run("sync", files[0], world.clients(client("A"), client("B")))
    (waits,) = night.plain["waits"]
    assert waits.startswith("us-books does not allow as many calls today: it takes about 8 of ")
    shown = " ".join(world.run("show", night.plain["plan"]["run"], as_json=False).out.split())
    assert "it goes on when the next day's calls are to be had." in shown


def test_the_page_of_a_plan_tells_it_too(world: World) -> None:
    planned = world.plan(world.partners(), world.clients(client("A")))
    page = world.folder / "plan.html"
    assert world.run("show", planned.plain["run"], "--html", str(page)).code == 0
    assert "Sending to us-books: about 8 calls of the " in page.read_text(encoding="utf-8")
