"""Typed reading of a declared tree, collecting every fault with its place instead of stopping at the first.

Each method returns None where the value is faulty; the fault is in `problems` then. A caller that gets None goes on
with the rest, so that all faults come at once.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from connector.declared.hints import key_hint, nearest, spaced
from connector.declared.nodes import ListNode, MapNode, Node, ScalarNode
from connector.declared.yamlfile import MISSING_KEY, UNKNOWN_KEY, VALUE, WORDS_OF_YAML
from connector.domain.places import Line
from connector.domain.problems import Kind, Problem

_LARGEST = 2**53
_MOST_DIGITS = 20  # Python refuses to convert a text of thousands of digits; this many are out of every range


class Reader:
    """Reads the values of one file.

    Args:
        text: the file's text, for excerpts.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self.problems: list[Problem] = []

    def fault(self, at: Node | Line, message: str, next_step: str, kind: Kind = VALUE) -> None:
        """Note a fault at a node (or a key's place)."""
        place = at if isinstance(at, Line) else at.place
        excerpt = self._lines[place.line - 1] if 0 < place.line <= len(self._lines) else ""
        start = max(0, place.column - 1)
        width = len(at.text) if isinstance(at, ScalarNode) and at.text else len(excerpt[start:].split(":")[0])
        width = max(1, min(width, len(excerpt) - start)) if excerpt else 0
        self.problems.append(Problem(kind.code, kind.severity, place, message, next_step, excerpt, (start, width)))

    def mapping(
        self,
        node: Node | None,
        what: str,
        required: Iterable[str] = (),
        optional: Iterable[str] = (),
        *,
        open_keys: bool = False,
    ) -> Mapping[str, Node] | None:
        """The entries of a mapping, its unknown and missing keys noted. With `open_keys` any further key is welcome."""
        if not isinstance(node, MapNode):
            if node is not None:
                tight = spaced(node.text) if isinstance(node, ScalarNode) and not node.quoted else None
                step = tight or "Write it as key: value lines."
                self.fault(node, f"{what} must be a mapping (key: value)", step)
            return None
        required, known = tuple(required), {*required, *optional}
        before: Node | None = None
        for name, value in node.entries.items() if not open_keys else ():
            if name not in known:
                hint = key_hint(name, value, before, known)
                self.fault(node.key_places[name], f"{what} has no key {name!r}", hint, UNKNOWN_KEY)
            before = value
        for name in required:
            if name not in node.entries:
                self.fault(node, f"{what} does not say {name!r}", f"Add {name}: …", MISSING_KEY)
        return node.entries

    def items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """The items of a list; a fault and nothing when it is none."""
        if isinstance(node, ListNode):
            return node.items
        if node is not None:
            self.fault(node, f"{what} must be a list", "Write it as [one, two] or as lines that start with a dash.")
        return ()

    def text(self, node: Node | None, what: str) -> str | None:
        """A text. Bare words that YAML programs read as true, false or nothing must be quoted."""
        if node is None:
            return None
        if not isinstance(node, ScalarNode):
            self.fault(node, f"{what} must be one text", "Write one value.")
            return None
        if not node.quoted and node.text.lower() in WORDS_OF_YAML:
            self.fault(
                node,
                f"{what} is {node.text!r}, which YAML programs read as a truth value or as nothing",
                f'Write it in quotes: "{node.text}".',
            )
            return None
        if not node.text.strip():
            self.fault(node, f"{what} is empty", "Write a value.")
            return None
        return node.text

    def choice(self, node: Node | None, what: str, options: Iterable[str], kind: Kind = VALUE) -> str | None:
        """One of the words listed; a fault names them. Options may be members of a `StrEnum`."""
        words = [str(option) for option in options]
        if node is None or (isinstance(node, ScalarNode) and node.text in words):
            return self.text(node, what)
        listed = f"Write one of: {', '.join(words)}." if words else "Declare one first."
        if not isinstance(node, ScalarNode):
            self.fault(node, f"{what} must be one text", listed)
        elif not node.text.strip():
            self.fault(node, f"{what} is empty", listed)
        else:
            self.fault(node, f"{what} cannot be {node.text!r}", nearest(node.text, words) or listed, kind)
        return None

    def choices(
        self, node: Node | None, what: str, options: Iterable[str] | None = None, kind: Kind = VALUE
    ) -> tuple[str, ...]:
        """One word or a list of them; of those listed, when `options` are given."""
        nodes = node.items if isinstance(node, ListNode) else () if node is None else (node,)
        words = None if options is None else tuple(options)
        read = [self.text(item, what) if words is None else self.choice(item, what, words, kind) for item in nodes]
        if isinstance(node, ListNode) and not nodes:
            self.fault(node, f"{what} is an empty list", "Name at least one, or take the key out.")
        return tuple(word for word in read if word is not None)

    def whole(self, node: Node | None, what: str, low: int = 0, high: int = _LARGEST - 1) -> int | None:
        """A whole number in plain digits, between `low` and `high`."""
        text = self._number(node, what, r"-?(0|[1-9][0-9]*)", "a whole number in plain digits, such as 1000")
        if node is None or text is None:
            return None
        if len(text) > _MOST_DIGITS or not low <= int(text) <= high:
            self.fault(node, f"{what} must lie between {low} and {high}", "Mend the number.")
            return None
        return int(text)

    def decimal(self, node: Node | None, what: str) -> Decimal | None:
        """A decimal number in plain digits."""
        text = self._number(
            node, what, r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", "a number in plain digits, such as 1800 or 12.50"
        )
        return None if text is None else Decimal(text)

    def day(self, node: Node | None, what: str) -> date | None:
        """A date written year-month-day."""
        text = self._number(node, what, r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2025-03-01")
        if node is None or text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fault(node, f"{what} is {text}, a day that does not exist", "Write a day of the calendar.")
            return None

    def _number(self, node: Node | None, what: str, pattern: str, form: str) -> str | None:
        if node is None:
            return None
        if isinstance(node, ScalarNode) and re.fullmatch(pattern, node.text):
            return node.text
        shown = repr(node.text) if isinstance(node, ScalarNode) else "no single value"
        self.fault(node, f"{what} is {shown}", f"Write {form}.")
        return None
