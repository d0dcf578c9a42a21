"""Every code of the books and of declared files has an example folder: what is read, and what is said about it."""

from pathlib import Path

import pytest

from connector.billing import books
from connector.billing.books import load_books
from connector.declared import KINDS

EXAMPLES = Path(__file__).parents[1] / "problems"
CODES = sorted(kind.code for kind in (*books.KINDS, *KINDS))


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_an_example_that_says_where_and_what_to_do(code: str) -> None:
    folder = EXAMPLES / code
    found, problems = load_books(folder)
    assert (folder / "input.yaml").is_file()
    assert found is None
    assert code in {problem.code for problem in problems}
    assert "\n\n".join(map(str, problems)) + "\n" == (folder / "expected.txt").read_text(encoding="utf-8")
