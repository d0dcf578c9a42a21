"""The files of a rules folder: found, read, sorted by their top key; and the digest that names their content.

A file is known by its top key, never by its name. The digest covers names and texts: a renamed file is a new rulebook.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from connector.declared import MapNode, Reader, nearest, read_yaml
from connector.domain.places import Line
from connector.domain.problems import Kind, Problem
from connector.rulebook import kinds

LANGUAGE_VERSION = "2"
TESTS = "tests"  # the folder of rule tests: they check a rulebook and are no part of it
TOP_KEYS = ("entities", "tiers", "price_book", "policies", "rules")
_REQUIRED = {
    "entities": "which companies sell, and from which day",
    "tiers": "the employee tiers",
    "price_book": "a price",
    "policies": "the policies nobody has published",
    "rules": "a billing rule",
}
_ONCE = ("entities", "policies")


@dataclass(frozen=True)
class Section:
    """One file under its top key."""

    key: str
    root: MapNode
    reader: Reader


@dataclass(frozen=True)
class Sources:
    """All files of a folder, and a place to note what is wrong with them."""

    readers: Mapping[str, Reader]
    sections: tuple[Section, ...]
    unplaced: list[Problem]

    def of(self, key: str) -> tuple[Section, ...]:
        """The files that have this top key."""
        return tuple(section for section in self.sections if section.key == key)

    def fault(self, place: Line, kind: Kind, message: str, next_step: str | None = None) -> None:
        """Note a fault at a place of one of the files, or of the folder."""
        reader = self.readers.get(place.file)
        step = next_step or kind.remedy
        if reader is None:
            self.unplaced.append(Problem(kind.code, kind.severity, place, message, step))
        else:
            reader.fault(place, message, step, kind)

    def problems(self) -> tuple[Problem, ...]:
        """Everything noted so far, in the order of places."""
        noted = [*self.unplaced, *(problem for reader in self.readers.values() for problem in reader.problems)]
        return tuple(sorted(noted, key=lambda problem: (_order(problem), problem.code, problem.message)))


def rule_files(folder: Path) -> tuple[Path, ...]:
    """The YAML files below a folder, in the order of their names, without hidden ones and the tests of rules."""
    found = [path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file()]
    parts = {path: path.relative_to(folder).parts for path in found}
    visible = [path for path in found if parts[path][0] != TESTS and not any(p.startswith(".") for p in parts[path])]
    return tuple(sorted(visible, key=lambda path: path.relative_to(folder).as_posix()))


def digest_of(folder: Path, files: tuple[Path, ...]) -> str:
    """SHA-256 over the language version, the files' names and their texts."""
    total = hashlib.sha256(f"rulebook language {LANGUAGE_VERSION}\n".encode())
    for path in files:
        try:
            data = path.read_bytes()
        except OSError as error:  # reading it for good refuses the rulebook, with the reason and the place
            data = str(error).encode()
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        name = path.relative_to(folder).as_posix()
        total.update(f"{len(name.encode())} {name} {len(data)}\n".encode() + data)
    return total.hexdigest()


def read_sources(folder: Path, files: tuple[Path, ...], label: str) -> Sources:
    """Read every file, noting unreadable ones, unknown top keys, and sections that are missing or stand twice."""
    readers: dict[str, Reader] = {}
    sections: list[Section] = []
    unplaced: list[Problem] = []
    sources = Sources(readers, (), unplaced)
    damaged = False
    for path in files:
        name = f"{label}/{path.relative_to(folder).as_posix()}"
        root, text, problems = read_yaml(path, name)
        reader = readers[name] = Reader(text)
        reader.problems.extend(problems)
        damaged = damaged or bool(problems)
        if isinstance(root, MapNode):
            sections += _sections(root, reader, sources)
        elif not problems:
            sources.fault(Line(name, 1), kinds.FILE_UNKNOWN, "the file declares nothing")
    for key in TOP_KEYS:
        held = [section for section in sections if section.key == key]
        if not held and not damaged:  # a damaged file may well be the one that is missing
            message = f"no file under {label}/ declares {_REQUIRED[key]} ({key}:)"
            sources.fault(Line(label), kinds.SECTION_MISSING, message)
        for again in held[1:] if key in _ONCE else ():
            first = held[0].root.key_places[key]
            message = f"{key}: stands here again; it stood first at {first.file}:{first.line}"
            sources.fault(again.root.key_places[key], kinds.SECTION_TWICE, message)
    return Sources(readers, tuple(sections), unplaced)


def _sections(root: MapNode, reader: Reader, sources: Sources) -> list[Section]:
    if "price_book" in root.entries:
        return [Section("price_book", root, reader)]
    if "tiers" in root.entries:
        return [Section("tiers", root, reader)]
    found = [Section(key, root, reader) for key in TOP_KEYS if key in root.entries]
    for name, place in root.key_places.items():
        if name not in TOP_KEYS:
            sources.fault(place, kinds.FILE_UNKNOWN, f"no rule file has the top key {name!r}", closest(name, TOP_KEYS))
    return found


def closest(name: str, known: Iterable[str], *, in_order: bool = False) -> str:
    """The next step for a misspelt name: the nearest known one, or all of them; `in_order` as given, else sorted."""
    known = tuple(known) if in_order else sorted(known)
    return nearest(name, known) or f"Known here: {', '.join(known) or 'none'}."


def _order(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.file, place.line, place.column) if isinstance(place, Line) else (place.file, place.row, place.column)
