"""Reading closed whole-number bands: `1`, `2-10`, `10001+`; and whether a list of them leaves nothing out.

A fault names the number that would be hit, because that is what tells `11-50, 51-200` from `11-50, 50-200`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from connector.declared import Node, Reader, ScalarNode
from connector.domain.employees import LARGEST_COUNT
from connector.domain.problems import Kind
from connector.rulebook.spec import Band

_BAND = re.compile(r"([1-9][0-9]*)(?:(\+)|-([1-9][0-9]*))?")
_MOST_DIGITS = 20  # Python refuses to convert a text of thousands of digits


@dataclass(frozen=True)
class Bands:
    """What a list of bands is called, and which kind each of its faults is.

    Attributes:
        noun: one of them: `tier`.
        number: what is counted: `headcount`.
        who: a number in words: `a client with 5 employees`.
        band, start, overlap, gap, open_end: the kinds of faults.
    """

    noun: str
    number: str
    who: Callable[[int], str]
    band: Kind
    start: Kind
    overlap: Kind
    gap: Kind
    open_end: Kind


def read_band(node: Node, called: Bands, reader: Reader) -> Band | None:
    """One band; None when it is faulty, which is noted."""
    noun, kind = called.noun, called.band
    match = _BAND.fullmatch(node.text) if isinstance(node, ScalarNode) else None
    if match is None or max(len(match[1]), len(match[3] or "")) > _MOST_DIGITS:
        shown = repr(node.text) if isinstance(node, ScalarNode) else "no single value"
        reader.fault(node, f"a {noun} is {shown}", 'Write "1", "2-10" or "10001+".', kind)
        return None
    low = int(match[1])
    high = None if match[2] else int(match[3] or low)
    if high is not None and high < low:
        reader.fault(node, f"{noun} {match[0]} ends before it starts", f"Write {high}-{low}.", kind)
        return None
    if max(low, high or 0) > LARGEST_COUNT:
        step = f"Stay at or below {LARGEST_COUNT}."
        reader.fault(node, f"{noun} {match[0]} lies beyond the largest {called.number}", step, kind)
        return None
    return Band(low, high, node.place)


def unbroken(bands: Sequence[Band], nodes: Sequence[Node], called: Bands, reader: Reader) -> bool:
    """Whether the bands go from 1 to an open end without gap or overlap; if not, it is noted.

    Args:
        bands: at least one, in the order written.
        nodes: where each stands.
        called: what they are called.
        reader: of the file.
    """
    before = len(reader.problems)
    who, noun = called.who, called.noun
    if bands[0].low != 1:
        _fault(reader, nodes[0], f"{who(1)} is in no {noun}: the first is {bands[0].label}", called.start)
    for node, (left, right) in zip(nodes[1:], pairwise(bands), strict=True):
        if left.high is None or right.low <= left.high:
            message = f"{who(right.low)} is in two {noun}s: {left.label} and {right.label}"
            _fault(reader, node, message, called.overlap)
        elif right.low > left.high + 1:
            message = f"{who(left.high + 1)} is in no {noun}: between {left.label} and {right.label}"
            _fault(reader, node, message, called.gap)
    if bands[-1].high is not None:
        message = f"{who(bands[-1].high + 1)} is in no {noun}: the last is {bands[-1].label}"
        _fault(reader, nodes[-1], message, called.open_end)
    return len(reader.problems) == before


def _fault(reader: Reader, node: Node, message: str, kind: Kind) -> None:
    reader.fault(node, message, kind.remedy, kind)
