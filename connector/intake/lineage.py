"""Of which file a workbook is a repaired copy: a custom document property that spreadsheet programs keep.

Whoever sends a file can write anything there. So it is a hint which earlier upload to compare with, never a proof.
"""

import re
from xml.etree import ElementTree as ET

from connector.intake.archive import Archive
from connector.intake.marks import RefusedError

NAME = "connector-source"
_LONGEST = 2**20  # of the part of properties, as its directory says: nobody writes as many
_DIGEST = re.compile("[0-9a-f]{64}")


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
        if part not in archive.parts or archive.parts[part].file_size > _LONGEST:
            return ""
        data = archive.read(part)
        properties = ET.fromstring(data) if data else ()  # noqa: S314  (document types are refused by Archive.read)
    except (ET.ParseError, RefusedError):
        return ""  # what else is wrong with the file is told by its reader
    texts = ("".join(node.itertext()).strip() for node in properties if node.get("name") == NAME)
    return next((text for text in texts if _DIGEST.fullmatch(text)), "")
