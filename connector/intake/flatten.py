"""Records of an export to the columns of a sheet: row 1 is the header, record n is row n + 1.

Objects in objects become columns of their own (`partner.id`). A list becomes the number of its items: for billing the
people in it are counted, and their names are not kept. Such a cell carries a mark, so that a list where one value
belongs is a fault and not a number.
"""

import re
from collections.abc import Sequence

import polars as pl

from connector.intake.kinds import FILE_DAMAGED, FILE_TOO_COSTLY
from connector.intake.limits import Limits
from connector.intake.marks import BROKEN, LIST, NOT_A_NUMBER, TWICE, RefusedError
from connector.intake.rawsheet import MARKS, RawSheet
from connector.jsonwalk import Constant

LONGEST_TEXT = 1_000_000
_LONGEST_KEY = 1_000
_DEEPEST = 16
_SHOWN = 200
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_BYTE = re.compile("[\udc80-\udcff]")
_ROWS_BEFORE = 2  # the header, and rows count from 1

Pairs = Sequence[tuple[str, object]]


class Flat:
    """One sheet in the making. Records are added one by one.

    Args:
        name: the sheet's name.
        limits: ceilings.
        doubtful: whether texts may hold halves of characters, or bytes that are no text.
    """

    def __init__(self, name: str, limits: Limits, *, doubtful: bool) -> None:
        self.name, self.rows = name, 0
        self._limits, self._doubtful = limits, doubtful
        self._columns: dict[str, list[str | None]] = {}
        self._lists: dict[str, list[int]] = {}
        self._marks: list[tuple[int, str, str, str]] = []  # row from 0, column, what, text
        self._broken: dict[int, str] = {}

    def add(self, pairs: Pairs) -> None:
        """Add a record.

        Raises:
            RefusedError: the sheet is larger than the limits.
        """
        self._begin()
        self._fill(pairs, "", 0)
        self.rows += 1

    def add_broken(self, text: str, reason: str) -> None:
        """Add a row for what is no record: its text stands in the first column, as far as it can be shown."""
        self._begin()
        shown = _HALF_CHARACTER.sub("\ufffd", text.strip()[:_SHOWN])
        self._broken[self.rows] = shown or "(nothing)"
        self._marks.append((self.rows, "", BROKEN, reason))
        self.rows += 1

    def add_blank(self) -> None:
        """Add an empty row."""
        self._begin()
        self.rows += 1

    def sheet(self) -> RawSheet:
        """What was added."""
        self._drop_stand_ins()
        if self.rows and not self._columns:  # nothing but empty or broken records: their rows are there all the same
            self._columns["record" if self._broken else ""] = []
        names = list(self._columns)
        numbers = {name: number for number, name in enumerate(names, 1)}
        made = {}
        for name in names:
            values = self._columns.pop(name)
            values.extend([None] * (self.rows - len(values)))
            column = pl.Series(values, dtype=pl.String).replace("", None)
            if int(column.str.len_bytes().max() or 0) > LONGEST_TEXT:  # type: ignore[arg-type]
                message = f"a text under {name[:_SHOWN]} has more than {LONGEST_TEXT:,} bytes"
                raise RefusedError(FILE_TOO_COSTLY.code, message, "Leave that key out of the export.")
            made[f"c{numbers[name]}"] = pl.concat([pl.Series([name or None], dtype=pl.String), column])
        if self._broken:
            rows = [row + 1 for row in self._broken]
            made["c1"] = made["c1"].scatter(rows, list(self._broken.values()))
        marks = self._all_marks(numbers)
        return RawSheet(self.name, hidden=False, frame=pl.DataFrame(made), marks=marks, exported=True)

    def _begin(self) -> None:
        rows = self.rows + _ROWS_BEFORE
        if rows > self._limits.rows:
            self._too_large("rows", f"{self._limits.rows:,}")
        if rows * len(self._columns) > self._limits.cells:
            self._too_large("cells", f"{self._limits.cells:,}")

    def _fill(self, pairs: Pairs, prefix: str, depth: int) -> None:
        rows, columns = self.rows, self._columns
        for key, value in pairs:
            name = prefix + key
            kind = type(value)
            if kind is tuple:
                if depth == _DEEPEST:
                    message = f"objects stand more than {_DEEPEST} deep in one another"
                    raise RefusedError(FILE_TOO_COSTLY.code, message, "Export plain records.", sheet=self.name)
                self._fill(value, f"{name}.", depth + 1)  # type: ignore[arg-type]
                continue
            column = columns.get(name)
            if column is None:
                column = self._new(name)
            missing = rows - len(column)
            if missing > 0:
                column.extend([None] * missing)
            elif missing < 0:
                self._marks.append((rows, name, TWICE, name))
                continue
            if kind is str:
                column.append(value if not self._doubtful else self._whole(str(value), name))  # type: ignore[arg-type]
            elif value is None:
                column.append(None)
            else:
                column.append(self._odd(value, name))

    def _odd(self, value: object, name: str) -> str:
        """The text of what is neither a text, a number nor nothing."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list):
            self._lists.setdefault(name, []).append(self.rows)
            return str(len(value))
        if isinstance(value, Constant):
            self._marks.append((self.rows, name, NOT_A_NUMBER, value))
        return str(value)

    def _whole(self, text: str, name: str) -> str:
        """The text, whose halves of characters and bytes that are no text are replaced and told."""
        if _HALF_CHARACTER.search(text) is None:
            return text
        found = _BYTE.search(text)
        told = f"the byte 0x{ord(found[0]) - 0xDC00:02X}, which is not UTF-8" if found else "half a character"
        self._marks.append((self.rows, "", BROKEN, f"the text under {name[:_SHOWN]!r} holds {told}"))
        return _HALF_CHARACTER.sub("\ufffd", text)

    def _new(self, name: str) -> list[str | None]:
        if len(name) > _LONGEST_KEY or _HALF_CHARACTER.search(name):
            message = f"a key of {len(name):,} characters, or one that is no text, stands in record {self.rows + 1:,}"
            raise RefusedError(FILE_DAMAGED.code, message, "Export it again with plain keys.", sheet=self.name)
        if len(self._columns) == self._limits.columns:
            self._too_large("different keys", f"{self._limits.columns:,}")
        self._columns[name] = [None] * self.rows
        return self._columns[name]

    def _too_large(self, what: str, most: str) -> None:
        message = f"the records have more than {most} {what}"
        raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy, sheet=self.name)

    def _drop_stand_ins(self) -> None:
        """Take out columns in which a missing object shows as nothing: `partner` beside `partner.id`."""
        inner = {name.rpartition(".")[0] for name in self._columns if "." in name}
        for name in inner & self._columns.keys():
            if not any(self._columns[name]):
                del self._columns[name]

    def _all_marks(self, numbers: dict[str, int]) -> pl.DataFrame:
        told = [(row + _ROWS_BEFORE, numbers.get(column, 0), what, text) for row, column, what, text in self._marks]
        frames = [pl.DataFrame(told, schema=MARKS, orient="row")]
        for name, rows in self._lists.items():
            frames.append(list_marks(pl.Series(rows, dtype=pl.UInt32) + _ROWS_BEFORE, numbers[name]))
        return pl.concat(frames)


def list_marks(rows: pl.Series, column: int) -> pl.DataFrame:
    """Marks on the cells of a column that count a list."""
    return pl.DataFrame({"row": rows}, schema={"row": pl.UInt32}).select(
        "row", column=pl.lit(column, pl.UInt32), what=pl.lit(LIST), text=pl.lit("")
    )
