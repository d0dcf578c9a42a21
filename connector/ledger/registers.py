"""Document numbers, the ledger's digest key, and the erasure of what is personal.

A stranger's trap: numbers are given inside the transaction that writes their documents. A transaction that fails gives
its numbers back, which is what makes them gap-free.
"""

from connector.ledger import database

LONGEST_NUMBER = 21
_DIGITS = 6
ALIAS_KEY = "alias"


def next_numbers(entity: str, kind: str, prefix: str, count: int) -> list[str]:
    """The next document numbers of a selling entity, without a gap: `US-000001`, `US-000002`.

    Args:
        entity: the selling entity.
        kind: the kind of document; each has a count of its own.
        prefix: what the numbers start with, its dash included.
        count: how many.

    Raises:
        RuntimeError: no transaction is open.
        ValueError: a number would be longer than 21 characters, or `count` is negative.
        StoreError: the file refuses.
    """
    database.require_transaction("giving document numbers")
    if count < 0:
        message = f"{count} numbers cannot be given"
        raise ValueError(message)
    if count == 0:
        return []
    [(last,)] = database.fetch(
        "INSERT INTO counter (entity, kind, last) VALUES (?, ?, ?)"
        " ON CONFLICT (entity, kind) DO UPDATE SET last = counter.last + excluded.last RETURNING last",
        (entity, kind, count),
    )
    numbers = _numbers(prefix, last - count, count)
    if len(numbers[-1]) > LONGEST_NUMBER:
        message = f"{numbers[-1]} is longer than {LONGEST_NUMBER} characters: shorten the prefix {prefix!r}"
        raise ValueError(message)
    return numbers


def coming_numbers(entity: str, kind: str, prefix: str, count: int) -> list[str]:
    """The numbers that `next_numbers` would give now; nothing is given."""
    found = database.fetch("SELECT last FROM counter WHERE entity = ? AND kind = ?", (entity, kind))
    return _numbers(prefix, found[0][0] if found else 0, count)


def _numbers(prefix: str, last: int, count: int) -> list[str]:
    return [f"{prefix}{one:0{_DIGITS}d}" for one in range(last + 1, last + 1 + count)]


def alias_key() -> bytes:
    """The secret of this ledger for keyed digests, made when it was first opened; 32 bytes."""
    [(value,)] = database.fetch("SELECT value FROM ledger_key WHERE name = ?", (ALIAS_KEY,))
    return bytes.fromhex(value)


def erase(owner_type: str, owner_id: str) -> int:
    """Erase every name, domain and excerpt of one owner; its entries stay. Returns how many fields there were.

    It joins the open transaction; `overwrite_erased` follows when that is committed.
    """
    with database.joined():
        return database.execute("DELETE FROM personal WHERE owner_type = ? AND owner_id = ?", (owner_type, owner_id))
