"""Charges, documents, their lines and events, and receipts. All append-only; a status is a document's latest event."""

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from connector.ledger.models.checks import Sealed, at_least, currency, one_of, positive_id, whole
from connector.ledger.models.parties import Source

LONGEST_NUMBER = 21


class Rated(Sealed):
    """How an amount came about, from which row, and by which run."""

    item = models.TextField(null=True)  # noqa: DJ001 - here and below null is "the rulebook says nothing"
    term = models.TextField(null=True)  # noqa: DJ001
    tier = models.TextField(null=True)  # noqa: DJ001
    size_source = models.TextField(null=True)  # noqa: DJ001
    count_low = models.BigIntegerField(null=True)
    band_low = models.BigIntegerField(null=True)
    band_high = models.BigIntegerField(null=True)
    size_as_of = models.DateField(null=True)
    price_book = models.TextField(null=True)  # noqa: DJ001
    price_place = models.TextField(null=True)  # noqa: DJ001
    rule_id = models.TextField(null=True)  # noqa: DJ001
    rule_place = models.TextField(null=True)  # noqa: DJ001
    rulebook_digest = models.TextField()
    list_minor = models.BigIntegerField(null=True)
    basis = models.TextField(null=True)  # noqa: DJ001
    adjustments = models.TextField(null=True)  # noqa: DJ001
    lost = models.TextField(null=True)  # noqa: DJ001
    near_tiers = models.TextField(null=True)  # noqa: DJ001
    source = models.ForeignKey(Source, on_delete=models.DO_NOTHING)
    sheet = models.TextField()
    row = models.BigIntegerField()
    run_id = models.TextField(db_index=True)
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """No table of its own."""

        abstract = True


class Charge(Rated):
    """A rated event under its charge key: subject, metric, ordinal and revision are billed once, ever."""

    charge_id = models.TextField(primary_key=True)
    subject_type = models.TextField()
    subject_id = models.TextField()
    metric = models.TextField()
    ordinal = models.BigIntegerField()
    revision = models.BigIntegerField()
    kind = models.TextField()
    event = models.TextField()
    event_on = models.DateField()
    partner_id = models.TextField(db_index=True)
    selling_entity = models.TextField()
    currency = models.TextField()
    unit_minor = models.BigIntegerField()
    quantity = models.BigIntegerField()
    amount_minor = models.BigIntegerField()

    class Meta(Rated.Meta):
        """Table and constraints."""

        abstract = False
        db_table = "charge"
        constraints = (
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "metric", "ordinal", "revision"], name="charge_key"
            ),
            one_of("charge", "subject_type", ("client", "bundle")),
            one_of("charge", "kind", ("charge", "opening")),
            models.CheckConstraint(
                name="charge_opening_bills_nothing", condition=~models.Q(kind="opening") | models.Q(amount_minor=0)
            ),
            *(at_least("charge", column, 1) for column in ("ordinal", "revision", "quantity")),
            currency("charge"),
            *whole("charge", "ordinal", "revision", "unit_minor", "quantity", "amount_minor", "row"),
        )

    def __str__(self) -> str:
        """The charge's id."""
        return self.charge_id


class Document(Sealed):
    """An approved document, frozen, under its number."""

    document_id = models.TextField(primary_key=True)
    number = models.TextField()
    kind = models.TextField()
    run_id = models.TextField(db_index=True)
    partner_id = models.TextField(db_index=True)
    selling_entity = models.TextField()
    tenant = models.TextField()
    currency = models.TextField()
    dated = models.DateField()
    due = models.DateField()
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    line_count = models.BigIntegerField()
    content_digest = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "document"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "kind", "number"], name="document_number"),
            models.CheckConstraint(
                name="document_number_length", condition=LessThanOrEqual(Length("number"), models.Value(LONGEST_NUMBER))
            ),
            one_of("document", "kind", ("invoice", "credit_note")),
            models.CheckConstraint(
                name="document_adds_up",
                condition=models.Q(total_minor=models.F("net_minor") + models.F("tax_minor")),
            ),
            currency("document"),
            *whole("document", "net_minor", "tax_minor", "total_minor", "line_count"),
        )

    def __str__(self) -> str:
        """The document's number."""
        return self.number


class AnyLine(Sealed):
    """A line of a document: what it says of a charge, with its account and tax."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, on_delete=models.DO_NOTHING, db_index=False)
    document_id: str
    position = models.BigIntegerField()
    charge = models.OneToOneField(Charge, on_delete=models.DO_NOTHING)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    item = models.TextField()
    item_code = models.TextField(null=True)  # noqa: DJ001 - null: booked straight to the account
    account = models.TextField()
    tax_code = models.TextField()
    tax_percent = models.TextField()
    quantity = models.BigIntegerField()
    unit_minor = models.BigIntegerField()

    class Meta(Sealed.Meta):
        """No table of its own."""

        abstract = True

    def __str__(self) -> str:
        """The document and the position."""
        return f"{self.document_id}/{self.position}"


def of_line(table: str) -> tuple[models.BaseConstraint, ...]:
    """The constraints of a table of lines."""
    return (
        models.UniqueConstraint(fields=["document", "position"], name=f"{table}_position"),
        at_least(table, "position", 1),
        at_least(table, "quantity", 1),
        *whole(table, "position", "net_minor", "tax_minor", "quantity", "unit_minor"),
        positive_id(table),
    )


class DocumentLine(AnyLine):
    """A line joins one charge to one invoice, and no charge to two."""

    class Meta(AnyLine.Meta):
        """Table and constraints."""

        abstract = False
        db_table = "document_line"
        constraints = of_line("document_line")


class DocumentEvent(Sealed):
    """Something that happened to a document; the latest one, by id, is its status."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, on_delete=models.DO_NOTHING)
    state = models.TextField()
    at = models.DateTimeField()
    detail = models.TextField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "document_event"
        constraints = (positive_id("document_event"),)

    def __str__(self) -> str:
        """The document and the state."""
        return f"{self.document_id} {self.state}"


class Receipt(Sealed):
    """What the accounting system answered for a document: one, ever."""

    id = models.BigAutoField(primary_key=True)
    document = models.OneToOneField(Document, on_delete=models.DO_NOTHING)
    remote_id = models.TextField()
    remote_number = models.TextField()
    contact_id = models.TextField()
    currency = models.TextField()
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    status = models.TextField()
    adopted = models.BooleanField()
    received_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "receipt"
        constraints = (
            currency("receipt"),
            *whole("receipt", "net_minor", "tax_minor", "total_minor"),
            positive_id("receipt"),
        )

    def __str__(self) -> str:
        """The document and the remote id."""
        return f"{self.document_id} {self.remote_id}"
