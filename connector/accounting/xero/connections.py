"""Which organisations an access token reaches: the one call of Xero that names no tenant."""

import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from connector.accounting.answers import CredentialsError, RetryLater
from connector.accounting.oauth.address import LATER
from connector.accounting.oauth.provider import Organisation
from connector.net.http import Reply, Transport


def fetch(
    url: str, transport: Transport, access: str, clock: Callable[[], datetime]
) -> tuple[Organisation, ...] | RetryLater:
    """The organisations; what a person may connect besides, such as a practice, is none of them.

    Args:
        url: the address of the list.
        transport: how it is reached.
        access: the access token.
        clock: the time in UTC.

    Raises:
        CredentialsError: the token is not accepted.
    """
    headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
    reply = transport.exchange("GET", url, headers)
    if not isinstance(reply, Reply):
        return RetryLater(clock() + LATER, f"The organisations were not read: {reply.reason}.", whole_tenant=True)
    if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        message = "Xero does not say which organisations were agreed to"
        raise CredentialsError(message, "Check that the connection was not revoked; then connect again.")
    found = _read(reply)
    if found is None:
        reason = f"The organisations were not read: Xero answered with status {reply.status}."
        return RetryLater(clock() + LATER, reason, whole_tenant=True)
    return tuple(found)


def _read(reply: Reply) -> list[Organisation] | None:
    try:
        listed: Any = json.loads(reply.body) if reply.status == HTTPStatus.OK else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(listed, list):
        return None
    ours = [one for one in listed if isinstance(one, dict) and one.get("tenantType") == "ORGANISATION"]
    return [Organisation(str(one.get("tenantId", "")), str(one.get("tenantName", ""))) for one in ours]
