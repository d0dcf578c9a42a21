"""Mistakes made on purpose in a YAML text: a bound moved by one, a value taken out, a key misspelt or doubled.

Places come from PyYAML's own parser, not from the product's, so that a wrong place of the product's is noticed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import yaml

_DATES = ("from", "to", "effective_from", "effective_to", "bill_from")


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    Attributes:
        kind: what was done: `bound`, `price`, `rule`, `misspelt` or `doubled`.
        what: the key or value, for people.
        lines: the lines, from 1, at which a fault may be told: the mistake's own, its key's and its mapping's.
        text: the file with the mistake in it.
        written: a misspelt name as it is written then.
    """

    kind: str
    what: str
    lines: frozenset[int]
    text: str
    written: str = ""


def mutants(text: str) -> Iterator[Mutant]:
    """Every mistake of these kinds in a file."""
    yield from _within(yaml.compose(text, Loader=yaml.SafeLoader), text, (), frozenset())


def _within(node: yaml.Node | None, text: str, path: tuple[str, ...], above: frozenset[int]) -> Iterator[Mutant]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = frozenset({*_lines(key), *(_lines(node) if path else ())})
            yield from _of_key(key, value, text, frozenset({*here, *above}))
            up = above | frozenset({*_lines(key), *(_lines(node) if path else ())})  # not the file's first line
            yield from _within(value, text, (*path, key.value), up)
            if "prices" in path and isinstance(value, yaml.ScalarNode):
                yield Mutant("price", f"{path[-1]} {key.value}", here | above | _up(node), _without(key, value, text))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if path == ("rules",):
                yield Mutant("rule", _line_of(item, text), frozenset(_lines(item)), _repeated(item, text))
            yield from _within(item, text, path, above)
    elif isinstance(node, yaml.ScalarNode) and path:
        yield from _bounds(node, text, path[-1], above)


def _of_key(key: yaml.Node, value: yaml.Node, text: str, lines: frozenset[int]) -> Iterator[Mutant]:
    start, end = key.start_mark.index, key.end_mark.index
    name = text[start:end]
    wrong = _misspelt(name)
    yield Mutant("misspelt", key.value, lines, text[:start] + wrong + text[end:], wrong)
    entry = text[start : _end(value)].rstrip().rstrip(",")
    if text[key.start_mark.index - key.start_mark.column : start].strip(" -") == "":  # a line of its own
        again = " " * key.start_mark.column
        doubled = text[:start] + entry + "\n" + again + text[start:]
        added = entry.count("\n") + 1
    else:
        doubled = text[:start] + entry + ", " + text[start:]
        added = 0
    yield Mutant("doubled", key.value, frozenset(line + added for line in lines) | lines, doubled)


def _bounds(node: yaml.Node, text: str, key: str, lines: frozenset[int]) -> Iterator[Mutant]:
    start, end = node.start_mark.index, node.end_mark.index
    if key == "bands":
        found = [(match.start(), match.end(), int(match[0])) for match in re.finditer(r"[0-9]+", text[start:end])]
        moved = [(low, high, str(number + step)) for low, high, number in found for step in (-1, 1)]
    elif key in _DATES and isinstance(node.value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", node.value):
        day = date.fromisoformat(node.value)
        moved = [(0, end - start, str(day + timedelta(days=step))) for step in (-1, 1)]
    else:
        return
    for low, high, other in moved:
        own = text[:start] + text[start + 0 : start + low] + other + text[start + high :]
        yield Mutant("bound", f"{key} {node.value} -> {other}", lines | frozenset(_lines(node)), own)


def _without(key: yaml.Node, value: yaml.Node, text: str) -> str:
    start, end = key.start_mark.index, value.end_mark.index
    if text[start - key.start_mark.column : start].strip() == "":
        return text[: start - key.start_mark.column] + text[text.find("\n", end) + 1 :]
    rest = text[end:]
    if rest.startswith(", "):
        return text[:start] + rest[2:]
    return text[:start].rstrip().rstrip(",") + rest


def _repeated(item: yaml.Node, text: str) -> str:
    start = text.rfind("\n", 0, item.start_mark.index) + 1
    end = _end(item)
    block = text[start:end].rstrip() + "\n"
    return text[:start] + block + text[start:]


def _end(node: yaml.Node) -> int:
    """Where the last value below a node ends: PyYAML ends a block at the next token, comments included."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _misspelt(name: str) -> str:
    """Two neighbouring letters changed for one another; a sign more where they are all alike."""
    for at in range(len(name) - 2, -1, -1):
        if name[at] != name[at + 1] and name[at].isalnum() and name[at + 1].isalnum():
            return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:-1] + "9" + name[-1] if name.endswith('"') else name + "x"


def _lines(node: yaml.Node) -> set[int]:
    return {node.start_mark.line + 1}


def _up(node: yaml.Node) -> frozenset[int]:
    return frozenset({node.start_mark.line, node.start_mark.line + 1})


def _line_of(node: yaml.Node, text: str) -> str:
    return text.splitlines()[node.start_mark.line].strip()
