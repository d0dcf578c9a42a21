"""rules check, rules test: what they print, count and refuse."""

import json
from pathlib import Path

from world import World, command

FAILING = """rule_tests:
  - name: "R3: ten employees"
    given: {created: 2025-04-01, plan: full_spoke, employees: 10, partner: P-1, partner_kind: msp, selling_entity: us}
    expect: {charge: "USD 1800.00"}
"""
RULE = """
  - id: twice
    when: {event: bundle}
    charge: {metric: other, item: SPOKE-FULL, price: per_bundle, book: standard}
"""


def rules(world: World, name: str = "billing.yaml") -> Path:
    return world.folder / "rules" / name


def changed(world: World, old: str, new: str, name: str = "billing.yaml") -> None:
    text = rules(world, name).read_text("utf-8")
    assert old in text
    rules(world, name).write_text(text.replace(old, new), "utf-8")


def people(world: World, *arguments: str) -> str:
    return command("rules", *arguments, "--folder", str(world.folder)).out


def test_sound_rules_say_what_was_proved(alone: World) -> None:
    answer = alone.run("rules", "check")
    found = answer.plain
    assert (answer.code, found["problems"], found["books_checked"]) == (0, [], True)
    assert (len(found["files"]), found["rules"], found["price_versions"]) == (7, 6, 4)
    assert found["cells"] == {"gates": 16, "charges": 16, "adjustments": 0, "all": 48}
    assert found["boundary_cases"]["checked"] == len(found["boundary_cases"]["cases"]) > 500
    assert all(case["agrees"] for case in found["boundary_cases"]["cases"])
    lines = people(alone, "check").splitlines()
    assert lines[0] == "rules/: 7 files, 6 rules, 4 price versions."
    assert lines[1].startswith(
        "Proved in 48 cells (16 of gates, 16 of charges, 0 of adjustments, the others of tiers): "
    )
    assert lines[2].startswith(f"{found['boundary_cases']['checked']} cases at bounds ")
    assert lines[3:] == [f"Rulebook {found['digest']}"]


def test_the_cases_at_bounds_can_be_listed(alone: World) -> None:
    shown = people(alone, "check", "--cases")
    assert "created full_spoke us P-1004 2026-07-01, 1 employees" in shown
    assert "upgraded full_spoke us P-1004 2025-07-01, 50-51 employees" in shown
    assert "rate-band-spans-tiers" in shown
    assert "USD 3,060.00" in shown


def test_faulty_rules_are_told_all_at_once(alone: World) -> None:
    rules(alone).write_text(rules(alone).read_text("utf-8") + RULE, "utf-8")
    changed(alone, "SPOKE-AO-BUNDLE:", "SPOKE-AO-BUNDLES:", "../mappings/books-us.yaml")
    answer = alone.run("rules", "check")
    assert (answer.code, answer.plain["digest"]) == (1, None)
    assert [problem["code"] for problem in answer.plain["problems"]] == ["rules-overlap", "rules-item-unmapped"]
    shown = people(alone, "check", "--cases")
    assert "rules/billing.yaml:46:5: error: twice decides a bundle bought, and so does assessment-bundle" in shown
    assert "mappings/books-us.yaml has no account for it [rules-item-unmapped]" in shown
    assert shown.endswith("rules/ cannot be used: 2 faults.\n")
    changed(alone, "  - id: twice", "  - ide: twice")
    unread = alone.run("rules", "check")
    assert (unread.code, unread.plain["rules"], unread.plain["cells"]) == (1, None, None)


def test_a_warning_is_no_failure(alone: World) -> None:
    rules(alone, "more.yaml").write_text('tiers: coarse\nbands: ["1-99", "100+"]\n', "utf-8")
    answer = alone.run("rules", "check")
    assert (answer.code, [problem["code"] for problem in answer.plain["problems"]]) == (0, ["rules-unused-tiers"])
    assert "Rulebook " in people(alone, "check")


def test_other_rules_are_compared_with_the_books_that_are_here(alone: World, tmp_path: Path) -> None:
    following = tmp_path / "next"
    rules(alone).parent.rename(following)
    answer = alone.run("rules", "check", str(following))
    assert (answer.code, answer.plain["books_checked"]) == (0, True)
    nowhere = command("rules", "check", str(following), "--folder", str(tmp_path))
    assert nowhere.code == 0
    assert "Accounts and tax codes were not compared: there is no working folder here." in nowhere.out
    assert command("rules", "check", str(alone.folder), "--json", "--folder", str(tmp_path)).code == 1
    missing = alone.run("rules", "check")
    assert [problem["code"] for problem in missing.plain["problems"]] == ["rules-none"]
    assert command("rules", "check", "--folder", str(tmp_path)).code == 2


def test_the_shipped_tests_are_met_and_reach_every_rule(alone: World) -> None:
    answer = alone.run("rules", "test")
    assert (answer.code, answer.plain["failed"], answer.plain["problems"]) == (0, 0, [])
    assert answer.plain["passed"] == len(answer.plain["tests"]) > 40
    reached = answer.plain["coverage"]
    assert all(reached["rules"].values())
    assert reached["charges"]["cells"] == reached["charges"]["reached"] + len(reached["charges"]["missed"])
    shown = people(alone, "test")
    assert f"Cells of charges: {reached['charges']['reached']} of 16 reached by a test." in shown
    assert "Rules never tested: none." in shown
    assert shown.endswith(f"{answer.plain['passed']} tests, 0 failed.\n")


def test_a_wrong_expectation_is_a_diff(alone: World) -> None:
    rules(alone, "tests/published.yaml").write_text(FAILING, "utf-8")
    answer = alone.run("rules", "test")
    assert (answer.code, answer.plain["failed"]) == (1, 1)
    (test,) = answer.plain["tests"]
    assert test == {
        "name": "R3: ten employees",
        "where": "rules/tests/published.yaml:2:11",
        "passed": False,
        "differences": [
            {"key": "charge", "expected": "USD 1800.00", "got": "USD 900.00", "got_key": "charge"}
        ],
        "rule": "full-spoke",
        "rule_place": "rules/billing.yaml:14",
    }  # fmt: skip
    shown = people(alone, "test")
    assert "\n- charge: USD 1800.00\n+ charge: USD 900.00\nDecided by rule full-spoke (rules/billing.yaml:14)" in shown
    assert "Tiers of linkedin never tested: 1, 11-50, " in shown
    assert shown.endswith("1 test, 1 failed.\n")


def test_faults_of_test_files_and_no_test_at_all(alone: World) -> None:
    path = rules(alone, "tests/published.yaml")
    path.write_text(FAILING.replace("employees", "staff").replace("1800", "900"), "utf-8")
    answer = alone.run("rules", "test")
    assert (answer.code, [problem["code"] for problem in answer.plain["problems"]]) == (1, ["yaml-unknown-key"])
    assert people(alone, "test").endswith("0 tests, 0 failed; 1 fault in the test files.\n")
    path.unlink()
    none = alone.run("rules", "test")
    assert (none.code, [problem["code"] for problem in none.plain["problems"]]) == (0, ["rules-test-none"])
    assert "warning: no test stands in rules/tests" in people(alone, "test")


def test_faulty_rules_are_not_tested(alone: World) -> None:
    changed(alone, "assessment-only\n", "full-spoke\n")
    answer = alone.run("rules", "test")
    assert (answer.code, answer.plain["coverage"]) == (1, None)
    assert [problem["code"] for problem in answer.plain["problems"]] == ["rules-id-twice"]
    assert people(alone, "test").endswith("rules/ cannot be used, so no test was run.\n")


def test_json_is_one_document(alone: World) -> None:
    answer = command("rules", "test", "--json", "--folder", str(alone.folder))
    assert json.loads(answer.out)["exit_code"] == 0
    assert answer.err == ""


def test_a_folder_that_holds_rules_and_mappings_is_checked_with_both() -> None:
    """As `rules show` takes it: what lies beside the rules is not read as rules."""
    project = Path(__file__).resolve().parents[2]
    checked = command("rules", "check", str(project))
    assert checked.code == 0
    assert checked.out.startswith("rules/: 7 files, 6 rules")
    assert "were not compared" not in checked.out
