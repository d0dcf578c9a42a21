"""What a hostile file is: its bytes, built on the spot and small on disk, and what it must come to."""

from collections.abc import Callable
from dataclasses import dataclass

from xlsx_kit import RELATIONS, SHEET, STYLES, TEXTS, TYPES, WORKBOOK, parts, rows
from zip_kit import Member, repeated

READ = ""
UNSAFE, COSTLY, DAMAGED = "file-unsafe", "file-too-costly", "file-damaged"
MEGABYTE = 2**20
HEADER = ("Client ID", "Partner ID", "Client name", "Website", "Plan", "Created on", "Employees", "Status")
CLIENT = ("C-1", "P-1", "Acme", "acme.com", "Full feature Spoke", "2025-03-01", "50", "Active")
GOOD = rows(HEADER, CLIENT)
BLOCK = 64 * 2**10


@dataclass(frozen=True)
class Hostile:
    """One file.

    Attributes:
        make: its bytes.
        code: of the one problem it must come to; `READ` when its one client must be read all the same.
        says: what the problem's message must hold.
        suffix: of its name.
        seconds: how long a read may compute; longer for what cannot be told from a large file before it is unpacked.
    """

    make: Callable[[], bytes]
    code: str
    says: str = ""
    suffix: str = ".xlsx"
    seconds: float = 5.0


def book(**changes: str | bytes | Member) -> dict[str, str | bytes | Member]:
    """The parts of a good workbook of one client; `sheet=` and the like replace or add a part."""
    names = {
        "sheet": SHEET,
        "texts": TEXTS,
        "styles": STYLES,
        "workbook": WORKBOOK,
        "relations": RELATIONS,
        "types": TYPES,
        "media": "xl/media/image1.png",
        "comments": "xl/comments1.xml",
    }
    found: dict[str, str | bytes | Member] = {**parts({"Clients": GOOD}, texts="<si><t>x</t></si>")}
    found.update({names[name]: part for name, part in changes.items()})
    return found


def blown(part: str, head: str, unit: str, tail: str, size: int) -> Member:
    """A part that says one thing again and again, up to a size."""
    block = unit.encode() * max(1, BLOCK // len(unit))
    return repeated(part, head.encode(), block, size // len(block), tail.encode())
