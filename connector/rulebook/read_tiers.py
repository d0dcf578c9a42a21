"""Reading tier schemes: closed whole-number bands from 1 to an open end, without gap or overlap.

A fault names a client whom it would hit, because that is what tells `11-50, 51-200` from `11-50, 50-200`.
"""

from connector.rulebook import kinds
from connector.rulebook.read_bands import Bands, read_band, unbroken
from connector.rulebook.sources import Sources
from connector.rulebook.spec import TierScheme


def _who(count: int) -> str:
    return f"a client with {count} employee{'' if count == 1 else 's'}"


_CALLED = Bands(
    "tier", "headcount", _who, kinds.TIER_BAND, kinds.TIER_START, kinds.TIER_OVERLAP, kinds.TIER_GAP, kinds.TIER_OPEN
)


def read_tiers(sources: Sources) -> dict[str, TierScheme]:
    """The schemes that are sound, by name; faults of the others are noted."""
    schemes: dict[str, TierScheme] = {}
    for section in sources.of("tiers"):
        reader, root = section.reader, section.root
        entries = reader.mapping(root, "a tier list", required=("tiers", "bands")) or {}
        name = reader.text(entries.get("tiers"), "tiers")
        nodes = reader.items(entries.get("bands"), "bands")
        bands = [read_band(node, _CALLED, reader) for node in nodes]
        if "bands" in entries and not nodes:
            reader.fault(entries["bands"], "the list has no tier", kinds.TIER_START.remedy, kinds.TIER_START)
        read = tuple(band for band in bands if band is not None)
        sound = bool(read) and len(read) == len(bands) and unbroken(read, nodes, _CALLED, reader)
        place = root.key_places["tiers"]
        if name in schemes:
            message = f"tiers {name!r} are declared at {schemes[name].place} already"
            reader.fault(place, message, kinds.SECTION_TWICE.remedy, kinds.SECTION_TWICE)
        elif name is not None and sound:
            schemes[name] = TierScheme(name, read, place)
    return schemes
