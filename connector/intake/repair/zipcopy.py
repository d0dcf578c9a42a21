"""A workbook's archive written again: parts that did not change are copied as they are packed, byte for byte.

The `zipfile` module cannot copy packed bytes, so the few records of the format are written here. No part is larger than
4 GiB (`limits` sees to that), so the larger records are never needed.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.intake.archive import Archive
from connector.intake.repair.located import UnfamiliarError

_LEVEL = 2  # half the time of the usual level, for a tenth more bytes
_UTF8 = 0x800
_SIZES_FOLLOW = 0x8
_LONGEST = 2**32 - 1
_LOCAL_SIZE = 30


@dataclass(frozen=True)
class Packed:
    """A part as it stands in the archive."""

    data: bytes | memoryview
    size: int
    crc: int
    method: int = zipfile.ZIP_DEFLATED
    flags: int = 0
    stamp: tuple[int, int] = (0, 0x21)  # time and date of new parts: always 1 January 1980, so equal in, equal out
    attributes: int = 0


class Packer:
    """Packs a part piece by piece, so that it never stands in memory unpacked."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._pieces: list[bytes] = []
        self._size = self._crc = 0

    def add(self, piece: bytes) -> None:
        """The next bytes of the part."""
        self._size += len(piece)
        self._crc = zlib.crc32(piece, self._crc)
        self._pieces.append(self._deflate.compress(piece))

    def done(self) -> Packed:
        """The part, once all its bytes were added."""
        return Packed(b"".join((*self._pieces, self._deflate.flush())), self._size, self._crc)


def packed(pieces: Iterable[bytes]) -> Packed:
    """A new part."""
    packer = Packer()
    for piece in pieces:
        packer.add(piece)
    return packer.done()


def rewritten(archive: Archive, changed: Mapping[str, Packed]) -> bytes:
    """The archive with parts changed or added, the others copied.

    Raises:
        UnfamiliarError: a part to copy is not where the directory says.
    """
    out, directory, count = bytearray(), bytearray(), 0
    for name, info in archive.parts.items():
        part = changed.get(name) or _copied(archive.data, info)
        encoded = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")
        _write(out, directory, encoded, part)
        count += 1
    for name in (name for name in changed if name not in archive.parts):
        _write(out, directory, name.encode("ascii"), changed[name])
        count += 1
    at = len(out)
    if at + len(directory) > _LONGEST or count >= 2**16 - 1:
        raise UnfamiliarError("the archive would grow too large")
    out += directory
    out += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), at, 0)
    return bytes(out)


def _copied(data: bytes, info: zipfile.ZipInfo) -> Packed:
    start = info.header_offset
    if data[start : start + 4] != b"PK\x03\x04" or start + _LOCAL_SIZE > len(data):
        raise UnfamiliarError(f"the part {info.filename} is not where the archive says")
    name_size, extra_size = struct.unpack_from("<HH", data, start + 26)
    start += _LOCAL_SIZE + name_size + extra_size
    year, month, day, hour, minute, second = info.date_time
    stamp = (hour << 11 | minute << 5 | second // 2, max(0, year - 1980) << 9 | month << 5 | day)
    return Packed(
        memoryview(data)[start : start + info.compress_size],
        info.file_size,
        info.CRC,
        info.compress_type,
        info.flag_bits & ~_SIZES_FOLLOW,
        stamp,
        info.external_attr,
    )


def _write(out: bytearray, directory: bytearray, name: bytes, part: Packed) -> None:
    at, (time, date) = len(out), part.stamp
    sizes = (part.crc, len(part.data), part.size)
    common = (20, part.flags, part.method, time, date, *sizes, len(name), 0)
    out += struct.pack("<4s5H3L2H", b"PK\x03\x04", *common) + name
    out += part.data
    directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *common, 0, 0, 0, part.attributes, at) + name
