"""The tables people read: their whole content, and how they come out as a page and as a workbook."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from declared_kit import FULL, WHOLE, charge, day, rule, version
from openpyxl import load_workbook

from connector.domain.money import Money
from connector.printed import Percent, Table, Value, page, text_of, to_plain, workbook
from connector.rulebook import examine
from connector.rulebook.read_entities import POLICIES
from connector.rulebook.spec import Conditions, Declared
from connector.rulebook.views import tables_of, words

Write = Callable[..., Path]
NONE = "–"
NOTES = ("graduated: each unit at the price of its own step.",
         "volume: all units at the price of the step that the whole quantity falls into.")  # fmt: skip


def named(declared: Declared, name: str, on: date | None = None) -> Table:
    return next(table for table in tables_of(declared, on) if table.name == name)


def texts(table: Table) -> list[list[str]]:
    return [[text_of(value) for value in row] for row in table.rows]


def test_prices_stand_by_tier_and_plan_with_a_column_for_each_currency_and_version() -> None:
    table = named(WHOLE, "prices standard")
    assert table.columns == (
        *("what", "tier or quantity", "JPY 2025-03-01 to 2025-12-31 (uk, us)", "USD from 2025-03-01"),
    )
    assert texts(table) == [
        ["full feature Spoke", "1 employee", "JPY 90,000", "USD 600.00"],
        ["full feature Spoke", "2+ employees", "JPY 130,000", "USD 900.00"],
        ["Assessment Only bundle of 10 (volume)", "1-5 bundles", NONE, "USD 1,500.00"],
        ["Assessment Only bundle of 10 (volume)", "6+ bundles", NONE, "USD 1,400.00"],
        ["onboarding", "one price", NONE, "USD 250.00"],
        ["advisor-month (graduated)", "1-5 units", NONE, "USD 30.00"],
        ["advisor-month (graduated)", "6+ units", NONE, "USD 25.00"],
        ["seat", "each unit", NONE, "USD 0.50"],
    ]
    assert (table.notes, table.numbers) == (NOTES, table.columns[2:])


def test_quotes_stand_beside_the_list_price_with_the_difference() -> None:
    table = named(WHOLE, "quotes")
    days, of_quote = "2025-07-01 to 2025-12-31", "event: created or upgraded; plan: full feature Spoke; partner: P-1"
    assert texts(table) == [
        ["quote", days, "full feature Spoke", "1 employee", "USD 600.00", "USD 510.00", "-USD 90.00", "-15.0 %"],
        ["quote", days, "full feature Spoke", "2+ employees", "USD 900.00", "USD 900.00", "USD 0.00", "0.0 %"],
    ]
    assert table.notes == (f"quote (rules/billing.yaml:17) reads book quote instead of standard, for {of_quote}.",)


def test_rules_stand_in_plain_words() -> None:
    once = "annual; renewed at the current price in the same tier"
    assert texts(named(WHOLE, "rules")) == [
        ["full-spoke", "charge", "event: created or upgraded; plan: full feature Spoke", "always",
         "full-spoke, item FULL-SPOKE", "by tier, book standard", once, "", "rules/billing.yaml:5"],
        ["bundle", "charge", "event: bundle bought", "always", "bundle, item BUNDLE", "per bundle, book standard",
         "once", "", "rules/billing.yaml:8"],
        ["onboarding", "charge", "event: created", "always", "onboarding, item ONBOARDING", "one price, book standard",
         "once", "", "rules/billing.yaml:11"],
        ["advisors", "charge", "event: each month; clients this year: 51 or more", "always",
         "advisor-month, item ADVISOR-MONTH", "per unit (advisors), book standard", "monthly; part terms by day", "",
         "rules/billing.yaml:14"],
        ["quote", "charge", "event: created or upgraded; plan: full feature Spoke; partner: P-1",
         "2025-07-01 to 2025-12-31", "full-spoke, item FULL-SPOKE",
         "by tier, book quote, instead of the other prices of full-spoke", once, "", "rules/billing.yaml:17"],
        ["less", "adjust", "tags: pilot and vip; country: CA, GB or US; employees: 11 to 50", "always", "",
         "-2.5 % of the list price", "", "launch offer", "rules/billing.yaml:20"],
        ["floor", "adjust", "partner kind: msp", "always", "", "at least GBP 400.00 or USD 500.00", "", "agreed",
         "rules/billing.yaml:23"],
        ["off", "adjust", "plan: full feature Spoke", "always", "", "-USD 50.00", "", "-", "rules/billing.yaml:26"],
        ["cap", "adjust", "always", "always", "", "at most JPY 90,000", "", "=1+1", "rules/billing.yaml:29"],
        ["ask", "hold", "domain: a.example; places left: at most 3", "to 2025-06-30", "", "", "", "ask first",
         "rules/billing.yaml:32"],
        ["ours", "not billable", "domain: b.example", "from 2026-01-01", "", "", "", "<b>ours</b>",
         "rules/billing.yaml:35"],
        ["place", "inside the bundle", "plan: Assessment Only; employees: 5", "always", "", "", "", "a place",
         "rules/billing.yaml:38"],
    ]  # fmt: skip


def test_versions_tiers_policies_and_entities_stand_with_their_places() -> None:
    assert texts(named(WHOLE, "versions")) == [
        ["quote", "USD", "2025-07-01 to 2025-12-31", "all", "linkedin", "rules/quote.yaml:1"],
        ["standard", "JPY", "2025-03-01 to 2025-12-31", "uk, us", "linkedin", "rules/standard.yaml:2"],
        ["standard", "USD", "from 2025-03-01", "all", "linkedin", "rules/standard.yaml:1"],
    ]
    assert texts(named(WHOLE, "tiers")) == [["linkedin", "1, 2+", "rules/tiers.yaml:1"]]
    assert texts(named(WHOLE, "policies")) == [
        ["employee_size", "count_first", "a real employee count goes before a declared band"],
        ["upgrade", "keeps_bundle_place", "an upgraded client keeps its Assessment Only place"],
        ["archived_client", "hold", "a client archived before it was billed is held"],
        ["archived_renewal", "stop", "no term of an archived client begins"],
        ["undated_upgrade", "hold", "an upgrade without a date is held"],
        ["overdraw", "allow", "an Assessment Only client without a place left is taken all the same"],
    ]
    assert texts(named(WHOLE, "entities")) == [
        ["us", "Example us", "USD", "2025-03-01", "Europe/London", "US-", "–", "refuse", "rules/e.yaml:2"],
        ["uk", "Example uk", "GBP", "2025-03-01", "Europe/London", "UK-", "–", "refuse", "rules/e.yaml:2"],
    ]


def test_a_day_shows_what_is_valid_then_and_names_the_rules_that_are_not() -> None:
    later = date(2026, 1, 1)
    names = [table.name for table in tables_of(WHOLE, later)]
    assert names == ["prices standard", "rules", "versions", "tiers", "policies", "entities"]
    assert named(WHOLE, "prices standard", later).columns[2:] == ("USD from 2025-03-01",)
    assert named(WHOLE, "rules", later).notes == ("Not on 2026-01-01: quote, ask.",)
    assert named(WHOLE, "rules", date(2025, 6, 30)).notes == ("Not on 2025-06-30: quote, ours.",)
    nothing = tables_of(replace(WHOLE, versions=(), rules=()))
    assert [table.name for table in nothing] == ["tiers", "policies", "entities"]


def test_many_versions_are_continued_in_another_table() -> None:
    months = [version("m", f"2025-{month:02}-01", f"2025-{month:02}-28", flat={"x": month}) for month in range(1, 9)]
    found = [table for table in tables_of(replace(WHOLE, versions=tuple(months))) if table.name.startswith("prices")]
    assert [(table.name, len(table.columns)) for table in found] == [("prices m 1", 8), ("prices m 2", 4)]


def test_a_quote_is_compared_only_where_its_days_currency_and_entities_meet_a_list_price() -> None:
    versions = (
        version("standard", "2025-03-01", "2025-08-31", flat={"x": 0, "y": 5}),
        version("standard", "2025-09-01", flat={"x": 200, "y": 5}),
        version("standard", "2025-03-01", entities=("uk",), flat={"x": 300}),
        version("standard", "2025-03-01", None, "GBP", flat={"x": 400}),
        version("quote", "2025-03-01", "2025-12-31", flat={"x": 150}),
        version("quote", "2026-03-01", flat={"x": 150}),
    )
    rules = (
        rule("list", FULL, charge("x", "flat")),
        rule(
            "quote",
            {"selling_entity": ("us",)},
            charge("x", "flat", "quote", overrides="x"),
            ranges={"day": (day("2025-08-01"), day("2025-10-31"))},
        ),
        rule("item", {"country": ("US",)}, charge("x", "flat", "standard", overrides="x")),
        rule("lost", {"country": ("CA",)}, charge("z", "flat", "quote", overrides="z")),
    )
    table = named(replace(WHOLE, versions=versions, rules=rules), "quotes")
    assert [row[:2] + row[4:] for row in texts(table) if row[0] == "quote"] == [
        ["quote", "2025-08-01 to 2025-08-31", "USD 0.00", "USD 1.50", "+USD 1.50", NONE],
        ["quote", "2025-09-01 to 2025-10-31", "USD 2.00", "USD 1.50", "-USD 0.50", "-25.0 %"],
    ]
    assert table.notes == (
        "quote (rules/billing.yaml:1) reads book quote instead of standard, for selling entity: us.",
        "item (rules/billing.yaml:1) keeps the list price, for country: US.",
        "lost (rules/billing.yaml:1) reads book quote, for country: CA.",
    )
    missing = replace(WHOLE, versions=(versions[1], version("quote", "2025-03-01", flat={"y": 1})), rules=rules[:2])
    assert texts(named(missing, "quotes"))[0][4:] == ["USD 2.00", NONE, NONE, NONE]


RULES = """  - id: advisors
    when: {event: month, plan: full_spoke}
    charge: {metric: advisor-month, item: ADVISOR, price: per_unit, units: advisors, book: standard, term: monthly,
             proration: by_day}
  - id: other-months
    when: {event: month, plan: assessment_only}
    no_charge: "no advisors are counted"
  - id: less
    when: {band: [1, 2-10], clients_this_year: {from: 51}}
    adjust: {percent: -7.5, reason: "many small clients"}
"""
LADDER = """  per_unit: {advisor-month: {graduated: {"1-5": 30, "6+": 25}}}
"""


def test_what_the_files_say_is_what_is_shown(write: Write, small: Mapping[str, str]) -> None:
    declared = examine(write(RULES, None, {"prices.yaml": small["prices.yaml"] + LADDER})).declared
    assert declared is not None
    assert [row[2:] for row in texts(named(declared, "prices standard"))][-3:] == [
        ["USD 1,500.00"],
        ["USD 30.00"],
        ["USD 25.00"],
    ]
    assert [row[:8] for row in texts(named(declared, "rules"))][-3:] == [
        ["advisors", "charge", "event: each month; plan: full feature Spoke", "always", "advisor-month, item ADVISOR",
         "per unit (advisors), book standard", "monthly; part terms by day", ""],
        ["other-months", "no charge", "event: each month; plan: Assessment Only", "always", "", "", "",
         "no advisors are counted"],
        ["less", "adjust", "clients this year: 51 or more; employees: 1 to 10", "always", "",
         "-7.5 % of the list price", "", "many small clients"],
    ]  # fmt: skip


def test_every_policy_the_rulebook_knows_has_its_meaning() -> None:
    assert set(words.POLICIES) == {(name, option) for name, options in POLICIES.items() for option in options}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Conditions(), "always"),
        (Conditions({"tag:old": ("no",)}), "tags: not old"),
        (Conditions(ranges={"employees": (None, None)}), "employees: any"),
        (Conditions({"event": ("renewed",)}, {"day": (1, 2)}), "event: renewed"),
    ],
)
def test_conditions_in_one_line(said: Conditions, expected: str) -> None:
    assert words.when(said) == expected


class Reader(HTMLParser):
    """What a page says: its tags, its tables' cells, its other texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append((self.tags[-1][0], data.strip()))


def test_a_page_holds_every_text_escaped_and_loads_and_runs_nothing() -> None:
    tables = tables_of(WHOLE)
    reader = Reader()
    reader.feed(page("Rules <1>", ["Digest & more."], tables))
    used = {tag for tag, _ in reader.tags}
    assert used == {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "p", "section", "div"),
        *("table", "caption", "thead", "tbody", "tr", "th", "td", "ul", "li"),
    }
    policy = next(attributes["content"] for tag, attributes in reader.tags if "http-equiv" in attributes)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    shown = [text for tag, text in reader.words if tag in ("th", "td")]
    cells = [text_of(v) for table in tables for row in (table.columns, *table.rows) for v in row if text_of(v)]
    assert shown == cells
    assert [text for tag, text in reader.words if tag == "caption"] == [table.title for table in tables]
    scopes = [attributes.get("scope") for tag, attributes in reader.tags if tag == "th"]
    assert scopes == [scope for table in tables for scope in ["col"] * len(table.columns) + ["row"] * len(table.rows)]
    assert ("h1", "Rules <1>") in reader.words
    assert ("p", "Digest & more.") in reader.words
    assert [text for tag, text in reader.words if tag == "li"] == [note for table in tables for note in table.notes]


def test_a_workbook_holds_every_value_money_as_numbers_and_texts_that_can_be_no_formula() -> None:
    book = load_workbook(BytesIO(workbook("Rules", ["Digest 1."], tables_of(WHOLE))))
    assert book.sheetnames == [
        *("Prices quote", "Prices standard", "Quotes", "Rules", "Versions", "Tiers", "Policies", "Entities"),
    ]
    assert (book.properties.title, book.properties.description) == ("Rules", "Digest 1.")
    prices = book["Prices standard"]
    assert [[cell.value for cell in row] for row in prices.iter_rows(min_row=1, max_row=4)] == [
        ["Prices of book standard", None, None, None],
        ["what", "tier or quantity", "JPY 2025-03-01 to 2025-12-31 (uk, us)", "USD from 2025-03-01"],
        ["full feature Spoke", "1 employee", 90000, 600],
        ["full feature Spoke", "2+ employees", 130000, 900],
    ]
    assert [cell.number_format for cell in prices[3]] == ["@", "@", "[$JPY] #,##0", "[$USD] #,##0.00"]
    assert prices.cell(10, 4).value == 0.5
    assert [prices.cell(row, 1).value for row in (12, 13)] == list(NOTES)
    assert prices.freeze_panes == "B3"
    quotes = book["Quotes"]
    assert [(cell.value, cell.number_format) for cell in quotes[3][6:]] == [
        (-90, "+[$USD] #,##0.00;-[$USD] #,##0.00;[$USD] #,##0.00"),
        (-0.15, "+0.0%;-0.0%;0.0%"),
    ]
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n")
                assert not isinstance(cell.value, str) or (cell.quotePrefix and cell.number_format == "@")
                assert isinstance(cell.value, str) == (cell.data_type == "s")
    assert "=1+1" in [cell.value for cell in book["Rules"]["H"]]


def test_a_workbook_takes_texts_and_names_that_are_no_sheet_names() -> None:
    row: tuple[Value, ...] = ("\x07ring", "=1", "-2", "\t+", Money(10**12 - 1, "USD"))
    long = "prices " + "x" * 40
    tables = [
        Table(name, name, ("a", "b", "c", "d", "e"), (row,)) for name in (long, long, long.upper(), "a/b:[c]", "'")
    ]
    book = load_workbook(BytesIO(workbook("t", [], tables)))
    assert book.sheetnames == [
        *("Prices xxxxxxxxxxxxxxxxxxxxxxxx", "Prices xxxxxxxxxxxxxxxxxxxxxx 2", "PRICES XXXXXXXXXXXXXXXXXXXXXX 3"),
        *("A b  c", "Table"),
    ]
    assert [cell.value for cell in book.worksheets[0][3]] == ["\ufffdring", *row[1:4], 9999999999.99]


def test_tables_as_plain_values() -> None:
    table = named(WHOLE, "quotes")
    assert to_plain(table) == {
        "name": "quotes",
        "title": "Quotes beside the list price",
        "columns": list(table.columns),
        "rows": [
            [
                *("quote", "2025-07-01 to 2025-12-31", "full feature Spoke", size),
                *({"minor": minor, "currency": "USD", "text": text} for minor, text in amounts),
                {"percent": percent},
            ]
            for size, amounts, percent in (
                ("1 employee", ((60000, "USD 600.00"), (51000, "USD 510.00"), (-9000, "-USD 90.00")), "-15.0"),
                ("2+ employees", ((90000, "USD 900.00"), (90000, "USD 900.00"), (0, "USD 0.00")), "0.0"),
            )
        ],
        "notes": list(table.notes),
    }
    assert isinstance(table.rows[0][-1], Percent)
    assert table.rows[0][4] == Money(60000, "USD")
