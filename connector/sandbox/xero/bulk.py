"""Many elements in one call, each with its own fate.

Owns the two ways errors come back. What a stranger would get wrong: without ``summarizeErrors=false`` a 400 lists
only the failed elements, while the others were created and their ids are not told.
"""

from collections.abc import Callable

from connector.sandbox import dates, jsontext
from connector.sandbox.jsontext import Record, text
from connector.sandbox.replies import Reply, Request
from connector.sandbox.xero import fields, refusals
from connector.sandbox.xero.contacts import Outcome
from connector.sandbox.xero.context import Context
from connector.sandbox.xero.documents import NO_ID

_DATED = ("InvoiceID", "CreditNoteID")
Work = Callable[[Record], Outcome]


def elements(context: Context, request: Request, kind: str, shape: str) -> list[Record] | Reply:
    """The objects of a request body, a list under ``kind`` or one alone, or the refusal of the whole."""
    switches = context.switches
    try:
        body = jsontext.as_record(jsontext.read(request.body))
    except jsontext.NotJsonError as error:
        return _malformed(context, str(error))
    if body is None:
        return _malformed(context, "the body is not a JSON object")
    listed = body.get(kind, [body] if body else [])
    found = jsontext.records(listed)
    if not isinstance(listed, list) or len(found) != len(listed):
        return _malformed(context, f"{kind} is not a list of objects")
    if not found:
        return refusals.bad_request(
            switches.no_data_error_number, "NoDataProcessedException", "No data has been processed"
        )
    strays = [f"{name} does not belong beside {kind}" for name in body if kind in body and name != kind]
    wrong = [fault for element in found for fault in fields.faults(shape, element, strict=switches.strict_fields)]
    wrong += strays if switches.strict_fields else []
    return _malformed(context, "; ".join(wrong)) if wrong else found


def size(request: Request) -> int:
    """How many elements the body holds, however faulty."""
    try:
        body = jsontext.as_record(jsontext.read(request.body)) or {}
    except jsontext.NotJsonError:
        return 0
    return max([1, *(len(value) for value in body.values() if isinstance(value, list))])


def _malformed(context: Context, message: str) -> Reply:
    number = context.switches.malformed_error_number
    return refusals.bad_request(number, "PostDataInvalidException", message)


def run(context: Context, asked: list[Record], work: Work) -> list[Outcome]:
    """Do each element; one with errors leaves nothing behind."""
    outcomes = []
    for element in asked:
        context.db.execute("savepoint element")
        outcome = work(element)
        if outcome.errors:
            context.db.execute("rollback to element")
        context.db.execute("release element")
        outcomes.append(outcome)
    return outcomes


def answer(context: Context, request: Request, outcomes: list[Outcome], kind: str, id_field: str) -> Record | Reply:
    """The bulk reply, in one of its two forms."""
    failed = [outcome for outcome in outcomes if outcome.errors]
    if failed and request.flag("summarizeErrors", default=True):
        return refusals.invalid([_failed(outcome, id_field) for outcome in failed])
    bodies = [_marked(outcome, id_field) for outcome in outcomes]
    if request.flag("summarizeErrors", default=True):
        bodies = [outcome.body for outcome in outcomes]
    if context.switches.element_order == "reversed":
        bodies.reverse()
    return {kind: bodies}


def _failed(outcome: Outcome, id_field: str) -> Record:
    messages = [{"Message": message} for message in outcome.errors]
    return {
        **_dated(outcome.body, with_strings=id_field in _DATED),
        id_field: outcome.body.get(id_field) or NO_ID,
        "ValidationErrors": messages,
    }


def _dated(body: Record, *, with_strings: bool) -> Record:
    """The element with its dates as replies write them."""
    days = {name: dates.parse_day(text(body, name)) for name in ("Date", "DueDate")}
    told = _told(body)
    known = {name: day for name, day in days.items() if day is not None}
    strings = {f"{name}String": dates.day_string(day) for name, day in known.items() if with_strings}
    return {**told, **strings, **{name: dates.ms_date(day) for name, day in known.items()}}


def _told(body: Record) -> Record:
    """The element without its nulls, which no reply has."""
    return {name: _told_value(value) for name, value in body.items() if value is not None}


def _told_value(value: object) -> object:
    if isinstance(value, dict):
        return _told(value)
    return [_told_value(item) for item in value] if isinstance(value, list) else value


def _marked(outcome: Outcome, id_field: str) -> Record:
    flag = {"ContactID": "HasValidationErrors", "AllocationID": ""}.get(id_field, "HasErrors")
    state: Record = {"StatusAttributeString": "ERROR" if outcome.errors else "OK"}
    if flag:
        state[flag] = bool(outcome.errors)
    return {**(_failed(outcome, id_field) if outcome.errors else outcome.body), **state}
