import polars as pl
import pytest

from connector import tables
from connector.domain.words import RecordKind
from connector.tables import (
    BUNDLES,
    CLIENTS,
    EVENTS,
    PARTNERS,
    RATED,
    RECORDS,
    ROWS,
    TEMPLATES,
    SchemaError,
    conform,
    empty,
)
from connector.tables.schemas import Schema

_ALL = [ROWS, CLIENTS, PARTNERS, BUNDLES, TEMPLATES, EVENTS, RATED]
_TWO: Schema = {"a": pl.String, "b": pl.Int64}


@pytest.mark.parametrize("schema", _ALL)
def test_an_empty_frame_conforms_to_its_schema(schema: Schema) -> None:
    frame = empty(schema)
    assert (frame.height, dict(frame.schema)) == (0, dict(pl.Schema(schema)))
    assert conform(frame, schema).equals(frame)


def test_columns_come_in_the_schemas_order() -> None:
    assert conform(pl.DataFrame({"b": [1], "a": ["x"]}), _TWO).to_dict(as_series=False) == {"a": ["x"], "b": [1]}


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"a": ["x"]}), "the frame does not match its schema: [('b', Int64)]"),
        (
            pl.DataFrame({"a": ["x"], "b": [1], "c": [1]}),
            "the frame does not match its schema: [('c', Int64)]",
        ),
        (
            pl.DataFrame({"a": ["x"], "b": [1.0]}),
            "the frame does not match its schema: [('b', Float64), ('b', Int64)]",
        ),
    ],
)
def test_a_missing_further_or_retyped_column_is_a_defect(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        conform(frame, _TWO)
    assert str(caught.value) == message


def test_no_table_holds_a_float() -> None:
    floats = {name for schema in _ALL for name, kind in schema.items() if kind in (pl.Float32, pl.Float64)}
    assert floats == set()


def test_every_kind_of_record_has_a_table_that_knows_its_place() -> None:
    assert RECORDS == {
        RecordKind.PARTNERS: PARTNERS,
        RecordKind.CLIENTS: CLIENTS,
        RecordKind.BUNDLES: BUNDLES,
        RecordKind.TEMPLATES: TEMPLATES,
    }
    for schema in [ROWS, *RECORDS.values()]:
        assert list(schema)[:3] == ["source", "sheet", "row"]


def test_the_door_names_what_it_exports() -> None:
    assert sorted(tables.__all__) == [name for name in dir(tables) if name in tables.__all__]
