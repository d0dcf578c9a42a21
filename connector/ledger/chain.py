"""A hash chain per selling entity, one link per transaction, so that a rewritten ledger is noticed.

A stranger's trap: the head must be the last thing a transaction takes, and its digest is printed in reports; a chain
whose head nobody has written down elsewhere proves nothing.
"""

from datetime import datetime
from hashlib import sha256

from connector.ledger import database
from connector.ledger.times import time_text

GENESIS = "0" * 64  # the head of a chain without links


def chain_append(entity: str, payload_digest: str, at: datetime) -> str:
    """Add the transaction's link to the chain of a selling entity.

    Args:
        entity: the selling entity.
        payload_digest: hexadecimal digest of what the transaction wrote.
        at: the time of the run, with a time zone.

    Returns:
        the digest of the link: the new head.

    Raises:
        RuntimeError: no transaction is open.
        StoreError: the file refuses.
    """
    database.require_transaction("a link of the hash chain")
    sequence, previous = _head(entity)
    moment = time_text(at)
    digest = _digest(entity, sequence + 1, payload_digest, previous, moment)
    database.execute(
        "INSERT INTO chain_link (entity, sequence, payload_digest, previous, digest, at) VALUES (?, ?, ?, ?, ?, ?)",
        (entity, sequence + 1, payload_digest, previous, digest, moment),
    )
    database.execute(
        "INSERT INTO chain_head (entity, sequence, digest) VALUES (?, ?, ?)"
        " ON CONFLICT (entity) DO UPDATE SET sequence = excluded.sequence, digest = excluded.digest",
        (entity, sequence + 1, digest),
    )
    return digest


def chain_head(entity: str) -> str:
    """The digest of the latest link; sixty-four zeros before the first one."""
    return _head(entity)[1]


def chain_faults(entity: str) -> tuple[str, ...]:
    """Every place where the stored chain does not follow from itself; empty when it does."""
    links = database.fetch(
        "SELECT sequence, payload_digest, previous, digest, CAST(at AS TEXT) FROM chain_link"
        " WHERE entity = ? ORDER BY sequence",
        (entity,),
    )
    faults = []
    head = (0, GENESIS)
    for sequence, payload, previous, digest, moment in links:
        if (sequence, previous) != (head[0] + 1, head[1]):
            faults.append(f"link {sequence} of {entity} does not follow link {head[0]}")
        if digest != _digest(entity, sequence, payload, previous, moment):
            faults.append(f"link {sequence} of {entity} was changed after it was written")
        head = (sequence, digest)
    if head != _head(entity):
        faults.append(f"the head of {entity} is not its last link, {head[0]}")
    return tuple(faults)


def _head(entity: str) -> tuple[int, str]:
    found = database.fetch("SELECT sequence, digest FROM chain_head WHERE entity = ?", (entity,))
    return (int(found[0][0]), str(found[0][1])) if found else (0, GENESIS)


def _digest(entity: str, sequence: int, payload_digest: str, previous: str, moment: str) -> str:
    return sha256("\x1f".join((entity, str(sequence), payload_digest, previous, moment)).encode()).hexdigest()
