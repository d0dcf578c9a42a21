from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.declared import KINDS, ListNode, MapNode, Node, ScalarNode, parse_yaml, read_yaml, with_value
from connector.domain.places import Line
from connector.domain.problems import Problem, Severity

_printable = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)
_soup = st.text(st.sampled_from(list("ab:-?[]{}&*!|>'\"%#@`,\\ \n\t0x.~<\ufeff\u2028\x85")), max_size=60)


def places(node: Node | None) -> list[Line]:
    """Every place of a tree, keys included."""
    if isinstance(node, MapNode):
        below = [place for value in node.entries.values() for place in places(value)]
        return [node.place, *node.key_places.values(), *below]
    if isinstance(node, ListNode):
        return [node.place, *(place for item in node.items for place in places(item))]
    return [] if node is None else [node.place]


def refused(text: str) -> tuple[str, str]:
    """Place and message of the one syntax problem of a text that gives no tree."""
    node, problems = parse_yaml(text, "a.yaml")
    assert (node, [problem.code for problem in problems]) == (None, ["yaml-syntax"])
    return str(problems[0].place), problems[0].message


@given(st.text(max_size=60) | _soup | _printable)
def test_no_text_crashes_the_reader(text: str) -> None:
    node, problems = parse_yaml(text, "a.yaml")
    assert node is None or problems == ()
    last = len(text.splitlines()) + 1
    for place in [*places(node), *(problem.place for problem in problems)]:
        assert isinstance(place, Line)
        assert place.file == "a.yaml"
        assert 0 <= place.line <= last
    for problem in problems:
        assert (problem.severity, problem.code in {kind.code for kind in KINDS}) == (Severity.ERROR, True)
        assert str(problem).encode()


def test_values_stay_text_and_know_their_places() -> None:
    text = "# rules\na: 0123\nb: [yes, 1_000]\nc:\n  d: '2025-13-01'\n  e: |\n    long\n"
    assert parse_yaml(text, "a.yaml") == (
        MapNode(
            {
                "a": ScalarNode("0123", quoted=False, place=Line("a.yaml", 2, 4)),
                "b": ListNode(
                    (
                        ScalarNode("yes", quoted=False, place=Line("a.yaml", 3, 5)),
                        ScalarNode("1_000", quoted=False, place=Line("a.yaml", 3, 10)),
                    ),
                    Line("a.yaml", 3, 4),
                ),
                "c": MapNode(
                    {
                        "d": ScalarNode("2025-13-01", quoted=True, place=Line("a.yaml", 5, 6)),
                        "e": ScalarNode("long\n", quoted=True, place=Line("a.yaml", 6, 6)),
                    },
                    {"d": Line("a.yaml", 5, 3), "e": Line("a.yaml", 6, 3)},
                    Line("a.yaml", 5, 3),
                ),
            },
            {"a": Line("a.yaml", 2, 1), "b": Line("a.yaml", 3, 1), "c": Line("a.yaml", 4, 1)},
            Line("a.yaml", 2, 1),
        ),
        (),
    )


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_text_is_no_tree_and_no_problem(text: str) -> None:
    assert parse_yaml(text, "a.yaml") == (None, ())


@given(
    st.integers(0, 4),
    st.integers(0, 3),
    st.integers(1, 6),
    st.integers(1, 4),
    st.sampled_from(["key", "'key'", '"key"']),
)
def test_a_duplicate_key_is_found_where_it_stands_again(
    comments: int, between: int, indent: int, more: int, spelling: str
) -> None:
    pad = " " * indent
    middle = [f"{pad}other{number}: x" for number in range(between)]
    lines = [*["# a comment"] * comments, "outer:", f"{pad}key: 1", *middle, *[f"{pad}{spelling}: 2"] * more]
    node, problems = parse_yaml("\n".join(lines), "a.yaml")
    first = comments + 2
    message = f"the key 'key' stands here again; it stood first in line {first}"
    assert node is None
    assert problems == tuple(
        Problem(
            "yaml-duplicate-key",
            Severity.ERROR,
            Line("a.yaml", first + 1 + between + number, indent + 1),
            message,
            "Keep one of the two.",
            f"{pad}{spelling}: 2",
            (indent, len(spelling) + 1),
        )
        for number in range(more)
    )


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\nb: *gone\n", "a.yaml:2:4", "a text without quotes cannot begin with '*'"),
        ("a: &x 1\nb: *x\n", "a.yaml:1:4", "an alias (*name) repeats another part of the file"),
        ("a: &x [*x]\n", "a.yaml:1:4", "an alias (*name) repeats another part of the file"),
        ("b: &x c\n*x : 2\n", "a.yaml:1:4", "an alias (*name) repeats another part of the file"),
        ("b: {&x c: 1, *x : 2}\n", "a.yaml:1:5", "an alias (*name) repeats another part of the file"),
        ("a: 1\nb: !!str 5\n", "a.yaml:2:4", "a tag (!name) has no meaning here"),
        ("a: &x !!int 5\n", "a.yaml:1:4", "a tag (!name) has no meaning here"),
        ("a:\n  !!str b: 5\n", "a.yaml:2:3", "a tag (!name) has no meaning here"),
        ("a: !python/object:os.system x\n", "a.yaml:1:4", "a tag (!name) has no meaning here"),
        ("a: {}\nb:\n  <<: {c: 1}\n", "a.yaml:3:3", "a merge (<<) hides where a value comes from"),
        ("? [a, b]\n: 1\n", "a.yaml:1:3", "a key must be one word or text"),
        ("a: [1\nb: 2\n", "a.yaml:1:4", "the bracket [ that opens here is not closed"),
        ("a: 1\n--- \nb: 2\n", "a.yaml:2:1", "a second document (---) begins here"),
        ("a: 1\n\tb: 2\n", "a.yaml:2:1", "a tab stands here; indent with spaces"),
        ("a: " + "[" * 41 + "]" * 41, "a.yaml:1:44", "nested too deeply"),
        ("a: " + "[" * 1200, "a.yaml", "nested too deeply"),
        ("a: 1\nbc: \x01x\n", "a.yaml:2:5", "not YAML: the character U+0001 cannot stand in a text"),
        ('a: 1\nb: "x\\UFFFFFFFF"\n', "a.yaml:2:8", "an escape or a number beyond every range"),
        ('a: "\\U00110000"\n', "a.yaml:1:7", "an escape or a number beyond every range"),
        ("%YAML " + "9" * 5000 + ".1\n---\na: 1\n", "a.yaml:1:7", "an escape or a number beyond every range"),
        ('a: "\\ud83d\\ude00"\n', "a.yaml:1:4", "an escape (\\u) stands for half a character"),
        ('"\\ud800": 1\n', "a.yaml:1:1", "an escape (\\u) stands for half a character"),
    ],
)
def test_what_is_not_read_here_is_refused_with_its_place(text: str, place: str, message: str) -> None:
    assert refused(text) == (place, message)


def test_quoted_merge_signs_and_anchors_without_an_alias_are_plain_text() -> None:
    node, problems = parse_yaml('"<<": 1\na: &x 2\n', "a.yaml")
    assert problems == ()
    assert isinstance(node, MapNode)
    assert list(node.entries) == ["<<", "a"]


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\n")
    node, text, problems = read_yaml(path, "rules/a.yaml")
    assert (text, problems) == ("a: é\n", ())
    assert node == MapNode(
        {"a": ScalarNode("é", quoted=False, place=Line("rules/a.yaml", 1, 4))},
        {"a": Line("rules/a.yaml", 1, 1)},
        Line("rules/a.yaml", 1, 1),
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "rules/a.yaml cannot be read: No such file or directory"),
        (b"a: \xff\n", "rules/a.yaml is not UTF-8 (byte 4)"),
        (b"a" * 2_000_001, "rules/a.yaml is larger than 2,000,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path, data: bytes | None, message: str) -> None:
    path = tmp_path / "a.yaml"
    if data is not None:
        path.write_bytes(data)
    problem = Problem(
        "yaml-unreadable",
        Severity.ERROR,
        Line("rules/a.yaml"),
        message,
        "Check that it exists, is UTF-8 and is yours to read.",
    )
    assert read_yaml(path, "rules/a.yaml") == (None, "", (problem,))


@pytest.mark.parametrize(
    ("text", "key", "value", "written"),
    [
        ('a: "200"   # sales\nb: 1\n', "a", "201", 'a: "201"   # sales\nb: 1\n'),
        ("a: {b: OUTPUT, c: 8.25} # tax\n", "a.b", "NONE", "a: {b: NONE, c: 8.25} # tax\n"),
        ("a: {b: OUTPUT, c: 8.25} # tax\n", "a.c", "0", "a: {b: OUTPUT, c: 0} # tax\n"),
        ("a: 'it''s'\r\nb: x\r\n", "a", 'say "so"', 'a: "say \\"so\\""\r\nb: x\r\n'),
        ("a: OUTPUT\n", "a", "no", 'a: "no"\n'),
        ("a: OUTPUT\n", "a", "Umsatz (19 %): März", 'a: "Umsatz (19 %): März"\n'),
        ("\ufeffa: x\nb: y # z\n", "b", "w", "\ufeffa: x\nb: w # z\n"),
        ("a:\n  - x\nb: |\n  one\n  two\nc: x\n", "b", "y", 'a:\n  - x\nb: "y"\nc: x\n'),
        ("a: one\n  two\nb: x\n", "a", "three", "a: three\nb: x\n"),
    ],
)
def test_one_value_is_written_and_all_around_it_stays(text: str, key: str, value: str, written: str) -> None:
    node, problems = parse_yaml(text, "a.yaml")
    assert problems == ()
    for part in key.split("."):
        assert isinstance(node, MapNode)
        node = node.entries[part]
    assert isinstance(node, ScalarNode)
    assert with_value(text, node, value) == written
