"""Reading tier schemes: closed whole-number bands from 1 to an open end, without gap or overlap.

A fault names a client whom it would hit, because that is what tells `11-50, 51-200` from `11-50, 50-200`.
"""

import re
from itertools import pairwise

from connector.declared import Node, Reader, ScalarNode
from connector.domain.employees import LARGEST_COUNT
from connector.domain.problems import Kind
from connector.rulebook import kinds
from connector.rulebook.sources import Sources
from connector.rulebook.spec import Band, TierScheme

_BAND = re.compile(r"([1-9][0-9]*)(?:(\+)|-([1-9][0-9]*))?")


def read_tiers(sources: Sources) -> dict[str, TierScheme]:
    """The schemes that are sound, by name; faults of the others are noted."""
    schemes: dict[str, TierScheme] = {}
    for section in sources.of("tiers"):
        reader, root = section.reader, section.root
        entries = reader.mapping(root, "a tier list", required=("tiers", "bands")) or {}
        name = reader.text(entries.get("tiers"), "tiers")
        nodes = reader.items(entries.get("bands"), "bands")
        bands = [_band(node, reader) for node in nodes]
        if "bands" in entries and not nodes:
            reader.fault(entries["bands"], "the list has no tier", kinds.TIER_START.remedy, kinds.TIER_START)
        read = tuple(band for band in bands if band is not None)
        sound = bool(read) and len(read) == len(bands) and _whole(read, nodes, reader)
        place = root.key_places["tiers"]
        if name in schemes:
            message = f"tiers {name!r} are declared at {schemes[name].place} already"
            reader.fault(place, message, kinds.SECTION_TWICE.remedy, kinds.SECTION_TWICE)
        elif name is not None and sound:
            schemes[name] = TierScheme(name, read, place)
    return schemes


def _band(node: Node, reader: Reader) -> Band | None:
    match = _BAND.fullmatch(node.text) if isinstance(node, ScalarNode) else None
    if match is None:
        shown = repr(node.text) if isinstance(node, ScalarNode) else "no single value"
        reader.fault(node, f"a tier is {shown}", 'Write "1", "2-10" or "10001+".', kinds.TIER_BAND)
        return None
    low = int(match[1])
    high = None if match[2] else int(match[3] or low)
    if high is not None and high < low:
        reader.fault(node, f"tier {match[0]} ends before it starts", f"Write {high}-{low}.", kinds.TIER_BAND)
        return None
    if max(low, high or 0) > LARGEST_COUNT:
        step = f"Stay at or below {LARGEST_COUNT}."
        reader.fault(node, f"tier {match[0]} lies beyond the largest headcount", step, kinds.TIER_BAND)
        return None
    return Band(low, high, node.place)


def _whole(bands: tuple[Band, ...], nodes: tuple[Node, ...], reader: Reader) -> bool:
    before = len(reader.problems)
    if bands[0].low != 1:
        message = f"a client with 1 employee is in no tier: the first is {bands[0].label}"
        _fault(reader, nodes[0], message, kinds.TIER_START)
    for node, (left, right) in zip(nodes[1:], pairwise(bands), strict=True):
        if left.high is None or right.low <= left.high:
            message = f"a client with {right.low} employees is in two tiers: {left.label} and {right.label}"
            _fault(reader, node, message, kinds.TIER_OVERLAP)
        elif right.low > left.high + 1:
            count = left.high + 1
            message = f"a client with {count} employees is in no tier: between {left.label} and {right.label}"
            _fault(reader, node, message, kinds.TIER_GAP)
    if bands[-1].high is not None:
        message = f"a client with {bands[-1].high + 1} employees is in no tier: the last is {bands[-1].label}"
        _fault(reader, nodes[-1], message, kinds.TIER_OPEN)
    return len(reader.problems) == before


def _fault(reader: Reader, node: Node, message: str, kind: Kind) -> None:
    reader.fault(node, message, kind.remedy, kind)
