"""Other rules over real events: what is billed is not touched, what changes is said with its reason, and all ties."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from world import World, client

from connector import ledger
from connector.ledger.schemas import TABLES
from connector.runs import workspace
from connector.runs.config import Config, load_config
from connector.runs.errors import StopError
from connector.runs.kept_uploads import forget_snapshots
from connector.runs.simulate import Question, Simulation, looking, open_rules, simulate
from connector.runs.simulation_book import LAST_ROW, write_book
from connector.runs.simulation_tables import line_rows
from connector.runs.store import run_states

NOW = datetime(2025, 6, 20, 15, 0, tzinfo=UTC)
START = date(2025, 5, 1)
BUNDLES = "Partner ID,Purchase reference,Purchased on,Bundles"
USD = "price-books/standard-2025-03-usd.yaml"
BILLING = "billing.yaml"
SPOKE = "price: by_tier, book: standard, term: once}"
Change = Mapping[str, Callable[[str], str]]


def swap(old: str, new: str) -> Callable[[str], str]:
    def changed(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return changed


def add(rule: str) -> Callable[[str], str]:
    return lambda text: f"{text}\n{rule}"


def rules(world: World, name: str, changes: Change) -> Path:
    """A copy of the folder's rules, changed."""
    folder = world.folder / name
    shutil.copytree(world.folder / "rules", folder)
    for file, change in changes.items():
        path = folder / file
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def settings(world: World) -> Config:
    return load_config(world.folder, os.environ)


def asked(world: World, changes: Change, *files: str, start: date = START) -> Simulation:
    """The working folder's rules against changed ones, over the ledger or over files."""
    config = settings(world)
    folders = [config.rules, rules(world, f"new-{len(list(world.folder.iterdir()))}", changes)]
    loaded = [open_rules(config, folder, folder.name) for folder in folders]
    assert [problems for _, problems in loaded] == [(), ()]
    old, new = (rulebook for rulebook, _ in loaded)
    assert old is not None
    assert new is not None
    mappings = workspace.open_mappings(config)
    intake = workspace.read_files(config, mappings, [Path(one) for one in files]) if files else None
    with looking(config):
        return simulate(Question(old, new, start, NOW, intake))


def approved(world: World, *files: str, as_of: str = "2025-06-20") -> None:
    planned = world.plan(*files, as_of=as_of).plain
    done = world.run("approve", planned["run"])
    assert done.code == 0, done.out


def told(found: pl.DataFrame) -> dict[str, tuple[Any, ...]]:
    """Of each line: billed, new, why, and the state under `credit_and_rebill`."""
    wanted = found.select("label", "billed_amount", "new_amount", "why", "credit_and_rebill_state")
    return {label: tuple(rest) for label, *rest in wanted.iter_rows()}


@pytest.fixture
def billed(alone: World) -> World:
    """A ledger with a client before and one after the day, one inside a bundle, an opening entry and a purchase."""
    lines = [
        client("A", created="2025-04-01"),
        client("B", created="2025-05-05", size="120"),
        client("C", plan="Assessment Only", created="2025-05-06"),
        client("D", created="2025-02-01"),
        client("E", "P-3", created="2025-05-07", size="7"),
    ]
    bought = alone.write("bundles.csv", BUNDLES, ["P-1,PO-1,2025-05-02,2"])
    approved(alone, alone.partners(), alone.clients(*lines), bought)
    return alone


def test_the_same_rules_change_nothing_and_everything_is_accounted_for(billed: World) -> None:
    found = asked(billed, {})
    assert found.changed.is_empty()
    assert found.asking.is_empty()
    assert found.subjects == {"client": 5, "bundle": 1}
    assert found.notes == ()
    assert all(one.ties for one in found.checks)
    assert found.lines.select("label", "new_only_state", "new_only_kept").rows() == [
        ("Client A", "kept", 180_000),
        ("Client B", "kept", 360_000),
        ("Client C", "not billed", None),
        ("Client D", "kept", 0),
        ("purchase PO-1", "kept", 300_000),
        ("Client E", "kept", 72_000),
    ]


def test_nothing_is_written(billed: World) -> None:
    def everything() -> dict[str, Any]:
        workspace.open_ledger(settings(billed))
        try:
            return {name: ledger.read(name).rows() for name in TABLES} | {"runs": run_states()}
        finally:
            ledger.close_store()

    def bytes_of() -> bytes:
        return settings(billed).ledger.read_bytes()

    before = everything(), bytes_of()
    found = asked(billed, {USD: swap("3600", "3900")}, billed.clients(client("N", created="2025-05-09")))
    assert found.lines.height == 1
    asked(billed, {USD: swap("3600", "3900")})
    assert (everything(), bytes_of()) == before


def test_a_folder_without_a_ledger_stays_without(alone: World) -> None:
    alone.without_ledger()
    found = asked(alone, {}, alone.partners(), alone.clients(client("A")))
    assert found.lines.select("label", "new_only_billed").rows() == [("Client A", 180_000)]
    assert not settings(alone).ledger.exists()


def test_a_price_change_credits_only_what_lies_on_or_after_its_day(billed: World) -> None:
    found = asked(billed, {USD: lambda text: text.replace("1800", "2000").replace("3600", "3900")})
    assert told(found.changed) == {
        "Client A": (180_000, 200_000, "price changed", "kept"),
        "Client B": (360_000, 390_000, "price changed", "credited"),
    }


def test_the_totals_equal_a_plain_calculation(billed: World) -> None:
    more = billed.clients(*[client(f"N{n}", created=f"2025-05-{n:02d}", size=str(20 * n)) for n in range(1, 9)])
    percent = """
  - id: spring
    when: {event: [created, upgraded], plan: full_spoke}
    adjust: {percent: -7.5, reason: "spring offer"}
"""
    changes = {USD: lambda text: text.replace("1800", "2011").replace("3600", "3933"), BILLING: add(percent)}
    approved(billed, more)
    found = asked(billed, changes)
    prices = {"11-50": 2011, "51-200": 3933}
    expected = {"kept": 0, "credited": 0, "rebilled": 0}
    with looking(settings(billed)):
        charges = ledger.read("charge").filter(pl.col("currency") == "USD").to_dicts()
    for one in charges:
        size = 300_000 if one["subject_type"] == "bundle" else None
        exact = None if size else Decimal(prices[one["tier"]]) * (100 - Decimal("7.5")) if one["tier"] else None
        after = size if exact is None else int(exact.quantize(Decimal(1), ROUND_HALF_UP))
        moves = one["kind"] == "charge" and one["event_on"] >= START and after != one["amount_minor"]
        expected["credited" if moves else "kept"] += one["amount_minor"]
        expected["rebilled"] += (after or 0) if moves else 0
    own = (pl.col("policy") == "credit_and_rebill") & (pl.col("currency") == "USD")
    [row] = found.totals.filter(own).to_dicts()
    assert {name: row[name] for name in expected} == expected
    assert row["stands"] == expected["kept"] + expected["rebilled"]


def test_a_moved_bound_of_a_tier_says_so(billed: World) -> None:
    bands = {
        "tiers/linkedin.yaml": lambda text: text.replace('"51-200"', '"51-100"').replace('"201-500"', '"101-500"'),
        USD: lambda text: text.replace('"51-200"', '"51-100"').replace('"201-500"', '"101-500"'),
    }
    others = ["price-books/standard-2025-03-gbp.yaml", "price-books/standard-2026-01-usd.yaml"]
    changes = {**bands, **dict.fromkeys([*others, "price-books/quote-1042.yaml"], bands[USD])}
    found = asked(billed, changes)
    assert told(found.changed) == {"Client B": (360_000, 600_000, "tier 51-200 → 101-500", "credited")}


def test_a_discount_a_gate_and_a_quote_say_what_they_are(billed: World) -> None:
    discount = """
  - id: launch
    when: {partner: [P-3], plan: full_spoke}
    adjust: {percent: -10, reason: "launch offer"}
"""
    gate = """
  - id: stop
    when: {domain: [b.example]}
    hold: "ask first"
  - id: ours
    when: {domain: [a.example]}
    not_billable: "our own"
"""
    quote = """
  - id: quote-7
    when: {partner: [P-1], selling_entity: us, event: [created, upgraded], plan: full_spoke}
    charge: {metric: full-spoke, item: SPOKE-FULL, price: {book: quote-1042}, term: once, overrides: full-spoke}
"""
    assert told(asked(billed, {BILLING: add(discount)}).changed) == {
        "Client E": (72_000, 64_800, "adjustments changed", "credited")
    }
    gated = asked(billed, {BILLING: add(gate)})
    assert told(gated.changed) == {
        "Client A": (180_000, None, "not billable by rule ours: our own", "kept"),
        "Client B": (360_000, None, "held by rule stop: ask first", "needs a person"),
    }
    assert gated.asking["label"].to_list() == ["Client B"]
    assert gated.asking["difference"].to_list() == [None]
    quoted = asked(billed, {BILLING: add(quote), "price-books/quote-1042.yaml": _valid_always}, start=date(2025, 4, 1))
    assert [row[2] for row in told(quoted.changed).values()] == [
        "price changed; rule full-spoke → quote-7",
        "price changed; rule full-spoke → quote-7",
    ]


def test_counts_are_taken_as_a_run_takes_them(billed: World) -> None:
    many = """
  - id: many-clients
    when: {clients_this_year: {from: 3}, plan: full_spoke}
    adjust: {percent: -5, reason: "the third client and more"}
"""
    found = asked(billed, {BILLING: add(many)})
    assert told(found.changed) == {"Client B": (360_000, 342_000, "adjustments changed", "credited")}


def _valid_always(text: str) -> str:
    lines = (line for line in text.splitlines() if not line.startswith("effective_to"))
    return "\n".join("effective_from: 2025-03-01" if one.startswith("effective_from") else one for one in lines) + "\n"


def test_a_renamed_metric_is_a_question_and_never_a_second_charge(billed: World) -> None:
    changes = {BILLING: lambda text: text.replace("full-spoke, item", "spoke, item").replace(
        "metric: full-spoke", "metric: spoke").replace("overrides: full-spoke", "overrides: spoke")}  # fmt: skip
    found = asked(billed, changes, start=date(2025, 4, 1))
    asks = "it was billed as full-spoke; the new rules bill spoke: not the same charge"
    assert found.changed.filter(pl.col("billed_kind") == "charge")["asks"].unique().to_list() == [asks]
    own = (pl.col("policy") == "credit_and_rebill") & (pl.col("currency") == "USD")
    [row] = found.totals.filter(own).to_dicts()
    assert (row["billed"], row["credited"], row["rebilled"], row["kept"]) == (0, 0, 0, 840_000)
    edited = asked(billed, changes, billed.clients(client("A", created="2025-04-02")), start=date(2025, 4, 1))
    assert edited.lines.select("metric", "asks", "new_only_billed").rows() == [("full-spoke", asks, None)]


def renewing(price: str, tier: str, *, amount: str = "1800") -> Change:
    """Rules under which a Spoke renews every year."""
    term = f"term: annual, renewal: {{price: {price}, tier: {tier}}}, proration: none}}"
    renews = f"""
  - id: full-spoke-again
    when: {{event: renewed, plan: full_spoke}}
    charge: {{metric: full-spoke, item: SPOKE-FULL, price: by_tier, book: standard, {term}
"""

    def billing(text: str) -> str:
        head, _, rest = text.partition("  # A sample quote")
        rest = rest.partition("  - id: own-test-client")[2]
        return (
            head.replace(SPOKE, f"price: by_tier, book: standard, {term}", 1)
            + "  - id: own-test-client"
            + rest
            + renews
        )

    return {BILLING: billing, USD: lambda text: text.replace("1800", amount)}


@pytest.mark.parametrize(("price", "renewal"), [("current", 189_000), ("kept", 180_000)])
def test_what_renews_shows_its_next_term(alone: World, price: str, renewal: int) -> None:
    for file, change in renewing("current", "kept").items():
        path = alone.folder / "rules" / file
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    approved(alone, alone.partners(), alone.clients(client("A", created="2025-04-01")))
    kept = {BILLING: lambda text: text.replace("price: current, tier: kept", f"price: {price}, tier: kept")}
    found = asked(alone, kept).lines
    [row], [told] = found.to_dicts(), line_rows(found)
    assert ("renews on 2026-04-01: USD 1,890.00 → USD 1,800.00" in told[-1]) is (price == "kept")
    assert (row["renews_on"], row["old_renewal"], row["new_renewal"]) == (date(2026, 4, 1), 189_000, renewal)
    assert row["from_renewal_why"] == "renews on 2026-04-01"
    assert row["changed"] is (price == "kept")


def test_files_are_told_apart_by_the_ledger(billed: World) -> None:
    later = billed.clients(
        client("A", created="2025-04-01"),
        client("B", created="2025-05-05", size="120", name="Renamed"),
        client("C", upgraded="2025-06-02", created="2025-05-06"),
        client("F", created="2025-06-03"),
        client("G", created="2025-04-03"),
        client("H", "P-9"),
        client("X", size="c. 50"),
    )
    found = asked(billed, {USD: swap("1800", "2000")}, later)
    nowhere = found.lines.filter(pl.col("old_place").is_null() & pl.col("new_place").is_null())
    assert nowhere.height > 0
    assert all("rules/" not in told[-1] for told in line_rows(nowhere))
    assert found.subjects == {"client": 6, "bundle": 0}
    columns = ["label", "billed_amount", "new_only_state", "new_only_billed", "credit_and_rebill_state"]
    assert found.lines.select(columns).rows() == [
        ("Client A", 180_000, "kept", None, "kept"),
        ("Client C", None, "billed", 200_000, "billed"),
        ("Client F", None, "billed", 200_000, "billed"),
        ("Client G", None, "billed", 180_000, "billed"),
        ("Renamed", 360_000, "kept", None, "kept"),
        ("Client H", None, "needs a person", None, "needs a person"),
    ]
    assert found.notes == ("1 rows could not be read and are not in it.",)
    assert [one.code for one in found.problems] == ["record-employees"]


def test_charges_that_old_rules_no_longer_explain_and_erased_uploads_are_told(billed: World) -> None:
    path = billed.folder / "rules" / USD
    path.write_text(path.read_text(encoding="utf-8").replace("3600", "3700"), encoding="utf-8")
    workspace.open_ledger(settings(billed))
    forget_snapshots("R-0001")
    assert asked(billed, {}).notes == (
        "1 of 4 charges come to something else under the old rules today than was billed.",
        "Of 5 clients no upload is kept: website, country, tags, advisors and users are unknown to the rules here.",
    )


def test_an_assessment_client_that_new_rules_bill_is_settled_and_asks(billed: World) -> None:
    bill = """
  - id: assessment-only
    when: {event: created, plan: assessment_only}
    charge: {metric: assessment, item: SPOKE-FULL, price: flat, book: standard, term: once}
"""

    def changed(text: str) -> str:
        head, _, rest = text.partition("  - id: assessment-only")
        return head + rest.partition("\n\n")[2] + bill

    books = [USD, "price-books/standard-2025-03-gbp.yaml", "price-books/standard-2026-01-usd.yaml"]
    found = asked(billed, {BILLING: changed, **dict.fromkeys(books, add("  flat: {assessment: 100}"))})
    [row] = found.asking.to_dicts()
    assert (row["label"], row["new_only_billed"], row["after"]) == ("Client C", None, None)


def test_a_workbook_that_cannot_hold_the_lines_or_be_written_is_refused(alone: World) -> None:
    found = asked(alone, {}, alone.partners(), alone.clients(client("A")))
    many = replace(found, lines=pl.DataFrame({"changed": pl.repeat(value=True, n=LAST_ROW, eager=True)}))
    with pytest.raises(StopError, match="more than a sheet has rows"):
        write_book(alone.folder / "many.xlsx", many, every=True)
    with pytest.raises(StopError, match="cannot be written"):
        write_book(alone.folder / "nowhere" / "out.xlsx", found, every=True)
    write_book(alone.folder / "out.xlsx", found, every=True)
    with pytest.raises(StopError, match="exists already"):
        write_book(alone.folder / "out.xlsx", found, every=True)
