"""A sheet's part taken apart: what stands before its rows, the rows in pieces, what stands after them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connector.intake.archive import Archive
from connector.intake.repair.located import Node, UnfamiliarError, parse

_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData(?:\s[^>]*?)?(/?)>")
_LONGEST_HEAD = 64 * 2**20


@dataclass(frozen=True)
class Frame:
    """A sheet without its rows.

    Attributes:
        prefix: of its elements, with the colon.
        data: its bytes, with an empty element where the rows are.
        root: its tree.
        rows_at: where that element stands.
        open_tag: what opens the rows in the part itself.
    """

    prefix: bytes
    data: bytes
    root: Node
    rows_at: Node
    open_tag: bytes

    @property
    def root_tag(self) -> bytes:
        """The start tag of the sheet."""
        return self.data[self.root.start : self.root.opened]


def frame_of(archive: Archive, part: str) -> Frame:
    """The sheet without its rows.

    Raises:
        UnfamiliarError: it has no shape that is known.
    """
    split = Split(archive.unpack(part))
    for _ in split.rows():
        pass
    if split.tail is None:
        raise UnfamiliarError("its rows have no end")
    data = split.head + b"<%bsheetData/>" % split.prefix + split.tail
    root = parse(data, "it")
    rows_at = root.named("sheetData")
    if root.name != "worksheet" or len(rows_at) != 1 or rows_at[0].start != len(split.head):
        raise UnfamiliarError("it has an unfamiliar shape")
    return Frame(split.prefix, data, root, rows_at[0], split.open_tag)


class Split:
    """A sheet's part read in pieces: what stands before the rows, the rows, what stands after them."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.head, self.prefix, self.open_tag = b"", b"", b""
        self.tail: bytes | None = None

    def rows(self) -> Iterator[bytes]:
        """The bytes between the tags of the rows; once they are through, `tail` is set."""
        text = b""
        opened = None
        for piece in self._pieces:
            text += piece
            opened = _DATA.search(text)
            if opened or len(text) > _LONGEST_HEAD:
                break
        if opened is None:
            raise UnfamiliarError("it has no rows where they belong")
        self.head, self.prefix = text[: opened.start()], opened[1]
        if opened[2]:
            self.open_tag = opened[0][:-2].rstrip() + b">"
            self.tail = b"".join((text[opened.end() :], *self._pieces))
            return
        self.open_tag = opened[0]
        end = b"</" + self.prefix + b"sheetData"
        text = text[opened.end() :]
        while True:
            at = text.find(end)
            if at >= 0:
                close = text.find(b">", at)
                while close < 0:
                    more = next(self._pieces, None)
                    if more is None:
                        return
                    text += more
                    close = text.find(b">", at)
                yield text[:at]
                self.tail = b"".join((text[close + 1 :], *self._pieces))
                return
            keep = len(end)
            yield text[:-keep] if len(text) > keep else b""
            more = next(self._pieces, None)
            if more is None:
                return
            text = (text[-keep:] if len(text) > keep else text) + more
