"""Money goes out and comes in digit by digit."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.accounting.exactjson import dump, load

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES))
def test_what_is_written_is_read_back_equal(value: dict[str, object]) -> None:
    assert load(dump(value).encode()) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1800.00"), "1800.00"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.10"),
        ({"a": [True, None, 'é"\n']}, '{"a":[true,null,"é\\"\\n"]}'),
    ],
)
def test_amounts_are_plain_numbers(value: object, expected: str) -> None:
    assert dump(value) == expected
    json.loads(expected)


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), Decimal("Infinity"), {"a": {1.5}}, object()])
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        dump(value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_object_is_none(body: bytes) -> None:
    assert load(body) is None
