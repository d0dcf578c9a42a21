r"""The query language, as far as the sandbox understands it.

Owns its grammar. What a stranger would get wrong: there is no OR and no JOIN; a quote inside a text is written \' and
a backslash \\; entity names count case; inactive names are left out unless Active is asked for; a query that is not
understood is refused (4000, 4001), for ignoring a part of it would return everything.
"""

import re
from dataclasses import dataclass

from connector.sandbox.quickbooks import objects, stamps
from connector.sandbox.quickbooks.entities import KINDS, SINGLE
from connector.sandbox.quickbooks.fields import FIELDS
from connector.sandbox.quickbooks.objects import DELETED, TRANSACTIONS

MOST = 1000
USUAL = 100


class QueryError(ValueError):
    """A query outside the grammar; ``code`` is 4000 for one that cannot be read, 4001 for one that asks for nothing."""

    def __init__(self, words: str, code: str = "4001") -> None:
        """Say what is wrong."""
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Query:
    """A query taken apart; the condition is SQL over the columns of ``objects``."""

    kind: str
    columns: tuple[str, ...]
    is_count: bool
    condition: str
    values: tuple[object, ...]
    order: str
    start: int
    size: int


_TIMES = {"MetaData.LastUpdatedTime": "updated_ms / 1000", "MetaData.CreateTime": "created_ms / 1000"}
_DOCUMENT = {"Id": "id", "DocNumber": "number", "TxnDate": "day", "CustomerRef": "contact_id", **_TIMES}
_NAMED = {"Id": "id", "Name": "name_key", "Active": "status", **_TIMES}
_OWN = {
    "Customer": {"Id": "id", "DisplayName": "name_key", "Active": "status", **_TIMES},
    "Item": {**_NAMED, "Sku": "reference"},
}
COLUMNS = {
    kind: {} if kind in SINGLE else _OWN.get(kind, _DOCUMENT if kind in TRANSACTIONS else _NAMED) for kind in KINDS
}
_TOKEN = re.compile(r"\s*(?:'(?P<text>(?:[^'\\]|\\.)*)'|(?P<word>[\w.:+-]+)|(?P<sign><=|>=|[=<>(),*]))", re.DOTALL)
_RANGED = ("day", *_TIMES.values())
_LIKED = ("number", "name_key", "reference")
_SIGNS = ("=", "<", ">", "<=", ">=")


@dataclass(frozen=True, slots=True)
class _Token:
    words: str
    is_text: bool

    def is_word(self, *words: str) -> bool:
        return not self.is_text and self.words.lower() in words


class _Tokens:
    """The words of a query, taken from the front."""

    def __init__(self, words: str) -> None:
        self._left: list[_Token] = []
        place, words = 0, words.strip().rstrip(";").rstrip()
        while place < len(words):
            found = _TOKEN.match(words, place)
            if found is None:
                message = f"Encountered {words[place : place + 20]!r} at column {place + 1}"
                raise QueryError(message, "4000")
            quoted = found["text"]
            plain = found["word"] or found["sign"]
            is_text = quoted is not None
            self._left.append(_Token(re.sub(r"\\(.)", r"\1", quoted) if is_text else plain, is_text))
            place = found.end()

    def peek(self, *words: str) -> bool:
        return bool(self._left) and self._left[0].is_word(*words)

    def skip(self, *words: str) -> bool:
        found = self.peek(*words)
        if found:
            self._left.pop(0)
        return found

    def expect(self, *words: str) -> None:
        if not self.skip(*words):
            raise self.trouble(f"expected {' or '.join(words)}")

    def take(self) -> _Token:
        if not self._left:
            raise self.trouble("something is missing")
        return self._left.pop(0)

    def end(self) -> None:
        if self._left:
            raise self.trouble("the sandbox reads no more than this")

    def trouble(self, words: str) -> QueryError:
        seen = self._left[0].words if self._left else "the end"
        return QueryError(f'Encountered " {seen} "; {words}', "4000")


def parse(words: str) -> Query:
    """The query, taken apart.

    Raises:
        QueryError: it is outside the grammar, or names what cannot be asked.
    """
    tokens = _Tokens(words)
    tokens.expect("select")
    names, is_count = _selected(tokens)
    tokens.expect("from")
    kind = tokens.take().words
    if kind not in COLUMNS:
        message = f"Invalid context declaration: {kind}"
        raise QueryError(message)
    for name in names:
        _known(kind, name)
    parts, values = _conditions(tokens, kind)
    order = _order(tokens, kind)
    start = _whole(tokens) if tokens.skip("startposition") else 1
    size = _whole(tokens) if tokens.skip("maxresults") else USUAL
    tokens.end()
    if start < 1 or size > MOST:
        message = f"a query starts at 1 and gives {MOST} at most, not {start} and {size}"
        raise QueryError(message)
    if kind not in TRANSACTIONS and "status" not in " ".join(parts):
        parts.append("status = 'true'")
    parts.append(f"status != '{DELETED}'")
    return Query(kind, names, is_count, " and ".join(parts), tuple(values), order, start, size)


def _selected(tokens: _Tokens) -> tuple[tuple[str, ...], bool]:
    if tokens.skip("count"):
        for sign in ("(", "*", ")"):
            tokens.expect(sign)
        return (), True
    names, all_of_them = [], False
    while True:
        word = tokens.take().words
        all_of_them = all_of_them or word == "*"
        names.append(word)
        if not tokens.skip(","):
            return (() if all_of_them else tuple(names)), False


def _known(kind: str, name: str) -> None:
    if name.partition(".")[0] not in (*FIELDS.get(kind, ()), *(one.partition(".")[0] for one in COLUMNS[kind])):
        message = f"Property {name} not found for Entity {kind}"
        raise QueryError(message)


def _conditions(tokens: _Tokens, kind: str) -> tuple[list[str], list[object]]:
    parts: list[str] = []
    values: list[object] = []
    if not tokens.skip("where"):
        return parts, values
    while True:
        name = tokens.take().words
        column = COLUMNS[kind].get(name)
        if column is None:
            _known(kind, name)
            message = f"property {name} is not queryable here; {', '.join(COLUMNS[kind])} are"
            raise QueryError(message)
        part, more = _comparison(tokens, name, column)
        parts.append(part)
        values += more
        if not tokens.skip("and"):
            return parts, values


def _comparison(tokens: _Tokens, name: str, column: str) -> tuple[str, list[object]]:
    if tokens.skip("in"):
        tokens.expect("(")
        values = [_value(tokens, name, column)]
        while tokens.skip(","):
            values.append(_value(tokens, name, column))
        tokens.expect(")")
        return f"{column} in ({', '.join('?' for _ in values)})", values
    if tokens.skip("like") and column in _LIKED:
        pattern = str(_value(tokens, name, column)).replace("\\", "\\\\").replace("_", "\\_")
        return f"{column} like ? escape '\\'", [pattern]
    sign = tokens.take().words
    if sign not in _SIGNS or (sign != "=" and column not in _RANGED):
        message = f"{name} cannot be compared by {sign}"
        raise QueryError(message, "4000")
    return f"{column} {sign} ?", [_value(tokens, name, column)]


def _value(tokens: _Tokens, name: str, column: str) -> object:
    token = tokens.take()
    if column == "status":
        if token.is_word("true", "false"):
            return token.words.lower()
    elif column in _TIMES.values():
        moment = stamps.parse_moment(token.words)
        if moment is not None:
            return moment // 1000
    elif column == "day":
        day = stamps.parse_day(token.words)
        if day is not None:
            return day.isoformat()
    elif token.is_text or token.words.isdigit():
        return objects.name_key(token.words) if column == "name_key" else token.words
    message = f"{name} cannot be compared with {token.words}"
    raise QueryError(message)


def _order(tokens: _Tokens, kind: str) -> str:
    is_ordered = tokens.skip("orderby")
    if not is_ordered and tokens.skip("order"):
        tokens.expect("by")
        is_ordered = True
    parts = []
    while is_ordered:
        name = tokens.take().words
        column = COLUMNS[kind].get(name)
        if column is None:
            message = f"the sandbox cannot sort {kind} by {name}"
            raise QueryError(message)
        way = "desc" if tokens.skip("desc") else "asc"
        tokens.skip("asc")
        parts.append(f"{column} {way}")
        is_ordered = tokens.skip(",")
    return f"order by {', '.join([*parts, 'seq'])}"


def _whole(tokens: _Tokens) -> int:
    token = tokens.take()
    if token.is_text or not token.words.isdigit():
        message = f"{token.words} is no whole number"
        raise QueryError(message, "4000")
    return int(token.words)
