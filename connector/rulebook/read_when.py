"""Reading the conditions of a rule. Every condition is an attribute against constants; bounds are inclusive.

`domain` is compared with the normalised domain of a record, so only normalised ones are accepted here.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

from connector.declared import ListNode, Node, Reader, ScalarNode
from connector.domain.employees import LARGEST_COUNT
from connector.domain.words import EventKind, PartnerKind, Plan
from connector.rulebook import kinds
from connector.rulebook.domains import normalised
from connector.rulebook.spec import (
    CLIENTS_THIS_YEAR,
    DAY,
    EMPLOYEES,
    PLACES_LEFT,
    TAG,
    TAGGED,
    Band,
    Conditions,
    Range,
)

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
# Each with its lowest bound; days have none.
_RANGES: Mapping[str, tuple[str, int | None]] = {
    "employees": (EMPLOYEES, 1),
    "dates": (DAY, None),
    CLIENTS_THIS_YEAR: (CLIENTS_THIS_YEAR, 1),
    PLACES_LEFT: (PLACES_LEFT, 0),
}
_BAND, _TAGS = "band", "tags"
CONDITIONS = (*_KEYS, _TAGS, _BAND, *_RANGES)


def read_when(node: Node | None, reader: Reader, entities: tuple[str, ...], bands: tuple[Band, ...]) -> Conditions:
    """The conditions under `when`; faults are noted.

    Args:
        node: the conditions.
        reader: of the file.
        entities: the declared selling entities.
        bands: the tiers that `band` may name.
    """
    entries = reader.mapping(node, "when", optional=CONDITIONS) or {}
    if node is not None and not entries:
        step = "Name at least one condition, such as event: bundle."
        reader.fault(node, "the rule has no condition", step, kinds.CONDITION)
    words = {key: _words(key, entries[key], reader, entities) for key in _KEYS if key in entries}
    tags = _checked(_TAGS, entries[_TAGS], reader, _wrong_tag) if _TAGS in entries else ()
    words |= {TAG + tag: (TAGGED,) for tag in tags}
    ranges = {}
    for key, (attribute, lowest) in _RANGES.items():
        bounds = reader.mapping(entries.get(key), key, optional=("from", "to"))
        if bounds is not None:
            ranges[attribute] = read_interval(bounds, key, reader, lowest=lowest)
            if not bounds:
                reader.fault(entries[key], f"{key} says neither from nor to", "Add one of them.", kinds.CONDITION)
    if _BAND in entries:
        if EMPLOYEES in ranges:
            step = "Keep one of the two: they speak of the same number."
            reader.fault(entries[_BAND], "the rule names both a band and employees", step, kinds.CONDITION)
        ranges[EMPLOYEES] = _banded(entries[_BAND], reader, bands)
    if EventKind.MONTH in words.get("event", ()) and len(words["event"]) > 1:
        step = "Write a rule of its own for event: month."
        reader.fault(entries["event"], "month stands beside other events", step, kinds.CONDITION)
    total = sum(len(named) for named in words.values())
    if node is not None and total > LONGEST_LIST:
        step = f"Name at most {LONGEST_LIST} in one rule; write a second rule for the rest."
        reader.fault(node, f"the conditions list {total} values in all", step, kinds.CONDITION)
    return Conditions(words, ranges)


def read_interval(entries: Mapping[str, Node], what: str, reader: Reader, *, lowest: int | None) -> Range:
    """The closed bounds under `from` and `to`: whole numbers from `lowest` up, or days as ordinals where it is None."""
    low, high = (_bound(entries.get(key), f"{what} {key}", reader, lowest) for key in ("from", "to"))
    if low is not None and high is not None and high < low:
        reader.fault(entries["to"], f"{what} ends before it starts", "Mend one of the two bounds.", kinds.CONDITION)
    return low, high


def _bound(node: Node | None, what: str, reader: Reader, lowest: int | None) -> int | None:
    if lowest is None:
        day = reader.day(node, what)
        return None if day is None else day.toordinal()
    return reader.whole(node, what, lowest, LARGEST_COUNT)


def _banded(node: Node, reader: Reader, bands: tuple[Band, ...]) -> Range:
    """The headcounts of the tiers named, which lie side by side."""
    known = {band.label: band for band in sorted(bands, key=lambda band: band.low)}
    labels = reader.choices(node, _BAND, known or None, kinds.NAME_UNKNOWN)
    if isinstance(node, ListNode):
        _refuse_twice(_BAND, node, reader)
    chosen = sorted((known[label] for label in labels if label in known), key=lambda band: band.low)
    for left, right in pairwise(chosen):
        if left.high is None or left.high + 1 != right.low:
            message = f"tiers {left.label} and {right.label} do not lie side by side"
            step = "Name neighbours only; write a second rule for the others."
            reader.fault(node, message, step, kinds.CONDITION)
    return (chosen[0].low, chosen[-1].high) if chosen else (1, None)


def _wrong_tag(word: str) -> str | None:
    plain = " ".join(word.lower().split())
    if plain == word and _LINE[0].fullmatch(word):
        return None
    return f"Write {plain}: records carry tags so." if plain else _LINE[1]


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
