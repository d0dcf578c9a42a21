"""What a step makes of no rows is worked out once for each set of columns, and is never what it makes of some."""

import polars as pl

from connector.tables import kept_for_nothing


def test_a_step_is_asked_once_about_no_rows_and_each_time_about_some() -> None:
    asked: list[int] = []

    @kept_for_nothing(1)
    def doubled(by: int, frame: pl.DataFrame, *, name: str = "twice") -> pl.DataFrame:
        asked.append(frame.height)
        return frame.select(pl.all(), (pl.col("number") * by).alias(name))

    some = pl.DataFrame({"number": [1, 2]})
    wider = some.with_columns(other=pl.lit("x"))
    answers = [doubled(2, one) for one in (some, some.clear(), some.clear(), wider.clear(), wider.clear(), some)]
    assert [one.columns for one in answers] == [
        *[["number", "twice"]] * 3,
        *[["number", "other", "twice"]] * 2,
        ["number", "twice"],
    ]
    assert [one.height for one in answers] == [2, 0, 0, 0, 0, 2]
    assert answers[-1]["twice"].to_list() == [2, 4]
    assert asked == [2, 0, 0, 2]
