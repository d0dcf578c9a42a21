from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.declared import MapNode, Node, Reader, parse_yaml
from connector.domain.places import Line
from connector.domain.problems import Kind, Problem, Severity

_BARE = ["yes", "no", "on", "off", "y", "n", "true", "false", "null", "~", "Yes", "NO", "True", "FALSE", "Null"]
_keys = st.text("abcdefgh", min_size=1, max_size=8)


def tree(text: str) -> tuple[Reader, MapNode]:
    node, problems = parse_yaml(text, "a.yaml")
    assert problems == ()
    assert isinstance(node, MapNode)
    return Reader(text), node


def told(reader: Reader) -> list[tuple[str, str, str, str]]:
    return [(one.code, str(one.place), one.message, one.next_step) for one in reader.problems]


def value(written: str) -> tuple[Reader, Node]:
    """The node of `key: written` in line 2, its value in column 6."""
    reader, node = tree(f"# comment\nkey: {written}\n")
    return reader, node.entries["key"]


@given(st.lists(_keys, min_size=1, max_size=8, unique=True), st.integers(0, 5), st.integers(1, 5), st.data())
def test_every_unknown_key_is_found_at_its_line_and_column(
    keys: list[str], comments: int, indent: int, data: st.DataObject
) -> None:
    known = data.draw(st.sets(st.sampled_from(keys)))
    lines = ["#"] * comments + ["outer:"] + [" " * indent + f"{key}: 1" for key in keys]
    reader, node = tree("\n".join(lines))
    reader.mapping(node.entries["outer"], "it", (), known)
    expected = [
        (
            "yaml-unknown-key",
            Line("a.yaml", comments + 2 + at, indent + 1),
            " " * indent + f"{key}: 1",
            (indent, len(key)),
        )
        for at, key in enumerate(keys)
        if key not in known
    ]
    assert [(one.code, one.place, one.excerpt, one.mark) for one in reader.problems] == expected


@given(
    st.integers(0, 5),
    st.integers(0, 12),
    st.sampled_from(["1_000", "0123", "1e3", "yes", "+5", "0x1F", "1.0", "\u0661"]),
)
def test_every_trap_value_is_found_at_its_line_and_column(comments: int, spaces: int, trap: str) -> None:
    text = "#\n" * comments + f"count: {' ' * spaces}{trap}  # so many\n"
    reader, node = tree(text)
    assert reader.whole(node.entries["count"], "count") is None
    assert reader.problems == [
        Problem(
            "yaml-value",
            Severity.ERROR,
            Line("a.yaml", comments + 1, 8 + spaces),
            f"count is {trap!r}",
            "Write a whole number in plain digits, such as 1000.",
            f"count: {' ' * spaces}{trap}  # so many",
            (7 + spaces, len(trap)),
        )
    ]


@given(st.integers(0, 2**53 - 1))
def test_plain_digits_are_whole_numbers(number: int) -> None:
    reader, node = value(str(number))
    assert (reader.whole(node, "n"), reader.decimal(node, "n"), reader.problems) == (number, Decimal(number), [])


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20))
def test_decimals_are_exact(number: Decimal) -> None:
    reader, node = value(str(number))
    assert (reader.decimal(node, "n"), reader.problems) == (number, [])


@given(st.dates())
def test_days_are_written_year_month_day(day: date) -> None:
    reader, node = value(day.isoformat())
    assert (reader.day(node, "day"), reader.problems) == (day, [])


@pytest.mark.parametrize(
    ("read", "written", "message", "next_step"),
    [
        ("whole", "-1", "it must lie between 0 and 9007199254740991", "Mend the number."),
        ("whole", str(2**53), "it must lie between 0 and 9007199254740991", "Mend the number."),
        ("whole", "9" * 5000, "it must lie between 0 and 9007199254740991", "Mend the number."),
        ("whole", "[1]", "it is no single value", "Write a whole number in plain digits, such as 1000."),
        ("decimal", "1,5", "it is '1,5'", "Write a number in plain digits, such as 1800 or 12.50."),
        ("decimal", ".5", "it is '.5'", "Write a number in plain digits, such as 1800 or 12.50."),
        ("decimal", "NaN", "it is 'NaN'", "Write a number in plain digits, such as 1800 or 12.50."),
        ("decimal", "1_800", "it is '1_800'", "Write a number in plain digits, such as 1800 or 12.50."),
        ("day", "2025-02-29", "it is 2025-02-29, a day that does not exist", "Write a day of the calendar."),
        ("day", "2025-13-01", "it is 2025-13-01, a day that does not exist", "Write a day of the calendar."),
        ("day", "1/3/2025", "it is '1/3/2025'", "Write a date such as 2025-03-01."),
        ("day", "20250301", "it is '20250301'", "Write a date such as 2025-03-01."),
        ("text", "[a]", "it must be one text", "Write one value."),
        ("text", "''", "it is empty", "Write a value."),
        ("text", "'  '", "it is empty", "Write a value."),
        (
            "text",
            "",
            "it is empty",
            "Write a value.",
        ),
        ("mapping", "a", "it must be a mapping (key: value)", "Write it as key: value lines."),
        ("items", "a", "it must be a list", "Write it as [one, two] or as lines that start with a dash."),
        ("choices", "[]", "it is an empty list", "Name at least one, or take the key out."),
    ],
)
def test_a_value_of_the_wrong_form_is_told(read: str, written: str, message: str, next_step: str) -> None:
    reader, node = value(written)
    assert getattr(reader, read)(node, "it") in (None, ())
    assert [(one.code, one.message, one.next_step) for one in reader.problems] == [("yaml-value", message, next_step)]


@pytest.mark.parametrize("word", _BARE)
def test_words_that_yaml_programs_read_as_truth_need_quotes(word: str) -> None:
    reader, node = value(word)
    assert reader.text(node, "it") is None
    message = f"it is {word!r}, which YAML programs read as a truth value or as nothing"
    assert told(reader) == [("yaml-value", "a.yaml:2:6", message, f'Write it in quotes: "{word}".')]
    reader, node = value(f'"{word}"')
    assert (reader.text(node, "it"), reader.problems) == (word, [])


def test_an_absent_value_is_no_fault_of_its_own() -> None:
    reader = Reader("")
    got: list[Any] = [
        reader.mapping(None, "it"),
        reader.items(None, "it"),
        reader.text(None, "it"),
        reader.choice(None, "it", ["a"]),
        reader.choices(None, "it"),
        reader.whole(None, "it"),
        reader.decimal(None, "it"),
        reader.day(None, "it"),
    ]
    assert (got, reader.problems) == ([None, (), None, None, (), None, None, None], [])


def test_values_of_the_right_form_are_read() -> None:
    reader, node = tree("a: word\nb: [x, z]\nc: 12\nd: {k: v}\n")
    at = node.entries
    assert (
        reader.text(at["a"], "a"),
        reader.choice(at["a"], "a", ["word"]),
        reader.choices(at["a"], "a"),
        reader.choices(at["b"], "b", ["x", "z"]),
        [one.place for one in reader.items(at["b"], "b")],
        reader.whole(at["c"], "c", 12, 12),
        list(reader.mapping(at["d"], "d", ["k"]) or ()),
        reader.problems,
    ) == ("word", "word", ("word",), ("x", "z"), [Line("a.yaml", 2, 5), Line("a.yaml", 2, 8)], 12, ["k"], [])


def test_all_faults_come_at_once_with_a_hint() -> None:
    reader, node = tree("currncy: USD\nzzz: 1\nkind: fll\nplan: x\nlist: [full, half]\n")
    reader.mapping(node, "the file", ("currency", "kind"), ("plan", "list"))
    reader.choice(node.entries["kind"], "kind", ["full", "assessment"])
    reader.choice(node.entries["plan"], "plan", ["full", "assessment"])
    assert reader.choices(node.entries["list"], "list", ["full", "assessment"]) == ("full",)
    assert told(reader) == [
        ("yaml-unknown-key", "a.yaml:1:1", "the file has no key 'currncy'", "Did you mean 'currency'?"),
        ("yaml-unknown-key", "a.yaml:2:1", "the file has no key 'zzz'", "Known here: currency, kind, list, plan."),
        ("yaml-missing-key", "a.yaml:1:1", "the file does not say 'currency'", "Add currency: …"),
        ("yaml-value", "a.yaml:3:7", "kind cannot be 'fll'", "Did you mean 'full'?"),
        ("yaml-value", "a.yaml:4:7", "plan cannot be 'x'", "Write one of: full, assessment."),
        ("yaml-value", "a.yaml:5:14", "list cannot be 'half'", "Write one of: full, assessment."),
    ]


def test_open_mappings_take_any_key_but_miss_the_required() -> None:
    reader, node = tree("a: 1\n")
    assert list(reader.mapping(node, "items", ("b",), open_keys=True) or ()) == ["a"]
    assert told(reader) == [("yaml-missing-key", "a.yaml:1:1", "items does not say 'b'", "Add b: …")]


def test_a_fault_has_the_kind_it_is_given_and_survives_a_place_outside_the_text() -> None:
    reader = Reader("a: 1\n")
    kind = Kind("books-none", "title", "remedy", Severity.WARNING)
    reader.fault(Line("a.yaml"), "nowhere", "Look.", kind)
    reader.fault(Line("a.yaml", 9, 9), "beyond", "Look.")
    assert reader.problems == [
        Problem("books-none", Severity.WARNING, Line("a.yaml"), "nowhere", "Look.", "", (0, 0)),
        Problem("yaml-value", Severity.ERROR, Line("a.yaml", 9, 9), "beyond", "Look.", "", (8, 0)),
    ]
