"""Reading the conditions of a rule. Every condition is an attribute against constants; bounds are inclusive.

`domain` is compared with the normalised domain of a record, so only normalised ones are accepted here.
"""

import re
from collections.abc import Callable, Mapping

from connector.declared import ListNode, Node, Reader, ScalarNode
from connector.domain.employees import LARGEST_COUNT
from connector.domain.words import EventKind, PartnerKind, Plan
from connector.rulebook import kinds
from connector.rulebook.domains import normalised
from connector.rulebook.spec import DAY, EMPLOYEES, Conditions, Range

LONGEST_LIST = 300
_LONGEST_TEXT = 200
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "event": tuple(EventKind),
    "plan": tuple(Plan),
    "partner_kind": tuple(PartnerKind),
}
_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "country": (re.compile(r"[A-Z]{2}"), "Write two capital letters, such as US."),
}
_LINE = (re.compile(r"[^\x00-\x1f\x7f]+"), "Write one line of text.")
_SHORTER = f"Write at most {_LONGEST_TEXT} characters."
_KEYS = ("event", "plan", "partner", "partner_kind", "selling_entity", "country", "domain", "template")
_RANGES = {"employees": EMPLOYEES, "dates": DAY}


def read_when(node: Node | None, reader: Reader, entities: tuple[str, ...]) -> Conditions:
    """The conditions under `when`; faults are noted."""
    entries = reader.mapping(node, "when", optional=(*_KEYS, *_RANGES)) or {}
    if node is not None and not entries:
        step = "Name at least one condition, such as event: bundle."
        reader.fault(node, "the rule has no condition", step, kinds.CONDITION)
    words = {key: _words(key, entries[key], reader, entities) for key in _KEYS if key in entries}
    ranges = {}
    for key, attribute in _RANGES.items():
        bounds = reader.mapping(entries.get(key), key, optional=("from", "to"))
        if bounds is not None:
            ranges[attribute] = read_interval(bounds, key, reader, days=attribute == DAY)
            if not bounds:
                reader.fault(entries[key], f"{key} says neither from nor to", "Add one of them.", kinds.CONDITION)
    total = sum(len(named) for named in words.values())
    if node is not None and total > LONGEST_LIST:
        step = f"Name at most {LONGEST_LIST} in one rule; write a second rule for the rest."
        reader.fault(node, f"the conditions list {total} values in all", step, kinds.CONDITION)
    return Conditions(words, ranges)


def read_interval(entries: Mapping[str, Node], what: str, reader: Reader, *, days: bool) -> Range:
    """The closed bounds under `from` and `to`; days as ordinals."""
    low, high = (_bound(entries.get(key), f"{what} {key}", reader, days=days) for key in ("from", "to"))
    if low is not None and high is not None and high < low:
        reader.fault(entries["to"], f"{what} ends before it starts", "Mend one of the two bounds.", kinds.CONDITION)
    return low, high


def _bound(node: Node | None, what: str, reader: Reader, *, days: bool) -> int | None:
    if days:
        day = reader.day(node, what)
        return None if day is None else day.toordinal()
    return reader.whole(node, what, 1, LARGEST_COUNT)


def _words(key: str, node: Node, reader: Reader, entities: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(node, ListNode) and len(node.items) > LONGEST_LIST:
        step = f"Name at most {LONGEST_LIST}; write a second rule for the rest."
        reader.fault(node, f"{key} lists {len(node.items)} values", step, kinds.CONDITION)
        return ()
    if isinstance(node, ListNode):
        _refuse_twice(key, node, reader)
    if key == "selling_entity" and entities:
        return tuple(dict.fromkeys(reader.choices(node, key, entities, kinds.NAME_UNKNOWN)))
    if key in _OPTIONS:
        return tuple(dict.fromkeys(reader.choices(node, key, _OPTIONS[key])))
    if key == "domain":
        return _checked(key, node, reader, _wrong_domain)
    form, step = _FORMS.get(key, _LINE)
    return _checked(key, node, reader, lambda word: None if form.fullmatch(word) else step)


def _refuse_twice(key: str, node: ListNode, reader: Reader) -> None:
    seen = set()
    for item in node.items:
        text = item.text if isinstance(item, ScalarNode) else None
        if text in seen:
            reader.fault(item, f"{key} lists {text!r} twice", "Take one of the two out.", kinds.CONDITION)
        elif text is not None:
            seen.add(text)


def _wrong_domain(word: str) -> str | None:
    carried = normalised(word)
    if carried is None:
        return "Write it as example.com."
    return None if carried == word else f"Write {carried}: records carry it so."


def _checked(key: str, node: Node, reader: Reader, wrong: Callable[[str], str | None]) -> tuple[str, ...]:
    """The words of a condition; `wrong` says what to write instead of a word that cannot be used."""
    words: dict[str, None] = {}
    for item in node.items if isinstance(node, ListNode) else (node,):
        word = reader.text(item, key)
        if word is None:
            continue
        step = wrong(word) or (_SHORTER if len(word) > _LONGEST_TEXT else None)
        if step is not None:
            reader.fault(item, f"{key} cannot be {word!r}", step, kinds.CONDITION)
        words[word] = None
    if isinstance(node, ListNode) and not node.items:
        reader.choices(node, key)  # notes the empty list
    return tuple(words)
