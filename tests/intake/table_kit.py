"""Any table of valid records: what stands in its cells, and what must be read from it. For property tests."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st
from intake_kit import shipped

from connector.domain.words import RecordKind, RowKind
from connector.intake.fields import FIELDS, NEEDED, RECORD_TYPE, Field, Sort
from connector.intake.mapping import RecordRules

RULES: Mapping[RecordKind, RecordRules] = {rules.kind: rules for rules in shipped().items[0].records}
FIRST, LAST = date(2001, 1, 1), date(2098, 12, 31)
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
BANDS = {
    "2-10": (2, 10),
    "11–50": (11, 50),
    "SIZE_51_TO_200": (51, 200),
    "1,001-5,000": (1001, 5000),
    "10,001+": (10001, None),
}
BAD: Mapping[Sort, tuple[str, ...]] = {
    Sort.IDENTIFIER: ("1.23457E+11", "two\tparts"),
    Sort.TEXT: ("two\tparts", "x" * 256),
    Sort.DOMAIN: ("no domain", "a@acme.com", "10.0.0.1"),
    Sort.WORD: ("no such thing",),
    Sort.DATE: ("soon", "31 February 2025", "45720", "1999-12-31", "2025-03-04T10:00Z"),
    Sort.SIZE: ("c. 50", "0", "-3", "2.5", ">200", "C", "10,000+", "May-2000"),
    Sort.COUNT: ("c. 50", "11-50", "0"),
    Sort.BAND: ("40", "B", "11-49"),
    Sort.WHOLE: ("2.5", "1_0", "-1", "many", "1000001"),
    Sort.CURRENCY: ("XXX", "Dollar"),
    Sort.COUNTRY: ("Ruritania", "GBR"),
    Sort.EMAIL: ("nobody", "a@b"),
    Sort.CONTACT: ("17",),
}
CODES: Mapping[Sort, frozenset[str]] = {
    sort: frozenset(codes)
    for sort, codes in {
        Sort.IDENTIFIER: {"record-identifier", "record-text"},
        Sort.TEXT: {"record-text"},
        Sort.DOMAIN: {"record-domain"},
        Sort.WORD: {"record-plan", "record-status", "record-choice"},
        Sort.DATE: {"record-date"},
        Sort.SIZE: {"record-employees", "record-employees-date"},
        Sort.COUNT: {"record-employees"},
        Sort.BAND: {"record-employees"},
        Sort.WHOLE: {"record-whole-number"},
        Sort.CURRENCY: {"record-currency"},
        Sort.COUNTRY: {"record-country"},
        Sort.EMAIL: {"record-email"},
        Sort.CONTACT: {"record-contact-id"},
    }.items()
}


@dataclass(frozen=True)
class Given:
    """One cell: what stands in it, and the columns of a record that must come of it."""

    cell: Any
    read: Mapping[str, Any]
    form: str = "General"


@dataclass(frozen=True)
class Table:
    """One table as it is laid out.

    Attributes:
        kind: what its records are.
        columns: for each column its field, or "" for one that nothing reads.
        headers: the text above each column.
        lines: every row of the sheet: its kind, and its cells by column.
        hidden: numbers of the hidden rows.
    """

    kind: RecordKind
    columns: Sequence[str]
    headers: Sequence[str]
    lines: Sequence[tuple[RowKind, Sequence[Given | None]]]
    hidden: frozenset[int]

    def kinds(self) -> list[str]:
        return [kind.value for kind, _ in self.lines]

    def expected(self, without: int = 0) -> list[dict[str, Any]]:
        """What must be read, but for one row."""
        return [
            {"row": number} | {key: value for given in cells if given for key, value in given.read.items()}
            for number, (kind, cells) in enumerate(self.lines, 1)
            if kind is RowKind.RECORD and number != without
        ]


def _texts(letters: str) -> st.SearchStrategy[str]:
    return st.text(letters, min_size=1, max_size=12)


def _identifier(*, texts: bool) -> st.SearchStrategy[Given]:
    as_text = st.from_regex(r"\A(?:[A-Z]{1,3}[-/ ]?[0-9]{1,6}|0{0,4}[1-9][0-9]{0,8})\Z").map(
        lambda text: (text, text, "General")
    )
    number = st.tuples(st.integers(1, 10**9), st.sampled_from(["General", "0", "00000", "0000000000"])).map(
        lambda pair: (pair[0], str(pair[0]).zfill(len(pair[1]) if set(pair[1]) == {"0"} else 0), pair[1])
    )
    either = as_text if texts else st.one_of(as_text, number)
    return either.map(lambda found: Given(found[0], {"": found[1]}, found[2]))


def _date(day: date, *, texts: bool) -> st.SearchStrategy[Given]:
    written = [day.isoformat(), f"{day.day} {MONTHS[day.month - 1]} {day.year}", f"{day.isoformat()}T23:59"]
    cells: list[Any] = [*written]
    if not texts:
        cells += [day, datetime.combine(day, time(23, 59)), datetime.combine(day, time())]
    return st.sampled_from(cells).map(lambda cell: Given(cell, {"": day}))


def _number(low: int, high: int, more: Sequence[str] = (), *, texts: bool) -> st.SearchStrategy[Given]:
    shapes = ["{}", "{}.0", *more]
    text = st.tuples(st.integers(low, high), st.sampled_from(shapes)).map(
        lambda pair: Given(pair[1].format(pair[0]), {"": pair[0]})
    )
    number = st.tuples(st.integers(low, high), st.sampled_from([int, float])).map(
        lambda pair: Given(pair[1](pair[0]), {"": pair[0]})
    )
    return text if texts else st.one_of(number, text)


def _size(sort: Sort, *, texts: bool) -> st.SearchStrategy[Given]:
    count = _number(1, 500_000, texts=texts).map(lambda given: Given(given.cell, {"count_low": given.read[""]}))
    band = st.sampled_from(sorted(BANDS)).map(
        lambda text: Given(text, {"band_low": BANDS[text][0], "band_high": BANDS[text][1]})
    )
    return {Sort.SIZE: st.one_of(count, band), Sort.COUNT: count, Sort.BAND: band}[sort]


def _word(kind: RecordKind, field: Field) -> st.SearchStrategy[Given]:
    words = RULES[kind].values[field.name]
    known = sorted(word for word, value in words.items() if (field.name, value) != (RECORD_TYPE, "template"))
    return st.tuples(st.sampled_from(known), st.sampled_from([str, str.upper, str.title])).map(
        lambda pair: Given(pair[1](pair[0]), {"": words[pair[0]]})
    )


def cell_of(kind: RecordKind, field: Field, letters: str, *, texts: bool) -> st.SearchStrategy[Given]:
    """A valid cell of a field; the value it is read as stands under the empty name, or under the names of sizes."""
    name = st.tuples(_texts(letters), st.sampled_from(["{}", " {}", "{} ", "N {}, Ltd", 'N "{}"', "{};|x"])).map(
        lambda pair: "N" + pair[1].format(pair[0])
    )
    plain = st.integers(0, 10**6).map(lambda number: f"c{number}.example.com")
    domain = st.tuples(plain, st.sampled_from(["{}", "https://www.{}/about?x=1", "WWW.{}", "{}:8080", "{}."])).map(
        lambda pair: Given(pair[1].format(pair[0]), {"": pair[0]})
    )
    contact = st.uuids().map(str)
    return {
        Sort.IDENTIFIER: _identifier(texts=texts),
        Sort.TEXT: name.map(lambda text: Given(text, {"": text.strip()})),
        Sort.DOMAIN: domain,
        Sort.WORD: _word(kind, field) if field.sort is Sort.WORD else st.nothing(),
        Sort.DATE: st.dates(FIRST, LAST).flatmap(lambda day: _date(day, texts=texts)),
        Sort.SIZE: _size(Sort.SIZE, texts=texts),
        Sort.COUNT: _size(Sort.COUNT, texts=texts),
        Sort.BAND: _size(Sort.BAND, texts=texts),
        Sort.WHOLE: _number(field.low, field.high, ["Net {}", "{} days"] if field.days else (), texts=texts),
        Sort.CURRENCY: st.sampled_from(["USD", "gbp", "Aud"]).map(lambda code: Given(code, {"": code.upper()})),
        Sort.COUNTRY: st.sampled_from([("GB", "GB"), ("uk", "GB"), ("United States", "US"), ("nz", "NZ")]).map(
            lambda pair: Given(pair[0], {"": pair[1]})
        ),
        Sort.EMAIL: plain.map(lambda host: Given(f"billing@{host}", {"": f"billing@{host}"})),
        Sort.CONTACT: contact.map(lambda text: Given(text.upper(), {"": text})),
    }[field.sort]


@st.composite
def tables(draw: st.DrawFn, *, texts: bool = False, letters: str = string.ascii_letters, most: int = 4) -> Table:
    """A table of records of any kind, its columns in any order, with what people put around it.

    Args:
        draw: given by hypothesis.
        texts: whether every cell is a text, as in a CSV file.
        letters: what names are made of.
        most: how many records at most.
    """
    kind = draw(st.sampled_from(list(RecordKind)))
    known = FIELDS[kind]
    needed = {draw(st.sampled_from(group)) for group in NEEDED[kind]}
    free = [name for name in known if name not in needed]
    chosen = [*sorted(needed), *draw(st.lists(st.sampled_from(free), unique=True, max_size=6) if free else st.just([]))]
    sizes = {"employees", "employee_count", "employee_band"}
    if "employees" in chosen:
        chosen = [name for name in chosen if name == "employees" or name not in sizes]
    unread = [""] * draw(st.integers(0, 2))
    columns = [*[""] * draw(st.integers(0, 1)), *draw(st.permutations([*chosen, *unread]))]
    headers = [draw(_header(kind, name)) if name else f"Note {at}" for at, name in enumerate(columns)]
    lines: list[tuple[RowKind, Sequence[Given | None]]] = []
    for _ in range(draw(st.integers(0, 2))):
        lines.append((RowKind.TITLE, [Given("A title, of March", {})]))
        lines.extend([(RowKind.BLANK, [])] * draw(st.integers(0, 1)))
    lines.append((RowKind.HEADER, [Given(text, {}) for text in headers]))
    for _ in range(draw(st.integers(1, most))):
        lines.extend([(RowKind.BLANK, [])] * draw(st.integers(0, 1)))
        lines.append((RowKind.RECORD, draw(_record(kind, columns, needed, letters, texts=texts))))
    hidden = frozenset(draw(st.lists(st.integers(1, len(lines)), max_size=2)))
    return Table(kind, columns, headers, lines, hidden)


def _header(kind: RecordKind, name: str) -> st.SearchStrategy[str]:
    rules = RULES[kind]
    known = sorted(text for text, field in rules.headers.items() if field == name and text not in rules.weak)
    shapes = ["{}", "FT - {}", " {} ", "{}:"]
    return st.tuples(st.sampled_from(known), st.sampled_from(shapes), st.sampled_from([str, str.upper])).map(
        lambda found: found[1].format(found[2](found[0]))
    )


@st.composite
def _record(
    draw: st.DrawFn, kind: RecordKind, columns: Sequence[str], needed: set[str], letters: str, *, texts: bool
) -> Sequence[Given | None]:
    found: list[Given | None] = []
    for name in columns:
        if not name:
            found.append(Given(draw(st.one_of(st.none(), _texts(letters))), {}))
            continue
        given = draw(cell_of(kind, FIELDS[kind][name], letters, texts=texts))
        value = {} if name == RECORD_TYPE else {key or name: one for key, one in given.read.items()}
        left_out = name not in needed and draw(st.booleans())
        found.append(None if left_out else Given(given.cell, value, given.form))
    return _agreeing(draw, columns, found, texts=texts)


def _agreeing(
    draw: st.DrawFn, columns: Sequence[str], found: list[Given | None], *, texts: bool
) -> Sequence[Given | None]:
    """An upgrade stands only on a client of the full plan, and neither it nor an archiving before the creation."""
    by_name = {name: given for name, given in zip(columns, found, strict=True) if name}
    created, plan = by_name.get("created_on"), by_name.get("plan")
    for name in ("upgraded_on", "archived_on"):
        if created is None or by_name.get(name) is None:
            continue
        at = list(columns).index(name)
        if name == "upgraded_on" and (plan is None or plan.read["plan"] != "full_spoke"):
            found[at] = None
            continue
        day = created.read["created_on"] + timedelta(days=draw(st.integers(0, 400)))
        given = draw(_date(day, texts=texts))
        found[at] = Given(given.cell, {name: day}, given.form)
    return found
