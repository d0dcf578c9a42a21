"""What takes back or changes a charge that is billed, and the lines of documents that say so. All append-only."""

from django.db import models

from connector.ledger.models.billing import AnyLine, Charge, Rated, of_line
from connector.ledger.models.checks import Sealed, at_least, currency, whole


class CreditLine(AnyLine):
    """A line of a credit note takes one line back, whole and as it was billed; no line twice."""

    class Meta(AnyLine.Meta):
        """Table and constraints."""

        abstract = False
        db_table = "credit_line"
        constraints = of_line("credit_line")


class Credit(Sealed):
    """A charge that is taken back, whole: once, ever. Its next revision may exist from then on."""

    charge = models.OneToOneField(Charge, on_delete=models.DO_NOTHING, primary_key=True)
    charge_id: str
    partner_id = models.TextField(db_index=True)
    selling_entity = models.TextField()
    currency = models.TextField()
    amount_minor = models.BigIntegerField()
    run_id = models.TextField(db_index=True)
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "credit"
        constraints = (currency("credit"), *whole("credit", "amount_minor"))

    def __str__(self) -> str:
        """The charge that is credited."""
        return self.charge_id


class Adjustment(Rated):
    """A difference to a charge that is billed: the charge stays, and is owed with it."""

    adjustment_id = models.TextField(primary_key=True)
    charge = models.ForeignKey(Charge, on_delete=models.DO_NOTHING, db_index=False)
    sequence = models.BigIntegerField()
    partner_id = models.TextField(db_index=True)
    selling_entity = models.TextField()
    currency = models.TextField()
    amount_minor = models.BigIntegerField()
    unit_minor = models.BigIntegerField()
    quantity = models.BigIntegerField()

    class Meta(Rated.Meta):
        """Table and constraints."""

        abstract = False
        db_table = "adjustment"
        constraints = (
            models.UniqueConstraint(fields=["charge", "sequence"], name="adjustment_sequence"),
            models.CheckConstraint(name="adjustment_changes", condition=~models.Q(amount_minor=0)),
            *(at_least("adjustment", column, 1) for column in ("sequence", "quantity")),
            currency("adjustment"),
            *whole("adjustment", "sequence", "amount_minor", "unit_minor", "quantity", "row"),
        )

    def __str__(self) -> str:
        """The adjustment's id."""
        return self.adjustment_id


class AdjustmentLine(AnyLine):
    """A line bills one adjustment on an invoice, or gives it back on a credit note; no adjustment twice."""

    charge = models.ForeignKey(Charge, on_delete=models.DO_NOTHING)
    adjustment = models.OneToOneField(Adjustment, on_delete=models.DO_NOTHING)

    class Meta(AnyLine.Meta):
        """Table and constraints."""

        abstract = False
        db_table = "adjustment_line"
        constraints = of_line("adjustment_line")
