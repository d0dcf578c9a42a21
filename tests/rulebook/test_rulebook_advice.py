"""What accountants are told to write instead: the next step leads to a rulebook that loads and fires."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.intake.values import read_domain
from connector.rulebook import load
from connector.rulebook.domains import normalised

Write = Callable[..., Path]

TWO = """  - id: quote
    when: {partner: [P-1], plan: full_spoke, event: [created, upgraded]}
    charge: {metric: METRIC, item: SPOKE-FULL, price: {book: standard}, term: once, overrides: OVERRIDES}
"""
_labels = st.text("abz09-éüßñ日", min_size=1, max_size=8)
_domains = st.lists(_labels, min_size=1, max_size=3).map(".".join) | st.sampled_from(
    [
        "Example.COM",
        "example.com.",
        "https://example.com/x",
        "www.example.com",
        "bücher.example",
        "a@b.example",
        "*.b.c",
    ]
)


def told(folder: Path) -> list[tuple[str, str, str, str]]:
    rulebook, problems = load(folder)
    assert rulebook is None
    return [(one.code, str(one.place), one.message, one.next_step) for one in problems]


def hold(when: str) -> str:
    return f"  - id: x\n    when: {{{when}}}\n    hold: ask\n"


@pytest.mark.parametrize(
    ("when", "message", "next_step"),
    [
        ("plan: assesment_only", "plan cannot be 'assesment_only'", "Did you mean 'assessment_only'?"),
        ("plan: off", "plan cannot be 'off'", "Write one of: assessment_only, full_spoke."),
        ("event: bought", "event cannot be 'bought'", "Write one of: created, upgraded, bundle, renewed, month."),
    ],
)
def test_words_of_the_domain_are_shown_as_they_are_written(
    write: Write, when: str, message: str, next_step: str
) -> None:
    assert told(write(hold(when))) == [
        ("yaml-value", f"rules/billing.yaml:21:{12 + when.index(' ') + 1}", message, next_step)
    ]


@pytest.mark.parametrize(
    ("replace", "message", "next_step"),
    [
        (
            {"archived_client: hold": "archived_client: no"},
            "policy archived_client cannot be 'no'",
            "Write one of: bill, hold.",
        ),
        ({"term: once": "term: off"}, "term cannot be 'off'", "Write one of: once, monthly, annual."),
        ({"term: once": "term: once, price_at: no"}, "price_at cannot be 'no'", "Write one of: event."),
        (
            {"price: per_bundle": "price: on, term: once"},
            "price cannot be 'on'",
            "Write one of: by_tier, per_bundle, flat, per_unit.",
        ),
        (
            {"tiers: linkedin\nprices": "tiers: linkedin\nselling_entity: no\nprices"},
            "selling_entity cannot be 'no'",
            "Write one of: us.",
        ),
    ],
)
def test_a_bare_word_of_yaml_is_answered_with_the_options(
    write: Write, replace: Mapping[str, str], message: str, next_step: str
) -> None:
    assert [one[2:] for one in told(write(replace=replace))] == [(message, next_step)]


@pytest.mark.parametrize(
    ("metric", "overrides", "place", "message", "next_step"),
    [
        (
            "full-spoke",
            "ful-spoke",
            "22:89",
            "the rule bills 'full-spoke' and overrides 'ful-spoke', which no rule bills",
            "Did you mean 'full-spoke'?",
        ),
        (
            "ful-spoke",
            "full-spoke",
            "22:14",
            "the rule overrides 'full-spoke' and bills 'ful-spoke', which no rule bills",
            "Write metric: full-spoke.",
        ),
        (
            "full-spoke",
            "bundle",
            "22:89",
            "the rule bills 'full-spoke' and overrides 'bundle'",
            "Write one metric in both.",
        ),
        (
            "ful-spoke",
            "full-spok",
            "22:88",
            "the rule bills 'ful-spoke' and overrides 'full-spok'",
            "Did you mean 'full-spoke'?",
        ),
    ],
)
def test_of_two_metrics_the_one_that_no_rule_bills_is_wrong(
    write: Write, metric: str, overrides: str, place: str, message: str, next_step: str
) -> None:
    rule = TWO.replace("METRIC", metric).replace("OVERRIDES", overrides)
    assert told(write(rule)) == [("rules-metric", f"rules/billing.yaml:{place}", message, next_step)]


@pytest.mark.parametrize(
    ("domain", "next_step"),
    [
        ("bücher.example", "Write xn--bcher-kva.example: records carry it so."),
        ("Example.com", "Write example.com: records carry it so."),
        ("example.com.", "Write example.com: records carry it so."),
        ("https://example.com", "Write example.com: records carry it so."),
        ("www.example.com", "Write example.com: records carry it so."),
        ("example.com/shop", "Write example.com: records carry it so."),
        ('" example.com"', "Write example.com: records carry it so."),
        ("'*.example.com'", "Write it as example.com."),
        ("someone@example.com", "Write it as example.com."),
        ("localhost", "Write it as example.com."),
        (".".join(["a" * 60] * 4), "Write at most 200 characters."),
    ],
)
def test_a_domain_that_no_record_carries_is_refused(write: Write, domain: str, next_step: str) -> None:
    message = "domain cannot be {!r}".format(domain.strip("'\""))
    assert told(write(hold(f"domain: [{domain}]"))) == [
        ("rules-condition", "rules/billing.yaml:21:21", message, next_step)
    ]


@given(_domains)
def test_rules_and_records_spell_a_domain_alike(text: str) -> None:
    carried = read_domain(text)
    assert normalised(text) == (carried if isinstance(carried, str) else None)


@pytest.mark.parametrize(
    ("when", "column", "message"),
    [
        ("event: [created, created], plan: full_spoke", 29, "event lists 'created' twice"),
        ('partner: [P-1, P-2, "P-1"]', 32, "partner lists 'P-1' twice"),
        ("domain: [a.example, a.example]", 32, "domain lists 'a.example' twice"),
        ("selling_entity: [us, us]", 33, "selling_entity lists 'us' twice"),
    ],
)
def test_a_word_that_stands_twice_in_a_condition_is_refused(write: Write, when: str, column: int, message: str) -> None:
    assert told(write(hold(when))) == [
        ("rules-condition", f"rules/billing.yaml:21:{column}", message, "Take one of the two out.")
    ]


def test_lists_within_a_list_are_told_as_such(write: Write) -> None:
    assert [one[1:] for one in told(write(hold("partner: [[P-1], P-2]")))] == [
        ("rules/billing.yaml:21:22", "partner must be one text", "Write one value.")
    ]


def test_tiers_are_listed_in_the_order_of_their_sizes(write: Write) -> None:
    replace = {
        '["1", "2-10", "11+"]': '["1", "2-10", "11-1000", "1001+"]',
        '"11+": 1800': '"11-1000": 1800, "1001+": 2000, all: 1',
    }
    assert told(write(replace=replace)) == [
        ("prices-tier", "rules/prices.yaml:6:71", "linkedin has no tier 'all'", "Known here: 1, 2-10, 11-1000, 1001+.")
    ]


def test_a_price_with_a_thousands_comma_is_told_once(write: Write) -> None:
    step = "A comma parts keys here; a decimal point is needed: write 1.800, or 1800 if thousands are meant."
    assert told(write(replace={'"11+": 1800': '"11+": 1,800'})) == [
        ("prices-tier", "rules/prices.yaml:6:48", "linkedin has no tier '800'", step)
    ]


@pytest.mark.parametrize("newline", [b"\r\n", b"\r"])
def test_the_digest_does_not_depend_on_how_lines_end(write: Write, newline: bytes) -> None:
    first, _ = load(write())
    folder = write()
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", newline))
    second, problems = load(folder)
    assert first is not None
    assert second is not None
    assert (second.digest, problems) == (first.digest, ())
    assert second == first
