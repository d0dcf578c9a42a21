"""A kept rulebook is the proved one, or is not used."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connector.rulebook import Rulebook, load
from connector.rulebook.asking import NoAnswer, Question
from connector.rulebook.cache import read, write

Written = Callable[..., Path]
Event = Callable[..., pl.DataFrame]
RULES = Path(__file__).resolve().parents[2] / "rules"


def nobody(questions: Sequence[Question]) -> NoAnswer:
    return NoAnswer(f"nobody may be asked, not even {len(questions)} questions")


def loaded(folder: Path, **options: object) -> Rulebook:
    rulebook, problems = load(folder, **options)  # type: ignore[arg-type]
    assert "\n".join(map(str, problems)) == ""
    assert rulebook is not None
    return rulebook


def test_a_kept_rulebook_equals_the_fresh_one_and_asks_nobody(tmp_path: Path, event: Event) -> None:
    fresh = loaded(RULES, cache=tmp_path)
    kept = loaded(RULES, cache=tmp_path, ask=nobody)
    assert kept == fresh
    events = pl.concat(
        event(event_on=day, count=count, partner=partner, domain=domain)
        for day in (date(2025, 7, 1), date(2026, 7, 1))
        for count in (None, 1, 11)
        for partner in ("P-1", "P-1004")
        for domain in (None, "example.com")
    )
    assert_frame_equal(kept.rate(events), fresh.rate(events))
    assert kept.bundle_size("us", "USD", date(2025, 7, 1)) == 10


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("SPOKE-FULL", "SPOKE-FREE"),
        lambda _: "",
        lambda _: "{}",
        lambda text: text.replace("\n", "\n\n", 1),
    ],
    ids=["cut", "edited", "empty", "other", "shifted"],
)
def test_a_damaged_file_is_written_anew(tmp_path: Path, damage: Callable[[str], str]) -> None:
    fresh = loaded(RULES, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    sound = path.read_text(encoding="utf-8")
    path.write_text(damage(sound), encoding="utf-8")
    assert load(RULES, cache=tmp_path, ask=nobody)[0] is None
    assert loaded(RULES, cache=tmp_path) == fresh
    assert path.read_text(encoding="utf-8") == sound


def test_another_form_under_a_sound_seal_is_written_anew(tmp_path: Path) -> None:
    fresh = loaded(RULES, cache=tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    assert write(tmp_path, fresh.digest, "rules", fresh.policies) == ()  # type: ignore[arg-type]
    assert read(tmp_path, fresh.digest, "rules") is None
    assert loaded(RULES, cache=tmp_path) == fresh


def test_bytes_that_are_no_text_are_written_anew(tmp_path: Path) -> None:
    fresh = loaded(RULES, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"\xff\xfe\x00")
    assert loaded(RULES, cache=tmp_path) == fresh


def test_another_label_is_another_entry(tmp_path: Path) -> None:
    loaded(RULES, cache=tmp_path)
    assert load(RULES, cache=tmp_path, label="r", ask=nobody)[0] is None
    other = loaded(RULES, cache=tmp_path, label="r")
    assert other.entities["us"].place == "r/entities.yaml:4"


def test_the_digest_names_the_content(write: Written) -> None:
    folder = write()
    first = loaded(folder).digest
    assert loaded(folder, label="other").digest == first
    (folder / "tiers.yaml").write_bytes((folder / "tiers.yaml").read_bytes().replace(b"\n", b"\r\n"))
    assert loaded(folder).digest == first
    (folder / "tiers.yaml").rename(folder / "sizes.yaml")
    renamed = loaded(folder).digest
    (folder / "sizes.yaml").write_text('# sizes\ntiers: linkedin\nbands: ["1", "2-10", "11+"]\n', encoding="utf-8")
    assert len({first, renamed, loaded(folder).digest}) == 3


def test_a_refused_rulebook_is_not_kept(tmp_path: Path, write: Written) -> None:
    cache = tmp_path / "cache"
    assert load(write(replace={"term: once": "term: monthly"}), cache=cache)[0] is None
    assert not cache.exists()
