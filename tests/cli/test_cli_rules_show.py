"""rules show, rules diff, rules schema: what they print and write, where they find the rules, what they refuse."""

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook
from world import World, command

from connector.runs.starter import starter

ROOT = Path(__file__).parents[2]
SHIPPED = starter("rules")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the shipped rules, to change."""
    return shutil.copytree(SHIPPED, tmp_path / "new" / "rules")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_tables_are_printed(alone: World) -> None:
    answer = command("rules", "show", str(alone.folder))
    assert (answer.code, answer.err) == (0, "")
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert "Prices of book standard" in lines
    assert "what tier or quantity GBP from 2025-03-01 USD 2025-03-01 to 2025-12-31 USD from 2026-01-01" in lines
    assert "full feature Spoke 11-50 employees GBP 1,440.00 USD 1,800.00 USD 1,890.00" in lines
    assert "Assessment Only bundle of 10 each bundle GBP 1,200.00 USD 1,500.00 USD 1,575.00" in lines
    spoke = (
        "quote-1042 2026-01-01 to 2026-06-30 full feature Spoke 1 employee USD 630.00 USD 510.00 -USD 120.00 -19.0 %"
    )
    assert spoke in lines
    titles = ["Quotes beside the list price", "Rules, in the order in which they stand", "Versions of the price books",
              "Employee tiers", "Policies", "Selling entities"]  # fmt: skip
    assert [line for line in lines if line in titles] == titles


def test_the_rules_are_found_in_a_project_a_working_folder_and_by_themselves(
    alone: World, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [command("rules", "show", str(folder), "--json").plain for folder in (alone.folder, rules.parent, rules)]
    assert len({one["digest"] for one in shown}) == 1
    places = [table["rows"][0][-1] for one in shown for table in one["tables"] if table["name"] == "tiers"]
    named = "rules/tiers/linkedin.yaml:3"
    assert places == [named, named, f"{rules.as_posix()}/tiers/linkedin.yaml:3"]
    monkeypatch.chdir(ROOT)
    assert command("rules", "show", "--json").plain["digest"] == shown[0]["digest"]
    monkeypatch.setenv("CONNECTOR_FOLDER", str(alone.folder))
    assert command("rules", "show", "--json").plain["digest"] == shown[0]["digest"]
    monkeypatch.delenv("CONNECTOR_FOLDER")
    monkeypatch.chdir(rules.parents[1])
    assert command("rules", "show", "-C", str(alone.folder), "--json").plain["digest"] == shown[0]["digest"]


def test_a_day_and_one_json_document(alone: World) -> None:
    answer = command("rules", "show", str(alone.folder), "--on", "2026-07-01", "--json")
    plain = answer.plain
    assert (answer.code, plain["on"], plain["written"], plain["exit_code"]) == (0, "2026-07-01", [], 0)
    assert [table["name"] for table in plain["tables"]] == [
        *("prices standard", "rules", "versions", "tiers", "policies", "entities"),
    ]
    prices, rules = plain["tables"][:2]
    assert prices["columns"][2:] == ["GBP from 2025-03-01", "USD from 2026-01-01"]
    assert prices["rows"][0][3] == {"minor": 63000, "currency": "USD", "text": "USD 630.00"}
    assert rules["notes"] == ["Not on 2026-07-01: quote-1042."]
    wrong = command("rules", "show", str(alone.folder), "--on", "1 July", "--json")
    assert (wrong.code, wrong.plain["error"]) == (2, "--on '1 July' is no date")


def test_a_page_and_a_workbook_are_written_and_nothing_is_overwritten(alone: World) -> None:
    html, xlsx = alone.folder / "rules.html", alone.folder / "rules.xlsx"
    where = ["rules", "show", str(alone.folder), "--html", str(html), "--xlsx", str(xlsx)]
    answer = command(*where, "--on", "2025-06-30")
    assert (answer.code, answer.out) == (0, f"Wrote {html}.\nWrote {xlsx}.\n")
    page = html.read_text("utf-8")
    assert page.startswith("<!doctype html>\n")
    assert '<p class="about">Valid on 2025-06-30.</p>' in page
    assert "USD 1,800.00" in page
    book = load_workbook(xlsx)
    assert book.sheetnames == ["Prices standard", "Rules", "Versions", "Tiers", "Policies", "Entities"]
    assert [cell.value for cell in book["Prices standard"][5]] == ["full feature Spoke", "11-50 employees", 1440, 1800]
    again = command(*where, "--json")
    assert (again.code, again.plain["error"]) == (2, f"{html} exists already, and nothing is overwritten")
    absent = command("rules", "show", str(alone.folder), "--html", str(alone.folder / "no" / "x.html"), "--json")
    assert (absent.code, absent.plain["next_step"]) == (2, "Check the folder's rights and the room on the disk.")


def test_rules_that_do_not_load_are_told_and_nothing_else(alone: World, rules: Path) -> None:
    edit(rules / "billing.yaml", "price: by_tier", "price: by_size")
    for words in (("show", str(rules.parent)), ("diff", str(alone.folder), str(rules.parent))):
        answer = command("rules", *words)
        assert (answer.code, answer.err) == (1, "")
        assert answer.out.count("error: ") == 1
        assert "billing.yaml:16:" in answer.out
        plain = command("rules", *words, "--json")
        assert (plain.code, set(plain.plain)) == (1, {"problems", "exit_code"})
        assert [one["code"] for one in plain.plain["problems"]] == ["yaml-value"]
    none = command("rules", "show", str(alone.folder / "samples"), "--json")
    assert (none.code, [one["code"] for one in none.plain["problems"]]) == (1, ["rules-file-unknown"])


def test_what_differs_is_printed(alone: World, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(rules.parents[1])
    edit(rules / "price-books" / "standard-2026-01-usd.yaml", '"11-50": 1890', '"11-50": 1980')
    edit(rules / "billing.yaml", "  - id: own-test-client", "  - id: our-own-client")
    edit(rules / "billing.yaml", "partner: [P-1004]", "partner: [P-1004, P-1005]")
    answer = command("rules", "diff", alone.folder.name, "new")
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert (answer.code, answer.err) == (0, "")
    assert any(line.startswith("rule our-own-client renamed id own-test-client our-own") for line in lines)
    assert any(line.startswith("rule quote-1042 changed when partner P-1004 P-1004,") for line in lines)
    assert any("USD 1,890.00 USD 1,980.00 +USD 90.00 +4.8 %" in line for line in lines)
    assert lines[-1].endswith("cases that the rules tell apart are decided otherwise.")
    plain = command("rules", "diff", str(alone.folder), str(rules.parent), "--json").plain
    assert [(one["name"], one["change"], one["field"]) for one in plain["changes"]] == [
        ("our-own-client", "renamed", "id"),
        ("quote-1042", "changed", "when partner"),
    ]
    assert [(one["old"], one["new"]) for one in plain["prices"]] == [
        ({"minor": 189000, "currency": "USD"}, {"minor": 198000, "currency": "USD"})
    ]
    assert (plain["same_text"], plain["same_meaning"], plain["verdict"], plain["exit_code"]) == (
        *(False, False, lines[-1], 0),
    )
    assert {one["example"] for one in plain["decisions"]["changed"]} == {
        "a full feature client of partner P-1005 of entity us created 2025-07-01"
    }


def test_text_that_differs_and_says_the_same(alone: World, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(rules.parent)
    same = command("rules", "diff", str(alone.folder))
    assert (same.code, same.out) == (0, "The two rulebooks are the same.\n")
    edit(rules / "billing.yaml", "# What is billed.", "# What we bill.")
    (rules / "entities.yaml").rename(rules / "companies.yaml")
    answer = command("rules", "diff", str(alone.folder), str(rules))
    assert (answer.code, answer.out) == (0, "The text differs, what it says does not.\n")


def test_in_a_narrow_terminal_wide_tables_become_lines(alone: World) -> None:
    ours, theirs = pty.openpty()
    narrow = {**os.environ, "COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1"}
    show = [sys.executable, "-m", "connector", "rules", "show", str(alone.folder), "--on", "2026-07-01"]
    with subprocess.Popen(show, stdout=theirs, stderr=subprocess.PIPE, env=narrow, cwd=ROOT) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            said += piece
    os.close(ours)
    assert process.returncode == 0
    lines = said.decode().replace("\r\n", "\n")
    assert "\nfull-spoke\n  outcome  charge\n  when     event: created or upgraded; plan: full feature Spoke\n" in lines
    assert "  price    by tier, book standard\n" in lines
    assert max(map(len, lines.splitlines())) <= 80


def test_the_schema_is_printed_and_ships_with_a_new_folder(alone: World) -> None:
    answer = command("rules", "schema")
    shipped = (ROOT / "rules" / "rules.schema.json").read_text("utf-8")
    assert (answer.code, answer.out) == (0, shipped)
    assert (alone.folder / "rules" / "rules.schema.json").read_text("utf-8") == shipped
    assert json.loads(shipped)["title"] == "Rule file"
