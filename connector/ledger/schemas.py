"""Column names and types of the ledger's tables: what `read` returns and `append` takes.

Money is whole minor units beside its currency. Times are `Datetime("us", "UTC")`, days are `Date`. A column `id` is a
number that the database gives at the insert, in the order of arrival: `read` returns it and `append` does not take it.
Every other identifier is text that the caller gives.
"""

from collections.abc import Mapping

import polars as pl

from connector.tables.schemas import Schema

_TEXT, _WHOLE, _DAY, _YES_NO, _TIME = pl.String, pl.Int64, pl.Date, pl.Boolean, pl.Datetime("us", "UTC")
_RUN: Schema = {"run_id": _TEXT, "recorded_at": _TIME}
_PLACE: Schema = {"source_id": _TEXT, "sheet": _TEXT, "row": pl.UInt32}
_TOTALS: Schema = {"net_minor": _WHOLE, "tax_minor": _WHOLE, "total_minor": _WHOLE}

_LINE: Schema = {
    "id": _WHOLE,
    "document_id": _TEXT,
    "position": _WHOLE,  # from 1
    "charge_id": _TEXT,  # a charge is on one invoice, and whole on one credit note, only
    "net_minor": _WHOLE,
    "tax_minor": _WHOLE,
    "item": _TEXT,
    "item_code": _TEXT,  # null: booked straight to the account
    "account": _TEXT,
    "tax_code": _TEXT,
    "tax_percent": _TEXT,  # exact decimal
    "quantity": _WHOLE,
    "unit_minor": _WHOLE,
}

# How an amount came about. Null from here to rule_place where the rulebook had nothing to say: an opening entry, or a
# bundle's tier.
_WHY: Schema = {
    "item": _TEXT,
    "term": _TEXT,
    "tier": _TEXT,
    "size_source": _TEXT,
    "count_low": _WHOLE,
    "band_low": _WHOLE,
    "band_high": _WHOLE,
    "size_as_of": _DAY,
    "price_book": _TEXT,
    "price_place": _TEXT,
    "rule_id": _TEXT,
    "rule_place": _TEXT,
    "rulebook_digest": _TEXT,
    "list_minor": _WHOLE,  # before adjustments and proration; null for an opening entry
    "basis": _TEXT,  # how a ladder or a term cut short came to its amount; null for unit × quantity
    "adjustments": _TEXT,  # a JSON list of rule, place, what, reason; null for none
    "lost": _TEXT,  # the rules that fitted too and lost
    "near_tiers": _TEXT,  # the tiers below and above its own, each with its price
}

# Rows of these tables are written once; the database refuses to change, replace or delete them.
APPEND_ONLY: Mapping[str, Schema] = {
    "source": {
        "source_id": _TEXT,
        "run_id": _TEXT,
        "name": _TEXT,
        "sha256": _TEXT,
        "size_bytes": _WHOLE,
        "row_count": _WHOLE,
        "recorded_at": _TIME,
    },
    "partner_version": {
        "id": _WHOLE,
        "partner_id": _TEXT,
        "valid_from": _DAY,
        "sequence": _WHOLE,  # from 1 within partner and valid_from; the highest one counts
        "kind": _TEXT,  # domain.words.PartnerKind
        "selling_entity": _TEXT,
        "currency": _TEXT,
        "country": _TEXT,
        "tax_status": _TEXT,  # domain.words.TaxStatus
        "terms_days": _WHOLE,
        "payment_method": _TEXT,  # domain.words.PaymentMethod
        "contact_id": _TEXT,  # null: not declared
        "po_reference": _TEXT,  # null: none
        "included_places": _WHOLE,  # null: none
        "included_until": _DAY,  # null: no expiry
        "opening_places": _WHOLE,  # null: none
        "grouping": _TEXT,  # domain.words.Grouping
        "content_digest": _TEXT,
        **_RUN,
    },
    "template_version": {
        "id": _WHOLE,
        "template": _TEXT,
        "partner_id": _TEXT,  # null: any partner
        "plan": _TEXT,  # domain.words.Plan
        "valid_from": _DAY,
        **_RUN,
    },
    "client": {"client_id": _TEXT, **_RUN},
    "client_alias": {
        "id": _WHOLE,
        "client_id": _TEXT,
        "kind": _TEXT,  # ref | domain
        "digest": _TEXT,  # keyed; of namespace and id, or of partner and domain; unique per kind
        "domain_digest": _TEXT,  # keyed; of the domain alone; null for ref
        "partner_id": _TEXT,
        **_RUN,
    },
    "client_version": {
        "id": _WHOLE,
        "client_id": _TEXT,
        "sequence": _WHOLE,  # from 1 within the client
        "partner_id": _TEXT,
        "row_digest": _TEXT,
        "plan": _TEXT,
        "created_on": _DAY,
        "upgraded_on": _DAY,  # null: never
        "status": _TEXT,  # domain.words.ClientStatus
        "count_low": _WHOLE,  # null: no count given
        "band_low": _WHOLE,  # null: no band given
        "band_high": _WHOLE,  # null: no band, or "or more"
        "template": _TEXT,  # null: made without one
        "said_on": _DAY,  # the day its upload was for; null in versions from before this was kept
        "archived_on": _DAY,  # null: not archived, or since an unknown day
        "advisors": _WHOLE,  # null: not given, as the next one
        "users": _WHOLE,
        "bucket": _TEXT,  # domain.words.Bucket
        **_PLACE,
        **_RUN,
    },
    "charge": {
        "charge_id": _TEXT,
        "subject_type": _TEXT,  # client | bundle
        "subject_id": _TEXT,
        "metric": _TEXT,
        "ordinal": _WHOLE,
        "revision": _WHOLE,
        "kind": _TEXT,  # charge | opening
        "event": _TEXT,  # domain.words.EventKind
        "event_on": _DAY,
        "partner_id": _TEXT,
        "selling_entity": _TEXT,
        "currency": _TEXT,
        "unit_minor": _WHOLE,
        "quantity": _WHOLE,
        "amount_minor": _WHOLE,  # 0 for an opening entry
        **_WHY,
        **_PLACE,
        **_RUN,
    },
    "document": {
        "document_id": _TEXT,
        "number": _TEXT,
        "kind": _TEXT,  # invoice | credit_note
        "run_id": _TEXT,
        "partner_id": _TEXT,
        "selling_entity": _TEXT,
        "tenant": _TEXT,
        "currency": _TEXT,
        "dated": _DAY,
        "due": _DAY,
        **_TOTALS,
        "line_count": _WHOLE,
        "content_digest": _TEXT,
        "recorded_at": _TIME,
    },
    "document_line": _LINE,
    "credit": {
        "charge_id": _TEXT,
        "partner_id": _TEXT,
        "selling_entity": _TEXT,
        "currency": _TEXT,
        "amount_minor": _WHOLE,  # that of the charge
        **_RUN,
    },
    "credit_line": _LINE,
    "adjustment": {
        "adjustment_id": _TEXT,
        "charge_id": _TEXT,
        "sequence": _WHOLE,  # from 1 within the charge
        "partner_id": _TEXT,
        "selling_entity": _TEXT,
        "currency": _TEXT,
        "amount_minor": _WHOLE,  # below zero where less is owed; never zero
        "unit_minor": _WHOLE,  # this and what follows: what the charge comes to with it
        "quantity": _WHOLE,
        **_WHY,
        **_PLACE,
        **_RUN,
    },
    "adjustment_line": {**_LINE, "adjustment_id": _TEXT},  # on an invoice where more is owed, else on a credit note
    "document_event": {"id": _WHOLE, "document_id": _TEXT, "state": _TEXT, "at": _TIME, "detail": _TEXT},
    "receipt": {
        "id": _WHOLE,
        "document_id": _TEXT,
        "remote_id": _TEXT,
        "remote_number": _TEXT,
        "contact_id": _TEXT,
        "currency": _TEXT,
        **_TOTALS,
        "status": _TEXT,
        "adopted": _YES_NO,
        "received_at": _TIME,
    },
    "erasure": {
        "id": _WHOLE,
        "owner_type": _TEXT,  # client | partner | run (its uploads)
        "owner_id": _TEXT,
        "items": _WHOLE,  # fields, cells, problems, labels and keys that were erased
        "by": _TEXT,
        "recorded_at": _TIME,
    },
    "chain_link": {
        "id": _WHOLE,
        "entity": _TEXT,  # a selling entity, or LEDGER_CHAIN
        "sequence": _WHOLE,  # from 1 within the entity
        "payload_digest": _TEXT,  # of contents
        "previous": _TEXT,
        "digest": _TEXT,
        "at": _TIME,
        # Null in links of earlier versions, which cover no rows.
        "batch": _TEXT,  # the rows that it covers carry the same
        "by": _TEXT,  # who made the entries
        "contents": _TEXT,  # JSON: per table, how many rows and the digest of their entry digests
    },
}

# Rows of these tables change by their nature.
MUTABLE: Mapping[str, Schema] = {
    "outbox": {
        "document_id": _TEXT,
        "number": _TEXT,
        "tenant": _TEXT,
        "state": _TEXT,  # ledger.outbox.State
        "fence": _WHOLE,
        "lease_until": _TIME,
        "attempts": _WHOLE,
        "epoch": _WHOLE,
        "first_sent": _TIME,
        "last_sent": _TIME,
        "not_before": _TIME,
        "body_digest": _TEXT,
        "request": _TEXT,
        "detail": _TEXT,
    },
    "allocation": {
        "document_id": _TEXT,  # a credit note
        "invoice_id": _TEXT,  # the document that it refers to
        "number": _TEXT,
        "tenant": _TEXT,
        "state": _TEXT,  # ledger.outbox.State, but for quarantined
        "fence": _WHOLE,
        "epoch": _WHOLE,
        "first_sent": _TIME,
        "last_sent": _TIME,
        "not_before": _TIME,
        "amount_minor": _WHOLE,  # null: nothing was asked for yet
        "detail": _TEXT,
    },
    "tenant_hold": {"tenant": _TEXT, "not_before": _TIME, "reason": _TEXT},
    "contact_link": {"tenant": _TEXT, "partner_id": _TEXT, "contact_id": _TEXT, "how": _TEXT},
    "personal": {"owner_type": _TEXT, "owner_id": _TEXT, "field": _TEXT, "value": _TEXT},
    "billed_line": {
        "subject_type": _TEXT,
        "subject_id": _TEXT,
        "metric": _TEXT,
        "first": _WHOLE,  # the lowest and the highest ordinal of its charges
        "latest": _WHOLE,
        "charges": _WHOLE,  # every revision counts
        "revision": _WHOLE,  # the highest
    },
    "billed_sum": {
        "run_id": _TEXT,  # this and what follows to `kind`: of the documents that the lines are on
        "dated": _DAY,
        "currency": _TEXT,
        "kind": _TEXT,
        "lines_of": _TEXT,  # document_line | credit_line | adjustment_line
        "subject_type": _TEXT,  # this and the tier: of the charges that the lines belong to
        "tier": _TEXT,  # empty: without one
        "own": _YES_NO,  # whether the charges are of the same run
        "line_count": _WHOLE,
        "charged_minor": _WHOLE,  # what the charges come to
        "net_minor": _WHOLE,  # what the lines come to
    },
    "counter": {"entity": _TEXT, "kind": _TEXT, "last": _WHOLE},
    "chain_head": {"entity": _TEXT, "sequence": _WHOLE, "digest": _TEXT},
    "ledger_key": {"name": _TEXT, "value": _TEXT},
}

TABLES: Mapping[str, Schema] = {**APPEND_ONLY, **MUTABLE}

# Tables whose every row is under a link of the hash chain, and the two further columns of theirs by which that is
# checked. They are no part of `TABLES`: `append` fills them, and only `verify` reads them.
SEALED: tuple[str, ...] = tuple(table for table in APPEND_ONLY if table != "chain_link")
SEALS: Schema = {"batch": _TEXT, "entry_digest": _TEXT}
LEDGER_CHAIN = "ledger"  # the chain of what belongs to no single selling entity

# What must be unique, the automatic id aside. The models declare the same as constraints; a test compares the two.
UNIQUE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "source": (("source_id",),),
    "partner_version": (("partner_id", "valid_from", "sequence"),),
    "template_version": (),
    "client": (("client_id",),),
    "client_alias": (("kind", "digest"),),
    "client_version": (("client_id", "sequence"),),
    "charge": (("charge_id",), ("subject_type", "subject_id", "metric", "ordinal", "revision")),
    "document": (("document_id",), ("tenant", "kind", "number")),
    "document_line": (("document_id", "position"), ("charge_id",)),
    "credit": (("charge_id",),),
    "credit_line": (("document_id", "position"), ("charge_id",)),
    "adjustment": (("adjustment_id",), ("charge_id", "sequence")),
    "adjustment_line": (("document_id", "position"), ("adjustment_id",)),
    "document_event": (),
    "receipt": (("document_id",),),
    "erasure": (),
    "chain_link": (("entity", "sequence"),),
    "outbox": (("document_id",), ("tenant", "number")),
    "allocation": (("document_id",),),
    "tenant_hold": (("tenant",),),
    "contact_link": (("tenant", "partner_id"),),
    "personal": (("owner_type", "owner_id", "field"),),
    "billed_line": (("subject_type", "subject_id", "metric"),),
    "billed_sum": (("run_id", "dated", "currency", "kind", "lines_of", "subject_type", "tier", "own"),),
    "counter": (("entity", "kind"),),
    "chain_head": (("entity",),),
    "ledger_key": (("name",),),
}


def insert_schema(table: str) -> Schema:
    """The columns that `append` takes: the table's own but for the automatic `id`."""
    return {name: kind for name, kind in TABLES[table].items() if name != "id"}
