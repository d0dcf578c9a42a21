"""Workbooks that are archives (.xlsx, .xlsm, .xlsb, .ods): which of them it is, by the parts it holds."""

from connector.intake.archive import Archive, open_archive
from connector.intake.limits import Limits
from connector.intake.ods import read_ods
from connector.intake.parts import workbook_part
from connector.intake.rawsheet import RawSheet
from connector.intake.xlsb import read_xlsb
from connector.intake.xlsx import find_far_cells, read_workbook


def read_archived(data: bytes, limits: Limits) -> tuple[RawSheet, ...]:
    """Every worksheet of the workbook, in order.

    Raises:
        RefusedError: the file is unsafe, encrypted, damaged, no workbook, or has no sheet with anything in it.
    """
    archive = open_archive(data, limits)
    if _is_opendocument(archive):
        return read_ods(archive, limits)
    if workbook_part(archive).endswith(".bin"):
        return read_xlsb(archive, limits)
    return read_workbook(data, limits)


def look_for_far_cells(data: bytes, limits: Limits) -> tuple[RawSheet, ...]:
    """Why a workbook has taken all memory; the readers of .xlsb and .ods have told that by themselves.

    Raises:
        RefusedError: content outside the limits, or the file is refused for another reason.
    """
    archive = open_archive(data, limits)
    if not _is_opendocument(archive) and not workbook_part(archive).endswith(".bin"):
        find_far_cells(data, limits)
    return ()


def _is_opendocument(archive: Archive) -> bool:
    if "mimetype" in archive.parts:
        return b"opendocument" in archive.read("mimetype")
    return "content.xml" in archive.parts and "[Content_Types].xml" not in archive.parts
