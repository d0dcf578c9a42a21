"""A proposed mapping as a file of the mappings: what is refused, and what the disk refuses."""

from pathlib import Path

import pytest

from connector.intake import Suggestion, load_mappings
from connector.runs import suggested
from connector.runs.errors import StopError

SHIPPED = Path(__file__).parents[2] / "mappings"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    mappings, _ = load_mappings(SHIPPED)
    assert mappings is not None
    made = Suggestion("spring", "mapping: spring\n", (), (), (), ())
    with pytest.raises(StopError, match=r"spring\.yaml cannot be written: No such file or directory") as stop:
        suggested.save(tmp_path / "gone", made, mappings)
    assert stop.value.next_step == "Check the folder's rights."


def test_a_file_that_is_there_keeps_its_bytes(tmp_path: Path) -> None:
    mappings, _ = load_mappings(SHIPPED)
    assert mappings is not None
    (tmp_path / "spring.yaml").write_text("mine\n", encoding="utf-8")
    for is_open in ((), load_mappings(tmp_path)[1]):
        with pytest.raises(StopError, match=r"spring\.yaml exists already, and nothing is overwritten"):
            suggested.save(tmp_path, Suggestion("spring", "other\n", (), (), (), is_open), mappings)
    assert [path.read_text("utf-8") for path in tmp_path.iterdir()] == ["mine\n"]
