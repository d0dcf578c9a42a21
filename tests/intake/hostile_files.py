"""All hostile files: texts that are made to hurt, and those of the other modules.

`tests/intake/test_intake_hostile.py` asks for the outcome of each; `bench/hostile.py` for its seconds.
"""

from collections.abc import Mapping

from hostile_archives import ARCHIVES
from hostile_kit import CLIENT, COSTLY, DAMAGED, HEADER, READ, Hostile
from hostile_sheets import SHEETS, SLY

_LINE = ",".join(HEADER)
_GOOD_CSV = f"{_LINE}\n{','.join(CLIENT)}\n"
TEXTS: Mapping[str, Hostile] = {
    "a line of 90 MB": Hostile(lambda: _GOOD_CSV.encode() + b"x" * 90_000_000, COSTLY, suffix=".csv"),
    "a line of 90 MB and nothing else": Hostile(lambda: b"x" * 90_000_000, COSTLY, suffix=".csv"),
    "a quote that never closes": Hostile(
        lambda: f'{_GOOD_CSV}C-2,P-1,"Beta'.encode() + b",xxxxxxxxxx\n" * 3_800_000, DAMAGED, "does not end", ".csv"
    ),
    "a quote that never closes in one line": Hostile(
        lambda: f'{_GOOD_CSV}C-2,P-1,"Beta'.encode() + b"x" * 50_000_000, COSTLY, "line 3 has more than", ".csv"
    ),
    "1,000,000 quotes that close a line later": Hostile(
        lambda: b'"a\nb"\n' * 1_000_000, "sheet-no-header", suffix=".csv", seconds=20
    ),
    "100,000 columns": Hostile(lambda: b"," * 99_999 + b"\n", COSTLY, "100,000 fields", ".csv"),
    "100,000 columns in the last of 1,000,000 lines": Hostile(
        lambda: b"a,b\n" * 1_000_000 + b"," * 99_999 + b"\n", COSTLY, "100,000 fields", ".csv"
    ),
    "NUL bytes": Hostile(lambda: b"\0" * 10_000_000, DAMAGED, "no text", ".csv"),
    "a NUL byte in a good file": Hostile(lambda: _GOOD_CSV.encode() + b"a\0b\n", DAMAGED, "no text", ".csv"),
    "NUL bytes after a good start": Hostile(
        lambda: _GOOD_CSV.encode() * 100 + b"\0" * 50_000_000, DAMAGED, "no text", ".csv"
    ),
    "5,000,000 rows of one character": Hostile(lambda: b"x\n" * 5_000_000, COSTLY, "5,000,000", ".csv"),
    "50,000,000 line ends": Hostile(lambda: b"\n" * 50_000_000, "file-empty", suffix=".csv"),
    "50,000,000 line ends and a letter": Hostile(lambda: b"\n" * 50_000_000 + b"x", COSTLY, suffix=".csv"),
    "line ends of an old Mac": Hostile(lambda: _GOOD_CSV.replace("\n", "\r").encode(), READ, suffix=".csv"),
    "90 MB of delimiters and quotes": Hostile(lambda: b'","' * 30_000_000, COSTLY, suffix=".csv"),
}

ALL: Mapping[str, Hostile] = {**ARCHIVES, **SHEETS, **TEXTS, **SLY}
