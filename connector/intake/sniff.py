"""Which reader a file asks for, by its first and last bytes and not by its name."""

import re

from connector.intake import kinds
from connector.intake.marks import RefusedError

HEAD_BYTES = 4_096
TAIL_BYTES = 8
KINDS_READ = "read are .xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .json, .ndjson and .parquet"
SPACE = b"\xef\xbb\xbf \t\r\n"

ARCHIVE = "archive"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NO_CONTAINER = (  # first records of workbooks from before Excel 5, and of later ones that were taken out
    b"\x09\x00\x04\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x08\x08\x00",
    b"\x09\x08\x10\x00",
)
_UTF_16 = b"\xff\xfe"
_HTML = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<body")
_KNOWN_SUFFIXES = {".xml", ".pdf"}
_JSON_SUFFIXES = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_JSON_HEAD = re.compile(rb"\{\s*[\"}]|\[\s*[\[{\"\]]")
_PARQUET = b"PAR1"
_TEXT_SUFFIXES = {"", ".csv", ".txt", ".tsv", ".tab"}


def kind_of(head: bytes, tail: bytes, suffix: str) -> str:
    """The kind of file, as the reading process names it.

    Args:
        head: its first `HEAD_BYTES`, not all of them blank.
        tail: its last `TAIL_BYTES`.
        suffix: of the file's name, in lower case; only texts and JSON are known by it.

    Raises:
        RefusedError: it is of a kind that is not read.
    """
    if head.startswith(_PARQUET) and (suffix == ".parquet" or tail.endswith(_PARQUET)):
        return "parquet"
    plain = head.lstrip(_UTF_16).replace(b"\0", b"").lstrip(SPACE)
    if suffix in _JSON_SUFFIXES or _JSON_HEAD.match(plain):
        return _JSON_SUFFIXES.get(suffix, "json")
    if head.startswith(b"PK\x03\x04"):
        return ARCHIVE
    if head.startswith((_OLE, *_NO_CONTAINER)):
        return "xls"
    text = head.lstrip(SPACE).lower()
    if text.startswith(_HTML):
        message = f"a web page (HTML) named {suffix or 'without a suffix'}, not a workbook"
        raise RefusedError(kinds.FILE_NOT_A_WORKBOOK.code, message, "Open it in Excel and save it as .xlsx.")
    if text.startswith((b"<?xml", b"%pdf")) or suffix in _KNOWN_SUFFIXES:
        message = f"a kind of file that is not read ({suffix or 'no suffix'}); {KINDS_READ}"
        raise RefusedError(kinds.FILE_KIND.code, message, kinds.FILE_KIND.remedy)
    if suffix not in _TEXT_SUFFIXES:
        message = f"the content is no workbook, although the name ends in {suffix}"
        raise RefusedError(kinds.FILE_NOT_A_WORKBOOK.code, message, kinds.FILE_NOT_A_WORKBOOK.remedy)
    return "csv"
