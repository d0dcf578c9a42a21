"""Reading `rules/tests/*.yaml`: each test gives one client or bundle and says what line it expects.

A stranger's trap: the tests are no part of the rulebook. To change them changes neither its digest nor its proof.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connector.declared import Node, Reader, read_yaml
from connector.domain.places import Line
from connector.domain.problems import Problem
from connector.rulebook import kinds
from connector.rulebook.events import Event
from connector.rulebook.read_expect import Expected, Names, read_expect
from connector.rulebook.read_given import read_given
from connector.rulebook.sources import TESTS
from connector.rulebook.spec import Declared

TOP_KEY = "rule_tests"


@dataclass(frozen=True)
class RuleTest:
    """One test: the event it gives, and what it expects of it."""

    name: str
    given: Event
    expect: tuple[Expected, ...]
    place: Line


@dataclass(frozen=True)
class RuleTests:
    """All tests of a rules folder, in the order of their places, and the readers of their files."""

    tests: tuple[RuleTest, ...]
    readers: Mapping[str, Reader]
    label: str

    def problems(self) -> tuple[Problem, ...]:
        """Everything noted so far, in the order of places; that there is no test at all is a warning."""
        found = [problem for reader in self.readers.values() for problem in reader.problems]
        if not self.tests and not found:
            place = Line(f"{self.label}/{TESTS}")
            kind, message = kinds.TEST_NONE, f"no test stands in {place}"
            return (Problem(kind.code, kind.severity, place, message, kind.remedy),)
        return tuple(sorted(found, key=lambda problem: (problem.place, problem.message)))


def read_tests(folder: Path, declared: Declared, *, label: str = "rules") -> RuleTests:
    """The tests that are sound; faults of the others are noted.

    Args:
        folder: the rules folder; the tests stand in its folder `tests`, with subfolders.
        declared: what its rules say: tests name rules, tiers, metrics, items and price books.
        label: how places name the rules folder.
    """
    home = folder / TESTS
    paths = [path for path in home.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file()]
    visible = [path for path in paths if not any(part.startswith(".") for part in path.relative_to(home).parts)]
    readers: dict[str, Reader] = {}
    tests: list[RuleTest] = []
    known = _Known(declared, Names.of(declared), {})
    for path in sorted(visible, key=lambda path: path.relative_to(home).as_posix()):
        name = f"{label}/{path.relative_to(folder).as_posix()}"
        root, text, problems = read_yaml(path, name)
        reader = readers[name] = Reader(text)
        reader.problems.extend(problems)
        if root is not None:
            entries = reader.mapping(root, "a file of tests", (TOP_KEY,)) or {}
            found = [_test(node, reader, known) for node in reader.items(entries.get(TOP_KEY), TOP_KEY)]
            tests += [test for test in found if test is not None]
        elif not problems:
            reader.fault(Line(name, 1), "the file is empty", f"Start it with {TOP_KEY}: and a list.", kinds.TEST)
    return RuleTests(tuple(tests), readers, label)


@dataclass(frozen=True)
class _Known:
    """The rules that tests are about, the names they may use, and where the names of the tests themselves stand."""

    declared: Declared
    names: Names
    taken: dict[str, Line]


def _test(node: Node, reader: Reader, known: _Known) -> RuleTest | None:
    before = len(reader.problems)
    entries = reader.mapping(node, "a test", ("name", "given", "expect")) or {}
    name = reader.text(entries.get("name"), "name")
    if name is not None:
        _refuse_twice(name, entries["name"], reader, known.taken)
    given = read_given(entries.get("given"), reader, known.declared)
    expect = read_expect(entries.get("expect"), reader, known.names)
    if name is None or given is None or len(reader.problems) > before:
        return None
    return RuleTest(name, given, expect, known.taken[name])


def _refuse_twice(name: str, at: Node, reader: Reader, taken: dict[str, Line]) -> None:
    if name in taken:
        message = f"a test of this name stands at {taken[name]} already"
        reader.fault(at, message, "Give each test a name of its own.", kinds.TEST)
    else:
        taken[name] = at.place
