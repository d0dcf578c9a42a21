"""Bounds, moved by one: every tier and price edge is where the files put it, and a hole or an overlap is found."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.rulebook import Rulebook, load
from connector.rulebook.asking import Answers, Question
from connector.rulebook.evaluator import firing

Write = Callable[..., Path]
Event = Callable[..., pl.DataFrame]


def reading(questions: Sequence[Question]) -> Answers:
    """The independent reading in place of the engine, where a test is about bounds and asks very often."""
    return tuple(tuple(firing(question.rules, fact) for fact in question.facts) for question in questions)


def files(starts: Sequence[int], moved: int = 0, at: int = 0) -> Mapping[str, str]:
    """A rulebook with tiers at these starts, the end of one of them moved."""
    ends = [start - 1 for start in starts[1:]]
    if moved:
        ends[at] += moved
    bands = [f"{low}-{high}" if low != high else f"{low}" for low, high in zip(starts, ends, strict=False)]
    labels = [*bands, f"{starts[-1]}+"]
    prices = ", ".join(f'"{label}": {number}.25' for number, label in enumerate(labels, start=1))
    quoted = ", ".join(f'"{label}"' for label in labels)
    return {
        "tiers.yaml": f"tiers: linkedin\nbands: [{quoted}]\n",
        "prices.yaml": f"""price_book: standard
effective_from: 2025-03-01
currency: USD
tiers: linkedin
prices:
  full_spoke: {{{prices}}}
  assessment_bundle: {{size: 10, price: 1500}}
""",
    }


STARTS = st.lists(st.integers(2, 300), min_size=1, max_size=12, unique=True).map(lambda rest: [1, *sorted(rest)])


def loaded(small: Mapping[str, str], changed: Mapping[str, str]) -> tuple[Rulebook | None, list[tuple[str, str]]]:
    with TemporaryDirectory() as name:
        for file, text in {**small, **changed}.items():
            (Path(name) / file).write_text(text, encoding="utf-8")
        rulebook, problems = load(Path(name), ask=reading)
    return rulebook, [(problem.code, problem.message) for problem in problems]


@settings(deadline=None, max_examples=40)
@given(starts=STARTS)
def test_each_headcount_pays_the_price_of_its_tier(small: Mapping[str, str], event: Event, starts: list[int]) -> None:
    rulebook, problems = loaded(small, files(starts))
    assert problems == []
    assert rulebook is not None
    counts = sorted({start + step for start in starts for step in (-1, 0, 1) if start + step > 0})
    rated = rulebook.rate(pl.concat(event(count=count) for count in counts))
    tiers = [sum(start <= count for start in starts) for count in counts]
    assert rated["unit_minor"].to_list() == [number * 100 + 25 for number in tiers]
    labels = rated["tier"].to_list()
    assert [labels.index(label) for label in labels] == [tiers.index(number) for number in tiers]


@settings(deadline=None, max_examples=40)
@given(starts=STARTS, step=st.sampled_from([-1, 1]), data=st.data())
def test_a_bound_moved_by_one_is_a_hole_or_an_overlap(
    small: Mapping[str, str], starts: list[int], step: int, data: st.DataObject
) -> None:
    wide = [start * 3 - 2 for start in starts]
    at = data.draw(st.integers(0, len(wide) - 2))
    rulebook, problems = loaded(small, files(wide, step, at))
    assert rulebook is None
    edge = wide[at + 1]
    (code, message) = problems[0]
    if step == 1:
        assert code == "tiers-overlap"
        assert message.startswith(f"a client with {edge} employees is in two tiers: ")
    else:
        assert code == "tiers-gap"
        assert message.startswith(f"a client with {edge - 1} employees is in no tier: ")


@settings(deadline=None, max_examples=40)
@given(first=st.dates(date(2025, 3, 1), date(2027, 1, 1)), length=st.integers(0, 40))
def test_an_interval_of_days_holds_both_its_ends_and_nothing_else(
    small: Mapping[str, str], event: Event, first: date, length: int
) -> None:
    last = first + timedelta(days=length)
    rule = f"""  - id: closed
    when: {{plan: full_spoke, dates: {{from: {first}, to: {last}}}}}
    not_billable: "closed"
"""
    rulebook, problems = loaded(small, {"billing.yaml": small["billing.yaml"] + rule})
    assert problems == []
    assert rulebook is not None
    days = [first + timedelta(days=step) for step in range(-2, length + 3)]
    rated = rulebook.rate(pl.concat(event(event_on=day) for day in days if day >= date(2025, 3, 1)))
    expected = ["not_billable" if first <= day <= last else "charge" for day in days if day >= date(2025, 3, 1)]
    assert rated["outcome"].to_list() == expected


@settings(deadline=None, max_examples=30)
@given(change=st.integers(-3, 3), entity=st.sampled_from(["us", "all"]))
def test_versions_must_meet_exactly(small: Mapping[str, str], change: int, entity: str) -> None:
    start = date(2026, 1, 1)
    end = start - timedelta(days=1) + timedelta(days=change)
    price = small["prices.yaml"]
    changed = {
        "prices.yaml": price.replace("currency", f"effective_to: {end}\ncurrency"),
        "later.yaml": price.replace("2025-03-01", f"{start}" + ("\nselling_entity: us" if entity == "us" else "")),
    }
    rulebook, problems = loaded(small, changed)
    codes = [code for code, _ in problems]
    assert (rulebook is not None, codes) == {
        True: (True, []),
        False: (False, ["prices-overlap"] if change > 0 else ["prices-gap"]),
    }[change == 0]


@pytest.mark.parametrize(("end", "codes"), [("2026-06-30", []), ("2026-06-29", ["prices-missing"])])
def test_a_quote_that_outlives_its_prices_is_refused(write: Write, end: str, codes: list[str]) -> None:
    quote = f"""price_book: quote
effective_from: 2025-07-01
effective_to: {end}
currency: USD
tiers: linkedin
prices:
  full_spoke: {{"1": 500, "2-10": 800, "11+": 1700}}
"""
    rule = """  - id: quote
    when: {partner: [P-1], plan: full_spoke, dates: {from: 2025-01-01}}
    charge:
      {metric: full-spoke, item: SPOKE-FULL, price: {book: quote}, term: once, overrides: full-spoke,
       from: 2025-07-01, to: 2026-06-30}
"""
    _, problems = load(write(rule, files={"quote.yaml": quote}))
    assert [problem.code for problem in problems] == codes
    for problem in problems:
        assert problem.message == (
            "quote charges a full feature client of partner P-1 of entity us created 2026-06-30 with 1 employee, "
            "but book quote has no price by tier in USD on that day; "
            "quote@2025-07-01 USD has ended (rules/quote.yaml:3)"
        )


def test_prices_are_needed_only_from_go_live_on(write: Write) -> None:
    late = write(replace={"effective_from: 2025-03-01": "effective_from: 2025-03-02"})
    assert [problem.code for problem in load(late)[1]] == ["prices-missing", "prices-missing"]
    early = write(replace={"bill_from: 2025-03-01": "bill_from: 2025-03-02"})
    assert load(early)[1] == ()


def test_a_version_that_sells_no_bundles_leaves_bundles_without_a_price(write: Write) -> None:
    spokes_only = {"  assessment_bundle: {size: 10, price: 1500}\n": ""}
    _, problems = load(write(replace=spokes_only))
    told = "bundle charges a bundle of entity us bought 2025-03-01, but book standard has no bundle price in USD"
    assert [problem.message for problem in problems] == [
        f"{told} on that day, the first that us bills (rules/billing.yaml:2)"
    ]


def test_a_rule_for_one_entity_needs_prices_for_that_one_only(write: Write) -> None:
    abroad = """  uk:
    name: Example Vendor Ltd
    currency: GBP
    bill_from: 2025-03-01
    time_zone: Europe/London
    number_prefix: UK-
    locked_period: refuse
policies:"""
    folder = write(
        rules="""  - id: in-pounds
    when: {selling_entity: uk, event: [created, upgraded], plan: full_spoke}
    charge: {metric: full-spoke, item: SPOKE-FULL, price: {book: pounds}, term: once, overrides: full-spoke}
  - id: bundle-in-pounds
    when: {selling_entity: uk, event: bundle}
    charge: {metric: bundle, item: BUNDLE, price: {book: pounds}, term: once, overrides: bundle}
""",
        replace={"policies:": abroad},
        files={"pounds.yaml": files([1, 11])["prices.yaml"].replace("standard", "pounds").replace("USD", "GBP")},
    )
    text = (folder / "pounds.yaml").read_text(encoding="utf-8")
    (folder / "pounds.yaml").write_text(text.replace('"1-10": 1.25', '"1": 1, "2-10": 1.25'), encoding="utf-8")
    rulebook, problems = load(folder)
    assert problems == ()
    assert rulebook is not None
    assert rulebook.bundle_size("uk", "GBP", date(2025, 3, 1)) == 10
