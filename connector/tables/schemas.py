"""Column names and types of rows, records, events and rated events.

A stranger's trap: rows count from 1, as Excel shows them.
"""

from collections.abc import Mapping

import polars as pl

from connector.domain.words import RecordKind

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

# Where a row stands: the file as named on the command line, its sheet ("" for CSV), its number from 1.
_PLACE: Schema = {"source": pl.String, "sheet": pl.String, "row": pl.UInt32}

# Every row of every source; kind is a domain.words.RowKind, record_kind a RecordKind or "" before the header is known.
ROWS: Schema = {**_PLACE, "record_kind": pl.String, "kind": pl.String, "hidden": pl.Boolean}

CLIENTS: Schema = {
    **_PLACE,
    "client_ref": pl.String,  # the platform's id, as shown; null when the source has none
    "namespace": pl.String,  # which system that id belongs to; declared by the mapping, the same for every upload
    "partner_id": pl.String,
    "name": pl.String,
    "domain": pl.String,  # normalised: lower case, no scheme, www, path
    "plan": pl.String,  # domain.words.Plan; null when a template decides
    "template": pl.String,  # name or id of the template it was made from; null for none
    "created_on": pl.Date,
    "upgraded_on": pl.Date,
    "employees_text": pl.String,  # as it stands in the sheet
    "count_low": pl.Int64,  # an employee count, low == high; null when not given
    "band_low": pl.Int64,  # a declared band; null when not given
    "band_high": pl.Int64,  # null for "or more" (band_low tells whether there is a band)
    "employees_as_of": pl.Date,
    "status": pl.String,  # domain.words.ClientStatus
    "archived_on": pl.Date,  # of a client that is archived; null when not given
    "country": pl.String,  # ISO 3166 alpha-2
    "advisors": pl.Int64,
    "users": pl.Int64,
    "tags": pl.String,  # as written: words separated by ; , or |
}

PARTNERS: Schema = {
    **_PLACE,
    "partner_id": pl.String,
    "name": pl.String,
    "kind": pl.String,  # domain.words.PartnerKind
    "selling_entity": pl.String,
    "currency": pl.String,
    "country": pl.String,
    "tax_status": pl.String,  # domain.words.TaxStatus
    "tax_number": pl.String,
    "terms_days": pl.Int64,  # days from document date to due date
    "po_reference": pl.String,
    "payment_method": pl.String,  # domain.words.PaymentMethod
    "contact_id": pl.String,  # the accounting system's contact id; null: created after approval
    "email": pl.String,
    "included_places": pl.Int64,  # Assessment Only places included with the licence
    "included_until": pl.Date,  # last day of those places; null: no expiry
    "opening_places": pl.Int64,  # places of bundles bought before go-live, left at go-live
    "grouping": pl.String,  # domain.words.Grouping
    "valid_from": pl.Date,
}

BUNDLES: Schema = {
    **_PLACE,
    "partner_id": pl.String,
    "reference": pl.String,  # the purchase reference: with the partner, the identity of the purchase
    "purchased_on": pl.Date,
    "quantity": pl.Int64,
}

TEMPLATES: Schema = {**_PLACE, "template": pl.String, "partner_id": pl.String, "plan": pl.String, "valid_from": pl.Date}

RECORDS: Mapping[RecordKind, Schema] = {
    RecordKind.PARTNERS: PARTNERS,
    RecordKind.CLIENTS: CLIENTS,
    RecordKind.BUNDLES: BUNDLES,
    RecordKind.TEMPLATES: TEMPLATES,
}

# What the rulebook may look at. `event_id` is the caller's own key and comes back untouched.
EVENTS: Schema = {
    "event_id": pl.UInt32,
    "event": pl.String,  # domain.words.EventKind
    "event_on": pl.Date,
    "plan": pl.String,  # null for a bundle
    "partner": pl.String,
    "partner_kind": pl.String,
    "selling_entity": pl.String,
    "currency": pl.String,
    "country": pl.String,  # the client's (the partner's for a bundle); null when not given
    "domain": pl.String,
    "template": pl.String,
    "count": pl.Int64,  # employee count; null when not given
    "band_low": pl.Int64,
    "band_high": pl.Int64,
    "quantity": pl.Int64,  # 1 for a client
    "advisors": pl.Int64,  # null when not given, as the next ones
    "users": pl.Int64,
    "tags": pl.List(pl.String),
    "clients_this_year": pl.Int64,  # which of its partner's billable clients of the calendar year it is, from 1
    "places_left": pl.Int64,  # Assessment Only places its partner has left before the event
    "term_days": pl.Int64,  # days of a term cut short, of `term_of` days; null for a whole term
    "term_of": pl.Int64,
}

RATED: Schema = {
    "event_id": pl.UInt32,
    "outcome": pl.String,  # charge | held | not_billable | inside_bundle | blocked
    "reason": pl.String,  # why, for every outcome but charge
    "problem": pl.String,  # a problem code when blocked
    "rule_id": pl.String,
    "rule_place": pl.String,  # file:line of the rule that decided
    "metric": pl.String,
    "item": pl.String,
    "term": pl.String,
    "tier": pl.String,  # label of the tier; null for a bundle
    "size_source": pl.String,  # count | band; which of the two decided
    "price_book": pl.String,  # book and version, `standard@2025-03-01 USD`
    "price_place": pl.String,  # file:line of the price
    "currency": pl.String,
    "quantity": pl.Int64,  # as it stands on the line: 1 where the amount is no multiple of one unit price
    "unit_minor": pl.Int64,
    "amount_minor": pl.Int64,  # unit_minor × quantity
    "list_minor": pl.Int64,  # before adjustments and proration
    "basis": pl.String,  # how a ladder or a term cut short came to its amount; null for unit × quantity
    "adjustments": pl.String,  # a JSON list of rule, place, what and reason; null for none
    "lost": pl.String,  # the rules that fitted too and lost: `id (file:line)`, separated by "; "
}


class SchemaError(TypeError):
    """A frame does not have the columns its schema declares: a defect of the program, not of the input."""


def empty(schema: Schema) -> pl.DataFrame:
    """A frame of this schema without rows."""
    return pl.DataFrame(schema=dict(schema))


def conform(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The frame itself, its columns in the schema's order.

    Raises:
        SchemaError: a column is missing, is too many, or has another type.
    """
    wanted = dict(pl.Schema(schema))
    found = dict(frame.schema)
    if found != wanted:
        wrong = sorted({*wanted.items()} ^ {*found.items()}, key=str)
        message = f"the frame does not match its schema: {wrong}"
        raise SchemaError(message)
    return frame.select(list(wanted))
