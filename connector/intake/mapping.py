"""What a mapping says: which headers are which field, which words mean which value. `load` reads it from YAML.

Headers and words are kept by their matching spelling (`words.same`), so a lookup is one dictionary access.
"""

from collections.abc import Mapping as Table
from dataclasses import dataclass

from connector.domain.places import Line
from connector.domain.words import RecordKind


@dataclass(frozen=True)
class RecordRules:
    """How one kind of record is read.

    Attributes:
        kind: the kind.
        headers: matching spelling of a header → field.
        weak: the matching spellings that give way: a column of such a header is left unread beside a better one.
        titles: field → the first header named for it, for messages.
        needed: groups of fields; each record needs one of each group.
        values: field → matching spelling of a word → the value it means.
        constants: field → the value of every record, for fields without a column.
        place: where the mapping declares it.
        fingerprints: the sheets these rules were made for (`fingerprints.fingerprint`), each with its place.
        size_source: whose size is passed on where a record has both: `count`, `band` or `both`.
        letters: the letter map by which bare letters are sizes (`employees.LETTER_MAPS`), "" for none.
    """

    kind: RecordKind
    headers: Table[str, str]
    weak: frozenset[str]
    titles: Table[str, str]
    needed: tuple[tuple[str, ...], ...]
    values: Table[str, Table[str, str]]
    constants: Table[str, str]
    place: Line
    fingerprints: Table[str, Line]
    size_source: str
    letters: str


@dataclass(frozen=True)
class Mapping:
    """One mapping file.

    Attributes:
        name: its name, as sources list it.
        namespace: whose client ids these are.
        ignored: matching spellings of the sheets that are notes.
        date_order: field → `day_first` or `month_first`; the key "" stands for all other fields.
        records: the kinds of record it knows.
        place: its file.
        time_zone: the IANA name of the zone in whose days moments such as `2025-03-01T23:30:00Z` are told; "" for none.
        built_in: whether it is that of what was made here: it reads only the sheets that its fingerprints name.
    """

    name: str
    namespace: str
    ignored: frozenset[str]
    date_order: Table[str, str]
    records: tuple[RecordRules, ...]
    place: Line
    time_zone: str = ""
    built_in: bool = False


@dataclass(frozen=True)
class Mappings:
    """All mappings of a folder and the built-in one, the last; and the digest (sha256, hex) of their texts."""

    items: tuple[Mapping, ...]
    digest: str

    @property
    def general(self) -> Mapping:
        """The mapping that templates are made from: the first that is not tied to single sheets, else the first."""
        free = (item for item in self.items if not any(rules.fingerprints for rules in item.records))
        return next(free, self.items[0])

    @property
    def made_here(self) -> Mapping:
        """The built-in mapping, of clients and templates made here."""
        return self.items[-1]
