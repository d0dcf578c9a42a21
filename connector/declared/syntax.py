"""What is wrong with a text that is not YAML, in the words of those who write it, and at the place to mend.

PyYAML stops where it can go on no longer, which is often lines below the fault: an unclosed quote or bracket is told
where it opens.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import yaml

from connector.declared.hints import TIGHT

_FOUND = re.compile(r"(?:found|got) '(.*)'$")
_DASHES = re.compile(r" *(?:- +)*")
_CLOSERS = {"[": "]", "{": "}"}
_OPENERS = {closer: opener for opener, closer in _CLOSERS.items()}
_SIGNS = "@`%*&!|>"


@dataclass(frozen=True)
class Spot:
    """A place in a text: line and column, and how many characters lie before it; all counted from 0."""

    line: int
    column: int
    index: int


@dataclass(frozen=True)
class Fault:
    """Where to mend, what is wrong there, and what to do."""

    at: Spot
    message: str
    next_step: str


class _Scene:
    """What PyYAML says and all it has read before."""

    def __init__(self, error: yaml.MarkedYAMLError, text: str, tokens: Sequence[yaml.Token]) -> None:
        self.problem, self.context = error.problem or "", error.context or ""
        self.at = _spot(error.problem_mark or error.context_mark)
        self.since = _spot(error.context_mark) if error.context_mark is not None else self.at
        self.text, self.lines = text, [*text.splitlines(), ""]
        found = _FOUND.search(self.problem)
        self.found = found[1] if found else ""
        self.before = [token for token in tokens if token.start_mark.index < self.at.index]
        self.last = self.before[-1] if self.before else None
        self.open: list[yaml.Token] = []
        for token in self.before:
            if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
                self.open.append(token)
            elif isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
                del self.open[-1:]

    def sign(self, spot: Spot) -> str:
        """The character at a spot; nothing at the end of the text."""
        return self.text[spot.index : spot.index + 1]

    def begins(self, line: int) -> int:
        """The column in which a line says something, dashes of list items not counted."""
        dashes = _DASHES.match(self.lines[line])
        return dashes.end() if dashes else 0

    def spot(self, line: int, column: int) -> Spot:
        """A place on a line not below the one PyYAML stopped in."""
        start = self.text.splitlines(keepends=True)[:line]
        return Spot(line, column, sum(map(len, start)) + column)


def explained(error: yaml.MarkedYAMLError, text: str, tokens: Sequence[yaml.Token]) -> Fault:
    """What is wrong with a text.

    Args:
        error: where and why PyYAML stopped.
        text: the whole text.
        tokens: all that it had read, in order.
    """
    scene = _Scene(error, text, tokens)
    for known in _KNOWN:
        fault = known(scene)
        if fault is not None:
            return fault
    return Fault(scene.at, f"not YAML: {scene.problem or scene.context}", "Mend the line named.")


def _tab(scene: _Scene) -> Fault | None:
    if scene.sign(scene.at) != "\t" or not scene.problem.startswith("found character"):
        return None
    if scene.lines[scene.at.line][: scene.at.column].strip():
        return Fault(scene.at, "a tab stands here", "Write a space instead.")
    return Fault(scene.at, "a tab stands here; indent with spaces", "Replace each tab by spaces.")


def _quote(scene: _Scene) -> Fault | None:
    """A quote that closes only where the next one opens, lines below, is the one that was forgotten."""
    endless = "scanning a quoted scalar" in scene.context
    until = scene.since if endless or "simple key" in scene.context else scene.at
    for token in scene.before:
        wraps = _is_quoted(token) and token.start_mark.line < token.end_mark.line
        if wraps and (token.end_mark.line == until.line or token.start_mark.index == until.index):
            return Fault(_spot(token.start_mark), *_UNCLOSED_QUOTE)
    return Fault(scene.since, *_UNCLOSED_QUOTE) if endless else None


def _bracket(scene: _Scene) -> Fault | None:
    if not scene.open:
        if scene.found not in _OPENERS:
            return None
        message = f"a {scene.found} stands here that no {_OPENERS[scene.found]} opens"
        return Fault(scene.at, message, "Take it out, or put the text in quotes.")
    opener = _spot(scene.open[-1].start_mark)
    sign = scene.sign(opener)
    other_closer = scene.found in _OPENERS and scene.found != _CLOSERS[sign]
    begins = len(scene.lines[scene.at.line]) - len(scene.lines[scene.at.line].lstrip())
    outside = scene.at.line > opener.line and begins <= scene.begins(opener.line)
    if not (scene.found == "<stream end>" or other_closer or outside):
        return None
    named = f"the {'bracket' if sign == '[' else 'brace'} {sign} that opens here is not closed"
    return Fault(opener, named, f"Write {_CLOSERS[sign]} where it ends.")


def _after_quote(scene: _Scene) -> Fault | None:
    last = scene.last
    if scene.found != "<scalar>" or last is None or not _is_quoted(last):
        return None
    if scene.open and last.end_mark.index != scene.at.index:
        return None
    step = "Put the whole text in one pair of quotes; inside single quotes an apostrophe is written twice."
    return Fault(scene.at, "text stands after the closing quote", step)


def _between_brackets(scene: _Scene) -> Fault | None:
    if not scene.open or not scene.found:
        return None
    if "node content" in scene.problem:
        return Fault(scene.at, "a value is missing here", "Write one, or take the comma out.")
    if scene.found == ":":
        step = "Put a comma between two keys, or the text with the colon in quotes."
        return Fault(scene.at, "a second colon stands here with no comma before it", step)
    return Fault(scene.at, "a comma is missing before this", "Put a comma between two values.")


def _colon(scene: _Scene) -> Fault | None:
    if not scene.problem.startswith("mapping values"):
        return None
    texts = [token for token in scene.before if isinstance(token, yaml.ScalarToken)]
    start = _spot(texts[-1].start_mark) if texts else scene.at
    if start.line == scene.at.line:
        return Fault(scene.at, "a colon stands inside a text without quotes", "Put the text in quotes.")
    for number in range(start.line, scene.at.line):
        column = scene.begins(number)
        tight = TIGHT.match(scene.lines[number], column)
        if tight and (number, column) >= (start.line, start.column):
            return _no_space(scene, number, tight)
    if start.column == scene.begins(start.line):
        return Fault(start, *_NO_KEY)
    column = scene.begins(scene.at.line)
    return Fault(scene.spot(scene.at.line, column), *_INDENT)


def _key(scene: _Scene) -> Fault | None:
    if "simple key" not in scene.context:
        return None
    tight = TIGHT.match(scene.lines[scene.since.line], scene.since.column)
    return _no_space(scene, scene.since.line, tight) if tight else Fault(scene.since, *_NO_KEY)


def _no_space(scene: _Scene, line: int, tight: re.Match[str]) -> Fault:
    step = f"Write {tight[1]}: {tight[2].strip()}"
    return Fault(scene.spot(line, tight.end(1)), "a space is missing after this colon", step)


def _block(scene: _Scene) -> Fault | None:
    if "<block end>" not in scene.problem and "<document start>" not in scene.problem:
        return None
    if scene.found in ("<scalar>", "[", "{"):
        return Fault(scene.at, "text stands after the closing bracket", "Take it out, or put the whole text in quotes.")
    told = _IN_A_BLOCK.get(scene.found)
    return Fault(scene.at, *told) if told else None


def _beginning(scene: _Scene) -> Fault | None:
    sign = scene.sign(scene.since)
    if not sign or sign not in _SIGNS or "directive" in scene.context:
        return None
    return Fault(scene.since, f"a text without quotes cannot begin with {sign!r}", "Put the text in quotes.")


def _rest(scene: _Scene) -> Fault | None:
    told = next((said for words, said in _REST.items() if words in scene.problem), None)
    return Fault(scene.at, *told) if told else None


def _spot(mark: yaml.Mark | None) -> Spot:
    return Spot(mark.line, mark.column, mark.index) if mark is not None else Spot(0, 0, 0)


def _is_quoted(token: yaml.Token) -> bool:
    return isinstance(token, yaml.ScalarToken) and token.style in ("'", '"')


_UNCLOSED_QUOTE = ("the quote that opens here is not closed", "Write the closing quote where the text ends.")
_NO_KEY = ("this line has no key and colon, as the lines of its block have", "Write it as key: value.")
_INDENT = (
    "this line does not begin where the lines of its block begin",
    "Indent it like the other lines of its block; a text of several lines needs quotes.",
)
_IN_A_BLOCK = {
    "<block mapping start>": _INDENT,
    "<block sequence start>": _INDENT,
    "-": ("a list item stands here among lines of key: value", "Indent it under its key, or take the dash out."),
    "?": ("a key stands here among list items", "Indent it under the item it belongs to, or begin it with a dash."),
    ",": ("a comma stands here outside brackets", "Write a list as [one, two], or put the whole text in quotes."),
}
_REST = {
    "sequence entries": (
        "a list item begins inside this line",
        "Begin each item in a line of its own, or write [one, two].",
    ),
    "escape": (
        "a backslash in double quotes begins an escape that YAML does not have",
        "Write the backslash twice, or use single quotes.",
    ),
    "another document": ("a second document (---) begins here", "Keep one document in a file."),
    "node content": ("a value is missing here", "Write one, in quotes if it begins with a sign."),
}
_KNOWN: tuple[Callable[[_Scene], Fault | None], ...] = (
    _tab,
    _quote,
    _bracket,
    _after_quote,
    _between_brackets,
    _beginning,
    _colon,
    _key,
    _block,
    _rest,
)
