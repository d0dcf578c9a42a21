"""Of many wrong texts only the first are looked at one by one; that must change nothing but the telling."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from intake_kit import CLIENT_HEADER, shipped, write_csv

from connector.domain.words import RecordKind
from connector.intake import Limits, read_sources
from connector.intake.columns import Told, read_column
from connector.intake.faults import MOST_ALIKE
from connector.intake.fields import FIELDS

FIELDS_ASKED = ("created_on", "employees", "employee_band", "country", "domain", "advisors", "status")
WORDS = ("march", "Oct.", "employees", "SIZE", "TO", "or more", "people", "12", "2025", "1950-11-01", "%", "zwölf", "x")
texts = st.lists(st.sampled_from(WORDS) | st.text(max_size=4), min_size=1, max_size=5).map(" ".join)


@settings(max_examples=25)
@pytest.mark.parametrize("name", FIELDS_ASKED)
@given(st.lists(texts.filter(str.strip), min_size=1, max_size=30))
@example(["2 October", "11-50", "SIZE_11_TO_50", "emp\u200bloyees 12", "12 staff", "10 000+", "marching 12", "50 %"])
@example(["1st March 2025", "Mar. 1, 2025", "2025/3/1x", "31.12.2025 10:00", "1950-11-01 00:00:00", "nov 50"])
def test_many_wrong_texts_change_no_value_and_no_kind(name: str, asked: list[str]) -> None:
    field = FIELDS[RecordKind.CLIENTS][name]
    column = pl.Series([*(f"no {n} value" for n in range(MOST_ALIKE + 1)), *asked], dtype=pl.String)
    every = read_column(column, field, Told({}, None, "mapping", every=True))
    few = read_column(column, field, Told({}, None, "mapping", every=False))
    assert {key: values.to_list() for key, values in few.columns.items()} == {
        key: values.to_list() for key, values in every.columns.items()
    }
    assert {text: wrong.kind.code for text, wrong in few.wrong.items()} == {
        text: wrong.kind.code for text, wrong in every.wrong.items()
    }


def test_a_file_that_is_dear_to_understand_is_refused(tmp_path: Path) -> None:
    """Cheap to read, and every text of it almost a date: the limit holds for the file, not for its reading alone."""
    months = [
        f"{name} {day} {year}"
        for year in range(1000, 9999)
        for day in range(40, 99)
        for name in ("Foo", "Bar", "Baz", "Qux")
    ][:300_000]
    rows = ((f"C-{n}", "P-1", "Acme", "acme.com", "Full", text, "50", "Active") for n, text in enumerate(months))
    path = write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, *rows])
    got = read_sources([path], shipped(), limits=Limits(cpu_seconds=2))
    assert [(one.code, str(one.place), one.message) for one in got.problems] == [
        ("file-too-costly", str(path), "reading the file takes more than 2 seconds of computing")
    ]
    assert "cpu_seconds" in got.problems[0].next_step
    assert (got.sources[0].failed, got.rows.height, got.clients.height) == (True, 0, 0)
