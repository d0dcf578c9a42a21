"""Many faults of one kind in one column: the first are told singly, the others in one; every row is blocked."""

from pathlib import Path

from intake_kit import CLIENT, CLIENT_HEADER, read, write_csv

from connector.intake.faults import MOST_ALIKE


def test_faults_beyond_the_first_of_a_kind_are_gathered(tmp_path: Path) -> None:
    rows = [(f"C-{number}", *CLIENT[1:4], "Premium", *CLIENT[5:]) for number in range(MOST_ALIKE + 3)]
    rows += [("C-x", *CLIENT[1:4], "Premium", CLIENT[5], "c. 50", CLIENT[7]), ("C-good", *CLIENT[1:])]
    got = read(write_csv(tmp_path / "clients.csv", [CLIENT_HEADER, *rows]))
    last = got.problems[-2:]
    assert len(got.problems) == MOST_ALIKE + 2
    assert [(str(one.place).split(":")[-1], one.code, one.message) for one in last] == [
        (
            f"E{MOST_ALIKE + 2}",
            "record-plan",
            f"4 further cells of this column, down to row {MOST_ALIKE + 5:,}: not a plan the mapping knows",
        ),
        (f"G{MOST_ALIKE + 5}", "record-employees", "'c. 50' is not a whole number or a size band"),
    ]
    assert got.clients["client_ref"].to_list() == ["C-good"]
    assert got.rows["kind"].value_counts().sort("kind").rows() == [
        ("blocked", MOST_ALIKE + 4),
        ("header", 1),
        ("record", 1),
    ]


def test_what_can_be_read_is_read_behind_many_wrong_texts(tmp_path: Path) -> None:
    """Rare spellings that are right stand behind more wrong texts than are told, and another fault behind them."""
    header = (*CLIENT_HEADER, "Country", "Advisors", "Upgraded on")
    wrong = [
        (
            "C-1",
            "P-1",
            "Acme",
            f"no domain {n}",
            f"Plan {n}",
            f"day {n}",
            "50",
            f"State {n}",
            f"Land {n}",
            f"{n} a",
            f"31.{n}",
        )
        for n in range(MOST_ALIKE + 500)
    ]
    right = [
        (*("C-2", "P-1", "Acme", "https://www.Acme.com/a b?c", "DT - full-feature SPOKE", "1st March 2025", "50"),
         *("active.", "gb", "12.0", "2 Apr. 2025")),
        (*("C-3", "P-1", "Acme", "//b\u00fccher.example:80", "\uff26ull feature spoke", "2025/3/1", "50"),
         *("Active", "us", "7", "25/12/2025")),
    ]  # fmt: skip
    outside = [("C-4", *CLIENT[1:5], "1999-01-01", *CLIENT[6:], "GB", "2000000", "")]
    got = read(write_csv(tmp_path / "clients.csv", [header, *wrong, *right, *outside]))
    few = read(write_csv(tmp_path / "few.csv", [header, *right, *outside]))
    columns = ["client_ref", "domain", "plan", "created_on", "status", "country", "advisors", "upgraded_on"]
    assert got.clients.select(columns).rows() == few.clients.select(columns).rows()
    assert got.clients["client_ref"].to_list() == ["C-2", "C-3"]
    assert got.rows["kind"].to_list() == ["header", *["blocked"] * len(wrong), "record", "record", "blocked"]
    further = [str(one.place).split(":")[-1] for one in got.problems if "further cells" in one.message]
    assert further == [f"{letter}{MOST_ALIKE + 2}" for letter in "DEFHIJK"]
    assert all(one.message for one in got.problems)
