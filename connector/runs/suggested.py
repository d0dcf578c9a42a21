"""A proposed mapping that a person has looked at becomes a file of the mappings: the same by every door.

A stranger's trap: nothing is ever overwritten, and a proposal that still asks something is saved as a draft, which is
not read and so stops nothing.
"""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from connector.intake import Mappings, SheetGuess, Suggestion
from connector.runs.errors import INPUT, USAGE, StopError

_NAME = re.compile("[a-z0-9][a-z0-9_-]{0,99}")
_BOOKS = "books"


def check_name(name: str) -> None:
    """See whether a mapping can have this name.

    Raises:
        StopError: it cannot.
    """
    if not _NAME.fullmatch(name) or name.startswith(_BOOKS):
        step = "Use small letters, digits and dashes; a name that begins with books is for accounts."
        raise StopError(f"{name!r} is no name for a mapping", step, USAGE)


def taken_for(guess: SheetGuess, fields: Mapping[int, str]) -> SheetGuess:
    """A sheet with the fields that a person gives its columns, by their numbers.

    Raises:
        StopError: two columns are taken for one field.
    """
    made = guess.taken_for(fields)
    twice = [name for name, count in Counter(one.field for one in made.columns if one.field).items() if count > 1]
    if twice:
        titles = ", ".join(one.title for one in made.columns if one.field == twice[0])
        step = "Take one of them for something else, or leave it out."
        raise StopError(f"more than one column is taken for {twice[0]}: {titles}", step, INPUT)
    return made


def save(folder: Path, made: Suggestion, mappings: Mappings) -> Path:
    """Write a proposal into the folder of the mappings; one with open questions as a draft.

    Args:
        folder: where the mappings are.
        made: the proposal, under the name that it is to have.
        mappings: those that are there.

    Returns:
        the file.

    Raises:
        StopError: it cannot have this name, a mapping reads such sheets already, or the file cannot be written.
    """
    check_name(made.name)
    taken = {
        value: place
        for mapping in mappings.items
        for rules in mapping.records
        for value, place in rules.fingerprints.items()
    }
    known = next((taken[guess.fingerprint] for guess in made.sheets if guess.fingerprint in taken), None)
    if known is not None:
        raise StopError(f"{known} already reads a sheet with these headers", "Edit that mapping instead.")
    path = folder / (f"{made.name}.draft" if made.open else f"{made.name}.yaml")
    for there in (folder / f"{made.name}.yaml", path):
        if there.exists():
            name = f"{folder.name}/{there.name}"
            raise StopError(f"{name} exists already, and nothing is overwritten", "Choose another name.")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(made.text)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StopError(f"{path} cannot be written: {reason}", "Check the folder's rights.") from error
    return path
