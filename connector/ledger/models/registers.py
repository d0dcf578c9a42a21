"""The hash chain, number counters, contact links, the digest key, and what is personal and therefore erasable."""

from django.db import models

from connector.ledger.models.checks import Sealed, at_least, positive_id, whole


class ChainLink(models.Model):
    """One transaction of a selling entity in its hash chain; append-only."""

    id = models.BigAutoField(primary_key=True)
    entity = models.TextField()
    sequence = models.BigIntegerField()
    payload_digest = models.TextField()
    previous = models.TextField()
    digest = models.TextField()
    at = models.DateTimeField()
    batch = models.TextField(null=True)  # noqa: DJ001 - null in links of earlier versions, which cover no rows
    by = models.TextField(null=True)  # noqa: DJ001 - as above
    contents = models.TextField(null=True)  # noqa: DJ001 - as above

    class Meta:
        """Table and constraints."""

        db_table = "chain_link"
        constraints = (
            models.UniqueConstraint(fields=["entity", "sequence"], name="chain_link_key"),
            at_least("chain_link", "sequence", 1),
            *whole("chain_link", "sequence"),
            positive_id("chain_link"),
        )

    def __str__(self) -> str:
        """The entity and the sequence."""
        return f"{self.entity} {self.sequence}"


class ChainHead(models.Model):
    """The latest link of each chain."""

    entity = models.TextField(primary_key=True)
    sequence = models.BigIntegerField()
    digest = models.TextField()

    class Meta:
        """Table."""

        db_table = "chain_head"

    def __str__(self) -> str:
        """The entity and the sequence."""
        return f"{self.entity} {self.sequence}"


class Erasure(Sealed):
    """That something personal was erased: whose, when, by whom, how much; never what."""

    id = models.BigAutoField(primary_key=True)
    owner_type = models.TextField()
    owner_id = models.TextField()
    items = models.BigIntegerField()
    by = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "erasure"
        constraints = (*whole("erasure", "items"), positive_id("erasure"))

    def __str__(self) -> str:
        """Whose it was."""
        return f"{self.owner_type} {self.owner_id}"


class Counter(models.Model):
    """The last number given, per selling entity and kind of document."""

    entity = models.TextField()
    kind = models.TextField()
    last = models.BigIntegerField()

    class Meta:
        """Table and constraints."""

        db_table = "counter"
        constraints = (
            models.UniqueConstraint(fields=["entity", "kind"], name="counter_key"),
            at_least("counter", "last", 0),
            *whole("counter", "last"),
        )

    def __str__(self) -> str:
        """The entity, the kind and the last number."""
        return f"{self.entity} {self.kind} {self.last}"


class BilledLine(models.Model):
    """What is billed of one subject under one metric, counted; it follows from the charges."""

    subject_type = models.TextField()
    subject_id = models.TextField()
    metric = models.TextField()
    first = models.BigIntegerField()
    latest = models.BigIntegerField()
    charges = models.BigIntegerField()
    revision = models.BigIntegerField()

    class Meta:
        """Table and constraints."""

        db_table = "billed_line"
        constraints = (
            models.UniqueConstraint(fields=["subject_type", "subject_id", "metric"], name="billed_line_key"),
            *(at_least("billed_line", column, 1) for column in ("first", "latest", "charges", "revision")),
            *whole("billed_line", "first", "latest", "charges", "revision"),
        )

    def __str__(self) -> str:
        """The subject and the metric."""
        return f"{self.subject_type} {self.subject_id} {self.metric}"


class BilledSum(models.Model):
    """What the documents of a run bill, summed by day, currency and tier; it follows from their lines."""

    run_id = models.TextField()
    dated = models.DateField()
    currency = models.TextField()
    kind = models.TextField()
    lines_of = models.TextField()
    subject_type = models.TextField()
    tier = models.TextField()
    own = models.BooleanField()
    line_count = models.BigIntegerField()
    charged_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()

    class Meta:
        """Table and constraints."""

        db_table = "billed_sum"
        constraints = (
            models.UniqueConstraint(
                fields=["run_id", "dated", "currency", "kind", "lines_of", "subject_type", "tier", "own"],
                name="billed_sum_key",
            ),
            at_least("billed_sum", "line_count", 1),
            *whole("billed_sum", "line_count", "charged_minor", "net_minor"),
        )

    def __str__(self) -> str:
        """The run, and what is summed."""
        return f"{self.run_id} {self.dated} {self.currency} {self.lines_of}"


class ContactLink(models.Model):
    """Which contact of an accounting tenant a partner is, and how that is known."""

    tenant = models.TextField()
    partner_id = models.TextField()
    contact_id = models.TextField()
    how = models.TextField()

    class Meta:
        """Table and constraints."""

        db_table = "contact_link"
        constraints = (models.UniqueConstraint(fields=["tenant", "partner_id"], name="contact_link_key"),)

    def __str__(self) -> str:
        """The tenant and the partner."""
        return f"{self.tenant} {self.partner_id}"


class Personal(models.Model):
    """A name, a domain or an excerpt; entries refer to its owner by id and stay when it is erased."""

    owner_type = models.TextField()
    owner_id = models.TextField()
    field = models.TextField()
    value = models.TextField()

    class Meta:
        """Table and constraints."""

        db_table = "personal"
        constraints = (models.UniqueConstraint(fields=["owner_type", "owner_id", "field"], name="personal_key"),)

    def __str__(self) -> str:
        """Whose field it is; never the value."""
        return f"{self.owner_type} {self.owner_id} {self.field}"


class LedgerKey(models.Model):
    """A secret of this ledger, in hexadecimal."""

    name = models.TextField(primary_key=True)
    value = models.TextField()

    class Meta:
        """Table."""

        db_table = "ledger_key"

    def __str__(self) -> str:
        """The name; never the value."""
        return self.name
