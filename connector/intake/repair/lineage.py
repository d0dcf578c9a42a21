"""Of which file a workbook is a repaired copy: a custom document property that spreadsheet programs keep.

Whoever sends a file can write anything there. So it is a hint which earlier upload to compare with, never a proof.
"""

import re
from xml.etree import ElementTree as ET

from connector.intake.archive import Archive
from connector.intake.rawsheet import RawSheet, RefusedError
from connector.intake.repair.located import UnfamiliarError, appended
from connector.intake.repair.package import Package
from connector.intake.repair.task import TITLES

NAME = "connector-source"
_DIGEST = re.compile("[0-9a-f]{64}")
_PART = "docProps/custom.xml"
_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VALUES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument"


def lineage_of(archive: Archive) -> str:
    """The sha256 that the workbook names as the first file it was made from; "" when it names none."""
    try:
        relations = archive.read("_rels/.rels")
        part = next(
            (
                node.get("Target", "").lstrip("/")
                for node in (ET.fromstring(relations) if relations else ())  # noqa: S314  (see Archive.read)
                if node.get("Type", "").rsplit("/", 1)[-1].lower() in {"custom-properties", "customproperties"}
            ),
            "",
        )
        data = archive.read(part)
        properties = ET.fromstring(data) if data else ()  # noqa: S314  (document types are refused by Archive.read)
    except (ET.ParseError, RefusedError):
        return ""  # what else is wrong with the file is told by its reader
    texts = ("".join(node.itertext()).strip() for node in properties if node.get("name") == NAME)
    return next((text for text in texts if _DIGEST.fullmatch(text)), "")


def is_own(sheet: RawSheet, lineage: str) -> bool:
    """Whether a sheet was written by a repair: it begins with the title of one, in a file that names its source."""
    frame = sheet.frame
    return bool(lineage) and frame.height > 0 and frame.columns[:1] == ["c1"] and frame["c1"][0] in TITLES


def write_lineage(package: Package, digest: str) -> None:
    """Name the file this one is made from, unless it names an earlier one already.

    Raises:
        UnfamiliarError: the properties that are there cannot be edited.
    """
    if lineage_of(package.archive):
        return
    kinds = {"custom-properties", "customProperties"}
    part = next((relation.target for relation in package.relations("") if relation.kind in kinds), "")
    values = f"{_STRICT}/docPropsVTypes" if package.strict else _VALUES
    if not part or not package.has(part):
        part = part or package.free_name("docProps/custom{}.xml") if package.has(_PART) else _PART
        space = f"{_STRICT}/customProperties" if package.strict else _PROPERTIES
        package.put(
            part, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="{space}"/>'.encode()
        )
        package.declare(part, _TYPE)
        package.relate(
            "",
            f"{_STRICT}/relationships/customProperties" if package.strict else package.space + "/custom-properties",
            part,
        )
    root = package.tree(part)
    if root.name != "Properties":
        raise UnfamiliarError(f"{part} has an unfamiliar shape")
    numbers = [int(text) for node in root.children if (text := node.attributes.get("pid", "")).isdecimal()]
    prefix = root.prefix
    xml = (
        f'<{prefix}property fmtid="{_FORMAT}" pid="{max(numbers, default=1) + 1}" name="{NAME}">'
        f'<vt:lpwstr xmlns:vt="{values}">{digest}</vt:lpwstr></{prefix}property>'
    )
    package.edit(part, [appended(package.text(part), root, xml.encode())])
