"""A mapping proposed for a file that no mapping knows, for a person to edit and save. The file is read as any other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from connector.domain.problems import Problem
from connector.domain.words import RecordKind
from connector.intake.guard import open_source
from connector.intake.guess import SheetGuess, guess_sheet, known_words
from connector.intake.kinds import SHEET_NO_HEADER, SHEET_UNMAPPED
from connector.intake.layout import Header, find_header
from connector.intake.limits import Limits
from connector.intake.load import check_mapping
from connector.intake.mapping import Mappings
from connector.intake.merges import merges_of
from connector.intake.rawsheet import RawSheet
from connector.intake.sheets import Sheet
from connector.intake.suggestion_text import Answers, yaml_text
from connector.intake.words import same

_NO_LIMITS_GIVEN = Limits()
_NO_ANSWERS = Answers()
_PROPOSED_FOR = frozenset({SHEET_NO_HEADER.code, SHEET_UNMAPPED.code})
_MOST_COLUMNS = 200


@dataclass(frozen=True)
class Suggestion:
    """A proposed mapping.

    Attributes:
        name: the mapping's name.
        text: the YAML of the file; "" when nothing can be proposed.
        sheets: what it was made from, one sheet of each kind.
        left_out: sheets that it does not speak of: known ones, further ones of a kind, and those without a header.
        problems: why the file could not be read.
        open: what the text still lacks to be a mapping; its places are lines of the text.
    """

    name: str
    text: str
    sheets: tuple[SheetGuess, ...]
    left_out: tuple[str, ...]
    problems: tuple[Problem, ...]
    open: tuple[Problem, ...]


def name_of(text: str) -> str:
    """A name for a mapping, made of a text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "proposed"


def suggest_mapping(
    path: Path, mappings: Mappings, *, name: str = "", sheet: str | None = None, limits: Limits = _NO_LIMITS_GIVEN
) -> Suggestion:
    """Propose a mapping for a file: for the sheets that no mapping knows, or for all when each is known.

    Args:
        path: the file.
        mappings: whose headers and words are known already.
        name: the mapping's name; "" takes it from the file's.
        sheet: only this sheet, whether it is known or not.
        limits: ceilings for the file.
    """
    name = name or name_of(path.stem)
    opened = open_source(path, path.as_posix(), limits)
    told = [raw for raw in opened.sheets if sheet is None or same(raw.name) == same(sheet)]
    told = [raw for raw in told if raw.frame.width]
    chosen = told if sheet is not None else _unknown(told, mappings) or told
    found: dict[RecordKind, SheetGuess] = {}
    for raw in chosen:
        guess = guess_sheet(raw, mappings)
        if guess is not None:
            found.setdefault(guess.kind, guess)
    spoken_of = {guess.sheet for guess in found.values()}
    left_out = tuple(raw.name for raw in opened.sheets if raw.name not in spoken_of)
    sheets = tuple(found.values())
    if not sheets:
        return Suggestion(name, "", (), left_out, opened.problems, ())
    return replace(answered(path.name, name, sheets, mappings), left_out=left_out, problems=opened.problems)


def answered(
    source: str, name: str, sheets: Sequence[SheetGuess], mappings: Mappings, answers: Answers = _NO_ANSWERS
) -> Suggestion:
    """The proposal of guessed sheets, one of each kind, with what a person has said.

    Args:
        source: the file they stand in.
        name: the mapping's name.
        sheets: the sheets.
        mappings: whose words are known already.
        answers: what a person has said.
    """
    words = [(guess, known_words(mappings, guess.kind)) for guess in sheets]
    text = yaml_text(source, name, mappings.general.namespace, words, answers)
    return Suggestion(name, text, tuple(sheets), (), (), check_mapping(text, f"{name}.yaml"))


def guess_of(sheet: Sheet, mappings: Mappings) -> SheetGuess | None:
    """What a sheet seems to be that no mapping reads, or whose columns are not all read; None for any other.

    One with too many columns for a person to look at is left alone.
    """
    told = any(one.code in _PROPOSED_FOR for one in sheet.problems)
    return guess_sheet(sheet.raw, mappings) if told and sheet.shown.width <= _MOST_COLUMNS else None


def _unknown(sheets: Sequence[RawSheet], mappings: Mappings) -> list[RawSheet]:
    """The sheets that no mapping reads, and that are no notes."""
    ignored = {spelling for mapping in mappings.items for spelling in mapping.ignored}
    read = (raw for raw in sheets if not (raw.name and same(raw.name) in ignored))
    return [raw for raw in read if not isinstance(find_header(raw, mappings, merges_of(raw)), Header)]
