"""Workbooks whose parts are hostile: far cells, impossible row numbers, entities, links, very much of one thing."""

import base64
import random
from collections.abc import Callable, Mapping
from functools import partial

from hostile_kit import BLOCK, COSTLY, DAMAGED, GOOD, MEGABYTE, READ, UNSAFE, Hostile, blown, book
from xlsx_kit import HEAD, MAIN, RELATIONS, SHEET, STYLES, TAIL, TEXTS, TYPES, WORKBOOK, packed, parts, text_cell
from zip_kit import member, repeated


def _sheet(xml: str, tail: str = "") -> bytes:
    """A workbook whose sheet holds the good rows and more."""
    return packed(book(sheet=f'<worksheet xmlns="{MAIN}"><sheetData>{GOOD}{xml}</sheetData>{tail}</worksheet>'))


def _entities(encoding: str, external: str = "") -> Callable[[str], bytes]:
    levels = "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefghi", "bcdefghij", strict=True))
    first = f'<!ENTITY a SYSTEM "{external}">' if external else '<!ENTITY a "ha">'

    def encoded(body: str) -> bytes:
        head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [{first}{levels}]>'
        text = head + body.replace("Acme", "&j;" if not external else "&a;")
        return (b"\xff\xfe" if encoding == "utf-16" else b"") + text.encode(
            "utf-16-le" if encoding == "utf-16" else encoding
        )

    return encoded


def _with_entities(part: str, encoding: str = "utf-8", external: str = "") -> bytes:
    contents = book(comments=f'<comments xmlns="{MAIN}"><t>Acme</t></comments>')
    contents[part] = _entities(encoding, external)(str(contents[part]))
    return packed(contents)


def _external_links() -> bytes:
    """A link to another workbook, to a share, to a page; a query; an exchange with a program: none is ever followed."""
    link = (
        f'<externalLink xmlns="{MAIN}"><ddeLink ddeService="cmd" ddeTopic="/c calc"><ddeItems><ddeItem name="A1"/>'
        "</ddeItems></ddeLink></externalLink>"
    )
    targets = ("file:///etc/passwd", "http://127.0.0.1:9/never", "\\\\127.0.0.1\\share\\book.xlsx")
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="http://x/externalLinkPath" Target="{target}" TargetMode="External"/>'
        for number, target in enumerate(targets, 1)
    )
    contents = book()
    contents["xl/externalLinks/externalLink1.xml"] = link
    contents["xl/externalLinks/_rels/externalLink1.xml.rels"] = f'<Relationships xmlns="x">{relations}</Relationships>'
    contents["xl/connections.xml"] = (
        '<connections><connection><webPr url="http://127.0.0.1:9/"/></connection></connections>'
    )
    called = '<c r="A2" t="str"><f>cmd|\' /c calc\'!A1</f><v>C-1</v></c>'
    linked = '<c r="C2" t="str"><f>[1]Sheet1!A1+WEBSERVICE("http://127.0.0.1:9/")</f><v>Acme</v></c>'
    sheet = str(contents[SHEET])
    contents[SHEET] = sheet.replace(text_cell("A2", "C-1"), called).replace(text_cell("C2", "Acme"), linked)
    return packed(contents)


def _macros() -> bytes:
    contents = book()
    contents["xl/vbaProject.bin"] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"Auto_Open Shell calc" * 100
    contents[RELATIONS] = str(contents[RELATIONS]).replace(
        "</Relationships>",
        '<Relationship Id="rId9" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" '
        'Target="vbaProject.bin"/></Relationships>',
    )
    return packed(contents)


def _formatted_blank_rows() -> bytes:
    """A million rows that somebody has given a colour: nothing is in them."""
    blank = '<row r="{0}" s="1" customFormat="1"><c r="A{0}" s="1"/><c r="B{0}" s="1"/></row>'
    body = "".join(blank.format(number) for number in range(3, 1_000_003))
    return packed(book(sheet=member(SHEET, HEAD + GOOD + body + TAIL)))


def _wide_rows(height: int, width: int) -> bytes:
    cells = "".join(f'<c r="{_letters(column)}#"><v>1</v></c>' for column in range(1, width + 1))
    body = "".join(f'<row r="{number}">{cells.replace("#", str(number))}</row>' for number in range(3, height + 3))
    return _sheet(body)


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _merges() -> str:
    cells = "".join(f'<mergeCell ref="A{2 * number}:B{2 * number + 1}"/>' for number in range(10, 100_010))
    return f'<mergeCells count="100000">{cells}</mergeCells>'


def _conditional_formats() -> str:
    return "".join(
        f'<conditionalFormatting sqref="A{number}"><cfRule type="expression" priority="{number}"><formula>A1&gt;1'
        "</formula></cfRule></conditionalFormatting>"
        for number in range(1, 100_001)
    )


def _far(reference: str, number: str) -> bytes:
    return _sheet(f'<row r="{number}">{text_cell(reference, "far")}</row>')


def _numbered(number: str) -> bytes:
    return _sheet(f'<row r="{number}"><c><v>1</v></c></row>')


def _deep(times: int) -> str:
    return "<x>" * times + "</x>" * times


_ENTITY_PARTS = {
    "sheet": SHEET,
    "shared texts": TEXTS,
    "workbook": WORKBOOK,
    "styles": STYLES,
    "relations": RELATIONS,
    "content types": TYPES,
    "comments": "xl/comments1.xml",
}
_DIMENSION = '<dimension ref="A1:XFD1048576"/>'
_ONE_MERGE = '<mergeCells count="1"><mergeCell ref="A3:XFD1048576"/></mergeCells>'
SHEETS: Mapping[str, Hostile] = {
    "a cell in XFD1048576": Hostile(partial(_far, "XFD1048576", "1048576"), COSTLY, "beyond column 512"),
    "a cell in SR1048576": Hostile(partial(_far, "SR1048576", "1048576"), COSTLY),
    "row 4,000,000,000": Hostile(partial(_numbered, "4000000000"), COSTLY, "4,000,000,000"),
    "row 99999999999999999999": Hostile(partial(_numbered, "9" * 20), COSTLY),
    "a row number of 5,000 digits": Hostile(partial(_numbered, "9" * 5_000), COSTLY),
    "row 0": Hostile(partial(_numbered, "0"), DAMAGED),
    "row -5": Hostile(partial(_numbered, "-5"), DAMAGED),
    "row x": Hostile(partial(_numbered, "x"), DAMAGED),
    "a cell in A0": Hostile(partial(_far, "A0", "3"), DAMAGED),
    "a cell in column ZZZZZZZZ": Hostile(partial(_far, "ZZZZZZZZ3", "3"), COSTLY),
    "a giant dimension": Hostile(
        lambda: packed(book(sheet=HEAD.replace("<sheetData>", f"{_DIMENSION}<sheetData>") + GOOD + TAIL)), READ
    ),
    "a merge of everything": Hostile(partial(_sheet, "", _ONE_MERGE), READ),
    "100,000 merges": Hostile(lambda: _sheet("", _merges()), READ),
    "60 rows of 16,384 columns": Hostile(partial(_wide_rows, 60, 16_384), COSTLY, "beyond column 512"),
    "100,000 conditional formats": Hostile(lambda: _sheet("", _conditional_formats()), READ),
    "1,000,000 formatted blank rows": Hostile(_formatted_blank_rows, READ),
    **{
        f"entities in the {name}": Hostile(partial(_with_entities, part), UNSAFE, "DOCTYPE")
        for name, part in _ENTITY_PARTS.items()
    },
    **{
        f"an external entity in the {name}": Hostile(
            partial(_with_entities, part, external="file:///etc/passwd"), UNSAFE, "DOCTYPE"
        )
        for name, part in _ENTITY_PARTS.items()
    },
    "entities in UTF-16": Hostile(partial(_with_entities, SHEET, "utf-16"), UNSAFE, "DOCTYPE"),
    "external links, queries and DDE": Hostile(_external_links, READ),
    "macros": Hostile(_macros, READ, suffix=".xlsm"),
    "100,000 nested elements in the sheet": Hostile(lambda: _sheet(_deep(100_000)), READ),
    "100,000 nested elements in the workbook": Hostile(
        lambda: packed(parts({"Clients": GOOD}, book=_deep(100_000))), READ
    ),
    "2,000,000 nested elements in the styles": Hostile(lambda: packed(book(styles=_deep(2_000_000))), UNSAFE),
}

_NOISE = base64.b64encode(random.Random(1).randbytes(330)).decode()
_COMMENT = f"<!--{_NOISE}-->"
_PARTS = {"sheet": SHEET, "texts": TEXTS, "styles": STYLES, "relations": RELATIONS, "workbook": WORKBOOK}


def _sly(kind: str, head: str, unit: str, tail: str, noise: str = _COMMENT) -> bytes:
    """A part of almost a gigabyte with so much noise in it that it does not grow more than a clean one may."""
    block = (unit * (BLOCK // len(unit)) + noise).encode()
    times = 900 * MEGABYTE // len(block)
    return packed(book(**{kind: repeated(_PARTS[kind], head.encode(), block, times, tail.encode())}))


def _sly_rows(unit: str) -> Hostile:
    return Hostile(partial(_sly, "sheet", HEAD + GOOD, unit, TAIL), COSTLY, seconds=20)


def _wide_errors() -> bytes:
    """Error cells without a reference, more than there are columns: where each stands is counted from the first."""
    cells = '<c t="e"><v>#N/A</v></c>' * 380_000
    return _sheet(f'<row r="3">{cells}</row>')


def _signs(unit: str, head: str = "", tail: str = "") -> bytes:
    """One row with very many signs, each of which asks for a look at what stands before it, or behind it."""
    return packed(book(sheet=blown(SHEET, f"{_ROW}{head}", unit, f"{tail}</row>{TAIL}", 3 * MEGABYTE)))


_ROW = f'{HEAD}{GOOD}<row r="3">'
_CELL = f'{_ROW}<c r="A3" t="inlineStr"><is><t>'
_CELL_END = f"</t></is></c></row>{TAIL}"
_SST = f'<sst xmlns="{MAIN}">'
_XFS = f'<styleSheet xmlns="{MAIN}"><cellXfs>'
_XFS_END = "</cellXfs></styleSheet>"
# What the directory of the archive cannot tell from a large workbook.
SLY: Mapping[str, Hostile] = {
    "380,000 error cells in one row": Hostile(_wide_errors, COSTLY),
    "signs in a row without cells": Hostile(partial(_signs, '<x t="e"/>'), READ),
    "signs among what only begins like a cell": Hostile(partial(_signs, '<cx t="e"/>'), READ),
    "signs in one text": Hostile(partial(_signs, ' t="e"', "<x>", "</x>"), READ),
    "tags without an end": Hostile(partial(_signs, '<row t="e" '), DAMAGED, "a tag without an end"),
    "cells without an end": Hostile(partial(_signs, '<c t="e">'), DAMAGED, "a cell without an end"),
    "comments without an end": Hostile(partial(_signs, "<!--"), DAMAGED),
    "900 MB of spaces in the sheet": Hostile(partial(_sly, "sheet", HEAD, " ", GOOD + TAIL), COSTLY),
    "900 MB of rows": _sly_rows("<row><c><v>1</v></c></row>"),
    "900 MB of one row": Hostile(partial(_sly, "sheet", _ROW, "<c><v>1</v></c>", f"</row>{TAIL}"), COSTLY),
    "900 MB of the same blank cell": _sly_rows('<row r="3"><c r="A3"/></row>'),
    "900 MB of hidden rows": _sly_rows('<row hidden="1"/>'),
    "900 MB of error cells": _sly_rows('<row><c t="e"><v>#N/A</v></c></row>'),
    "900 MB in one cell": Hostile(partial(_sly, "sheet", _CELL, "x", _CELL_END, _NOISE), COSTLY),
    "900 MB of one comment": Hostile(partial(_sly, "sheet", f"{HEAD}<!--", " ", f"-->{GOOD}{TAIL}", _NOISE), COSTLY),
    "900 MB of tags that do not end": Hostile(partial(_sly, "sheet", HEAD + GOOD, "<", TAIL, _NOISE), COSTLY),
    "900 MB of shared texts": Hostile(partial(_sly, "texts", _SST, "<si><t>x</t></si>", "</sst>"), COSTLY),
    "900 MB of one shared text": Hostile(
        partial(_sly, "texts", f"{_SST}<si><t>", "x", "</t></si></sst>", _NOISE), READ, seconds=20
    ),
    "900 MB of styles": Hostile(partial(_sly, "styles", _XFS, '<xf numFmtId="0"/>', _XFS_END), COSTLY, "bytes"),
    "900 MB of relations": Hostile(
        partial(_sly, "relations", "<Relationships>", "<x/>", "</Relationships>"), COSTLY, "bytes"
    ),
    "900 MB of the workbook's own part": Hostile(
        partial(_sly, "workbook", "<workbook>", "<x/>", "</workbook>"), COSTLY, "bytes"
    ),
}
