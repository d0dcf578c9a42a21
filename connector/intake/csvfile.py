"""CSV files: encoding and delimiter by evidence, then every field as text, with a mark on records of odd length.

Rows count records, as spreadsheet programs number them, so a quoted field with line breaks stays one row. A file in
which every record has the same number of fields is read by polars, and believed only when every byte of it is found
again in the result; any other is read record by record.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import polars as pl

from connector.intake.kinds import FILE_DAMAGED, FILE_ENCODING, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.marks import FIELDS, Mark, RefusedError
from connector.intake.rawsheet import RawSheet, marks_frame
from connector.intake.steps import STEPS

_DELIMITERS = ",;\t|"
_SAMPLE = 1_000
_HEAD = 1_000_000
_PIECE = 4_000_000
_SHARE_DECODED, _SHARE_READ = 700, 3_000  # of the work, in ten-thousandths
_LONGEST_FIELD = 1_000_000  # and the longest line, in bytes
_LINES_A_ROW = 4  # at most, on the average: quoted fields hold line breaks
_NULS_SHARE, _NULS_ONE_SIDED = 20, 4
_QUOTE = '"'
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\n"
_UTF_8_LETTER = re.compile(  # one character of two bytes or more, well-formed
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_AFTER_A_QUOTE = "expected after"  # how the csv module words it: a delimiter should follow a closing quote


def read_text(data: bytes, limits: Limits) -> tuple[RawSheet, ...]:
    """The file as the sheets of a source: there is one.

    Raises:
        RefusedError: see `read_csv`.
    """
    return (read_csv(data, limits),)


def read_csv(data: bytes, limits: Limits) -> RawSheet:
    """The file as one sheet without a name.

    Raises:
        RefusedError: it is not text, or larger than the limits.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    text = _in_utf_8(data)
    del data
    _check_lines(text, limits)
    STEPS.tell(text.count(b"\n") + 1, _SHARE_DECODED)
    head = text[:_HEAD].decode("utf-8", "ignore").split("\n")[:_SAMPLE]
    delimiter = head[0][-1] if head[0].lower().startswith("sep=") and len(head[0]) == len("sep=?") else None
    if delimiter is None:
        delimiter = _delimiter(head[:-1] if len(text) > _HEAD else head)
        even = _read_even(text, delimiter, limits)
        if even is not None:
            return even
    else:
        text = text[len(head[0].encode()) :]
    return _read_any(text.decode("utf-8"), delimiter, limits)


def _read_any(text: str, delimiter: str, limits: Limits) -> RawSheet:
    """Read record by record: those with quotes by the `csv` module, all others split at once."""
    records, quoted = _records(text.removesuffix("\n").split("\n"), delimiter)
    counts = records.str.count_matches(delimiter, literal=True) + 1
    if quoted:
        counts = counts.scatter(list(quoted), [len(fields) for fields in quoted.values()])
    widest = int(counts.max() or 1)  # type: ignore[arg-type]
    _check_size(len(records), widest, limits)
    usual = Counter(counts.filter(records != "").to_list()).most_common(1)
    width = usual[0][0] if usual else 1
    odd = pl.DataFrame({"row": pl.int_range(1, len(records) + 1, eager=True), "n": counts, "text": records})
    odd = odd.filter((pl.col("n") != width) & (pl.col("text") != ""))
    marks = marks_frame(Mark(row, 0, FIELDS, str(n)) for row, n in odd.select("row", "n").iter_rows())
    return RawSheet("", hidden=False, frame=_frame(records, quoted, delimiter, widest), marks=marks, width=width)


def _read_even(text: bytes, delimiter: str, limits: Limits) -> RawSheet | None:
    """Read a file whose records all have the same number of fields; None when it is not proved to be one."""
    first = text[: text.find(b"\n")] if b"\n" in text else text
    width = first.count(delimiter.encode()) + 1
    if not width > 1 or b"\n\n" in text or text.startswith(b"\n") or first.count(_QUOTE.encode()) % 2:
        return None
    quotes = text.count(_QUOTE.encode())
    names = [f"c{number}" for number in range(1, _fields(first, delimiter, quoted=quotes > 0) + 1)]
    _check_size(0, len(names), limits)
    try:
        frame = pl.read_csv(
            text,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            separator=delimiter,
            quote_char=_QUOTE if quotes else None,
        )
    except pl.exceptions.PolarsError:
        return None  # not all records are as long as the first, or its quotes are not where they belong
    STEPS.tell(frame.height, _SHARE_READ)
    _check_size(frame.height, frame.width, limits)
    if not _is_whole(text, frame, delimiter, quotes):
        return None
    plain = _is_plain(text, delimiter) and not (quotes and _holds_control(frame))
    frame = frame.with_columns(pl.all().replace("", None)) if quotes else frame
    return RawSheet("", hidden=False, frame=frame, width=frame.width, plain=plain)


def _fields(record: bytes, delimiter: str, *, quoted: bool) -> int:
    """The number of fields of the first record."""
    text = record.decode("utf-8")
    return len(next(csv.reader([text], delimiter=delimiter))) if quoted else text.count(delimiter) + 1


def _is_whole(text: bytes, frame: pl.DataFrame, delimiter: str, quotes: int) -> bool:
    """Whether every byte of the file is in a field, or is a delimiter, a line's end, or a quote around or in a field.

    Of the delimiters, those outside quotes must be as many as records of equal length have.
    """
    sizes = frame.select(pl.all().str.len_bytes().sum()).sum_horizontal()[0]
    inside = kept = 0
    if quotes:
        inside = frame.select(pl.all().str.count_matches(delimiter, literal=True).sum()).sum_horizontal()[0]
        kept = frame.select(pl.all().str.count_matches(_QUOTE, literal=True).sum()).sum_horizontal()[0]
    last = text.endswith(b"\n")
    ends = frame.height - 1 + last
    outside = text.count(delimiter.encode()) - inside
    even = outside == frame.height * (frame.width - 1) and (quotes > 0 or ends == text.count(b"\n"))
    return bool(even and len(text) == sizes + outside + ends + quotes - kept)


def _pieces(text: bytes) -> Iterator[bytes]:
    """Pieces that end with a line."""
    start = 0
    while start < len(text):
        end = text.find(b"\n", start + _PIECE) + 1 or len(text)
        yield text[start:end]
        start = end


def _holds(piece: bytes, pattern: str) -> bool:
    return bool(pl.Series([piece], dtype=pl.Binary).cast(pl.String).str.contains(pattern)[0])


def _is_plain(text: bytes, delimiter: str) -> bool:
    """Whether the file holds nothing but printable ASCII, and no field that begins or ends with a space."""
    if text.translate(None, _PRINTABLE + delimiter.encode()):
        return False
    at = re.escape(delimiter)
    outer = rf'(?:^|[\n"{at}]) | (?:$|[\n"{at}])'
    return not any(_holds(piece, outer) for piece in _pieces(text))


def _holds_control(frame: pl.DataFrame) -> bool:
    """Whether a field holds a line's end or a tab: the quotes around it make text of what elsewhere divides fields."""
    return bool(frame.select(pl.any_horizontal(pl.all().str.contains(r"[\n\t]").any())).item())


def _check_lines(text: bytes, limits: Limits) -> None:
    """Refuse before anything is made of it what has too many lines, or one without an end."""
    lines = text.count(b"\n") + (not text.endswith(b"\n"))
    if lines > limits.rows * _LINES_A_ROW:
        raise RefusedError(FILE_TOO_COSTLY.code, f"the file has {lines:,} lines", FILE_TOO_COSTLY.remedy)
    start = 0
    while len(text) - start > _LONGEST_FIELD:
        end = text.rfind(b"\n", start, start + _LONGEST_FIELD)
        if end < 0:
            number = text.count(b"\n", 0, start) + 1
            message = f"line {number:,} has more than {_LONGEST_FIELD:,} bytes"
            raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy, row=number)
        start = end + 1


def _check_size(rows: int, columns: int, limits: Limits) -> None:
    if columns > limits.columns or rows > limits.rows or rows * columns > limits.cells:
        message = (
            f"the file has {rows:,} rows and up to {columns:,} fields in a row"
            if rows
            else (f"the file has up to {columns:,} fields in a row")
        )
        raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)


def _in_utf_8(data: bytes) -> bytes:
    """The text in UTF-8, its lines ended by a line feed, without empty lines at the end."""
    text = data if data.isascii() and b"\x00" not in data else _decode(data).encode("utf-8")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
        text = text.replace(b"\r", b"\n") if b"\r" in text else text
    return text.rstrip(b"\n") if text.endswith(b"\n\n") else text


def _decode(data: bytes) -> str:
    """The text. UTF-16 without a mark is told by its NUL bytes; what has nothing of UTF-8 is Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif encoding_of_nuls := _utf_16(data[:4_000]):
        encodings = [encoding_of_nuls]
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


def _utf_16(head: bytes) -> str:
    """The order of bytes that the NUL bytes of UTF-16 give away: many, and nearly all on one side; "" for neither."""
    high, low = head[::2].count(0), head[1::2].count(0)
    if max(high, low) < max(1, len(head) // _NULS_SHARE) or max(high, low) < _NULS_ONE_SIDED * min(high, low):
        return ""
    return "utf-16-be" if high > low else "utf-16-le"


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
