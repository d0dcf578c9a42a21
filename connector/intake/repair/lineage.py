"""Writing of which file a workbook is a repaired copy; `intake.lineage` reads it."""

from connector.intake.lineage import NAME, lineage_of
from connector.intake.repair.located import UnfamiliarError, appended
from connector.intake.repair.package import Package

_PART = "docProps/custom.xml"
_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VALUES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument"


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
