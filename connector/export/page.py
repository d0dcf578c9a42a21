"""The reading process for one page: its bytes on standard input, its records as NDJSON on standard output.

The first line out is a JSON object that says what was found. Records are copied as they are written, digit by digit;
only the line breaks between their parts become spaces. It limits itself before it looks at a byte.
"""

import json
import resource
import sys

from connector.jsonwalk import ITEM, LEAF, LIST, JsonFaultError, exact_decoder, records_of

MEMORY_BYTES = 3 * 2**30
CPU_SECONDS = 120
_BREAKS = str.maketrans("\r\n", "  ")

KeyPath = tuple[str, ...]


def main(arguments: list[str]) -> int:
    """Read one page.

    Args:
        arguments: a JSON object with `records` and `next` (lists of keys, or null for none) and `sheet`.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.loads(arguments[0])
    try:
        found, lines = _read(sys.stdin.buffer.read(), asked)
    except MemoryError:
        found, lines = {"fault": "it needs more memory than is allowed"}, []
    sys.stdout.buffer.write(json.dumps(found).encode() + b"\n")
    for line in lines:
        sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
    return 0


def _read(data: bytes, asked: dict[str, object]) -> tuple[dict[str, object], list[str]]:
    try:
        text = data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
        return _found(text, asked)
    except UnicodeDecodeError as error:
        return {"fault": f"its byte {error.start + 1:,} is no text in {error.encoding}"}, []
    except JsonFaultError as fault:
        return {"fault": f"it is no JSON from line {fault.line}, column {fault.column} on: {fault}"}, []


def _found(text: str, asked: dict[str, object]) -> tuple[dict[str, object], list[str]]:
    lists: dict[KeyPath, list[str]] = {}
    objects: set[KeyPath] = set()
    way = _way(asked["next"])
    after: dict[str, object] = {}
    for part in records_of(text, exact_decoder(strict=True)):
        if way and part.path[: len(way)] == way and (part.what != LEAF or len(part.path) > len(way)):
            after = {"fault": "what leads to the next page is no single text"}
        elif part.what == LIST:
            lists.setdefault(part.path, [])
        elif part.what == ITEM:
            lists[part.path].append(text[part.start : part.end].translate(_BREAKS))
            if isinstance(part.value, tuple):
                objects.add(part.path)
        elif part.what == LEAF and part.path == way:
            after = _after(part.value)
    chosen = _chosen(lists, objects, asked)
    if isinstance(chosen, str):
        return {"fault": chosen}, []
    return {"records": len(lists[chosen]), **after}, lists[chosen]


def _after(value: object) -> dict[str, object]:
    """What the page says of the next one: null at the end, else a cursor or link."""
    if value is None or value == "" or value is False:
        return {"next": None}
    return {"next": value} if isinstance(value, str) else {"fault": "what leads to the next page is no single text"}


def _chosen(lists: dict[KeyPath, list[str]], objects: set[KeyPath], asked: dict[str, object]) -> KeyPath | str:
    """The path of the list that holds the records, or what is wrong."""
    told = _way(asked["records"])
    if told is not None:
        return told if told in lists else f"it has no list at {'.'.join(told)}"
    if () in lists:
        return ()
    named = [path for path in lists if path[-1] == asked["sheet"]]
    found = named or sorted(objects) or list(lists)
    if len(found) == 1:
        return found[0]
    names = ", ".join(".".join(path)[:60] for path in found[:5])
    return f"it has several lists ({names}), so records: must name one" if found else "it holds no list of records"


def _way(value: object) -> KeyPath | None:
    return tuple(str(key) for key in value) if isinstance(value, list) else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
