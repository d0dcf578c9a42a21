"""Hostile archives: bombs, lying sizes, names that lead elsewhere, too many members, members within members."""

import struct
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from hostile_kit import COSTLY, DAMAGED, GOOD, MEGABYTE, READ, UNSAFE, Hostile, blown, book
from xlsx_kit import HEAD, MAIN, SHEET, STYLES, TAIL, TEXTS, packed
from zip_kit import ENCRYPTED, SYMLINK, Member, archive, member


def _bombs(size: int) -> dict[str, Member]:
    """Six parts of about a size each."""
    texts_head, texts_tail = f'<sst xmlns="{MAIN}">', "</sst>"
    styles_head = f'<styleSheet xmlns="{MAIN}"><cellXfs>'
    cell = "<row><c><v>1</v></c></row>"
    return {
        "sheet": blown(SHEET, HEAD, " ", GOOD + TAIL, size),
        "cells": blown(SHEET, HEAD + GOOD, cell, TAIL, size),
        "texts": blown(TEXTS, texts_head, "<si><t>x</t></si>", texts_tail, size),
        "one text": blown(TEXTS, f"{texts_head}<si><t>", "x", f"</t></si>{texts_tail}", size),
        "styles": blown(STYLES, styles_head, '<xf numFmtId="0"/>', "</cellXfs></styleSheet>", size),
        "media": blown("xl/media/image1.png", "", "\0", "", size),
    }


_NAMES = {"cells": "sheet", "one text": "texts"}
_KINDS = ("sheet", "cells", "texts", "one text", "styles", "media")


def _bomb(kind: str, size: int) -> bytes:
    return packed(book(**{_NAMES.get(kind, kind): _bombs(size)[kind]}))


def _lying(kind: str, says: int) -> bytes:
    """A bomb whose directory says that it is small, and whose own header says so too."""
    real = _bombs(300 * MEGABYTE)[kind]
    return packed(book(**{_NAMES.get(kind, kind): replace(real, size=says)}))


def _many(number: int, **how: object) -> bytes:
    few = [member(name, str(text)) for name, text in book().items()]
    small = Member("", b"", 0, method=0)
    return archive([*few, *(replace(small, name=f"x/{index}") for index in range(number - len(few)))], **how)


def _truncated(share: float) -> bytes:
    whole = packed(book())
    return whole[: int(len(whole) * share)]


def _with(*more: Member, **how: object) -> bytes:
    """A good workbook and further members."""
    return archive([*(member(name, str(text)) for name, text in book().items()), *more], **how)


def _overlapping() -> bytes:
    """200 sheets whose data is one and the same megabytes."""
    kernel = blown("xl/worksheets/x.xml", HEAD, " ", TAIL, 9 * MEGABYTE)
    good = [member(name, str(text)) for name, text in book().items()]
    return archive([*good, kernel, *_copies(kernel, len(good))])


def _copies(kernel: Member, at: int) -> list[Member]:
    return [replace(kernel, name=f"xl/worksheets/x{number}.xml", at=at) for number in range(200)]


def _nested() -> bytes:
    """The quoted bomb: what one member holds is the header and the data of the next one."""
    kernel = blown("xl/worksheets/x.xml", "", " ", "", 9 * MEGABYTE)
    head = archive([kernel])[: 30 + len(kernel.name)]
    quoted = struct.pack("<BHH", 0, len(head), 0xFFFF ^ len(head)) + head + kernel.packed
    outer = Member("xl/worksheets/y.xml", quoted, kernel.size + len(head))
    good = [member(name, str(text)) for name, text in book().items()]
    shift = 30 + len(outer.name) + 5
    return archive([*good, outer, replace(kernel, at=len(good), shift=shift)])


def _local_differs(**say: object) -> bytes:
    changed = [
        replace(one, local=say) if one.name == SHEET else one
        for one in (member(name, str(text)) for name, text in book().items())
    ]
    return archive(changed)


def _changed(part: str, **say: object) -> bytes:
    changed = [
        replace(one, **say) if one.name == part else one
        for one in (member(name, str(text)) for name, text in book().items())
    ]
    return archive(changed)


_GIGABYTE = 1_100 * MEGABYTE
ARCHIVES: Mapping[str, Hostile] = {
    **{
        f"bomb of {kind}": Hostile(partial(_bomb, kind, 300 * MEGABYTE), UNSAFE, "times when unpacked")
        for kind in _KINDS
    },
    **{
        f"bomb of {kind}, over a gigabyte": Hostile(partial(_bomb, kind, _GIGABYTE), COSTLY, "larger than what is read")
        for kind in ("cells", "media")
    },
    **{
        f"{kind} of 300 MB that say 1 MB": Hostile(partial(_lying, kind, MEGABYTE), DAMAGED, "another size")
        for kind in _KINDS
        if kind != "media"
    },
    "media of 300 MB that say 1 MB, which are never unpacked": Hostile(partial(_lying, "media", MEGABYTE), READ),
    "sheet that says more than it is": Hostile(partial(_changed, SHEET, size=900_000), DAMAGED, "another size"),
    "own header with another size": Hostile(partial(_local_differs, size=10), DAMAGED, "contradicts"),
    "own header with another packed size": Hostile(partial(_local_differs, packed=10), DAMAGED, "contradicts"),
    "own header with another name": Hostile(partial(_local_differs, name="x.xml"), DAMAGED, "contradicts"),
    "own header with another packing": Hostile(partial(_local_differs, method=0), DAMAGED, "contradicts"),
    "a wrong checksum": Hostile(partial(_changed, SHEET, crc=1), DAMAGED, "checksum"),
    **{
        f"cut at {percent} %": Hostile(partial(_truncated, percent / 100), DAMAGED, "its end is missing")
        for percent in (10, 50, 90, 99)
    },
    "a name twice": Hostile(lambda: _with(member(SHEET, "x")), UNSAFE, "have the name"),
    "a name that leads up": Hostile(lambda: _with(member("../../etc/passwd", "x")), UNSAFE, "unsafe name"),
    "a name that leads up in Windows' way": Hostile(lambda: _with(member("xl\\..\\..\\x", "x")), UNSAFE, "unsafe name"),
    "an absolute name": Hostile(lambda: _with(member("/etc/passwd", "x")), UNSAFE, "unsafe name"),
    "a drive": Hostile(lambda: _with(member("c:/x", "x")), UNSAFE, "unsafe name"),
    "a link to a file": Hostile(
        lambda: _with(Member("xl/media/a", b"/etc/passwd", 11, method=0, attributes=SYMLINK)), READ
    ),
    "70,000 members": Hostile(partial(_many, 70_000), UNSAFE, "65,535 parts"),
    "70,000 members in a large end record": Hostile(partial(_many, 70_000, zip64=True), UNSAFE, "70,000 parts"),
    "70,000 members that say 10": Hostile(partial(_many, 70_000, count=10), UNSAFE, "70,000 parts"),
    "70,000 members that say 10 in a large end record": Hostile(
        partial(_many, 70_000, count=10, zip64=True), UNSAFE, "70,000 parts"
    ),
    "a good workbook with a large end record": Hostile(partial(_with, zip64=True), READ),
    "members that overlap": Hostile(_overlapping, UNSAFE, "overlaps"),
    "members within members": Hostile(_nested, UNSAFE, "overlaps"),
    "a part that claims to be encrypted": Hostile(
        partial(_changed, SHEET, flags=ENCRYPTED), DAMAGED, "no spreadsheet program"
    ),
    "a part packed in a rare way": Hostile(partial(_changed, SHEET, method=12), DAMAGED, "no spreadsheet program"),
}
