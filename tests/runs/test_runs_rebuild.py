"""`rebuild --check` finds whatever does not follow from the entries, plans and sources any more."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from world import PARTNER, World, client

from connector import ledger
from connector.runs import kept_uploads
from connector.sandbox import SandboxServer


class Folder(World):
    """A copy of a working folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.server = folder, None

    @property
    def path(self) -> Path:
        return next(self.folder.rglob("ledger.sqlite3"))

    def behind(self, *statements: str) -> None:
        """Change the ledger behind the program's back."""
        other = sqlite3.connect(self.path, isolation_level=None)
        guards = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            other.execute(f"DROP TRIGGER {name}")
        other.execute("PRAGMA ignore_check_constraints = ON")
        for one in statements:
            other.execute(one)
        for _, sql in guards:
            other.execute(sql)
        other.close()

    def wrong(self) -> dict[str, int]:
        """How many of each equation are wrong."""
        return {one["name"]: one["wrong"] for one in self.proofs() if one["wrong"]}

    def proofs(self) -> list[dict[str, Any]]:
        found = self.run("rebuild", "--check")
        assert (found.code == 0) == found.plain["agrees"]
        listed: list[dict[str, Any]] = found.plain["proofs"]
        return listed


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples, billed and sent in two runs, and a third plan that nobody approved."""
    folder = tmp_path_factory.mktemp("billed")
    server = SandboxServer(state=folder / "books.sqlite3", host="127.0.0.1", port=0)
    server.start()
    world = World(folder / "work", server)
    world.bill_anyway(*world.samples, as_of="2025-06-20")
    world.bill_anyway(*world.later, as_of="2025-07-20")
    dated = [PARTNER, PARTNER.replace("2024-01-01", "2025-01-01"), PARTNER.replace("2024-01-01", "2199-01-01")]
    world.bill_anyway(world.partners(*dated), as_of="2025-07-20")
    assert world.plan(*world.later, as_of="2025-07-21").code in (0, 1, 3)
    server.stop()
    ledger.close_store()
    return world.folder


@pytest.fixture
def copy(billed: Path, tmp_path: Path) -> Folder:
    return Folder(shutil.copytree(billed, tmp_path / "work"))


def test_everything_agrees_and_is_counted(copy: Folder) -> None:
    counted = {one["name"]: (one["looked"], one["wrong"]) for one in copy.proofs()}
    assert {wrong for _, wrong in counted.values()} == {0}
    assert counted["numbers without a gap"] == counted["documents against the approved plans"] == (8, 0)
    assert counted["charges against the rows of their sources"] == counted["charge ids against their keys"] == (25, 0)
    assert {name for name, (looked, _) in counted.items() if not looked} == CREDITS | DIFFERENCES | {APPLIED}
    told = copy.run("rebuild", "--check", as_json=False)
    assert told.out.rstrip().endswith("Everything that was derived again agrees.")


def test_rebuild_alone_is_refused(copy: Folder) -> None:
    found = copy.run("rebuild")
    assert (found.code, found.plain["next_step"][:28]) == (2, "'connector rebuild --check' ")


# What stands in for a condition in the statements below.
ONE = "charge_id = (SELECT charge_id FROM charge WHERE kind = 'charge' AND subject_type = 'client' LIMIT 1)"
DOC = "number = 'US-000002'"
LINE = "id = (SELECT min(id) FROM document_line)"


def _whole(statement: str) -> str:
    for name, condition in (("ONE", ONE), ("DOC", DOC), ("LINE", LINE)):
        statement = statement.replace(f"WHERE {name}", f"WHERE {condition}")
    return statement


SENT, WORDS = "what is sent against documents and lines", "what is sent is what was approved, word by word"
SUMS, BILLED = "documents against the sums of their lines", "lines of invoices against their charges"
PLANNED, CHARGES = "documents against the approved plans", "charge rows against the approved plans"
ROWS = "charges against the rows of their sources"
CREDITS = {
    "credits against their charges",
    "lines of credit notes against lines of invoices",
    "credited lines stand on a credit note",
    "lines of credit notes stand on a credit",
    "revisions stand on a credit",
}
DIFFERENCES = {
    "adjustment ids against their charges",
    "adjustments of a charge are 1, 2, …",
    "adjustments against their charges",
    "amounts with adjustments against unit × quantity",
    "adjustments against lines of documents",
    "tax with adjustments against rates",
}
APPLIED = "credits to be applied against their events"
CREDITED = "credit rows against the approved plans"


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE document SET number = 'US-000009' WHERE DOC", {"numbers without a gap", SENT}),
        ("UPDATE counter SET last = last + 1 WHERE entity = 'uk'", {"counters against documents"}),
        ("DELETE FROM counter WHERE entity = 'uk'", {"counters against documents"}),
        (
            "UPDATE document SET net_minor = net_minor + 1, total_minor = total_minor + 1 WHERE DOC",
            {SUMS, PLANNED, "receipts against predicted totals"},
        ),
        ("UPDATE document SET line_count = line_count + 1 WHERE DOC", {SUMS, PLANNED}),
        ("UPDATE document SET currency = 'EUR' WHERE DOC", {BILLED, "receipts against predicted totals"}),
        ("UPDATE document SET content_digest = 'x' WHERE DOC", {WORDS}),
        (
            "UPDATE document_line SET tax_minor = tax_minor + 1 WHERE LINE",
            {SUMS, SENT, "tax of lines against their rates"},
        ),
        ("UPDATE document_line SET unit_minor = unit_minor + 1 WHERE LINE", {"lines against quantity × unit"}),
        ("UPDATE charge SET amount_minor = 1, unit_minor = 1 WHERE ONE", {BILLED, CHARGES}),
        (
            "UPDATE charge SET amount_minor = amount_minor + 1 WHERE ONE",
            {BILLED, CHARGES, "amounts against unit × quantity"},
        ),
        ("UPDATE charge SET metric = 'other' WHERE ONE", {CHARGES, "charge ids against their keys"}),
        (
            "UPDATE charge SET revision = 2 WHERE ONE",
            {
                CHARGES,
                "charge ids against their keys",
                "revisions of a key are 1, 2, …",
                "revisions stand on a credit",
            },
        ),
        (
            "UPDATE charge SET unit_minor = 5 WHERE kind = 'opening'",
            {CHARGES, "opening entries are zero and on no document"},
        ),
        ("UPDATE charge SET row = row + 1000 WHERE ONE", {CHARGES, ROWS}),
        ("UPDATE charge SET event_on = '2025-01-07' WHERE ONE", {CHARGES, ROWS}),
        ("UPDATE charge SET band_low = 7 WHERE ONE", {CHARGES, ROWS}),
        (
            "UPDATE client_version SET sequence = 5 WHERE id = 1",
            {"versions of clients without a gap"},
        ),
        (
            "DELETE FROM client_version WHERE id = (SELECT max(id) FROM client_version WHERE run_id = 'R-0001')",
            {"client_version rows against the approved plans", "every client has a latest version"},
        ),
        (
            "UPDATE partner_version SET opening_places = 99 WHERE id = 1",
            {"partner_version rows against the approved plans"},
        ),
        ("UPDATE template_version SET plan = 'x' WHERE id = 1", {"template_version rows against the approved plans"}),
        ("UPDATE source SET sha256 = 'x' WHERE source_id = 'R-0001/1'", {"sources against the approved plans"}),
        (
            "UPDATE document_event SET state = 'rejected' WHERE id = (SELECT max(id) FROM document_event)",
            {"states of documents against their events"},
        ),
        ("DELETE FROM receipt WHERE id = 1", {"receipts against documents in the books"}),
        ("UPDATE receipt SET total_minor = 1 WHERE id = 1", {"receipts against predicted totals"}),
        ("UPDATE outbox SET request = replace(request, 'charge_id', 'charge') WHERE DOC", {SENT, WORDS}),
        ("UPDATE outbox SET request = replace(request, 'lines', 'line') WHERE DOC", {SENT, WORDS}),
        ("UPDATE outbox SET request = 'no JSON' WHERE DOC", {SENT, WORDS}),
        ("UPDATE outbox SET request = replace(request, 'Spoke', 'spoke') WHERE DOC", {WORDS}),
    ],
    ids=lambda one: one[:70] if isinstance(one, str) else "",
)
def test_what_does_not_follow_any_more_is_told(copy: Folder, statement: str, wrong: set[str]) -> None:
    copy.behind(_whole(statement))
    assert {*copy.wrong()} == wrong


def test_what_is_wrong_is_named(copy: Folder) -> None:
    copy.behind(_whole("UPDATE document_line SET tax_minor = tax_minor + 1 WHERE LINE"))
    told = copy.run("rebuild", "--check", as_json=False)
    assert told.code == 1
    assert "tax of lines against their rates: U" in told.out
    assert "Run 'connector verify': it tells whether an entry was altered." in told.out


def test_a_source_that_was_erased_is_told_and_not_taken_as_agreeing(copy: Folder) -> None:
    before = next(one for one in copy.proofs() if one["name"] == ROWS)
    ledger.open_store(copy.path)
    assert kept_uploads.forget_snapshots("R-0002") > 0
    ledger.close_store()
    after = next(one for one in copy.proofs() if one["name"] == ROWS)
    left_out = before["looked"] - after["looked"]
    assert left_out > 0
    assert after["note"] == f"the rows of {left_out} charges are erased"


def test_a_balance_that_is_told_wrongly_is_found(copy: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first count is changed, since both come from the same entries."""
    monkeypatch.setattr("connector.runs.rebuild_balances.bundle_balances", lambda *_: ())
    assert set(copy.wrong()) == {"bundle balances against a second count"}


@pytest.fixture(scope="module")
def credited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clients billed; one corrected and billed again at another headcount, in the books."""
    folder = tmp_path_factory.mktemp("credited")
    server = SandboxServer(state=folder / "books.sqlite3", host="127.0.0.1", port=0)
    server.start()
    world = World(folder / "work", server)
    world.bill(world.partners(), world.clients(client("A"), client("B", created="2025-05-01")))
    world.bill(world.clients(client("A", size="51-200"), client("B", created="2025-05-01")))
    run = world.run("correct", "US-000001/1", "--reason", "the headcount was wrong", "--as-of", "2025-06-25").plain[
        "run"
    ]
    assert world.run("approve", run).code == 0
    assert world.run("push", run).code == 0
    server.stop()
    ledger.close_store()
    return world.folder


@pytest.fixture
def corrected(credited: Path, tmp_path: Path) -> Folder:
    return Folder(shutil.copytree(credited, tmp_path / "work"))


def test_corrections_agree_and_are_counted(corrected: Folder) -> None:
    counted = {one["name"]: (one["looked"], one["wrong"]) for one in corrected.proofs()}
    assert {name: counted[name] for name in (*CREDITS, APPLIED)} == dict.fromkeys((*CREDITS, APPLIED), (1, 0))


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE credit SET amount_minor = amount_minor - 1", {"credits against their charges", CREDITED}),
        (
            "UPDATE credit_line SET net_minor = net_minor - 1",
            {SUMS, SENT, "lines against quantity × unit", "lines of credit notes against lines of invoices"},
        ),
        ("DELETE FROM credit_line", {SUMS, SENT, "credited lines stand on a credit note"}),
        ("UPDATE allocation SET state = 'rejected'", {APPLIED}),
        ("UPDATE allocation SET state = 'retry'", {APPLIED}),
        ("DELETE FROM credit", {"lines of credit notes stand on a credit", "revisions stand on a credit", CREDITED}),
    ],
)
def test_a_correction_that_does_not_follow_any_more_is_told(corrected: Folder, statement: str, wrong: set[str]) -> None:
    corrected.behind(statement)
    assert {*corrected.wrong()} == wrong


def test_a_version_of_a_partner_that_is_not_valid_yet_counts_for_nothing(alone: World) -> None:
    dated = [PARTNER, PARTNER.replace("2024-01-01", "2099-01-01")]
    plan = alone.plan(alone.partners(*dated), alone.clients(client("A", plan="Assessment Only"))).plain
    assert plan["buckets"]["partners"] == {"new": 2}
    assert alone.run("approve", plan["run"]).code == 0
    checked = Folder(alone.folder).proofs()
    told = [(one["looked"], one["wrong"]) for one in checked if one["name"] == "bundle balances against a second count"]
    assert told == [(1, 0)]
