import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.places import Cell, Line, column_letters


def number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


@given(st.integers(1, 10**6))
def test_column_letters_count_without_a_zero(column: int) -> None:
    letters = column_letters(column)
    assert number_of(letters) == column
    assert set(letters) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.mark.parametrize(
    ("column", "letters"),
    [(0, ""), (1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (702, "ZZ"), (703, "AAA"), (16384, "XFD")],
)
def test_column_letters_by_example(column: int, letters: str) -> None:
    assert column_letters(column) == letters


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Cell("clients.xlsx", "Clients", 7, 4), "clients.xlsx:Clients!D7"),
        (Cell("clients.xlsx", "Clients", 7), "clients.xlsx:Clients!7"),
        (Cell("clients.xlsx", "Clients"), "clients.xlsx:Clients"),
        (Cell("clients.xlsx"), "clients.xlsx"),
        (Cell("clients.csv", "", 7, 4), "clients.csv:D7"),
        (Cell("clients.csv", "", 0, 4), "clients.csv:D"),
        (Line("rules/billing.yaml", 12, 5), "rules/billing.yaml:12:5"),
        (Line("rules/billing.yaml", 12), "rules/billing.yaml:12"),
        (Line("rules/billing.yaml"), "rules/billing.yaml"),
    ],
)
def test_places_are_written_as_people_find_them(place: Cell | Line, shown: str) -> None:
    assert str(place) == shown


def test_cells_sort_by_file_sheet_row_and_column() -> None:
    cells = [Cell("b", "", 1), Cell("a", "S", 10), Cell("a", "S", 9, 2), Cell("a", "S", 9, 1)]
    assert sorted(cells) == [cells[3], cells[2], cells[1], cells[0]]
