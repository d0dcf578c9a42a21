"""Workbooks that are archives (.xlsx, .xlsm, .xlsb, .ods): which of them it is, by the parts it holds.

Each reader is loaded only for a file of its own kind: what a process loads is paid for by every upload.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from connector.intake.archive import Archive, open_archive
from connector.intake.limits import Limits
from connector.intake.lineage import lineage_of
from connector.intake.parts import workbook_part

_READERS = {"ods": ("ods", "read_ods"), "xlsb": ("xlsb", "read_xlsb"), "xlsx": ("xlsx", "read_workbook")}


def read_archived(data: bytes, limits: Limits) -> tuple[Sequence[Any], str]:
    """Every worksheet of the workbook, in order, and its lineage (see `lineage_of`).

    Raises:
        RefusedError: the file is unsafe, encrypted, damaged, no workbook, or has no sheet with anything in it.
    """
    archive = open_archive(data, limits)
    module, function = _READERS[_kind(archive)]
    sheets: Sequence[Any] = getattr(import_module(f"connector.intake.{module}"), function)(archive, limits)
    return sheets, lineage_of(archive)


def _kind(archive: Archive) -> str:
    if _is_opendocument(archive):
        return "ods"
    return "xlsb" if workbook_part(archive).endswith(".bin") else "xlsx"


def _is_opendocument(archive: Archive) -> bool:
    if "mimetype" in archive.parts:
        return b"opendocument" in archive.read("mimetype")
    return "content.xml" in archive.parts and "[Content_Types].xml" not in archive.parts
