"""GET of contacts, invoices and credit notes.

Owns the list parameters. What a stranger would get wrong: ``CreditNotes`` has no number filter, so a credit note is
looked for with ``where``; the default order is the time of the last change, so page 2 can miss what page 1 moved.
"""

from dataclasses import dataclass, field

from connector.sandbox import dates, replies, rows
from connector.sandbox.jsontext import Record
from connector.sandbox.replies import Reply, Request
from connector.sandbox.xero import contacts, objects, refusals, show, where
from connector.sandbox.xero.context import Context
from connector.sandbox.xero.objects import CONTACTS, CREDIT_NOTES, INVOICES, Stored

PAGE_SIZE = 100
LARGEST_PAGE = 1000
_COMMON = frozenset({"where", "order", "page", "pageSize", "unitdp"})
PARAMETERS = {
    CONTACTS: _COMMON - {"unitdp"} | {"IDs", "includeArchived", "summaryOnly", "searchTerm"},
    INVOICES: _COMMON
    | {
        "IDs",
        "InvoiceNumbers",
        "ContactIDs",
        "Statuses",
        "includeArchived",
        "createdByMyApp",
        "summaryOnly",
        "searchTerm",
    },
    CREDIT_NOTES: _COMMON,
}
_IN_LISTS = {"IDs": "id", "InvoiceNumbers": "number", "ContactIDs": "contact_id", "Statuses": "status"}


@dataclass(slots=True)
class _Conditions:
    parts: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, sql: str, *values: object) -> None:
        self.parts.append(sql)
        self.values += values


def one(context: Context, kind: str, key: str) -> list[Record] | None:
    """The object of that id (or contact number, invoice number), in full."""
    tenant = context.tenant.tenant_id
    held = objects.by_id(context.db, tenant, kind, key)
    if held is None and kind in (CONTACTS, INVOICES):
        held = next(iter(objects.by_number(context.db, tenant, kind, key)), None)
    if held is None:
        return None
    return [contacts.shown(held) if kind == CONTACTS else show.shown(context, held)]


def many(context: Context, kind: str, request: Request) -> Record | Reply:
    """The objects a list request asks for, under the name of their kind, or the refusal."""
    unknown = sorted(set(request.query) - PARAMETERS[kind])
    if unknown and context.switches.strict_fields:
        return refusals.query_error(f"{kind} has no parameter {unknown[0]}; the real service would ignore it")
    if request.header("if-modified-since") and dates.parse_modified_since(request.header("if-modified-since")) is None:
        return replies.plain(412, "If-Modified-Since is not a date")
    paging = _paging(request)
    if paging is None:
        return refusals.query_error(f"page counts from 1, pageSize from 1 to {LARGEST_PAGE}")
    try:
        conditions = _conditions(context, kind, request)
        tail = where.order(kind, request.query.get("order", ""))
    except where.WhereError as error:
        return refusals.query_error(str(error))
    return _read(context, kind, request, conditions, (paging, tail))


def _paging(request: Request) -> tuple[int, int] | None:
    """(page, size); page 0 stands for a list without paging."""
    if "page" not in request.query and "pageSize" not in request.query:
        return 0, 0
    page, size = request.query.get("page", "1"), request.query.get("pageSize", str(PAGE_SIZE))
    if not (page.isascii() and page.isdigit() and size.isascii() and size.isdigit()):
        return None
    return (int(page), int(size)) if int(page) >= 1 and 1 <= int(size) <= LARGEST_PAGE else None


def _conditions(context: Context, kind: str, request: Request) -> _Conditions:
    made = _Conditions()
    made.add("created_ms <= ?", context.now_ms - int(context.switches.search_lag_seconds * 1000))
    for name, column in _IN_LISTS.items():
        if name in request.query and name in PARAMETERS[kind]:
            wanted = [_folded(column, word) for word in request.query[name].split(",")]
            made.add(f"{column} in ({', '.join('?' for _ in wanted)})", *wanted)
    if request.query.get("where"):
        condition = where.parse(kind, request.query["where"])
        made.add(condition.sql, *condition.values)
    since = dates.parse_modified_since(request.header("if-modified-since"))
    if since is not None:
        made.add("updated_ms >= ?", since)
    if kind == CONTACTS and not request.flag("includeArchived", default=False):
        made.add("status = 'ACTIVE'")
    if kind == INVOICES and request.flag("createdByMyApp", default=False):
        made.add("app = ?", context.app)
    if request.query.get("searchTerm"):
        term = f"%{objects.name_key(request.query['searchTerm'])}%"
        made.add(
            "(name_key like ? or lower(number) like ? or lower(reference) like ? or lower(email) like ?)", *[term] * 4
        )
    return made


def _folded(column: str, word: str) -> str:
    stripped = word.strip()
    return stripped.lower() if column in ("id", "contact_id") else stripped


def _read(
    context: Context, kind: str, request: Request, found: _Conditions, how: tuple[tuple[int, int], str]
) -> Record:
    (page, size), tail = how
    condition = " and ".join(found.parts)
    body: Record = {}
    if page:
        total = rows.count(context.db, context.tenant.tenant_id, kind, condition, found.values)
        body["pagination"] = {"page": page, "pageSize": size, "pageCount": -(-total // size), "itemCount": total}
        tail = f"{tail} limit {size} offset {(page - 1) * size}"
    held = objects.select(context.db, context.tenant.tenant_id, kind, condition, found.values, tail)
    body[kind] = _shown(context, kind, held, paged=bool(page), summary=request.flag("summaryOnly", default=False))
    return body


def _shown(context: Context, kind: str, held: list[Stored], *, paged: bool, summary: bool) -> list[Record]:
    if kind == CONTACTS:
        return [contacts.shown(one) for one in held]
    return show.listed(context, held, with_lines=paged, summary=summary)
