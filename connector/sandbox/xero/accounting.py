"""The paths under ``/api.xro/2.0/`` and the work behind each.

Owns the routing of one tenant's accounting calls. What a stranger would get wrong: a path the sandbox does not have
is the real service's plain-text 404, never an empty success.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from connector.sandbox import dates, replies
from connector.sandbox.jsontext import Record
from connector.sandbox.replies import Reply, Request
from connector.sandbox.xero import allocations, bulk, contacts, documents, listing, organisation, refusals
from connector.sandbox.xero.contacts import Outcome
from connector.sandbox.xero.context import Context
from connector.sandbox.xero.objects import CONTACTS, CREDIT_NOTES, ID_FIELDS, INVOICES, by_id
from connector.sandbox.xero.shapes import SHAPES

ROOT = "/api.xro/2.0/"
_SETTINGS: dict[str, tuple[str, Callable[[Context], list[Record]]]] = {
    "Organisation": ("Organisations", organisation.organisations),
    "TaxRates": ("TaxRates", organisation.tax_rates),
    "Accounts": ("Accounts", organisation.accounts),
    "Items": ("Items", organisation.items),
    "TrackingCategories": ("TrackingCategories", organisation.tracking_categories),
}
_ELEMENTS = {CONTACTS: "Contact", INVOICES: "Invoice", CREDIT_NOTES: "CreditNote"}
_WRITE_PARAMETERS = frozenset({"summarizeErrors", "unitdp", "allowBackorders"})
SCOPES = {
    CONTACTS: ("accounting.contacts",),
    INVOICES: ("accounting.invoices", "accounting.transactions"),
    CREDIT_NOTES: ("accounting.invoices", "accounting.transactions"),
    **dict.fromkeys(_SETTINGS, ("accounting.settings",)),
    "Items": ("accounting.settings", "accounting.invoices", "accounting.transactions"),
}


@dataclass(frozen=True, slots=True)
class Route:
    """A path taken apart: ``Contacts``, ``Invoices/{key}``, ``CreditNotes/{key}/Allocations``."""

    resource: str
    key: str = ""
    part: str = ""


def route(path: str) -> Route | None:
    """The route of a path, or ``None`` when there is no such resource."""
    if not path.startswith(ROOT):
        return None
    resource, key, part, *rest = [*path.removeprefix(ROOT).strip("/").split("/"), "", ""]
    is_known = resource in SCOPES and not any(rest)
    is_deep = bool(part) and (resource, part) != (CREDIT_NOTES, "Allocations")
    if not is_known or is_deep or (resource in _SETTINGS and key):
        return None
    return Route(resource, key, part)


def is_allowed(scope: str, method: str, resource: str) -> bool:
    """Whether the token's scope covers the call; ``.read`` scopes cover GET."""
    held = set(scope.split())
    wanted = SCOPES[resource]
    return any(name in held or (method == "GET" and f"{name}.read" in held) for name in wanted)


def answer(context: Context, request: Request, found: Route) -> Reply:
    """Do the work of one call."""
    result = _work(context, request, found)
    if isinstance(result, Reply):
        return result
    envelope: Record = {
        "Id": str(uuid.uuid4()),
        "Status": "OK",
        "ProviderName": "Xero sandbox (invented books)",
        "DateTimeUTC": dates.ms_stamp(context.now_ms),
    }
    return replies.as_json(200, envelope | result)


def _work(context: Context, request: Request, found: Route) -> Record | Reply:
    if found.part:
        return _allocate(context, request, found.key) if request.method == "PUT" else _wrong_method(request)
    if request.method == "GET":
        return _read(context, request, found)
    if found.resource in _SETTINGS or request.method not in ("PUT", "POST") or (found.key and request.method == "PUT"):
        return _wrong_method(request)
    return _write(context, request, found)


def _wrong_method(request: Request) -> Reply:
    return replies.plain(405, f"{request.method} is not allowed here")


def _read(context: Context, request: Request, found: Route) -> Record | Reply:
    if found.resource in _SETTINGS:
        name, read = _SETTINGS[found.resource]
        if set(request.query) and context.switches.strict_fields:
            return refusals.query_error(f"the sandbox has no filters on {found.resource}")
        return {name: read(context)}
    if not found.key:
        return listing.many(context, found.resource, request)
    one = listing.one(context, found.resource, found.key)
    return refusals.not_found() if one is None else {found.resource: one}


def _write(context: Context, request: Request, found: Route) -> Record | Reply:
    strays = sorted(set(request.query) - _WRITE_PARAMETERS)
    if strays and context.switches.strict_fields:
        return refusals.query_error(f"a write has no parameter {strays[0]}; the real service would ignore it")
    asked = bulk.elements(context, request, found.resource, _ELEMENTS[found.resource])
    if isinstance(asked, Reply):
        return asked
    id_field = ID_FIELDS[found.resource]
    if found.key:
        if len(asked) != 1 or by_id(context.db, context.tenant.tenant_id, found.resource, found.key) is None:
            return refusals.not_found()
        asked = [{**asked[0], id_field: found.key}]
    create_only = request.method == "PUT"

    def work(element: Record) -> Outcome:
        if found.resource == CONTACTS:
            return contacts.write(context, element, create_only=create_only)
        return documents.write(context, SHAPES[found.resource], element, create_only=create_only)

    return bulk.answer(context, request, bulk.run(context, asked, work), found.resource, id_field)


def _allocate(context: Context, request: Request, note_id: str) -> Record | Reply:
    if by_id(context.db, context.tenant.tenant_id, CREDIT_NOTES, note_id) is None:
        return refusals.not_found()
    asked = bulk.elements(context, request, "Allocations", "Allocation")
    if isinstance(asked, Reply):
        return asked
    outcomes = bulk.run(context, asked, lambda element: allocations.write(context, note_id, element))
    return bulk.answer(context, request, outcomes, "Allocations", "AllocationID")
