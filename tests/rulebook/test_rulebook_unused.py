"""Names that nothing reads are told, and those that something reads are not."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from connector.domain.places import Line
from connector.rulebook import examine
from connector.rulebook.evaluator import Fact
from connector.rulebook.events import event_of, fact_of
from connector.rulebook.sources import Sources
from connector.rulebook.spec import EACH, Declared, Price, Step, UnitPrice
from connector.rulebook.unused import check_unused

SHIPPED = Path(__file__).resolve().parents[2] / "rules"

FLAT, UNITS = Line("rules/prices.yaml", 9, 5), Line("rules/prices.yaml", 10, 5)


@pytest.fixture(scope="module")
def declared(small: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Declared:
    folder = tmp_path_factory.mktemp("rules")
    for name, text in small.items():
        (folder / name).write_text(text, encoding="utf-8")
    found = examine(folder).declared
    assert found is not None
    return found


def told(declared: Declared) -> list[tuple[str, str]]:
    sources = Sources({}, (), [])
    check_unused(declared, sources)
    return [(str(problem.place), problem.message) for problem in sources.problems()]


def test_the_shipped_rules_read_everything(declared: Declared) -> None:
    shipped = examine(SHIPPED).declared
    assert shipped is not None
    assert (told(shipped), told(declared)) == ([], [])


def test_a_price_of_a_metric_that_no_rule_bills(declared: Declared) -> None:
    (version,) = declared.versions
    unit = UnitPrice(EACH, (Step(1, None, Price(100, UNITS)),), UNITS)
    flat = {"onboarding": Price(25_000, FLAT), "bundle": Price(1, FLAT)}
    changed = replace(version, flat=flat, units={"advisor-month": unit, "full-spoke": unit})
    said = "standard@2025-03-01 USD has a price of {}, and no rule that reads the book bills it"
    assert told(replace(declared, versions=(changed,))) == [
        (str(FLAT), said.format("onboarding")),
        (str(UNITS), said.format("advisor-month")),
    ]


def test_a_version_for_an_entity_that_its_rules_leave_out(declared: Declared) -> None:
    (version,) = declared.versions
    uk = replace(declared.entities["us"], id="uk")
    both = replace(declared, entities={**declared.entities, "uk": uk}, versions=(replace(version, entities=("uk",)),))
    assert told(both) == []
    us_only = tuple(
        replace(one, conditions=replace(one.conditions, words={**one.conditions.words, "selling_entity": ("us",)}))
        for one in declared.rules
    )
    message = "no rule reads standard@2025-03-01 USD: none reaches a selling entity among uk that bills in USD"
    assert told(replace(both, rules=us_only)) == [(str(version.place), message)]


def test_a_fact_and_its_event_tell_the_same() -> None:
    fact: Fact = {"event": "created", "partner": "P-1", "day": 739_342, "employees": 7, "tag:pilot": "yes"}
    event = event_of({**fact, "tag:school": "no"}, {"quantity": 1})
    assert event["tags"] == ["pilot"]
    assert fact_of(event, 7) == fact
