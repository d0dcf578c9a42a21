"""The ledger: what was billed, to whom, under which number, and what the accounting system answered.

A stranger's trap: entries are append-only, and it is the database that refuses to change them, not this code. Importing
this package does not load Django; `open_store` does. What is still to be sent is in `connector.ledger.outbox`.
"""

from connector.ledger.chain import chain_faults, chain_head, chain_heads
from connector.ledger.database import transaction
from connector.ledger.entries import acting, seal
from connector.ledger.errors import RefusedError, StoreError
from connector.ledger.frames import append, put, read
from connector.ledger.locks import process_lock
from connector.ledger.registers import alias_key, erase, next_numbers
from connector.ledger.schemas import TABLES, insert_schema
from connector.ledger.store import close_store, open_store
from connector.ledger.verify import Chain, Fault, Verified, verify

__all__ = [
    "TABLES",
    "Chain",
    "Fault",
    "RefusedError",
    "StoreError",
    "Verified",
    "acting",
    "alias_key",
    "append",
    "chain_faults",
    "chain_head",
    "chain_heads",
    "close_store",
    "erase",
    "insert_schema",
    "next_numbers",
    "open_store",
    "process_lock",
    "put",
    "read",
    "seal",
    "transaction",
    "verify",
]
