"""The tree of a declared file. Every node knows its place; a mapping's keys know theirs."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.domain.places import Line


@dataclass(frozen=True)
class ScalarNode:
    """One value as written. `quoted` tells `"no"` from `no`."""

    text: str
    quoted: bool
    place: Line


@dataclass(frozen=True)
class ListNode:
    """A sequence of nodes."""

    items: tuple["Node", ...]
    place: Line


@dataclass(frozen=True)
class MapNode:
    """A mapping; keys are unique texts, each with the place of its key in `key_places`."""

    entries: Mapping[str, "Node"]
    key_places: Mapping[str, Line]
    place: Line


Node = ScalarNode | ListNode | MapNode
