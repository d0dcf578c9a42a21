"""How much of a file is read at all. Everything here is a ceiling, never a target; a file beyond one is refused whole.

The stranger's trap: the archive limits are checked on what the file *says*; memory and time on what it *does*.
"""

from dataclasses import dataclass

_MEGABYTE = 1_000_000
_GIBIBYTE = 2**30


@dataclass(frozen=True)
class Limits:
    """Ceilings for one file.

    Attributes:
        file_bytes: size of the file as uploaded.
        members: parts in a workbook's archive, counted from its end record before it is opened.
        part_bytes, total_bytes: unpacked size of one part, and of all.
        whole_bytes: unpacked size of a part that is read whole: the workbook's own list of sheets, its styles.
        ratio: unpacked by packed size, for parts larger than `ratio_from_bytes`.
        cells: cells of one sheet.
        texts: shared texts of a workbook, each counted once.
        columns, rows: the farthest cell of a sheet that has content.
        memory_bytes: address space of the reading process.
        cpu_seconds: the computing that one file may take: the process that reads it, and what is made of its texts.
        wall_seconds: how long the reading process may take.
    """

    file_bytes: int = 200 * _MEGABYTE
    members: int = 2_000
    part_bytes: int = _GIBIBYTE
    total_bytes: int = 2 * _GIBIBYTE
    whole_bytes: int = 32 * _MEGABYTE
    ratio: int = 200
    ratio_from_bytes: int = 10 * _MEGABYTE
    cells: int = 50_000_000
    texts: int = 16_000_000
    columns: int = 512
    rows: int = 1_048_576
    memory_bytes: int = 3 * _GIBIBYTE
    cpu_seconds: int = 18
    wall_seconds: float = 60.0
