"""Archives made by hand: every field of every header can be told to lie. Content that repeats is packed once.

`zipfile` refuses to write most of what is wanted here, and a gigabyte would take seconds to pack; a full flush of
deflate ends on a byte and refers to nothing before it, so a packed block can simply be said again.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

_LOCAL, _ENTRY, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END_64, _LOCATOR_64 = b"PK\x06\x06", b"PK\x06\x07"
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
DEFLATED = 8
ENCRYPTED = 1
SYMLINK = 0o120777 << 16


@dataclass(frozen=True)
class Member:
    """One part as the archive tells of it.

    Attributes:
        name, size, crc, method, flags: as the directory says.
        packed: its bytes in the archive.
        local: what its own header says otherwise: `name`, `size`, `packed`, `method`, `flags`.
        attributes: of the file, as Unix says them in the upper half.
        at: begins at the header of the member of this number instead of one of its own, and `shift` bytes behind it.
    """

    name: str
    packed: bytes
    size: int
    crc: int = 0
    method: int = DEFLATED
    flags: int = 0
    local: dict[str, object] = field(default_factory=dict)
    attributes: int = 0
    at: int | None = None
    shift: int = 0


def member(name: str, content: str | bytes) -> Member:
    """An honest part."""
    data = content.encode() if isinstance(content, str) else content
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Member(name, packer.compress(data) + packer.flush(), len(data), zlib.crc32(data))


def repeated(name: str, head: bytes, block: bytes, times: int, tail: bytes) -> Member:
    """A part of `head`, `times` blocks and `tail`, its checksum true."""
    crc = zlib.crc32(head)
    for _ in range(times):
        crc = zlib.crc32(block, crc)
    packed = _flushed(head) + _flushed(block) * times + _flushed(tail, zlib.Z_FINISH)
    return Member(name, packed, len(head) + len(block) * times + len(tail), zlib.crc32(tail, crc))


def _flushed(data: bytes, how: int = zlib.Z_FULL_FLUSH) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush(how)


def archive(members: Sequence[Member], *, count: int | None = None, zip64: bool = False) -> bytes:
    """The bytes of an archive.

    Args:
        members: its parts.
        count: how many its end record says there are; their number unless told.
        zip64: whether the number, and the place of the directory, stand in the larger end record.
    """
    pieces, entries, places, position = [], [], [], 0
    for one in members:
        if one.at is None:
            places.append(position)
            pieces.append(_local(one) + one.packed)
            position += len(pieces[-1])
        else:
            places.append(places[one.at] + one.shift)
        entries.append(_entry(one, places[-1]))
    directory = b"".join(entries)
    said = len(members) if count is None else count
    end = b""
    if zip64:
        end = struct.pack("<4sQHHIIQQQQ", _END_64, 44, 45, 45, 0, 0, said, said, len(directory), position)
        end += struct.pack("<4sIQI", _LOCATOR_64, 0, position + len(directory), 1)
    small = (_FULL_16, _FULL_32, _FULL_32) if zip64 else (min(said, _FULL_16), len(directory), position)
    end += struct.pack("<4sHHHHIIH", _END, 0, 0, small[0], *small, 0)
    return b"".join(pieces) + directory + end


def _local(one: Member) -> bytes:
    say = {"name": one.name, "size": one.size, "packed": len(one.packed), "method": one.method, "flags": one.flags}
    say.update(one.local)  # type: ignore[arg-type]
    name = str(say["name"]).encode()
    numbers = (say["flags"], say["method"], 0, 0x21, one.crc, say["packed"], say["size"], len(name), 0)
    return struct.pack("<4sHHHHHIIIHH", _LOCAL, 20, *numbers) + name


def _entry(one: Member, place: int) -> bytes:
    name = one.name.encode()
    numbers = (one.flags, one.method, 0, 0x21, one.crc, len(one.packed), one.size, len(name), 0, 0, 0, 0)
    return struct.pack("<4sHHHHHHIIIHHHHHII", _ENTRY, 0x0314, 20, *numbers, one.attributes, place) + name
