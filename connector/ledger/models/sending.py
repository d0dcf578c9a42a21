"""The outbox, credits to be applied and holds of tenants: what is still to be sent. All change by their nature."""

from django.db import models

from connector.ledger.models.billing import Document
from connector.ledger.models.checks import at_least, one_of, whole

STATES = ("ready", "sending", "retry", "done", "rejected", "quarantined")


class Outbox(models.Model):
    """One document to send, and how far that has come."""

    document = models.OneToOneField(Document, on_delete=models.DO_NOTHING, primary_key=True)
    number = models.TextField()
    tenant = models.TextField()
    state = models.TextField()
    fence = models.BigIntegerField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.BigIntegerField()
    epoch = models.BigIntegerField()
    first_sent = models.DateTimeField(null=True)
    last_sent = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    body_digest = models.TextField()
    request = models.TextField()
    detail = models.TextField()

    class Meta:
        """Table and constraints."""

        db_table = "outbox"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "number"], name="outbox_number"),
            one_of("outbox", "state", STATES),
            *(at_least("outbox", column, 0) for column in ("fence", "attempts", "epoch")),
            *whole("outbox", "fence", "attempts", "epoch"),
            # A claim has a lease and nothing else has one: no row can be SENDING for ever, or leased while it waits.
            models.CheckConstraint(
                name="outbox_lease_while_sending",
                condition=models.Q(state="sending", lease_until__isnull=False)
                | (~models.Q(state="sending") & models.Q(lease_until__isnull=True)),
            ),
        )
        indexes = (models.Index(fields=["tenant", "state"], name="outbox_tenant_state"),)

    def __str__(self) -> str:
        """The number and the state."""
        return f"{self.number} {self.state}"


class Allocation(models.Model):
    """One credit note to be applied to the invoice it refers to, and how far that has come."""

    document = models.OneToOneField(Document, on_delete=models.DO_NOTHING, primary_key=True)
    invoice = models.ForeignKey(Document, on_delete=models.DO_NOTHING, related_name="+")
    number = models.TextField()
    tenant = models.TextField()
    state = models.TextField()
    fence = models.BigIntegerField()
    epoch = models.BigIntegerField()
    first_sent = models.DateTimeField(null=True)
    last_sent = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    amount_minor = models.BigIntegerField(null=True)
    detail = models.TextField()

    class Meta:
        """Table and constraints."""

        db_table = "allocation"
        constraints = (
            one_of("allocation", "state", STATES[:-1]),
            *(at_least("allocation", column, 0) for column in ("fence", "epoch")),
            *whole("allocation", "fence", "epoch"),
            models.CheckConstraint(
                name="allocation_amount_least",
                condition=models.Q(amount_minor__isnull=True) | models.Q(amount_minor__gte=0),
            ),
        )
        indexes = (models.Index(fields=["tenant", "state"], name="allocation_tenant_state"),)

    def __str__(self) -> str:
        """The number and the state."""
        return f"{self.number} {self.state}"


class TenantHold(models.Model):
    """A rate limit or an outage that stops a whole tenant until a time."""

    tenant = models.TextField(primary_key=True)
    not_before = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        """Table."""

        db_table = "tenant_hold"

    def __str__(self) -> str:
        """The tenant and the time."""
        return f"{self.tenant} until {self.not_before}"
