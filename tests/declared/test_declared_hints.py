"""The next step a reader offers: closed lists in full, numbers with a comma, colons without a space."""

from enum import StrEnum

import pytest

from connector.declared import MapNode, Reader, parse_yaml


class Colour(StrEnum):
    """A closed list as the domain keeps it."""

    RED = "red"
    BLUE = "blue"


def tree(text: str) -> tuple[Reader, MapNode]:
    node, problems = parse_yaml(text, "a.yaml")
    assert problems == ()
    assert isinstance(node, MapNode)
    return Reader(text), node


@pytest.mark.parametrize(
    ("written", "message", "next_step"),
    [
        ("rd", "it cannot be 'rd'", "Did you mean 'red'?"),
        ("green", "it cannot be 'green'", "Write one of: red, blue."),
        ("no", "it cannot be 'no'", "Write one of: red, blue."),
        ('"no"', "it cannot be 'no'", "Write one of: red, blue."),
        ("~", "it cannot be '~'", "Write one of: red, blue."),
        ("", "it is empty", "Write one of: red, blue."),
        ("[red]", "it must be one text", "Write one of: red, blue."),
    ],
)
def test_a_closed_list_is_shown_as_it_is_written(written: str, message: str, next_step: str) -> None:
    reader, node = tree(f"key: {written}\n")
    assert reader.choice(node.entries["key"], "it", Colour) is None
    assert [(one.message, one.next_step) for one in reader.problems] == [(message, next_step)]


def test_the_words_of_a_closed_list_are_read_one_by_one() -> None:
    reader, node = tree("key: [red, off, blue]\n")
    assert reader.choices(node.entries["key"], "it", iter(Colour)) == ("red", "blue")
    assert [(str(one.place), one.message, one.next_step) for one in reader.problems] == [
        ("a.yaml:1:12", "it cannot be 'off'", "Write one of: red, blue.")
    ]


def test_a_word_of_the_list_that_yaml_programs_read_as_truth_still_needs_quotes() -> None:
    reader, node = tree("key: no\n")
    assert reader.choice(node.entries["key"], "it", ["yes", "no"]) is None
    assert [one.next_step for one in reader.problems] == ['Write it in quotes: "no".']


def test_a_list_of_nothing_is_to_be_declared_first() -> None:
    reader, node = tree("key: red\n")
    assert reader.choice(node.entries["key"], "it", []) is None
    assert [one.next_step for one in reader.problems] == ["Declare one first."]


@pytest.mark.parametrize(
    ("written", "key", "next_step"),
    [
        (
            "{percent: 8,25}",
            "25",
            "A comma parts keys here; a decimal point is needed: write 8.25.",
        ),
        (
            "{percent: 1,800}",
            "800",
            "A comma parts keys here; a decimal point is needed: write 1.800, or 1800 if thousands are meant.",
        ),
        ("{percent: much,25}", "25", "Known here: percent."),
        ("{percent: [8],25}", "25", "Known here: percent."),
        ("{percent: 8,25: 1}", "25", "Known here: percent."),
        ("{percent: 8,25: [1]}", "25", "Known here: percent."),
        ("{percent: 8,25: ''}", "25", "Known here: percent."),
        ("{percent: 8,x}", "x", "Known here: percent."),
        ("{25, percent: 8}", "25", "Known here: percent."),
        ("{percent:8}", "percent:8", "A space is missing after the colon: write percent: 8"),
        ("{percent:8: 1}", "percent:8", "Did you mean 'percent'?"),
    ],
)
def test_a_number_with_a_comma_and_a_key_without_a_space(written: str, key: str, next_step: str) -> None:
    reader, node = tree(f"row: {written}\n")
    reader.mapping(node.entries["row"], "a tax row", optional=("percent",))
    assert [(one.message, one.next_step) for one in reader.problems] == [(f"a tax row has no key {key!r}", next_step)]


@pytest.mark.parametrize(
    ("written", "next_step"),
    [
        ("event:bundle", "A space is missing after the colon: write event: bundle"),
        ("'event:bundle'", "Write it as key: value lines."),
        ("https://books.example", "Write it as key: value lines."),
        ("[a]", "Write it as key: value lines."),
    ],
)
def test_a_mapping_that_lacks_the_space_after_its_colon(written: str, next_step: str) -> None:
    reader, node = tree(f"when: {written}\n")
    assert reader.mapping(node.entries["when"], "when") is None
    assert [(one.message, one.next_step) for one in reader.problems] == [
        ("when must be a mapping (key: value)", next_step)
    ]
