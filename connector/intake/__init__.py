"""Intake: files of finance people to typed records and problems, every value traceable to its cell.

It reads and checks one upload at a time; what the ledger already knows, and duplicates between files, are billing's
business. A record with an error is in no table of records; its row is counted as blocked. The public names are looked
up when they are first used: the reading process lives in this package too, and must not load what it never needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.intake.door import Intake, Source, SourceInfo, gathered, read_sources
    from connector.intake.guess import SheetGuess
    from connector.intake.kinds import KINDS
    from connector.intake.limits import Limits
    from connector.intake.load import load_mappings
    from connector.intake.mapping import Mapping, Mappings
    from connector.intake.schema import schema_text
    from connector.intake.suggest import Suggestion, answered, guess_of, name_of, suggest_mapping
    from connector.intake.suggestion_text import Answers
    from connector.intake.upload import sized_digest

_HOMES = {
    "KINDS": "kinds",
    "Intake": "door",
    "Source": "door",
    "Limits": "limits",
    "Mapping": "mapping",
    "Mappings": "mapping",
    "SourceInfo": "door",
    "gathered": "door",
    "load_mappings": "load",
    "read_sources": "door",
    "Answers": "suggestion_text",
    "SheetGuess": "guess",
    "Suggestion": "suggest",
    "answered": "suggest",
    "guess_of": "suggest",
    "name_of": "suggest",
    "schema_text": "schema",
    "sized_digest": "upload",
    "suggest_mapping": "suggest",
}

__all__ = [
    "KINDS",
    "Answers",
    "Intake",
    "Limits",
    "Mapping",
    "Mappings",
    "SheetGuess",
    "Source",
    "SourceInfo",
    "Suggestion",
    "answered",
    "gathered",
    "guess_of",
    "load_mappings",
    "name_of",
    "read_sources",
    "schema_text",
    "sized_digest",
    "suggest_mapping",
]


def __getattr__(name: str) -> object:
    """The public name, from the module that owns it."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
