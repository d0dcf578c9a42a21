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
