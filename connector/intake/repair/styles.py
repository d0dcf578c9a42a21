"""Styles: for a marked cell a copy of its own format with a fill; number format, font, border, alignment stay.

The fill's unseen background keeps the colour that the cell had, so that a later repair can take the mark off again.
"""

from connector.intake.repair.located import Edit, Node, UnfamiliarError, appended, edited, parse, with_attribute

ERROR_COLOUR = "FFFFC4C4"
WARNING_COLOUR = "FFFFEDA6"
_OURS = {ERROR_COLOUR, WARNING_COLOUR}
_MOST = 64_000  # a workbook holds 65,490 cell formats
_BLANK = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<styleSheet xmlns="%b"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    b'<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    b'</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    b'<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    b'<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs></styleSheet>'
)


def blank_styles(space: str) -> bytes:
    """A part of styles with nothing in it but what is always there."""
    return _BLANK % space.encode()


class Styles:
    """The cell formats of a workbook, and the ones added.

    Args:
        data: the part.
        part: its name.
        clean: whether fills of an earlier repair are to be taken off.

    Raises:
        UnfamiliarError: it has no fills or no cell formats where they belong.
    """

    def __init__(self, data: bytes, part: str, *, clean: bool) -> None:
        self._data = data
        root = parse(data, part)
        self._fills, self._formats, self._fonts = (_only(root, name, part) for name in ("fills", "cellXfs", "fonts"))
        if any(node.name != "xf" for node in self._formats.children) or not self._formats.children:
            raise UnfamiliarError(f"{part} has an unfamiliar shape")
        self._new_fills: list[bytes] = []
        self._new_fonts: list[bytes] = []
        self._new_formats: list[bytes] = []
        self._known: dict[tuple[object, ...], int] = {}
        formats = enumerate(self._formats.children) if clean else ()
        self.ours = frozenset(number for number, node in formats if _colour(self._fill(node)) in _OURS)

    def marked(self, base: int, *, error: bool) -> int:
        """The format of a marked cell whose own format is `base`."""
        key = ("marked", base, error)
        if key not in self._known:
            node = self._node(base)
            under = self._fill(node)
            kept = _attributes(under, "bgColor" if base in self.ours else "fgColor")
            self._known[key] = self._clone(node, self._marking(kept, error=error))
        return self._known[key]

    def unmarked(self, base: int) -> int:
        """The format that a cell marked by an earlier repair had before."""
        if base not in self.ours:
            return base
        key = ("unmarked", base)
        if key not in self._known:
            node = self._node(base)
            kept = _attributes(self._fill(node), "bgColor")
            fill = 0 if kept == _NONE else self._added(self._new_fills, self._fills, _solid(kept, _NONE))
            self._known[key] = self._clone(node, fill)
        return self._known[key]

    def own(self, *, bold: bool = False, link: bool = False, wrapped: bool = False, as_text: bool = False) -> int:
        """A format of our own sheets. All have the quote prefix, so that no text turns into a formula when edited."""
        key = ("own", bold, link, wrapped, as_text)
        if key not in self._known:
            font = 0
            prefix = self._fonts.prefix
            if bold or link:
                inner = f"<{prefix}b/>" if bold else f"<{prefix}u/>"
                size = f'<{prefix}sz val="11"/><{prefix}color {_LINK if link else _INK}/><{prefix}name val="Calibri"/>'
                xml = f"<{prefix}font>{inner}{size}</{prefix}font>"
                font = self._added(self._new_fonts, self._fonts, xml)
            prefix = self._formats.prefix
            alignment = f'<{prefix}alignment vertical="top"{" wrapText=" + _QUOTED_1 if wrapped else ""}/>'
            xml = (
                f'<{prefix}xf numFmtId="{49 if as_text else 0}" fontId="{font}" fillId="0" borderId="0" xfId="0"'
                f' quotePrefix="1" applyNumberFormat="1" applyFont="1" applyAlignment="1">{alignment}</{prefix}xf>'
            )
            self._known[key] = self._add_format(xml.encode())
        return self._known[key]

    def own_marked(self, *, error: bool) -> int:
        """The format of our own cells with the fill of a mark."""
        key = ("own-marked", error)
        if key not in self._known:
            fill = self._marking(_NONE, error=error)
            prefix = self._formats.prefix
            xml = (
                f'<{prefix}xf numFmtId="0" fontId="0" fillId="{fill}" borderId="0" xfId="0" quotePrefix="1"'
                f' applyFill="1" applyAlignment="1"><{prefix}alignment vertical="top"/></{prefix}xf>'
            )
            self._known[key] = self._add_format(xml.encode())
        return self._known[key]

    def render(self) -> bytes:
        """The part with the formats added."""
        edits: list[Edit] = []
        for node, new in (
            (self._fonts, self._new_fonts),
            (self._fills, self._new_fills),
            (self._formats, self._new_formats),
        ):
            if new:
                edits.append(with_attribute(self._data, node, "count", str(len(node.children) + len(new))))
                edits.append(appended(self._data, node, b"".join(new)))
        return edited(self._data, edits)

    def _node(self, number: int) -> Node:
        formats = self._formats.children
        return formats[number] if number < len(formats) else formats[0]

    def _fill(self, node: Node) -> Node | None:
        number = int(node.attributes.get("fillId", "0"))
        fills = self._fills.children
        return fills[number] if number < len(fills) else None

    def _marking(self, kept: str, *, error: bool) -> int:
        colour = f'rgb="{ERROR_COLOUR if error else WARNING_COLOUR}"'
        return self._added(self._new_fills, self._fills, _solid(colour, kept))

    def _added(self, new: list[bytes], holder: Node, xml: str) -> int:
        xml = xml.replace("{prefix}", holder.prefix)
        encoded = xml.encode()
        if encoded not in new:
            new.append(encoded)
        return len(holder.children) + new.index(encoded)

    def _clone(self, node: Node, fill: int) -> int:
        xml = self._data[node.start : node.end]
        copy = parse_alone(node, xml)
        edits = [with_attribute(xml, copy, "fillId", str(fill)), with_attribute(xml, copy, "applyFill", "1")]
        return self._add_format(edited(xml, edits))

    def _add_format(self, xml: bytes) -> int:
        number = len(self._formats.children) + len(self._new_formats)
        if number >= _MOST:
            raise UnfamiliarError("the workbook has too many cell formats to add any")
        self._new_formats.append(xml)
        return number


_NONE = 'indexed="64"'
_INK = 'rgb="FF000000"'
_LINK = 'rgb="FF0563C1"'
_QUOTED_1 = '"1"'


def parse_alone(node: Node, xml: bytes) -> Node:
    """The node as if its own bytes were the whole part."""
    return Node(
        node.name, node.prefix, node.uri, node.attributes, 0, node.opened - node.start, node.empty, node.spaces,
        node.closing - node.start, len(xml),
    )  # fmt: skip


def _solid(foreground: str, background: str) -> str:
    return (
        f'<{{prefix}}fill><{{prefix}}patternFill patternType="solid"><{{prefix}}fgColor {foreground}/>'
        f"<{{prefix}}bgColor {background}/></{{prefix}}patternFill></{{prefix}}fill>"
    )


def _pattern(fill: Node | None) -> Node | None:
    return next(iter(fill.named("patternFill")), None) if fill is not None else None


def _colour(fill: Node | None) -> str:
    pattern = _pattern(fill)
    colours = pattern.named("fgColor") if pattern is not None else []
    return colours[0].attributes.get("rgb", "") if colours else ""


def _attributes(fill: Node | None, name: str) -> str:
    """The colour of a solid fill, as attributes; that of no fill for any other."""
    pattern = _pattern(fill)
    if pattern is None or pattern.attributes.get("patternType") != "solid" or not pattern.named(name):
        return _NONE
    given = pattern.named(name)[0].attributes
    plain = {key: value for key, value in given.items() if key in {"rgb", "theme", "tint", "indexed", "auto"}}
    if not plain or not all(value.replace("-", "").replace(".", "").isalnum() for value in plain.values()):
        return _NONE
    return " ".join(f'{key}="{value}"' for key, value in plain.items())


def _only(root: Node, name: str, part: str) -> Node:
    found = root.named(name)
    if len(found) != 1:
        raise UnfamiliarError(f"{part} has an unfamiliar shape")
    return found[0]
