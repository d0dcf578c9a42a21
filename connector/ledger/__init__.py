"""The ledger: what was billed, to whom, under which number, and what the accounting system answered.

A stranger's trap: entries are append-only, and it is the database that refuses to change them, not this code. Importing
this package does not load Django; `open_store` does. What is still to be sent is in `connector.ledger.outbox`.
"""

from connector.ledger.backup import backup
from connector.ledger.chain import chain_faults, chain_head, chain_heads
from connector.ledger.charge_amounts import AMOUNTS, amounts_of
from connector.ledger.charge_lines import STRETCHES, telling_charges, waiting_charges
from connector.ledger.client_lookups import Looked, aliases_of, clients_like, standing_as, without_id
from connector.ledger.database import hold, overwrite_erased, still, transaction
from connector.ledger.dump import write_dump
from connector.ledger.entries import acting, seal
from connector.ledger.errors import RefusedError, StoreError
from connector.ledger.frames import append, put, read, read_among
from connector.ledger.locks import process_lock
from connector.ledger.place import Place, Server, is_url, server_of
from connector.ledger.registers import alias_key, coming_numbers, erase, next_numbers
from connector.ledger.restore import restore_dump
from connector.ledger.schemas import TABLES, insert_schema
from connector.ledger.store import checked, close_store, described, open_store, opening
from connector.ledger.sums import BILLED, RunTally, Tally, billed_since, last_billed_on, tally_run
from connector.ledger.verify import Chain, Fault, Verified, verify

__all__ = [
    "AMOUNTS",
    "BILLED",
    "STRETCHES",
    "TABLES",
    "Chain",
    "Fault",
    "Looked",
    "Place",
    "RefusedError",
    "RunTally",
    "Server",
    "StoreError",
    "Tally",
    "Verified",
    "acting",
    "alias_key",
    "aliases_of",
    "amounts_of",
    "append",
    "backup",
    "billed_since",
    "chain_faults",
    "chain_head",
    "chain_heads",
    "checked",
    "clients_like",
    "close_store",
    "coming_numbers",
    "described",
    "erase",
    "hold",
    "insert_schema",
    "is_url",
    "last_billed_on",
    "next_numbers",
    "open_store",
    "opening",
    "overwrite_erased",
    "process_lock",
    "put",
    "read",
    "read_among",
    "restore_dump",
    "seal",
    "server_of",
    "standing_as",
    "still",
    "tally_run",
    "telling_charges",
    "transaction",
    "verify",
    "waiting_charges",
    "without_id",
    "write_dump",
]
