"""Notes on cells: the part of the comments, and the drawing (VML) without which spreadsheet programs show none.

What people have written stays: to a cell that has a comment, ours is appended; a cell that has a conversation (a
threaded comment) keeps it alone, because what stands in the old place is written anew from the conversation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.domain.places import column_letters
from connector.intake.repair.around import link_notes
from connector.intake.repair.frame import Frame
from connector.intake.repair.located import Edit, Node, UnfamiliarError, appended, edited, parse
from connector.intake.repair.package import Package
from connector.intake.repair.task import CellMark
from connector.intake.repair.texts import LONGEST_NOTE, cell_text

AUTHOR = "connector"
MOST_NOTES = 20_000
_SIGN = "connector: "  # begins what is appended to a person's own comment
_APPENDED = re.compile(rf"\n\n{_SIGN}.*\[[a-z]+(?:-[a-z]+)+\]", re.DOTALL)
_COMMENTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_DRAWING = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_V, _O, _X = (
    "urn:schemas-microsoft-com:vml",
    "urn:schemas-microsoft-com:office:office",
    "urn:schemas-microsoft-com:office:excel",
)
_SHAPE_ID = re.compile(rb"_x0000_s([0-9]{1,9})")
_BLOCK = 1_024  # ids of one drawing; a drawing names its blocks
_SHAPE_TYPE = (
    '<v:shapetype{declared} id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape{declared} id="_x0000_s{ident}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;'
    'margin-top:2pt;width:260pt;height:110pt;z-index:{order};visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">'
    '<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{left}, 15, {top}, 4, {right}, 31, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)


@dataclass(frozen=True)
class Noted:
    """What came of the notes of a sheet.

    Attributes:
        edits: of the sheet's own part.
        left_out: addresses of marked cells without a note of ours, because they hold a conversation.
        beyond: how many are filled only, because the sheet would have too many.
    """

    edits: tuple[Edit, ...]
    left_out: tuple[str, ...]
    beyond: int


@dataclass(frozen=True)
class _Parts:
    """The parts of a sheet that hold comments; "" for those it has not."""

    comments: str
    drawing: str
    threads: tuple[str, ...]


def add_notes(package: Package, part: str, frame: Frame, marks: Sequence[CellMark], *, clean: bool) -> Noted:
    """Write the notes of one sheet.

    Args:
        package: gets the parts.
        part: the sheet's.
        frame: the same, for its link to the drawing.
        marks: the marked cells.
        clean: whether notes of an earlier repair are to be taken off first.

    Raises:
        UnfamiliarError: the comments that are there cannot be edited. Nothing was changed.
    """
    parts = _parts_of(package, part, frame)
    if not marks and not (clean and parts.comments):
        return Noted((), (), 0)
    talked = {node.attributes.get("ref", "") for name in parts.threads for node in package.tree(name).all()}
    notes = {_address(mark): mark for mark in marks[:MOST_NOTES] if _address(mark) not in talked}
    comments = package.text(parts.comments) if parts.comments else _blank(package)
    drawing = package.text(parts.drawing) if parts.drawing else _blank_drawing(package)
    if clean:
        comments, dropped = _without_ours(comments, talked)
        drawing = _without_shapes(drawing, dropped)
    comments, fresh = _with_notes(comments, notes)
    drawing = _with_shapes(drawing, [notes[address] for address in fresh])
    edits = []
    if parts.comments and comments != package.text(parts.comments):
        package.put(parts.comments, comments)
    elif notes and not parts.comments:
        package.put(_new(package, part, "comments")[0], comments)
    if parts.drawing and drawing != package.text(parts.drawing):
        package.put(parts.drawing, drawing)
    elif fresh and not parts.drawing:
        name, ident = _new(package, part, "vmlDrawing")
        package.put(name, drawing)
        prefix, declared = package.document_prefix(frame.root)
        xml = f'<{frame.prefix.decode()}legacyDrawing{declared} {prefix}id="{ident}"/>'
        edits.append(link_notes(frame, xml.encode()))
    left_out = tuple(_address(mark) for mark in marks if _address(mark) in talked)
    return Noted(tuple(edits), left_out, max(0, len(marks) - MOST_NOTES))


def _parts_of(package: Package, part: str, frame: Frame) -> _Parts:
    comments, threads, targets = "", [], {}
    for relation in package.relations(part):
        targets[relation.id] = relation.target
        if relation.kind == "comments" and package.has(relation.target):
            comments = relation.target
        elif relation.kind == "threadedComment" and package.has(relation.target):
            threads.append(relation.target)
    drawing = ""
    for node in frame.root.named("legacyDrawing"):
        ident = next((value for key, value in node.attributes.items() if key.endswith(":id")), "")
        drawing = targets.get(ident, "")
        if not package.has(drawing):
            raise UnfamiliarError("the drawing of its comments is missing")
    return _Parts(comments, drawing, tuple(threads))


def _new(package: Package, part: str, kind: str) -> tuple[str, str]:
    """The name of a new part of a sheet, entered in types and relations, and the relation's id."""
    pattern, content = {
        "comments": ("xl/connectorComments{}.xml", _COMMENTS),
        "vmlDrawing": ("xl/drawings/connectorNotes{}.vml", _DRAWING),
    }[kind]
    name = package.free_name(pattern)
    package.declare(name, content)
    return name, package.relate(part, f"{package.space}/{kind}", name)


def _blank(package: Package) -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        b'<comments xmlns="%b"><authors/><commentList/></comments>' % package.main_space.encode()
    )


def _with_notes(data: bytes, notes: Mapping[str, CellMark]) -> tuple[bytes, list[str]]:
    """The comments with the notes; and the addresses of those that are new comments."""
    root = parse(data, "the part of its comments")
    authors, holders = root.named("authors"), root.named("commentList")
    if root.name != "comments" or len(authors) != 1 or len(holders) != 1:
        raise UnfamiliarError("the part of its comments has an unfamiliar shape")
    present = {node.attributes.get("ref", ""): node for node in holders[0].named("comment")}
    prefix = root.prefix
    names = [node.text for node in authors[0].named("author")]
    edits = []
    number = names.index(AUTHOR) if AUTHOR in names else len(names)
    if notes and number == len(names):
        edits.append(appended(data, authors[0], f"<{prefix}author>{AUTHOR}</{prefix}author>".encode()))
    if not notes:
        return data, []
    fresh, made = [], []
    for address, mark in notes.items():
        if address in present:
            edits += _merged(data, present[address], mark.note)
            continue
        fresh.append(address)
        text = f"<{prefix}text>{_run(prefix, mark.note)}</{prefix}text>"
        made.append(f'<{prefix}comment ref="{address}" authorId="{number}">{text}</{prefix}comment>')
    edits.append(appended(data, holders[0], "".join(made).encode()))
    return edited(data, edits), fresh


def _merged(data: bytes, comment: Node, note: str) -> list[Edit]:
    texts = comment.named("text")
    if len(texts) != 1:
        raise UnfamiliarError("a comment of it has an unfamiliar shape")
    text, prefix, edits = texts[0], comment.prefix, []
    for node in text.named("t"):  # a plain text and formatted runs exclude each other
        edits += [
            Edit(node.start, node.start, f"<{prefix}r>".encode()),
            Edit(node.end, node.end, f"</{prefix}r>".encode()),
        ]
    run = _run(prefix, f"\n\n{_SIGN}{note}").encode()
    last = next((node.start for node in text.children if node.name in {"rPh", "phoneticPr"}), None)
    return [*edits, appended(data, text, run) if last is None else Edit(last, last, run)]


def _run(prefix: str, text: str) -> str:
    shown = cell_text(text, LONGEST_NOTE).decode()
    return f'<{prefix}r><{prefix}t xml:space="preserve">{shown}</{prefix}t></{prefix}r>'


def _without_ours(data: bytes, talked: set[str]) -> tuple[bytes, set[str]]:
    """The comments without what an earlier repair has written, and the addresses of those that are gone."""
    root = parse(data, "the part of its comments")
    names = [node.text for holder in root.named("authors") for node in holder.named("author")]
    edits, gone = [], set()
    for comment in (node for holder in root.named("commentList") for node in holder.named("comment")):
        address, author = comment.attributes.get("ref", ""), comment.attributes.get("authorId", "")
        if author.isdecimal() and int(author) < len(names) and names[int(author)] == AUTHOR and address not in talked:
            gone.add(address)
            edits.append(Edit(comment.start, comment.end, b""))
            continue
        for node in (node for text in comment.named("text") for node in text.all() if node.name == "t"):
            rest = _APPENDED.sub("", node.text)
            if rest != node.text and not node.empty:
                edits.append(Edit(node.opened, node.closing, cell_text(rest)))
    return edited(data, edits), gone


def _blank_drawing(package: Package) -> bytes:
    """A drawing without a shape, with a block of ids that no other drawing of the workbook names."""
    texts = (package.text(name) for name in (*package.archive.parts, *package.changed) if name.lower().endswith(".vml"))
    taken = [int(found) // _BLOCK for text in texts for found in _SHAPE_ID.findall(text)]
    block = max(taken, default=0) + 1
    return (
        f'<xml xmlns:v="{_V}" xmlns:o="{_O}" xmlns:x="{_X}"><o:shapelayout v:ext="edit">'
        f'<o:idmap v:ext="edit" data="{block}"/></o:shapelayout></xml>'
    ).encode()


def _with_shapes(data: bytes, marks: Sequence[CellMark]) -> bytes:
    if not marks:
        return data
    root = parse(data, "the drawing of its comments")
    spaces = root.spaces
    if root.name != "xml":
        raise UnfamiliarError("the drawing of its comments has an unfamiliar shape")
    known = (spaces.get("v"), spaces.get("o"), spaces.get("x")) == (_V, _O, _X)
    declared = "" if known else f' xmlns:v="{_V}" xmlns:o="{_O}" xmlns:x="{_X}"'  # openpyxl declares them further in
    blocks = [node.attributes.get("data", "") for node in root.all() if node.name == "idmap" and node.uri == _O]
    first = next((int(number) for text in blocks for number in text.split(",") if number.isdecimal()), 1) * _BLOCK
    used = max((int(found) for found in _SHAPE_ID.findall(data)), default=first)
    typed = any(node.attributes.get("id") == "_x0000_t202" for node in root.all())
    shapes = [] if typed else [_SHAPE_TYPE.format(declared=declared)]
    for order, mark in enumerate(marks, 1):
        row, column = mark.row - 1, mark.column - 1
        top = max(0, row - 1)
        shapes.append(
            _SHAPE.format(
                declared=declared, ident=max(used, first) + order, order=order, row=row, column=column,
                top=top, bottom=top + 6, left=column + 1, right=column + 4,
            )
        )  # fmt: skip
    return edited(data, [appended(data, root, "".join(shapes).encode())])


def _without_shapes(data: bytes, addresses: set[str]) -> bytes:
    if not addresses:
        return data
    root = parse(data, "the drawing of its comments")
    shapes = (node for node in root.children if node.name == "shape" and node.uri == _V)
    return edited(data, [Edit(shape.start, shape.end, b"") for shape in shapes if _noted(shape) in addresses])


def _noted(shape: Node) -> str:
    """The address of the cell whose note this shape is; "" for any other."""
    for told in (node for node in shape.children if node.name == "ClientData" and node.uri == _X):
        places = {node.name: node.text.strip() for node in told.children}
        row, column = places.get("Row", ""), places.get("Column", "")
        if told.attributes.get("ObjectType") == "Note" and row.isdecimal() and column.isdecimal():
            return f"{column_letters(int(column) + 1)}{int(row) + 1}"
    return ""


def _address(mark: CellMark) -> str:
    return f"{column_letters(mark.column)}{mark.row}"
