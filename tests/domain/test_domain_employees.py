import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.domain.employees import BANDS, LARGEST_COUNT, LETTER_MAPS, Refusal, Size, band_label, parse_size

HELP = "Write a whole number such as 50, or a band such as 11-50."
LABELS = "1, 2-10, 11-50, 51-200, 201-500, 501-1000, 1001-5000, 5001-10000, 10001+"
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
SEPARATORS = ["", ",", " ", "\u00a0", "\u202f", "\u2009", "'"]
WORDS = ["", " employees", " Employee", " people", " staff", " FTE"]
SPACES = ["", " ", "\u00a0", "\u202f", "  "]
_real_bands = [(low, high) for low, high in BANDS if low != high]


def grouped(number: int, separator: str) -> str:
    return f"{number:,}".replace(",", separator)


@given(st.integers(1, LARGEST_COUNT), st.sampled_from(SEPARATORS), st.sampled_from(WORDS), st.sampled_from(SPACES))
@example(1, ",", "", "")
@example(10_000, " ", "", "")
@example(LARGEST_COUNT, ",", " people", " ")
def test_every_whole_number_is_a_count(number: int, separator: str, word: str, space: str) -> None:
    assert parse_size(f"{space}{grouped(number, separator)}{word}{space}") == Size(number, number, "count")


@given(st.sampled_from(_real_bands), st.sampled_from(DASHES), st.data())
def test_every_spelling_of_a_band_is_read(band: tuple[int, int | None], dash: str, data: st.DataObject) -> None:
    low, high = band
    separator, word = data.draw(st.sampled_from(SEPARATORS)), data.draw(st.sampled_from(WORDS))
    space, after = data.draw(st.sampled_from(SPACES)), data.draw(st.sampled_from(SPACES))
    end = f"{space}+" if high is None else f"{space}{dash}{after}{grouped(high, separator)}"
    assert parse_size(f"{grouped(low, separator)}{end}{word}") == Size(low, high, "band")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("SIZE_1", 1, 1),
        ("SIZE_2_TO_10", 2, 10),
        ("SIZE_11_TO_50", 11, 50),
        ("SIZE_51_TO_200", 51, 200),
        ("SIZE_201_TO_500", 201, 500),
        ("SIZE_501_TO_1000", 501, 1000),
        ("SIZE_1001_TO_5000", 1001, 5000),
        ("SIZE_5001_TO_10000", 5001, 10000),
        ("SIZE_10001_OR_MORE", 10001, None),
        ("size_11_to_50", 11, 50),
        ("1 (self-employed)", 1, 1),
        ("1 (self employed)", 1, 1),
        ("Self-employed", 1, 1),
        ("self – employed", 1, 1),
        ("1,001-5,000", 1001, 5000),
        ("1001–5000", 1001, 5000),
        ("10,001+", 10001, None),
        ("10 000+", 10001, None),
        ("10\u00a0000+", 10001, None),
        ("10\u202f000 +", 10001, None),
        ("10 000+ employees", 10001, None),
        ("\ufeff11-50", 11, 50),
        ("11\u200b-50", 11, 50),
    ],
)
def test_bands_by_example(text: str, low: int, high: int | None) -> None:
    assert parse_size(text) == Size(low, high, "band")


@pytest.mark.parametrize(
    ("text", "reason", "next_step"),
    [
        *((letter, "a bare letter: two different letter maps are in use", HELP) for letter in "ABCDEFGHIabci"),
        ("10,000+", "10,000+ leaves 10,000 itself open", "Write 5001-10000 or 10001+."),
        ("10000+", "10,000+ leaves 10,000 itself open", "Write 5001-10000 or 10001+."),
        ("10'000+", "10,000+ leaves 10,000 itself open", "Write 5001-10000 or 10001+."),
        ("0", "zero employees", HELP),
        ("000", "zero employees", HELP),
        ("-5", "a negative number", HELP),
        ("\u2212 5.5", "a negative number", HELP),
        ("1.5", "not a whole number", HELP),
        ("1,5", "not a whole number", HELP),
        ("50.0", "not a whole number", HELP),
        ("50%", "a percentage", HELP),
        ("TRUE", "a truth value", HELP),
        ("0,500", "not a whole number", HELP),
        ("1234,567", "not a whole number", HELP),
        (">200", "not a whole number or a size band", HELP),
        ("c. 50", "not a whole number or a size band", HELP),
        ("", "not a whole number or a size band", HELP),
        ("J", "not a whole number or a size band", HELP),
        ("1e3", "not a whole number or a size band", HELP),
        ("\u0663", "not a whole number or a size band", HELP),
        ("1,234 567", "not a whole number or a size band", HELP),
        ("1-10", "not one of the size bands", f"Write the number, or one of {LABELS}."),
        ("50+", "not one of the size bands", f"Write the number, or one of {LABELS}."),
        ("10,000,001", "more than 10,000,000 employees", HELP),
        ("9" * 5000, "more than 10,000,000 employees", HELP),
    ],
)
def test_refusals_tell_the_reason(text: str, reason: str, next_step: str) -> None:
    assert parse_size(text) == Refusal(reason, next_step)


@pytest.mark.parametrize("letters", LETTER_MAPS)
def test_letters_are_read_by_the_map_that_is_named(letters: str) -> None:
    """The two maps in public use differ in B alone: 2-10 in one, 1-10 (two tiers) in the other."""
    got = {letter: parse_size(letter, letters) for letter in "ABCDEFGHI"}
    own = got.pop("B")
    bands = [Size(low, high, "band") for low, high in BANDS]
    assert list(got.values()) == [bands[0], *bands[2:]]
    assert parse_size("b", letters) == own
    if letters == "b_is_2_to_10":
        assert own == bands[1]
    else:
        assert own == Refusal("B means 1-10 in this letter map, which is two tiers: 1 and 2-10", "Write 1, or 2-10.")
    assert parse_size("J", letters) == Refusal("not a whole number or a size band", HELP)


@given(st.integers(-(10**9), -1))
def test_no_negative_number_is_a_size(number: int) -> None:
    assert parse_size(str(number)) == Refusal("a negative number", HELP)


@given(st.integers(0, 10**6), st.integers(0, 99), st.sampled_from(".,"))
def test_no_fraction_is_a_size(whole: int, cents: int, point: str) -> None:
    assert parse_size(f"{whole}{point}{cents:02}") == Refusal("not a whole number", HELP)


@given(st.text(max_size=30) | st.text("0123456789,.'+- \u00a0–", max_size=15))
def test_any_text_is_a_size_or_a_refusal_with_a_next_step(text: str) -> None:
    got = parse_size(text)
    if isinstance(got, Size):
        assert got.source in ("count", "band")
        assert 1 <= got.low <= (got.low if got.high is None else got.high) <= LARGEST_COUNT
    else:
        assert got.reason
        assert got.next_step


def test_the_bands_leave_no_gap_and_do_not_overlap() -> None:
    """What goes wrong, 4: a gap bills at the neighbour's price or silently not at all."""
    starts = [low for low, _ in BANDS]
    assert starts == [1, *(high + 1 for _, high in BANDS if high is not None)]
    assert [band_label(low, high) for low, high in BANDS] == LABELS.split(", ")
