"""`rules simulate` through the command line: what people read, what programs read, and how it ends."""

import shutil
from pathlib import Path

import openpyxl
import pytest
from world import World, client

USD = "price-books/standard-2025-03-usd.yaml"


def new_rules(world: World, old: str = "", new: str = "", file: str = USD, name: str = "rules-2026") -> str:
    """A copy of the working folder's rules, with one text replaced."""
    folder = world.folder / name
    shutil.copytree(world.folder / "rules", folder)
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return str(folder)


@pytest.fixture
def billed(alone: World) -> World:
    lines = [client("A"), client("B", "P-3", created="2025-05-05", size="7")]
    run = alone.plan(alone.partners(), alone.clients(*lines)).plain["run"]
    assert alone.run("approve", run).code == 0
    return alone


def simulate(world: World, *arguments: str, as_json: bool = True) -> tuple[int, object, str]:
    answer = world.run("rules", "simulate", *arguments, as_json=as_json)
    return answer.code, answer.plain if as_json else answer.out, answer.err


def test_a_price_change_is_one_document_with_every_figure(billed: World) -> None:
    folder = new_rules(billed, "1800", "2000")
    code, plain, _ = simulate(billed, folder, "--from", "2025-04-01")
    assert code == 0
    assert isinstance(plain, dict)
    [line] = plain["lines"]
    assert line["old"].pop("place").startswith("rules/billing.yaml:")
    assert line["new"].pop("place").startswith("rules-2026/billing.yaml:")
    assert line["old"].pop("price_place").startswith(f"rules/{USD}:")
    assert line["new"].pop("price_place").startswith(f"rules-2026/{USD}:")
    assert line.pop("subject").startswith("CL-")
    side = {"outcome": "charge", "metric": "full-spoke", "item": "SPOKE-FULL", "tier": "11-50", "rule": "full-spoke"}
    nothing = {"billed_minor": None, "credited_minor": None, "rebilled_minor": None}
    assert line == {
        "partner": "P-1",
        "subject_type": "client",
        "name": "Client A",
        "metric": "full-spoke",
        "term": 1,
        "currency": "USD",
        "event": "created",
        "event_on": "2025-04-01",
        "billed_minor": 180_000,
        "billed_as": "charge",
        "old": {**side, "minor": 180_000, "reason": None},
        "new": {**side, "minor": 200_000, "reason": None},
        "difference_minor": 20_000,
        "why": "price changed",
        "asks": None,
        "changed": True,
        "policies": {
            "new_only": {"state": "kept", "why": "billed already", "kept_minor": 180_000, **nothing},
            "from_renewal": {
                "state": "kept",
                "why": "does not renew",
                "kept_minor": 180_000,
                **nothing,
                **dict.fromkeys(("renews_on", "renews_old_minor", "renews_new_minor")),
            },
            "credit_and_rebill": {
                "state": "credited",
                "why": "price changed",
                "billed_minor": None,
                "kept_minor": None,
                "credited_minor": 180_000,
                "rebilled_minor": 200_000,
            },
        },
    }
    assert (plain["lines_in_all"], plain["subjects"]) == (2, {"client": 2, "bundle": 0})
    assert all(one["ties"] for one in plain["checks"])
    assert [row["stands"] for row in plain["totals"]] == [72_000, 180_000, 72_000, 180_000, 72_000, 200_000]


def test_people_read_what_changes_and_that_nothing_was_written(billed: World) -> None:
    folder = new_rules(billed, "1800", "2000")
    code, text, _ = simulate(billed, folder, "--from", "2025-04-01", as_json=False)
    assert code == 0
    assert isinstance(text, str)
    assert "Client A" in text
    assert "Client B" not in text
    assert (
        text.splitlines()[-1] == "2 clients, 0 purchases: all accounted for. 1 of 2 lines change. Nothing was written."
    )
    _, everything, _ = simulate(billed, folder, "--all", as_json=False)
    assert "Client B" in str(everything)


def test_the_same_rules_change_no_line(billed: World) -> None:
    code, text, _ = simulate(billed, str(billed.folder / "rules"), as_json=False)
    assert code == 0
    assert str(text).splitlines()[0] == "No line changes."


def test_files_with_faults_end_with_1_and_questions_with_3(billed: World) -> None:
    folder = new_rules(billed, "[hold.example]", "[n.example]", "billing.yaml")
    faulty = billed.clients(client("N"), client("X", size="c. 50"))
    code, plain, _ = simulate(billed, folder, "--against", faulty, "--from", "2025-04-01")
    assert code == 1
    assert isinstance(plain, dict)
    assert [one["code"] for one in plain["problems"]] == ["record-employees"]
    sound = billed.clients(client("N"), name="sound.csv")
    code, plain, _ = simulate(billed, folder, "--against", sound, "--from", "2025-04-01")
    assert code == 3
    assert isinstance(plain, dict)
    why = "new rules; held: ask the partner manager before this client is billed"
    [asks] = plain["needs_a_person"]
    assert (asks["name"], asks["why"]["new_only"]) == ("Client N", why)
    code, text, _ = simulate(billed, folder, "--against", faulty, "--from", "2025-04-01", as_json=False)
    assert "Needs a person: no amount is assumed" in str(text)
    assert code == 1
    assert "The files have 1 errors and 0 warnings: 'connector check' lists them." in str(text)


def test_old_rules_may_be_named_and_both_folders_may_have_one_name(billed: World) -> None:
    elsewhere = Path(new_rules(billed, "1800", "1900", name="elsewhere/rules"))
    code, plain, _ = simulate(billed, str(elsewhere), "--from", "2025-04-01")
    assert code == 0
    assert isinstance(plain, dict)
    assert plain["lines"][0]["new"]["place"].startswith(f"{elsewhere.as_posix()}/billing.yaml:")
    code, plain, _ = simulate(billed, str(billed.folder / "rules"), "--old", str(elsewhere), "--from", "2025-04-01")
    assert isinstance(plain, dict)
    assert [one["minor"] for one in (plain["lines"] or [{"minor": None}])] == [None]


def test_faults_of_the_new_rules_are_listed_and_end_with_1(billed: World) -> None:
    folder = new_rules(billed, '"11-50": 1800', '"11-50": soon')
    code, plain, _ = simulate(billed, folder)
    assert code == 1
    assert isinstance(plain, dict)
    assert [one["code"] for one in plain["problems"]] == ["yaml-value"]
    code, text, _ = simulate(billed, folder, as_json=False)
    assert code == 1
    assert str(text).rstrip().endswith("The new rules cannot be used. Nothing was simulated.")


def test_wrong_usage_is_told(billed: World) -> None:
    folder = new_rules(billed)
    both = ("--against", "ledger", "--against", billed.clients(client("N")))
    assert simulate(billed, folder, *both)[0] == 2
    code, plain, _ = simulate(billed, folder, "--from", "soon")
    assert code == 2
    assert isinstance(plain, dict)
    assert "--from 'soon' is no date" in str(plain)
    assert simulate(billed, folder, "--against", str(billed.folder / "none.csv"))[0] == 1
    assert simulate(billed, folder, "--old", str(billed.folder / "mappings"))[0] == 2


def test_the_workbook_has_money_as_numbers_and_names_as_texts(billed: World) -> None:
    folder, out = new_rules(billed, "1800", "2000"), billed.folder / "out.xlsx"
    lines = billed.clients(client("A"), client("=N", site="n.example", name="=1+1"))
    files = ("--against", lines, "--from", "2025-04-01", "--xlsx", str(out))
    assert simulate(billed, folder, *files)[0] == 0
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["Lines", "Totals", "Partners", "Read me"]
    sheet = book["Lines"]
    titles = {cell.value: cell.column for cell in sheet[1]}
    name, new, day = (sheet.cell(2, titles[title]) for title in ("Client or purchase", "New amount", "Day"))
    assert (name.value, name.data_type, name.quotePrefix) == ("=1+1", "s", True)
    assert (new.value, new.number_format) == (2000, "[$USD] #,##0.00")
    assert str(day.value) == "2025-04-01 00:00:00"
    assert [row[0].value for row in book["Totals"].iter_rows(min_row=2)] == [
        "new_only",
        "from_renewal",
        "credit_and_rebill",
    ]
    refused = simulate(billed, folder, *files)
    assert refused[0] == 2
    assert "exists already" in str(refused[1])
