"""What somebody probably meant: next steps for names, words and numbers that are not as they must be."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from connector.declared.nodes import Node, ScalarNode

_DIGITS = re.compile(r"[0-9]+")
TIGHT = re.compile(r"([\w.-]+):(?!//)(\S.*)")
_THOUSANDS = 3


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The question whether the nearest of the known names is meant, if one is near."""
    near = get_close_matches(name, [str(one) for one in known], 1)
    return f"Did you mean {near[0]!r}?" if near else None


def key_hint(name: str, value: Node, before: Node | None, known: Iterable[str]) -> str:
    """The next step for a key that is none of those known.

    Args:
        name: the key.
        value: its value.
        before: the value of the key that stands before it, if one does.
        known: the keys that are read.
    """
    known = sorted(known)
    alone = isinstance(value, ScalarNode) and not value.text
    hint = split_number(name, value, before) or (spaced(name) if alone else None) or nearest(name, known)
    return hint or f"Known here: {', '.join(known)}."


def split_number(name: str, value: Node, before: Node | None) -> str | None:
    """The next step for a key that is the tail of a number whose comma parts keys, as in `{percent: 8,25}`.

    Args:
        name: the key nobody knows.
        value: its value.
        before: the value of the key that stands before it, if one does.

    Returns:
        the step, or None when the key is no such tail.
    """
    if not isinstance(before, ScalarNode) or not isinstance(value, ScalarNode) or value.text or value.quoted:
        return None
    if not _DIGITS.fullmatch(name) or not _DIGITS.fullmatch(before.text):
        return None
    thousands = f", or {before.text}{name} if thousands are meant" if len(name) == _THOUSANDS else ""
    return f"A comma parts keys here; a decimal point is needed: write {before.text}.{name}{thousands}."


def spaced(text: str) -> str | None:
    """The next step for a text that lacks the space after its colon, as in `event:bundle`; None for any other."""
    tight = TIGHT.fullmatch(text)
    return f"A space is missing after the colon: write {tight[1]}: {tight[2]}" if tight else None
