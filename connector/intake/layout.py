"""Where a sheet's header stands, and which column is which field, found by evidence and not by position.

A header of one row is preferred to a stacked one of two or three that says no more; a title above it or an empty first
column changes nothing. A sheet whose fingerprint a mapping names is read by that mapping, whatever else fits.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from connector.intake.fields import FIELDS, Sort
from connector.intake.fingerprints import fingerprint
from connector.intake.headrows import Candidate, candidates
from connector.intake.mapping import Mapping as MappingFile
from connector.intake.mapping import Mappings, RecordRules
from connector.intake.merges import Merge
from connector.intake.rawsheet import RawSheet
from connector.intake.words import same


@dataclass(frozen=True)
class Header:
    """A header that was found.

    Attributes:
        mapping, rules: what reads the sheet.
        first, last: its rows, counted from 1 (several rows when it is stacked).
        columns: field → column number.
        twice: field and the further column that claims it too.
        titles: column number → what the header says of it.
        rivals: names of other rules that fit as well.
    """

    mapping: MappingFile
    rules: RecordRules
    first: int
    last: int
    columns: Mapping[str, int]
    twice: tuple[tuple[str, int], ...]
    titles: Mapping[int, str]
    rivals: tuple[str, ...]


@dataclass(frozen=True)
class NoHeader:
    """What came nearest to a header.

    Attributes:
        row: the row it stands in; 0 when the sheet is empty.
        texts: the texts found there.
        rules: the nearest rules, None when nothing matched at all.
        missing: the needed groups of fields that have no column there.
    """

    row: int
    texts: tuple[str, ...]
    rules: RecordRules | None
    missing: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class _Fit:
    """Rules that find all they need among the texts of a header."""

    mapping: MappingFile
    rules: RecordRules
    columns: Mapping[str, int]
    twice: tuple[tuple[str, int], ...]

    @property
    def rank(self) -> tuple[int, bool]:
        """How well it fits; rules made for single sheets give way to general ones."""
        return len(self.columns), not self.rules.fingerprints


def find_header(raw: RawSheet, mappings: Mappings, merges: Sequence[Merge] = ()) -> Header | NoHeader:
    """The header among the first rows of a sheet."""
    looked_at = candidates(raw.frame.head(1), (), single=True) if raw.exported else candidates(raw.frame, merges)
    known = _known(looked_at, mappings)
    if known is not None:
        return known
    found: Header | None = None
    for candidate in looked_at:
        if found is not None and not (candidate.first < found.last and found.first - 1 <= candidate.last):
            continue
        fits = _fits(candidate, mappings)
        if fits:
            header = _chosen(fits, candidate)
            found = header if found is None or _better(header, found, raw.frame) else found
    return found or _nearest(looked_at, mappings)


def _better(taller: Header, found: Header, frame: pl.DataFrame) -> bool:
    """Whether more rows make a better header. A row below what was found must not be a record: it has no date."""
    dates = [
        frame[f"c{column}"][row]
        for field, column in found.columns.items()
        for row in range(found.last, taller.last)
        if FIELDS[found.rules.kind][field].sort is Sort.DATE
    ]
    if any(letter.isdigit() for text in dates for letter in text or ""):
        return False
    return (not taller.twice, len(taller.columns)) > (not found.twice, len(found.columns))


def header_at(raw: RawSheet, mappings: Mappings, row: int) -> Header | None:
    """The header that stands in this one row, or None: for tables that begin below another one."""
    looked_at = candidates(raw.frame.slice(row - 1, 1), (), single=True)
    fits = [fit for candidate in looked_at for fit in _fits(candidate, mappings)]
    return _chosen(fits, looked_at[0], row - 1) if fits else None


def _known(looked_at: Sequence[Candidate], mappings: Mappings) -> Header | None:
    """The header of a sheet whose fingerprint a mapping names."""
    owners = {
        value: (mapping, rules)
        for mapping in mappings.items
        for rules in mapping.records
        for value in rules.fingerprints
    }
    for candidate in looked_at if owners else ():
        owner = owners.get(fingerprint(candidate.titles.values()))
        if owner is not None and (fit := _fit(candidate, *owner)):
            return _chosen([fit], candidate)
    return None


def _fits(candidate: Candidate, mappings: Mappings) -> list[_Fit]:
    tried = (_fit(candidate, mapping, rules) for mapping in _free(mappings) for rules in mapping.records)
    return [fit for fit in tried if fit is not None]


def _free(mappings: Mappings) -> Iterator[MappingFile]:
    """The mappings that may read a sheet of whatever headers."""
    return (one for one in mappings.items if not one.built_in)


def _fit(candidate: Candidate, mapping: MappingFile, rules: RecordRules) -> _Fit | None:
    columns, twice = _match(candidate, rules)
    return None if _missing(columns, rules) else _Fit(mapping, rules, columns, twice)


def _missing(columns: Mapping[str, int], rules: RecordRules) -> tuple[tuple[str, ...], ...]:
    given = (*columns, *rules.constants)
    return tuple(group for group in rules.needed if not any(field in given for field in group))


def _chosen(fits: Sequence[_Fit], candidate: Candidate, above: int = 0) -> Header:
    best = max(fits, key=lambda fit: fit.rank)
    rivals = tuple(f"{fit.mapping.name}:{fit.rules.kind}" for fit in fits if fit.rank == best.rank and fit is not best)
    first, last = candidate.first + 1 + above, candidate.last + 1 + above
    return Header(best.mapping, best.rules, first, last, best.columns, best.twice, candidate.titles, rivals)


def _nearest(looked_at: Sequence[Candidate], mappings: Mappings) -> NoHeader:
    """The row of most known headers, with what it lacks."""
    nearest = NoHeader(0, (), None, ())
    best = -1
    for candidate in looked_at:
        if candidate.first != candidate.last or not candidate.labels:
            continue
        for mapping in _free(mappings):
            for rules in mapping.records:
                columns, _ = _match(candidate, rules)
                missing = _missing(columns, rules)
                if (len(columns), -len(missing)) > (best, -len(nearest.missing)):
                    best = len(columns)
                    texts = tuple(candidate.titles.values())
                    nearest = NoHeader(candidate.first + 1, texts, rules if columns else None, missing)
    return nearest


def _match(candidate: Candidate, rules: RecordRules) -> tuple[dict[str, int], tuple[tuple[str, int], ...]]:
    """Field → column, and the further columns that claim a field; a weak header gives way to a better one."""
    claims: dict[str, list[tuple[bool, int]]] = {}
    for number, texts in candidate.labels.items():
        spelling = next((same(text) for text in texts if same(text) in rules.headers), None)
        if spelling is not None:
            claims.setdefault(rules.headers[spelling], []).append((spelling in rules.weak, number))
    columns: dict[str, int] = {}
    twice: list[tuple[str, int]] = []
    for field, claimed in claims.items():
        best = [number for weak, number in claimed if weak == min(claimed)[0]]
        columns[field] = best[0]
        twice.extend((field, number) for number in best[1:])
    return columns, tuple(twice)
