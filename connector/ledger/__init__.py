"""The ledger: what was billed, to whom, under which number, and what the accounting system answered.

A stranger's trap: entries are append-only, and it is the database that refuses to change them, not this code. Importing
this package does not load Django; `open_store` does. What is still to be sent is in `connector.ledger.outbox`.
"""

from connector.ledger.chain import chain_append, chain_faults, chain_head
from connector.ledger.database import transaction
from connector.ledger.errors import RefusedError, StoreError
from connector.ledger.frames import append, put, read
from connector.ledger.locks import process_lock
from connector.ledger.registers import alias_key, erase, next_numbers
from connector.ledger.schemas import TABLES, insert_schema
from connector.ledger.store import close_store, open_store

__all__ = [
    "TABLES",
    "RefusedError",
    "StoreError",
    "alias_key",
    "append",
    "chain_append",
    "chain_faults",
    "chain_head",
    "close_store",
    "erase",
    "insert_schema",
    "next_numbers",
    "open_store",
    "process_lock",
    "put",
    "read",
    "transaction",
]
