"""Checks of rules that look across to the books: accounts, tax codes, selling entities."""

from pathlib import Path
from shutil import copytree

import pytest

from connector.runs.rule_checks import KINDS, Checked, check_rules

ROOT = Path(__file__).resolve().parents[2]
PROBLEMS = ROOT / "tests" / "problems"
UNMAPPED = PROBLEMS / "rules-item-unmapped"
BOOKS = """books: us
items:
  SPOKE-FULL: {description: Full feature Spoke, account: "200"}
  BUNDLE: {description: Bundle, account: "201"}
tax:
"""
US = "  - {tax_status: taxable, country: US, code: OUTPUT, percent: 8}\n"


def said(checked: Checked) -> list[str]:
    return [f"{problem.place} {problem.message}" for problem in checked.problems]


def with_tax(folder: Path, rows: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "books-us.yaml").write_text(BOOKS + rows, encoding="utf-8")
    return folder


@pytest.mark.parametrize("code", [kind.code for kind in KINDS])
def test_an_example_of_each_code_prints_what_is_expected(code: str) -> None:
    checked = check_rules(PROBLEMS / code / "rules", PROBLEMS / code / "mappings")
    assert code in {problem.code for problem in checked.problems}
    shown = "".join(f"{problem}\n" for problem in checked.problems)
    assert shown == (PROBLEMS / code / "expected.txt").read_text(encoding="utf-8")


def test_the_shipped_rules_and_books_agree() -> None:
    checked = check_rules(ROOT / "rules", ROOT / "mappings")
    assert said(checked) == []
    assert checked.examined.rulebook is not None
    assert checked.cases
    assert checked.with_books
    assert {"billing.yaml", "tiers/linkedin.yaml"} <= set(checked.files)
    assert not any("tests" in name for name in checked.files)


@pytest.mark.parametrize(
    ("rows", "lacks"),
    [
        ("  - {tax_status: taxable, item: SPOKE-FULL, code: OUTPUT, percent: 8}\n", "no tax code for it"),
        (
            US + "  - {tax_status: exempt, country: other, item: SPOKE-FULL, code: NONE, percent: 0}\n",
            "no tax code for it where SPOKE-FULL has one (exempt, country other)",
        ),
        (
            US + "  - {tax_status: taxable, country: GB, item: SPOKE-FULL, code: NONE, percent: 0}\n",
            "no tax code for it where SPOKE-FULL has one (taxable, country GB)",
        ),
    ],
)
def test_an_item_without_a_tax_code(tmp_path: Path, rows: str, lacks: str) -> None:
    books = with_tax(tmp_path / "mappings", rows)
    (told,) = said(check_rules(UNMAPPED / "rules", books))
    assert told.startswith("rules/billing.yaml:16:36 rule bundle puts BUNDLE on lines of entity us, and ")
    assert told.endswith(f" mappings/books-us.yaml has {lacks}")


def test_a_case_that_no_item_has_is_not_the_matter_of_one(tmp_path: Path) -> None:
    books = with_tax(tmp_path / "mappings", US)
    assert said(check_rules(UNMAPPED / "rules", books)) == []


def test_an_item_is_told_once_for_each_entity(tmp_path: Path) -> None:
    rules = copytree(UNMAPPED / "rules", tmp_path / "rules")
    text = (rules / "billing.yaml").read_text("utf-8")
    more = "  - id: bundle-of-one\n    when: {event: bundle, partner: P-1}\n    charge: {metric: bundle, item: BUNDLE,"
    more += " price: {book: standard}, term: once, overrides: bundle}\n"
    (rules / "billing.yaml").write_text(text + more, encoding="utf-8")
    assert [problem.code for problem in check_rules(rules, UNMAPPED / "mappings").problems] == ["rules-item-unmapped"]


def test_rules_with_a_hole_are_compared_with_the_books_all_the_same(tmp_path: Path) -> None:
    rules = copytree(UNMAPPED / "rules", tmp_path / "rules")
    text = (rules / "billing.yaml").read_text("utf-8")
    (rules / "billing.yaml").write_text(text[: text.index("  - id: assessment-only")], encoding="utf-8")
    checked = check_rules(rules, UNMAPPED / "mappings")
    assert [problem.code for problem in checked.problems] == ["rules-gap", "rules-item-unmapped"]
    assert (checked.cases, checked.examined.rulebook) == ((), None)


def test_faulty_books_are_told_and_not_compared(tmp_path: Path) -> None:
    books = with_tax(tmp_path / "mappings", "  - {tax_status: taxed, code: OUTPUT, percent: 8}\n")
    checked = check_rules(UNMAPPED / "rules", books)
    assert [problem.code for problem in checked.problems] == ["yaml-value"]


def test_rules_alone(tmp_path: Path) -> None:
    checked = check_rules(UNMAPPED / "rules", None, label="next")
    assert (said(checked), checked.with_books) == ([], False)
    nothing = check_rules(tmp_path / "none", None, label="next")
    assert ([problem.code for problem in nothing.problems], nothing.files) == (["rules-none"], ())
    broken = copytree(UNMAPPED / "rules", tmp_path / "rules")
    (broken / "tiers.yaml").write_text("tiers: [", encoding="utf-8")
    faults = check_rules(broken, UNMAPPED / "mappings", label="next")
    assert [(problem.code, problem.place.file) for problem in faults.problems] == [("yaml-syntax", "next/tiers.yaml")]
