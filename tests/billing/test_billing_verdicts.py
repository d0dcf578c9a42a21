import polars as pl
from billing_frames import KEY, QUICK, clients, identified
from hypothesis import given
from hypothesis import strategies as st

from connector.billing import kinds
from connector.billing.digests import digest_columns, digest_contents, keyed_digest
from connector.billing.verdicts import judge, place, unjudged, verdict_bucket
from connector.domain.problems import Severity

_cells = st.none() | st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=4)


def test_the_first_verdict_stands_and_null_is_no_reason() -> None:
    frame = unjudged(pl.DataFrame({"n": [1, 2, None]}))
    frame = judge(frame, kinds.FUTURE, pl.col("n") == 1, pl.lit("first"))
    frame = judge(frame, kinds.MOVED, pl.col("n") > 0, pl.format("second {}", "n"))
    assert frame.select("code", "detail").rows() == [
        ("record-future", "first"),
        ("client-moved", "second 2"),
        (None, None),
    ]


def test_questions_hold_and_faults_block() -> None:
    frame = pl.DataFrame({"code": [None, *kinds.BY_CODE]}, schema={"code": pl.String})
    told = (kinds.CHANGED, kinds.TERM_LATE)  # these flag and hold nothing
    holding = [kind.severity is Severity.WARNING and kind not in told for kind in kinds.KINDS]
    expected = ["held" if holds else "blocked" for holds in holding]
    assert frame.select(verdict_bucket()).to_series().to_list() == [None, *expected]


def test_codes_are_unique_and_say_what_to_do() -> None:
    assert len(kinds.BY_CODE) == len(kinds.KINDS) == len({kind.title for kind in kinds.KINDS})
    assert all(kind.remedy.endswith(".") and not kind.title.endswith(".") for kind in kinds.KINDS)


def test_a_row_is_found_by_file_sheet_and_number() -> None:
    frame = pl.DataFrame({"source": ["a.xlsx", "a.csv"], "sheet": ["S", ""], "row": [7, 8]})
    assert frame.select(place()).to_series().to_list() == ["a.xlsx:S!7", "a.csv:8"]


def test_a_thousand_rows_with_one_id_name_five_places_in_the_order_of_the_sheet() -> None:
    got = identified(clients(*({"client_ref": "TBD"} for _ in range(1000))))
    first = ", ".join(f"clients.xlsx:Clients!{row}" for row in range(2, 7))
    assert got.select("code", "detail").unique().rows() == [
        ("record-duplicate-id", f"one id, different contents: {first} and 995 more")
    ]


def test_digests_are_keyed() -> None:
    assert keyed_digest("C-1", KEY) == keyed_digest("C-1", KEY) != keyed_digest("C-1", b"another key")
    assert len(keyed_digest("", KEY)) == 32


def test_an_alias_digest_needs_every_part() -> None:
    frame = pl.DataFrame({"a": ["x", None], "b": ["y", "y"]})
    label = keyed_digest("ref\x1fx\x1fy", KEY)
    assert digest_columns(frame, ["a", "b"], "ref", KEY).to_list() == [label, None]


@QUICK
@given(st.lists(st.tuples(_cells, _cells), min_size=2, max_size=2, unique=True))
def test_two_contents_never_have_one_digest(rows: list[tuple[str | None, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String}, orient="row")
    assert digest_contents(frame, ["a", "b"], KEY).is_unique().all()
