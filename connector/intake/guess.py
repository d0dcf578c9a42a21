"""What an unknown sheet seems to be: its header by evidence, and a field for each column, with scores and reasons.

Nothing is decided here: a proposal is shown to a person, who edits and saves it. Scores are in per cent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

import polars as pl

from connector.domain.words import RecordKind
from connector.intake.evidence import LOOKED_AT, Evidence, evidence_of, readable, telling, weight
from connector.intake.fields import FIELDS, NEEDED, Field, Sort
from connector.intake.fingerprints import fingerprint
from connector.intake.headrows import Candidate, candidates
from connector.intake.mapping import Mappings
from connector.intake.merges import Merge, merges_of
from connector.intake.rawsheet import RawSheet
from connector.intake.tidy import clean
from connector.intake.words import import_code, same

_LEAST = 25  # a column scoring less is left without a field
_NEAR = 62  # a header less similar than this is no evidence
_DOUBTFUL = 50  # a header whose values mostly cannot be read is little evidence
_LONGEST_HEADER = 60
_BELOW = 50
_LOOSE = frozenset({Sort.TEXT, Sort.IDENTIFIER})


_Shares = dict[tuple[int, Sort, str], int]  # column, sort and field → the share of its texts that can be read


@dataclass(frozen=True)
class HeaderScore:
    """Rows that could be the header (counted from 1), their score, and what it is made of."""

    first: int
    last: int
    score: int
    parts: Mapping[str, int]


@dataclass(frozen=True)
class ColumnGuess:
    """One column: its number and header, the field it seems to be ("" for none), the score, and why."""

    column: int
    title: str
    field: str
    score: int
    reason: str
    evidence: Evidence


@dataclass(frozen=True)
class SheetGuess:
    """What one sheet seems to be.

    Attributes:
        sheet: its name.
        kind: the kind of its records.
        header: where its header seems to be.
        rejected: the next best rows.
        columns: its columns, in order.
        missing: groups of needed fields that no column seems to be.
        fingerprint: of its header.
    """

    sheet: str
    kind: RecordKind
    header: HeaderScore
    rejected: tuple[HeaderScore, ...]
    columns: tuple[ColumnGuess, ...]
    missing: tuple[tuple[str, ...], ...]
    fingerprint: str

    def taken_for(self, fields: Mapping[int, str]) -> "SheetGuess":
        """The same sheet with other fields for some columns ("" for none), by their numbers, as a person says."""
        columns = tuple(
            one if fields.get(one.column, one.field) == one.field else _said(one, fields[one.column])
            for one in self.columns
        )
        return replace(self, columns=columns, missing=_missing(columns, self.kind))

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "SheetGuess":
        """The guess that `asdict` wrote, and JSON has kept."""
        columns = tuple(
            ColumnGuess(
                **{**one, "evidence": Evidence(**{**one["evidence"], "texts": tuple(one["evidence"]["texts"])})}
            )
            for one in plain["columns"]
        )
        return cls(
            sheet=plain["sheet"],
            kind=RecordKind(plain["kind"]),
            header=HeaderScore(**plain["header"]),
            rejected=tuple(HeaderScore(**one) for one in plain["rejected"]),
            columns=columns,
            missing=tuple(map(tuple, plain["missing"])),
            fingerprint=plain["fingerprint"],
        )


@dataclass(frozen=True)
class _Known:
    """What the mappings know of one kind: header spelling → field, and field → word spelling → value."""

    headers: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]


def known_words(mappings: Mappings, kind: RecordKind) -> Mapping[str, Mapping[str, str]]:
    """Field → spelling of a word → its value, of all mappings."""
    words: dict[str, dict[str, str]] = {
        name: {same(word): word for word in field.words} for name, field in FIELDS[kind].items() if field.words
    }
    for mapping in mappings.items:
        for rules in mapping.records:
            for name, table in rules.values.items() if rules.kind is kind else ():
                words.setdefault(name, {}).update(table)
    return words


def guess_sheet(raw: RawSheet, mappings: Mappings) -> SheetGuess | None:
    """What the sheet seems to be, or None when no row of it could be a header."""
    known = {kind: _Known(_headers(mappings, kind), known_words(mappings, kind)) for kind in RecordKind}
    spellings = {spelling for one in known.values() for spelling in one.headers}
    scored = _scored(raw, merges_of(raw), spellings)
    if not scored:
        return None
    header, candidate = scored[0]
    below = clean(raw.frame.slice(header.last, LOOKED_AT))
    found = {number: evidence_of(below[f"c{number}"]) for number in candidate.labels}
    best: tuple[int, RecordKind, tuple[ColumnGuess, ...]] | None = None
    shares: _Shares = {}
    for kind in RecordKind:
        columns = _assigned(candidate.titles, found, kind, known[kind], shares)
        total = sum(column.score for column in columns if column.field) + _likeness(same(raw.name), same(kind)) // 4
        total -= 40 * len(_missing(columns, kind))
        if best is None or total > best[0]:
            best = (total, kind, columns)
    assert best is not None  # noqa: S101  (there is a kind)
    kind, columns = best[1], best[2]
    rejected = tuple(score for score, _ in scored[1:4])
    print_of = fingerprint(candidate.titles.values())
    return SheetGuess(raw.name, kind, header, rejected, columns, _missing(columns, kind), print_of)


def _headers(mappings: Mappings, kind: RecordKind) -> dict[str, str]:
    own = {same(text): field.name for field in FIELDS[kind].values() for text in (field.name, field.title)}
    for mapping in mappings.items:
        for rules in mapping.records:
            own.update(rules.headers if rules.kind is kind else {})
    return own


def _scored(raw: RawSheet, merges: Sequence[Merge], known: Iterable[str]) -> list[tuple[HeaderScore, Candidate]]:
    """The candidates for the header, the best first."""
    known = frozenset(known)
    looked_at = [one for one in candidates(raw.frame, merges) if len(one.labels) > 1]
    widest = max((len(one.labels) for one in looked_at), default=1)
    scored = [(_score(one, raw.frame, widest, known), one) for one in looked_at]
    return sorted(scored, key=lambda pair: (-pair[0].score, pair[0].last - pair[0].first, pair[0].first))


def _score(candidate: Candidate, frame: pl.DataFrame, widest: int, known: frozenset[str]) -> HeaderScore:
    titles = candidate.titles
    below = frame.slice(candidate.last + 1, _BELOW)
    typed = 0
    for number, title in titles.items():
        values = below[f"c{number}"].drop_nulls()
        typed += len(values) > 0 and not telling(title) and 2 * sum(map(telling, values)) > len(values)
    count = len(titles)
    spellings = [same(title) for title in titles.values()]
    parts = {
        "texts": 100 * sum(not telling(title) for title in titles.values()) // count,
        "distinct": 100 * len(set(spellings)) // count,
        "typed below": 100 * typed // count,
        "known": 100 * sum(spelling in known for spelling in spellings) // widest,
        "width": 100 * count // widest,
    }
    shares = {"texts": 15, "distinct": 15, "typed below": 20, "known": 30, "width": 20}
    score = sum(share * parts[name] for name, share in shares.items()) // 100
    height = candidate.last - candidate.first
    return HeaderScore(candidate.first + 1, candidate.last + 1, max(0, score - 5 * height), parts)


def _assigned(
    titles: Mapping[int, str], found: Mapping[int, Evidence], kind: RecordKind, known: _Known, shares: _Shares
) -> tuple[ColumnGuess, ...]:
    """Each column with the field it seems to be: the best pairs first, each field and column once."""
    needed = {field for group in NEEDED[kind] for field in group}
    pairs = []
    for number, title in titles.items():
        for order, (name, field) in enumerate(FIELDS[kind].items()):
            words = known.words.get(name, {})
            alike = (number, field.sort, f"{kind} {name}" if words or field.sort is Sort.WHOLE else "")
            if alike not in shares:
                shares[alike] = readable(found[number], field, words)
            score, reason = _fit(title, found[number], field, shares[alike], known.headers)
            if score >= _LEAST and same(title):
                pairs.append((-score - 2 * (name in needed), number, order, name, reason))
    taken: dict[int, tuple[str, int, str]] = {}
    for score, number, _, name, reason in sorted(pairs):
        if number not in taken and name not in {field for field, _, _ in taken.values()}:
            taken[number] = (name, min(100, -score), reason)
    return tuple(
        ColumnGuess(number, title, *taken.get(number, ("", 0, "")), found[number]) for number, title in titles.items()
    )


def _fit(title: str, found: Evidence, field: Field, share: int, headers: Mapping[str, str]) -> tuple[int, str]:
    """How well a column fits a field that can read this share of its texts, and why."""
    likeness, like = _header_likeness(title, field, headers)
    likeness += _coded(title, field)
    said = f"{share} % of its values can be read" if found.rows else "it has no values"
    if likeness < _NEAR:
        return share * weight(found, field) // 200, f"by its values alone: {said}"
    checked = share if found.rows else 50
    score = (60 * min(likeness, 100) + 40 * checked) // 100
    if found.rows and share < _DOUBTFUL and field.sort not in _LOOSE:
        score = score * 2 // 5
    return score, f"{like}; {said}"


def _header_likeness(title: str, field: Field, headers: Mapping[str, str]) -> tuple[int, str]:
    spelling = same(title)[:_LONGEST_HEADER]
    if spelling in headers:
        return (100, "a known header") if headers[spelling] == field.name else (0, "")
    own = [known for known, name in headers.items() if name == field.name]
    likeness, nearest = max(((_likeness(spelling, known), known) for known in own), default=(0, ""))
    return likeness, f"like the known header {nearest!r} ({likeness} %)"


def _likeness(one: str, other: str) -> int:
    """How alike two spellings are, in per cent; 0 for those that are not near."""
    if not one or not other or 200 * min(len(one), len(other)) < _NEAR * (len(one) + len(other)):
        return 0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if 100 * matcher.quick_ratio() < _NEAR:
        return 0
    return int(100 * matcher.ratio())


def _coded(title: str, field: Field) -> int:
    """What a bulk-import code says: DT stands before dates alone, DD before drop-downs."""
    code = import_code(title)
    if code == "DT":
        return 10 if field.sort is Sort.DATE else -40
    return 5 if code == "DD" and field.sort is Sort.WORD else 0


def _said(column: ColumnGuess, field: str) -> ColumnGuess:
    """A column with the field that a person gives it."""
    return replace(column, field=field, score=100 if field else 0, reason="said by a person" if field else "")


def _missing(columns: Iterable[ColumnGuess], kind: RecordKind) -> tuple[tuple[str, ...], ...]:
    given = {column.field for column in columns}
    return tuple(group for group in NEEDED[kind] if not given.intersection(group))
