from connector.domain.places import Cell, Line
from connector.domain.problems import Kind, Problem, Severity, errors

_AT = Cell("clients.xlsx", "Clients", 7, 4)


def test_the_house_form_marks_the_cell() -> None:
    problem = Problem(
        "record-employees",
        Severity.ERROR,
        _AT,
        "employee count is not a whole number or a size band",
        "Write 50, or 11-50.",
        "Northwind Clinics | full | c. 50",
        (27, 5),
    )
    assert str(problem) == (
        "clients.xlsx:Clients!D7: error: employee count is not a whole number or a size band [record-employees]\n"
        "    7 | Northwind Clinics | full | c. 50\n"
        "      |                            ^^^^^\n"
        "Write 50, or 11-50."
    )


def test_a_mark_at_the_start_stands_under_the_start() -> None:
    problem = Problem("yaml-value", Severity.WARNING, Line("a.yaml", 3, 1), "wrong", "Mend it.", "price: x", (0, 5))
    assert str(problem) == ("a.yaml:3:1: warning: wrong [yaml-value]\n    3 | price: x\n      | ^^^^^\nMend it.")


def test_an_excerpt_without_a_mark_or_a_line_number_is_shown_as_it_is() -> None:
    problem = Problem("file-empty", Severity.ERROR, Cell("a.csv"), "nothing here", "Send it again.", "a,b")
    assert str(problem) == "a.csv: error: nothing here [file-empty]\n      | a,b\nSend it again."


def test_without_an_excerpt_only_place_and_next_step_are_told() -> None:
    problem = Problem("books-none", Severity.ERROR, Line("mappings"), "no books", "Add a file.")
    assert str(problem) == "mappings: error: no books [books-none]\nAdd a file."


def test_only_errors_block() -> None:
    error = Problem("a", Severity.ERROR, _AT, "m", "n")
    warning = Problem("b", Severity.WARNING, _AT, "m", "n")
    assert errors([warning, error, warning]) == (error,)
    assert errors([]) == ()


def test_a_kind_blocks_a_row_unless_it_says_otherwise() -> None:
    assert Kind("a-b", "title", "remedy") == Kind("a-b", "title", "remedy", Severity.ERROR, "row")
