"""Answers to queries and to requests for changes.

Owns what is left out of them. What a stranger would get wrong: with a search lag a new object is missing here while a
GET by its id has it; only changes tell of what was deleted.
"""

from connector.sandbox import rows
from connector.sandbox.jsontext import Record, as_record
from connector.sandbox.quickbooks import entities, errors, lists, query, stamps
from connector.sandbox.quickbooks.context import Context
from connector.sandbox.quickbooks.errors import Refused
from connector.sandbox.quickbooks.objects import DELETED
from connector.sandbox.quickbooks.query import Query, QueryError

_DAY_MS = 86_400_000
_ALWAYS = ("Id", "domain", "sparse")


def answer(context: Context, words: str) -> Record | Refused:
    """What a query finds."""
    try:
        asked = query.parse(words)
    except QueryError as error:
        return (errors.bad_query(str(error), error.code),)
    if asked.kind in entities.SINGLE:
        one = lists.preferences(context) if asked.kind == "Preferences" else lists.company_info(context)
        return {"QueryResponse": {asked.kind: [one], "startPosition": 1, "maxResults": 1}}
    condition = f"{asked.condition} and created_ms <= ?"
    values = (*asked.values, context.now_ms - int(context.switches.search_lag_seconds * 1000))
    if asked.is_count:
        total = rows.count(context.db, context.company.realm, asked.kind, condition, values)
        return {"QueryResponse": {"totalCount": total}}
    tail = f"{asked.order} limit {asked.size} offset {asked.start - 1}"
    found = rows.select(context.db, context.company.realm, asked.kind, condition, values, tail)
    told = [_projected(entities.shown(context, asked.kind, row), asked) for row in found]
    if not told:
        return {"QueryResponse": {}}
    return {"QueryResponse": {asked.kind: told, "startPosition": asked.start, "maxResults": len(told)}}


def _projected(body: Record, asked: Query) -> Record:
    if not asked.columns:
        return body
    kept = {name: body[name] for name in _ALWAYS if name in body}
    for path in asked.columns:
        name, _, inner = path.partition(".")
        if inner and name in body:
            part = as_record(body[name]) or {}
            kept[name] = {**(as_record(kept.get(name)) or {}), inner: part.get(inner)}
        elif name in body:
            kept[name] = body[name]
    return kept


def changes(context: Context, names: str, since: str) -> Record | Refused:
    """What of these entities has changed since that moment, deletions included."""
    kinds = [name.strip() for name in names.split(",") if name.strip()]
    wrong = [
        errors.bad_query(f"Invalid context declaration: {kind}") for kind in kinds if kind not in entities.READABLE
    ]
    moment = stamps.parse_moment(since)
    if not kinds:
        wrong.append(errors.required("entities"))
    if moment is None:
        wrong.append(errors.required("changedSince"))
    elif moment < context.now_ms - context.switches.cdc_days * _DAY_MS:
        words = f"changedSince lies more than {context.switches.cdc_days} days back"
        wrong.append(errors.bad_query(words))
    if wrong or moment is None:
        return tuple(wrong)
    return {"CDCResponse": [{"QueryResponse": [_changed(context, kind, moment) for kind in kinds]}]}


def _changed(context: Context, kind: str, moment: int) -> Record:
    condition = "updated_ms / 1000 >= ? and created_ms <= ?"
    values = (moment // 1000, context.now_ms - int(context.switches.search_lag_seconds * 1000))
    tail = f"order by updated_ms, seq limit {context.switches.cdc_objects}"
    found = rows.select(context.db, context.company.realm, kind, condition, values, tail)
    told = [_told(context, kind, row) for row in found]
    return {kind: told, "startPosition": 1, "maxResults": len(told), "totalCount": len(told)} if told else {}


def _told(context: Context, kind: str, row: rows.Row) -> Record:
    body = entities.shown(context, kind, row)
    if row.status != DELETED:
        return body
    return {**body, "MetaData": {"LastUpdatedTime": stamps.of_object(row.updated_ms, context.company.time_zone)}}
