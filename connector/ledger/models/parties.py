"""Sources, partners, templates and clients: what the ledger knows about who is billed for whom, without their names."""

from django.db import models

from connector.ledger.models.checks import Sealed, at_least, currency, one_of, positive_id, whole


class Source(Sealed):
    """One uploaded file; its rows are named by every entry that came from them."""

    source_id = models.TextField(primary_key=True)
    run_id = models.TextField(db_index=True)
    name = models.TextField()
    sha256 = models.TextField(db_index=True)
    size_bytes = models.BigIntegerField()
    row_count = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "source"
        constraints = (*whole("source", "size_bytes", "row_count"),)

    def __str__(self) -> str:
        """The source's id."""
        return self.source_id


class PartnerVersion(Sealed):
    """What is true of a partner from a day on; a later sequence for the same day supersedes an earlier one."""

    id = models.BigAutoField(primary_key=True)
    partner_id = models.TextField()
    valid_from = models.DateField()
    sequence = models.BigIntegerField()
    kind = models.TextField()
    selling_entity = models.TextField()
    currency = models.TextField()
    country = models.TextField()
    tax_status = models.TextField()
    terms_days = models.BigIntegerField()
    payment_method = models.TextField()
    contact_id = models.TextField(null=True)  # noqa: DJ001 - "not declared" is not the empty text
    po_reference = models.TextField(null=True)  # noqa: DJ001 - as above
    included_places = models.BigIntegerField(null=True)
    included_until = models.DateField(null=True)
    opening_places = models.BigIntegerField(null=True)
    grouping = models.TextField()
    content_digest = models.TextField()
    run_id = models.TextField(db_index=True)
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "partner_version"
        constraints = (
            models.UniqueConstraint(fields=["partner_id", "valid_from", "sequence"], name="partner_version_key"),
            at_least("partner_version", "sequence", 1),
            currency("partner_version"),
            *whole("partner_version", "sequence", "terms_days"),
            positive_id("partner_version"),
        )

    def __str__(self) -> str:
        """The partner and the first day."""
        return f"{self.partner_id} from {self.valid_from}"


class TemplateVersion(Sealed):
    """The plan of a client template from a day on (R10)."""

    id = models.BigAutoField(primary_key=True)
    template = models.TextField(db_index=True)
    partner_id = models.TextField(null=True)  # noqa: DJ001 - null: any partner
    plan = models.TextField()
    valid_from = models.DateField()
    run_id = models.TextField(db_index=True)
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "template_version"
        constraints = (positive_id("template_version"),)

    def __str__(self) -> str:
        """The template and the first day."""
        return f"{self.template} from {self.valid_from}"


class Client(Sealed):
    """A client: our own id and nothing else; what leads to it are its aliases."""

    client_id = models.TextField(primary_key=True)
    run_id = models.TextField(db_index=True)
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table."""

        db_table = "client"

    def __str__(self) -> str:
        """The client's id."""
        return self.client_id


class ClientAlias(Sealed):
    """A keyed digest that leads to a client: of the platform's id, or of partner and domain."""

    id = models.BigAutoField(primary_key=True)
    client = models.ForeignKey(Client, on_delete=models.DO_NOTHING, db_index=False)
    kind = models.TextField()
    digest = models.TextField()
    domain_digest = models.TextField(null=True, db_index=True)  # noqa: DJ001 - null for ref
    partner_id = models.TextField()
    run_id = models.TextField(db_index=True)
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "client_alias"
        indexes = (models.Index(fields=["client", "kind"], name="client_alias_owner"),)
        constraints = (
            models.UniqueConstraint(fields=["kind", "digest"], name="client_alias_key"),
            one_of("client_alias", "kind", ("ref", "domain")),
            positive_id("client_alias"),
        )

    def __str__(self) -> str:
        """The kind and the digest."""
        return f"{self.kind} {self.digest}"


class ClientVersion(Sealed):
    """What a source said about a client, and the bucket it ended in; the highest sequence is the latest."""

    id = models.BigAutoField(primary_key=True)
    client = models.ForeignKey(Client, on_delete=models.DO_NOTHING, db_index=False)
    sequence = models.BigIntegerField()
    partner_id = models.TextField()
    row_digest = models.TextField()
    plan = models.TextField()
    created_on = models.DateField()
    upgraded_on = models.DateField(null=True)
    status = models.TextField()
    count_low = models.BigIntegerField(null=True)
    band_low = models.BigIntegerField(null=True)
    band_high = models.BigIntegerField(null=True)
    template = models.TextField(null=True)  # noqa: DJ001 - null: made without one
    said_on = models.DateField(null=True)
    archived_on = models.DateField(null=True)
    advisors = models.BigIntegerField(null=True)
    users = models.BigIntegerField(null=True)
    bucket = models.TextField()
    source = models.ForeignKey(Source, on_delete=models.DO_NOTHING)
    sheet = models.TextField()
    row = models.BigIntegerField()
    run_id = models.TextField(db_index=True)
    recorded_at = models.DateTimeField()

    class Meta(Sealed.Meta):
        """Table and constraints."""

        db_table = "client_version"
        indexes = (models.Index(fields=["row_digest", "client", "sequence"], name="client_version_contents"),)
        constraints = (
            models.UniqueConstraint(fields=["client", "sequence"], name="client_version_key"),
            at_least("client_version", "sequence", 1),
            *whole("client_version", "sequence", "row"),
            positive_id("client_version"),
        )

    def __str__(self) -> str:
        """The client and the sequence."""
        return f"{self.client_id} {self.sequence}"
