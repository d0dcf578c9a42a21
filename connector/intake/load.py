"""Mapping files: read and checked with file, line and column, all faults at once. `docs/mappings.md` explains them.

The stranger's trap: a file whose top key is not `mapping:` (the books) is none of them, and is left alone.
"""

import hashlib
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import available_timezones

from connector.declared import MapNode, Node, Reader, parse_yaml, read_yaml
from connector.domain.places import Line
from connector.domain.problems import Problem
from connector.domain.words import RecordKind
from connector.intake.fields import DATE_ORDERS, FIELDS, Sort
from connector.intake.kinds import MAPPING_FIELD, MAPPING_NONE, MAPPING_TWICE, MAPPING_VALUE
from connector.intake.load_records import read_rules
from connector.intake.mapping import Mapping, Mappings
from connector.intake.words import same

TOP = "mapping"
TOP_REQUIRED = (TOP, "namespace", "records")
TOP_OPTIONAL = ("ignore_sheets", "date_order", "time_zone")
_BUILT_IN = Path(__file__).with_name("made-here.yaml")


def load_mappings(folder: Path, label: str = "mappings") -> tuple[Mappings | None, tuple[Problem, ...]]:
    """Read every `*.yaml` of the folder whose top key is `mapping:`, and the built-in one; other files are left alone.

    Args:
        folder: where they are.
        label: how places name the folder.

    Returns:
        the mappings, or None when any of them has a fault; and all faults.
    """
    items: list[Mapping] = []
    problems: list[Problem] = []
    digest = hashlib.sha256()
    claimed: dict[str, Line] = {}
    built_in = _built_in(claimed)
    for path in sorted(folder.glob("*.yaml")):
        name = f"{label}/{path.name}"
        node, text, faults = read_yaml(path, name)
        problems.extend(faults)
        if not isinstance(node, MapNode) or TOP not in node.entries:
            continue
        digest.update(f"{path.name}\0{text}\0".encode())
        mapping, faults = _checked(node, text, name, claimed, built_in.namespace)
        problems.extend(faults)
        items.extend([mapping] if mapping is not None else [])
    if not items and not problems:
        place = Line(label)
        message = f"no file in {label} declares a mapping"
        problems.append(Problem(MAPPING_NONE.code, MAPPING_NONE.severity, place, message, MAPPING_NONE.remedy))
    if problems:
        return None, tuple(sorted(problems, key=_position))
    digest.update(_BUILT_IN.read_bytes())
    return Mappings((*items, built_in), digest.hexdigest()), ()


def check_mapping(text: str, label: str) -> tuple[Problem, ...]:
    """All faults of the text of one mapping file, as if it stood alone.

    Args:
        text: YAML.
        label: how places name it.
    """
    node, faults = parse_yaml(text, label)
    if isinstance(node, MapNode):
        return tuple(sorted(_checked(node, text, label, {})[1], key=_position))
    place = Line(label)
    nothing = Problem(MAPPING_NONE.code, MAPPING_NONE.severity, place, "no mapping is declared", MAPPING_NONE.remedy)
    return faults or (nothing,)


def _built_in(claimed: dict[str, Line]) -> Mapping:
    """The mapping of what was made here.

    Raises:
        RuntimeError: it has faults, a defect of the program.
    """
    name = f"built-in/{_BUILT_IN.name}"
    node, text, faults = read_yaml(_BUILT_IN, name)
    mapping, more = _checked(node, text, name, claimed) if isinstance(node, MapNode) else (None, ())
    if mapping is None or faults or more:
        message = f"the mapping {name} has faults: {[*faults, *more]}"
        raise RuntimeError(message)
    return replace(mapping, built_in=True)


def _checked(
    node: MapNode, text: str, name: str, claimed: dict[str, Line], taken: str = ""
) -> tuple[Mapping | None, tuple[Problem, ...]]:
    """One mapping and its faults; `claimed` gathers all fingerprints, and the namespace `taken` is not for this one."""
    reader = Reader(text)
    mapping = _mapping(reader, node, name)
    if mapping is not None and taken and mapping.namespace == taken:
        message = f"the namespace {taken} is that of clients made by the page"
        reader.fault(node.entries["namespace"], message, "Give these client ids another namespace.", MAPPING_TWICE)
    for rules in mapping.records if mapping is not None else ():
        for value, place in rules.fingerprints.items():
            first = claimed.setdefault(value, place)
            if first != place:
                message = f"the fingerprint {value} is claimed here and in {first}"
                reader.fault(place, message, "Leave it with one of the two.", MAPPING_TWICE)
    return mapping, tuple(reader.problems)


def _position(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.file, place.line, place.column) if isinstance(place, Line) else (place.file, 0, 0)


def _mapping(reader: Reader, node: MapNode, label: str) -> Mapping | None:
    entries = reader.mapping(node, "the mapping", TOP_REQUIRED, TOP_OPTIONAL)
    if entries is None:
        return None
    name = reader.text(entries.get(TOP), "the mapping's name") or ""
    namespace = reader.text(entries.get("namespace"), "the namespace") or ""
    ignored = reader.choices(entries.get("ignore_sheets"), "ignore_sheets")
    orders = _date_order(reader, entries.get("date_order"))
    parts = reader.mapping(entries.get("records"), "records", (), tuple(RecordKind)) or {}
    known = {kind.value: kind for kind in RecordKind}
    records = tuple(read_rules(reader, known[key], part) for key, part in parts.items() if key in known)
    zone = _time_zone(reader, entries.get("time_zone"))
    return Mapping(name, namespace, frozenset(map(same, ignored)), orders, records, Line(label), zone)


def _time_zone(reader: Reader, node: Node | None) -> str:
    name = reader.text(node, "time_zone") or ""
    if node is not None and name and name not in available_timezones():
        near = get_close_matches(name, available_timezones(), 1)
        hint = f"Did you mean {near[0]}?" if near else "Write an IANA name such as Europe/London."
        reader.fault(node, f"{name!r} is no time zone", hint, MAPPING_VALUE)
    return name


def _date_order(reader: Reader, node: Node | None) -> dict[str, str]:
    if not isinstance(node, MapNode):
        order = reader.choice(node, "date_order", DATE_ORDERS)
        return {"": order} if order else {}
    dates = {field.name for fields in FIELDS.values() for field in fields.values() if field.sort is Sort.DATE}
    found = {}
    for name, value in node.entries.items():
        if name not in dates:
            hint = f"Dates are {', '.join(sorted(dates))}."
            reader.fault(node.key_places[name], f"{name!r} is no date field", hint, MAPPING_FIELD)
        elif order := reader.choice(value, f"the date order of {name}", DATE_ORDERS):
            found[name] = order
    return found
