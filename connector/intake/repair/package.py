"""The parts of a workbook's package and what ties them together: relations and content types, edited in place.

Names of parts are found through the relations, never guessed; a part added here gets a name nobody has.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from connector.intake.archive import Archive
from connector.intake.kinds import FILE_KIND
from connector.intake.marks import RefusedError
from connector.intake.repair.located import Edit, Node, UnfamiliarError, appended, edited, parse
from connector.intake.repair.texts import escaped
from connector.intake.repair.zipcopy import Packed, packed, rewritten

TYPES = "[Content_Types].xml"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_DOCUMENT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
DOCUMENT_SPACES = (_DOCUMENT, _STRICT_DOCUMENT)
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass(frozen=True)
class Relation:
    """One relation: its id, the last word of its type, and the part it leads to ("" when that is outside)."""

    id: str
    kind: str
    target: str


@dataclass(frozen=True)
class BookSheet:
    """One sheet of the workbook: its name and its part."""

    name: str
    part: str


class Package:
    """The archive with what has changed so far. `write` gives the whole."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.changed: dict[str, Packed] = {}
        self._texts: dict[str, bytes] = {}
        self._lower = {name.lower(): name for name in archive.parts}
        self.workbook = self._workbook()
        types = {relation["Type"] for relation in self._relation_attributes("")}
        self.strict = any(kind.startswith(_STRICT_DOCUMENT) for kind in types)
        self.space = _STRICT_DOCUMENT if self.strict else _DOCUMENT
        self.root = self.tree(self.workbook)
        self.main_space = self.root.uri

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part in self.archive.parts or part in self.changed

    def text(self, part: str) -> bytes:
        """A part, unpacked, as it stands now; one that is not there is empty."""
        if part not in self._texts:
            self._texts[part] = self.archive.read(part)
        return self._texts[part]

    def tree(self, part: str) -> Node:
        """A part as a tree with byte places.

        Raises:
            UnfamiliarError: it cannot be edited in place.
        """
        return parse(self.text(part), part)

    def put(self, part: str, data: bytes) -> None:
        """Change or add a part."""
        self._texts[part] = data
        self.changed[part] = packed([data])

    def edit(self, part: str, edits: list[Edit]) -> None:
        """Change a part by edits made with its tree as it stands now."""
        self.put(part, edited(self.text(part), edits))

    def state(self) -> tuple[dict[str, Packed], dict[str, bytes]]:
        """What has changed so far, to come back to."""
        return dict(self.changed), dict(self._texts)

    def restore(self, state: tuple[dict[str, Packed], dict[str, bytes]]) -> None:
        """Come back to a state: what has changed since is forgotten."""
        self.changed, self._texts = dict(state[0]), dict(state[1])

    def free_name(self, pattern: str) -> str:
        """A part's name nobody has, such as `xl/comments{}.xml` with a number in it."""
        taken = {*self._lower, *(name.lower() for name in self.changed)}
        return next(name for number in range(1, 2**20) if (name := pattern.format(number)).lower() not in taken)

    def relations(self, part: str) -> list[Relation]:
        """The relations of a part; of the package for ""."""
        folder = posixpath.dirname(part)
        found = []
        for given in self._relation_attributes(part):
            target = given.get("Target", "").replace("\\", "/")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            inside = "" if given.get("TargetMode") == "External" else self._lower.get(path.lower(), path)
            found.append(Relation(given.get("Id", ""), given.get("Type", "").rsplit("/", 1)[-1], inside))
        return found

    def relate(self, part: str, kind: str, target: str) -> str:
        """Add a relation of a part to another, and give its id.

        Raises:
            UnfamiliarError: the relations cannot be edited.
        """
        name = _relations_name(part)
        if not self.text(name):
            self.put(name, _DECLARATION + f'<Relationships xmlns="{_RELATIONS}"/>'.encode())
        root = self.tree(name)
        taken = {node.attributes.get("Id", "") for node in root.children}
        own = next(ident for number in range(1, 2**20) if (ident := f"rIdConnector{number}") not in taken)
        xml = f'<{root.prefix}Relationship Id="{own}" Type="{kind}" Target="/{target}"/>'
        self.edit(name, [appended(self.text(name), root, xml.encode())])
        return own

    def drop_relations(self, part: str) -> None:
        """Let a part lead nowhere."""
        if self.text(_relations_name(part)):
            self.put(_relations_name(part), _DECLARATION + f'<Relationships xmlns="{_RELATIONS}"/>'.encode())

    def declare(self, part: str, content_type: str) -> None:
        """Say of what type a part is.

        Raises:
            UnfamiliarError: the types cannot be edited.
        """
        root = self.tree(TYPES)
        xml = b'<%bOverride PartName="/%b" ContentType="%b"/>' % (
            root.prefix.encode(),
            escaped(part),
            content_type.encode(),
        )
        self.edit(TYPES, [appended(self.text(TYPES), root, xml)])

    def type_of(self, part: str) -> str:
        """The declared type of a part."""
        suffix, found = part.rsplit(".", 1)[-1].lower(), ""
        for node in self.tree(TYPES).children:
            if node.name == "Override" and node.attributes.get("PartName", "").lstrip("/").lower() == part.lower():
                return node.attributes.get("ContentType", "")
            if node.name == "Default" and node.attributes.get("Extension", "").lower() == suffix:
                found = node.attributes.get("ContentType", "")
        return found

    def sheets(self) -> list[BookSheet]:
        """The sheets of the workbook in their order, charts and dialogs among them."""
        parts = {relation.id: relation.target for relation in self.relations(self.workbook)}
        return [BookSheet(node.attributes.get("name", ""), parts.get(_id(node), "")) for node in self._sheet_nodes()]

    def add_sheet(self, name: str, part: str, state: str = "") -> None:
        """Enter a sheet as the last one: names and print areas count sheets by their position."""
        ident = self.relate(self.workbook, f"{self.space}/worksheet", part)
        root = self.tree(self.workbook)
        holder = _one(root.named("sheets"), self.workbook)
        numbers = [int(node.attributes.get("sheetId", "0")) for node in self._sheet_nodes()]
        prefix, declared = self.document_prefix(holder)
        hidden = f' state="{state}"' if state else ""
        xml = (
            f'<{holder.prefix}sheet name="{escaped(name).decode()}" sheetId="{max(numbers, default=0) + 1}"'
            f'{hidden}{declared} {prefix}id="{ident}"/>'
        )
        self.edit(self.workbook, [appended(self.text(self.workbook), holder, xml.encode())])

    def document_prefix(self, node: Node) -> tuple[str, str]:
        """The prefix that relation ids have at a node, and its declaration when there is none yet."""
        prefix = node.prefix_of(self.space)
        return (prefix, "") if prefix else ("r:", f' xmlns:r="{self.space}"')

    def write(self) -> bytes:
        """The whole archive."""
        return rewritten(self.archive, self.changed)

    def _sheet_nodes(self) -> Iterator[Node]:
        for holder in self.tree(self.workbook).named("sheets"):
            yield from holder.named("sheet")

    def _workbook(self) -> str:
        for relation in self.relations(""):
            if relation.kind == "officeDocument" and relation.target in self.archive.parts:
                if relation.target.endswith(".xml"):
                    return relation.target
                break
        raise RefusedError(FILE_KIND.code, "no workbook whose archive can be patched", FILE_KIND.remedy)

    def _relation_attributes(self, part: str) -> Iterator[dict[str, str]]:
        name = _relations_name(part)
        if self.text(name):
            for node in self.tree(name).children:
                if node.name == "Relationship":
                    yield {"Type": "", **node.attributes}


def _relations_name(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _id(node: Node) -> str:
    """The relation id of a sheet (`r:id`), whatever its prefix."""
    return next((value for key, value in node.attributes.items() if key.endswith(":id")), "")


def _one(nodes: list[Node], part: str) -> Node:
    if len(nodes) != 1:
        raise UnfamiliarError(f"{part} has an unfamiliar shape")
    return nodes[0]
