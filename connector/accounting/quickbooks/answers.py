"""What the reply to a write says as a whole, before each document of it is looked at.

What a stranger would get wrong: a refusal for the rate is known by its code, not by its status or its form; whatever
does not promise that nothing happened is doubt, and QuickBooks would take a second invoice of the same number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from connector.accounting import exactjson
from connector.accounting.answers import CredentialsError, NumberTaken, OutcomeUnknown, Rejected, RetryLater
from connector.accounting.quickbooks import faults

PAUSE = timedelta(seconds=60)
LONGEST_PAUSE_SECONDS = 86_400

Element = dict[str, Any]


@dataclass(frozen=True)
class TokenExpired:
    """The access token's hour is over. Nothing happened: with a new token the same may be sent at once."""


def of_write(
    status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> Element | Rejected | NumberTaken | RetryLater | OutcomeUnknown | TokenExpired:
    """The object that was answered, or what the refusal means for everything in the call.

    Raises:
        CredentialsError: the call was refused and will be until a person acts; nothing happened.
    """
    errors = faults.read(body)
    if status == HTTPStatus.TOO_MANY_REQUESTS or faults.is_throttle(errors):
        reason = "QuickBooks takes no more calls for now."
        return RetryLater(now + _pause(headers), reason, whole_tenant=True)
    if status == HTTPStatus.UNAUTHORIZED:
        return TokenExpired()
    if status == HTTPStatus.FORBIDDEN or any(error.code in _DENIED for error in errors):
        message = "QuickBooks does not let this connection into the company"
        raise CredentialsError(message, "Connect the company again as one of its administrators.")
    if status in (HTTPStatus.OK, HTTPStatus.BAD_REQUEST) and errors:
        return faults.document_refusal(errors)
    value = exactjson.load(body) if status == HTTPStatus.OK else None
    if value is None:
        return OutcomeUnknown(_described(status))
    return value


_DENIED = (faults.NOT_AUTHORISED, faults.NO_LONGER_ADMIN)


def _pause(headers: Mapping[str, str]) -> timedelta:
    """What the remote asks for, else the minute that its documentation names."""
    told = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    is_told = told.isascii() and told.isdigit() and 0 < int(told) <= LONGEST_PAUSE_SECONDS
    return timedelta(seconds=int(told)) if is_told else PAUSE


def _described(status: int) -> str:
    if status == HTTPStatus.OK:
        return "QuickBooks' answer is not JSON."
    return f"QuickBooks answered with status {status}."
