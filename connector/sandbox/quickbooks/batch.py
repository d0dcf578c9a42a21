"""Many operations in one call, each with its own fate.

Owns the shape of a batch. What a stranger would get wrong: the reply is 200 whatever happened to the items; its answers
come in any order and are matched by ``bId``; items run one after the other, each commits on its own, and none sees
another's result.
"""

from dataclasses import dataclass

from connector.sandbox import jsontext
from connector.sandbox.jsontext import Record, text
from connector.sandbox.quickbooks import entities, errors, listing, requestids
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.entities import Asked
from connector.sandbox.quickbooks.errors import Error, Refused
from connector.sandbox.replies import Request

_OPERATIONS = ("create", "update", "delete", "void")
_BESIDE = ("bId", "operation", "optionsData")


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its id, and what it asks: an operation or a query."""

    bid: str
    asked: Asked | str
    text: str


def size(request: Request) -> int:
    """How many items a body holds, however faulty; at least one, for an empty batch is a batch too."""
    try:
        body = jsontext.as_record(jsontext.read(request.body)) or {}
    except jsontext.NotJsonError:
        return 1
    return max(1, len(jsontext.records(body.get("BatchItemRequest"))))


def items(request: Request, most: int) -> list[Item] | Refused:
    """The items of a request, or what is wrong with it as a whole."""
    try:
        body = jsontext.as_record(jsontext.read(request.body)) or {}
    except jsontext.NotJsonError as error:
        return (errors.unreadable("BatchItemRequest", error),)
    listed = body.get("BatchItemRequest")
    found = jsontext.records(listed)
    wrong: list[Error] = [errors.unknown(name, "IntuitBatchRequest") for name in body if name != "BatchItemRequest"]
    if not isinstance(listed, list) or not found or len(found) != len(listed):
        wrong.append(errors.required("BatchItemRequest"))
    if len(found) > most:
        wrong.append(errors.business(f"A batch holds {most} items at most, not {len(found)}"))
    bids = [text(item, "bId") for item in found]
    if "" in bids:
        wrong.append(errors.required("bId"))
    elif len(set(bids)) != len(bids):
        wrong.append(errors.business("Each bId of a batch must be its own", element="bId"))
    wrong += requestids.too_long_for_batch(request.query.get("requestid", ""), bids)
    if wrong:
        return tuple(wrong)
    made = [_item(item) for item in found]
    faults = tuple(error for one in made if isinstance(one, tuple) for error in one)
    return faults or [one for one in made if isinstance(one, Item)]


def _item(item: Record) -> Item | Refused:
    named = [name for name in item if name not in _BESIDE]
    if len(named) != 1:
        return (errors.required("one entity or Query in each item"),)
    (name,) = named
    bid, words = text(item, "bId"), jsontext.write(item)
    if name == "Query":
        return Item(bid, text(item, "Query"), words)
    body = jsontext.as_record(item[name])
    if name not in entities.KINDS or body is None:
        return (errors.unknown(name, "BatchItemRequest"),)
    operation = text(item, "operation")
    if operation not in _OPERATIONS:
        return (errors.no_such_word("operation", operation),)
    options = frozenset(word.strip() for word in text(item, "optionsData").split(",") if word.strip())
    return Item(bid, Asked(name, operation, options, body), words)


def queries_first(found: list[Item]) -> list[Item]:
    """The items in the order they are done: a query sees nothing of what its own batch writes."""
    return sorted(found, key=lambda item: not isinstance(item.asked, str))


def perform(context: Context, item: Item) -> Record | Refused:
    """Do one item."""
    if isinstance(item.asked, str):
        return listing.answer(context, item.asked)
    return entities.perform(context, item.asked)


def told(item: Item, answer: Record | Refused) -> Record:
    """One answer of the reply."""
    if isinstance(answer, tuple):
        return {"bId": item.bid, "Fault": errors.fault(answer)}
    return {**answer, "bId": item.bid}
