"""A run as it is paged through: the same as the plan says whole, cut, searched and chosen."""

import pytest
from files_kit import bind
from terms_kit import renewing
from world import BIRCH, PARTNER, World, client

from connector.domain.money import Money
from connector.runs import looked, run_tables, workspace
from connector.runs.config import load_config
from connector.runs.looked import look
from connector.runs.run_tables import Asked, Page, Row


def opened(world: World) -> None:
    """Open the ledger of the world in this process."""
    workspace.open_ledger(load_config(world.folder, {}))


def page(name: str, run: str = "R-0001", **asked: str | int) -> Page:
    """A page of a table of a run."""
    return run_tables.page(look(run), name, Asked(**asked))  # type: ignore[arg-type]


def values(found: Page, *columns: str) -> list[list[object]]:
    """Some columns of the rows."""
    places = [found.columns.index(one) for one in columns]
    return [[row.values[at] for at in places] for row in found.rows]


def planned(world: World) -> None:
    """A plan of three clients of two partners, one of them blocked."""
    rows = (client("C-1"), client("C-2", "P-2"), client("C-3", created="2025-13-01"))
    world.plan(world.partners(PARTNER, BIRCH), world.clients(*rows), as_of="2025-04-20")  # BIRCH is billed monthly
    opened(world)


def test_the_tables_that_have_rows_are_named_with_their_number(world: World) -> None:
    planned(world)
    assert run_tables.titles(look("latest")) == {
        "documents": ("Documents", 1),
        "lines": ("Lines", 1),
        "rows": ("Every row", 7),
        "problems": ("Problems", 1),
        "checks": ("Checks", len(look("R-0001").plain["checks"])),
    }


def test_documents_and_lines_say_what_they_come_to_and_where_they_are(world: World) -> None:
    planned(world)
    documents = page("documents")
    wanted = ("number", "partner", "lines", "net", "tax", "total", "state", "detail")
    money = [Money(180_000, "USD"), Money(14_850, "USD"), Money(194_850, "USD")]
    assert values(documents, *wanted) == [["", "P-1 One Partner", 1, *money, "ready", ""]]
    assert documents.numbers == {5, 6, 7, 8}
    (line,) = page("lines").rows
    assert line.values[0] == "P-1"
    assert line.values[2:6] == ("11-50", 1, money[0], money[1])
    assert str(line.values[-1]).endswith("clients.csv:2")
    assert line.key == look("R-0001").frame("charges").filter(kind="charge")["charge_id"][0]
    assert world.run("approve", "R-0001").code == 0
    opened(world)
    assert values(page("documents"), "number", "state") == [["US-000001", "ready"]]
    assert world.run("push", "R-0001").code == 0
    opened(world)
    assert values(page("documents"), "number", "state") == [["US-000001", "booked"]]
    assert [row.key for row in page("documents").rows] == ["US-000001"]


def test_rows_are_searched_chosen_and_cut(world: World) -> None:
    planned(world)
    every = page("rows")
    assert every.total == 7
    assert every.choices == {
        "awaiting_document": 1,
        "billed": 1,
        "blocked row": 1,
        "header row": 2,
        "new": 2,
    }
    chosen = page("rows", choice="billed")
    assert (chosen.total, values(chosen, "what", "bucket")) == (1, [["Client C-1", "billed by this run"]])
    found = page("rows", search="CLIENT C-2")
    assert values(found, "partner", "what") == [["P-2", "Client C-2"]]
    assert page("rows", start=5, most=1).rows == every.rows[5:6]
    assert page("rows", start=-9, most=2).rows == every.rows[:2]
    assert page("rows", start=99).rows == ()
    assert page("rows", search="nobody").total == 0


def test_problems_and_checks_are_those_of_the_plan(world: World) -> None:
    planned(world)
    plain = look("R-0001").plain
    assert page("problems").rows == tuple(
        Row("", tuple(one[name] for name in ("where", "severity", "message", "next_step", "code")))
        for one in plain["problems"]
    )
    assert page("problems").choices == {"error": 1}
    found = page("checks", most=1_000)
    assert [row.values[0] for row in found.rows] == [one["name"] for one in plain["checks"]]
    assert {row.values[3] for row in found.rows} == {"yes"}
    assert {type(row.values[1]) for row in found.rows} == {int, Money}


def test_lines_on_hold_leave_and_come_back(world: World) -> None:
    planned(world)
    charge = page("lines").rows[0].key
    assert world.run("hold", "R-0001", charge, "--reason", "asked").code == 0
    opened(world)
    assert (page("lines").total, page("documents").total) == (0, 0)
    (held,) = page("holds").rows
    assert (held.key, held.values[0], held.values[1], held.values[4]) == (charge, charge, "P-1", "asked")
    assert world.run("release", charge, "--reason", "answered").code == 0
    opened(world)
    assert (page("lines").total, page("holds").total) == (1, 0)


def test_what_changed_since_the_last_upload_and_credits(world: World) -> None:
    world.bill(world.partners(), world.clients(client("C-1")))
    world.plan(world.partners(), world.clients(client("C-1", name="Renamed")))
    opened(world)
    assert values(page("changes", "R-0002"), "what", "before", "now", "changes money") == [
        ["client name", "Client C-1", "Renamed", ""]
    ]
    run = world.run("correct", "US-000001/1", "--credit-only", "--reason", "wrong").plain["run"]
    opened(world)
    (credit,) = page("documents", run).rows
    assert credit.values[8:10] == (Money(-194_850, "USD"), "credit note, ready")
    (line,) = page("lines", run).rows
    assert line.values[-1] == "charged by an earlier run"
    assert page("rows", run).rows == ()


def test_terms_that_have_begun(world: World) -> None:
    renewing(world)
    world.bill(world.partners(), world.clients(client("C-1")))
    world.run("plan", "--as-of", "2026-04-20")
    opened(world)
    wanted = ("partner", "client", "metric", "term", "begins", "bucket", "amount")
    begun = ["P-1", "Client C-1", "full-spoke", 2, "2026-04-01", "billed by this run", Money(189_000, "USD")]
    assert values(page("terms", "R-0002"), *wanted) == [begun]


def test_a_blocked_document_says_why_and_its_lines_are_none_to_approve(alone: World) -> None:
    books = alone.folder / "mappings" / "books-us.yaml"
    text = books.read_text(encoding="utf-8")
    books.write_text(text.replace("tax_status: taxable", "tax_status: reverse_charge"), encoding="utf-8")
    alone.plan(alone.partners(), alone.clients(client("C-1")))
    opened(alone)
    (document,) = page("documents").rows
    assert document.values[9] == "blocked"
    assert str(document.values[10]).startswith("blocked: ")
    assert (page("lines").total, page("documents").choices) == (0, {"blocked": 1})


def test_a_document_that_is_dated_later_says_for_which_day(world: World) -> None:
    entities = world.folder / "rules" / "entities.yaml"
    entities.write_text(entities.read_text().replace("locked_period: refuse", "locked_period: first_open_day"))
    world.lock("11111111-1111-4111-8111-111111111111", "2025-06-30")
    world.plan(world.partners(), world.clients(client("C-1")))
    opened(world)
    assert values(page("documents"), "dated") == [["2025-07-01 (for 2025-06-20, which is locked)"]]


def test_files_to_import_are_not_called_booked(alone: World) -> None:
    bind(alone)
    alone.approved("C-1")
    assert alone.run("push", "R-0001").code == 0
    opened(alone)
    assert values(page("documents"), "state") == [["written to a file"]]


def test_there_is_no_table_of_another_name(alone: World) -> None:
    alone.plan(alone.partners(), alone.clients(client("C-1")))
    opened(alone)
    with pytest.raises(KeyError):
        page("nothing")


def test_a_plan_of_an_earlier_version_has_its_lines_in_its_documents(world: World) -> None:
    planned(world)
    now = page("lines").rows
    _as_earlier_versions_wrote_it("R-0001")
    assert page("lines").rows == now
    assert values(page("documents"), "lines") == [[1]]


def _as_earlier_versions_wrote_it(run: str) -> None:
    from connector.runs import store  # noqa: PLC0415 - Django is set up by opening the ledger
    from connector.runs.models import Run, RunFrame  # noqa: PLC0415 - as above

    plain = store.load_plan(run).to_plain()
    Run.objects.filter(run_id=run).update(plan=plain)
    RunFrame.objects.filter(run_id=run, name="lines").delete()
    looked._looked.cache_clear()  # noqa: SLF001 - nobody but a test writes a plan again
