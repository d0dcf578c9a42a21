"""Faults in the files, one small change each: the code, the place and the sentence."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from connector.rulebook import load

Write = Callable[..., Path]

QUOTE = """  - id: quote
    when: {partner: [P-1], plan: full_spoke}
    charge: {metric: full-spoke, item: SPOKE-FULL, price: PRICE, term: once, overrides: full-spoke}
"""


def told(folder: Path) -> list[tuple[str, str, str]]:
    rulebook, problems = load(folder)
    assert rulebook is None
    return [(problem.code, str(problem.place), problem.message) for problem in problems]


PARTNERS = ", ".join(f"P-{number}" for number in range(200))
DOMAINS = ", ".join(f"d{number}.example" for number in range(101))
CASES: Mapping[str, tuple[str, Mapping[str, str], list[tuple[str, str, str]]]] = {
    "entities are no mapping": (
        "",
        {"entities:\n": "entities: none\nunused:\n"},
        [
            ("yaml-value", "rules/billing.yaml:1:11", "entities must be a mapping (key: value)"),
            ("rules-file-unknown", "rules/billing.yaml:2:1", "no rule file has the top key 'unused'"),
        ],
    ),
    "an entity without a body": (
        "",
        {"policies:": "  uk: later\npolicies:"},
        [("yaml-value", "rules/billing.yaml:9:7", "entity uk must be a mapping (key: value)")],
    ),
    "an entity lacks keys": (
        "",
        {"policies:": "  uk: {name: Example Vendor Ltd}\npolicies:"},
        [
            ("yaml-missing-key", "rules/billing.yaml:9:7", f"entity uk does not say {key!r}")
            for key in ("bill_from", "currency", "locked_period", "number_prefix", "time_zone")
        ],
    ),
    "a policy that is not declared": (
        "",
        {"upgrade: keeps_bundle_place, ": ""},
        [("yaml-missing-key", "rules/billing.yaml:9:11", "policies does not say 'upgrade'")],
    ),
    "a policy misspelt": (
        "",
        {"count_first": "counts_first"},
        [("yaml-value", "rules/billing.yaml:9:27", "policy employee_size cannot be 'counts_first'")],
    ),
    "no rule": (
        "  - nothing\n",
        {},
        [("yaml-value", "rules/billing.yaml:20:5", "a rule must be a mapping (key: value)")],
    ),
    "a charge that is no mapping": (
        "  - id: x\n    when: {event: bundle}\n    charge: free\n",
        {},
        [("yaml-value", "rules/billing.yaml:22:13", "charge must be a mapping (key: value)")],
    ),
    "an unknown condition": (
        "  - id: x\n    when: {evnt: bundle}\n    hold: ask\n",
        {},
        [("yaml-unknown-key", "rules/billing.yaml:21:12", "when has no key 'evnt'")],
    ),
    "an interval without bounds, an empty list, and a bound that is no number": (
        "  - id: x\n    when: {employees: {}, partner: [], dates: {from: soon}}\n    hold: ask\n",
        {},
        [
            ("rules-condition", "rules/billing.yaml:21:23", "employees says neither from nor to"),
            ("yaml-value", "rules/billing.yaml:21:36", "partner is an empty list"),
            ("yaml-value", "rules/billing.yaml:21:54", "dates from is 'soon'"),
        ],
    ),
    "too long a list": (
        f"  - id: x\n    when: {{partner: [{', '.join(f'P-{n}' for n in range(301))}]}}\n    hold: ask\n",
        {},
        [("rules-condition", "rules/billing.yaml:21:21", "partner lists 301 values")],
    ),
    "too long lists together": (
        f"  - id: x\n    when: {{partner: [{PARTNERS}],\n      domain: [{DOMAINS}]}}\n    hold: ask\n",
        {},
        [("rules-condition", "rules/billing.yaml:21:11", "the conditions list 301 values in all")],
    ),
    "a text too long for the engine": (
        f"  - id: x\n    when: {{domain: {'a' * 200}.example}}\n    hold: ask\n",
        {},
        [("rules-condition", "rules/billing.yaml:21:20", f"domain cannot be '{'a' * 200}.example'")],
    ),
    "half a character": (
        '  - id: x\n    when: {domain: "\\ud800.example"}\n    hold: ask\n',
        {},
        [("yaml-syntax", "rules/billing.yaml:21:20", "an escape (\\u) stands for half a character")],
    ),
    "a term nobody knows": (
        "",
        {"term: once": "term: often"},
        [("yaml-value", "rules/billing.yaml:13:90", "term cannot be 'often'")],
    ),
    "a term that is no text": (
        "",
        {"term: once": "term: [once]"},
        [("yaml-value", "rules/billing.yaml:13:90", "term must be one text")],
    ),
    "a term that is not said": (
        "",
        {", term: once": ""},
        [("rules-outcome", "rules/billing.yaml:13:13", "the charge does not say its term")],
    ),
    "price_at of another sort": (
        "",
        {"term: once": "term: once, price_at: soon"},
        [("yaml-value", "rules/billing.yaml:13:106", "price_at cannot be 'soon'")],
    ),
    "price_at that is no text": (
        "",
        {"term: once": "term: once, price_at: [event]"},
        [("yaml-value", "rules/billing.yaml:13:106", "price_at must be one text")],
    ),
    "a price that is not said": (
        "",
        {"price: by_tier, book: standard, ": ""},
        [("yaml-missing-key", "rules/billing.yaml:13:13", "charge does not say 'price'")],
    ),
    "a book of its own without a metric to override": (
        QUOTE.replace("PRICE", "{book: standard}").replace(", overrides: full-spoke", ""),
        {},
        [
            (
                "rules-metric",
                "rules/billing.yaml:22:59",
                "a price out of a book of its own needs the metric whose manner of pricing it takes over",
            )
        ],
    ),
    "two plain rules that price one metric in two manners": (
        QUOTE.replace("PRICE", "per_bundle, book: standard").replace(", overrides: full-spoke", ""),
        {},
        [
            (
                "rules-metric",
                "rules/billing.yaml:22:14",
                "rule quote bills 'full-spoke' per_bundle; rule full-spoke does not",
            )
        ],
    ),
    "names that are lists": (
        "",
        {"tiers: linkedin\nbands": "tiers: [linkedin]\nbands"},
        [("yaml-value", "rules/tiers.yaml:1:8", "tiers must be one text")],
    ),
    "a book named twice": (
        QUOTE.replace("PRICE", "{book: standard}, book: standard"),
        {},
        [("rules-outcome", "rules/billing.yaml:22:77", "the price book is named twice")],
    ),
    "an override in another manner": (
        QUOTE.replace("PRICE", "per_bundle, book: standard"),
        {},
        [
            (
                "rules-metric",
                "rules/billing.yaml:22:99",
                "rule quote bills 'full-spoke' per_bundle; rule full-spoke does not",
            )
        ],
    ),
    "an override of nothing": (
        QUOTE.replace("PRICE", "{book: standard}").replace("full-spoke", "spoke"),
        {},
        [("rules-name-unknown", "rules/billing.yaml:22:84", "no rule bills 'spoke' to be overridden")],
    ),
    "tiers without a band": (
        "",
        {'["1", "2-10", "11+"]\n': "[]\n"},
        [("tiers-start", "rules/tiers.yaml:2:8", "the list has no tier")],
    ),
    "a tier that is no text": (
        "",
        {'bands: ["1"': "bands: [[1]"},
        [("tiers-band", "rules/tiers.yaml:2:9", "a tier is no single value")],
    ),
    "a tier beyond all headcounts": (
        "",
        {'"11+"]': '"11-20000000"]'},
        [("tiers-band", "rules/tiers.yaml:2:22", "tier 11-20000000 lies beyond the largest headcount")],
    ),
    "an open tier before the last": (
        "",
        {'"2-10", "11+"]': '"2+", "11+"]', '"2-10": 900': '"2+": 900'},
        [
            ("tiers-overlap", "rules/tiers.yaml:2:20", "a client with 11 employees is in two tiers: 2+ and 11+"),
        ],
    ),
    "a tier list misspelt": (
        "",
        {"tiers: linkedin\nprices": "tiers: linkdin\nprices"},
        [("rules-name-unknown", "rules/prices.yaml:4:8", "no tier list is called 'linkdin'")],
    ),
    "a tier list that is not named": (
        "",
        {"tiers: linkedin\nprices": "prices"},
        [("prices-tier", "rules/prices.yaml:5:15", "full_spoke has prices by tier, but the book names no tier list")],
    ),
    "a book for an entity that is not declared": (
        "",
        {"tiers: linkedin\nprices": "tiers: linkedin\nselling_entity: [us, uk]\nprices"},
        [("rules-name-unknown", "rules/prices.yaml:5:22", "selling_entity cannot be 'uk'")],
    ),
    "prices that are none": (
        "",
        {"  full_spoke: {": "  full_spoke: [", "1800}": "1800]", '"1": 600, "2-10": 900, "11+": 1800': "600"},
        [("yaml-value", "rules/prices.yaml:6:15", "full_spoke must be a mapping (key: value)")],
    ),
    "a price with a thousands mark": (
        "",
        {'"11+": 1800': '"11+": 1_800'},
        [("yaml-value", "rules/prices.yaml:6:46", "the price of tier 11+ is '1_800'")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_told_with_its_place(write: Write, case: str) -> None:
    rules, replace, expected = CASES[case]
    assert told(write(rules, replace)) == expected


def test_all_faults_come_at_once_in_the_order_of_places(write: Write) -> None:
    changes = {"count_first": "counted", '"2-10", "11+"': '"2-10", "12+"', "price: 1500": "price: -1"}
    assert [code for code, _, _ in told(write("  - id: bundle\n    when: {}\n    hold: x\n", changes))] == [
        "yaml-value",
        "rules-condition",
        "prices-amount",
        "tiers-gap",
    ]


def test_a_book_without_prices_and_an_empty_file(write: Write) -> None:
    empty = "price_book: empty\neffective_from: 2025-03-01\ncurrency: USD\nprices: {}\n"
    assert told(write(files={"empty.yaml": empty, "nothing.yml": "# nothing\n"})) == [
        ("prices-tier", "rules/empty.yaml:4:1", "the book has no prices"),
        ("rules-file-unknown", "rules/nothing.yml:1", "the file declares nothing"),
    ]


def test_no_entity_and_a_tier_list_twice(write: Write) -> None:
    folder = write(files={"zz.yaml": 'tiers: linkedin\nbands: ["1+"]\n'})
    (folder / "billing.yaml").write_text("entities: {}\n", encoding="utf-8")
    (folder / "rules.yaml").write_text("policies: {}\nrules: none\n", encoding="utf-8")
    assert [(code, place) for code, place, _ in told(folder)] == [
        ("rules-section-missing", "rules/billing.yaml:1:11"),
        *[("yaml-missing-key", "rules/rules.yaml:1:11")] * 6,
        ("yaml-value", "rules/rules.yaml:2:8"),
        ("rules-section-twice", "rules/zz.yaml:1:1"),
    ]


def test_a_damaged_file_is_not_called_a_missing_section(write: Write) -> None:
    assert [code for code, _, _ in told(write(replace={"tiers: linkedin\nbands": "tiers: [linkedin\nbands"}))] == [
        "yaml-syntax"
    ]


def test_no_folder_at_all(tmp_path: Path) -> None:
    assert told(tmp_path / "rules") == [("rules-none", "rules", "there is no folder rules/")]


def test_a_missing_price_book_is_told_once(write: Write) -> None:
    folder = write()
    (folder / "prices.yaml").unlink()
    assert told(folder) == [
        ("rules-section-missing", "rules", "no file under rules/ declares a price (price_book:)"),
    ]


def test_hidden_files_are_not_looked_at_and_sub_folders_are(write: Write) -> None:
    folder = write(files={".draft.yaml": "nonsense: 1\n"})
    (folder / "deep").mkdir()
    (folder / "tiers.yaml").rename(folder / "deep" / "any-name.yml")
    rulebook, problems = load(folder)
    assert problems == ()
    assert rulebook is not None


def test_an_unreadable_file_is_told(write: Write) -> None:
    folder = write()
    (folder / "more.yaml").write_bytes(b"rules: \xff\n")
    assert told(folder) == [("yaml-unreadable", "rules/more.yaml", "rules/more.yaml is not UTF-8 (byte 8)")]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="left out: no file here that exists and cannot be read")
def test_a_file_that_cannot_be_read_is_told(write: Write) -> None:
    folder = write()
    (folder / "more.yaml").symlink_to("/proc/self/mem")
    assert told(folder) == [
        ("yaml-unreadable", "rules/more.yaml", "rules/more.yaml cannot be read: Input/output error")
    ]


def test_a_counter_example_says_what_matters(write: Write) -> None:
    folder = write(
        replace={
            "when: {event: bundle}": "when: {event: bundle, country: US, template: [a]}",
            "when: {plan: assessment_only}": "when: {plan: assessment_only, employees: {from: 5, to: 9}}",
        }
    )
    assert [message for _, _, message in told(folder)] == [
        "no rule says what happens to a bundle bought with country US with another template",
        "no rule says what happens to an Assessment Only client created with 1-4 employees",
    ]
    with_more = write(
        replace={"when: {event: bundle}": "when: {event: bundle, domain: a.example}"},
        rules="""  - id: other
    when: {event: bundle, dates: {to: 2025-12-31}, partner_kind: [msp, advisor]}
    charge: {metric: bundle, item: BUNDLE, price: {book: standard}, term: once, overrides: bundle}
""",
    )
    assert [message for _, _, message in told(with_more)] == [
        "no rule says what happens to a bundle bought 2026-01-01 with partner kind advisor with another domain"
    ]


def test_rules_may_stand_in_several_files(write: Write) -> None:
    more = 'rules:\n  - id: ours\n    when: {domain: [example.com]}\n    not_billable: "ours"\n'
    rulebook, problems = load(write(files={"ours.yaml": more}))
    assert problems == ()
    assert rulebook is not None


def test_a_cross_join_of_partners_is_named_too(write: Write) -> None:
    partners = ", ".join(f"P-{number}" for number in range(150))
    domains = ", ".join(f"d{number}.example" for number in range(50))
    told_apart = "the rules tell 31,208 cases apart, more than 20,000"
    rule = f"  - id: x\n    when: {{partner: [{partners}], domain: [{domains}]}}\n    hold: ask\n"
    assert told(write(rule)) == [
        (
            "rules-too-many-cells",
            "rules/billing.yaml:10:1",
            f"{told_apart}; domain (52 values) times partner (151 values) multiply",
        )
    ]
