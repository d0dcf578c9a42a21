"""Exports as Parquet: every column to text in the spellings of the other readers. Row 1 is the header.

The file's own metadata is held against the limits before a value is read.
"""

import io

import polars as pl

from connector.intake.flatten import LONGEST_TEXT
from connector.intake.kinds import FILE_DAMAGED, FILE_NO_ROWS, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.marks import LIST, NOT_A_NUMBER, RefusedError
from connector.intake.rawsheet import MARKS, RawSheet
from connector.jsonwalk import spelled

_EXPORT_AGAIN = "Export it again."
_DEEPEST = 16
_FORMS = {
    pl.Date: "%Y-%m-%d 00:00:00",  # as a workbook's date cell is told
    pl.Datetime: "%Y-%m-%d %H:%M:%S%.f",
    pl.Time: "%H:%M:%S%.f",
    pl.Duration: "iso",
}
_ODD_NUMBERS = {"NaN": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


Column = tuple[str, pl.Expr, pl.DataType]


def read_parquet(data: bytes, limits: Limits) -> tuple[RawSheet, ...]:
    """The file as one sheet without a name.

    Raises:
        RefusedError: it is damaged, holds nothing, or is larger than the limits.
    """
    try:
        scanned = pl.scan_parquet(io.BytesIO(data), glob=False)
        columns = [column for name, dtype in scanned.collect_schema().items() for column in _plain(name, dtype)]
        rows = int(scanned.select(pl.len()).collect().item())
        _check_size(rows, len(columns), limits)
        values = scanned.select(_as_text(value, dtype).alias(str(n)) for n, (_, value, dtype) in enumerate(columns))
        return (_sheet(values.collect(), columns, limits),)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0][:200]
        raise RefusedError(FILE_DAMAGED.code, f"the Parquet file is damaged ({reason})", _EXPORT_AGAIN) from error


def _plain(name: str, dtype: pl.DataType, value: pl.Expr | None = None, depth: int = 0) -> list[Column]:
    """The column itself, or the columns of a structure, `partner.id`."""
    value = pl.col(name) if value is None else value
    if not isinstance(dtype, pl.Struct):
        return [(name, value, dtype)]
    if depth == _DEEPEST:
        message = f"structures stand more than {_DEEPEST} deep in one another"
        raise RefusedError(FILE_TOO_COSTLY.code, message, "Export plain columns.")
    inner = ((field, value.struct.field(field.name)) for field in dtype.fields)
    return [
        column
        for field, of_field in inner
        for column in _plain(
            f"{name}.{field.name}", pl.Schema([(field.name, field.dtype)]).dtypes()[0], of_field, depth + 1
        )
    ]


def _check_size(rows: int, columns: int, limits: Limits) -> None:
    if not columns:
        raise RefusedError(FILE_NO_ROWS.code, "the Parquet file has no column", FILE_NO_ROWS.remedy)
    if rows + 1 > limits.rows or columns > limits.columns or (rows + 1) * columns > limits.cells:
        message = f"the file has {rows:,} rows and {columns:,} columns"
        raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)


def _as_text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The column as text, or as bytes where it holds bytes."""
    form = _FORMS.get(type(dtype), "")
    if form:
        zone = "%:z" if isinstance(dtype, pl.Datetime) and dtype.time_zone else ""
        return value.dt.to_string(form + zone)
    if isinstance(dtype, pl.List):
        return value.list.len().cast(pl.String)
    if isinstance(dtype, pl.Array):
        return pl.when(value.is_not_null()).then(pl.lit(str(dtype.size)))
    if isinstance(dtype, pl.Decimal) and dtype.scale:
        return value.cast(pl.String).str.replace(r"(\.[0-9]*?)0+$", "$1").str.strip_suffix(".")
    return value if isinstance(dtype, pl.Binary) else value.cast(pl.String)


def _sheet(values: pl.DataFrame, columns: list[Column], limits: Limits) -> RawSheet:
    made, marks = {}, [pl.DataFrame(schema=MARKS)]
    for number, (name, _, dtype) in enumerate(columns, 1):
        texts = values[str(number - 1)]
        if isinstance(dtype, pl.Binary):
            texts = _of_bytes(texts)
        elif dtype.is_float():
            texts = _of_floats(texts)
            odd = texts.is_in(list(_ODD_NUMBERS.values())).fill_null(value=False)
            marks += [_marked(odd, number, NOT_A_NUMBER, texts)] if odd.any() else []
        elif dtype.is_nested():
            marks.append(_marked(texts.is_not_null(), number, LIST, None))
        if int(texts.str.len_bytes().max() or 0) > LONGEST_TEXT:  # type: ignore[arg-type]
            message = f"a text under {name[:200]} has more than {LONGEST_TEXT:,} bytes"
            raise RefusedError(FILE_TOO_COSTLY.code, message, "Leave that column out of the export.")
        made[f"c{number}"] = pl.concat([pl.Series([name], dtype=pl.String), texts.replace("", None)])
    frame = pl.DataFrame(made)
    if int(frame.select(pl.sum_horizontal(pl.all().str.len_bytes().sum())).item() or 0) > limits.part_bytes:
        message = f"the texts of the file take more than {limits.part_bytes // 2**20:,} MiB"
        raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)
    return RawSheet("", hidden=False, frame=frame, marks=pl.concat(marks), exported=True)


def _of_bytes(values: pl.Series) -> pl.Series:
    """Bytes as the text they are; a column of which any are none is shown in hexadecimal digits."""
    try:
        return values.cast(pl.String, strict=True)
    except pl.exceptions.PolarsError:
        return values.bin.encode("hex")


def _of_floats(texts: pl.Series) -> pl.Series:
    plain = texts.str.strip_suffix(".0")
    odd = plain.filter(plain.str.contains(r"^-0$|[a-zA-Z]")).unique()
    return plain.replace({text: _ODD_NUMBERS.get(text) or spelled(text) for text in odd}) if len(odd) else plain


def _marked(where: pl.Series, column: int, what: str, texts: pl.Series | None) -> pl.DataFrame:
    """Marks on the cells of a column where a condition holds."""
    rows = where.arg_true() + 2  # the header, and rows count from 1
    told = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows)) if texts is None else texts.filter(where)
    return pl.select(
        row=rows.cast(pl.UInt32),
        column=pl.repeat(column, len(rows), dtype=pl.UInt32),
        what=pl.repeat(what, len(rows), dtype=pl.String),
        text=told,
    )
