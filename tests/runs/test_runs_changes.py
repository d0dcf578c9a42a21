"""Uploading again is a diff: what has changed in a source since its last upload, in cells, rows and money."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from world import BIRCH, CEDAR, CLIENT_HEADER, PARTNER, World, client

from connector import ledger
from connector.ledger.database import fetch
from connector.runs import kept_uploads, store
from connector.runs.runplan import RunPlan
from connector.sealed import UnsealError, new_key, unseal

FIRST = "first upload, there is nothing to compare it with"
BUNDLES = "Partner ID,Reference,Purchased on,Quantity"
TEMPLATES = "Template,Partner ID,Plan,Valid from"


def sentences(plain: Any) -> list[str]:
    return list(plain["changes"]["sentences"].values())


def told(plain: Any) -> list[str]:
    """The sentences of all files but the partners', which every upload here holds."""
    return [one for one in sentences(plain) if not one.startswith("partners.csv: ")]


def cells(plain: Any) -> list[tuple[str, str, str | None, str | None, bool]]:
    return [
        (_near(one["where"]), one["field"], one["before"], one["after"], one["changes_money"])
        for one in plain["changes"]["cells"]
    ]


def rows(plain: Any) -> list[tuple[str, str, dict[str, int]]]:
    return [(_near(one["where"]), one["change"], one["money"]) for one in plain["changes"]["rows"]]


def _near(where: str) -> str:
    return where.rpartition("/")[2]


def plan(world: World, *files: str) -> Any:
    """Plan files beside the partners, which nobody has approved; the plan as JSON."""
    answer = world.plan(world.partners(), *files)
    return {**answer.plain, "code": answer.code}


def workbook(path: Path, **sheets: list[list[str]]) -> str:
    book = openpyxl.Workbook()
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append([cell or None for cell in line])
    del book["Sheet"]
    book.save(path)
    return str(path)


def questions(world: World) -> list[str]:
    """What needs a person, but for documents that are not sent yet: nobody can be reached here."""
    found = [str(one["kind"]) for one in world.run("exceptions").plain["exceptions"]]
    return [kind for kind in found if kind != "document-ready"]


def some(count: int = 4, **changed: str) -> list[str]:
    return [client(f"C{number}", **changed) for number in range(count)]


def test_cells_rows_and_money_are_told_in_one_line(alone: World) -> None:
    before = [*some(), client("OLD")]
    first = plan(alone, alone.clients(*before))
    assert sentences(first) == [f"partners.csv: {FIRST}.", f"clients.csv: {FIRST}."]
    assert (first["code"], first["changes"]["cells"], first["changes"]["rows"]) == (0, [], [])
    after = [client("C0", size="51-200"), client("C1", name="Other name", size="2-10"), *before[2:4], client("NEW")]
    second = plan(alone, alone.clients(*after))
    assert sentences(second) == [
        "partners.csv: the same file as partners.csv (R-0001): nothing changed.",
        (
            "clients.csv: the next version of clients.csv (R-0001): 3 cells changed, 2 change money: +USD 900.00; "
            "1 new row: +USD 1,800.00; 1 row gone (held): -USD 1,800.00."
        ),
    ]
    assert cells(second) == [
        ("clients.csv:H2", "employees", "11-50", "51-200", True),
        ("clients.csv:C3", "name", "Client C1", "Other name", False),
        ("clients.csv:H3", "employees", "11-50", "2-10", True),
    ]
    assert rows(second) == [
        ("clients.csv:2", "changed", {"USD": 180000}),
        ("clients.csv:3", "changed", {"USD": -90000}),
        ("clients.csv:6", "new", {"USD": 180000}),
        ("clients.csv:6", "gone", {"USD": -180000}),
    ]
    shown = alone.run("show", as_json=False).out
    assert sentences(second)[1] in shown
    assert "Changed cells" in shown
    assert alone.run("show").plain["changes"] == second["changes"]


def test_the_same_file_again_changes_nothing_and_has_no_document(alone: World) -> None:
    files = (alone.partners(), alone.clients(*some()))
    alone.run("approve", alone.plan(*files).plain["run"])
    again = alone.plan(*files)
    assert (again.code, again.plain["documents"]) == (0, [])
    assert sentences(again.plain) == [
        "partners.csv: the same file as partners.csv (R-0001): nothing changed.",
        "clients.csv: the same file as clients.csv (R-0001): nothing changed.",
    ]
    assert again.plain["changes"]["cells"] == again.plain["changes"]["rows"] == []
    assert "nothing changed" in alone.run("show", as_json=False).out


def test_order_names_and_further_columns_change_nothing(alone: World, tmp_path: Path) -> None:
    """Sorted otherwise, in another format, file, sheet and column order, with a column that nobody reads."""
    plan(alone, alone.clients(*some(), client("X", size="51-200")))
    header = [*CLIENT_HEADER.split(","), "Comment"]
    order = [3, 9, 0, 8, 7, 6, 5, 4, 2, 1]
    lines = [header, *([*one.split(","), "hello"] for one in (client("X", size="51–200"), *reversed(some())))]
    again = plan(alone, workbook(tmp_path / "july.xlsx", July=[[line[at] for at in order] for line in lines]))
    assert told(again) == ["july.xlsx: the next version of clients.csv (R-0001): nothing changed."]


def test_an_edited_id_or_domain_is_one_changed_row(alone: World) -> None:
    plan(alone, alone.clients(*some(), client("", site="plain.example", name="Plain")))
    edited = [client("Z9", site="c0.example", name="Client C0"), *some()[1:3]]
    edited.append(client("C3", site="moved.example"))
    again = plan(alone, alone.clients(*edited, client("", site="other.example", name="Plain")))
    assert cells(again) == [
        ("clients.csv:A2", "client_ref", "C0", "Z9", False),
        ("clients.csv:D5", "domain", "c3.example", "moved.example", False),
        ("clients.csv:D6", "domain", "plain.example", "other.example", False),
    ]
    assert told(again) == ["clients.csv: the next version of clients.csv (R-0001): 3 cells changed."]


def test_a_mended_cell_of_a_blocked_row_is_a_change_of_that_row(alone: World) -> None:
    faulty = [client("C0", size="c. 50"), client("C1", created="spring"), client("C2", "", size="c. 9"), *some()[3:]]
    plan(alone, alone.clients(*faulty))
    mended = plan(alone, alone.clients(*some(), client("C4", size="many")))
    assert told(mended) == [
        (
            "clients.csv: the next version of clients.csv (R-0001): 4 cells changed, 4 change money: +USD 5,400.00; "
            "1 new row; 3 blocked rows sound now."
        ),
    ]
    assert cells(mended) == [
        ("clients.csv:H2", "employees", "c. 50", "11-50", True),
        ("clients.csv:F3", "created_on", "spring", "2025-04-01", True),
        ("clients.csv:B4", "partner_id", None, "P-1", True),
        ("clients.csv:H4", "employees", "c. 9", "11-50", True),
    ]
    broken = plan(alone, alone.clients(client("C0", status="Asleep"), *some()[1:]))
    assert told(broken) == [
        (
            "clients.csv: the next version of clients.csv (R-0002): 1 cell changed, 1 changes money: -USD 1,800.00; "
            "1 row gone (held); 1 row blocked now."
        ),
    ]


def test_a_blocked_row_whose_identity_was_missing_too_is_found_by_its_name(alone: World) -> None:
    plan(alone, alone.clients(*some(), client("", site="", name="Lost", created="spring")))
    mended = plan(alone, alone.clients(*some(), client("C9", name="Lost")))
    assert [one[1] for one in cells(mended)] == ["client_ref", "domain", "created_on"]
    assert rows(mended) == [("clients.csv:6", "changed", {"USD": 180000})]


def test_what_is_charged_is_compared_with_what_was_planned(alone: World) -> None:
    """A row that breaks after it was billed still comes to what was billed: nothing is credited."""
    alone.run("approve", plan(alone, alone.clients(*some()))["run"])
    broken = plan(alone, alone.clients(client("C0", status="Asleep"), *some()[1:3]))
    assert told(broken) == [
        "clients.csv: the next version of clients.csv (R-0001): 1 cell changed; 1 row gone (held); 1 row blocked now."
    ]
    assert rows(broken) == [("clients.csv:2", "changed", {}), ("clients.csv:5", "gone", {})]


def test_money_that_changes_without_a_cell_is_told_apart(alone: World) -> None:
    alone.plan(alone.partners(BIRCH), alone.clients(*some(2)))
    known = alone.plan(alone.partners(BIRCH, PARTNER), alone.clients(*some(2))).plain
    assert sentences(known) == [
        "partners.csv: the next version of partners.csv (R-0001): 1 new row.",
        (
            "clients.csv: the same file as clients.csv (R-0001): 2 blocked rows sound now; "
            "other rows come to another amount: +USD 3,600.00."
        ),
    ]
    assert [one[1] for one in rows(known)] == ["new", "otherwise", "otherwise"]


def test_currencies_are_never_added(alone: World) -> None:
    plan(alone, alone.clients(client("A"), client("B", "P-3"), client("C")))
    moved = alone.clients(client("A", size="51-200"), client("B", "P-3", size="51-200"), client("C", "P-3"))
    [sentence] = told(plan(alone, moved))
    assert sentence.endswith("3 cells changed, 3 change money: +GBP 2,880.00, USD 0.00.")


def test_what_is_gone_is_a_question_until_it_is_back(alone: World) -> None:
    alone.run("approve", plan(alone, alone.clients(*some()))["run"])
    gone = plan(alone, alone.clients(*some(3)))
    assert (gone["code"], gone["documents"]) == (3, [])
    [problem] = gone["problems"]
    assert (problem["code"], problem["severity"], _near(problem["where"])) == (
        "record-gone",
        "warning",
        "clients.csv:5",
    )
    assert problem["message"] == "it stood here in R-0001 and is not in clients.csv any more"
    assert problem["excerpt"] == "C3 | P-1 | Client C3 | c3.example | Full | 2025-04-01 | 11-50 | Active"
    assert gone["buckets"]["clients"] == {"unchanged": 3}
    again = plan(alone, alone.clients(*some(3)))
    assert told(again) == ["clients.csv: the same file as clients.csv (R-0002): 1 row still gone (held)."]
    renamed = plan(alone, alone.clients(*some(3), client("NEW"), name="july.csv"))
    assert told(renamed) == [
        "july.csv: the next version of clients.csv (R-0003): 1 new row: +USD 1,800.00; 1 row still gone (held)."
    ]
    found = [one for one in alone.run("exceptions").plain["exceptions"] if one["kind"] == "record-gone"]
    assert [(_near(one["where"]), one["what"]) for one in found] == [
        ("clients.csv:5", "it stood here in R-0001 and is not in july.csv any more")
    ]
    assert found[0]["where"].startswith("R-0004 ")
    assert found[0]["next_step"].startswith("Bring the row back. If the client has left, archive it on the platform")
    back = plan(alone, alone.clients(*some(3), client("NEW"), client("C3", status="Archived"), name="july.csv"))
    assert told(back) == ["july.csv: the next version of july.csv (R-0004): 1 cell changed; 1 row back."]
    assert questions(alone) == ["run-not-approved"]


def test_a_source_whose_next_version_has_another_name_asks_nothing_any_more(alone: World) -> None:
    alone.run("approve", plan(alone, alone.clients(*some(3), client("X", size="?")))["run"])
    assert questions(alone) == ["record-employees"]
    plan(alone, alone.clients(*some(3), client("X"), name="mended.csv"))
    assert questions(alone) == ["run-not-approved"]


def test_a_list_of_new_clients_makes_nobody_gone(alone: World) -> None:
    plan(alone, alone.clients(*some(6)))
    fresh = plan(alone, alone.clients(client("N1"), client("N2"), name="new.csv"))
    assert told(fresh) == [f"new.csv: {FIRST}."]
    part = plan(alone, alone.clients(client("C0", size="2-10"), client("C1"), client("N3"), name="few.csv"))
    assert told(part) == [
        (
            "few.csv: a part of what stood in clients.csv (R-0001): 1 cell changed, 1 changes money: -USD 900.00; "
            "1 new row: +USD 1,800.00; 4 rows of the earlier one not here (not asked about)."
        ),
    ]
    assert part["problems"] == []
    whole = plan(alone, alone.clients(*some(6), client("N1"), client("N2"), client("N3")))
    assert told(whole) == [
        (
            "clients.csv: the next version of clients.csv (R-0001), new.csv (R-0002), few.csv (R-0003): "
            "1 cell changed, 1 changes money: +USD 900.00."
        ),
    ]


def test_other_kinds_of_file_make_no_client_gone(alone: World) -> None:
    plan(alone, alone.clients(*some()))
    other = alone.plan(alone.partners(PARTNER, CEDAR))
    assert sentences(other.plain) == ["partners.csv: the next version of partners.csv (R-0001): 1 row gone (listed)."]
    assert (other.code, other.plain["problems"]) == (0, [])


def test_a_file_that_could_not_be_read_makes_nobody_gone(alone: World) -> None:
    us, uk = some(3), [client(f"K{number}", "P-3") for number in range(3)]
    plan(alone, alone.clients(*us, *uk))
    half = plan(alone, alone.clients(*us), alone.write("uk.csv", "Nothing,anybody,knows", uk))
    assert told(half) == [
        (
            "clients.csv: the next version of clients.csv (R-0001): "
            "3 rows gone (not asked about, for a part of the upload could not be read): -GBP 4,320.00."
        ),
    ]
    assert [one["code"] for one in half["problems"]] == ["sheet-no-header"]
    whole = plan(alone, alone.clients(*us), alone.clients(*uk, name="uk.csv"))
    assert told(whole) == [
        "clients.csv: the same file as clients.csv (R-0002): nothing changed.",
        (
            "uk.csv: some of its rows stood in clients.csv (R-0002): 3 rows back; "
            "other rows come to another amount: +GBP 4,320.00."
        ),
    ]


def test_a_list_may_be_split_and_joined(alone: World) -> None:
    us, uk = some(4), [client(f"K{number}", "P-3") for number in range(3)]
    plan(alone, alone.clients(*us, *uk))
    split = plan(alone, alone.clients(*us[1:], name="us.csv"), alone.clients(us[0], *uk, name="uk.csv"))
    assert told(split) == [
        "us.csv: the next version of clients.csv (R-0001): nothing changed.",
        "uk.csv: the next version of clients.csv (R-0001): nothing changed.",
    ]
    more = [client(f"M{number}") for number in range(5)]
    joined = plan(alone, alone.clients(*us[1:], *uk), alone.clients(us[0], *more, name="more.csv"))
    assert told(joined) == [
        "clients.csv: the next version of us.csv (R-0002), uk.csv (R-0002): nothing changed.",
        "more.csv: some of its rows stood in uk.csv (R-0002): 5 new rows: +USD 9,000.00.",
    ]


def test_a_client_in_two_files_is_matched_once_each(alone: World) -> None:
    """Equal rows are paired off; a repetition may go without a question, for its client is still there."""
    one, two = some(4), [*some(1), client("D1"), client("D2")]
    plan(alone, alone.clients(*one), alone.clients(*two, name="two.csv"))
    again = plan(alone, alone.clients(*one), alone.clients(*two, name="two.csv"))
    assert [text.rpartition(": ")[2] for text in sentences(again)] == ["nothing changed."] * 3
    once = plan(alone, alone.clients(*one), alone.clients(*two[1:], name="two.csv"))
    assert told(once)[1] == "two.csv: the next version of two.csv (R-0002): nothing changed."
    assert rows(once) == [("two.csv:2", "repetition gone", {})]
    assert once["problems"] == []


def test_a_column_that_comes_or_goes_is_named(alone: World) -> None:
    plan(alone, alone.clients(*some(2)))
    header = CLIENT_HEADER.replace(",Upgraded on", ",Country")
    lines = [one.replace("2025-04-01,,", "2025-04-01,US,") for one in some(2)]
    again = plan(alone, alone.write("clients.csv", header, lines))
    assert told(again) == [
        (
            "clients.csv: the next version of clients.csv (R-0001): 2 cells changed; "
            "column country is new; column upgrade date is gone."
        ),
    ]


def test_bundles_templates_and_partners_are_compared_by_their_own_identities(alone: World) -> None:
    bundles = ["P-1,PO-1,2025-04-01,1", "P-1,PO-2,2025-04-02,2", "P-3,PO-3,2025-04-03,1"]
    plans = ["Starter,,Assessment Only,2024-01-01", "Full start,P-1,Full,2024-01-01"]
    files = (alone.write("b.csv", BUNDLES, bundles), alone.write("t.csv", TEMPLATES, plans))
    plan(alone, *files)
    bundles[0:2] = ["P-1,PO-1,2025-04-01,3", "P-1,PO-22,2025-04-02,2"]
    plans[0] = "Starter,,Full,2024-01-01"
    alone.write("b.csv", BUNDLES, bundles[:2])
    alone.write("t.csv", TEMPLATES, plans)
    again = alone.plan(alone.partners(PARTNER.replace("30", "15"), BIRCH, CEDAR.replace("P-3", "P-4")), *files).plain
    assert cells(again) == [
        ("partners.csv:H2", "terms_days", "30", "15", False),
        ("partners.csv:A4", "partner_id", "P-3", "P-4", False),
        ("b.csv:D2", "quantity", "1", "3", True),
        ("b.csv:B3", "reference", "PO-2", "PO-22", False),
        ("t.csv:C2", "plan", "Assessment Only", "Full", False),
    ]
    assert [(one["code"], _near(one["where"])) for one in again["problems"]] == [("record-gone", "b.csv:4")]


def test_a_forgotten_snapshot_is_said_and_nothing_is_compared_with_it(alone: World) -> None:
    plan(alone, alone.clients(*some()))
    ledger.open_store(alone.folder / "ledger.sqlite3")
    names = [str(one["name"]) for one in store.load_plan("latest").sources]
    assert kept_uploads.forget_snapshots("R-0001", names[1]) == 1
    assert [one.is_erased for one in kept_uploads.last_uploads()] == [False, True]
    listed = kept_uploads.last_uploads()
    assert [kept_uploads.forget_snapshots("R-0001") for _ in range(2)] == [1, 0]
    assert [one.rows.height for one in listed] == [0, 0]  # also of one that was listed before
    ledger.close_store()
    again = plan(alone, alone.clients(*some(3)))
    assert (again["code"], sentences(again)) == (
        0,
        [
            "partners.csv: what partners.csv (R-0001) said was erased, so there is nothing to compare it with.",
            "clients.csv: what clients.csv (R-0001) said was erased, so there is nothing to compare it with.",
        ],
    )
    third = plan(alone, alone.clients(*some(3)))
    assert told(third) == ["clients.csv: the same file as clients.csv (R-0002): nothing changed."]


def test_what_a_source_said_cannot_be_read_without_its_key(alone: World) -> None:
    plan(alone, alone.clients(client("C0", name="Canary Clinics")))
    ledger.open_store(alone.folder / "ledger.sqlite3")
    sealed = [bytes(one) for (one,) in fetch("SELECT sealed FROM runs_sourcesnapshot")]
    ledger.close_store()
    assert len(sealed) == 2
    assert not any(b"Canary" in one or one.startswith(b"PAR1") for one in sealed)
    with pytest.raises(UnsealError):
        unseal("name", new_key(), sealed[0])


def test_runs_that_were_planned_before_uploads_were_compared_are_shown(alone: World) -> None:
    plain = plan(alone, alone.clients(*some(2)))
    del plain["changes"]
    old = RunPlan.from_plain(plain, {})
    assert old.every_change == {"sentences": {}, "comparisons": [], "replaced": [], "cells": [], "rows": []}


def test_only_the_first_changed_cells_stand_on_the_screen(alone: World) -> None:
    plan(alone, alone.clients(*some(25)))
    plan(alone, alone.clients(*some(25, size="51-200")))
    shown = alone.run("show", as_json=False).out
    assert "… and 5 more cells; 'connector show R-0002 --json' has all." in shown


def test_sheets_of_one_file_with_different_pasts_are_told_apart(alone: World, tmp_path: Path) -> None:
    plan(alone, alone.clients(*some()))
    lists = {"Clients": [CLIENT_HEADER, *some()], "Bundles": [BUNDLES, "P-1,PO-1,2025-04-01,1"]}
    sheets = {name: [line.split(",") for line in lines] for name, lines in lists.items()}
    both = plan(alone, workbook(tmp_path / "all.xlsx", **sheets))
    assert told(both) == [
        f"all.xlsx: the next version of clients.csv (R-0001) [clients]: nothing changed. {FIRST} [bundles]."
    ]
