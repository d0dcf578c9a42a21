"""From the bytes of a YAML file to a tree with places, or to problems with places.

Only this file reads with PyYAML; `syntax` puts its complaints into plain words.
"""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

import yaml
from yaml.reader import ReaderError

from connector.declared.nodes import ListNode, MapNode, Node, ScalarNode
from connector.declared.syntax import Spot, explained
from connector.domain.places import Line
from connector.domain.problems import Kind, Problem, Severity

_LARGEST_BYTES = 2_000_000
_DEEPEST = 40
_TOO_DEEP, _TOO_DEEP_REMEDY = "nested too deeply", f"Nest at most {_DEEPEST} levels."
_TAGGED = re.compile(r"(&\S+\s+)?!")
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|(0|[1-9][0-9]*)(\.[0-9]+)?")
WORDS_OF_YAML = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false", "null", "~"})
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

SYNTAX = Kind("yaml-syntax", "The file is not the YAML that is read here", "Mend the line named.", scope="rulebook")
DUPLICATE = Kind("yaml-duplicate-key", "A key stands twice in one mapping", "Keep one of the two.", scope="rulebook")
UNREADABLE = Kind(
    "yaml-unreadable",
    "The file cannot be read",
    "Check that it exists, is UTF-8 and is yours to read.",
    scope="rulebook",
)
UNKNOWN_KEY = Kind(
    "yaml-unknown-key", "A key that nothing reads", "Mend its spelling, or take it out.", scope="rulebook"
)
MISSING_KEY = Kind(
    "yaml-missing-key", "A key that must be declared is absent", "Declare it; nothing is assumed.", scope="rulebook"
)
VALUE = Kind("yaml-value", "A value is not of the form its key needs", "Write it in the form named.", scope="rulebook")
KINDS: tuple[Kind, ...] = (SYNTAX, DUPLICATE, UNREADABLE, UNKNOWN_KEY, MISSING_KEY, VALUE)


class _RefusedError(Exception):
    """A construct that is not read here, with its place."""

    def __init__(self, mark: yaml.Mark | Spot, message: str, next_step: str) -> None:
        super().__init__(message)
        self.mark, self.next_step = mark, next_step


class _Loader(yaml.SafeLoader):
    """PyYAML's loader, which remembers what it has read so that a fault can be told where it began."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.taken: list[yaml.Token] = []

    def get_token(self) -> yaml.Token:
        token: yaml.Token = super().get_token()  # type: ignore[no-untyped-call]
        self.taken.append(token)
        return token


def read_yaml(path: Path, label: str) -> tuple[Node | None, str, tuple[Problem, ...]]:
    """Read one file.

    Args:
        path: the file.
        label: how places name it, such as `rules/billing.yaml`.

    Returns:
        the tree (None when there are problems or the file is empty), the file's text, and the problems.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        return None, "", (_unreadable(label, f"{label} cannot be read: {reason}"),)
    if len(data) > _LARGEST_BYTES:
        return None, "", (_unreadable(label, f"{label} is larger than {_LARGEST_BYTES:,} bytes"),)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, "", (_unreadable(label, f"{label} is not UTF-8 (byte {error.start + 1})"),)
    node, problems = parse_yaml(text, label)
    return node, text, problems


@lru_cache(maxsize=32)
def parse_yaml(text: str, label: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The tree of one YAML text, or its problems. An empty text is `(None, ())`.

    The same text under the same label is parsed once: mappings and books both read every file of their folder. The tree
    is shared by whoever asks, and nobody changes it.
    """
    duplicates: list[Problem] = []
    try:
        root = _composed(text)
        node = None if root is None else _Builder(text, label, duplicates).build(root, 0)
    except _RefusedError as refused:
        return None, (_at(refused.mark, text, label, SYNTAX, str(refused), refused.next_step),)
    except ReaderError as error:
        message = f"not YAML: the character U+{error.character:04X} cannot stand in a text"
        place = _place_of(error.position, text, label)
        return None, (Problem(SYNTAX.code, SYNTAX.severity, place, message, "Take the character out."),)
    except RecursionError:
        return None, (_at(None, text, label, SYNTAX, _TOO_DEEP, _TOO_DEEP_REMEDY),)
    return (None, tuple(duplicates)) if duplicates else (node, ())


def with_value(text: str, node: ScalarNode, value: str) -> str:
    """The text of a file with another value in the place of one of its values; all around it stays as it is.

    Args:
        text: the file's text, which was read without a problem.
        node: the value as it was read from just that text.
        value: the new one. It is quoted where the old one was, or where it would mean something else without.
    """
    at = (node.place.line - 1, node.place.column - 1)
    tokens = yaml.scan(text, Loader=yaml.SafeLoader)
    token = next(one for one in tokens if isinstance(one, yaml.ScalarToken) and _begins(one) == at)
    bare = not node.quoted and _BARE.fullmatch(value) is not None and value.lower() not in WORDS_OF_YAML
    written = value if bare else json.dumps(value, ensure_ascii=False)
    start, end = token.start_mark.index, token.end_mark.index
    after = "\n" if text[start:end].endswith("\n") else ""  # a block of lines ends with its last line
    return f"{text[:start]}{written}{after}{text[end:]}"


def _begins(token: yaml.ScalarToken) -> tuple[int, int]:
    return token.start_mark.line, token.start_mark.column


def _composed(text: str) -> yaml.Node | None:
    """PyYAML's tree. It converts some numbers unchecked: those beyond range are refused where its scanner stands."""
    loader = _Loader(text)
    try:
        root: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        fault = explained(error, text, [*loader.taken, *loader.tokens])
        raise _RefusedError(fault.at, fault.message, fault.next_step) from error
    except (ValueError, OverflowError) as error:
        message = "an escape or a number beyond every range"
        raise _RefusedError(loader.get_mark(), message, SYNTAX.remedy) from error
    finally:
        loader.dispose()
    return root


class _Builder:
    """Turns PyYAML's composed nodes into ours, collecting duplicate keys."""

    def __init__(self, text: str, label: str, duplicates: list[Problem]) -> None:
        self.text, self.label, self.duplicates = text, label, duplicates
        self.seen: set[int] = set()

    def build(self, node: yaml.Node, depth: int) -> Node:
        place = Line(self.label, node.start_mark.line + 1, node.start_mark.column + 1)
        self._check(node, depth)
        if isinstance(node, yaml.ScalarNode):
            return ScalarNode(node.value, node.style is not None, place)
        if isinstance(node, yaml.SequenceNode):
            return ListNode(tuple(self.build(item, depth + 1) for item in node.value), place)
        entries: dict[str, Node] = {}
        places: dict[str, Line] = {}
        for key, value in node.value:
            name = self._key(key, depth + 1)
            here = Line(self.label, key.start_mark.line + 1, key.start_mark.column + 1)
            if name in entries:
                message = f"the key {name!r} stands here again; it stood first in line {places[name].line}"
                self.duplicates.append(_at(key.start_mark, self.text, self.label, DUPLICATE, message, DUPLICATE.remedy))
                continue
            entries[name] = self.build(value, depth + 1)
            places[name] = here
        return MapNode(entries, places, place)

    def _check(self, node: yaml.Node, depth: int) -> None:
        if depth > _DEEPEST:
            self._refuse(node, _TOO_DEEP, _TOO_DEEP_REMEDY)
        if id(node) in self.seen:
            self._refuse(node, "an alias (*name) repeats another part of the file", "Write the part out.")
        self.seen.add(id(node))
        if _TAGGED.match(self.text, node.start_mark.index):
            self._refuse(node, "a tag (!name) has no meaning here", "Take the tag out.")
        if isinstance(node, yaml.ScalarNode) and _HALF_CHARACTER.search(node.value):
            self._refuse(node, "an escape (\\u) stands for half a character", "Write the character itself.")

    def _key(self, key: yaml.Node, depth: int) -> str:
        self._check(key, depth)
        if not isinstance(key, yaml.ScalarNode):
            self._refuse(key, "a key must be one word or text", "Write the key as plain text.")
        if key.value == "<<" and key.style is None:
            self._refuse(key, "a merge (<<) hides where a value comes from", "Write the values out.")
        return str(key.value)

    def _refuse(self, node: yaml.Node, message: str, next_step: str) -> NoReturn:
        raise _RefusedError(node.start_mark, message, next_step)


def _unreadable(label: str, message: str) -> Problem:
    return Problem(UNREADABLE.code, Severity.ERROR, Line(label), message, UNREADABLE.remedy)


def _place_of(position: int, text: str, label: str) -> Line:
    before = text[:position]
    return Line(label, before.count("\n") + 1, position - before.rfind("\n"))


def _at(mark: yaml.Mark | Spot | None, text: str, label: str, kind: Kind, message: str, next_step: str) -> Problem:
    if mark is None:
        return Problem(kind.code, kind.severity, Line(label), message, next_step)
    lines = text.splitlines()
    excerpt = lines[mark.line] if mark.line < len(lines) else ""
    width = max(1, len(excerpt[mark.column :].split(" ")[0])) if excerpt else 0
    place = Line(label, mark.line + 1, mark.column + 1)
    return Problem(kind.code, kind.severity, place, message, next_step, excerpt, (mark.column, width))
