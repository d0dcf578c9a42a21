"""From the texts of the record rows to typed records, and to everything that is wrong with them, cell by cell.

A record with an error is left out of the records whole; its faults say why. Duplicates are billing's business.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from connector.domain.places import column_letters
from connector.domain.words import Plan, RecordKind
from connector.intake import kinds
from connector.intake.columns import Told, read_column
from connector.intake.effort import Effort
from connector.intake.exported import faults_exported
from connector.intake.faults import MOST_ALIKE, Fault, Finding, Further, blocked_rows, gathered
from connector.intake.fields import FIELDS, NEEDED_CODES
from connector.intake.layout import Header
from connector.intake.marks import DIGITS, ERROR, NEVER, NO_VALUE
from connector.intake.marks import FIELDS as FIELD_COUNT
from connector.intake.rawsheet import RawSheet
from connector.intake.values import Wrong
from connector.tables import RECORDS, conform

# Error values as text: what a CSV export holds where the workbook had an error cell.
_ERRORS = [
    *("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"),
    *("#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#EXTERNAL!", "#PYTHON!"),
]


@dataclass(frozen=True)
class Read:
    """The records of one sheet, clean ones only, and the faults of the others (and warnings)."""

    records: pl.DataFrame
    faults: tuple[Fault, ...]


def read_records(
    raw: RawSheet, texts: pl.DataFrame, rows: pl.Series, header: Header, source: str, effort: Effort
) -> Read:
    """Read the record rows.

    Args:
        raw: the sheet, for its marks and the width of its lines.
        texts: the mapped fields of the record rows only, cleaned, by field name.
        rows: their row numbers.
        header: where the fields stand.
        source: how records name the file.
        effort: how much computing the file has taken.

    Raises:
        RefusedError: it takes more than one file may.
    """
    faults: list[Finding] = list(_marked(raw, rows, header))
    further: list[Further] = []
    exported = [
        (row, column, kind, text, kind.remedy) for row, column, kind, text in faults_exported(raw, rows, header)
    ]
    broken = (finding for finding in exported if finding[2] is kinds.ROW_BROKEN)
    ragged = (*_ragged(raw, rows, header), *broken)
    every = bool(exported or ragged)  # what is wrong with their cells is not told, so others are
    spoilt, cells = _spoilt(raw, texts, rows, header)
    faults.extend(cells)
    faults.extend(_missing(texts, rows, header))
    texts = texts.with_columns(
        pl.when(pl.Series(spoilt[name])).then(None).otherwise(pl.col(name)).alias(name) for name in spoilt
    )
    columns: dict[str, pl.Series] = {}
    for name, field in FIELDS[header.rules.kind].items():
        if name in texts.columns:
            effort.check()
            told = _told(name, header, effort, plain=raw.plain, every=every)
            reading = read_column(texts[name], field, told)
            column = header.columns.get(name, 0)
            for alike in _by_kind(reading.wrong):
                faulty = reading.texts.is_in(list(alike)).fill_null(value=False)
                number = rows.filter(faulty)
                end = len(number) if every else MOST_ALIKE
                faults.extend(_wrong(number.head(end), reading.texts.filter(faulty).head(end), alike, column))
                if len(number) > end:
                    further.append(Further(column, next(iter(alike.values())).kind, number.slice(end).to_list()))
            for key, values in reading.columns.items():
                columns[key] = values.zip_with(values.is_not_null(), columns[key]) if key in columns else values
    if header.rules.kind is RecordKind.CLIENTS:
        columns["employees_text"] = _employees_text(texts)
        _one_size(columns, header.rules.size_source)
        faults.extend(_client_faults(columns, rows, header))
    shifted = {row for row, *_ in ragged}  # the cells of such a line mean nothing, so they are not complained of
    known = {(row, column) for row, column, *_ in exported}  # and what is wrong with a cell is said once
    faults = [*exported, *(finding for finding in faults if finding[:2] not in known)]
    found = gathered([*ragged, *(finding for finding in faults if finding[0] not in shifted)], further)
    frame = _frame(columns, rows, header, raw.name, source)
    blocked = blocked_rows(found)
    if blocked:
        frame = frame.filter(~pl.col("row").is_in(sorted(blocked)))
    return Read(frame, found)


def _told(name: str, header: Header, effort: Effort, *, plain: bool, every: bool) -> Told:
    orders = header.mapping.date_order
    rules = header.rules
    order = orders.get(name, orders.get(""))
    mapping = header.mapping
    return Told(
        rules.values.get(name, {}),
        order,
        mapping.place.file,
        rules.letters,
        mapping.time_zone,
        plain=plain,
        every=every,
        effort=effort,
    )


def _marked(raw: RawSheet, rows: pl.Series, header: Header) -> Iterator[Finding]:
    """Warnings of the reader about mapped cells of record rows."""
    kind_of = {NEVER: kinds.CELL_NEVER_CALCULATED, DIGITS: kinds.CELL_DIGITS}
    for row, column, what in _marks_of(raw, tuple(kind_of), rows, header).select("row", "column", "what").iter_rows():
        kind = kind_of[what]
        yield row, column, kind, kind.title[0].lower() + kind.title[1:], kind.remedy


def _spoilt(
    raw: RawSheet, texts: pl.DataFrame, rows: pl.Series, header: Header
) -> tuple[dict[str, pl.Series], list[Finding]]:
    """Cells that hold no value of anybody's: error values and formulas that were never calculated."""
    found: dict[str, pl.Series] = {}
    faults: list[Finding] = []
    marks = _marks_of(raw, (NO_VALUE, ERROR), rows, header)
    hashes = texts.select(pl.all().str.starts_with("#").any()).row(0)
    doubtful = {name for name, doubt in zip(texts.columns, hashes, strict=True) if doubt}
    for name in texts.columns if doubtful or marks.height else ():
        column = header.columns.get(name, 0)
        formulas = marks.filter((pl.col("column") == column) & (pl.col("what") == NO_VALUE))["row"]
        errors = marks.filter((pl.col("column") == column) & (pl.col("what") == ERROR))["row"]
        wrong = texts[name].is_in(_ERRORS).fill_null(value=False)
        if len(errors):
            wrong = wrong | rows.is_in(errors.implode())
        never = rows.is_in(formulas.implode()) if len(formulas) else None
        for row, text in zip(rows.filter(wrong), texts[name].filter(wrong), strict=True):
            message = f"the cell shows the error {text}"
            faults.append((row, column, kinds.CELL_ERROR, message, "Mend the formula, or type the value."))
        message = "the cell holds a formula that was saved without its value"
        faults.extend((row, column, kinds.CELL_FORMULA, message, kinds.CELL_FORMULA.remedy) for row in formulas)
        if wrong.any() or never is not None:
            found[name] = wrong if never is None else wrong | never
    return found, faults


def _marks_of(raw: RawSheet, whats: tuple[str, ...], rows: pl.Series, header: Header) -> pl.DataFrame:
    if raw.marks.is_empty():
        return raw.marks
    mapped = pl.Series(sorted(header.columns.values()), dtype=pl.UInt32)
    marks = raw.marks.filter(pl.col("what").is_in(whats) & pl.col("column").is_in(mapped.implode()))
    return marks.filter(pl.col("row").is_in(rows.implode()))


def _ragged(raw: RawSheet, rows: pl.Series, header: Header) -> Iterator[Finding]:
    """CSV records with more or fewer fields than the header. Further fields that are empty do no harm."""
    if not raw.width:
        return
    odd = dict(raw.marks.filter(pl.col("what") == FIELD_COUNT).select("row", pl.col("text").cast(pl.Int64)).iter_rows())
    wanted = raw.fields_of(header.last)
    if not odd and wanted == raw.width:
        return
    counts = pl.DataFrame({"row": rows}).with_columns(
        pl.col("row").replace_strict(odd, default=raw.width, return_dtype=pl.Int64).alias("n")
    )
    for row, count in counts.filter(pl.col("n") != wanted).iter_rows():
        beyond = [name for name in raw.frame.columns if int(name[1:]) > wanted]
        if count > wanted and all(not raw.frame[name][row - 1] for name in beyond):
            continue
        message = f"the line has {count} fields; the header has {wanted}"
        next_step = "Put a value that holds the delimiter into quotes, or add what is missing."
        yield row, 0, kinds.ROW_RAGGED, message, next_step


def _missing(texts: pl.DataFrame, rows: pl.Series, header: Header) -> Iterator[Finding]:
    """Needed values that are blank: one fault for a row, at the first of them."""
    blank: dict[int, list[tuple[str, ...]]] = {}
    for group in header.rules.needed:
        fields = [field for field in group if field in texts.columns]
        lacking = texts.select(pl.all_horizontal(pl.col(field).is_null() for field in fields)).to_series()
        for row in rows.filter(lacking) if lacking.any() else ():
            blank.setdefault(row, []).append(group)
    every = len(header.rules.needed)
    for row, groups in blank.items():
        rest = [group for group in groups if group not in NEEDED_CODES]
        for group in (group for group in groups if group in NEEDED_CODES):
            kind = next(kind for kind in kinds.RECORD_KINDS if kind.code == NEEDED_CODES[group])
            yield row, _column(group, header), kind, f"blank: {_titles(group, header, ' and ')}", kind.remedy
        if rest:
            names = ", ".join(_titles(group, header, " or ") for group in rest)
            next_step = "Fill the cell in." if len(rest) == 1 else "Fill the cells in."
            if len(groups) >= every - 1 > 1:
                next_step += " If the row is a heading or a note, move it above the header."
            yield row, _column(rest[0], header), kinds.MISSING, f"blank: {names}", next_step


def _titles(group: tuple[str, ...], header: Header, joint: str) -> str:
    """The group's fields that have a column, with its letters."""
    fields = FIELDS[header.rules.kind]
    columns = header.columns
    return joint.join(f"{fields[name].title} ({column_letters(columns[name])})" for name in group if name in columns)


def _column(group: tuple[str, ...], header: Header) -> int:
    return next((header.columns[name] for name in group if name in header.columns), 0)


def _by_kind(wrong: Mapping[str, Wrong]) -> Sequence[Mapping[str, Wrong]]:
    """The wrong texts of a column, those of each kind by themselves."""
    found: dict[str, dict[str, Wrong]] = {}
    for text, fault in wrong.items():
        found.setdefault(fault.kind.code, {})[text] = fault
    return tuple(found.values())


def _wrong(rows: pl.Series, texts: pl.Series, wrong: Mapping[str, Wrong], column: int) -> Iterator[Finding]:
    for row, text in zip(rows, texts, strict=True):
        fault = wrong[text]
        yield row, column, fault.kind, fault.message, fault.next_step or fault.kind.remedy


def _employees_text(texts: pl.DataFrame) -> pl.Series:
    shown = [name for name in ("employees", "employee_count", "employee_band") if name in texts.columns]
    if not shown:
        return pl.repeat(None, texts.height, dtype=pl.String, eager=True)
    joined = texts.select(pl.concat_str(shown, separator=" / ", ignore_nulls=True)).to_series()
    return joined.replace("", None)


def _one_size(columns: dict[str, pl.Series], source: str) -> None:
    """Where a record has a count and a band, the one of them that the mapping says is not passed on is taken out."""
    if source == "both" or "count_low" not in columns:
        return
    both = columns["count_low"].is_not_null() & columns["band_low"].is_not_null()
    for name in ("band_low", "band_high") if source == "count" else ("count_low",):
        columns[name] = columns[name].set(both, None)


def _client_faults(columns: Mapping[str, pl.Series], rows: pl.Series, header: Header) -> Iterator[Finding]:
    """What only two cells together show to be wrong."""
    yield from _too_early("archived_on", "archiving", columns, rows, header)
    yield from _too_early("upgraded_on", "upgrade", columns, rows, header)
    upgraded = columns.get("upgraded_on")
    if upgraded is None or not upgraded.is_not_null().any():
        return
    at = header.columns.get("upgraded_on", 0)
    if "plan" in columns:
        only = ((columns["plan"] == Plan.ASSESSMENT_ONLY.value) & upgraded.is_not_null()).fill_null(value=False)
        for row, day in zip(rows.filter(only), upgraded.filter(only), strict=True):
            message = f"the plan is Assessment Only, but an upgrade on {day} is given"
            next_step = "Write the full plan, or clear the upgrade date."
            yield row, at, kinds.UPGRADE, message, next_step


def _too_early(
    name: str, what: str, columns: Mapping[str, pl.Series], rows: pl.Series, header: Header
) -> Iterator[Finding]:
    """What is said to have happened to a client before it was created."""
    days = columns.get(name)
    if days is None:
        return
    early = (days < columns["created_on"]).fill_null(value=False)
    for row, day, created in zip(
        rows.filter(early), days.filter(early), columns["created_on"].filter(early), strict=True
    ):
        message = f"the {what} on {day} lies before the creation on {created}"
        yield row, header.columns.get(name, 0), kinds.DATE_ORDER, message, kinds.DATE_ORDER.remedy


def _frame(columns: Mapping[str, pl.Series], rows: pl.Series, header: Header, sheet: str, source: str) -> pl.DataFrame:
    schema = RECORDS[header.rules.kind]
    fixed = {"source": source, "sheet": sheet, "namespace": header.mapping.namespace}
    made = []
    for name, dtype in schema.items():
        if name == "row":
            made.append(rows.alias("row"))
        elif name in fixed:
            made.append(pl.repeat(fixed[name], len(rows), dtype=pl.String, eager=True).alias(name))
        elif name in columns:
            made.append(columns[name].alias(name))
        else:
            made.append(pl.repeat(None, len(rows), dtype=dtype, eager=True).alias(name))
    return conform(pl.DataFrame(made), schema)
