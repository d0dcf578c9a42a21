"""A look at a workbook's archive before anything is unpacked: what its directory says, and whether that is sane.

Members are counted from the end record first, because opening the directory of a hostile archive is itself costly.
"""

import io
import struct
import zipfile
from collections import Counter

from connector.intake.kinds import FILE_DAMAGED, FILE_TOO_COSTLY, FILE_UNSAFE
from connector.intake.limits import Limits
from connector.intake.rawsheet import RefusedError

_END = b"PK\x05\x06"
_END_SIZE = 22
_LONGEST_COMMENT = 65_535


def open_archive(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """The archive, once its directory has passed.

    Raises:
        RefusedError: too many members, unsafe or doubled names, sizes or ratios beyond the limits, a damaged directory.
    """
    members = _members(data)
    if members > limits.members:
        message = f"the archive holds {members:,} parts; at most {limits.members:,} are read"
        raise RefusedError(FILE_UNSAFE.code, message, FILE_UNSAFE.remedy)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise _damaged(str(error)) from error
    _check_names(archive)
    _check_sizes(archive, limits)
    return archive


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A small part of the archive, whole. A part that is not there is empty.

    Raises:
        RefusedError: the part is damaged or declares a document type.
    """
    if name not in archive.NameToInfo:
        return b""
    try:
        data = archive.read(name)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(str(error)) from error
    except Exception as error:  # zlib.error has no public base but Exception
        raise _damaged(str(error)) from error
    refuse_doctype(data, name)
    return data


def refuse_doctype(data: bytes, name: str) -> None:
    """Refuse a part that declares a document type: no spreadsheet program writes one, and entities grow without end.

    Raises:
        RefusedError: it does.
    """
    if b"<!DOCTYPE" in data or b"<!\x00D\x00O\x00C\x00" in data:
        message = f"the part {name} declares a document type (DOCTYPE)"
        raise RefusedError(FILE_UNSAFE.code, message, FILE_UNSAFE.remedy)


def _members(data: bytes) -> int:
    end = data.rfind(_END, max(0, len(data) - _END_SIZE - _LONGEST_COMMENT))
    if end < 0 or end + _END_SIZE > len(data):
        raise _damaged("its end is missing")
    return int(struct.unpack_from("<H", data, end + 10)[0])


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


def _damaged(reason: str) -> RefusedError:
    return RefusedError(FILE_DAMAGED.code, f"the workbook's archive is damaged ({reason})", FILE_DAMAGED.remedy)
