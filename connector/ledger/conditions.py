"""What the databases refuse, and in which words: changes of what is append-only, and rows that fit no entry."""

REVISION_REFUSED = "a revision above 1 exists only where the one before it is fully credited"
CREDIT_REFUSED = "a credit takes back what is left of a charge, whole: its amount, its currency, its partner"
ADJUSTMENT_REFUSED = "an adjustment is the next one of a charge that is billed and not credited, and of its partner"

# Conditions on a new row, in SQL that both databases read; `{0}` stands before the name of each table.
_SAME_OWNER = (
    "charge.charge_id = NEW.charge_id AND charge.currency = NEW.currency"
    " AND charge.partner_id = NEW.partner_id AND charge.selling_entity = NEW.selling_entity"
)
REVISION_STANDS = (
    "EXISTS (SELECT 1 FROM {0}credit, {0}charge WHERE credit.charge_id = charge.charge_id"
    " AND charge.subject_type = NEW.subject_type AND charge.subject_id = NEW.subject_id"
    " AND charge.metric = NEW.metric AND charge.ordinal = NEW.ordinal AND charge.revision = NEW.revision - 1)"
)
CREDIT_IS_WHOLE = (
    f"EXISTS (SELECT 1 FROM {{0}}charge WHERE {_SAME_OWNER}"  # noqa: S608 - names only
    " AND NEW.amount_minor = charge.amount_minor + (SELECT COALESCE(SUM(adjustment.amount_minor), 0)"
    " FROM {0}adjustment WHERE adjustment.charge_id = NEW.charge_id))"
)
ADJUSTMENT_FITS = (
    f"(EXISTS (SELECT 1 FROM {{0}}charge, {{0}}document_line WHERE {_SAME_OWNER} AND charge.kind = 'charge'"  # noqa: S608 - as above
    " AND document_line.charge_id = NEW.charge_id)"
    " AND NOT EXISTS (SELECT 1 FROM {0}credit WHERE credit.charge_id = NEW.charge_id)"
    " AND NEW.sequence = 1 + (SELECT COUNT(*) FROM {0}adjustment WHERE adjustment.charge_id = NEW.charge_id))"
)


def refusal(table: str, verb: str) -> str:
    """What the database says to an UPDATE, DELETE or TRUNCATE of an append-only table."""
    return f"{table} is append-only: its rows are never {'changed' if verb == 'UPDATE' else 'deleted'}"
