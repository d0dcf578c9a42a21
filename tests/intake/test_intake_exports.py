"""Exports: JSON, NDJSON and Parquet come to the same cells as a workbook; what is broken is told where it stands."""

import io
import json
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_kit import codes, read

from connector.intake import Limits
from connector.intake.guard import open_source
from connector.intake.jsonfile import read_json, read_ndjson
from connector.intake.marks import RefusedError
from connector.intake.parquetfile import read_parquet
from connector.intake.rawsheet import RawSheet
from connector.jsonwalk import spelled

RECORD = {
    "clientId": "C-1",
    "partner": {"id": "P-1", "name": "One"},
    "client_name": "Acme",
    "website": "acme.com",
    "plan": "Full feature Spoke",
    "created_at": "2025-03-01",
    "employee-count": 50,
    "status": "Active",
    "advisors": [{"name": "Ann"}, {"name": "Bo"}],
}


def rows(*sheets: RawSheet) -> list[list[tuple[str | None, ...]]]:
    return [sheet.frame.rows() for sheet in sheets]


def marks(sheet: RawSheet) -> list[tuple[Any, ...]]:
    return sheet.marks.sort("row", "column").rows()


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def counted(*paths: Path) -> dict[str, int]:
    return dict(read(*paths).rows["kind"].value_counts().rows())


@pytest.mark.parametrize(
    "kind", ["list", "object", "wrapped", "lines", "one", "utf-8-sig", "utf-16", "utf-16-le", "parquet"]
)
def test_every_form_of_one_record_is_the_same_record(tmp_path: Path, kind: str) -> None:
    forms: dict[str, tuple[str, bytes]] = {
        "list": ("a.json", json.dumps([RECORD]).encode()),
        "object": ("a.json", json.dumps({"clients": [RECORD]}).encode()),
        "wrapped": ("a.json", json.dumps({"data": {"items": [RECORD], "partners": []}}, indent=2).encode()),
        "lines": ("a.ndjson", json.dumps(RECORD).encode() + b"\r\n"),
        "one": ("a.json", json.dumps(RECORD | {"advisors": 2}).encode()),
        "parquet": ("a.parquet", b""),
        **{name: ("a.txt", json.dumps([RECORD]).encode(name)) for name in ("utf-8-sig", "utf-16", "utf-16-le")},
    }
    name, data = forms[kind]
    path = write(tmp_path / name, data)
    if kind == "parquet":
        pl.DataFrame([RECORD]).write_parquet(path)
    got = read(path)
    fields = (
        "row",
        "client_ref",
        "partner_id",
        "name",
        "domain",
        "plan",
        "created_on",
        "count_low",
        "status",
        "advisors",
    )
    want = (2, "C-1", "P-1", "Acme", "acme.com", "full_spoke", date(2025, 3, 1), 50, "active", 2)
    assert got.clients.select(fields).rows() == [want]
    assert [problem.code for problem in got.problems] in ([], ["sheet-unmapped-columns"])


def test_values_are_spelled_as_in_other_files() -> None:
    text = (
        '[{"whole": 12, "point": 12.0, "power": 1e3, "exact": 0.10, "big": 12345678901234567890, "tiny": 1.5E-7,'
        ' "minus": -0.0, "far": 1e400, "yes": true, "no": false, "nothing": null, "empty": "", "id": "00012",'
        ' "list": [], "object": {}, "deep": {"a": {"b": "x"}}}]'
    )
    (sheet,) = read_json(text.encode(), Limits())
    names = ("whole", "point", "power", "exact", "big", "tiny", "minus", "far", "yes", "no", "nothing", "empty", "id")
    values = (
        "12",
        "12",
        "1000",
        "0.1",
        "12345678901234567890",
        "0.00000015",
        "0",
        "1e400",
        "true",
        "false",
        None,
        None,
    )
    assert rows(sheet) == [[(*names, "list", "deep.a.b"), (*values, "00012", "0", "x")]]


@pytest.mark.parametrize("text", ["1e99999999999999999999", "1" * 500 + ".0", "1e31", "1e-31"])
def test_numbers_beyond_every_use_stay_as_they_are(text: str) -> None:
    assert spelled(text) == text


def test_a_missing_object_is_no_column_of_its_own() -> None:
    (sheet,) = read_json(b'[{"partner": null}, {"partner": {"id": "P"}}, {"partner": null, "x": {}}]', Limits())
    assert rows(sheet) == [[("partner.id",), (None,), ("P",), (None,)]]


def test_of_lines_each_keeps_its_number_and_a_broken_one_blocks_itself(tmp_path: Path) -> None:
    good = json.dumps(RECORD)
    lines = [
        "",
        good.replace("C-1", "C-2"),
        "TOTAL",
        "  ",
        good[:50],
        "[1]",
        good.replace("Acme", "\ud800"),
        "null",
        good,
    ]
    path = write(tmp_path / "a.ndjson", "\n".join(lines).encode("utf-8", "surrogatepass") + b"\n\n")
    got = read(path)
    assert got.clients.select("row", "client_ref").rows() == [(3, "C-2"), (10, "C-1")]
    assert [code for code in codes(got.problems) if code[1] != "sheet-unmapped-columns"] == [
        (str(number), "row-broken") for number in (4, 6, 7, 8, 9)
    ]
    assert counted(path) == {"header": 1, "blank": 2, "record": 2, "blocked": 5}


def test_lines_are_known_without_their_name(tmp_path: Path) -> None:
    good = json.dumps(RECORD)
    assert read(write(tmp_path / "a.json", f"{good}\n{good}\n")).clients.height == 2
    got = read(write(tmp_path / "b.csv", f"{good}\n{good[:-9]}\n{good}\n"))
    assert (got.clients.height, [problem.code for problem in got.problems]) == (
        2,
        ["sheet-unmapped-columns", "row-broken"],
    )


def test_items_that_are_no_records_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps([RECORD, None, {}, [1], "x", {**RECORD, "clientId": "C-2"}]))
    assert counted(path) == {"header": 1, "record": 2, "blank": 1, "blocked": 3}


def test_no_row_of_an_export_is_a_title_a_total_or_another_header(tmp_path: Path) -> None:
    odd = [
        {"client_name": "Northern region"},
        {"client_name": "Total", "employee-count": 50},
        {"client_name": "Note: x"},
    ]
    again = {key: key for key in RECORD if key not in ("partner", "advisors")}
    path = write(tmp_path / "a.json", json.dumps([RECORD, *odd, again]))
    assert counted(path) == {"header": 1, "record": 1, "blocked": 4}
    pl.DataFrame([RECORD, *odd, again], strict=False, infer_schema_length=None).write_parquet(tmp_path / "a.parquet")
    assert counted(tmp_path / "a.parquet") == {"header": 1, "record": 1, "blocked": 4}


def test_the_header_of_an_export_is_its_keys_and_nothing_below(tmp_path: Path) -> None:
    said = {"a": "Client ID", "b": "Partner ID", "c": "Client name", "d": "Plan", "e": "Created on", "f": "Status"}
    path = write(tmp_path / "a.json", json.dumps([said, dict.fromkeys(said, "x")]))
    assert [problem.code for problem in read(path).problems] == ["sheet-no-header"]
    assert counted(path) == {"blocked": 3}


def test_several_sheets_and_what_stands_beside_them(tmp_path: Path) -> None:
    partner = {"partnerId": "P-1", "reference": "B-1", "purchasedOn": "2025-03-01", "quantity": 1}
    text = json.dumps({"clients": [RECORD], "bundles": [partner], "empty": [], "warnings": ["x"], "meta": {"total": 9}})
    got = read(write(tmp_path / "a.json", text))
    assert (got.clients.height, got.bundles.height) == (1, 1)
    told = [
        (str(one.place).rpartition("/")[2], one.code, one.message)
        for one in got.problems
        if one.code != "sheet-unmapped-columns"
    ]
    assert told == [
        ("a.json:clients", "sheet-beside", "2 values beside the records are not read: meta.total, warnings"),
        ("a.json:clients", "sheet-more-pages", "meta.total says 9, but 2 records are here"),
    ]


def test_lists_of_one_name_are_told_apart_by_their_whole_names() -> None:
    sheets = read_json(b'{"a": {"items": [{"x": 1}]}, "b": {"items": [{"x": 2}]}, "c": [{"x": 3}]}', Limits())
    assert [sheet.name for sheet in sheets] == ["a.items", "b.items", "c"]


def test_a_list_where_one_value_belongs_is_no_number(tmp_path: Path) -> None:
    got = read(
        write(tmp_path / "a.json", json.dumps([{**RECORD, "clientId": ["C-1"]}, {**RECORD, "users": ["a", "b"]}]))
    )
    assert ("A2", "cell-list") in codes(got.problems)
    assert got.clients.select("row", "users", "advisors").rows() == [(3, 2, 2)]


REFUSED: list[tuple[bytes, str, str]] = [
    (b"[" * 200_000, "file-damaged", "the JSON is broken in line 1, column 2: nested too deeply"),
    (b'{"a":' * 200_000, "file-damaged", "the JSON is broken in line 1, column 21: nested too deeply"),
    (b'[{"a": 1},\n {"a": 2]', "file-damaged", "the JSON is broken in line 2, column 9: expecting ',' delimiter"),
    (b"[{}] x", "file-damaged", "the JSON is broken in line 1, column 6: text stands behind the end of the JSON"),
    (b'{"a" 1}', "file-damaged", "the JSON is broken in line 1, column 6: expecting ':' delimiter"),
    (b"{a: 1}", "file-damaged", "the JSON is broken in line 1, column 2: expecting a key in double quotes"),
    (b"[]", "file-no-rows", "the JSON holds no record"),
    (b'{"clients": []}', "file-no-rows", "the JSON holds no record"),
    (b"{}", "file-no-rows", "the JSON holds no record"),
    (b"[1, 2]", "file-no-rows", "the JSON holds no record"),
    (b"\xff\xfe[\x00{\x00\xd8", "file-damaged", "the file is UTF-16 that breaks off at byte 7"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code", "message"), REFUSED)
def test_json_that_is_refused(tmp_path: Path, data: bytes, code: str, message: str) -> None:
    (problem,) = open_source(write(tmp_path / "a.json", data), "a.json", Limits()).problems
    assert (problem.code, problem.message) == (code, message)


def test_lines_without_any_record_are_refused() -> None:
    with pytest.raises(RefusedError, match="no line of the file is a JSON object"):
        read_ndjson(b"x\ny\n", Limits())


def hostile(kind: str) -> bytes:
    if kind == "one string":
        return b'[{"a": "' + b"x" * 99_000_000 + b'"}]'
    if kind == "one number":
        return b'[{"a": ' + b"7" * 20_000_000 + b"}]"
    if kind == "keys":
        return json.dumps([{f"k{number}": 1 for number in range(100_000)}]).encode()
    if kind == "a key":
        return b'[{"' + b"k" * 5_000_000 + b'": 1}]'
    if kind == "objects":
        return b'[{"a": ' + b'{"a": ' * 500 + b"1" + b"}" * 501 + b"]"
    return b"[" + b"{}," * 2_000_000 + b"{}]"


@pytest.mark.parametrize("kind", ["one string", "one number", "keys", "a key", "objects", "rows"])
def test_hostile_json_is_refused_soon(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "a.json", hostile(kind))
    before = time.process_time(), time.monotonic()
    opened = open_source(path, "a.json", Limits())
    assert [problem.code for problem in opened.problems] in (["file-too-costly"], ["file-damaged"])
    assert opened.sheets == ()
    assert time.monotonic() - before[1] < 30  # of a machine that does other things, too


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30), NUMBERS, TEXTS)
KEYS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5)
TREES = st.recursive(
    VALUES | st.lists(VALUES, max_size=3), lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


def as_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return str(len(value))
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if value else "0"
    return str(value)


def flat(record: dict[str, Any], prefix: str = "") -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for key, value in record.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: as_text(value)}
    return found


def written(value: Any) -> str:
    """JSON with exact decimals."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}:{written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(KEYS, TREES, min_size=1, max_size=4), min_size=1, max_size=5), st.booleans())
def test_any_records_come_back_equal(records: list[dict[str, Any]], by_lines: bool) -> None:  # noqa: FBT001  # a case
    if by_lines:
        (sheet,) = read_ndjson("\n".join(map(written, records)).encode(), Limits())
    else:
        (sheet,) = read_json(written(records).encode(), Limits())
    header, *body = sheet.frame.rows()
    got = [{key: text for key, text in zip(header, row, strict=True) if text is not None} for row in body]
    assert got == [{key: text for key, text in flat(record).items() if text is not None} for record in records]
    assert len(header) == len(set(header))


def parquet(**columns: Any) -> bytes:
    stream = io.BytesIO()
    pl.DataFrame(columns).write_parquet(stream)
    return stream.getvalue()


def test_parquet_columns_are_spelled_as_in_other_files() -> None:
    moment = datetime(2025, 3, 1, 10, 20, 30, 500_000, tzinfo=UTC)
    data = parquet(
        day=[date(2025, 3, 1), None],
        moment=[moment.replace(tzinfo=None), None],
        zoned=pl.Series([moment, None], dtype=pl.Datetime("us", "UTC")),
        lasting=[timedelta(hours=1), None],
        number=[12.0, float("nan")],
        small=[0.1, float("-inf")],
        power=[1e21, -0.0],
        money=[Decimal("12.50"), Decimal("100.00")],
        whole=pl.Series([Decimal(100), None], dtype=pl.Decimal(10, 0)),
        flag=[True, None],
        people=[["a", "b"], None],
        pair=pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2)),
        partner=[{"id": "P", "at": {"x": 1}}, None],
        text=[b"ab", b""],
        bits=[b"ab", b"\xff"],
        word=pl.Series(["a", None], dtype=pl.Categorical),
        nothing=[None, None],
    )
    (sheet,) = read_parquet(data, Limits())
    header, first, second = sheet.frame.rows()
    assert dict(zip(header, zip(first, second, strict=True), strict=True)) == {
        "day": ("2025-03-01 00:00:00", None),
        "moment": ("2025-03-01 10:20:30.500", None),
        "zoned": ("2025-03-01 10:20:30.500+00:00", None),
        "lasting": ("PT1H", None),
        "number": ("12", "NaN"),
        "small": ("0.1", "-Infinity"),
        "power": ("1000000000000000000000", "0"),
        "money": ("12.5", "100"),
        "whole": ("100", None),
        "flag": ("true", None),
        "people": ("2", None),
        "pair": ("2", None),
        "partner.id": ("P", None),
        "partner.at.x": ("1", None),
        "text": ("ab", None),
        "bits": ("6162", "ff"),
        "word": ("a", None),
        "nothing": (None, None),
    }
    assert marks(sheet) == [
        (2, 11, "list", ""),
        (2, 12, "list", ""),
        (3, 5, "not-a-number", "NaN"),
        (3, 6, "not-a-number", "-Infinity"),
    ]


def test_parquet_and_json_of_the_same_records_are_the_same_records(tmp_path: Path) -> None:
    records = [{**RECORD, "clientId": f"C-{number}", "employee-count": number + 1} for number in range(50)]
    pl.DataFrame(records).write_parquet(tmp_path / "a.parquet")
    one, two = read(tmp_path / "a.parquet"), read(write(tmp_path / "a.json", json.dumps(records)))
    assert one.clients.drop("source").equals(two.clients.drop("source"))
    assert counted(tmp_path / "a.parquet") == {"header": 1, "record": 50}


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(rows=10), "the file has 10 rows and 2 columns"),
        (Limits(columns=1), "the file has 10 rows and 2 columns"),
    ],
)
def test_parquet_beyond_the_limits_is_refused_from_its_metadata(limits: Limits, told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        read_parquet(parquet(a=range(10), b=["x"] * 10), limits)


def test_texts_of_parquet_that_unpack_to_far_more_are_refused() -> None:
    data = parquet(a=["x" * 900_000] * 2_000)
    assert len(data) < 2_000_000
    with pytest.raises(RefusedError, match="the texts of the file take more than 1,024 MiB"):
        read_parquet(data, Limits())
    with pytest.raises(RefusedError, match="a text under a has more than 1,000,000 bytes"):
        read_parquet(parquet(a=["x" * 1_000_001]), Limits())


@pytest.mark.parametrize("at", ["head", "middle", "tail", "footer"])
def test_damaged_parquet_is_told(tmp_path: Path, at: str) -> None:
    data = bytearray(parquet(a=range(1000), b=[f"text {number}" for number in range(1000)]))
    size = len(data)
    cut = {"head": data[:200], "middle": data[:500] + data[700:], "tail": data[: size - 20], "footer": data}[at]
    if at == "footer":
        cut[size - 60 : size - 30] = b"\xff" * 30
    opened = open_source(write(tmp_path / "a.parquet", bytes(cut)), "a.parquet", Limits())
    assert [problem.code for problem in opened.problems] == ["file-damaged"]
