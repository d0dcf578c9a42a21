"""Declared files: YAML in which every value keeps its line and column, and YAML's traps are refused.

Nothing is resolved implicitly: a scalar stays text until a reader asks for a number, a date or a word, so `0123`,
`1_000`, `NO` and `2025-13-01` cannot quietly become something else.
"""

from connector.declared.hints import nearest, split_number
from connector.declared.nodes import ListNode, MapNode, Node, ScalarNode
from connector.declared.reader import Reader
from connector.declared.yamlfile import KINDS, parse_yaml, read_yaml, with_value

__all__ = [
    "KINDS",
    "ListNode",
    "MapNode",
    "Node",
    "Reader",
    "ScalarNode",
    "nearest",
    "parse_yaml",
    "read_yaml",
    "split_number",
    "with_value",
]
