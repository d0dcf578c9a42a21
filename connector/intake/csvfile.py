"""CSV files: encoding and delimiter by evidence, then every field as text, with a mark on records of odd length.

Rows count records, as spreadsheet programs number them, so a quoted field with line breaks stays one row. Only records
that hold a quote go through the `csv` module; all others are split at once.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence

import polars as pl

from connector.intake.kinds import FILE_DAMAGED, FILE_ENCODING, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.rawsheet import FIELDS, Mark, RawSheet, RefusedError, marks_frame

_DELIMITERS = ",;\t|"
_SAMPLE = 1_000
_LONGEST_FIELD = 1_000_000
_QUOTE = '"'
_UTF_8_LETTER = re.compile(  # one character of two bytes or more, well-formed
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_AFTER_A_QUOTE = "expected after"  # how the csv module words it: a delimiter should follow a closing quote


def read_csv(data: bytes, limits: Limits) -> RawSheet:
    """The file as one sheet without a name.

    Raises:
        RefusedError: it is not text, or larger than the limits.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    text = _decode(data).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    while lines and not lines[-1]:
        lines.pop()
    delimiter = None
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) == len("sep=?"):
        delimiter, lines[0] = lines[0][-1], ""
    delimiter = delimiter or _delimiter(lines[:_SAMPLE])
    records, quoted = _records(lines, delimiter)
    counts = records.str.count_matches(delimiter, literal=True) + 1
    for index, fields in quoted.items():
        counts[index] = len(fields)
    widest = int(counts.max() or 1)  # type: ignore[arg-type]
    if widest > limits.columns or len(records) > limits.rows:
        message = f"the file has {len(records):,} rows and up to {widest:,} fields in a row"
        raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)
    usual = Counter(counts.filter(records != "").to_list()).most_common(1)
    width = usual[0][0] if usual else 1
    odd = pl.DataFrame({"row": pl.int_range(1, len(records) + 1, eager=True), "n": counts, "text": records})
    odd = odd.filter((pl.col("n") != width) & (pl.col("text") != ""))
    marks = marks_frame(Mark(row, 0, FIELDS, str(n)) for row, n in odd.select("row", "n").iter_rows())
    return RawSheet("", hidden=False, frame=_frame(records, quoted, delimiter, widest), marks=marks, width=width)


def _decode(data: bytes) -> str:
    """The text. UTF-16 without a mark is told by its NUL bytes; what has nothing of UTF-8 is Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in data[:4_000]:
        encodings = ["utf-16-be" if data[:1] == b"\x00" else "utf-16-le"]
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            if encoding == "utf-8-sig":
                _refuse_mixture(data)
            continue
        if "\x00" not in text:
            return text
    message = "the file is no text in UTF-8, UTF-16 or Windows-1252"
    raise RefusedError(FILE_DAMAGED.code, message, "Export it again as CSV UTF-8.")


def _refuse_mixture(data: bytes) -> None:
    """Refuse what is mostly UTF-8: read as Windows-1252, each of its other letters would become two wrong ones."""
    if not _UTF_8_LETTER.search(data):
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        message = (
            f"line {before.count(10) + 1} holds the byte 0x{data[error.start]:02X}, which is not UTF-8, "
            "although other letters of the file are"
        )
        next_step = "Open it, check the letters of that line, and save it as CSV UTF-8."
        raise RefusedError(FILE_ENCODING.code, message, next_step) from error


def _delimiter(lines: Sequence[str]) -> str:
    """The delimiter that agrees with the quotes, and under which most records have the same number of fields."""
    return max(_DELIMITERS, key=lambda delimiter: (*_fit(lines, delimiter), -_DELIMITERS.index(delimiter)))


def _fit(lines: Sequence[str], delimiter: str) -> tuple[bool, float, int]:
    """Whether quotes stand where fields begin and end; the share of the commonest number of fields; that number."""
    for strict in (True, False):
        counts: Counter[int] = Counter()
        agrees = strict
        try:
            counts.update(len(record) for record in csv.reader(lines, delimiter=delimiter, strict=strict) if record)
        except csv.Error as error:
            if strict and _AFTER_A_QUOTE in str(error):
                continue
        several = [(times, width) for width, times in counts.items() if width > 1]
        times, width = max(several, default=(0, 0))
        return agrees, times / max(1, counts.total()), width
    raise AssertionError


def _records(lines: list[str], delimiter: str) -> tuple[pl.Series, dict[int, list[str]]]:
    """All records as text (a quoted one as something not blank), and the fields of those with quotes by index."""
    if not any(_QUOTE in line for line in lines):
        return pl.Series(lines, dtype=pl.String), {}
    records: list[str] = []
    quoted: dict[int, list[str]] = {}
    start = 0
    while start < len(lines):
        if _QUOTE not in lines[start]:
            records.append(lines[start])
            start += 1
            continue
        fields, used = _quoted(lines, start, delimiter, len(records) + 1)
        quoted[len(records)] = fields
        records.append(_QUOTE)
        start += used
    return pl.Series(records, dtype=pl.String), quoted


def _quoted(lines: list[str], start: int, delimiter: str, row: int) -> tuple[list[str], int]:
    """The fields of the record that begins in a line, and how many lines it takes."""
    for strict in (True, False):  # not strict: a closing quote with something after it, which is read as it stands
        rest = (lines[index] + "\n" for index in range(start, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=strict)
        try:
            return next(reader), reader.line_num
        except csv.Error as error:
            if not strict or _AFTER_A_QUOTE not in str(error):
                message = f"a quoted field that begins in line {start + 1} does not end ({error})"
                raise RefusedError(FILE_DAMAGED.code, message, "Close the quote.", row=row) from error
    raise AssertionError


def _frame(records: pl.Series, quoted: dict[int, list[str]], delimiter: str, widest: int) -> pl.DataFrame:
    names = [f"c{number}" for number in range(1, widest + 1)]
    if widest > 1:
        frame = pl.DataFrame({"": records}).select(
            pl.col("").str.split_exact(delimiter, widest - 1).struct.rename_fields(names).struct.unnest()
        )
    else:
        frame = pl.DataFrame({"c1": records})
    if quoted:
        rows = list(quoted)
        for position, name in enumerate(names):
            texts = [fields[position] if position < len(fields) else None for fields in quoted.values()]
            frame = frame.with_columns(frame[name].scatter(rows, texts))
    return frame.with_columns(pl.all().replace("", None))
