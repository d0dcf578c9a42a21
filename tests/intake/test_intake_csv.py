"""CSV files: encoding, delimiter, quotes, line ends and ragged lines."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_kit import CLIENT, CLIENT_HEADER, codes, read, write_csv

from connector.intake.csvfile import read_csv
from connector.intake.limits import Limits
from connector.intake.marks import RefusedError

_TEXT = "name;site\nZoë;zoe.com\n"


def cells(data: bytes) -> list[tuple[str | None, ...]]:
    return read_csv(data, Limits()).frame.rows()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(encoding: str) -> None:
    assert cells(_TEXT.encode(encoding)) == [("name", "site"), ("Zoë", "zoe.com")]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("id\nCafé-1\n".encode() + b"Caf\xe9-2\n", "line 3 holds the byte 0xE9"),
        (b"id\r\nCaf\xe9-2\r\n" + "Café-1\r\n".encode(), "line 2 holds the byte 0xE9"),
        (b"id\rCaf\xe9-2\r" + "€ 5\r".encode(), "line 2 holds the byte 0xE9"),
        (b"\x80 5\n" + "𝄞\n".encode(), "line 1 holds the byte 0x80"),
        (b"\xef\xbb\xbfid\nCaf\xe9-2\n", "line 2 holds the byte 0xE9"),
        ("id\nCafé-1\nCafé".encode()[:-1], "line 3 holds the byte 0xC3"),
    ],
)
def test_a_mixture_of_utf_8_and_another_encoding_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(RefusedError, match=told) as refused:
        read_csv(data, Limits())
    assert refused.value.code == "file-encoding"


@pytest.mark.parametrize("text", ["Café-1;Spaß", "\u201equoted\u201c – 5 €", "ÀÉÎ-ÕÜ", "x" * 5_000 + "é"])
def test_windows_1252_alone_is_read(text: str) -> None:
    assert cells(f"a\n{text}\n".encode("cp1252")) == cells(f"a\n{text}\n".encode())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    assert cells(f"a{delimiter}b\n1{delimiter}2\n".encode()) == [("a", "b"), ("1", "2")]


def test_declared_delimiter_keeps_row_numbers() -> None:
    assert cells(b"sep=|\na,x|b\n1|2\n") == [(None, None), ("a,x", "b"), ("1", "2")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert cells(f"a,b{end}1,2{end}".encode()) == [("a", "b"), ("1", "2")]


def test_quotes_delimiters_and_line_breaks_inside_quotes() -> None:
    data = b'name,note\n"Acme, Inc","two\nlines"\nBeta,5" disk\n"Say ""hi""",x\n'
    assert cells(data) == [("name", "note"), ("Acme, Inc", "two\nlines"), ("Beta", '5" disk'), ('Say "hi"', "x")]


def test_leading_zeros_and_one_column() -> None:
    assert cells(b"id\n007\n") == [("id",), ("007",)]


def test_an_unclosed_quote_is_refused_and_a_sloppy_one_read() -> None:
    assert cells(b'a,b\n"x"y,1\n') == [("a", "b"), ("xy", "1")]
    with pytest.raises(RefusedError, match="line 2 does not end"):
        read_csv(b'a,b\n"x,1\ny,2\n', Limits())


def test_not_text_is_refused() -> None:
    with pytest.raises(RefusedError, match="no text"):
        read_csv(b"a\x00b\x00\x00\x00c", Limits())


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(RefusedError, match="up to 513 fields"):
        read_csv(b"," * 512 + b"\n", Limits())


def test_an_endless_quoted_field_is_refused() -> None:
    with pytest.raises(RefusedError, match="does not end"):
        read_csv(b'a,"' + b"x\n" * 500_001, Limits())


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\ufeff"), min_size=1), min_size=3, max_size=3
        ),
        min_size=2,
        max_size=6,
    )
)
def test_what_is_quoted_comes_back(rows: list[list[str]]) -> None:
    text = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
    assert cells(text.encode()) == [tuple(row) for row in rows]


def test_blank_lines_and_empty_trailing_fields_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "clients.csv"
    lines = [",".join(CLIENT_HEADER), ",".join(CLIENT), "", ",".join(CLIENT) + ",,"]
    path.write_text("\n".join(lines), "utf-8")
    got = read(path)
    assert (got.problems, got.clients["row"].to_list(), got.rows["kind"].to_list()) == (
        (),
        [2, 4],
        ["header", "record", "blank", "record"],
    )


def test_a_ragged_line_is_reported_alone(tmp_path: Path) -> None:
    got = read(write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, CLIENT, CLIENT[:5], (*CLIENT, "more")]))
    assert codes(got.problems) == [("3", "row-ragged"), ("4", "row-ragged")]
    assert got.clients["row"].to_list() == [2]


@pytest.mark.parametrize(("delimiter", "inside"), [(",", "\n"), ("\t", "\t"), ("\t", "\n"), (",", "\t")])
def test_what_quotes_hold_is_looked_at_though_all_is_plain(tmp_path: Path, delimiter: str, inside: str) -> None:
    name = f'"two{inside}parts"'
    lines = [CLIENT_HEADER, (*CLIENT[:2], name, *CLIENT[3:])]
    path = tmp_path / "clients.csv"
    path.write_text("".join(delimiter.join(line) + "\n" for line in lines), "utf-8", newline="")
    assert codes(read(path).problems) == [("C2", "record-text")]
