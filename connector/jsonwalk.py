"""JSON as it is written: every record with its place in the text, numbers by their digits, no key lost.

Nothing is built as a whole: a document of a million records is walked record by record. The stranger's trap: an object
is a tuple of its pairs, not a dictionary, so that a key that stands twice is still there twice; a list is a list.
"""

import json
import re
from collections.abc import Generator, Iterator
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

LIST, ITEM, LEAF = "list", "item", "leaf"
DEEPEST = 4  # objects within objects in which lists of records are looked for
_GAP = re.compile(r"[ \t\r\n]*")
_SPACES = {" ", "\t", "\r", "\n"}
_KEPT_AS_WRITTEN = 400
_LARGEST_POWER = 30


class Constant(str):
    """NaN or Infinity: what some programs write for a number and JSON does not have."""

    __slots__ = ()


class Part(NamedTuple):
    """Something met on the walk.

    Attributes:
        what: `list` (a list begins), `item` (an item of it) or `leaf` (anything else that is no list, and no object in
            which lists are looked for).
        path: the keys that lead to it; of an item, those that lead to its list.
        value: as the decoder gives it; None for the beginning of a list.
        start, end: where it stands in the text.
    """

    what: str
    path: tuple[str, ...]
    value: object
    start: int
    end: int


class JsonFaultError(ValueError):
    """The text is no JSON from a place on.

    Args:
        message: what is wrong.
        text: the whole text.
        at: where in it, from 0.
    """

    def __init__(self, message: str, text: str, at: int) -> None:
        super().__init__(message)
        self.line = text.count("\n", 0, at) + 1
        self.column = at - text.rfind("\n", 0, at)


def exact_decoder(*, strict: bool) -> json.JSONDecoder:
    """A decoder that keeps digits and double keys.

    Args:
        strict: whether control characters in texts are refused; without it they are kept.
    """
    return json.JSONDecoder(
        object_pairs_hook=tuple, parse_int=str, parse_float=spelled, parse_constant=Constant, strict=strict
    )


def spelled(number: str) -> str:
    """A number with a point or a power in plain digits: `12.0` is 12, `1e3` is 1000. Beyond every use, as it stands."""
    if len(number) > _KEPT_AS_WRITTEN:
        return number
    try:
        value = Decimal(number)
    except InvalidOperation:  # a power of more digits than a number can have
        return number
    if not value:
        return "0"
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_POWER:
        return number
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def decode(decoder: json.JSONDecoder, text: str, at: int) -> tuple[object, int]:
    """The value that begins at a place, and where it ends.

    Raises:
        JsonFaultError: there is none, or it is nested too deeply.
    """
    try:
        return decoder.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise JsonFaultError(error.msg[0].lower() + error.msg[1:], text, error.pos) from None
    except RecursionError:
        raise JsonFaultError("nested too deeply", text, at) from None


def walk(text: str, decoder: json.JSONDecoder) -> Generator[Part, None, int]:
    """Everything in the text's first value; what the generator returns is where it ends.

    Raises:
        JsonFaultError: the text is no JSON from some place on; what came before was handed out.
    """
    return (yield from _value(text, _skip(text, 0), (), decoder))


def _value(text: str, at: int, path: tuple[str, ...], decoder: json.JSONDecoder) -> Generator[Part, None, int]:
    sign = text[at : at + 1]
    if sign == "[":
        return (yield from _list(text, at, path, decoder))
    if sign == "{" and len(path) < DEEPEST:
        return (yield from _object(text, at, path, decoder))
    value, end = decode(decoder, text, at)
    yield Part(LEAF, path, value, at, end)
    return end


def _list(text: str, start: int, path: tuple[str, ...], decoder: json.JSONDecoder) -> Generator[Part, None, int]:
    yield Part(LIST, path, None, start, start + 1)
    at = _skip(text, start + 1)
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        value, end = decode(decoder, text, at)
        yield Part(ITEM, path, value, at, end)
        at, ended = _next(text, end, "]")
        if ended:
            return at


def _object(text: str, start: int, path: tuple[str, ...], decoder: json.JSONDecoder) -> Generator[Part, None, int]:
    at = _skip(text, start + 1)
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        if text[at : at + 1] != '"':
            raise JsonFaultError("expecting a key in double quotes", text, at)
        key, at = decode(decoder, text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise JsonFaultError("expecting ':' delimiter", text, at)
        at = yield from _value(text, _skip(text, at + 1), (*path, str(key)), decoder)
        at, ended = _next(text, at, "}")
        if ended:
            return at


def _next(text: str, at: int, closer: str) -> tuple[int, bool]:
    """Where the next part begins, or the list or object ends (then behind its closer)."""
    at = _skip(text, at)
    sign = text[at : at + 1]
    if sign == closer:
        return at + 1, True
    if sign != ",":
        raise JsonFaultError("expecting ',' delimiter", text, at)
    return _skip(text, at + 1), False


def _skip(text: str, at: int) -> int:
    if text[at : at + 1] not in _SPACES:
        return at
    found = _GAP.match(text, at)
    return found.end() if found else at


def records_of(text: str, decoder: json.JSONDecoder) -> Iterator[Part]:
    """The same walk for a text that is one whole value.

    Raises:
        JsonFaultError: as above, or something stands behind the value.
    """
    _nothing_behind(text, (yield from walk(text, decoder)))


def whole(text: str, decoder: json.JSONDecoder) -> object:
    """The one value of a text.

    Raises:
        JsonFaultError: the text is no JSON, or something stands behind the value.
    """
    value, end = decode(decoder, text, _skip(text, 0))
    _nothing_behind(text, end)
    return value


def _nothing_behind(text: str, end: int) -> None:
    rest = _skip(text, end)
    if rest < len(text):
        raise JsonFaultError("text stands behind the end of the JSON", text, rest)
