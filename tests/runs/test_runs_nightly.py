"""The nightly run: from the export to the books by itself where the policy allows it, and plainly told where not."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from export_kit import page, send, serving
from world import PARTNER as PARTNER_ROW
from world import Answer, World, client

from connector import ledger
from connector.cli import opening
from connector.export import RetryLater
from connector.runs import night_report, nights, workspace
from connector.runs.config import FILE, load_config
from connector.runs.config_sync import Policy, SyncSettings
from connector.runs.nightly import Told

POLICY = """
sync:
  approve:
    problems: none
    largest_line: {USD: 5000, GBP: 5000}
    largest_document: {USD: 20000, GBP: 20000}
    unusual: {times: 3, runs: 5}
"""
BLOCKED = "P-4,Four Partner,MSP,us,USD,US,Reverse charge,30,Bank transfer,On event,2024-01-01"
RECORD = {
    "clientId": "A",
    "partnerId": "P-1",
    "clientName": "Client A",
    "website": "a.example",
    "plan": "Full",
    "createdOn": "2025-04-01",
    "employees": 50,
    "status": "Active",
}


def declare(world: World, text: str) -> None:
    path = world.folder / FILE
    path.write_text(path.read_text("utf-8") + text, encoding="utf-8")


def known(world: World) -> list[str]:
    """One client billed by hand, so that the nights know what is usual; the files."""
    files = [world.partners(), world.clients(client("A"))]
    world.bill(*files)
    return files


def night(world: World, *words: str) -> Answer:
    return world.run("sync", *words)


def report(answer: Answer, ending: str = ".json") -> str:
    [path] = [one for one in answer.plain["reports"] if one.endswith(ending)]
    return Path(path).read_text(encoding="utf-8")


@pytest.mark.usefixtures("on_each_database")
def test_a_night_bills_what_is_new_by_the_policy_and_reports_it(world: World) -> None:
    files = known(world)
    declare(world, POLICY)
    assert world.run("status", "--alarm").plain["alarm"] == "no nightly run has ever ended"
    more = world.clients(client("A"), client("B"))
    done = night(world, files[0], more)
    assert done.code == 0, done.out
    told = done.plain
    assert (told["night"], told["outcome"], told["resumed"], told["dry_run"]) == ("S-0001", "done", False, False)
    assert (told["approved"], told["waits"], told["exceptions"]) == (["US-000002"], [], [])
    assert told["plan"]["totals_minor"] == {"USD": 194850}
    assert told["push"]["tenants"]["us-books"]["booked"] == ["US-000002"]
    assert told["push"]["tie_out"]["ties"]
    assert told["reconcile"]["tenants"]["us-books"]["documents"] == 2
    assert json.loads(report(done)) == {
        key: value for key, value in told.items() if key not in ("reports", "exit_code")
    }
    for ending in (".html", ".txt"):
        assert "Everything is done, and nothing needs a person." in report(done, ending)
        assert "R-0002 was approved by the declared policy." in report(done, ending)
    assert (world.run("status", "--alarm").code, world.run("status", "--alarm").plain["night"]) == (0, "S-0001")

    again = night(world, files[0], more)
    assert (again.code, again.plain["night"], again.plain["plan"]["documents"]) == (0, "S-0002", 0)
    assert len(world.run("documents").plain["documents"]) == 2


def test_without_a_policy_every_plan_waits_for_a_person(world: World) -> None:
    files = known(world)
    done = night(world, files[0], world.clients(client("A"), client("B")))
    why = "no policy is declared (sync: approve: in connector.yaml), so that every plan waits for a person"
    assert (done.code, done.plain["outcome"], done.plain["waits"]) == (3, "waits", [why])
    assert [one["kind"] for one in done.plain["exceptions"]] == ["run-not-approved"]
    shown = night(world, files[0], world.clients(client("A"), client("B")))
    assert shown.plain["plan"]["run"] == "R-0003"
    people = world.run("sync", *files, as_json=False)
    assert "Something waits: see below." in people.out
    assert "Wrote " in people.out


def test_a_plan_that_bills_nothing_keeps_nobody_waiting(world: World) -> None:
    files = known(world)
    done = night(world, *files)
    assert (done.code, done.plain["outcome"], done.plain["waits"], done.plain["approved"]) == (0, "done", [], None)
    rehearsed = night(world, *files, "--dry-run")
    assert (rehearsed.code, rehearsed.plain["waits"]) == (0, [])


def waits(world: World, files: list[str], *rows: str, name: str = "clients.csv") -> list[str]:
    done = night(world, files[0], world.clients(client("A"), *rows, name=name))
    assert done.code in (1, 3), done.out
    found: list[str] = done.plain["waits"]
    return found


def test_every_limit_of_the_policy_makes_a_plan_wait(world: World) -> None:
    files = known(world)
    limits = POLICY.replace("GBP: 5000", "EUR: 5000").replace("USD: 5000", "USD: 3000")
    declare(world, limits.replace("problems: none", "problems: warnings"))
    assert waits(world, files, client("B", size="51-200")) == [
        "a line of P-1 comes to USD 3,600.00, more than USD 3,000.00"
    ]
    many = [client(f"B{number}") for number in range(12)]
    assert waits(world, files, *many) == [
        "the document of P-1 comes to USD 23,382.00, more than USD 20,000.00",
        "it bills USD 21,600.00, more than 3 times the usual USD 1,800.00",
    ]
    assert waits(world, files, client("C", "P-3")) == [
        "no limit is declared for GBP",
        "no run before billed GBP, so that nothing tells what is usual",
    ]
    assert waits(world, files, client("B", size="many"), client("D")) == ["it has 1 error"]


def test_a_list_that_has_shrunk_waits(world: World) -> None:
    many = [client(f"B{number}") for number in range(8)]
    world.bill(world.partners(), world.clients(client("A"), *many))
    declare(world, POLICY.replace("problems: none", "problems: warnings"))
    assert waits(world, [world.clients(client("A"))]) == ["its sources have 2 rows, where 14 are usual"]


def test_two_persons_are_two_persons_at_night_too(world: World) -> None:
    files = known(world)
    declare(world, POLICY + "approval: {two_persons: required}\n")
    assert waits(world, files, client("B")) == ["two persons are required (approval: two_persons in connector.yaml)"]


@contextmanager
def export(world: World, records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A platform whose export is declared in the folder."""
    monkeypatch.setenv("PLATFORM_TOKEN", "canary-secret-51f0")
    with serving(lambda to: send(to, page(records, None))) as url:
        declare(
            world,
            f"exports:\n  platform:\n    url: {url}\n    format: json\n    records: items\n    allow_http: true\n"
            "    allow_private: true\n    auth: {bearer_from: PLATFORM_TOKEN}\n",
        )
        yield


def test_exports_are_fetched_and_one_that_fails_stops_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    known(world)
    declare(world, POLICY)
    with export(world, [RECORD, {**RECORD, "clientId": "B", "website": "b.example"}], monkeypatch):
        done = night(world)
        assert list(done.plain["exports"]) == ["platform"]
        assert done.plain["plan"]["run"] == "R-0002", done.out
        monkeypatch.delenv("PLATFORM_TOKEN")
        failed = night(world)
    assert failed.plain["exports"]["platform"].startswith("not fetched: the environment variable PLATFORM_TOKEN")
    assert (failed.code, failed.plain["outcome"], failed.plain["plan"]["documents"]) == (3, "waits", 0)


def digests(folder: Path) -> dict[str, str]:
    return {str(one): sha256(one.read_bytes()).hexdigest() for one in sorted(folder.rglob("*")) if one.is_file()}


def test_a_rehearsal_writes_nothing_anywhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    files = known(world)
    declare(world, POLICY)
    more = world.clients(client("A"), client("B"))
    with export(world, [{**RECORD, "clientId": "D", "website": "d.example"}], monkeypatch):
        before, booked = digests(world.folder), world.counts()["tenants"]
        told = night(world, files[0], more, "--dry-run")
        assert told.code == 0, told.out
        shown = world.run("sync", files[0], more, "--dry-run", as_json=False)
        assert (digests(world.folder), world.counts()["tenants"]) == (before, booked)
    assert (told.plain["plan"]["totals_minor"], told.plain["dry_run"], told.plain["reports"]) == (
        {"USD": 389700},
        True,
        [],
    )
    assert "This was a rehearsal: nothing was written, approved or sent." in shown.out
    assert [one["run"] for one in world.run("runs").plain["runs"]] == ["R-0001"]


def test_a_rehearsal_needs_no_ledger(alone: World) -> None:
    alone.without_ledger()
    before = digests(alone.folder)
    (alone.folder / "rules" / "billing.yaml").write_text("rules: none\n", encoding="utf-8")
    told = night(alone, "--dry-run")
    assert (told.code, [one["stage"] for one in told.plain["troubles"]]) == (2, ["plan"])
    assert {*digests(alone.folder)} == {*before}


def test_trouble_of_one_stage_leaves_the_others_alone(world: World) -> None:
    files = known(world)
    declare(world, POLICY)
    world.run("approve", world.plan(files[0], world.clients(client("A"), client("B"))).plain["run"])
    told = night(world, str(world.folder / "nowhere.csv"))
    assert (told.code, told.plain["outcome"]) == (2, "failed")
    assert [one["stage"] for one in told.plain["troubles"]] == ["plan"]
    assert told.plain["push"]["tenants"]["us-books"]["booked"] == ["US-000002"]
    assert (world.run("status", "--alarm").code, world.run("status", "--alarm").plain["alarm"]) == (
        1,
        "the last nightly run, S-0001, failed",
    )
    assert "ALARM: the last nightly run, S-0001, failed." in world.run("status", "--alarm", as_json=False).out


def test_one_tenants_trouble_is_told_and_stops_no_other(world: World) -> None:
    world.bill(world.partners(), world.clients(client("A"), client("B", "P-3")))
    declare(world, POLICY)
    config = world.folder / FILE
    text = config.read_text(encoding="utf-8")
    head, _, tail = text.partition("  uk-books:")
    nobody = tail.replace("credentials: sandbox", "credentials: {client_id_from: NO_ID, client_secret_from: NO_ID}", 1)
    config.write_text(f"{head}  uk-books:{nobody}", encoding="utf-8")
    both = world.clients(client("A"), client("B", "P-3"), client("C"))
    told = night(world, both)
    assert (told.code, told.plain["outcome"]) == (2, "failed")
    assert list(told.plain["reconcile"]["tenants"]) == ["us-books"]
    assert any(one.startswith("uk-books: uk-books: the client id") for one in told.plain["sentences"]), told.out
    config.write_text(text, encoding="utf-8")
    world.fault(kind="throttle_day", times=9, path="Invoices", after=1)  # the plan may look
    held = night(world, world.clients(client("A"), client("B", "P-3"), client("C"), client("D")))
    assert (held.code, held.plain["outcome"]) == (3, "waits")
    assert any("The calls of this day are used up. It can go on at" in one for one in held.plain["sentences"]), held.out
    assert any(": not read back: " in one for one in held.plain["sentences"])


def test_a_second_start_is_refused_while_one_runs(world: World) -> None:
    config = load_config(world.folder, os.environ)
    with ledger.process_lock(config.ledger, "sync"):
        second = night(world)
    assert (second.code, "sync" in second.plain["error"]) == (2, True)


def test_a_missed_night_is_an_alarm_and_a_stopped_one_is_gone_on_with(world: World) -> None:
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    noon = datetime(2026, 11, 26, 12, tzinfo=UTC)
    first, resumed = nights.begin(noon, "tester")
    assert (first.night_id, resumed, first.is_open) == ("S-0001", False, True)
    first = nights.step(first, nights.Stage.FETCHED, noon, "tester", files=("a.csv",))
    again, resumed = nights.begin(noon + timedelta(hours=19), "tester")
    assert (again, resumed) == (first, True)
    other, resumed = nights.begin(noon + timedelta(hours=21), "tester")
    assert (other.night_id, resumed, [one.stage for one in nights.every()]) == (
        "S-0002",
        False,
        [nights.Stage.ABANDONED, nights.Stage.STARTED],
    )
    ended = nights.step(other, nights.Stage.ENDED, noon + timedelta(hours=22), "tester", outcome="done")
    assert not ended.is_open
    late = noon + timedelta(hours=22 + 26, minutes=1)
    assert nights.alarm(late - timedelta(minutes=1), timedelta(hours=26)) == ""
    assert nights.alarm(late, timedelta(hours=26)) == (
        "the last nightly run, S-0002, ended 2026-11-27 10:00 UTC, over 26 hours ago"
    )
    ledger.close_store()


def test_what_is_declared_of_the_night_is_checked(alone: World) -> None:
    declare(
        alone,
        POLICY.replace("USD: 5000", "USD: 5000.001").replace("GBP: 20000", "pounds: 20000")
        + "  exports: platform\n  alarm_after_hours: 0\n",
    )
    told = alone.run("runs").plain
    assert [one["message"] for one in told["problems"]] == [
        "alarm_after_hours must lie between 1 and 960",
        "exports cannot be 'platform'",
        "5000.001 has more than the 2 decimal digits of USD",
        "largest_document names 'pounds', which is no currency",
    ]


def test_a_policy_is_whole_or_refused(alone: World) -> None:
    assert load_config(alone.folder, {}).sync == SyncSettings()
    text = (alone.folder / FILE).read_text(encoding="utf-8")
    declare(alone, POLICY)
    assert load_config(alone.folder, {}).sync == SyncSettings(
        policy=Policy(
            warnings_pass=False,
            largest_line={"USD": 500_000, "GBP": 500_000},
            largest_document={"USD": 2_000_000, "GBP": 2_000_000},
            times=3,
            runs=5,
        )
    )
    (alone.folder / FILE).write_text(text + POLICY.replace("times: 3, ", "").replace("problems: none", "x: 1"), "utf-8")
    assert [one["message"] for one in alone.run("runs").plain["problems"]] == [
        "approve has no key 'x'",
        "approve does not say 'problems'",
    ]
    (alone.folder / FILE).write_text(text + POLICY.replace("times: 3, ", ""), "utf-8")
    assert [one["message"] for one in alone.run("runs").plain["problems"]] == ["unusual does not say 'times'"]
    (alone.folder / FILE).write_text(text + POLICY.replace("USD: 5000", "USD: much"), "utf-8")
    assert [one["message"] for one in alone.run("runs").plain["problems"]] == ["largest_line in USD is 'much'"]


def test_the_usual_is_that_of_the_last_runs_of_sources_alone(world: World) -> None:
    files = known(world)
    world.bill(world.clients(client("A"), client("B")))
    assert world.run("approve", world.run("plan", "--as-of", "2025-06-21").plain["run"]).code == 0
    declare(world, POLICY.replace("runs: 5", "runs: 1"))
    more = [client(f"C{number}") for number in range(4)]
    assert waits(world, files, client("B"), *more) == [
        "it bills USD 7,200.00, more than 3 times the usual USD 1,800.00"
    ]


def test_what_the_books_would_not_take_and_warnings_wait(world: World) -> None:
    files = [world.partners(PARTNER_ROW, BLOCKED), world.clients(client("A"), client("B"))]
    world.bill(*files)
    declare(world, POLICY)
    found = waits(world, files, client("C", "P-4"))
    assert "it has 1 warning" in found  # one that is gone
    assert "1 of its documents would not be taken by the books" in found
    world.fault(kind="unavailable_503", times=99, path="Organisation")
    assert "the books of us-books could not be asked: Xero is not available" in waits(world, files, client("D"))


def test_a_night_whose_plan_was_approved_before_it_was_stopped_only_goes_on(world: World) -> None:
    known(world)
    config = load_config(world.folder, os.environ)
    workspace.open_ledger(config)
    begun, _ = nights.begin(opening.now(), "tester")
    nights.step(begun, nights.Stage.PLANNED, opening.now(), "tester", run_id="R-0001")
    ledger.close_store()
    told = night(world)
    assert (told.code, told.plain["resumed"], told.plain["approved"], told.plain["plan"]["run"]) == (
        0,
        True,
        None,
        "R-0001",
    )
    assert any(one.startswith("It was stopped, and gone on with; it began ") for one in told.plain["sentences"])


def test_an_export_that_is_not_whole_is_told() -> None:
    noon = datetime(2026, 11, 26, 12, tzinfo=UTC)
    told = Told(nights.Night("S-0001", noon, nights.Stage.ENDED, noon))
    told.fetched = {"platform": RetryLater(noon, "it answered with status 503", 2, 1_000)}
    assert list(night_report.sentences(told)) == [
        "Something waits: see below.",
        "Export platform: not whole yet: it answered with status 503; it goes on after 2026-11-26 12:00 UTC.",
    ]
