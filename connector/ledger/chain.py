"""A hash chain per selling entity, one link per transaction, so that a rewritten ledger is noticed.

A stranger's trap: the head must be the last thing a transaction takes, and its digest is printed in reports; a chain
whose head nobody has written down elsewhere proves nothing.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from connector.ledger import database
from connector.ledger.times import time_text

GENESIS = "0" * 64  # the head of a chain without links


def chain_append(entity: str, contents: str, at: datetime, *, by: str, batch: str) -> str:
    """Add a link to the chain of a selling entity.

    Args:
        entity: the selling entity, or the ledger's own chain.
        contents: what the link covers, `entries.contents_of`.
        at: the time of the entries, with a time zone.
        by: who made them.
        batch: what its rows carry; no other link has it.

    Returns:
        the digest of the link: the new head.

    Raises:
        RuntimeError: no transaction is open.
        StoreError: the file refuses.
    """
    database.require_transaction("a link of the hash chain")
    moment = time_text(at)
    # The head row is locked and counted on in one statement; it keeps the digest of the link before until the last one.
    [(sequence, previous)] = database.fetch(
        "INSERT INTO chain_head (entity, sequence, digest) VALUES (?, 1, ?)"
        " ON CONFLICT (entity) DO UPDATE SET sequence = chain_head.sequence + 1 RETURNING sequence, digest",
        (entity, GENESIS),
    )
    link = Link(entity, sequence, sha256(contents.encode()).hexdigest(), previous, moment, batch, by, contents)
    database.execute(
        "INSERT INTO chain_link (entity, sequence, payload_digest, previous, digest, at, batch, by, contents)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (entity, sequence, link.payload_digest, previous, link.digest, moment, batch, by, contents),
    )
    database.execute("UPDATE chain_head SET digest = ? WHERE entity = ?", (link.digest, entity))
    return link.digest


def chain_head(entity: str) -> str:
    """The digest of the latest link; sixty-four zeros before the first one."""
    return chain_heads().get(entity, GENESIS)


def chain_heads() -> dict[str, str]:
    """The digest of the latest link of every chain, by entity."""
    return dict(database.fetch("SELECT entity, digest FROM chain_head ORDER BY entity"))


@dataclass(frozen=True)
class Link:
    """A link of a chain.

    Attributes:
        entity: whose chain.
        sequence: its place in it, from 1.
        payload_digest: digest of what the transaction wrote; of `contents`, where there are any.
        previous: the digest of the link before it.
        at: the time of the entries, as stored.
        batch, by, contents: as `chain_append`; None in links of earlier versions, which cover no rows.
    """

    entity: str
    sequence: int
    payload_digest: str
    previous: str
    at: str
    batch: str | None
    by: str | None
    contents: str | None

    @property
    def digest(self) -> str:
        """What its digest must be."""
        parts = (self.entity, str(self.sequence), self.payload_digest, self.previous, self.at)
        if self.batch is None:
            return sha256("\x1f".join(parts).encode()).hexdigest()
        return sha256(json.dumps([*parts, self.batch, self.by], separators=(",", ":")).encode()).hexdigest()

    @property
    def sound(self) -> bool:
        """Whether what it says of its contents is what its digest is over."""
        return self.contents is None or sha256(self.contents.encode()).hexdigest() == self.payload_digest


def chain_links(entity: str) -> list[tuple[Link, str]]:
    """Every link of a chain as it is stored, in order, with the digest stored beside it."""
    rows = database.fetch(
        f"SELECT sequence, payload_digest, previous, {database.moment('at')}, batch, by, contents, digest"  # noqa: S608 - a column
        " FROM chain_link"
        " WHERE entity = ? ORDER BY sequence",
        (entity,),
    )
    return [(Link(entity, *row[:-1]), row[-1]) for row in rows]


def chain_entities() -> list[str]:
    """Whose chains there are, also those that have lost their head or their links."""
    found = database.fetch("SELECT entity FROM chain_link UNION SELECT entity FROM chain_head")
    return sorted(entity for (entity,) in found)


def chain_faults(entity: str) -> tuple[tuple[int, str], ...]:
    """Every place where the stored chain does not follow from itself, as sequence and sentence; empty when it does."""
    faults = []
    head = (0, GENESIS)
    for link, stored in chain_links(entity):
        if (link.sequence, link.previous) != (head[0] + 1, head[1]):
            faults.append((link.sequence, f"link {link.sequence} of {entity} does not follow link {head[0]}"))
        if stored != link.digest or not link.sound:
            faults.append((link.sequence, f"link {link.sequence} of {entity} was changed after it was written"))
        head = (link.sequence, stored)
    found = database.fetch("SELECT sequence, digest FROM chain_head WHERE entity = ?", (entity,))
    if (tuple(found[0]) if found else (0, GENESIS)) != head:
        faults.append((head[0], f"the head of {entity} is not its last link, {head[0]}"))
    return tuple(faults)
