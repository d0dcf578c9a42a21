"""Refusals before any work: what a fault ordered, and what a careless call gets.

Owns what lets nothing happen. What a stranger would get wrong: some of these calls the real service would answer; they
are refused here because they leave something to luck, and a switch takes each back.
"""

from connector.sandbox import faults, replies
from connector.sandbox.faults import Fault
from connector.sandbox.quickbooks import errors, limits, requestids, routes, tokens
from connector.sandbox.quickbooks.limits import THROTTLES
from connector.sandbox.quickbooks.routes import Route
from connector.sandbox.quickbooks.settings import Switches
from connector.sandbox.replies import Reply, Request

MINOR_VERSION = "75"
_PAGE = b"<!DOCTYPE html><html><head><title>QuickBooks</title></head><body><h1>Something's not right</h1></body></html>"


def of_careless(request: Request, found: Route, switches: Switches, now: int) -> Reply | None:
    """The refusal of a call that would not get far with the real service, or that leaves something to luck."""
    if switches.accept_header_required and "application/json" not in request.header("accept"):
        return replies.plain(406, "Send Accept: application/json; the real service answers in XML without it")
    if switches.minorversion_required and request.query.get("minorversion") != MINOR_VERSION:
        return replies.plain(400, "Send minorversion=75; the real service answers as 75 whatever is sent")
    wanted = "application/text" if found.resource == routes.QUERY else "application/json"
    if request.method == "POST" and wanted not in request.header("content-type"):
        return replies.plain(415, f"Send Content-Type: {wanted}; the sandbox reads nothing else")
    if switches.strict_fields and (name := routes.stray(request, found)):
        return replies.plain(400, f"the call has no parameter {name}; the real service would ignore it")
    wrong = requestids.too_long(request.query.get("requestid", ""))
    return errors.reply(wrong, now) if wrong else None


def of_fault(fault: Fault, request: Request, switches: Switches, now: int) -> Reply | None:
    """The reply of a fault that lets nothing happen, or ``None`` when the call goes on."""
    if fault.kind in THROTTLES:
        return limits.refusal(switches, fault.retry_after or switches.retry_after_seconds, now)
    made = {
        "unavailable_503": replies.plain(503, "Service Unavailable"),
        "html": Reply(200, _PAGE, replies.HTML),
        "token_expired": tokens.expired(now),
        "error_500_before": errors.internal_error(now),
    }
    return made.get(fault.kind) or faults.echo(fault.kind, request)
