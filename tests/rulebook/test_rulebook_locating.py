"""Every proved cell is found again from each fact that stands for it, and only that cell."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connector.rulebook import examine
from connector.rulebook.cells import Axis, Slice, Value
from connector.rulebook.decide import Cell
from connector.rulebook.locating import Locator

SHIPPED = Path(__file__).resolve().parents[2] / "rules"
Write = Callable[..., Path]

RICH = """  - id: quote
    when: {partner: [P-1, P-2], plan: full_spoke}
    charge: {metric: full-spoke, item: SPOKE-FULL, price: {book: standard}, term: once, overrides: full-spoke, from: 2025-07-01, to: 2025-07-31}
  - id: few
    when: {employees: {from: 2, to: 9}, partner_kind: [msp, mssp], country: [US, GB]}
    hold: "ask"
  - id: template
    when: {template: [T-1], selling_entity: us, dates: {to: 2025-12-31}}
    not_billable: "a trial"
"""  # noqa: E501 - a rule in one line


def strata(folder: Path) -> tuple[tuple[Cell, ...], ...]:
    decided = examine(folder).decided
    assert decided is not None
    return decided.gates, decided.charges


def assert_found_again(cells: tuple[Cell, ...]) -> None:
    located = Locator(cells)
    found = [{located.find(fact) for fact in cell.where.facts(cell.values)} for cell in cells]
    assert found == [{number} for number in range(len(cells))]


@pytest.mark.parametrize("stratum", [0, 1])
def test_each_cell_of_the_shipped_rules_is_found_again(stratum: int) -> None:
    assert_found_again(strata(SHIPPED)[stratum])


@pytest.mark.parametrize("stratum", [0, 1])
def test_each_cell_of_rich_rules_is_found_again(write: Write, stratum: int) -> None:
    assert_found_again(strata(write(rules=RICH))[stratum])


def test_what_cannot_occur_is_in_no_cell(write: Write) -> None:
    gates = Locator(strata(write(rules=RICH))[0])
    sound = {"event": "created", "plan": "full_spoke", "partner": "P-9", "selling_entity": "us", "day": 739_000}
    assert gates.find({**sound, "partner_kind": "msp", "employees": 4}) is not None
    assert gates.find({**sound, "partner_kind": "reseller"}) is None
    assert gates.find({**sound, "partner_kind": "msp", "employees": 0}) is None
    assert gates.find({**sound, "event": "upgraded", "plan": "assessment_only"}) is None


def test_a_tag_is_there_or_not() -> None:
    tagged, untagged = (Value(word=word, points=(word,)) for word in ("yes", "no"))
    where = Slice(1, None, "~other", (Axis("tag:pilot", (tagged, untagged)),))
    located = Locator([Cell(where, (value,), None) for value in (tagged, untagged)])
    fact = {"event": "created", "plan": "full_spoke", "partner": "P-1"}
    assert [located.find({**fact, "tag:pilot": "yes"}), located.find(fact)] == [0, 1]
