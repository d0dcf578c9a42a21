"""Every problem code has a folder with an input and the very text a person sees for it."""

from pathlib import Path

import pytest
from intake_kit import PROBLEMS, printed

from connector.intake import KINDS

CODES = [kind.code for kind in KINDS]


@pytest.mark.parametrize("code", CODES)
def test_problem_reads_as_expected(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got = printed(PROBLEMS / code, tmp_path, monkeypatch)
    assert got == (PROBLEMS / code / "expected.txt").read_text("utf-8")
    assert f"[{code}]" in got


def test_codes_are_unique() -> None:
    assert len(CODES) == len(set(CODES))
