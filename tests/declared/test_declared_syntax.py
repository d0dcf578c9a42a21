"""What is no YAML is told in plain words, where it is to be mended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.declared import parse_yaml

INDENT = (
    "this line does not begin where the lines of its block begin",
    "Indent it like the other lines of its block; a text of several lines needs quotes.",
)
QUOTE = ("the quote that opens here is not closed", "Write the closing quote where the text ends.")
AFTER_QUOTE = (
    "text stands after the closing quote",
    "Put the whole text in one pair of quotes; inside single quotes an apostrophe is written twice.",
)
NO_KEY = ("this line has no key and colon, as the lines of its block have", "Write it as key: value.")
TAB = ("a tab stands here; indent with spaces", "Replace each tab by spaces.")
COLON = ("a colon stands inside a text without quotes", "Put the text in quotes.")
BRACKET = ("the bracket [ that opens here is not closed", "Write ] where it ends.")
BRACE = ("the brace { that opens here is not closed", "Write } where it ends.")
VALUE = ("a value is missing here", "Write one, or take the comma out.")
NO_COMMA = ("a comma is missing before this", "Put a comma between two values.")
SECOND_COLON = (
    "a second colon stands here with no comma before it",
    "Put a comma between two keys, or the text with the colon in quotes.",
)


def told(text: str) -> tuple[str, str, str]:
    """Place, message and next step of the one fault of a text."""
    node, problems = parse_yaml(text, "a.yaml")
    assert (node, [problem.code for problem in problems]) == (None, ["yaml-syntax"])
    return str(problems[0].place), problems[0].message, problems[0].next_step


def no_space(written: str) -> tuple[str, str]:
    return "a space is missing after this colon", f"Write {written}"


def sign(character: str) -> tuple[str, str]:
    return f"a text without quotes cannot begin with {character!r}", "Put the text in quotes."


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a:\n  b: 1\n\tc: 2\n", "3:1", TAB),
        ("a:\n  b: 1\n  \tc: 2\n", "3:3", TAB),
        ("a:\tb\n", "1:3", ("a tab stands here", "Write a space instead.")),
        ("a: 1\n   b: 2\n", "2:4", INDENT),
        ("a:\n  b: 1\n    c: 2\n", "3:5", INDENT),
        ("a:\n    b: 1\n  c: 2\n", "3:3", INDENT),
        ("  a: 1\nb: 2\n", "2:1", INDENT),
        ("rules:\n  - id: x\n   when: y\n", "3:4", INDENT),
        ("rules:\n  - id: x\n     when: y\n", "3:6", INDENT),
        ("rules:\n  - id: x\n - id: z\n", "3:2", INDENT),
        ("a: see\n   https://x: y\n", "2:4", INDENT),
        (
            "rules:\n  - id: x\n  when: y\n",
            "3:3",
            ("a key stands here among list items", "Indent it under the item it belongs to, or begin it with a dash."),
        ),
        (
            "a: 1\n- b\n",
            "2:1",
            (
                "a list item stands here among lines of key: value",
                "Indent it under its key, or take the dash out.",
            ),
        ),
        ('a: "b\nc: 2\nd: 3\n', "1:4", QUOTE),
        ("a: 'b\nc: 2\n", "1:4", QUOTE),
        ('a: "b\nc: "2"\nd: 3\n', "1:4", QUOTE),
        ('a: "b\nc: ""\nd: 1\n', "1:4", QUOTE),
        ('a: "b\nc: "x: y"\n', "1:4", QUOTE),
        ('a: 1\n"b\nc: 2\nd: "3"\n', "2:1", QUOTE),
        ("a: 'don't bill'\n", "1:9", AFTER_QUOTE),
        ('"a" 1\n', "1:5", AFTER_QUOTE),
        ('a: ["x"y]\n', "1:8", AFTER_QUOTE),
        ("a: [1, 2\nb: 2\n", "1:4", BRACKET),
        ("a: [1, 2\n", "1:4", BRACKET),
        ("a: [1, #x]\n", "1:4", BRACKET),
        ("a: [1}\n", "1:4", BRACKET),
        ("a:\n  - b: [1\n  - c: 2\n", "2:8", BRACKET),
        ("a: {b: 1\nc: 2\n", "1:4", BRACE),
        ("a:\n  - when: {event: [b, c], plan: d\n    charge: {e: 1}\n", "2:11", BRACE),
        ("a:\n  - when: {event: [b, c, plan: d}\n    charge: {e: 1}\n", "2:19", BRACKET),
        ("b: [1]]\n", "1:7", ("a ] stands here that no [ opens", "Take it out, or put the text in quotes.")),
        ("a: {b: c: d}\n", "1:9", SECOND_COLON),
        ("a: {b: 1 c: 2}\n", "1:11", SECOND_COLON),
        ("a: {b: 1,\n    c: 2\n    d: 3}\n", "3:6", SECOND_COLON),
        ('a: ["1" "2"]\n', "1:9", NO_COMMA),
        ("a: [[1] 2]\n", "1:9", NO_COMMA),
        ("a: [1, , 2]\n", "1:8", VALUE),
        ("a:\n  b:1\n  c: 2\n", "2:4", no_space("b: 1")),
        ("a:\n  b: 1\n  c:2\n", "3:4", no_space("c: 2")),
        ("rules:\n  - id:x\n    when: y\n", "2:7", no_space("id: x")),
        ("a: foo: bar\n", "1:7", COLON),
        ("a: : b\n", "1:4", COLON),
        ("a: 1\nb\nc: 2\n", "2:1", NO_KEY),
        ("a:\n  b\n  c: 2\n", "2:3", NO_KEY),
        ("a: @x\n", "1:4", sign("@")),
        ("a: `x`\n", "1:4", sign("`")),
        ("a: %x\n", "1:4", sign("%")),
        ("a: *\n", "1:4", sign("*")),
        ("a: *gone\n", "1:4", sign("*")),
        ("a: & b\n", "1:4", sign("&")),
        ("a: >x\n", "1:4", sign(">")),
        ("a: , b\n", "1:4", ("a value is missing here", "Write one, in quotes if it begins with a sign.")),
        (
            'a: "x", "y"\n',
            "1:7",
            ("a comma stands here outside brackets", "Write a list as [one, two], or put the whole text in quotes."),
        ),
        (
            "a: [1] x\n",
            "1:8",
            ("text stands after the closing bracket", "Take it out, or put the whole text in quotes."),
        ),
        (
            "a: - b\n",
            "1:4",
            ("a list item begins inside this line", "Begin each item in a line of its own, or write [one, two]."),
        ),
        (
            'a: "c:\\new\\x"\n',
            "1:13",
            (
                "a backslash in double quotes begins an escape that YAML does not have",
                "Write the backslash twice, or use single quotes.",
            ),
        ),
        ("a: 1\n---\nb: 1\n", "2:1", ("a second document (---) begins here", "Keep one document in a file.")),
        (": : b\n", "1:1", ("not YAML: expected <block end>, but found ':'", "Mend the line named.")),
        ("%YAML x\n---\na: 1\n", "1:7", ("not YAML: expected a digit, but found 'x'", "Mend the line named.")),
    ],
)
def test_a_fault_is_told_where_it_is_to_be_mended(text: str, place: str, said: tuple[str, str]) -> None:
    assert told(text) == (f"a.yaml:{place}", *said)


@given(st.integers(0, 4), st.sampled_from(["'", '"']), st.integers(0, 4), st.sampled_from(["\n", "\r\n"]))
def test_an_unclosed_quote_is_told_where_it_opens(before: int, quote: str, after: int, newline: str) -> None:
    lines = [*(f"k{number}: {quote}v{quote}" for number in range(before)), f"open: {quote}text"]
    lines += [f"l{number}: {quote}v{quote}" for number in range(after)]
    assert told(newline.join([*lines, ""])) == (f"a.yaml:{before + 1}:7", *QUOTE)


@given(
    st.integers(0, 4),
    st.sampled_from([("[1, 2", BRACKET), ("{b: 1", BRACE)]),
    st.integers(0, 4),
    st.sampled_from(["", "- "]),
)
def test_an_unclosed_bracket_is_told_where_it_opens(
    before: int, opened: tuple[str, tuple[str, str]], after: int, dash: str
) -> None:
    written, said = opened
    pad = " " * len(dash)
    lines = [f"{pad}k{number}: [v]" for number in range(before)] + [f"{pad}open: {written}"]
    lines += [f"{pad}l{number}: {{v: 1}}" for number in range(after)]
    lines[0] = dash + lines[0][len(dash) :]
    assert told("\n".join([*lines, ""])) == (f"a.yaml:{before + 1}:{len(pad) + 7}", *said)
