"""Run plans as stored: what was planned, its frames, and what happened to it since. Models never leave this package."""

from typing import ClassVar

from django.db import models

from connector.runs.fields import OrderedJSONField


class Run(models.Model):
    """One billing run: its plan, written once."""

    run_id = models.CharField(max_length=20, primary_key=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    as_of = models.DateField()
    plan = OrderedJSONField()

    class Meta:
        """In the order they were planned."""

        ordering: ClassVar = ["created_at", "run_id"]


class RunFrame(models.Model):
    """A frame of a plan, as Arrow IPC: what approval writes to the ledger."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="frames")
    name = models.CharField(max_length=40)
    data = models.BinaryField()

    class Meta:
        """A frame has one name in its run."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "name"], name="one_frame_per_name")]


class RunEvent(models.Model):
    """What happened to a run; its state is the latest of these."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    detail = models.TextField(blank=True)

    class Meta:
        """In the order they happened. One approval only."""

        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run"], condition=models.Q(state="approved"), name="approved_once"),
        ]


class LineHold(models.Model):
    """A person put a line on hold, or released it; the latest row of a charge counts."""

    charge_id = models.CharField(max_length=40, db_index=True)
    partner_id = models.TextField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="holds")
    state = models.CharField(max_length=20)
    reason = models.TextField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        """In the order they happened."""

        ordering: ClassVar = ["id"]


class SourceSnapshot(models.Model):
    """What one source said of one kind of record in a run: Parquet, sealed under a key of its own.

    `superseded_by` is the run that holds its next version. It is the only thing here that changes.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="snapshots")
    superseded_by = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="supersedes")
    source = models.TextField()
    record_kind = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    lineage = models.CharField(max_length=64)
    fields = models.JSONField()
    sealed = models.BinaryField()

    class Meta:
        """A source has one snapshot for each kind of record in a run."""

        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "source", "record_kind"], name="one_snapshot_per_source_and_kind"),
        ]


class SnapshotKey(models.Model):
    """The key of one snapshot. Deleting it erases the snapshot."""

    snapshot = models.OneToOneField(SourceSnapshot, on_delete=models.PROTECT, related_name="key")
    key = models.BinaryField()


class BooksLook(models.Model):
    """One whole look at the books of a tenant; what has changed since the last one is looked at by the next."""

    tenant = models.TextField(db_index=True)
    at = models.DateTimeField()
    how = models.CharField(max_length=20)
    since = models.DateTimeField(null=True)
    documents = models.BigIntegerField()
    drift = models.BigIntegerField()
    by = models.CharField(max_length=100)

    class Meta:
        """In the order they were made."""

        ordering: ClassVar = ["id"]


class ForeignDocument(models.Model):
    """A document in the books under a number of our kind that is none of ours; the latest row of an id counts."""

    tenant = models.TextField()
    remote_id = models.TextField()
    kind = models.CharField(max_length=20)
    number = models.TextField()
    said = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        """In the order they were found and answered."""

        ordering: ClassVar = ["id"]


class NightEvent(models.Model):
    """How far a nightly run has come, and what it knows by then; the latest row of a night counts."""

    night = models.CharField(max_length=20, db_index=True)
    stage = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    said = models.JSONField()

    class Meta:
        """In the order they happened."""

        ordering: ClassVar = ["id"]
