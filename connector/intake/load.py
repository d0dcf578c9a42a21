"""Mapping files: read and checked with file, line and column, all faults at once. `mappings/workbook.yaml` shows them.

The stranger's trap: a field needs a column *or* a constant; synonyms are compared without case, spaces and punctuation.
"""

import hashlib
from collections.abc import Mapping as Table
from pathlib import Path

from connector.declared import ListNode, MapNode, Node, Reader, ScalarNode, read_yaml
from connector.domain.places import Line
from connector.domain.problems import Problem
from connector.domain.words import RecordKind
from connector.intake.fields import FIELDS, NEEDED, Sort
from connector.intake.kinds import MAPPING_FIELD, MAPPING_NONE, MAPPING_REQUIRED, MAPPING_TWICE, MAPPING_VALUE
from connector.intake.mapping import Mapping, Mappings, RecordRules
from connector.intake.words import same

_ORDERS = ("day_first", "month_first")
_TOP = "mapping"
_OPEN_SORTS = {Sort.COUNTRY, Sort.CURRENCY, Sort.IDENTIFIER}


def load_mappings(folder: Path, label: str = "mappings") -> tuple[Mappings | None, tuple[Problem, ...]]:
    """Read every `*.yaml` of the folder whose top key is `mapping:`; other files are left alone.

    Args:
        folder: where they are.
        label: how places name the folder.

    Returns:
        the mappings, or None when any of them has a fault; and all faults.
    """
    items: list[Mapping] = []
    problems: list[Problem] = []
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.yaml")):
        name = f"{label}/{path.name}"
        node, text, faults = read_yaml(path, name)
        problems.extend(faults)
        if not isinstance(node, MapNode) or _TOP not in node.entries:
            continue
        digest.update(f"{path.name}\0{text}\0".encode())
        reader = Reader(text)
        mapping = _mapping(reader, node, name)
        problems.extend(reader.problems)
        if mapping is not None:
            items.append(mapping)
    if not items and not problems:
        place = Line(label)
        message = f"no file in {label} declares a mapping"
        problems.append(Problem(MAPPING_NONE.code, MAPPING_NONE.severity, place, message, MAPPING_NONE.remedy))
    if problems:
        return None, tuple(sorted(problems, key=_position))
    return Mappings(tuple(items), digest.hexdigest()), ()


def _position(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.file, place.line, place.column) if isinstance(place, Line) else (place.file, 0, 0)


def _mapping(reader: Reader, node: MapNode, label: str) -> Mapping | None:
    entries = reader.mapping(node, "the mapping", (_TOP, "namespace", "records"), ("ignore_sheets", "date_order"))
    if entries is None:
        return None
    name = reader.text(entries.get(_TOP), "the mapping's name") or ""
    namespace = reader.text(entries.get("namespace"), "the namespace") or ""
    ignored = reader.choices(entries.get("ignore_sheets"), "ignore_sheets")
    orders = _date_order(reader, entries.get("date_order"))
    parts = reader.mapping(entries.get("records"), "records", (), tuple(RecordKind)) or {}
    known = {kind.value: kind for kind in RecordKind}
    records = tuple(_records(reader, known[key], part) for key, part in parts.items() if key in known)
    return Mapping(name, namespace, frozenset(map(same, ignored)), orders, records, Line(label))


def _date_order(reader: Reader, node: Node | None) -> dict[str, str]:
    if not isinstance(node, MapNode):
        order = reader.choice(node, "date_order", _ORDERS)
        return {"": order} if order else {}
    dates = {field.name for fields in FIELDS.values() for field in fields.values() if field.sort is Sort.DATE}
    found = {}
    for name, value in node.entries.items():
        if name not in dates:
            hint = f"Dates are {', '.join(sorted(dates))}."
            reader.fault(node.key_places[name], f"{name!r} is no date field", hint, MAPPING_FIELD)
        elif order := reader.choice(value, f"the date order of {name}", _ORDERS):
            found[name] = order
    return found


def _records(reader: Reader, kind: RecordKind, node: Node) -> RecordRules:
    entries = reader.mapping(node, kind.value, ("columns",), ("required", "values", "constants")) or {}
    headers, weak, titles = _columns(reader, kind, entries.get("columns"))
    values = _values(reader, kind, entries.get("values"))
    constants = _constants(reader, kind, entries.get("constants"), values)
    needed = (*NEEDED[kind], *_required(reader, kind, entries.get("required")))
    for group in dict.fromkeys(needed):
        if not any(field in titles or field in constants for field in group):
            names = " or ".join(group)
            message = f"{kind.value} need {names}, but there is neither a column nor a constant for it"
            reader.fault(node, message, f"Add {group[0]}: [its headers] under columns.", MAPPING_REQUIRED)
    return RecordRules(
        kind, headers, frozenset(weak), titles, tuple(dict.fromkeys(needed)), values, constants, node.place
    )


def _columns(reader: Reader, kind: RecordKind, node: Node | None) -> tuple[dict[str, str], set[str], dict[str, str]]:
    """Headers → fields, which of them are weak (a list within the list), and each field's first header."""
    headers: dict[str, str] = {}
    weak: set[str] = set()
    titles: dict[str, str] = {}
    for field, names in _fields(reader, kind, node, "columns").items():
        for item in names.items if isinstance(names, ListNode) else (names,):
            known = reader.choices(item, f"the headers of {field}")
            titles.update({field: known[0]} if known and field not in titles else {})
            weak.update(map(same, known) if isinstance(item, ListNode) else ())
            for text in _texts(item):
                spelling = same(text.text)
                if headers.setdefault(spelling, field) != field:
                    message = f"the header {text.text!r} is claimed by {headers[spelling]} and by {field}"
                    reader.fault(text, message, MAPPING_TWICE.remedy, MAPPING_TWICE)
    return headers, weak, titles


def _values(reader: Reader, kind: RecordKind, node: Node | None) -> dict[str, Table[str, str]]:
    found: dict[str, Table[str, str]] = {}
    for name, words in _fields(reader, kind, node, "values").items():
        field = FIELDS[kind][name]
        if field.sort is not Sort.WORD and field.sort not in _OPEN_SORTS:
            hint = "Values are mapped for words, countries, currencies and identifiers."
            reader.fault(words, f"the values of {name} are not words", hint, MAPPING_FIELD)
            continue
        table = {same(word): word for word in field.words}
        for value, synonyms in (reader.mapping(words, f"the values of {name}", open_keys=True) or {}).items():
            if field.words and value not in field.words:
                place = words.key_places[value] if isinstance(words, MapNode) else words.place
                hint = f"Write one of: {', '.join(field.words)}."
                reader.fault(place, f"{name} has no value {value!r}", hint, MAPPING_VALUE)
                continue
            reader.choices(synonyms, f"the words for {value}")
            for text in _texts(synonyms):
                if table.setdefault(same(text.text), value) != value:
                    message = f"{text.text!r} is claimed by {table[same(text.text)]} and by {value}"
                    reader.fault(text, message, MAPPING_TWICE.remedy, MAPPING_TWICE)
        found[name] = table
    for name, field in FIELDS[kind].items():
        if field.words:
            found.setdefault(name, {same(word): word for word in field.words})
    return found


def _constants(
    reader: Reader, kind: RecordKind, node: Node | None, values: Table[str, Table[str, str]]
) -> dict[str, str]:
    found = {}
    for name, value in _fields(reader, kind, node, "constants").items():
        text = reader.text(value, f"the constant of {name}")
        words = FIELDS[kind][name].words
        if text is not None and words and same(text) not in values[name]:
            hint = f"Write one of: {', '.join(words)}."
            reader.fault(value, f"{name} has no value {text!r}", hint, MAPPING_VALUE)
        elif text is not None:
            found[name] = text
    return found


def _required(reader: Reader, kind: RecordKind, node: Node | None) -> tuple[tuple[str, ...], ...]:
    """More needed fields; an item that is itself a list needs one of its fields."""
    groups = []
    for item in reader.items(node, "required"):
        for text in _texts(item):
            if text.text not in FIELDS[kind]:
                _unknown(reader, kind, text, text.text)
        group = tuple(text.text for text in _texts(item) if text.text in FIELDS[kind])
        if group:
            groups.append(group)
    return tuple(groups)


def _fields(reader: Reader, kind: RecordKind, node: Node | None, what: str) -> dict[str, Node]:
    entries = reader.mapping(node, what, open_keys=True) or {}
    for name in entries:
        if name not in FIELDS[kind] and isinstance(node, MapNode):
            _unknown(reader, kind, node.key_places[name], name)
    return {name: value for name, value in entries.items() if name in FIELDS[kind]}


def _unknown(reader: Reader, kind: RecordKind, at: Node | Line, name: str) -> None:
    hint = f"Known for {kind.value}: {', '.join(FIELDS[kind])}."
    reader.fault(at, f"{kind.value} have no field {name!r}", hint, MAPPING_FIELD)


def _texts(node: Node) -> tuple[ScalarNode, ...]:
    nodes = node.items if isinstance(node, ListNode) else (node,)
    return tuple(item for item in nodes if isinstance(item, ScalarNode))
