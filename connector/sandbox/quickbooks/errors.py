"""The errors of the real service and the three forms they come in.

Owns codes and words. What a stranger would get wrong: a fault of a document is ``Fault`` with ``Error``, a fault of the
token is ``fault`` with ``error``, and a refusal for the rate may be either of them or XML, whatever was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from connector.sandbox.jsontext import Record
from connector.sandbox.quickbooks import stamps
from connector.sandbox.replies import Reply, as_json

XML = "application/xml;charset=UTF-8"
VALIDATION, SYSTEM, THROTTLED = "ValidationFault", "SystemFault", "SERVICE"


@dataclass(frozen=True, slots=True)
class Error:
    """One error: its code as the remote numbers it, what it says, and the property it is about."""

    code: str
    message: str
    detail: str
    element: str = ""


Refused = tuple[Error, ...]


def unknown(name: str, shape: str) -> Error:
    """2010: a property that the entity does not have."""
    words = f'Property Name:Unrecognized field "{name}" (Class com.intuit.schema.finance.v3.{shape}),'
    return _property(f"{words} not marked as ignorable..specified is unsupported or invalid", name)


def unreadable(name: str, value: object) -> Error:
    """2010: a value that is not of the property's type."""
    return _property(f"Property Name:{name} specified is unsupported or invalid: {str(value)[:60]}", name)


def _property(detail: str, element: str) -> Error:
    return Error("2010", "Request has invalid or unsupported property", detail, element)


def required(name: str) -> Error:
    """2020: something is missing."""
    message = "Required param missing, need to supply the required value for the API"
    return Error("2020", message, f"Required parameter {name} is missing in the request", name)


def bad_id(detail: str) -> Error:
    """2030: an id that cannot be one."""
    return Error("2030", "Invalid ID", f"Invalid ID : {detail}", "Id")


def too_long(name: str, longest: int, length: int) -> Error:
    """2050: a text beyond its length."""
    message = "String length is either shorter or longer than supported by specification"
    words = "String length specified does not match the supported length."
    return Error("2050", message, f"{words} Min:0 Max:{longest} supported. Supplied length:{length}", name)


def no_such_word(name: str, value: str) -> Error:
    """2170: a word that the property's list does not have."""
    return Error("2170", "Invalid Enumeration", f"Invalid Enumeration : {name} cannot be {value[:60]}", name)


def no_reference(what: str, key: str) -> Error:
    """2500: a reference to something that is not there."""
    return Error("2500", "Invalid Reference Id", f"Invalid Reference Id : {what} element id {key[:60]} not found", what)


def not_found(key: str = "") -> Error:
    """610: no such object, or one that was made inactive."""
    words = "Object Not Found : Something you're trying to use has been made inactive."
    words += " Check the fields with accounts, customers, items, vendors or employees."
    return Error("610", "Object Not Found", words, key[:60])


def unsupported(words: str) -> Error:
    """500: an operation that the entity does not have."""
    return Error("500", "Unsupported Operation", f"Operation {words} is not supported.")


def stale() -> Error:
    """5010: someone else changed the object in between."""
    words = "You and another user were working on this at the same time. They finished before you did,"
    return Error("5010", "Stale Object Error", f"Stale Object Error : {words} so your work was not saved.")


def business(words: str, code: str = "6000", element: str = "") -> Error:
    """6000 and its kin: a rule of the books."""
    message = "A business validation error has occurred while processing your request"
    return Error(code, message, f"Business Validation Error: {words}", element)


def mismatch(code: str, amount: object) -> Error:
    """6070 (or 6000): an amount that is not quantity times price."""
    words = f"Amount is not equal to UnitPrice * Qty. Supplied value:{amount}"
    if code == "6000":
        return business(words)
    return Error("6070", "Amount calculation incorrect in the request", f"{words}", "Line.Amount")


def duplicate_number(number: str, kind: str, key: str) -> Error:
    """6140: the number is in use."""
    words = "Duplicate Document Number Error : You must specify a different number. This number has already been used."
    return Error(
        "6140",
        "Duplicate Document Number Error",
        f"{words} DocNumber={number} is assigned to TxnType={kind} with TxnId={key}",
    )


def duplicate_name() -> Error:
    """6240: customers, vendors and employees share their names."""
    words = "The name supplied already exists. : Another customer, vendor or employee is already using this name."
    return Error("6240", "Duplicate Name Exists Error", f"{words} Please use a different name.")


def closed() -> Error:
    """6210: the books are closed up to that day."""
    words = "The account period has closed and the account books cannot be updated through the QBO Services API."
    return Error("6210", "Account Period Closed, Cannot Update Through Services API", words, "TxnDate")


def suspended() -> Error:
    """6190: the company's subscription has ended."""
    words = "Subscription period has ended or canceled or there was a billing problem"
    return Error("6190", "Invalid Company Status", f"{words} : Please check the company's subscription.")


def bad_query(words: str, code: str = "4001") -> Error:
    """4000 and 4001: a query that cannot be read, or asks for what is not there."""
    if code == "4000":
        return Error(code, "Error parsing query", f"QueryParserError: {words}")
    return Error(code, "Invalid query", f"QueryValidationError: {words}")


def system() -> Error:
    """10000: whatever broke."""
    message = "An application error has occurred while processing your request"
    return Error("10000", message, "System Failure Error: an internal error of the sandbox, asked for or not")


def fault(errors: Sequence[Error], kind: str = VALIDATION) -> Record:
    """The errors as an item of a batch has them."""
    return {"Error": [_told(error) for error in errors], "type": kind}


def _told(error: Error) -> Record:
    told: Record = {"Message": error.message, "Detail": error.detail, "code": error.code}
    return told | ({"element": error.element} if error.element else {})


def reply(errors: Sequence[Error], now_ms: int, *, status: int = 400, kind: str = VALIDATION) -> Reply:
    """The errors of a call."""
    return as_json(status, {"Fault": fault(errors, kind), "time": stamps.with_ms(now_ms)})


def internal_error(now_ms: int) -> Reply:
    """500: 10000."""
    return reply([system()], now_ms, status=500, kind=SYSTEM)


def _lower(message: str, detail: str, code: str, kind: str, now_ms: int) -> Record:
    """The form of errors that come from before the accounting service."""
    told = {"message": message, "detail": detail, "code": code, "element": None}
    nothing = ("intuitObject", "report", "queryResponse", "syncErrorResponse", "requestId", "status")
    rest: Record = dict.fromkeys(nothing, None)
    rest |= {"batchItemResponse": [], "attachableResponse": [], "cdcresponse": []}
    return {"warnings": None, "fault": {"error": [told], "type": kind}, **rest, "time": now_ms}


def unauthenticated(detail: str, now_ms: int) -> Reply:
    """401: no token, an unknown one, or one whose hour is over."""
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    body = _lower(message, detail, "3200", "AUTHENTICATION", now_ms)
    return as_json(401, body).adding((("WWW-Authenticate", 'Bearer realm="Intuit", error="invalid_token"'),))


def unauthorised(now_ms: int) -> Reply:
    """403: the token is not for this company, or lacks the scope."""
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    return as_json(403, _lower(message, "The application is not authorised", "3100", "AUTHORIZATION", now_ms))


def throttled(form: str, status: int, retry_after: int, now_ms: int) -> Reply:
    """The refusal for the rate, in one of its three forms."""
    message = f"message=ThrottleExceeded; errorCode=003001; statusCode={status}"
    detail = "The request limit was reached.  Try again later"
    after = (("Retry-After", str(retry_after)),) if retry_after else ()
    if form == "xml":
        words = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        words += f'<IntuitResponse time="{stamps.with_ms(now_ms)}" xmlns="http://schema.intuit.com/finance/v3">'
        words += f'<Fault type="{THROTTLED}"><Error code="3001"><Message>{escape(message)}</Message>'
        words += f"<Detail>{escape(detail)}</Detail></Error></Fault></IntuitResponse>"
        return Reply(status, words.encode(), XML, after)
    if form == "lower_json":
        return as_json(status, _lower(message, detail, "3001", THROTTLED, now_ms)).adding(after)
    return reply([Error("3001", message, detail)], now_ms, status=status, kind=THROTTLED).adding(after)
