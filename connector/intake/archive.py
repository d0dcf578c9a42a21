"""A look at a workbook's archive before anything is unpacked: what its directory says, and whether that is sane.

Members are counted from the end record first, because opening the directory of a hostile archive is itself costly. The
stranger's trap: another program may find another directory, or other parts, in the same bytes; what leaves a choice is
refused, so that what is checked here is what the value reader reads.
"""

import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from connector.intake.kinds import FILE_DAMAGED, FILE_TOO_COSTLY, FILE_UNSAFE
from connector.intake.limits import Limits
from connector.intake.marks import RefusedError

_END = b"PK\x05\x06"
_END_SIZE = 22
_END_64 = b"PK\x06\x06"
_END_64_SIZE = 56
_LOCATOR_64 = b"PK\x06\x07"
_LOCATOR_64_SIZE = 20
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF  # in the end record: see the larger one
_ENTRY = b"PK\x01\x02"
_LONGEST_COMMENT = 65_535
_LOCAL = b"PK\x03\x04"
_LOCAL_HEADER_SIZE = 30
_SIZES_FOLLOW = 8  # a flag: the header was written before the sizes were known
_PACKED_CHUNK = 256 * 2**10
_CHUNK = 512 * 2**10  # small enough to stay in the processor's cache from unpacking to scanning
_DOCTYPE = b"<!DOCTYPE"
_HEAD = 4_096
# A part whose first element has begun: no document type can follow. The groups give nothing back that they have
# matched, so that no part of a comment can pass for an element.
_BEGUN = re.compile(rb"(?:\xef\xbb\xbf)?(?>(?s:<\?.*?\?>|<!--.*?-->)|\s+)*+<[A-Za-z_]")
_WIDE_DOCTYPE = "<!DOCTYPE".encode("utf-16-le").rstrip(b"\x00")  # it is found in either order of bytes


@dataclass(frozen=True)
class Archive:
    """A workbook's archive: its bytes, its directory by name, and how large a part may be that is read whole."""

    data: bytes
    parts: dict[str, zipfile.ZipInfo]
    whole_bytes: int

    def read(self, name: str) -> bytes:
        """A small part, whole; one that is not there is empty.

        Raises:
            RefusedError: the part is damaged, declares a document type, or is large.
        """
        if name in self.parts and self.parts[name].file_size > self.whole_bytes:
            message = f"the part {name} has {self.parts[name].file_size:,} bytes; at most {self.whole_bytes:,} are read"
            raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)
        data = b"".join(self.unpack(name)) if name in self.parts else b""
        refuse_doctype(data, name)
        return data

    def unpack(self, name: str) -> Iterator[bytes]:
        """A part in chunks, its real bytes counted: a part larger than the directory promised ends there.

        Raises:
            RefusedError: the part is damaged, oddly packed, declares a document type, or is not as long as promised.
        """
        info = self.parts[name]
        seen, begun, end, checksum = 0, False, b"", 0
        for chunk in self._chunks(info):
            if not seen:
                refuse_doctype(chunk[:_HEAD], name)
                begun = _BEGUN.match(chunk[:_HEAD]) is not None
            if not begun:  # a long comment may stand before it
                refuse_doctype(end + chunk, name)
                end = chunk[-len(_WIDE_DOCTYPE) :]
            seen += len(chunk)
            if seen > info.file_size:
                break
            checksum = zlib.crc32(chunk, checksum)
            yield chunk
        if seen != info.file_size:
            raise _damaged(f"the part {name} has another size than its directory says")
        if checksum != info.CRC:
            raise _damaged(f"the part {name} does not have the checksum that its directory says")

    def _chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        start = info.header_offset + _LOCAL_HEADER_SIZE
        if start > len(self.data):
            raise _damaged(f"the part {info.filename} is missing")
        name_size, extra_size = struct.unpack_from("<HH", self.data, start - 4)
        start += name_size + extra_size
        packed = memoryview(self.data)[start : start + info.compress_size]
        if info.flag_bits & 1 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise _damaged(f"the part {info.filename} is packed in a way no spreadsheet program uses")
        if info.compress_type == zipfile.ZIP_STORED:
            for position in range(0, len(packed), _CHUNK):
                yield bytes(packed[position : position + _CHUNK])
            return
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for position in range(0, len(packed), _PACKED_CHUNK):
                rest: bytes | memoryview = packed[position : position + _PACKED_CHUNK]
                while rest and (chunk := inflate.decompress(rest, _CHUNK)):
                    yield chunk
                    rest = inflate.unconsumed_tail
        except zlib.error as error:
            raise _damaged(str(error)) from error


def open_archive(data: bytes, limits: Limits) -> Archive:
    """The archive, once its directory has passed.

    Raises:
        RefusedError: too many members, unsafe or doubled names, sizes or ratios beyond the limits, a damaged directory.
    """
    members = _members(data, limits.members)
    if members > limits.members:
        message = f"the archive holds {members:,} parts; at most {limits.members:,} are read"
        raise RefusedError(FILE_UNSAFE.code, message, FILE_UNSAFE.remedy)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise _damaged(str(error)) from error
    _check_names(archive)
    _check_sizes(archive, limits)
    _check_headers(archive, data)
    opened = Archive(data, archive.NameToInfo, limits.whole_bytes)
    _check_beginnings(opened)
    return opened


def refuse_doctype(data: bytes, name: str) -> None:
    """Refuse a part that declares a document type: no spreadsheet program writes one, and entities grow without end.

    Raises:
        RefusedError: it does.
    """
    if _DOCTYPE in data or _WIDE_DOCTYPE in data:
        message = f"the part {name} declares a document type (DOCTYPE)"
        raise RefusedError(FILE_UNSAFE.code, message, FILE_UNSAFE.remedy)


def _members(data: bytes, enough: int) -> int:
    """How many parts the end record says there are, or the directory holds if those are more."""
    end = data.rfind(_END, max(0, len(data) - _END_SIZE - _LONGEST_COMMENT))
    if end < 0 or end + _END_SIZE > len(data):
        raise _damaged("its end is missing")
    said, size, start = struct.unpack_from("<HII", data, end + 10)
    behind = end
    if data[max(0, end - _LOCATOR_64_SIZE) : end].startswith(_LOCATOR_64):
        behind = end - _LOCATOR_64_SIZE - _END_64_SIZE
        if behind < 0 or not data.startswith(_END_64, behind):
            raise _damaged("its larger end record is missing")
        said, size, start = _larger((said, size, start), struct.unpack_from("<QQQ", data, behind + 32))
    if start + size != behind:
        raise _damaged("its directory does not stand where its end record says")
    held = 0 if said > enough else data.count(_ENTRY, start, behind)
    return max(int(said), held)


def _larger(small: tuple[int, int, int], large: tuple[int, ...]) -> tuple[int, ...]:
    """What both end records say together; a number in the small one that is not full must be the same in the other."""
    for one, other, full in zip(small, large, (_FULL_16, _FULL_32, _FULL_32), strict=True):
        if one not in {other, full}:
            raise _damaged("its two end records contradict each other")
    return large


def _check_names(archive: zipfile.ZipFile) -> None:
    names = Counter(info.filename.lower() for info in archive.infolist())
    doubled = next((name for name, times in names.items() if times > 1), None)
    if doubled is not None:
        message = f"two parts of the archive have the name {doubled}"
        raise RefusedError(FILE_UNSAFE.code, message, FILE_UNSAFE.remedy)
    for name in names:
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
            message = f"a part of the archive has the unsafe name {name}"
            raise RefusedError(FILE_UNSAFE.code, message, FILE_UNSAFE.remedy)


def _check_sizes(archive: zipfile.ZipFile, limits: Limits) -> None:
    total = 0
    for info in archive.infolist():
        total += info.file_size
        if info.file_size > limits.part_bytes or total > limits.total_bytes:
            message = f"unpacked, the workbook is larger than what is read (part {info.filename})"
            raise RefusedError(FILE_TOO_COSTLY.code, message, FILE_TOO_COSTLY.remedy)
        if info.file_size > limits.ratio_from_bytes and info.file_size > limits.ratio * max(1, info.compress_size):
            message = f"the part {info.filename} grows more than {limits.ratio} times when unpacked"
            raise RefusedError(FILE_UNSAFE.code, message, FILE_UNSAFE.remedy)


def _check_headers(archive: zipfile.ZipFile, data: bytes) -> None:
    """Each part has a header of its own that says what the directory says, and bytes of its own."""
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        start, name = info.header_offset, info.filename
        if not data.startswith(_LOCAL, start):
            raise _damaged(f"the part {name} is missing")
        if start < end:
            message = f"the part {name} of the archive overlaps another one"
            raise RefusedError(FILE_UNSAFE.code, message, FILE_UNSAFE.remedy)
        _, flags, method, _, _, _, packed, size, name_size, extra_size = struct.unpack_from(
            "<HHHHHIIIHH", data, start + len(_LOCAL)
        )
        begin = start + _LOCAL_HEADER_SIZE
        end = begin + name_size + extra_size + info.compress_size
        same = data[begin : begin + name_size] == _raw_name(info) and method == info.compress_type
        told = not flags & _SIZES_FOLLOW and _FULL_32 not in {packed, size}
        if not same or (told and (packed, size) != (info.compress_size, info.file_size)):
            raise _damaged(f"the header of the part {name} contradicts the directory")


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")


def _check_beginnings(archive: Archive) -> None:
    """No XML declares a document type, whether or not it is read here: who opens the workbook next may read it."""
    for name in archive.parts:
        if not name.lower().endswith((".xml", ".rels", ".vml")):
            continue
        try:
            for chunk in archive.unpack(name):
                if _BEGUN.match(chunk[:_HEAD]):
                    break
        except RefusedError as refused:
            if refused.code == FILE_UNSAFE.code:
                raise  # a damaged part is a fault only when it is needed


def _damaged(reason: str) -> RefusedError:
    return RefusedError(FILE_DAMAGED.code, f"the workbook's archive is damaged ({reason})", FILE_DAMAGED.remedy)
