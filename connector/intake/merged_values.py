"""One cell merged over several record rows: its value is read for each of them, and said so once."""

from collections.abc import Mapping, Sequence

import polars as pl

from connector.intake import kinds
from connector.intake.faults import Fault
from connector.intake.merges import Merge


def spread(
    texts: pl.DataFrame, columns: Mapping[str, int], merges: Sequence[Merge], below: int
) -> tuple[pl.DataFrame, tuple[Fault, ...]]:
    """The texts with the value of each block read for all its rows, and one warning for each such block.

    Args:
        texts: the mapped fields of all rows, cleaned, by field name.
        columns: field → column number.
        merges: the sheet's blocks, in order.
        below: the header's last row; only rows below it are filled.
    """
    fields = {column: field for field, column in columns.items()}
    tall: dict[str, list[Merge]] = {}
    for merge in merges:
        if merge.column in fields and merge.row > below and merge.last_row > merge.row:
            tall.setdefault(fields[merge.column], []).append(merge)
    if not tall:
        return texts, ()
    shown = texts.select(~pl.all_horizontal(pl.all().is_null())).to_series().to_list()
    faults: list[Fault] = []
    filled = []
    for field, blocks in tall.items():
        values = texts[field].to_list()
        done = 0
        for merge in blocks:
            last = min(merge.last_row, texts.height)
            value = values[merge.row - 1] if merge.row <= last else None
            rows = [row for row in range(max(merge.row, done) + 1, last + 1) if shown[row - 1]]
            done = max(done, last)
            if value is None or not rows:
                continue
            for row in rows:
                values[row - 1] = value
            message = f"the cell is merged over the rows {merge.row} to {rows[-1]}; its value is read for each of them"
            faults.append(Fault(merge.row, merge.column, kinds.CELL_MERGED, message, kinds.CELL_MERGED.remedy))
        filled.append(pl.Series(field, values, dtype=pl.String))
    return texts.with_columns(filled), tuple(sorted(faults, key=lambda fault: (fault.row, fault.column)))
