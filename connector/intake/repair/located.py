"""XML with byte places: a part is read as a tree whose nodes know where they stand, so that it can be edited in place.

Nothing is ever written out from the tree: an edit replaces bytes, and all bytes around it stay as they were.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

_ATTRIBUTES = rb"""(?:\s+[^\s=<>/"']+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*"""
_START_TAG = re.compile(rb"<[^\s<>/=]+" + _ATTRIBUTES + rb"\s*(/?)>")
_ENCODINGS = {"", "utf-8", "us-ascii", "ascii", "iso-8859-1", "windows-1252"}
_DECLARED = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?\bencoding\s*=\s*["']([^"']*)["']""")


class UnfamiliarError(Exception):
    """A part, or a sheet of it, has a shape that cannot be patched safely. It stays as it is."""


@dataclass
class Node:
    """One element.

    Attributes:
        name, prefix, uri: its local name, its prefix with the colon (or ""), and its namespace.
        attributes: by their qualified names.
        start, opened, closing, end: where its start tag begins and ends, and its end tag begins and ends; the start tag
            of an empty element `<a/>` is all there is.
        empty: whether it is such an element.
        spaces: prefix → namespace, as declared here and above.
        text: the text directly in it, when it has no children.
    """

    name: str
    prefix: str
    uri: str
    attributes: Mapping[str, str]
    start: int
    opened: int
    empty: bool
    spaces: Mapping[str, str]
    closing: int = 0
    end: int = 0
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def named(self, *names: str) -> list["Node"]:
        """The children of these local names in the node's own namespace."""
        return [child for child in self.children if child.name in names and child.uri == self.uri]

    def all(self) -> Iterator["Node"]:
        """The node and everything below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children)

    def prefix_of(self, *uris: str) -> str | None:
        """The prefix, with its colon, that stands here for one of these namespaces; None when none does."""
        return next((f"{prefix}:" for prefix, uri in self.spaces.items() if prefix and uri in uris), None)


@dataclass(frozen=True)
class Edit:
    """Bytes to stand in the place of others; nothing replaced where start and end are the same."""

    start: int
    end: int
    new: bytes


def parse(data: bytes, part: str) -> Node:
    """The root of a part.

    Raises:
        UnfamiliarError: it is not well formed, or in an encoding in which bytes cannot be edited.
    """
    declared = _DECLARED.match(data)
    if (declared[1].decode("latin-1").lower() if declared else "") not in _ENCODINGS or data[:2] in {
        b"\xff\xfe",
        b"\xfe\xff",
    }:
        raise UnfamiliarError(f"{part} is in an encoding that is not UTF-8")
    builder = _Builder(data, part)
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: builder.open(name, attributes, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda _name: builder.close(parser.CurrentByteIndex)
    parser.CharacterDataHandler = builder.say
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(data, True)  # noqa: FBT003  (the library takes no name for it)
    except expat.ExpatError as error:
        raise UnfamiliarError(f"{part} is not well formed") from error
    return builder.roots[0]


class _Builder:
    """Collects the nodes while the part is read."""

    def __init__(self, data: bytes, part: str) -> None:
        self.data, self.part = data, part
        self.roots: list[Node] = []
        self.stack: list[Node] = []

    def open(self, name: str, attributes: dict[str, str], start: int) -> None:
        tag = _START_TAG.match(self.data, start)
        if tag is None:
            raise UnfamiliarError(f"{self.part} has an unfamiliar tag")
        above = self.stack[-1].spaces if self.stack else {}
        declared = {key.partition(":")[2]: value for key, value in attributes.items() if key.split(":")[0] == "xmlns"}
        prefix, _, local = name.rpartition(":")
        spaces = {**above, **declared} if declared else above
        node = Node(
            local,
            f"{prefix}:" if prefix else "",
            spaces.get(prefix, ""),
            attributes,
            start,
            tag.end(),
            bool(tag[1]),
            spaces,
        )
        (self.stack[-1].children if self.stack else self.roots).append(node)
        self.stack.append(node)

    def close(self, position: int) -> None:
        node = self.stack.pop()
        node.closing = node.end = node.opened
        if not node.empty:
            node.closing = position
            node.end = self.data.index(b">", position) + 1

    def say(self, text: str) -> None:
        if self.stack and not self.stack[-1].children:
            self.stack[-1].text += text

    def refuse(self, *_: object) -> None:
        raise UnfamiliarError(f"{self.part} declares a document type")


def appended(data: bytes, node: Node, xml: bytes) -> Edit:
    """The edit that makes this the last child of the node."""
    if not node.empty:
        return Edit(node.closing, node.closing, xml)
    slash = data.rindex(b"/", node.start, node.opened)
    return Edit(slash, node.opened, b">" + xml + f"</{node.prefix}{node.name}>".encode())


def with_attribute(data: bytes, node: Node, name: str, value: str) -> Edit:
    """The edit that gives the node's attribute this value; value is plain ASCII that needs no escape."""
    tag = data[node.start : node.opened]
    found = re.search(rb"(\s" + re.escape(name.encode()) + rb"""\s*=\s*)("[^"]*"|'[^']*')""", tag)
    if found is not None:
        return Edit(node.start + found.start(2), node.start + found.end(2), f'"{value}"'.encode())
    at = node.start + 1 + len(node.prefix) + len(node.name)
    return Edit(at, at, f' {name}="{value}"'.encode())


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes with the edits in them; those at one place in the order given."""
    pieces, position = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        pieces += [data[position : edit.start], edit.new]
        position = edit.end
    pieces.append(data[position:])
    return b"".join(pieces)
