"""`limits:` in connector.yaml: how much of a file is read, in units people use. What is not told is the default."""

from collections.abc import Mapping
from dataclasses import replace

from connector.declared import Node, Reader
from connector.intake import Limits

_MEGABYTE = 1_000_000
_MEBIBYTE = 2**20
# Key → the limit it sets, how many of its units one is, and its bounds.
_KEYS: Mapping[str, tuple[str, int, int, int]] = {
    "file_mb": ("file_bytes", _MEGABYTE, 1, 2_000),
    "memory_mb": ("memory_bytes", _MEBIBYTE, 512, 65_536),
    "cpu_seconds": ("cpu_seconds", 1, 1, 3_600),
    "wall_seconds": ("wall_seconds", 1, 1, 7_200),
    "cells": ("cells", 1, 1_000, 500_000_000),
    "rows": ("rows", 1, 100, 10_000_000),
    "columns": ("columns", 1, 10, 16_384),
    "archive_parts": ("members", 1, 10, 20_000),
    "part_mb": ("part_bytes", _MEBIBYTE, 1, 16_384),
    "unpacked_mb": ("total_bytes", _MEBIBYTE, 1, 32_768),
}


def read_limits(reader: Reader, node: Node | None) -> Limits:
    """The ceilings for each file; faults are noted in the reader."""
    entries = reader.mapping(node, "limits", (), _KEYS) or {}
    told = {}
    for key, (name, unit, low, high) in _KEYS.items():
        number = reader.whole(entries.get(key), key, low, high)
        if number is not None:
            told[name] = number * unit
    return replace(Limits(), **told)
