"""``requestid``: the first answer to an id is the answer to its repetitions, if the switches say so.

Owns its lengths and its memory. What a stranger would get wrong: in a batch every item has an id of its own, made of
the batch's and the item's ``bId``, so a batch that broke half-way is finished by its repetition.
"""

import hashlib
import sqlite3
from dataclasses import dataclass

from connector.sandbox import jsontext, store
from connector.sandbox.jsontext import Record
from connector.sandbox.quickbooks import errors
from connector.sandbox.quickbooks.errors import Error, Refused
from connector.sandbox.quickbooks.settings import Switches

LONGEST, LONGEST_OF_BATCH, LONGEST_BID = 50, 36, 10


def too_long(requestid: str) -> list[Error]:
    """What is wrong with the id of a single call."""
    return [_beyond(LONGEST, len(requestid))] if len(requestid) > LONGEST else []


def too_long_for_batch(requestid: str, bids: list[str]) -> list[Error]:
    """What is wrong with the id of a batch and those of its items."""
    longest = max(map(len, bids), default=0)
    is_fine = len(requestid) <= LONGEST_OF_BATCH and longest <= LONGEST_BID
    return [] if is_fine or not requestid else [_beyond(LONGEST, len(requestid) + longest)]


def _beyond(longest: int, length: int) -> Error:
    words = f"You cannot enter more than {longest} characters in the request_id field"
    return errors.business(f"{words}; the one you entered is {length} characters", element="requestid")


def fingerprint(*parts: str) -> str:
    """What a request asked for, in one digest."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Repeatable:
    """What could be a repetition: its company, its id, the digest of what it asks, when it arrived."""

    realm: str
    key: str
    asked: str
    arrived_ms: int


def recall(db: sqlite3.Connection, call: Repeatable, switches: Switches) -> Record | Refused | None:
    """The answer already given to this id, or ``None`` when the work is to be done."""
    dead_ms = store.now_ms(db) - switches.requestid_lifetime_seconds * 1000
    db.execute("delete from keys where app = ? and first_ms <= ?", (_owner(call), dead_ms))
    sql = "select fingerprint, first_ms, body from keys where app = ? and key = ?"
    row = db.execute(sql, (_owner(call), call.key)).fetchone()
    if row is None or (switches.requestid_running == "execute" and row[1] > call.arrived_ms):
        return None
    held, _, body = row
    if held != call.asked and switches.requestid_changed_body == "refuse":
        return (errors.business("The request id was used with a different request", element="requestid"),)
    if held != call.asked and switches.requestid_changed_body == "execute":
        return None
    answer = jsontext.as_record(jsontext.read(body)) or {}
    wrong = jsontext.records(answer.get("errors"))
    return tuple(Error(*map(str, one.values())) for one in wrong) if wrong else answer


def remember(db: sqlite3.Connection, call: Repeatable, answer: Record | Refused) -> None:
    """Keep the answer; belongs into the transaction of the work itself."""
    told: object = answer
    if isinstance(answer, tuple):
        told = {"errors": [_parts_of(error) for error in answer]}
    values = (_owner(call), call.key, call.asked, store.now_ms(db), 200, "", jsontext.write(told))
    db.execute("insert or replace into keys values (?, ?, ?, ?, ?, ?, ?)", values)


def _parts_of(error: Error) -> Record:
    """An error as it is remembered."""
    return {"code": error.code, "message": error.message, "detail": error.detail, "element": error.element}


def _owner(call: Repeatable) -> str:
    return f"quickbooks {call.realm}"
