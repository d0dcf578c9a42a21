"""How a mapping reads one kind of record: its columns, words, constants, needed fields and sheets, checked with places.

The stranger's trap: a field needs a column *or* a constant; synonyms are compared without case, spaces and punctuation,
but the words of sizes and identifiers closely.
"""

from collections.abc import Mapping as Table

import polars as pl

from connector.declared import ListNode, MapNode, Node, Reader, ScalarNode
from connector.domain.employees import LETTER_MAPS, Size
from connector.domain.places import Line
from connector.domain.words import RecordKind
from connector.intake import kinds
from connector.intake.columns import Told, read_column
from connector.intake.fields import CLOSE, FIELDS, MAPPED, NEEDED, SIZE_SOURCES, SIZES, Field, Sort
from connector.intake.fingerprints import FINGERPRINT
from connector.intake.mapping import RecordRules
from connector.intake.values import Wrong, read_size
from connector.intake.words import closely, same

PART_OPTIONAL = ("required", "values", "constants", "fingerprints")
CLIENTS_OPTIONAL = ("size_source", "size_letters")
_NO_VALUES = "Values are mapped for words, countries, currencies, identifiers and sizes."


def read_rules(reader: Reader, kind: RecordKind, node: Node) -> RecordRules:
    """The rules of one kind of record; the reader gathers the faults."""
    further = CLIENTS_OPTIONAL if kind is RecordKind.CLIENTS else ()
    entries = reader.mapping(node, kind.value, ("columns",), (*PART_OPTIONAL, *further)) or {}
    headers, weak, titles = _columns(reader, kind, entries.get("columns"))
    values = _values(reader, kind, entries.get("values"))
    constants = _constants(reader, kind, entries.get("constants"), values)
    needed = tuple(dict.fromkeys((*NEEDED[kind], *_required(reader, kind, entries.get("required")))))
    for group in needed:
        if not any(field in titles or field in constants for field in group):
            names = " or ".join(group)
            message = f"{kind.value} need {names}, but there is neither a column nor a constant for it"
            reader.fault(node, message, f"Add {group[0]}: [its headers] under columns.", kinds.MAPPING_REQUIRED)
    return RecordRules(
        kind,
        headers,
        frozenset(weak),
        titles,
        needed,
        values,
        constants,
        node.place,
        _fingerprints(reader, entries.get("fingerprints")),
        reader.choice(entries.get("size_source"), "size_source", SIZE_SOURCES) or "both",
        reader.choice(entries.get("size_letters"), "size_letters", LETTER_MAPS) or "",
    )


def _columns(reader: Reader, kind: RecordKind, node: Node | None) -> tuple[dict[str, str], set[str], dict[str, str]]:
    """Headers → fields, which of them are weak (a list within the list), and each field's first header."""
    headers: dict[str, str] = {}
    weak: set[str] = set()
    titles: dict[str, str] = {}
    for field, names in _fields(reader, kind, node, "columns").items():
        if names == ListNode((), names.place):
            reader.choices(names, f"the headers of {field}")
        for item in names.items if isinstance(names, ListNode) else (names,):
            known = reader.choices(item, f"the headers of {field}")
            titles.update({field: known[0]} if known and field not in titles else {})
            weak.update(map(same, known) if isinstance(item, ListNode) else ())
            for text in _texts(item):
                spelling = same(text.text)
                if headers.setdefault(spelling, field) != field:
                    message = f"the header {text.text!r} is claimed by {headers[spelling]} and by {field}"
                    reader.fault(text, message, kinds.MAPPING_TWICE.remedy, kinds.MAPPING_TWICE)
    return headers, weak, titles


def _values(reader: Reader, kind: RecordKind, node: Node | None) -> dict[str, Table[str, str]]:
    found: dict[str, Table[str, str]] = {}
    for name, words in _fields(reader, kind, node, "values").items():
        field = FIELDS[kind][name]
        if field.sort not in MAPPED:
            reader.fault(words, f"the values of {name} are not words", _NO_VALUES, kinds.MAPPING_FIELD)
            continue
        spelling = closely if field.sort in CLOSE else same
        table = {same(word): word for word in field.words}
        for value, synonyms in (reader.mapping(words, f"the values of {name}", open_keys=True) or {}).items():
            place = words.key_places[value] if isinstance(words, MapNode) else words.place
            if not _is_value(reader, field, value, place):
                continue
            reader.choices(synonyms, f"the words for {value}")
            for text in _texts(synonyms):
                own = _own_size(field, text.text, value)
                if own or table.setdefault(spelling(text.text), value) != value:
                    message = f"{text.text!r} is claimed by {own or table[spelling(text.text)]} and by {value}"
                    step = "It is a size already: take it out." if own else kinds.MAPPING_TWICE.remedy
                    reader.fault(text, message, step, kinds.MAPPING_TWICE)
        found[name] = table
    for name, field in FIELDS[kind].items():
        if field.words:
            found.setdefault(name, {same(word): word for word in field.words})
    return found


def _is_value(reader: Reader, field: Field, value: str, place: Line) -> bool:
    """Whether the field can have this value; a fault says what it can have."""
    hint = f"Write one of: {', '.join(field.words)}."
    if field.sort in SIZES:
        size = read_size(value, field.sort)
        hint = (size.next_step or hint) if isinstance(size, Wrong) else ""
        wrong = isinstance(size, Wrong)
    elif field.words:
        wrong = value not in field.words
    else:
        told = read_column(pl.Series([value]), field, Told({}, None, place.file)).wrong
        wrong, hint = bool(told), next((one.next_step or one.kind.remedy for one in told.values()), "")
    if wrong:
        reader.fault(place, f"{field.name} has no value {value!r}", hint, kinds.MAPPING_VALUE)
    return not wrong


def _own_size(field: Field, text: str, value: str) -> str:
    """The text itself, when it is another size by its own spelling: no mapping can make a different one of it."""
    if field.sort not in SIZES:
        return ""
    size = read_size(text, Sort.SIZE)
    return text if isinstance(size, Size) and size != read_size(value, Sort.SIZE) else ""


def _constants(
    reader: Reader, kind: RecordKind, node: Node | None, values: Table[str, Table[str, str]]
) -> dict[str, str]:
    """Field → the value of every record, read once here as its cells would be."""
    found = {}
    for name, value in _fields(reader, kind, node, "constants").items():
        text = reader.text(value, f"the constant of {name}")
        if text is None:
            continue
        field = FIELDS[kind][name]
        told = Told(values.get(name, {}), None, value.place.file)
        wrong = next(iter(read_column(pl.Series([text]), field, told).wrong.values()), None)
        if wrong is None:
            found[name] = text
        elif field.words:
            hint = f"Write one of: {', '.join(field.words)}."
            reader.fault(value, f"{name} has no value {text!r}", hint, kinds.MAPPING_VALUE)
        else:
            reader.fault(value, wrong.message, wrong.next_step or wrong.kind.remedy, kinds.MAPPING_VALUE)
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


def _fingerprints(reader: Reader, node: Node | None) -> dict[str, Line]:
    found = {}
    for item in reader.items(node, "fingerprints"):
        text = reader.text(item, "a fingerprint")
        if text is not None and not FINGERPRINT.fullmatch(text):
            step = "Copy it from connector check FILE --suggest-mapping."
            reader.fault(item, f"{text!r} is no fingerprint of a header", step)
        elif text is not None:
            found[text] = item.place
    return found


def _fields(reader: Reader, kind: RecordKind, node: Node | None, what: str) -> dict[str, Node]:
    entries = reader.mapping(node, what, open_keys=True) or {}
    for name in entries:
        if name not in FIELDS[kind] and isinstance(node, MapNode):
            _unknown(reader, kind, node.key_places[name], name)
    return {name: value for name, value in entries.items() if name in FIELDS[kind]}


def _unknown(reader: Reader, kind: RecordKind, at: Node | Line, name: str) -> None:
    hint = f"Known for {kind.value}: {', '.join(FIELDS[kind])}."
    reader.fault(at, f"{kind.value} have no field {name!r}", hint, kinds.MAPPING_FIELD)


def _texts(node: Node) -> tuple[ScalarNode, ...]:
    nodes = node.items if isinstance(node, ListNode) else (node,)
    return tuple(item for item in nodes if isinstance(item, ScalarNode))
