"""Proposals of rules: begun, changed, simulated, reviewed, put in force on a day; never over somebody else's change."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from world import World

from connector.ledger import StoreError, process_lock
from connector.runs import (
    crashpoints,
    proposal_checks,
    proposal_files,
    proposal_money,
    proposals,
    rule_drafts,
    simulation_tables,
    workspace,
)
from connector.runs.asking import Asked, Clock
from connector.runs.attention import attention
from connector.runs.config import Config, load_config
from connector.runs.errors import StopError
from connector.runs.proposal_files import Event, Proposal
from connector.runs.rule_drafts import FileChange
from connector.runs.simulate import open_rules
from connector.runs.views import Attention

NOW = datetime(2025, 6, 20, 12, tzinfo=UTC)
TODAY, TOMORROW = NOW.date(), NOW.date() + timedelta(days=1)
BOOK = "price-books/standard-2025-03-usd.yaml"
OLD, NEW = '"11-50": 1800', '"11-50": 1900'
EXPECTED = "usd: 1800"


def at(moment: datetime = NOW, by: str = "Ada") -> Asked:
    """Somebody who asks at a moment."""
    return Asked(None, Clock(lambda: moment, lambda _seconds: None), by)


def quiet(_told: str, _done: int, _total: int) -> None:
    """Nobody listens."""


@pytest.fixture
def config(alone: World) -> Config:
    """A working folder with an empty ledger."""
    found = load_config(alone.folder, {})
    workspace.open_ledger(found)
    return found


def text_of(folder: Path, name: str = BOOK) -> str:
    """What a file holds."""
    return (folder / name).read_text(encoding="utf-8")


def dearer(config: Config, title: str = "dearer") -> Proposal:
    """A draft that makes a tier dearer."""
    made = proposals.begin(config, title, at())
    proposals.write(config, made.number, BOOK, text_of(made.rules).replace(OLD, NEW))
    _without_tests(config, made.number)
    return proposal_files.one(config, made.number)


def _without_tests(config: Config, number: int) -> None:
    proposal = proposal_files.one(config, number)
    for name in rule_drafts.texts(proposal.rules):
        if name.startswith("tests/"):
            proposals.remove(config, number, name)


def approved(config: Config, day: date = TODAY) -> Proposal:
    """The same, approved for a day."""
    made = proposals.propose(config, dearer(config).number, day, at())
    proposal_money.simulated(config, made, day, at(), quiet)
    return proposals.approve(config, made.number, made.digest, at(by="Ben"))


def events(proposal: Proposal) -> Sequence[tuple[str, str, str]]:
    """What happened."""
    return [(one.what, one.by, one.told) for one in proposal.events]


def test_a_proposal_starts_as_the_rules_are_and_changes_nothing_else(config: Config) -> None:
    before = rule_drafts.state_of(config.rules)
    made = dearer(config)
    assert rule_drafts.state_of(config.rules) == before
    assert rule_drafts.state_of(made.before) == before
    assert made == proposal_files.one(config, 1)
    assert (made.number, made.title, made.day, made.state) == (1, "dearer", None, "draft")
    assert made.events == (Event("made", "Ada", NOW),)
    changed = [one for one in made.differences if one.name == BOOK]
    line = next(line for line in text_of(made.rules).splitlines() if NEW in line)
    assert [one.change for one in changed] == ["changed"]
    assert f"+{line}" in changed[0].lines
    assert f"-{line.replace(NEW, OLD)}" in changed[0].lines
    assert [one.change for one in made.differences if one.name.startswith("tests/")] == ["removed"]


def test_it_is_put_in_force_on_its_day_by_whoever_plans_first(config: Config) -> None:
    made = approved(config, TOMORROW)
    assert [one.number for one in proposal_files.every(config)] == [1]
    assert proposals.activate_due(config, at()) == ()
    assert OLD in text_of(config.rules)
    later = at(NOW + timedelta(days=1), "nightly")
    assert [one.number for one in proposals.waiting(config, later)] == [1]
    put = proposals.in_force(config, later)
    assert [one.state for one in put] == ["active"]
    assert rule_drafts.state_of(config.rules) == rule_drafts.state_of(made.rules)
    assert proposals.in_force(config, later) == ()
    workspace.open_ledger(config)  # a simulation closes it
    assert attention(config, later) == ()
    assert events(proposal_files.one(config, 1)) == [
        ("made", "Ada", ""),
        ("proposed", "Ada", "from 2025-06-21"),
        ("approved", "Ben", f"text {made.digest[:12]}"),
        ("active", "nightly", ""),
    ]


@pytest.mark.parametrize("nth", [1, 2])
def test_stopped_half_way_it_is_gone_on_with(config: Config, nth: int) -> None:
    made = dearer(config)
    proposals.write(config, made.number, "billing.yaml", f"{text_of(made.rules, 'billing.yaml')}# more\n")
    made = proposals.propose(config, made.number, TODAY, at())
    proposal_money.simulated(config, made, TODAY, at(), quiet)
    proposals.approve(config, made.number, made.digest, at())

    def stop() -> None:
        raise KeyboardInterrupt

    crashpoints.arm("rules:file" if nth == 1 else "rules:put", 1, stop)
    with pytest.raises(KeyboardInterrupt):
        proposals.activate_due(config, at())
    assert proposal_files.one(config, 1).state == "approved"
    assert [one.why_not for one in proposals.activate_due(config, at())] == [""]
    assert rule_drafts.state_of(config.rules) == rule_drafts.state_of(made.rules)


def test_what_somebody_else_changed_is_never_overwritten(config: Config) -> None:
    approved(config)
    path = config.rules / "entities.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}# by hand\n", encoding="utf-8")
    due = proposals.activate_due(config, at())
    told = "the rules in force were changed since it was begun: entities.yaml"
    assert [(one.why_not, one.next_step) for one in due] == [
        (told, "Open proposal 1, take over what has changed, and propose it again.")
    ]
    with pytest.raises(StopError, match="proposal 1 is due from 2025-06-20 and not in force: the rules in force were"):
        proposals.in_force(config, at())
    assert OLD in text_of(config.rules)
    taken = proposals.take_over(config, 1, at())
    assert taken.state == "draft"
    assert text_of(taken.rules, "entities.yaml").endswith("# by hand\n")
    assert NEW in text_of(taken.rules)
    assert proposal_checks.changed_since(config, taken) == ()


def test_a_file_that_both_changed_is_for_a_person(config: Config) -> None:
    made = dearer(config)
    path = config.rules / BOOK
    path.write_text(text_of(config.rules).replace(OLD, '"11-50": 1700'), encoding="utf-8")
    (config.rules / "rules.schema.json").unlink()
    with pytest.raises(StopError, match=f"changed here and in the rules in force: {BOOK}"):
        proposals.take_over(config, made.number, at())
    assert (made.rules / "rules.schema.json").is_file()
    with pytest.raises(StopError, match="the rules in force were changed"):
        proposals.propose(config, made.number, TODAY, at())
    path.write_text(text_of(made.rules), encoding="utf-8")
    taken = proposals.take_over(config, made.number, at())
    assert not (taken.rules / "rules.schema.json").exists()


def test_faults_and_tests_that_fail_keep_it_from_being_proposed(config: Config) -> None:
    made = proposals.begin(config, "dearer", at())
    with pytest.raises(StopError, match="nothing is changed"):
        proposals.propose(config, made.number, TODAY, at())
    proposals.write(config, made.number, BOOK, text_of(made.rules).replace(OLD, NEW))
    with pytest.raises(StopError, match=r"its tests have .* fault"):
        proposals.propose(config, made.number, TODAY, at())
    assert proposal_checks.test(made, proposal_checks.check(config, made)) is not None
    proposals.write(config, made.number, BOOK, text_of(made.rules).replace("prices:", "prizes:"))
    with pytest.raises(StopError, match=f"its rules have .* the first: proposal-1/{BOOK}:"):
        proposals.propose(config, made.number, TODAY, at())
    assert proposal_checks.test(made, proposal_checks.check(config, made)) is None
    with pytest.raises(StopError, match="2025-06-19 is past"):
        proposals.propose(config, made.number, TODAY - timedelta(days=1), at())


def test_one_that_no_longer_proves_is_not_put_in_force(config: Config) -> None:
    approved(config)
    books = config.mappings / "books-us.yaml"
    books.write_text(books.read_text(encoding="utf-8").replace("SPOKE-FULL", "SPOKE-OTHER"), encoding="utf-8")
    due = proposals.activate_due(config, at())
    assert due[0].why_not.startswith("its rules have ")
    assert due[0].next_step == "Take proposal 1 back, mend that, and propose it again."


def test_approval_is_of_the_text_that_was_seen_and_of_its_money(config: Config) -> None:
    made = proposals.propose(config, dearer(config).number, TODAY, at())
    told = "dearer: proposed by Ada, in force from 2025-06-20"
    step = "Look at what it does to the money; then approve it."
    assert attention(config, at()) == (Attention("rules-to-review", "proposal 1", told, step),)
    with pytest.raises(StopError, match="it has changed since you looked at it"):
        proposals.approve(config, made.number, "another", at())
    with pytest.raises(StopError, match="nobody has looked at what it does to the money"):
        proposals.approve(config, made.number, made.digest, at())
    proposal_money.simulated(config, made, TOMORROW, at(), quiet)
    assert not proposal_money.fits(made)
    proposal_money.simulated(config, made, TODAY, at(), quiet)
    two = replace(config, two_persons=True)
    with pytest.raises(StopError, match="you proposed it, and two persons are required"):
        proposals.approve(two, made.number, made.digest, at())
    assert proposals.approve(two, made.number, made.digest, at(by="Ben")).state == "approved"


def test_ways_back(config: Config) -> None:
    number = proposals.propose(config, dearer(config).number, TODAY, at()).number
    with pytest.raises(StopError, match="proposal 1 is proposed") as told:
        proposals.write(config, number, BOOK, "")
    assert told.value.next_step == "Take it back to change it."
    with pytest.raises(StopError, match="no reason was given"):
        proposals.refuse(config, number, " ", at())
    assert proposals.refuse(config, number, "too dear", at(by="Ben")).events[-1].told == "too dear"
    proposals.propose(config, number, TODAY, at())
    assert proposals.take_back(config, number, at()).state == "draft"
    with pytest.raises(StopError, match="proposal 1 is draft") as told:
        proposals.approve(config, number, "", at())
    assert told.value.next_step == "Look at it again: what can be done now is shown there."
    assert proposals.withdraw(config, number, at()).state == "withdrawn"
    with pytest.raises(StopError, match="proposal 1 is withdrawn"):
        proposals.take_over(config, number, at())
    with pytest.raises(StopError, match="there is no proposal 2"):
        proposal_files.one(config, 2)
    with pytest.raises(StopError, match="a proposal needs a title"):
        proposals.begin(config, " ", at())


def test_names_that_are_no_files_of_rules_are_refused(config: Config) -> None:
    made = proposals.begin(config, "names", at())
    for name in ("../rules/billing.yaml", "/etc/passwd.yaml", ".hidden.yaml", "a/.b/c.yaml", "notes.txt", "a b.yaml"):
        with pytest.raises(StopError, match="cannot be the name of a file of rules"):
            proposals.write(config, made.number, name, "x")
    with pytest.raises(StopError, match="is larger than 500 kB"):
        proposals.write(config, made.number, "large.yaml", "#" * 500_001)
    with pytest.raises(StopError, match="there is no file none"):
        proposals.remove(config, made.number, "none")
    proposals.write(config, made.number, "price-books/new/one.yaml", "a: 1\r\nb: 2\r")
    assert text_of(made.rules, "price-books/new/one.yaml") == "a: 1\nb: 2\n"
    assert made.differences == (FileChange("price-books/new/one.yaml", "added", ("@@ -0,0 +1,2 @@", "+a: 1", "+b: 2")),)


def test_a_text_is_checked_without_being_kept(config: Config) -> None:
    made = proposals.begin(config, "checked", at())
    wrong = text_of(made.rules).replace("prices:", "prizes:")
    found = proposal_checks.check_text(config, made, BOOK, wrong)
    assert any(str(one).startswith(f"proposal-1/{BOOK}:") for one in found.problems)
    assert made.differences == ()


def test_the_money_is_kept_until_it_is_forgotten(world: World) -> None:
    assert world.run("push", world.approved("C-1", "C-2")).code == 0
    config = load_config(world.folder, {})
    workspace.open_ledger(config)
    made = dearer(config)
    assert proposal_money.kept(made) is None
    proposal_money.simulated(config, made, TODAY, at(), quiet)
    kept = proposal_money.simulated(config, made, TODAY, at(), quiet)
    assert kept == proposal_money.kept(made)
    assert (kept.digest, kept.start, kept.at, kept.by) == (made.digest, TODAY, NOW, "Ada")
    assert (kept.subjects, kept.lines) == ({"client": 2, "bundle": 0}, 2)
    rows = simulation_tables.line_rows(kept.changed.collect())
    assert [row[5:8] for row in rows] == [["USD 1,800.00", "USD 1,900.00", "USD 100.00"]] * 2
    assert kept.asking.collect().is_empty()
    assert kept.book.is_file()
    policies = {row[0] for row in simulation_tables.total_rows(kept.totals)}
    assert policies == {"credit_and_rebill", "from_renewal", "new_only"}
    assert {row[0] for row in simulation_tables.partner_rows(kept.partners)} == {"P-1"}
    erased = world.run("erase", "P-1", "--yes")
    assert erased.plain["simulations_of_proposals"] == 1
    assert proposal_money.kept(made) is None
    workspace.open_ledger(config)
    proposal_money.simulated(config, made, TODAY, at(), quiet)
    assert "simulate them again" in world.run("erase", "P-1", "--yes", as_json=False).out


def test_rules_with_faults_cannot_be_simulated(config: Config) -> None:
    made = dearer(config)
    proposals.write(config, made.number, BOOK, text_of(made.rules).replace("prices:", "prizes:"))
    with pytest.raises(StopError, match="the rules of the proposal have faults"):
        proposal_money.simulated(config, made, TODAY, at(), quiet)
    (config.rules / BOOK).unlink()
    (config.rules / "billing.yaml").unlink()
    with pytest.raises(StopError, match="the rules in force have faults"):
        proposal_money.simulated(config, made, TODAY, at(), quiet)
    assert open_rules(config, made.rules, made.label)[0] is None


def test_one_at_a_time(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposal_files, "_WAIT_SECONDS", 0)
    with process_lock(config.ledger, "proposals"), pytest.raises(StopError, match="holds the lock 'proposals'"):
        proposals.begin(config, "second", at())
    place = config.folder / "proposals" / "1"  # as it is left when it is stopped before it was written down
    (place / "before").mkdir(parents=True)
    assert proposals.begin(config, "first", at()).number == 1
    with pytest.raises(StoreError), process_lock(config.ledger, "other"), process_lock(config.ledger, "other"):
        pass


def test_the_file_of_a_proposal_can_be_read_by_people(config: Config) -> None:
    made = dearer(config)
    assert json.loads((made.place / "proposal.json").read_text(encoding="utf-8")) == {
        "number": 1,
        "title": "dearer",
        "day": None,
        "events": [{"what": "made", "by": "Ada", "at": "2025-06-20T12:00:00+00:00", "told": ""}],
    }


def test_commands_list_and_put_in_force(alone: World) -> None:
    assert "No proposals." in alone.run("rules", "proposals", as_json=False).out
    assert alone.run("rules", "activate", as_json=False).out == "Nothing is due.\n"
    config = load_config(alone.folder, {})
    workspace.open_ledger(config)
    made = approved(config)
    said = alone.run("rules", "proposals").plain["proposals"]
    assert [(one["number"], one["title"], one["state"], one["from"]) for one in said] == [
        (1, "dearer", "approved", "2025-06-20")
    ]
    assert {"file": BOOK, "change": "changed"} in said[0]["changes"]
    assert "dearer" in alone.run("rules", "proposals", as_json=False).out
    path = config.rules / "entities.yaml"
    own = path.read_text(encoding="utf-8")
    path.write_text(f"{own}# by hand\n", encoding="utf-8")
    refused = alone.run("rules", "activate", as_json=False)
    assert refused.code == 1
    assert "Proposal 1 is not in force: the rules in force were changed" in refused.out
    workspace.open_ledger(config)
    stopped = alone.run("plan")
    assert stopped.code == 1
    assert "proposal 1 is due from 2025-06-20 and not in force" in stopped.err + stopped.out
    asks = alone.run("exceptions").plain["exceptions"]
    assert [(one["kind"], one["where"], one["what"]) for one in asks] == [
        ("rules-not-in-force", "proposal 1", "the rules in force were changed since it was begun: entities.yaml")
    ]
    rehearsed = alone.run("sync", "--dry-run")
    assert "the rules in force are those of before: proposal 1 is due" in rehearsed.out
    path.write_text(own, encoding="utf-8")
    planned = alone.run("plan", as_json=False)
    assert "Proposal 1 is in force from now on: dearer." in planned.err
    assert rule_drafts.state_of(config.rules) == rule_drafts.state_of(made.rules)


def test_a_night_puts_in_force_what_is_due(alone: World) -> None:
    config = load_config(alone.folder, {})
    workspace.open_ledger(config)
    approved(config)
    night = alone.run("sync").plain
    assert "Rules: proposal 1 is in force from now on: dearer." in night["sentences"]
    assert NEW in text_of(config.rules)


def test_a_command_tells_what_it_put_in_force(alone: World) -> None:
    config = load_config(alone.folder, {})
    workspace.open_ledger(config)
    approved(config)
    assert alone.run("rules", "activate", as_json=False).out == "Proposal 1 is in force from now on: dearer.\n"


def test_a_correction_is_planned_by_what_is_due_too(world: World) -> None:
    assert world.run("push", world.approved("C-1")).code == 0
    config = load_config(world.folder, {})
    workspace.open_ledger(config)
    approved(config)
    made = world.run("correct", "US-000001/1", "--reason", "the price was wrong")
    assert "Proposal 1 is in force from now on: dearer." in made.err
    lines = [line for one in made.plain["documents"] for line in one["document"]["lines"]]
    assert [line["unit_minor"] for line in lines] == [180_000, 190_000]  # credited, and billed again


def test_one_that_is_due_and_can_be_put_in_force_asks_for_nobody(config: Config) -> None:
    approved(config)
    workspace.open_ledger(config)  # a simulation closes it
    assert [one.number for one in proposals.waiting(config, at())] == [1]
    assert attention(config, at()) == ()
